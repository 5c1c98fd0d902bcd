"""The filters of list requests: which rows a query string asks for."""

import re
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from asset_sync.sandbox.netbox.errors import Invalid
from asset_sync.sandbox.netbox.http import is_number
from asset_sync.sandbox.netbox.registry import Field, ObjectType
from asset_sync.sandbox.netbox.store import CHANGES, Store
from asset_sync.sandbox.netbox.table import Row

Predicate = Callable[[Row], bool]

_REQUEST_FILTERS = {
    "created_by_request": ("create",),
    "updated_by_request": ("update",),
    "modified_by_request": ("create", "update"),
}


class _Bad(Exception):
    """A filter value that is refused."""


@dataclass(frozen=True)
class Condition:
    """What one parameter asks for: a test, and the ids that can pass it if an index knows them."""

    test: Predicate
    ids: list[int] | None = None


def conditions(store: Store, kind: ObjectType, params: Sequence[tuple[str, str]]) -> list[Condition]:
    """The conditions of a query string; parameters that are no filters of the type are ignored."""
    grouped: dict[str, list[str]] = {}
    for name, value in params:
        grouped.setdefault(name, []).append(value)
    found: list[Condition] = []
    errors: dict[str, list[str]] = {}
    for name, values in grouped.items():
        try:
            condition = _condition(store, kind, name, values)
        except _Bad as error:
            errors[name] = [str(error)]
        else:
            found += [condition] if condition else []
    if errors:
        raise Invalid(errors)
    return found


def select(store: Store, kind: ObjectType, wanted: list[Condition], start: int | None) -> Iterator[Row]:
    """The rows that meet all conditions, by id, from the id `start` on."""
    table = store.tables[kind.endpoint]
    narrowed = [frozenset(condition.ids) for condition in wanted if condition.ids is not None]
    if narrowed:
        ids: Sequence[int] = sorted(one for one in min(narrowed, key=len) if one >= (start or 0))
    else:
        ids = table.ids() if start is None else table.ids_from(start)
    tests = [condition.test for condition in wanted]
    for one in ids:
        row = table.rows.get(one)
        if row is not None and all(test(row) for test in tests):
            yield row


def _condition(store: Store, kind: ObjectType, name: str, values: list[str]) -> Condition | None:
    base, _, operator = name.partition("__")
    general = _GENERAL.get("cf" if base.startswith("cf_") else base)
    if general:
        return general(store, kind, base, operator, values)
    special = _SPECIAL.get(base)
    if special and (made := special(store, kind, values)):
        return made
    return _by_field(store, kind, base, operator, values)


def _by_field(store: Store, kind: ObjectType, base: str, operator: str, values: list[str]) -> Condition | None:
    field = kind.field(base)
    if base in ("created", "last_updated", "time") and field:
        return _by_time(base, operator, values)
    if _reference_path(kind, base):
        return _by_reference(store, kind, base, operator, values)
    by_kind = _BY_KIND.get(field.kind) if field else None
    return by_kind(store, kind, field, operator, values) if by_kind and field else None


def _by_boolean(_store: Store, _kind: ObjectType, field: Field, operator: str, values: list[str]) -> Condition | None:
    wanted = _truth(values[-1])
    return None if operator else Condition(lambda row: row[field.name] == wanted)


def _by_id(_store: Store, _kind: ObjectType, _base: str, operator: str, values: list[str]) -> Condition | None:
    numbers = [_whole(value) for value in values if value]
    if operator == "" and numbers:
        wanted = frozenset(numbers)
        return Condition(lambda row: row["id"] in wanted, list(wanted))
    return _compare("id", operator, numbers)


def _by_number(_store: Store, _kind: ObjectType, field: Field, operator: str, values: list[str]) -> Condition | None:
    return _compare(field.name, operator, [_number(value) for value in values if value])


def _compare(name: str, operator: str, numbers: Sequence[float]) -> Condition | None:
    if not numbers:
        return None
    tests: dict[str, Callable[[float], bool]] = {
        "": lambda value: value in numbers,
        "n": lambda value: value not in numbers,
        "gt": lambda value: any(value > one for one in numbers),
        "gte": lambda value: any(value >= one for one in numbers),
        "lt": lambda value: any(value < one for one in numbers),
        "lte": lambda value: any(value <= one for one in numbers),
    }
    test = tests.get(operator)
    if test is None:
        return None
    return Condition(lambda row: row[name] is not None and test(row[name]))


