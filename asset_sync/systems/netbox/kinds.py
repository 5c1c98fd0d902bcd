"""What is synced into NetBox: the kinds, how they are recognised, and how each stands in NetBox's JSON."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.reconcile.kinds import Field, IdentityRule, Kind, Kinds, Retirement, Unique, in_order

CUSTOM: Final = "cf_"
"""What the name of a custom field starts with; the rest is its name in NetBox."""

_NAME = Field("name", max_length=100)
_SLUG = Field("slug", max_length=100)
_DESCRIPTION = Field("description", max_length=200)
_COMMENTS = Field("comments")
_STATUS = Field("status")
TAGS: Final = "tags"
"""The tags of an object, as their slugs in order, parted by commas."""

# Exact first, so that "HP" and "hp", both of them in NetBox, stay two; none is decisive, because each looks further than the
# one before and must not speak against it.
_NAMED = (
    IdentityRule("name", ("name",), decisive=False),
    IdentityRule("similar name", ("name",), "label", decisive=False),
    IdentityRule("slug", ("slug",), decisive=False),
)
_NAMED_UNIQUE = (Unique(("name",)), Unique(("slug",)))
_TYPED = (
    IdentityRule("model", ("manufacturer", "model"), decisive=False),
    IdentityRule("similar model", ("manufacturer", "model"), "label", decisive=False),
    IdentityRule("slug", ("manufacturer", "slug"), decisive=False),
)
_TYPED_UNIQUE = (Unique(("manufacturer", "model")), Unique(("manufacturer", "slug")))
_TYPE_FIELDS = (
    Field("manufacturer", "reference", to="manufacturer"),
    Field("model", max_length=100),
    _SLUG,
    Field("part_number", max_length=50),
    _DESCRIPTION,
    _COMMENTS,
)
_MACHINE = (IdentityRule("serial", ("serial",), "serial"), IdentityRule("asset tag", ("asset_tag",), "tag"))

MANUFACTURER: Final = Kind("manufacturer", (_NAME, _SLUG, _DESCRIPTION), _NAMED, _NAMED_UNIQUE, referred=True)
INVENTORY_ITEM_TYPE: Final = Kind("inventory_item_type", _TYPE_FIELDS, _TYPED, _TYPED_UNIQUE, referred=True)
ASSET: Final = Kind(
    "asset",
    (
        Field("name", max_length=128),
        Field("serial", max_length=60, nullable=True),
        Field("asset_tag", max_length=50, nullable=True),
        _STATUS,
        Field("inventoryitem_type", "reference", to="inventory_item_type"),
        _DESCRIPTION,
        _COMMENTS,
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
DEVICE_ROLE: Final = Kind(
    "device_role", (_NAME, _SLUG, Field("color", max_length=6), _DESCRIPTION), _NAMED, _NAMED_UNIQUE, referred=True
)
PLATFORM: Final = Kind("platform", (_NAME, _SLUG, _DESCRIPTION), _NAMED, _NAMED_UNIQUE, referred=True)
SITE: Final = Kind("site", (_NAME, _SLUG, _STATUS, _DESCRIPTION), _NAMED, _NAMED_UNIQUE, referred=True)
TAG: Final = Kind("tag", (_NAME, _SLUG, Field("color", max_length=6), _DESCRIPTION), _NAMED, _NAMED_UNIQUE)
DEVICE: Final = Kind(
    "device",
    (
        Field("name", max_length=64),
        Field("serial", max_length=50),
        Field("asset_tag", max_length=50, nullable=True),
        Field("device_type", "reference", to="device_type"),
        Field("role", "reference", to="device_role"),
        Field("platform", "reference", to="platform"),
        Field("site", "reference", to="site"),
        _STATUS,
        _DESCRIPTION,
        _COMMENTS,
        Field(TAGS, initial_only=True),
    ),
    (*_MACHINE, IdentityRule("name", ("site", "name"), "folded", decisive=False)),
    (Unique(("site", "name"), "folded"), Unique(("asset_tag",))),
    Retirement("status", "decommissioning"),
)
INTERFACE: Final = Kind(
    "interface",
    (
        Field("device", "reference", to="device"),
        Field("name", max_length=64),
        Field("type"),
        Field("enabled", "boolean"),
        Field("mgmt_only", "boolean"),
        Field("mtu", "integer"),
        Field("label", max_length=64),
        _DESCRIPTION,
    ),
    (IdentityRule("device and name", ("device", "name")),),
    (Unique(("device", "name")),),
    parent="device",
)
MAC_ADDRESS: Final = Kind(
    "mac_address",
    (Field("mac_address"), Field("interface", "reference", to="interface"), _DESCRIPTION),
    (IdentityRule("address on the interface", ("mac_address", "interface"), "serial"),),
)
IP_ADDRESS: Final = Kind(
    "ip_address",
    (
        Field("address"),
        Field("interface", "reference", to="interface"),
        _STATUS,
        Field("dns_name", max_length=255),
        _DESCRIPTION,
    ),
    (IdentityRule("address", ("address",), "host"),),
    (Unique(("address",), "host"),),
    parent="interface",
)
"""Addresses of the global table alone; one in a VRF is another address."""

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

KINDS: Final[Kinds] = in_order(
    replace(kind, versions="moment")
    for kind in (
        MANUFACTURER,
        INVENTORY_ITEM_TYPE,
        ASSET,
        DEVICE_TYPE,
        DEVICE_ROLE,
        PLATFORM,
        SITE,
        TAG,
        DEVICE,
        INTERFACE,
        MAC_ADDRESS,
        IP_ADDRESS,
        INTERFACE_PRIMARY_MAC,
        DEVICE_PRIMARY_IP,
    )
)
"""All kinds, each after those that it refers to."""


def declared(mapped: Mapping[str, Iterable[str]]) -> Kinds:
    """Return the kinds that a sync maps, with the mapped fields and those that recognising and retiring need.

    `mapped` has the field names by kind; a custom field is named `cf_<name>` and becomes a text field. Raises
    `ConfigurationError` for a kind or field that there is not, and for a reference to a kind that is not mapped.
    """
    unknown = sorted(mapped.keys() - KINDS.keys())
    if unknown:
        raise ConfigurationError(f"NetBox has no kind {unknown[0]!r} here; there are {', '.join(KINDS)}")
    try:
        return in_order(_declared(KINDS[name], mapped[name]) for name in KINDS if name in mapped)
    except ValueError as error:
        raise ConfigurationError(f"the mapping is not whole: {error}") from None


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
    """Return the mapped fields and those that recognising, placing and retiring an object of that kind need."""
    names = {*mapped, *identifying(kind)}
    names |= {kind.retirement.field} if kind.retirement else set()
    return frozenset(names | {kind.parent} if kind.parent else names)


def identifying(kind: Kind) -> tuple[str, ...]:
    """Return the fields that tell one object of that kind from another."""
    ruled = [name for rule in kind.identity for name in rule.fields]
    return tuple(dict.fromkeys((*ruled, *(name for unique in kind.unique for name in unique.fields))))


def canonical_tags(given: str) -> str | None:
    """Return the value of `TAGS` as it is read back: each slug once, in order; None where there is none."""
    return ", ".join(sorted(set(_slugs(given)))) or None


def _slugs(given: str | None) -> list[str]:
    return [slug.strip() for slug in (given or "").split(",") if slug.strip()]


# How the kinds stand in the API.

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Api:
    """Where a kind lives in the API.

    `find` are alternative sets of filters (field → filter) that name an object, the surest first. `nullable` are text fields
    that take null; the others take "". `assigned` is the reference that is stored as a pair of type and id. `read_only`
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
    assigned: str | None = None
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
)

