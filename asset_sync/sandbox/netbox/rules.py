"""The rules of single object types that go beyond their fields and constraints; `virtual_rules` has those of machines,
`fabric_rules` those of networks and cables."""

import ipaddress
from collections.abc import Callable

from asset_sync.sandbox.netbox import fabric_rules, virtual_rules
from asset_sync.sandbox.netbox.custom_field_rules import check_choices, check_definition
from asset_sync.sandbox.netbox.errors import invalid
from asset_sync.sandbox.netbox.naming import app_title, display_of
from asset_sync.sandbox.netbox.store import Store
from asset_sync.sandbox.netbox.table import Row

Rule = Callable[[Store, Row, Row | None], None]

_KINDS = {"device_type": "device", "module_type": "module", "inventoryitem_type": "inventoryitem"}
_SHARED_ROLES = ("anycast", "vip", "vrrp", "hsrp", "glbp", "carp")


def apply(store: Store, endpoint: str, row: Row, before: Row | None) -> None:
    """Check `row`, which replaces `before`, and fill what follows from it."""
    rule = _RULES.get(endpoint)
    if rule:
        rule(store, row, before)


def asset_kind(row: Row) -> str:
    """What an asset is an example of."""
    return next((kind for name, kind in _KINDS.items() if row[name] is not None), "")


def _device(store: Store, row: Row, _before: Row | None) -> None:
    location = store.tables["dcim/locations"].rows.get(row["location"] or 0)
    if location and location["site"] != row["site"]:
        site = display_of(store, "dcim/sites", row["site"])
        raise invalid("location", f"Location {location['name']} does not belong to site {site}.")
    for name in ("face", "position"):
        if row[name]:
            raise invalid(name, f"Cannot select a rack {name} without assigning a rack.")
    for name, version in (("primary_ip4", 4), ("primary_ip6", 6), ("oob_ip", 0)):
        if row[name] is not None:
            _check_device_ip(store, row, name, version)
    _check_platform(store, row)
    virtual_rules.check_cluster_of_host(store, row)


def _check_device_ip(store: Store, row: Row, name: str, version: int) -> None:
    address = store.tables["ipam/ip-addresses"].rows[row[name]]
    if version and ipaddress.ip_interface(address["address"]).version != version:
        raise invalid(name, f"{address['address']} is not an IPv{version} address.")
    inside = store.tables["ipam/ip-addresses"].rows.get(address["nat_inside"] or 0)
    if row["id"] not in [store.device_of(one) for one in (address, inside) if one]:
        raise invalid(name, f"The specified IP address ({address['address']}) is not assigned to this device.")


def _check_platform(store: Store, row: Row) -> None:
    platform = store.tables["dcim/platforms"].rows.get(row["platform"] or 0)
    maker = store.tables["dcim/device-types"].rows[row["device_type"]]["manufacturer"]
    if platform and platform["manufacturer"] not in (None, maker):
        wanted = display_of(store, "dcim/manufacturers", platform["manufacturer"])
        raise invalid(
            "platform",
            f"The assigned platform is limited to {wanted} device types, but this device's type belongs to "
            f"{display_of(store, 'dcim/manufacturers', maker)}.",
        )


def _location(store: Store, row: Row, _before: Row | None) -> None:
    parent = store.tables["dcim/locations"].rows.get(row["parent"] or 0)
    if parent and parent["site"] != row["site"]:
        site = display_of(store, "dcim/sites", row["site"])
        raise invalid("__all__", f"Parent location ({parent['name']}) must belong to the same site ({site}).")


def _interface(store: Store, row: Row, before: Row | None) -> None:
    if before is not None and before["device"] != row["device"]:
        raise invalid("device", "Components cannot be moved to a different device.")
    fabric_rules.check_vlans_of_interface(store, row, before)
    fabric_rules.check_cabled(store, row, before)
    _check_links(store, row)
    mac = store.tables["dcim/mac-addresses"].rows.get(row["primary_mac_address"] or 0)
    if mac and (mac["assigned_object_type"], mac["assigned_object_id"]) != ("dcim.interface", row["id"]):
        raise invalid("primary_mac_address", f"MAC address {mac['mac_address']} is not assigned to this interface.")


