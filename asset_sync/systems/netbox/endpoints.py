"""Where the kinds live in NetBox's API, and by what their objects are found there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Pair:
    """A reference that NetBox stores as a pair of type and id.

    `field` is the reference, `object_type` what it refers to, `stored` the names of the pair. What refers to an object of
    another type refers to a foreign object, such as "virtualization.vminterface:12", so that nobody takes it for free; where
    such are `apart`, they are objects of another kind.
    """

    field: str
    object_type: str
    stored: tuple[str, str] = ("assigned_object_type", "assigned_object_id")
    apart: bool = False

    def read(self, row: Json) -> str | None:
        """Return the id of the object referred to, as text."""
        object_type, number = (row.get(name) for name in self.stored)
        if number is None:
            return None
        return str(number) if object_type == self.object_type else f"{object_type}:{number}"

    def written(self, value: str | None) -> dict[str, Any]:
        """Return the JSON that refers to an object, or to none."""
        object_type, _, number = (value or "").rpartition(":")
        pair = (None, None) if value is None else (object_type or self.object_type, int(number))
        return dict(zip(self.stored, pair, strict=True))


@dataclass(frozen=True, slots=True)
class Api:
    """Where a kind lives in the API.

    `find` are alternative sets of filters (field → filter) that name an object, the surest first. `nullable` are text fields
    that take null; the others take "". `pair` is the reference that is stored as a pair of type and id. `read_only`
    fields are never sent. `batch` is how many writes go together: more gains nothing (measured), and the ETags of 200 still fit
    into a header of 8 KB. `label` gives the text that people know an object by, and `lock` why no sync may write to it, both
    from the JSON fields of `needs`.
    """

    endpoint: str
    object_type: str
    find: tuple[Mapping[str, str], ...]
    label: Callable[[Json], str | None]
    needs: tuple[str, ...]
    lock: Callable[[Json], str | None] = lambda _: None
    batch: int = 200
    nullable: frozenset[str] = frozenset()
    pair: Pair | None = None
    read_only: frozenset[str] = frozenset()


def _own(*names: str) -> Callable[[Json], str | None]:
    return lambda row: next((str(row[name]) for name in names if row.get(name)), None)


def _after(reference: str, shown: str, name: str) -> Callable[[Json], str | None]:
    return lambda row: " ".join(str(part) for part in ((row.get(reference) or {}).get(shown), row.get(name)) if part) or None


def _of_other_kind(row: Json) -> str | None:
    kind = row.get("kind")
    return None if kind in (None, "inventoryitem") else f"is the asset of a {kind}, not of an inventory item"


def _same(*names: str) -> tuple[Mapping[str, str], ...]:
    return tuple({name: name} for name in names)


def _named_api(endpoint: str, object_type: str) -> Api:
    return Api(endpoint, object_type, _same("name", "slug"), _own("name"), ("name",))


def _type_api(endpoint: str, object_type: str) -> Api:
    find = ({"manufacturer": "manufacturer_id", "model": "model"},)
    return Api(endpoint, object_type, find, _after("manufacturer", "name", "model"), ("manufacturer", "model"))


_INTERFACE_TYPE: Final = "dcim.interface"
_VM_INTERFACE_TYPE: Final = "virtualization.vminterface"
_DEVICE_API = Api(
    "dcim/devices",
    "dcim.device",
    _same("serial", "asset_tag", "name"),
    _own("name", "serial"),
    ("name", "serial"),
    batch=100,
    nullable=frozenset({"name", "asset_tag"}),
)
_INTERFACE_API = Api(
    "dcim/interfaces",
    "dcim.interface",
    ({"device": "device_id", "name": "name"},),
    _after("device", "name", "name"),
    ("device", "name"),
    nullable=frozenset({"mode"}),
)
_VM_INTERFACE_API = Api(
    "virtualization/interfaces",
    "virtualization.vminterface",
    ({"virtual_machine": "virtual_machine_id", "name": "name"},),
    _after("virtual_machine", "name", "name"),
    ("virtual_machine", "name"),
    nullable=frozenset({"mode"}),
)


def _mac_api(interface: str, object_type: str, *, apart: bool = False) -> Api:
    pair = Pair(interface, object_type, apart=apart)
    return Api("dcim/mac-addresses", "dcim.macaddress", _same("mac_address"), _own("mac_address"), ("mac_address",), pair=pair)


def _service_api(on: str, object_type: str) -> Api:
    return Api(
        "ipam/services",
        "ipam.service",
        ({on: f"{on}_id", "name": "name", "protocol": "protocol"},),
        _after("parent", "display", "name"),
        ("parent", "name"),
        pair=Pair(on, object_type, ("parent_object_type", "parent_object_id"), apart=True),
    )


ENDPOINTS: Final[Mapping[str, Api]] = {
    "manufacturer": _named_api("dcim/manufacturers", "dcim.manufacturer"),
    "inventory_item_type": _type_api("plugins/inventory/inventory-item-types", "netbox_inventory.inventoryitemtype"),
    "asset": Api(
        "plugins/inventory/assets",
        "netbox_inventory.asset",
        _same("serial", "asset_tag", "name"),
        _own("name", "serial", "asset_tag"),
        ("name", "serial", "asset_tag", "kind"),
        lock=_of_other_kind,
        batch=100,
        nullable=frozenset({"serial", "asset_tag"}),
    ),
    "device_type": _type_api("dcim/device-types", "dcim.devicetype"),
    "device_role": _named_api("dcim/device-roles", "dcim.devicerole"),
    "platform": _named_api("dcim/platforms", "dcim.platform"),
    "site": _named_api("dcim/sites", "dcim.site"),
    "location": Api(
        "dcim/locations",
        "dcim.location",
        ({"name": "name", "site": "site_id"}, {"slug": "slug", "site": "site_id"}),
        _after("site", "name", "name"),
        ("site", "name", "parent"),
    ),
    "tag": _named_api("extras/tags", "extras.tag"),
    "device": _DEVICE_API,
    "interface": _INTERFACE_API,
    "mac_address": _mac_api("interface", _INTERFACE_TYPE),
    "ip_address": Api(
        "ipam/ip-addresses",
        "ipam.ipaddress",
        _same("address"),
        _own("address"),
        ("address",),
        pair=Pair("interface", _INTERFACE_TYPE),
    ),
    "interface_links": replace(_INTERFACE_API, find=(), read_only=frozenset({"interface"})),
    "interface_primary_mac": replace(_INTERFACE_API, find=(), read_only=frozenset({"interface"})),
    "device_cluster": replace(_DEVICE_API, find=(), read_only=frozenset({"device"})),
    "device_primary_ip": replace(_DEVICE_API, find=(), read_only=frozenset({"device"})),
    "device_service": _service_api("device", "dcim.device"),
    "tenant": _named_api("tenancy/tenants", "tenancy.tenant"),
    "cluster_type": _named_api("virtualization/cluster-types", "virtualization.clustertype"),
    "cluster": Api(
        "virtualization/clusters",
        "virtualization.cluster",
        ({"name": "name", "site": "site_id"}, {"name": "name"}),
        _after("scope", "name", "name"),
        ("scope", "name"),
        pair=Pair("site", "dcim.site", ("scope_type", "scope_id")),
    ),
    "virtual_machine": Api(
        "virtualization/virtual-machines",
        "virtualization.virtualmachine",
        ({"cluster": "cluster_id", "name": "name"}, {"device": "device_id", "name": "name"}),
        _own("name"),
        ("name",),
    ),
    "vm_interface": _VM_INTERFACE_API,
    "vm_mac_address": _mac_api("vm_interface", _VM_INTERFACE_TYPE, apart=True),
    "vm_interface_primary_mac": replace(_VM_INTERFACE_API, find=(), read_only=frozenset({"vm_interface"})),
    "virtual_disk": Api(
        "virtualization/virtual-disks",
        "virtualization.virtualdisk",
        ({"virtual_machine": "virtual_machine_id", "name": "name"},),
        _after("virtual_machine", "name", "name"),
        ("virtual_machine", "name"),
    ),
    "vm_service": _service_api("virtual_machine", "virtualization.virtualmachine"),
    "vrf": Api("ipam/vrfs", "ipam.vrf", _same("rd", "name"), _own("name"), ("name",), nullable=frozenset({"rd"})),
    "vlan_group": Api(
        "ipam/vlan-groups",
        "ipam.vlangroup",
        _same("name", "slug"),
        _own("name"),
        ("name",),
        pair=Pair("site", "dcim.site", ("scope_type", "scope_id")),
    ),
    "vlan": Api(
        "ipam/vlans",
        "ipam.vlan",
        ({"group": "group_id", "vid": "vid"}, {"group": "group_id", "name": "name"}),
        _after("group", "name", "name"),
        ("group", "name"),
    ),
    "prefix": Api(
        "ipam/prefixes",
        "ipam.prefix",
        _same("prefix"),
        _own("prefix"),
        ("prefix",),
        pair=Pair("site", "dcim.site", ("scope_type", "scope_id")),
    ),
    "anycast_address": Api("ipam/ip-addresses", "ipam.ipaddress", _same("address"), _own("address"), ("address",)),
    "cable": Api("dcim/cables", "dcim.cable", ({"a_interface": "termination_a_id"},), _own("display"), ("display",)),
    "ip_range": Api("ipam/ip-ranges", "ipam.iprange", _same("start_address"), _own("display"), ("display",)),
}
"""Where each kind lives."""