_APIS: Final[Mapping[str, Api]] = {
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
    "tag": _named_api("extras/tags", "extras.tag"),
    "device": _DEVICE_API,
    "interface": _INTERFACE_API,
    "mac_address": Api(
        "dcim/mac-addresses",
        "dcim.macaddress",
        _same("mac_address"),
        _own("mac_address"),
        ("mac_address",),
        assigned="interface",
    ),
    "ip_address": Api(
        "ipam/ip-addresses",
        "ipam.ipaddress",
        _same("address"),
        _own("address"),
        ("address",),
        assigned="interface",
    ),
    "interface_primary_mac": replace(_INTERFACE_API, find=(), read_only=frozenset({"interface"})),
    "device_primary_ip": replace(_DEVICE_API, find=(), read_only=frozenset({"device"})),
}
_INTERFACE_TYPE = "dcim.interface"
_ASSIGNED = ("assigned_object_type", "assigned_object_id")


def api(kind: Kind) -> Api:
    """Return where a kind lives in the API."""
    return _APIS[kind.name]


def json_fields(kind: Kind) -> tuple[str, ...]:
    """Return the JSON fields that the kind's fields and its label are read from, and what else is needed."""
    names = [name for field in kind.fields for name in _json_names(kind, field.name)]
    scope = ("vrf",) if kind.name == IP_ADDRESS.name else ()
    return tuple(dict.fromkeys((*names, *api(kind).needs, *scope)))


