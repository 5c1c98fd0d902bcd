"""What is synced into NetBox: the kinds, and how they are recognised."""

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final

from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.reconcile.kinds import Field, IdentityRule, Kind, Kinds, Retirement, Suiting, Unique, in_order
from asset_sync.systems.netbox.fabric_kinds import (
    ANYCAST_ADDRESS,
    CABLE,
    IN_ONE_SITE,
    IP_RANGE,
    OF_VRFS,
    PREFIX,
    UNSITED_GROUP,
    VLAN,
    VLAN_GROUP,
    VRF,
    VRF_OF,
    in_vrfs,
)
from asset_sync.systems.netbox.kind_parts import (
    COLOR,
    COMMENTS,
    DESCRIPTION,
    MODE,
    MTU,
    NAME,
    NAMED,
    NAMED_UNIQUE,
    SLUG,
    STATUS,
    TAGGED,
)
from asset_sync.systems.netbox.virtual_kinds import (
    ALTERNATIVES,
    CLUSTER,
    CLUSTER_TYPE,
    UNSITED,
    VIRTUAL_DISK,
    VIRTUAL_MACHINE,
    VM_INTERFACE,
    VM_INTERFACE_PRIMARY_MAC,
    VM_MAC_ADDRESS,
    VM_SERVICE,
    service,
)

CUSTOM: Final = "cf_"
"""What the name of a custom field starts with; the rest is its name in NetBox."""

_TYPED = (
    IdentityRule("model", ("manufacturer", "model"), decisive=False),
    IdentityRule("similar model", ("manufacturer", "model"), "label", decisive=False),
    IdentityRule("slug", ("manufacturer", "slug"), decisive=False),
    IdentityRule("product", ("manufacturer", "model"), "model", decisive=False, sole=True),
)
# What is there under another spelling of the maker, or of the product, is used; not where several are.
_MADE = (*NAMED, IdentityRule("maker", ("name",), "maker", decisive=False, sole=True))
_TYPED_UNIQUE = (Unique(("manufacturer", "model")), Unique(("manufacturer", "slug")))
_TYPE_FIELDS = (
    Field("manufacturer", "reference", to="manufacturer"),
    Field("model", max_length=100, required=True),
    SLUG,
    Field("part_number", max_length=50),
    DESCRIPTION,
    COMMENTS,
)
_MACHINE = (IdentityRule("serial", ("serial",), "serial"), IdentityRule("asset tag", ("asset_tag",), "tag"))

MANUFACTURER: Final = Kind("manufacturer", (NAME, SLUG, DESCRIPTION), _MADE, NAMED_UNIQUE, referred=True)
INVENTORY_ITEM_TYPE: Final = Kind("inventory_item_type", _TYPE_FIELDS, _TYPED, _TYPED_UNIQUE, referred=True)
ASSET: Final = Kind(
    "asset",
    (
        Field("name", max_length=128),
        Field("serial", max_length=60, nullable=True),
        Field("asset_tag", max_length=50, nullable=True),
        STATUS,
        Field("inventoryitem_type", "reference", to="inventory_item_type"),
        Field("storage_location", "reference", to="location", nullable=True),
        DESCRIPTION,
        COMMENTS,
        Field("warranty_start", "date"),
        Field("warranty_end", "date"),
    ),
    (*_MACHINE, IdentityRule("name", ("name",), "folded", decisive=False)),
    (Unique(("inventoryitem_type", "serial")), Unique(("asset_tag",))),
    Retirement("status", "retired"),
)
"""An asset has exactly one sort of type: giving the asset of a device, module or rack an inventory item type is refused with
400 (measured). Those are recognised, so that a machine is not made twice, and locked."""

