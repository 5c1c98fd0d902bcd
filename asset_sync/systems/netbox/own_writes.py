"""What the project itself last wrote to objects, by NetBox's change log: every write of it carries a message of its own.

The log is kept for 90 days unless it was configured otherwise, and a token may see but a part of it: where it is silent, what
stands there counts as a person's.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from asset_sync.reconcile.kinds import Kind, Kinds
from asset_sync.reconcile.tables import DTYPES, Tables
from asset_sync.systems.netbox import custom_field_table as definitions
from asset_sync.systems.netbox.api import api, read_value
from asset_sync.systems.netbox.client import CHANGE_LOG, NetBoxClient, Row
from asset_sync.systems.netbox.refusing import Forbidden

_CUSTOM: Final = "custom_fields"
_FIELDS: Final = ("changed_object_id", "message", "prechange_data", "postchange_data")
_MESSAGE: Final = "asset_sync "
"""What the message of each of the project's writes begins with; see `asset_sync.reconcile.apply`."""
_IDS_MOST: Final = 100


def own_writes(netbox: Any, kinds: Kinds, objects: Mapping[str, Sequence[str]]) -> Tables:
    """Return, by kind, what those objects got by the project's own writes, of each field the last value, as observed.

    `netbox` is the resource, `objects` are ids by kind. Missing is what it never wrote, or emptied. Raises
    `TargetError` where NetBox cannot be asked.
    """
    with netbox.client() as client:
        custom = definitions.custom_fields(client)
        return {name: _table(kinds[name], _last(client, kinds[name], ids), custom) for name, ids in objects.items()}


def _last(client: NetBoxClient, kind: Kind, ids: Sequence[str]) -> Mapping[str, Row]:
    """Return, by id, what each object got by the project's writes, field by field the last value."""
    found: dict[str, dict[str, Any]] = {}
    for at in range(0, len(ids), _IDS_MOST):
        asked = {"changed_object_type": api(kind).object_type, "changed_object_id": list(ids[at : at + _IDS_MOST])}
        try:
            records = client.few(CHANGE_LOG, _FIELDS, **asked)
        except Forbidden:
            return {}
        for record in records:
            if (record["message"] or "").startswith(_MESSAGE):
                _add(found.setdefault(str(record["changed_object_id"]), {}), record)
    return found


def _add(known: dict[str, Any], record: Row) -> None:
    before, after = record["prechange_data"] or {}, record["postchange_data"] or {}
    custom = _changed(before.get(_CUSTOM) or {}, after.get(_CUSTOM) or {})
    known |= {name: value for name, value in _changed(before, after).items() if name != _CUSTOM}
    known[_CUSTOM] = {**known.get(_CUSTOM, {}), **custom}


def _changed(before: Row, after: Row) -> dict[str, Any]:
    """Return what a write changed: what it left as it was may be a person's."""
    return {name: value for name, value in after.items() if name not in before or before[name] != value}


def _table(kind: Kind, rows: Mapping[str, Row], custom: definitions.CustomFields) -> pd.DataFrame:
    types = definitions.types(kind, custom)
    # How the log says on what an address sits is its own: nothing is known of that, nor of tags.
    pair = api(kind).pair
    fields = [field for field in kind.fields if kind.facet_of is None and (pair is None or field.name != pair.field)]
    columns: dict[str, Any] = {"id": pd.Series(list(rows), dtype="str")}
    for field in fields:
        said = [read_value(kind, field, _as_shown(row, field.type), types) for row in rows.values()]
        columns[field.name] = pd.Series(said, dtype=DTYPES[field.type])
    return pd.DataFrame(columns)


def _as_shown(row: Row, of_type: str) -> Row:
    """Return a record of the log as the API shows objects, without lists: a reference is but a number in the log.

    A set of them is a list of numbers there, as it may be in an answer.
    """
    if of_type == "references":
        return row
    alike = {name: value for name, value in row.items() if not isinstance(value, list)}
    if of_type != "reference":
        return alike
    return {name: {"id": value} if isinstance(value, int) else value for name, value in alike.items()}