def _check_links(store: Store, row: Row) -> None:
    """Parent, bridge and LAG are interfaces of the same device; a LAG need not be one (measured)."""
    virtual = row["type"] == "virtual"
    if row["parent"] == row["id"] and row["id"]:
        raise invalid("parent", "An interface cannot be its own parent.")
    if row["parent"] is not None and not virtual:
        raise invalid("parent", "Only virtual interfaces may be assigned to a parent interface.")
    _check_same_device(store, row, "parent", "parent interface", "")
    if row["bridge"] == row["id"] and row["id"]:
        raise invalid("bridge", "An interface cannot be bridged to itself.")
    _check_same_device(store, row, "bridge", "bridge interface", ".")
    if row["lag"] is not None and virtual:
        raise invalid("lag", "Virtual interfaces cannot have a parent LAG interface.")
    if row["lag"] == row["id"] and row["id"]:
        raise invalid("lag", "A LAG interface cannot be its own parent.")
    _check_same_device(store, row, "lag", "LAG interface", ".")


def _check_same_device(store: Store, row: Row, name: str, words: str, end: str) -> None:
    other = store.tables["dcim/interfaces"].rows.get(row[name] or 0)
    if other and other["device"] != row["device"]:
        device = display_of(store, "dcim/devices", other["device"])
        raise invalid(name, f"The selected {words} ({other['name']}) belongs to a different device ({device}){end}")


def _assignment(store: Store, row: Row, type_field: str, id_field: str) -> None:
    content_type, object_id = row[type_field], row[id_field]
    if (content_type is None) != (object_id is None):
        raise invalid(type_field if content_type is None else id_field, "This field cannot be null.")
    if content_type is not None and store.target(content_type, object_id) is None:
        raise invalid(id_field, f"Related object not found using the provided value: {object_id}.")


def _assigned(store: Store, row: Row, _before: Row | None) -> None:
    _assignment(store, row, "assigned_object_type", "assigned_object_id")


def _mac_address(store: Store, row: Row, before: Row | None) -> None:
    _assigned(store, row, before)
    if before is None or before["assigned_object_id"] is None:
        return
    holder = store.target(before["assigned_object_type"], before["assigned_object_id"])
    if holder is None or holder[1].get("primary_mac_address") != row["id"]:
        return
    if row["assigned_object_id"] is None:
        raise invalid("__all__", "Cannot unassign MAC Address while it is designated as the primary MAC for an object")
    if row["assigned_object_id"] != before["assigned_object_id"]:
        raise invalid("__all__", "Cannot reassign MAC Address while it is designated as the primary MAC for an object")


def _ip_address(store: Store, row: Row, before: Row | None) -> None:
    row["dns_name"] = row["dns_name"].lower()
    if row["assigned_object_type"] not in (None, "dcim.interface", "virtualization.vminterface"):
        raise invalid("assigned_object_type", f"Invalid content type: {row['assigned_object_type']}")
    _assigned(store, row, before)
    address = ipaddress.ip_interface(row["address"])
    if address.network.prefixlen == 0:
        raise invalid("address", "Cannot create IP address with /0 mask.")
    if row["assigned_object_id"] is not None:
        _check_host_part(address)
    vrf = store.tables["ipam/vrfs"].rows.get(row["vrf"] or 0)
    if vrf["enforce_unique"] if vrf else store.enforce_global_unique:
        _check_duplicate_ip(store, row, address, f"VRF {display_of(store, 'ipam/vrfs', vrf['id'])}" if vrf else "global table")
    _check_primary(store, row, before, address.version)
    if row["status"] == "slaac" and address.version != 6:
        raise invalid("status", "Only IPv6 addresses can be assigned SLAAC status")


def _check_host_part(address: ipaddress.IPv4Interface | ipaddress.IPv6Interface) -> None:
    network = address.network
    if network.max_prefixlen - network.prefixlen <= 1:
        return
    if address.ip == network.network_address:
        raise invalid("__all__", f"{address.ip} is a network ID, which may not be assigned to an interface.")
    if address.version == 4 and address.ip == network.broadcast_address:
        raise invalid("__all__", f"{address.ip} is a broadcast address, which may not be assigned to an interface.")


def _check_duplicate_ip(store: Store, row: Row, address: ipaddress.IPv4Interface | ipaddress.IPv6Interface, where: str) -> None:
    table = store.tables["ipam/ip-addresses"]
    others = [table.rows[one] for one in table.matching("host", str(address.ip)) if one != row["id"]]
    twins = [one for one in others if one["vrf"] == row["vrf"]]
    if twins and (row["role"] not in _SHARED_ROLES or any(one["role"] not in _SHARED_ROLES for one in twins)):
        raise invalid("address", f"Duplicate IP address found in {where}: {twins[0]['address']}")


