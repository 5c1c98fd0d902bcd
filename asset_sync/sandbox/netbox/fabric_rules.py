"""The rules of VLANs, IP ranges, prefixes, interfaces of VLANs, and cables, in the order in which NetBox checks them."""

import ipaddress
from typing import Any, Final

from asset_sync.sandbox.netbox.errors import invalid, server_error
from asset_sync.sandbox.netbox.naming import display_of
from asset_sync.sandbox.netbox.store import Store
from asset_sync.sandbox.netbox.table import Row

CABLES: Final = "dcim/cables"
INTERFACES: Final = "dcim/interfaces"
RANGES: Final = "ipam/ip-ranges"
VRFS: Final = "ipam/vrfs"
ENDS: Final = ("a_terminations", "b_terminations")
_INTERFACE_TYPE: Final = "dcim.interface"
_UNCABLED: Final = {"virtual": "Virtual", "bridge": "Bridge", "lag": "Link Aggregation Group (LAG)"}
_SCOPES: Final = ("dcim.region", "dcim.site", "dcim.location")
_GROUP_SCOPES: Final = (*_SCOPES, "virtualization.cluster")


def check_scope(row: Row, *, of_group: bool = False) -> None:
    """A scope is a place, or the cluster of a group of VLANs."""
    if row["scope_type"] not in (None, *(_GROUP_SCOPES if of_group else _SCOPES)):
        raise invalid("scope_type", f"Invalid content type: {row['scope_type']}")


def check_vlan(store: Store, vlan: Row, _before: Row | None) -> None:
    """A VLAN has an id of its group's ranges, and is in no other site than its group."""
    group = store.tables["ipam/vlan-groups"].rows.get(vlan["group"] or 0)
    if group is None:
        return
    if vlan["site"] is not None and group["scope_id"] is not None:
        scope = store.target(group["scope_type"], group["scope_id"])
        if scope and (scope[0].endpoint, scope[1]["id"]) != ("dcim/sites", vlan["site"]):
            site, where = display_of(store, "dcim/sites", vlan["site"]), display_of(store, scope[0].endpoint, scope[1]["id"])
            text = f"VLAN is assigned to group {group['name']} (scope: {where}); cannot also assign to site {site}."
            raise invalid("__all__", text)
    if not any(low <= vlan["vid"] <= high for low, high in group["vid_ranges"]):
        ranges = ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in group["vid_ranges"])
        raise invalid("vid", f"VID must be in ranges {ranges} for VLANs in group {group['name']}")


def check_prefix(store: Store, prefix: Row, _before: Row | None) -> None:
    """A prefix has a mask, and is in its table once, where that wants it."""
    if ipaddress.ip_network(prefix["prefix"]).prefixlen == 0:
        raise invalid("prefix", "Cannot create prefix with /0 mask.")
    vrf = store.tables[VRFS].rows.get(prefix["vrf"] or 0)
    if not (vrf["enforce_unique"] if vrf else store.enforce_global_unique):
        return
    table = store.tables["ipam/prefixes"]
    same = [one for one in table.matching("prefix", prefix["prefix"]) if one != prefix["id"]]
    if any(table.rows[one]["vrf"] == prefix["vrf"] for one in same):
        where = f"VRF {display_of(store, VRFS, vrf['id'])}" if vrf else "global table"
        raise invalid("prefix", f"Duplicate prefix found in {where}: {prefix['prefix']}")


def check_range(store: Store, given: Row, _before: Row | None) -> None:
    """The ends of a range are of one family and mask, in order, and in no other range of the VRF."""
    start, end = (ipaddress.ip_interface(given[name]) for name in ("start_address", "end_address"))
    if start.version != end.version:
        raise invalid("end_address", "Starting and ending IP address versions must match")
    if start.network.prefixlen != end.network.prefixlen:
        raise invalid("end_address", "Starting and ending IP address masks must match")
    if int(end.ip) < int(start.ip):
        text = f"Ending address must be greater than or equal to the starting address ({start})"
        raise invalid("end_address", text)
    for other in store.tables[RANGES].rows.values():
        if _overlap(given, other):
            vrf = given["vrf"] and display_of(store, VRFS, given["vrf"])
            named = display_of(store, RANGES, other["id"])
            raise invalid("__all__", f"Defined addresses overlap with range {named} in VRF {vrf}")


def _overlap(one: Row, other: Row) -> bool:
    if one["id"] == other["id"] or one["vrf"] != other["vrf"]:
        return False
    (low, high), (start, end) = (
        tuple(ipaddress.ip_interface(row[name]).ip for name in ("start_address", "end_address")) for row in (one, other)
    )
    return low.version == start.version and int(low) <= int(end) and int(start) <= int(high)


