"""Reviewing: what a sync's review rules leave of a plan, and the plan of its own that this becomes once the others are done."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import pandas as pd

from asset_sync.components.sync import Sync
from asset_sync.ledger import Ledger, PlanHeader
from asset_sync.reconcile import guards
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.planning import Snapshot
from asset_sync.reconcile.review import apply_rules


@dataclass(frozen=True, slots=True)
class PlannedAgain:
    """The plan that is made after an apply, from what it was made from and what was read back, and the snapshot of that."""

    plan: Plan
    snapshot: Snapshot


def reviewed(sync: Sync, plan: Plan, snapshot: Snapshot) -> Plan:
    """Return a plan in which is held what the sync's review rules leave to a person; all of a review is a person's anyway."""
    return plan if plan.mode in {"review", "rebase"} else apply_rules(plan, sync.kinds, snapshot, sync.review)


def keep_rest(ledger: Ledger, sync: Sync, done: PlanHeader, again: PlannedAgain, at: datetime) -> Plan | None:
    """Keep what review rules left as a plan that waits for approval, with what guards say of it; None where they left nothing.

    `again` is the plan that was made once `done` was applied. What an earlier rest says word for word is that one, which keeps
    what was decided about it.
    """
    left = _by_itself(again.plan.left)
    if left.empty:
        return None
    rest = Plan(sync.name, "rest", left, None, again.plan.complete, done.source_rows, link_set=sync.link_set)
    earlier = [(replace(rest, after=header.after), header.id) for header in ledger.open_rests(sync.link_set)]
    same = next((each for each, plan_id in earlier if each.id == plan_id), None)
    kept = same or replace(rest, after=ledger.last_applied(sync.link_set))
    # Its snapshots are those of the run that made the plan of which this is left.
    known = again.snapshot.resolutions
    ledger.save(kept, done.run_id, at, partial=done.partial, mapped=sync.mapped, known=known)
    verdicts = guards.retired(kept, again.snapshot, sync.limits), guards.scope(kept, sync.kinds, sync.policy, again.snapshot)
    ledger.save_guards(kept.id, verdicts)
    return kept


def told(rest: Plan) -> str:
    """Say in a line what waits, and what to do."""
    counts = ", ".join(f"{count} to {op}" for op, count in rest.counts.items() if count)
    way_on = f"asset-sync show {rest.id}, then: asset-sync approve {rest.id} && asset-sync apply {rest.id}"
    return f"plan {rest.id} of {rest.sync} waits for approval ({counts}), by the sync's review rules: {way_on}"


def _by_itself(left: pd.DataFrame) -> pd.DataFrame:
    """Return what is left as operations that are carried out, without those that need what the applied plan failed to make."""
    rows = [{**row, "hold": None} for row in p.records(left)]
    made = {(row["kind"], row["key"]) for row in rows if row["op"] == p.CREATE}
    going = [row for row in rows if not _unmade(row, made)]
    return p.operations_table([tuple(row[name] for name in p.OPERATION_COLUMNS) for row in going])


def _unmade(row: Mapping[str, object], made: set[tuple[object, object]]) -> bool:
    """Tell whether an operation refers to an object that is not there and that nothing of the same plan makes."""
    values = [change["new"] for change in p.decode(str(row["changes"])).values()]
    references = [
        each for value in values for each in (value if isinstance(value, list) else [value]) if isinstance(each, dict)
    ]
    return any(each["id"] is None and (each["kind"], each["key"]) not in made for each in references)