def in_scope(kind: Kind, row: Json) -> bool:
    """Return whether an object can be one of that kind at all: an IP address in a VRF is not."""
    return kind.name != IP_ADDRESS.name or row.get("vrf") is None


def read_value(kind: Kind, field: Field, row: Json) -> Any:
    """Return a field's value from an object's JSON; None where it is empty.

    A choice is its value. A reference is the id as text; an address that sits on something else than an interface of a device
    refers to a foreign object, such as "virtualization.vminterface:12", so that nobody takes it for free.
    """
    if field.name == kind.parent and kind.facet_of:
        return str(row["id"])
    if field.name == api(kind).assigned:
        return _assignment(row)
    raw = (
        (row.get("custom_fields") or {}).get(field.name[len(CUSTOM) :])
        if field.name.startswith(CUSTOM)
        else row.get(field.name)
    )
    if isinstance(raw, dict) and "value" in raw:
        raw = raw["value"]
    if raw is None or raw in ("", []):
        return None
    if field.name == TAGS:
        return ", ".join(sorted(tag["slug"] for tag in raw))
    return _READERS[field.type](raw)


def write_values(kind: Kind, values: Json, custom_types: Mapping[str, str]) -> dict[str, Any]:
    """Return the JSON that sets those fields; `custom_types` are the types of the kind's custom fields, by name."""
    body: dict[str, Any] = {}
    for name, value in values.items():
        if name in api(kind).read_only:
            continue
        if name == api(kind).assigned:
            body |= dict(zip(_ASSIGNED, _assigned(value), strict=True))
        elif name.startswith(CUSTOM):
            own = custom_name(name)
            body.setdefault("custom_fields", {})[own] = _custom(value, custom_types.get(own, "text"))
        else:
            body[name] = _plain(kind, kind.field(name), value)
    return body


def custom_name(field: str) -> str:
    """Return the name that a custom field has in NetBox."""
    return field.removeprefix(CUSTOM)


def _json_names(kind: Kind, name: str) -> tuple[str, ...]:
    if name == kind.parent and kind.facet_of:
        return ()
    if name == api(kind).assigned:
        return _ASSIGNED
    return ("custom_fields",) if name.startswith(CUSTOM) else (name,)


def _assignment(row: Json) -> str | None:
    object_type, number = row.get(_ASSIGNED[0]), row.get(_ASSIGNED[1])
    if number is None:
        return None
    return str(number) if object_type == _INTERFACE_TYPE else f"{object_type}:{number}"


def _assigned(value: str | None) -> tuple[str | None, int | None]:
    if value is None:
        return None, None
    object_type, _, number = value.rpartition(":")
    return object_type or _INTERFACE_TYPE, int(number)


def _reference(raw: Any) -> str:
    return str(raw["id"] if isinstance(raw, dict) else raw)


def _text(raw: Any) -> str:
    """Custom fields hold other types too: those are their JSON."""
    return raw if isinstance(raw, str) else orjson.dumps(raw, option=orjson.OPT_SORT_KEYS).decode()


_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "text": _text,
    "date": _text,
    "reference": _reference,
    "integer": int,
    "number": float,
    "boolean": bool,
}


def _plain(kind: Kind, field: Field, value: Any) -> Any:
    if field.name == TAGS:
        return [{"slug": slug} for slug in _slugs(value)]
    if field.type == "reference":
        return None if value is None else int(value)
    if value is None and field.type == "text" and field.name not in api(kind).nullable:
        return ""
    return value


def _custom(value: Any, custom_type: str) -> Any:
    """Return a custom field's value as its type wants it; one that cannot be that is left to NetBox to refuse."""
    if not isinstance(value, str) or custom_type in ("text", "longtext", "url", "date", "datetime", "select"):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return value
