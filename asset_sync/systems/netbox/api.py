"""How the fields of kinds stand in the JSON of NetBox's API; `endpoints` says where the kinds live there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from asset_sync.reconcile.kinds import Field, Kind
from asset_sync.reconcile.sets import listed, one_set
from asset_sync.systems.netbox import cable_ends, custom_values
from asset_sync.systems.netbox.endpoints import ENDPOINTS, Api
from asset_sync.systems.netbox.fabric_kinds import (
    HIGHEST_VID,
    LEAST_VID,
    OF_VRFS,
    VID_RANGES,
    VLAN,
    read_ranges,
    vid_ranges,
)
from asset_sync.systems.netbox.kind_parts import TAGS, slugs
from asset_sync.systems.netbox.kinds import CUSTOM, LOCATION, custom_name
from asset_sync.systems.netbox.virtual_kinds import PORTS, port_numbers

Json = Mapping[str, Any]


_OUTSIDE: Final = {**dict.fromkeys(OF_VRFS, "vrf"), LOCATION.name: "parent"}
"""What an object of a kind does not have: with it, it is within something that the kind knows nothing of.

Of a kind that is told apart by it, an object has it.
"""
_WITHIN: Final = {VLAN.name: "group"}
"""What an object of a kind has: without it, nothing tells it from others."""
_NO_TYPES: Final[Mapping[str, str]] = {}


def api(kind: Kind) -> Api:
    """Return where a kind lives in the API."""
    return ENDPOINTS[kind.name]


def json_fields(kind: Kind) -> tuple[str, ...]:
    """Return the JSON fields that the kind's fields and its label are read from, and what else is needed."""
    names = [name for field in kind.fields for name in _json_names(kind, field.name)]
    scope = [place[kind.name] for place in (_OUTSIDE, _WITHIN) if kind.name in place]
    return tuple(dict.fromkeys((*names, *api(kind).needs, *scope)))


def in_scope(kind: Kind, row: Json) -> bool:
    """Return whether an object can be one of that kind at all.

    An IP address in a VRF is none of the global table, a location in another one none of a site, and what runs on a virtual
    machine no service of a device.
    """
    outside, within, pair = _OUTSIDE.get(kind.name), _WITHIN.get(kind.name), api(kind).pair
    if pair is not None and pair.apart and row.get(pair.stored[0]) != pair.object_type:
        return False
    if kind.ends and not cable_ends.is_plain(row):
        return False
    if within is not None and row.get(within) is None:
        return False
    return outside is None or (row.get(outside) is not None) == any(outside in rule.fields for rule in kind.identity)


def read_value(kind: Kind, field: Field, row: Json, custom_types: Mapping[str, str] = _NO_TYPES) -> Any:
    """Return a field's value from an object's JSON; None where it is empty.

    A choice is its value, a custom field's value its text (see `asset_sync.systems.netbox.custom_values`; `custom_types` are
    the types of the kind's custom fields, by name). A reference is the id as text, or names a foreign object (see `Pair`).
    """
    if field.name == kind.parent and kind.facet_of:
        return str(row["id"])
    pair = api(kind).pair
    if pair is not None and field.name == pair.field:
        return pair.read(row)
    if field.name in kind.ends:
        return cable_ends.ends(row)[kind.ends.index(field.name)]
    if field.name.startswith(CUSTOM):
        own = custom_name(field.name)
        return custom_values.read(custom_types.get(own, "text"), (row.get("custom_fields") or {}).get(own))
    return _read_plain(field, row.get(field.name))


def _read_plain(field: Field, raw: Any) -> Any:
    if isinstance(raw, dict) and "value" in raw:
        raw = raw["value"]
    if raw is None or raw in ("", []):
        return None
    return _LISTS[field.name].read(raw) if field.name in _LISTS else _READERS[field.type](raw)


def write_values(kind: Kind, values: Json, custom_types: Mapping[str, str]) -> dict[str, Any]:
    """Return the JSON that sets those fields; `custom_types` are the types of the kind's custom fields, by name."""
    body: dict[str, Any] = cable_ends.written(values, kind.ends) if kind.ends else {}
    pair = api(kind).pair
    for name, value in values.items():
        if name in api(kind).read_only or name in kind.ends:
            continue
        if pair is not None and name == pair.field:
            body |= pair.written(value)
        elif name.startswith(CUSTOM):
            own = custom_name(name)
            body.setdefault("custom_fields", {})[own] = custom_values.written(custom_types.get(own, "text"), value)
        else:
            body[name] = _plain(kind, kind.field(name), value)
    return body


def _json_names(kind: Kind, name: str) -> tuple[str, ...]:
    if name == kind.parent and kind.facet_of:
        return ()
    pair = api(kind).pair
    if pair is not None and name == pair.field:
        return pair.stored
    if name in kind.ends:
        return cable_ends.SIDES
    return ("custom_fields",) if name.startswith(CUSTOM) else (name,)


def _reference(raw: Any) -> str:
    return str(raw["id"] if isinstance(raw, dict) else raw)


_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "text": str,
    "date": str,
    "reference": _reference,
    "references": lambda raw: one_set(map(_reference, raw)),
    "integer": int,
    "number": float,
    "boolean": bool,
}


@dataclass(frozen=True, slots=True)
class _Listed:
    """A list that a field has as one text."""

    read: Callable[[Any], str]
    written: Callable[[str | None], list[Any]]


_LISTS: Final[Mapping[str, _Listed]] = {
    TAGS: _Listed(
        lambda tags: ", ".join(sorted(tag["slug"] for tag in tags)), lambda given: [{"slug": slug} for slug in slugs(given)]
    ),
    VID_RANGES: _Listed(
        read_ranges,
        lambda given: [list(ends) for ends in (vid_ranges(given) if given else [(LEAST_VID, HIGHEST_VID)])],
    ),
    PORTS: _Listed(lambda ports: ", ".join(map(str, sorted(set(ports)))), lambda given: port_numbers(given) if given else []),
}


def _plain(kind: Kind, field: Field, value: Any) -> Any:
    if field.name in _LISTS:
        return _LISTS[field.name].written(value)
    if field.type == "reference":
        return None if value is None else int(value)
    if field.type == "references":
        return [int(member) for member in listed(value)]
    if value is None and field.type == "text" and field.name not in api(kind).nullable:
        return ""
    return value