def check_vlans_of_interface(store: Store, interface: Row, _before: Row | None) -> None:
    """The VLANs of an interface suit its mode, and are of its site or of none."""
    if interface["untagged_vlan"] is not None and interface["mode"] is None:
        raise invalid("untagged_vlan", "Interface mode does not support untagged vlan")
    if interface["tagged_vlans"] and interface["mode"] != "tagged":
        raise invalid("tagged_vlans", "Interface mode does not support tagged vlans")
    ending = "must belong to the same site as the interface's parent device, or it must be global."
    for one in interface["tagged_vlans"]:
        if _elsewhere(store, interface, one):
            raise invalid("tagged_vlans", f"VLAN {display_of(store, 'ipam/vlans', one)} {ending}")
    if _elsewhere(store, interface, interface["untagged_vlan"]):
        named = display_of(store, "ipam/vlans", interface["untagged_vlan"])
        raise invalid("untagged_vlan", f"The untagged VLAN ({named}) {ending}")


def _elsewhere(store: Store, interface: Row, vlan: int | None) -> bool:
    found = store.tables["ipam/vlans"].rows.get(vlan or 0)
    site = store.tables["dcim/devices"].rows[interface["device"]]["site"]
    return found is not None and found["site"] not in (None, site)


def check_cabled(store: Store, interface: Row, _before: Row | None) -> None:
    """What has a cable is neither virtual nor marked as connected."""
    if not cables_of(store, interface["id"]):
        return
    if interface["type"] == "virtual":
        raise invalid("type", "Virtual interfaces cannot have a cable attached.")
    if interface["mark_connected"]:
        raise invalid("mark_connected", "Cannot mark as connected with a cable attached.")


def check_cable(store: Store, cable: Row, before: Row | None) -> None:
    """A cable has two ends that no other cable has; an end that an update empties stays as it was (measured)."""
    if cable["length"] is not None and cable["length_unit"] is None:
        raise invalid("__all__", "Must specify a unit when setting a cable length")
    for name in ENDS:
        if before is not None and not cable[name]:
            cable[name] = before[name]
    if before is None and not all(cable[name] for name in ENDS):
        raise invalid("__all__", "Must define A and B terminations when creating a new cable.")
    if set(cable["a_terminations"]) & set(cable["b_terminations"]):
        raise invalid("__all__", "A and B terminations cannot connect to the same object.")
    _check_profile(store, cable)
    for end in (*cable["a_terminations"], *cable["b_terminations"]):
        _check_end(store, cable, end)


def _check_profile(store: Store, cable: Row) -> None:
    """A profile has so many connectors at each end, the first number of each half of its name."""
    if cable["profile"] is None:
        return
    halves = [half.split("c")[0] for half in str(cable["profile"]).split("-")[1:] if half[:1].isdigit()]
    label = dict(store.types[CABLES].by_name["profile"].choices)[cable["profile"]]
    for name, most in zip(ENDS, (halves[0], halves[-1]), strict=True):
        if len(cable[name]) > int(most):
            side = name[0].upper()
            text = f"{side} side of cable has {len(cable[name])} terminations but only {most} are permitted for profile {label}"
            raise invalid(name, text)


def _check_end(store: Store, cable: Row, end: tuple[str, int]) -> None:
    for other in store.tables[CABLES].matching("termination", end):
        if other != cable["id"]:
            raise invalid("__all__", f"Duplicate termination found for {end[0]} {end[1]}: cable {other}")
    interface = store.tables[INTERFACES].rows[end[1]]
    if interface["type"] in _UNCABLED:
        raise invalid("__all__", f"Cables cannot be terminated to {_UNCABLED[interface['type']]} interfaces")


def cables_of(store: Store, interface: int) -> list[int]:
    """The cable of an interface, if it has one."""
    return store.tables[CABLES].matching("termination", (_INTERFACE_TYPE, interface))


def end_of(cable: Row, interface: int) -> str:
    """The end of a cable that an interface is at, A or B."""
    return "A" if (_INTERFACE_TYPE, interface) in cable["a_terminations"] else "B"


def follow_cable(store: Store, before: Row | None, cable: Row) -> None:
    """Change what follows a cable: an end is of one cable alone, and the interfaces that it comes to are changed by it."""
    ends = [*cable["a_terminations"], *cable["b_terminations"]]
    for end in ends:
        if len(store.tables[CABLES].matching("termination", end)) > 1:
            key = f"Key (termination_type_id, termination_id)=(7, {end[1]}) already exists."
            text = f'duplicate key value violates unique constraint "dcim_cabletermination_unique_termination"\nDETAIL:  {key}'
            raise server_error(text, "IntegrityError", store.versions)
    earlier = [] if before is None else [*before["a_terminations"], *before["b_terminations"]]
    for end in ends:
        if end not in earlier:
            row = store.tables[INTERFACES].rows[end[1]]
            store.put(INTERFACES, {**row, "last_updated": store.stamp()})


def release_cables(store: Store, interface: int) -> None:
    """Leave the cable of an interface that is deleted, with an end that is empty: no change record, no new last_updated."""
    for one in cables_of(store, interface):
        cable = store.tables[CABLES].rows[one]
        kept: dict[str, Any] = {name: tuple(end for end in cable[name] if end[1] != interface) for name in ENDS}
        store.put(CABLES, {**cable, **kept})
