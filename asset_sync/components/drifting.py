"""Drift as Dagster shows it: numbers that it plots over the runs, and a table of what they count."""

from collections.abc import Mapping
from typing import Any, Final

import dagster as dg

from asset_sync.ledger import Ledger
from asset_sync.reconcile.drift import MOST, Difference, drift, updated
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.report import named

EDITED: Final = "drift/edited"
MISSING: Final = "drift/missing"
_TABLE: Final = "drift"
_MOST_ROWS: Final = 200
_COLUMNS: Final = {
    "what": "edited: changed in the target since it was written; missing: the target does not have it",
    "kind": "of object",
    "object": "",
    "field": "",
    "source": "what the source says",
    "target": "what stands in the target",
}


def drift_metadata(plan: Plan, ledger: Ledger) -> Mapping[str, Any]:
    """Return the metadata of a plan that tells in what the target had drifted from the source when it was made."""
    found = drift(plan, ledger.last_written(updated(plan)))
    if found is None:
        return {_TABLE: f"not told: more than {MOST} objects are to be written"}
    return {
        EDITED: sum(each.sort == "edited" for each in found),
        MISSING: sum(each.sort == "missing" for each in found),
        _TABLE: dg.MetadataValue.table([_record(each) for each in found[:_MOST_ROWS]], _SCHEMA),
    }


_SCHEMA: Final = dg.TableSchema([dg.TableColumn(name, "string", words or None) for name, words in _COLUMNS.items()])


def _record(each: Difference) -> dg.TableRecord:
    key = f"{each.key} (#{each.target_id})" if each.target_id else each.key
    values = (each.sort, each.kind, key, each.field or "", _told(each.source), _told(each.target))
    return dg.TableRecord(dict(zip(_COLUMNS, values, strict=True)))


def _told(value: Any) -> str:
    return "" if value is None else named(value)
