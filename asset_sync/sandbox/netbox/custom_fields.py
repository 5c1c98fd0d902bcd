"""The rules of custom fields: which exist for an object, and which values they take."""

import re
from datetime import date, datetime
from typing import Any

from asset_sync.sandbox.netbox.errors import Invalid, invalid
from asset_sync.sandbox.netbox.lookup import LookupFailed, resolve
from asset_sync.sandbox.netbox.registry import ObjectType
from asset_sync.sandbox.netbox.store import Store
from asset_sync.sandbox.netbox.table import Row

EMPTY: tuple[Any, ...] = (None, "", [])


class _Wrong(Exception):
    """What is wrong with a value."""


def merge(store: Store, kind: ObjectType, sent: Any, before: dict[str, Any] | None) -> dict[str, Any]:
    """The custom field data of an object after a write that sent `sent`."""
    if not isinstance(sent, dict):
        raise invalid(
            "custom_fields",
            "Invalid data format. Custom field data must be passed as a dictionary mapping field names to their values.",
        )
    known = {field["name"]: field for field in store.custom_fields(kind.content_type)}
    unknown = {name: f"Custom field '{name}' does not exist for this object type." for name in sorted(set(sent) - set(known))}
    if unknown:
        raise Invalid({"custom_fields": unknown})
    values = {name: _to_ids(store, known[name], value) for name, value in sent.items()}
    return {**(before or {}), **values}


def defaults(store: Store, kind: ObjectType, data: dict[str, Any]) -> dict[str, Any]:
    """`data` with the defaults of the fields nobody gave."""
    given = {
        field["name"]: field["default"]
        for field in store.custom_fields(kind.content_type)
        if field["default"] is not None and field["name"] not in data
    }
    return {**data, **given} if given else data


def check(store: Store, kind: ObjectType, row: Row) -> None:
    """Refuse the values that their fields do not take."""
    data = row["custom_fields"]
    for field in store.custom_fields(kind.content_type):
        name = field["name"]
        if name in data:
            _check_value(store, field, data[name])
            _check_unique(store, kind, field, row)
        elif field["required"]:
            raise invalid("__all__", f"Missing required custom field '{name}'.")


def shown(store: Store, field: Row, value: Any) -> Any:
    """A value as an answer gives it."""
    if value is None or store.version == "4.6" or field["type"] not in ("select", "multiselect"):
        return value
    choice_set = store.choice_set(field)
    labels = dict(choice_set["extra_choices"]) if choice_set else {}
    if field["type"] == "select":
        return {"value": value, "label": labels.get(value, value)}
    return [{"value": one, "label": labels.get(one, one)} for one in value]


def _to_ids(store: Store, field: Row, value: Any) -> Any:
    if field["type"] not in ("object", "multiobject") or value in EMPTY:
        return value
    kind = store.by_content_type[field["related_object_type"]]
    try:
        if field["type"] == "object":
            return resolve(store, kind.endpoint, value)
        return [resolve(store, kind.endpoint, one) for one in value]
    except LookupFailed:
        raise invalid("custom_fields", f"Unknown related object(s): {value}") from None


def _check_value(store: Store, field: Row, value: Any) -> None:
    try:
        if value not in (None, ""):
            _check_type(store, field, value)
        elif field["required"]:
            _refuse_empty()
    except _Wrong as error:
        raise invalid("__all__", f"Invalid value for custom field '{field['name']}': {error}") from None


def _refuse_empty() -> None:
    raise _Wrong("Required field cannot be empty.")


def _check_type(store: Store, field: Row, value: Any) -> None:
    kind = field["type"]
    if kind in ("text", "longtext", "url"):
        _check_text(field, value)
    elif kind == "integer":
        if type(value) is not int:
            raise _Wrong("Value must be an integer.")
        _check_range(field, value)
    elif kind == "decimal":
        _check_range(field, _decimal(value))
    elif kind == "boolean":
        if value not in (True, False):
            raise _Wrong("Value must be true or false.")
    elif kind in ("date", "datetime"):
        _check_moment(kind, value)
    elif kind in ("select", "multiselect"):
        _check_choice(store, field, value)


def _check_text(field: Row, value: Any) -> None:
    if not isinstance(value, str):
        raise _Wrong("Value must be a string.")
    if field["validation_regex"] and not re.match(field["validation_regex"], value):
        raise _Wrong(f"Value must match regex '{field['validation_regex']}'")


def _decimal(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise _Wrong("Value must be a decimal.") from None


def _check_range(field: Row, value: float) -> None:
    low, high = field["validation_minimum"], field["validation_maximum"]
    if low is not None and value < low:
        raise _Wrong(f"Value must be at least {low:g}")
    if high is not None and value > high:
        raise _Wrong(f"Value must not exceed {high:g}")


def _check_moment(kind: str, value: Any) -> None:
    try:
        if kind == "date":
            date.fromisoformat(value)
        else:
            datetime.fromisoformat(value)
    except (TypeError, ValueError):
        wanted = (
            "Date values must be in ISO 8601 format (YYYY-MM-DD)."
            if kind == "date"
            else "Date and time values must be in ISO 8601 format (YYYY-MM-DD HH:MM:SS)."
        )
        raise _Wrong(wanted) from None


def _check_choice(store: Store, field: Row, value: Any) -> None:
    choice_set = store.choice_set(field)
    allowed = [one for one, _ in choice_set["extra_choices"]] if choice_set else []
    name = choice_set["name"] if choice_set else None
    if field["type"] == "select" and value not in allowed:
        raise _Wrong(f"Invalid choice ({value}) for choice set {name}.")
    if field["type"] == "multiselect" and any(one not in allowed for one in value):
        raise _Wrong(f"Invalid choice(s) ({value}) for choice set {name}.")


def _check_unique(store: Store, kind: ObjectType, field: Row, row: Row) -> None:
    value = row["custom_fields"][field["name"]]
    if not field["unique"] or value in EMPTY:
        return
    others = store.tables[kind.endpoint].matching(f"cf_{field['name']}", value)
    if any(other != row["id"] for other in others):
        raise invalid("__all__", f"Custom field '{field['name']}' must have a unique value.")
