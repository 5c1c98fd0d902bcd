"""Finding the object a client means: by numeric id or by a dict of attributes."""

from typing import Any

from asset_sync.sandbox.netbox.errors import ApiError
from asset_sync.sandbox.netbox.registry import SCALARS, ObjectType
from asset_sync.sandbox.netbox.store import Store
from asset_sync.sandbox.netbox.table import Row


class LookupFailed(Exception):
    """The value names no object, or several. The text is the message for the client."""


def resolve(store: Store, endpoint: str, value: Any) -> int:
    """The id of the object that `value` names."""
    if isinstance(value, dict):
        return _by_attributes(store, endpoint, value)
    try:
        row_id = int(value)
    except (TypeError, ValueError):
        raise LookupFailed(
            "Related objects must be referenced by numeric ID or by dictionary of attributes. "
            f"Received an unrecognized value: {value}"
        ) from None
    if row_id not in store.tables[endpoint].rows:
        raise LookupFailed(f"Related object not found using the provided numeric ID: {row_id}")
    return row_id


def found_row(store: Store, kind: ObjectType, row_id: int) -> Row:
    """The row with that id, or the 404 of NetBox."""
    row = store.tables[kind.endpoint].rows.get(row_id)
    if row is None:
        raise ApiError(404, {"detail": f"No {kind.model} matches the given query."})
    return row


def _by_attributes(store: Store, endpoint: str, attributes: dict[str, Any]) -> int:
    wanted = _flatten(attributes)
    for path in wanted:
        _check_path(store, endpoint, path.split("__"))
    found = [row_id for row_id in _candidates(store, endpoint, wanted) if _matches(store, endpoint, row_id, wanted)]
    if not found:
        raise LookupFailed(f"Related object not found using the provided attributes: {wanted}")
    if len(found) > 1:
        raise LookupFailed(f"Multiple objects match the provided attributes: {wanted}")
    return found[0]


def _flatten(attributes: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in attributes.items():
        if isinstance(value, dict):
            flat.update(_flatten(value, f"{prefix}{name}__"))
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def _check_path(store: Store, endpoint: str, path: list[str]) -> None:
    kind = store.types[endpoint]
    field = kind.field(path[0])
    if path[0] == "id" or (field is not None and field.kind in SCALARS and field.kind != "ref"):
        return
    if field is None or field.kind != "ref":
        names = sorted({"id", *(one.name for one in kind.fields if one.kind in SCALARS)})
        raise LookupFailed(f"Cannot resolve keyword '{path[0]}' into field. Choices are: {', '.join(names)}")
    if len(path) > 1:
        _check_path(store, field.to, path[1:])


def _candidates(store: Store, endpoint: str, wanted: dict[str, Any]) -> list[int]:
    table = store.tables[endpoint]
    for name, value in wanted.items():
        if isinstance(value, str) and table.is_indexed(name):
            return table.matching(name, value.lower())
    return table.ids()


def _matches(store: Store, endpoint: str, row_id: int, wanted: dict[str, Any]) -> bool:
    return all(_value(store, endpoint, row_id, path.split("__")) == value for path, value in wanted.items())


def _value(store: Store, endpoint: str, row_id: int, path: list[str]) -> Any:
    value = store.tables[endpoint].rows[row_id].get(path[0])
    if len(path) == 1 or value is None:
        return value
    return _value(store, store.types[endpoint].by_name[path[0]].to, value, path[1:])
