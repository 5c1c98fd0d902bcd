"""Undo: the inverse of what a plan did, itself a plan with all the guards.

Nothing is deleted: what was created is retired where its kind can be, and stays where it cannot. A value is put back only
where the target still holds what the plan wrote; otherwise somebody changed it since, and apply reports a conflict.
"""

from collections.abc import Mapping
from typing import Any

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.kinds import Kind, Kinds
from asset_sync.reconcile.plan import Changes, Plan
from asset_sync.reconcile.target import APPLIED, Outcome

_LEFT = "created by the plan; its kind cannot be retired and nothing is deleted, so it stays"


def inverse(plan: Plan, kinds: Kinds, outcomes: Mapping[int, Outcome], after: str | None) -> Plan:
    """Return the plan that takes back what `plan` applied. `after` is the plan that the sync applied last."""
    writes = plan.writes
    created = {
        (row["kind"], row["key"]): outcomes[row["seq"]].target_id
        for row in p.records(writes)
        if row["op"] == p.CREATE and row["seq"] in outcomes
    }
    applied = [row for row in p.records(writes) if row["seq"] in outcomes and outcomes[row["seq"]].outcome == APPLIED]
    rows = [_inverse(kinds[row["kind"]], row, outcomes[row["seq"]], created) for row in reversed(applied)]
    return Plan(plan.sync, "normal", p.operations_table(rows), after, complete=False, undoes=plan.id, links=plan.links)


def _inverse(
    kind: Kind, row: dict[str, Any], outcome: Outcome, created: Mapping[tuple[str, str], str | None]
) -> tuple[str | None, ...]:
    changes = {name: change | {"new": _found(change["new"], created)} for name, change in p.decode(row["changes"]).items()}
    op, changes, hold = _taken_back(kind, row["op"], changes)
    reason = f"takes back {row['op']}"
    where = (kind.name, op, row["key"], row["source_key"], outcome.target_id, outcome.version)
    return (*where, p.encode(changes), reason, hold)


def _taken_back(kind: Kind, op: str, changes: Changes) -> tuple[str, Changes, str | None]:
    if op == p.CREATE:
        if kind.retirement is None:
            return p.RETIRE, {}, _LEFT
        field = kind.retirement.field
        old = changes[field]["new"] if field in changes else None
        return p.RETIRE, {field: _change(old, kind.retirement.value)}, None
    opposite = {p.UPDATE: p.UPDATE, p.RETIRE: p.RESTORE, p.RESTORE: p.RETIRE}[op]
    return opposite, {name: _change(change["new"], change["old"]) for name, change in changes.items()}, None


def _found(new: object, created: Mapping[tuple[str, str], str | None]) -> object:
    """Return a reference to an object that the plan made with the id that it was given."""
    if not isinstance(new, dict) or new["id"] is not None:
        return new
    return new | {"id": created.get((new["kind"], new["key"]))}


def _change(old: object, new: object) -> dict[str, object]:
    return {"old": old, "new": new, "owner": "source", "reason": "undo"}