def _whole(value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise _Bad("Enter a whole number.") from None


def _number(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise _Bad("Enter a number.") from None


def _truth(value: str) -> bool:
    return value.lower() in ("true", "1", "yes", "on")


def _moment(value: str) -> str:
    """A time as the rows keep it, so that texts compare like times."""
    try:
        parsed = datetime.fromisoformat(value.strip())
    except ValueError:
        raise _Bad("Enter a valid date/time.") from None
    parsed = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return parsed.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _by_time(name: str, operator: str, values: list[str]) -> Condition | None:
    moments = [_moment(value) for value in values if value]
    tests: dict[str, Callable[[str], bool]] = {
        "": lambda value: value in moments,
        "n": lambda value: value not in moments,
        "gt": lambda value: any(value > one for one in moments),
        "gte": lambda value: any(value >= one for one in moments),
        "lt": lambda value: any(value < one for one in moments),
        "lte": lambda value: any(value <= one for one in moments),
    }
    test = tests.get(operator)
    return Condition(lambda row: test(row[name])) if test and moments else None


def _time_limit(_store: Store, kind: ObjectType, base: str, _operator: str, values: list[str]) -> Condition | None:
    if kind.endpoint != CHANGES:
        return None
    return _by_time("time", "gte" if base == "time_after" else "lte", values[-1:])


def _by_choice(store: Store, kind: ObjectType, field: Field, operator: str, values: list[str]) -> Condition | None:
    if operator not in ("", "n"):
        return _by_text(store, kind, field, operator, values)
    known = [one for one, _ in store.choices(kind, field)]
    for value in values:
        if value not in known:
            raise _Bad(f"Select a valid choice. {value} is not one of the available choices.")
    wanted = frozenset(values)
    return Condition(lambda row: (row[field.name] in wanted) != (operator == "n"))


def _by_text(store: Store, kind: ObjectType, field: Field, operator: str, values: list[str]) -> Condition | None:
    if operator == "" and field.ignore_case:
        operator = "ie"
    if operator in ("", "ie"):
        wanted = frozenset(value.lower() if operator else value for value in values)
        ids = _indexed(store, kind, field.name, values)
        if operator:
            return Condition(lambda row: (row[field.name] or "").lower() in wanted, ids)
        return Condition(lambda row: (row[field.name] or "") in wanted, ids)
    return _text_operator(lambda row: row[field.name] or "", operator, values)


def _indexed(store: Store, kind: ObjectType, name: str, values: list[str]) -> list[int] | None:
    table = store.tables[kind.endpoint]
    if not table.is_indexed(name) or "" in values:
        return None
    return [one for value in values for one in table.matching(name, value.lower())]


def _text_operator(get: Callable[[Row], str], operator: str, values: list[str]) -> Condition | None:
    if operator == "empty":
        wanted = _truth(values[-1])
        return Condition(lambda row: (get(row) == "") == wanted)
    negated = operator.startswith("n") and operator != "n"
    tests: dict[str, Callable[[str, str], bool]] = {
        "n": lambda text, value: text == value,
        "ic": lambda text, value: value.lower() in text.lower(),
        "ie": lambda text, value: text.lower() == value.lower(),
        "isw": lambda text, value: text.lower().startswith(value.lower()),
        "iew": lambda text, value: text.lower().endswith(value.lower()),
        "regex": lambda text, value: re.search(value, text) is not None,
        "iregex": lambda text, value: re.search(value, text, re.IGNORECASE) is not None,
    }
    test = tests.get(operator[1:] if negated else operator)
    if test is None:
        return None
    if operator.endswith("regex"):
        _check_patterns(values)
    if negated or operator == "n":
        return Condition(lambda row: not any(test(get(row), value) for value in values))
    return Condition(lambda row: any(test(get(row), value) for value in values))


def _check_patterns(values: list[str]) -> None:
    for value in values:
        try:
            re.compile(value)
        except re.error:
            raise _Bad("Enter a valid regular expression.") from None


def _reference_path(kind: ObjectType, base: str) -> tuple[str, ...]:
    """The references a filter follows: device_id, site, manufacturer (of the device's type), ..."""
    name = base.removesuffix("_id")
    if name in kind.paths:
        return kind.paths[name]
    field = kind.field(name)
    return (name,) if field is not None and field.kind == "ref" else ()


def _by_reference(store: Store, kind: ObjectType, base: str, operator: str, values: list[str]) -> Condition | None:
    if operator not in ("", "n"):
        return None
    path = _reference_path(kind, base)
    target, strict = _target(store, kind, path)
    ids: set[int | None] = set()
    for value in values:
        ids |= _referenced(store, target, base.endswith("_id"), strict, value)
    negated = operator == "n"
    if len(path) == 1 and not negated and None not in ids:
        table = store.tables[kind.endpoint]
        near = [row_id for one in ids for row_id in table.matching(path[0], one)]
        return Condition(lambda row: row[path[0]] in ids, near)
    return Condition(lambda row: (store.walk(kind, row, path) in ids) != negated)


def _target(store: Store, kind: ObjectType, path: tuple[str, ...]) -> tuple[ObjectType, bool]:
    strict = True
    for name in path:
        field = kind.by_name[name]
        kind, strict = store.types[field.to], field.strict_filter
    return kind, strict


def _referenced(store: Store, target: ObjectType, by_id: bool, strict: bool, value: str) -> set[int | None]:
    if value == "null":
        return {None}
    table = store.tables[target.endpoint]
    if by_id:
        if not is_number(value) or int(value) not in table.rows:
            raise _Bad(f"Select a valid choice. {value} is not one of the available choices.")
        return {int(value)}
    name = "slug" if target.field("slug") else "name"
    found: set[int | None] = {
        one for one in table.matching(name, value.lower()) if not strict or table.rows[one][name] == value
    }
    if strict and not found:
        raise _Bad(f"Select a valid choice. {value} is not one of the available choices.")
    return found


def _by_tag(store: Store, kind: ObjectType, base: str, operator: str, values: list[str]) -> Condition | None:
    if not kind.field("tags") or operator not in ("", "n"):
        return None
    tags = store.types["extras/tags"]
    wanted = [_referenced(store, tags, base == "tag_id", strict=True, value=value) for value in values]
    if operator == "n":
        return Condition(lambda row: not any(one & set(row["tags"]) for one in wanted))
    return Condition(lambda row: all(one & set(row["tags"]) for one in wanted))


def _by_request(store: Store, kind: ObjectType, base: str, _operator: str, values: list[str]) -> Condition:
    try:
        request_id = str(UUID(values[-1]))
    except ValueError:
        raise _Bad("Enter a valid UUID.") from None
    changes = store.tables[CHANGES]
    rows = [changes.rows[one] for one in changes.matching("request_id", request_id)]
    ids = [
        row["changed_object_id"]
        for row in rows
        if row["changed_object_type"] == kind.content_type and row["action"] in _REQUEST_FILTERS[base]
    ]
    return Condition(lambda row: row["id"] in ids, ids)


def _by_custom_field(store: Store, kind: ObjectType, base: str, operator: str, values: list[str]) -> Condition | None:
    name = base.removeprefix("cf_")
    field = next((one for one in store.custom_fields(kind.content_type) if one["name"] == name), None)
    if field is None:
        return None
    texts = field["type"] in ("text", "longtext", "url")
    if operator == "" and texts and field["filter_logic"] == "loose":
        operator = "ic"
    if operator == "":
        return _custom_exact(store, kind, field, values)
    return _text_operator(lambda row: _as_text(row["custom_fields"].get(name)), operator, values)


def _custom_exact(store: Store, kind: ObjectType, field: Row, values: list[str]) -> Condition:
    name = field["name"]
    wanted: set[Hashable] = {_typed(field, value) for value in values}
    if field["type"] == "multiselect":
        return Condition(lambda row: bool(wanted & set(row["custom_fields"].get(name) or ())))
    table = store.tables[kind.endpoint]
    ids = [one for value in wanted for one in table.matching(f"cf_{name}", value)]
    return Condition(lambda row: row["custom_fields"].get(name) in wanted, ids)


def _typed(field: Row, value: str) -> Hashable:
    if field["type"] in ("integer", "object"):
        return _whole(value)
    if field["type"] == "decimal":
        return _number(value)
    if field["type"] == "boolean":
        return _truth(value)
    return value


def _as_text(value: Any) -> str:
    return "" if value is None else str(value)


def _by_search(_store: Store, kind: ObjectType, _base: str, _operator: str, values: list[str]) -> Condition | None:
    words = [value for value in values if value]
    return Condition(lambda row: any(_searched(kind, row, word) for word in words)) if words else None


def _searched(kind: ObjectType, row: Row, value: str) -> bool:
    return any(value.lower() in _as_text(row.get(name)).lower() for name in kind.search)


def _has_primary_ip(_store: Store, kind: ObjectType, values: list[str]) -> Condition | None:
    if not kind.field("primary_ip4"):
        return None
    wanted = _truth(values[-1])
    return Condition(lambda row: (row["primary_ip4"] is not None or row["primary_ip6"] is not None) == wanted)


def _is_assigned(_store: Store, kind: ObjectType, values: list[str]) -> Condition | None:
    if kind.content_type != "netbox_inventory.asset":
        return None
    wanted = _truth(values[-1])
    return Condition(lambda row: (row["device"] is not None) == wanted)


def _by_interface(store: Store, kind: ObjectType, values: list[str]) -> Condition | None:
    if not kind.field("assigned_object_id"):
        return None
    wanted = _referenced_all(store, "dcim/interfaces", values)
    return Condition(lambda row: row["assigned_object_type"] == "dcim.interface" and row["assigned_object_id"] in wanted)


def _by_site_of_scope(store: Store, kind: ObjectType, values: list[str]) -> Condition | None:
    if not kind.field("scope_id"):
        return None
    wanted = _referenced_all(store, "dcim/sites", values)
    return Condition(lambda row: row["_site"] in wanted)


def _by_parent(store: Store, kind: ObjectType, values: list[str], content_type: str) -> Condition | None:
    """Services by what they run on; of an id that there is not, none."""
    if not kind.field("parent_object_id"):
        return None
    pairs = [(content_type, _whole(value)) for value in values]
    ids = [one for pair in pairs for one in store.tables[kind.endpoint].matching("parent_object", pair)]
    return Condition(lambda row: (row["parent_object_type"], row["parent_object_id"]) in pairs, ids)


def _by_machine_id(store: Store, kind: ObjectType, values: list[str]) -> Condition | None:
    return _by_parent(store, kind, values, "virtualization.virtualmachine")


def _by_device_id(store: Store, kind: ObjectType, values: list[str]) -> Condition | None:
    if on_device := _by_parent(store, kind, values, "dcim.device"):
        return on_device
    if not kind.field("assigned_object_id") or kind.endpoint == "extras/journal-entries":
        return None
    wanted = _referenced_all(store, "dcim/devices", values)
    return Condition(lambda row: store.device_of(row) in wanted)


def _by_device_name(store: Store, kind: ObjectType, values: list[str]) -> Condition | None:
    if not kind.field("assigned_object_id") or kind.endpoint == "extras/journal-entries":
        return None
    names = frozenset(value.lower() for value in values)
    devices = store.tables["dcim/devices"]
    wanted = {one for name in names for one in devices.matching("name", name)}
    return Condition(lambda row: store.device_of(row) in wanted)


def _by_mac(store: Store, kind: ObjectType, values: list[str]) -> Condition | None:
    """Devices and interfaces by a MAC address on them."""
    if kind.endpoint not in ("dcim/devices", "dcim/interfaces"):
        return None
    macs = store.tables["dcim/mac-addresses"]
    rows = [macs.rows[one] for value in values for one in macs.matching("mac_address", value.replace("-", ":").lower())]
    if kind.endpoint == "dcim/interfaces":
        ids = [row["assigned_object_id"] for row in rows if row["assigned_object_type"] == "dcim.interface"]
    else:
        ids = [device for row in rows if (device := store.device_of(row)) is not None]
    return Condition(lambda row: row["id"] in ids, ids)


def _by_address(_store: Store, kind: ObjectType, values: list[str]) -> Condition | None:
    """An address without a mask matches whatever its mask is."""
    if kind.content_type != "ipam.ipaddress":
        return None
    return Condition(lambda row: any(value in (row["address"], row["address"].split("/")[0]) for value in values))


def _by_slot_kind(_store: Store, kind: ObjectType, values: list[str]) -> Condition | None:
    if kind.content_type != "netbox_inventory.asset":
        return None
    names = {"device": "device_type", "module": "module_type", "inventoryitem": "inventoryitem_type"}
    return Condition(lambda row: any(row[names[value]] is not None for value in values if value in names))


def _referenced_all(store: Store, endpoint: str, values: list[str]) -> set[int | None]:
    target = store.types[endpoint]
    return {one for value in values for one in _referenced(store, target, by_id=True, strict=True, value=value)}


_GENERAL: dict[str, Callable[[Store, ObjectType, str, str, list[str]], Condition | None]] = {
    "id": _by_id,
    "q": _by_search,
    "tag": _by_tag,
    "tag_id": _by_tag,
    "cf": _by_custom_field,
    "time_after": _time_limit,
    "time_before": _time_limit,
    **dict.fromkeys(_REQUEST_FILTERS, _by_request),
}
_BY_KIND: dict[str, Callable[[Store, ObjectType, Field, str, list[str]], Condition | None]] = {
    "choice": _by_choice,
    "bool": _by_boolean,
    **dict.fromkeys(("int", "float"), _by_number),
    **dict.fromkeys(("str", "slug", "color", "ip", "prefix", "mac", "content_type", "date"), _by_text),
}
_SPECIAL: dict[str, Callable[[Store, ObjectType, list[str]], Condition | None]] = {
    "has_primary_ip": _has_primary_ip,
    "is_assigned": _is_assigned,
    "interface_id": _by_interface,
    "device_id": _by_device_id,
    "site_id": _by_site_of_scope,
    "virtual_machine_id": _by_machine_id,
    "device": _by_device_name,
    "mac_address": _by_mac,
    "address": _by_address,
    "kind": _by_slot_kind,
}
