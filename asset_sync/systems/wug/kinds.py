"""What is synced into WhatsUp Gold: groups and devices, and how they are recognised.

Addresses are compared as they stand: a mapping gives them in canonical form, without a mask (see `records.canonical`).
Lengths are those of the vendor's description of the API, version 2026.0.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.reconcile.kinds import Field, IdentityRule, Kind, Kinds, Retirement, Unique, in_order

ATTRIBUTE: Final = "attr_"
"""What the name of an attribute's field starts with; the rest is the attribute's name in WhatsUp Gold."""
NETBOX_ID: Final = "netbox_id"
"""The attribute that says which object of NetBox a device is."""
ON: Final = "on"
OFF: Final = "off"
"""The values of the field `maintenance`."""

_READ_ONLY: Final = "other_addresses"
_ATTRIBUTE_NAME_LENGTH: Final = 150
_ATTRIBUTE_LENGTH: Final = 3000
_RETIRING: Final = ("maintenance", "group")
_INTERFACE: Final = frozenset({"address", "host_name"})
"""Both are of one interface, and where there is no host name the address stands for it."""

GROUP: Final = Kind(
    "group",
    (Field("path"), Field("description")),
    (IdentityRule("path", ("path",), "folded"),),
    (Unique(("path",), "folded"),),
    natural=True,
)
"""A static group, the same whatever its case; `path` is "A/B/C" below My Network.

Groups are made, and left as they are from then on; one that a person renamed is that person's own, and one of the old name is
made again."""

DEVICE: Final = Kind(
    "device",
    (
        Field("name", max_length=150),
        Field("host_name", max_length=256),
        Field("address", max_length=100, made_with=True),
        Field("group"),
        Field("role"),
        Field("brand", max_length=256),
        Field("os"),
        Field("note"),
        Field("maintenance", choices=(ON, OFF)),
        Field(_READ_ONLY),
    ),
    (IdentityRule("address", ("address",)), IdentityRule("host name", ("name",), "host", decisive=False)),
    (Unique(("address",), enforced=False),),
    parts=(_INTERFACE, *(frozenset({name}) for name in ("name", "group", "role", "brand", "os", "note", "maintenance"))),
)
"""A device, whose fields are stored one by one but for those of its interface. The server takes an address on several devices.

`group` is the path of its group below the sync's root, missing for a device that is only in others; `other_addresses` are those
of its further interfaces, sorted and parted by blanks, which are only read."""

KINDS: Final[Kinds] = in_order((GROUP, DEVICE))
"""All kinds; devices need their groups to be there."""

MAPPABLE: Final[Kinds] = in_order([replace(DEVICE, fields=tuple(field for field in DEVICE.fields if field.name != _READ_ONLY))])
"""What a person's mapping may name: devices, with what can be written. Groups follow from the devices."""

_BY_NETBOX_ID: Final = IdentityRule("netbox_id", (ATTRIBUTE + NETBOX_ID,))


def declared(mapped: Mapping[str, Iterable[str]], retirement: Retirement | None = None) -> Kinds:
    """Return the kinds that a sync maps, with the mapped fields and those that recognising and retiring need.

    `mapped` has the field names by kind; an attribute is named `attr_<name>`, and `attr_netbox_id` recognises devices before
    their addresses do. `retirement` of a device is `maintenance` with the value "on", or `group` with a group's path. Raises
    `ConfigurationError` for a kind, field or retirement that there is not.
    """
    unknown = sorted(mapped.keys() - KINDS.keys())
    if unknown:
        raise ConfigurationError(f"WhatsUp Gold has no kind {unknown[0]!r} here; there are {', '.join(KINDS)}")
    if retirement and (retirement.field not in _RETIRING or (retirement.field == "maintenance" and retirement.value != ON)):
        raise ConfigurationError("a device retires by maintenance: on, or by the group that it is put into")
    found = [_declared(KINDS[name], list(mapped[name])) for name in KINDS if name in mapped]
    return in_order(_retiring(kind, retirement) if kind.name == DEVICE.name else kind for kind in found)


def narrowed(kind: Kind, mapped: Iterable[str]) -> Kind:
    """Return a kind with the mapped fields alone, and those that recognising and retiring need."""
    wanted = {*mapped, *(name for rule in kind.identity for name in rule.fields), _READ_ONLY}
    wanted |= {name for unique in kind.unique for name in unique.fields}
    wanted |= {kind.retirement.field} if kind.retirement else set()
    return replace(kind, fields=tuple(field for field in kind.fields if field.name in wanted))


def attribute_name(field: str) -> str | None:
    """Return the name that an attribute's field has in WhatsUp Gold; None for another field."""
    return field.removeprefix(ATTRIBUTE) if field.startswith(ATTRIBUTE) else None


def _declared(kind: Kind, mapped: list[str]) -> Kind:
    own = {field.name for field in kind.fields}
    for name in mapped:
        if name == _READ_ONLY:
            raise ConfigurationError(f"{kind.name}: {name} can only be read: take it out of the mapping")
        if name not in own and not _is_attribute(kind, name):
            also = " and attr_<attribute>" if kind.name == DEVICE.name else ""
            raise ConfigurationError(f"{kind.name} has no field {name!r}; it has {', '.join(sorted(own))}{also}")
    attributes = tuple(Field(name, max_length=_ATTRIBUTE_LENGTH) for name in dict.fromkeys(mapped) if name not in own)
    by_id = (_BY_NETBOX_ID,) if _BY_NETBOX_ID.fields[0] in mapped else ()
    parts = (*kind.parts, *(frozenset({field.name}) for field in attributes))
    whole = replace(kind, fields=(*kind.fields, *attributes), identity=(*by_id, *kind.identity), parts=parts)
    return narrowed(whole, mapped)


def _is_attribute(kind: Kind, field: str) -> bool:
    name = attribute_name(field)
    return kind.name == DEVICE.name and name is not None and 0 < len(name) <= _ATTRIBUTE_NAME_LENGTH


def _retiring(kind: Kind, retirement: Retirement | None) -> Kind:
    if retirement is None or retirement.field in {field.name for field in kind.fields}:
        return replace(kind, retirement=retirement)
    return replace(kind, fields=(*kind.fields, DEVICE.field(retirement.field)), retirement=retirement)