DEVICE_TYPE: Final = Kind("device_type", _TYPE_FIELDS, _TYPED, _TYPED_UNIQUE, referred=True)
DEVICE_ROLE: Final = Kind("device_role", (NAME, SLUG, COLOR, DESCRIPTION), NAMED, NAMED_UNIQUE, referred=True)
PLATFORM: Final = Kind("platform", (NAME, SLUG, DESCRIPTION), NAMED, NAMED_UNIQUE, referred=True)
SITE: Final = Kind("site", (NAME, SLUG, STATUS, DESCRIPTION), NAMED, NAMED_UNIQUE, referred=True)
_IN_SITE = (
    IdentityRule("name in the site", ("site", "name"), decisive=False),
    IdentityRule("similar name in the site", ("site", "name"), "label", decisive=False),
    IdentityRule("slug in the site", ("site", "slug"), decisive=False),
)
LOCATION: Final = Kind(
    "location",
    (
        NAME,
        SLUG,
        Field("site", "reference", to="site", required=True),
        STATUS,
        Field("facility", max_length=50),
        DESCRIPTION,
        COMMENTS,
    ),
    _IN_SITE,
    (Unique(("site", "name")), Unique(("site", "slug"))),
)
"""Locations directly within a site; one within another location is another one's."""
TENANT: Final = Kind("tenant", (NAME, SLUG, DESCRIPTION), NAMED, NAMED_UNIQUE, referred=True)
TAG: Final = Kind("tag", (NAME, SLUG, COLOR, DESCRIPTION), NAMED, NAMED_UNIQUE, natural=True)
"""What has a tag names it: one that somebody renamed is another one, and what is new would find none by the name."""
DEVICE: Final = Kind(
    "device",
    (
        Field("name", max_length=64),
        Field("serial", max_length=50),
        Field("asset_tag", max_length=50, nullable=True),
        Field("device_type", "reference", to="device_type"),
        Field("role", "reference", to="device_role"),
        Field("platform", "reference", to="platform", nullable=True),
        Field("site", "reference", to="site"),
        Field("tenant", "reference", to="tenant", nullable=True),
        STATUS,
        DESCRIPTION,
        COMMENTS,
        TAGGED,
    ),
    (*_MACHINE, IdentityRule("name", ("site", "name"), "folded", decisive=False)),
    (Unique(("site", "name"), "folded"), Unique(("asset_tag",))),
    Retirement("status", "decommissioning"),
    counted_by="device_type",
)
DEVICE_CLUSTER: Final = Kind(
    "device_cluster",
    (Field("device", "reference", to="device"), Field("cluster", "reference", to="cluster", nullable=True)),
    parent="device",
    facet_of="device",
)
"""The cluster that a host is in, which is in its site. It is written apart, for the host to be kept up where the cluster cannot
be made, and before its machines: they say it, too (see `VIRTUAL_MACHINE`)."""
INTERFACE: Final = Kind(
    "interface",
    (
        Field("device", "reference", to="device"),
        Field("name", max_length=64, required=True),
        Field("type"),
        Field("enabled", "boolean"),
        Field("mgmt_only", "boolean"),
        MTU,
        Field("speed", "integer"),
        MODE,
        Field("untagged_vlan", "reference", to="vlan", nullable=True),
        Field("tagged_vlans", "references", to="vlan", nullable=True),
        Field("vrf", "reference", to="vrf", nullable=True),
        Field("label", max_length=64),
        DESCRIPTION,
    ),
    (IdentityRule("device and name", ("device", "name")),),
    (Unique(("device", "name")),),
    parent="device",
    counted_by="device",
    suitings=tuple(
        Suiting(name, "site", ("device", "site"), operator.eq, IN_ONE_SITE) for name in ("untagged_vlan", "tagged_vlans")
    ),
)
"""The speed is in Kbps. An untagged VLAN needs a mode, tagged ones the mode "tagged" (measured), which goes with them in one
request; who leaves that mode has to say that no VLAN is tagged any more (`clears`). Its VLANs are of its
device's site, or of none."""
INTERFACE_LINKS: Final = Kind(
    "interface_links",
    (
        Field("interface", "reference", to="interface"),
        *(Field(name, "reference", to="interface", nullable=True) for name in ("parent", "bridge", "lag")),
    ),
    parent="interface",
    facet_of="interface",
)
"""What an interface has to do with others of its device, known after they are all there. Only what is virtual has a parent, and
what is virtual is in no LAG (measured)."""
MAC_ADDRESS: Final = Kind(
    "mac_address",
    (Field("mac_address", required=True), Field("interface", "reference", to="interface"), DESCRIPTION),
    (IdentityRule("address on the interface", ("mac_address", "interface"), "serial"),),
)
IP_ADDRESS: Final = Kind(
    "ip_address",
    (
        Field("address", required=True),
        VRF_OF,
        Field("interface", "reference", to="interface"),
        STATUS,
        Field("dns_name", max_length=255),
        DESCRIPTION,
    ),
    (IdentityRule("address", ("address",), "host"),),
    (Unique(("address",), "host"),),
    parent="interface",
    natural=True,
)
"""Addresses of the global table, or of VRFs where a sync maps `vrf` (see `in_vrfs`): one in a VRF is another address.

None is ever renumbered: where a machine gets another address, it is another object that moves to its interface.
"""

INTERFACE_PRIMARY_MAC: Final = Kind(
    "interface_primary_mac",
    (
        Field("interface", "reference", to="interface"),
        Field("primary_mac_address", "reference", to="mac_address"),
    ),
    parent="interface",
    facet_of="interface",
)
DEVICE_PRIMARY_IP: Final = Kind(
    "device_primary_ip",
    (
        Field("device", "reference", to="device"),
        Field("primary_ip4", "reference", to="ip_address", pins=True),
        Field("primary_ip6", "reference", to="ip_address", pins=True),
    ),
    parent="device",
    facet_of="device",
)

DEVICE_SERVICE: Final = service("device_service", "device")

