"""The rules of custom fields: which exist for an object, and which values they take."""

import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from asset_sync.sandbox.netbox.errors import Invalid, invalid, server_error
from asset_sync.sandbox.netbox.lookup import LookupFailed, resolve
from asset_sync.sandbox.netbox.registry import ObjectType
from asset_sync.sandbox.netbox.store import Store
from asset_sync.sandbox.netbox.table import Row

EMPTY: tuple[Any, ...] = (None, "", [])


class WrongValue(Exception):
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
    return {**_as_stored(before or {}), **values}


def defaults(store: Store, kind: ObjectType, data: dict[str, Any]) -> dict[str, Any]:
    """`data` with the defaults of the fields nobody gave."""
    given = {
        field["name"]: field["default"]
        for field in store.custom_fields(kind.content_type)
        if field["default"] is not None and field["name"] not in data
    }
    return {**data, **given} if given else data


def check(store: Store, kind: ObjectType, row: Row) -> None:
    """Refuse the values that their fields do not take; the first of them is named."""
    known = {field["name"]: field for field in store.custom_fields(kind.content_type)}
    data = row["custom_fields"]
    for name in (name for name in data if name in known):
        _check_one(store, known[name], data[name])
        _check_unique(store, kind, known[name], row)
    missing = next((name for name, field in known.items() if field["required"] and name not in data), None)
    if missing is not None:
        raise invalid("__all__", f"Missing required custom field '{missing}'.")


def check_value(store: Store, field: Row, value: Any) -> None:
    """Raise `WrongValue` for a value that a field does not take; `TypeError` where the real server fails."""
    if value not in (None, ""):
        _check_type(store, field, value)
    elif field["required"]:
        raise WrongValue("Required field cannot be empty.")


def shown(store: Store, field: Row, value: Any) -> Any:
    """A value as an answer gives it."""
    if value is None:
        return None
    if field["type"] in ("date", "datetime"):
        return _shown_moment(field["type"], value)
    if store.version == "4.6" or field["type"] not in ("select", "multiselect"):
        return value
    choice_set = store.choice_set(field)
    labels = dict(choice_set["extra_choices"]) if choice_set else {}
    if field["type"] == "select":
        return {"value": value, "label": labels.get(value, value)}
    return [{"value": one, "label": labels.get(one, one)} for one in value]


def _shown_moment(kind: str, value: str) -> str:
    """As Django REST framework shows it: the time of a bare day added, Z for UTC, other offsets as they were given."""
    try:
        found = date.fromisoformat(value) if kind == "date" else datetime.fromisoformat(value)
    except ValueError:
        return value
    return found.isoformat().replace("+00:00", "Z")


def _as_stored(data: dict[str, Any]) -> dict[str, Any]:
    """In the order in which PostgreSQL keeps the keys of JSON, and in which they are checked."""
    return {name: data[name] for name in sorted(data, key=lambda name: (len(name), name))}


def _to_ids(store: Store, field: Row, value: Any) -> Any:
    if field["type"] not in ("object", "multiobject") or value in EMPTY:
        return value
    several = field["type"] == "multiobject"
    if several and not isinstance(value, list):
        raise invalid("custom_fields", f"Unknown related object(s): {value}")
    endpoint = store.by_content_type[field["related_object_type"]].endpoint
    try:
        return [resolve(store, endpoint, one) for one in value] if several else resolve(store, endpoint, value)
    except LookupFailed as error:
        raise invalid("custom_fields", str(error)) from None


def _check_one(store: Store, field: Row, value: Any) -> None:
    try:
        check_value(store, field, value)
    except WrongValue as error:
        raise invalid("__all__", f"Invalid value for custom field '{field['name']}': {error}") from None
    except TypeError as error:
        raise server_error(str(error), "TypeError", store.versions) from None


def _check_type(store: Store, field: Row, value: Any) -> None:
    kind = field["type"]
    if kind in ("text", "longtext", "url"):
        _check_text(field, value)
    elif kind == "integer":
        if type(value) is not int:
            raise WrongValue("Value must be an integer.")
        _check_range(field, value)
    elif kind == "decimal":
        _check_decimal(field, value)
    elif kind == "boolean":
        if value not in (True, False):
            raise WrongValue("Value must be true or false.")
    elif kind in ("date", "datetime"):
        _check_moment(kind, value)
    elif kind in ("select", "multiselect"):
        _check_choice(store, field, value)


def _check_text(field: Row, value: Any) -> None:
    if not isinstance(value, str):
        raise WrongValue("Value must be a string.")
    if field["validation_regex"] and not re.match(field["validation_regex"], value):
        raise WrongValue(f"Value must match regex '{field['validation_regex']}'")


def _check_decimal(field: Row, value: Any) -> None:
    """A text that is a number passes this, and fails where it is compared with a bound."""
    try:
        Decimal(value)
    except InvalidOperation:
        raise WrongValue("Value must be a decimal.") from None
    _check_range(field, value)


def _check_range(field: Row, value: Any) -> None:
    low, high = (_bound(field[name]) for name in ("validation_minimum", "validation_maximum"))
    if low is not None and value < low:
        raise WrongValue(f"Value must be at least {low}")
    if high is not None and value > high:
        raise WrongValue(f"Value must not exceed {high}")


def _bound(value: float | None) -> Decimal | None:
    """Bounds are kept with four places."""
    return None if value is None else Decimal(str(value)).quantize(Decimal("0.0001"))


def _check_moment(kind: str, value: Any) -> None:
    try:
        if kind == "date":
            date.fromisoformat(value)
        else:
            datetime.fromisoformat(value)
    except ValueError:
        wanted = (
            "Date values must be in ISO 8601 format (YYYY-MM-DD)."
            if kind == "date"
            else "Date and time values must be in ISO 8601 format (YYYY-MM-DD HH:MM:SS)."
        )
        raise WrongValue(wanted) from None


def _check_choice(store: Store, field: Row, value: Any) -> None:
    choice_set = store.choice_set(field)
    allowed = [one for one, _ in choice_set["extra_choices"]] if choice_set else []
    name = choice_set["name"] if choice_set else None
    if field["type"] == "select" and value not in allowed:
        raise WrongValue(f"Invalid choice ({value}) for choice set {name}.")
    if field["type"] == "multiselect" and not set(value).issubset(allowed):
        raise WrongValue(f"Invalid choice(s) ({value}) for choice set {name}.")


def _check_unique(store: Store, kind: ObjectType, field: Row, row: Row) -> None:
    value = row["custom_fields"][field["name"]]
    if not field["unique"] or value in EMPTY:
        return
    others = store.tables[kind.endpoint].matching(f"cf_{field['name']}", value)
    if any(other != row["id"] for other in others):
        raise invalid("__all__", f"Custom field '{field['name']}' must have a unique value.")
