"""What is really in the register, in plain Python types, for a test to compare a mirror with."""

from collections.abc import Callable, Mapping
from typing import Any

from asset_sync.sandbox.snipeit.assets import warranty_expires
from asset_sync.sandbox.snipeit.markdown import or_none, readable
from asset_sync.sandbox.snipeit.records import Asset, Record
from asset_sync.sandbox.snipeit.store import Store

_UNREADABLE = {
    "license_seats": frozenset({"created_at"}),
    "fields": frozenset({"encrypted"}),
    # Whose address and browser it was is nobody's business elsewhere.
    "activity": frozenset({"remote_ip", "user_agent"}),
}
_PLAIN_NOTES = frozenset({"status_labels", "license_seats"})


def truth(store: Store, table: str) -> list[dict[str, Any]]:
    """See `SnipeState.truth`."""
    rows = store.tables[table]
    hidden = _UNREADABLE.get(table, frozenset())
    columns = [name for name in rows.columns if name not in hidden]
    return [_plain(store, table, columns, row) for row in rows.rows.values()]


def _plain(store: Store, table: str, columns: list[str], row: Record) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in columns}
    for rendered in {"notes", "eula"} & values.keys():
        if table not in _PLAIN_NOTES:
            values[rendered] = or_none(readable, values[rendered])
    return {**values, **_DERIVED[table](store, row)} if table in _DERIVED else values


def _hardware(store: Store, asset: Asset) -> dict[str, Any]:
    model = store.models.rows[asset.model_id]
    label = store.status_labels.rows[asset.status_id]
    shown = store.fieldsets.rows[model.fieldset_id].field_ids if model.fieldset_id else ()
    return {
        "model_number": model.model_number,
        "eol_months": model.eol,
        "category_id": model.category_id,
        "manufacturer_id": model.manufacturer_id,
        "status_type": label.type,
        "status_meta": "deployed" if asset.assigned_to is not None else label.type,
        "warranty_expires": warranty_expires(asset),
        "custom_fields": {one: asset.custom_fields[one] for one in shown if one in asset.custom_fields},
    }


_DERIVED: Mapping[str, Callable[[Store, Any], dict[str, Any]]] = {"hardware": _hardware}