KINDS: Final[Kinds] = in_order(
    replace(kind, versions="moment")
    for kind in (
        MANUFACTURER,
        SITE,
        LOCATION,
        TENANT,
        INVENTORY_ITEM_TYPE,
        ASSET,
        DEVICE_TYPE,
        DEVICE_ROLE,
        PLATFORM,
        TAG,
        CLUSTER_TYPE,
        CLUSTER,
        VRF,
        VLAN_GROUP,
        VLAN,
        PREFIX,
        IP_RANGE,
        ANYCAST_ADDRESS,
        DEVICE,
        DEVICE_CLUSTER,
        INTERFACE,
        INTERFACE_LINKS,
        MAC_ADDRESS,
        IP_ADDRESS,
        INTERFACE_PRIMARY_MAC,
        DEVICE_PRIMARY_IP,
        CABLE,
        DEVICE_SERVICE,
        VIRTUAL_MACHINE,
        VM_INTERFACE,
        VM_MAC_ADDRESS,
        VM_INTERFACE_PRIMARY_MAC,
        VIRTUAL_DISK,
        VM_SERVICE,
    )
)
"""All kinds, each after those that it refers to; cables after all that is written of interfaces, whose versions they move."""


_UNSITED: Final = {CLUSTER.name: UNSITED, VLAN_GROUP.name: UNSITED_GROUP}


def declared(mapped: Mapping[str, Iterable[str]], adapt: Callable[[Kind], Kind] = lambda kind: kind) -> Kinds:
    """Return the kinds that a sync maps, with the mapped fields and those that recognising and retiring need.

    `adapt` makes of a kind what the sync's options say of it.

    `mapped` has the field names by kind; a custom field is named `cf_<name>` and becomes a text field, because only NetBox
    knows what it is: see `asset_sync.systems.netbox.custom_field_table`. Raises `ConfigurationError` for a kind or field that
    there is not, and for a reference to a kind that is not mapped.
    """
    unknown = sorted(mapped.keys() - KINDS.keys())
    if unknown:
        raise ConfigurationError(f"NetBox has no kind {unknown[0]!r} here; there are {', '.join(KINDS)}")
    try:
        return in_order(_declared(adapt(_placed(KINDS[name], mapped)), mapped[name]) for name in KINDS if name in mapped)
    except ValueError as error:
        raise ConfigurationError(f"the mapping is not whole: {error}") from None


def _placed(kind: Kind, mapped: Mapping[str, Iterable[str]]) -> Kind:
    """Return the kind without the places that a sync does not map, where it may stand in one or another, or says them alone."""
    kind = replace(kind, fields=tuple(field for field in kind.fields if not field.judged or field.to in (None, *mapped)))
    if kind.name in _UNSITED and "site" not in mapped[kind.name]:
        return replace(_UNSITED[kind.name], versions=kind.versions)
    if kind.name in OF_VRFS and "vrf" in mapped[kind.name]:
        return in_vrfs(kind)
    absent = [name for name in ALTERNATIVES.get(kind.name, ()) if kind.field(name).to not in mapped]
    if len(absent) == len(ALTERNATIVES.get(kind.name, ())):
        return kind
    return replace(
        kind,
        identity=tuple(rule for rule in kind.identity if not set(rule.fields) & set(absent)),
        unique=tuple(unique for unique in kind.unique if not set(unique.fields) & set(absent)),
    )


def _declared(kind: Kind, mapped: Iterable[str]) -> Kind:
    names = list(mapped)
    own = {field.name for field in kind.fields}
    unknown = [name for name in names if name not in own and not (name.startswith(CUSTOM) and name != CUSTOM)]
    if unknown:
        raise ConfigurationError(
            f"{kind.name} has no field {unknown[0]!r}; it has {', '.join(sorted(own))} and cf_<custom field>"
        )
    wanted = needed(kind, names)
    custom = tuple(Field(name) for name in dict.fromkeys(names) if name not in own)
    return replace(kind, fields=(*(field for field in kind.fields if field.name in wanted), *custom))


def needed(kind: Kind, mapped: Iterable[str]) -> frozenset[str]:
    """Return the mapped fields and those that recognising, placing and retiring an object of that kind need.

    What decides which others may refer to it is among them.
    """
    names = {*mapped, *identifying(kind), *(field.name for field in kind.fields if field.judged)}
    names |= set(kind.retirement.fields) if kind.retirement else set()
    return frozenset(names | {kind.parent} if kind.parent else names)


def identifying(kind: Kind) -> tuple[str, ...]:
    """Return the fields that tell one object of that kind from another."""
    ruled = [name for rule in kind.identity for name in rule.fields]
    return tuple(dict.fromkeys((*ruled, *(name for unique in kind.unique for name in unique.fields))))


def custom_name(field: str) -> str:
    """Return the name that a custom field has in NetBox."""
    return field.removeprefix(CUSTOM)