def _check_primary(store: Store, row: Row, before: Row | None, version: int) -> None:
    if before is None or before["assigned_object_id"] is None:
        return
    parent = store.tables["dcim/devices"].rows.get(store.device_of(before) or 0)
    if parent and parent[f"primary_ip{version}"] == row["id"] and store.device_of(row) != parent["id"]:
        raise invalid("__all__", "Cannot reassign IP address while it is designated as the primary IP for the parent object")


def _scoped(store: Store, row: Row) -> None:
    """Keep the site of a scope, as NetBox does in a column of its own."""
    fabric_rules.check_scope(row)
    _assignment(store, row, "scope_type", "scope_id")
    scope = store.target(row["scope_type"], row["scope_id"])
    row["_site"] = scope[1].get("site", scope[1]["id"] if row["scope_type"] == "dcim.site" else None) if scope else None


def _prefix(store: Store, row: Row, before: Row | None) -> None:
    _scoped(store, row)
    fabric_rules.check_prefix(store, row, before)


def _vlan_group(store: Store, row: Row, _before: Row | None) -> None:
    fabric_rules.check_scope(row, of_group=True)
    _assignment(store, row, "scope_type", "scope_id")


def _cluster(store: Store, row: Row, before: Row | None) -> None:
    _scoped(store, row)
    virtual_rules.check_cluster(store, row, before)


def _service(store: Store, row: Row, _before: Row | None) -> None:
    _assignment(store, row, "parent_object_type", "parent_object_id")
    row["_ports_lowest"] = min(row["ports"])


def _journal_entry(store: Store, row: Row, _before: Row | None) -> None:
    if store.target(row["assigned_object_type"], row["assigned_object_id"]) is None:
        kind = store.by_content_type[row["assigned_object_type"]]
        named = f"{app_title(kind)} > {kind.name[:1].upper()}{kind.name[1:]} ID {row['assigned_object_id']}"
        raise invalid("non_field_errors", f"Invalid assigned_object: {named}")


def _asset(store: Store, row: Row, before: Row | None) -> None:
    delivery = store.tables["plugins/inventory/deliveries"].rows.get(row["delivery"] or 0)
    if delivery and delivery["purchase"] != row["purchase"]:
        purchase = row["purchase"] and display_of(store, "plugins/inventory/purchases", row["purchase"])
        raise invalid("__all__", f"Assigned delivery must belong to selected purchase ({purchase}).")
    if row["warranty_start"] and row["warranty_end"] and row["warranty_end"] <= row["warranty_start"]:
        raise invalid("warranty_end", "Warranty end date must be after warranty start date.")
    _check_asset_kind(row)
    _check_asset_device(store, row)
    _follow_device(row, before)


def _check_asset_kind(row: Row) -> None:
    kinds = [name for name in _KINDS if row[name] is not None]
    if len(kinds) > 1:
        raise invalid(
            "__all__",
            "Only one of device type, module type inventory item type and rack type can be set for the same asset.",
        )
    if not kinds:
        raise invalid("__all__", "One of device type, module type, inventory item type or rack type must be set.")


def _check_asset_device(store: Store, row: Row) -> None:
    device = store.tables["dcim/devices"].rows.get(row["device"] or 0)
    if device is None:
        return
    if row["device_type"] is None:
        raise invalid("__all__", f"Cannot set device for asset that is a {asset_kind(row)}")
    if device["device_type"] != row["device_type"]:
        raise invalid("device", "device type of device does not match device type of asset")


def _follow_device(row: Row, before: Row | None) -> None:
    if before is None or before["status"] != row["status"]:
        return
    if row["device"] is not None and before["device"] is None:
        row["status"] = "used"
    elif row["device"] is None and before["device"] is not None:
        row["status"] = "stored"


_RULES: dict[str, Rule] = {
    "dcim/devices": _device,
    "dcim/locations": _location,
    "dcim/interfaces": _interface,
    "dcim/mac-addresses": _mac_address,
    "ipam/ip-addresses": _ip_address,
    "ipam/prefixes": _prefix,
    "ipam/ip-ranges": fabric_rules.check_range,
    "ipam/vlan-groups": _vlan_group,
    "ipam/vlans": fabric_rules.check_vlan,
    "dcim/cables": fabric_rules.check_cable,
    "ipam/services": _service,
    "virtualization/clusters": _cluster,
    "virtualization/virtual-machines": virtual_rules.check_machine,
    "virtualization/interfaces": virtual_rules.check_interface,
    "extras/journal-entries": _journal_entry,
    "extras/custom-fields": check_definition,
    "extras/custom-field-choice-sets": check_choices,
    "plugins/inventory/assets": _asset,
}
