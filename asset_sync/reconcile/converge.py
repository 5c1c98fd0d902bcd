"""Converged: whether the target says, after an apply, what the plan wanted, and whether a new plan would be empty."""

from collections.abc import Mapping

import pandas as pd

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.kinds import Kinds
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.tables import Tables, by_id
from asset_sync.reconcile.target import ALREADY, APPLIED, Outcome, Target


def read_back(plan: Plan, kinds: Kinds, target: Target, outcomes: Mapping[int, Outcome]) -> Tables:
    """Return the observed tables of the objects that the plan touched, as the target has them now."""
    touched: dict[str, dict[str, None]] = {}
    for row in p.records(plan.writes):
        outcome = outcomes.get(row["seq"])
        if outcome and outcome.target_id and outcome.outcome in {APPLIED, ALREADY}:
            touched.setdefault(row["kind"], {})[outcome.target_id] = None
    return {kind: target.read(kinds[kind], list(ids)) for kind, ids in touched.items()}


def overlaid(observed: Tables, read: Tables) -> Tables:
    """Return the observed tables with the rows that were read again in place of the earlier ones."""
    return {kind: _overlaid(table, read[kind]) if kind in read else table for kind, table in observed.items()}


def unlike(plan: Plan, read: Tables, outcomes: Mapping[int, Outcome]) -> list[str]:
    """Return, in words, the values that the target does not hold although it said that it stored them."""
    now = {kind: by_id(table) for kind, table in read.items()}
    created = {(r["kind"], r["key"]): outcomes[r["seq"]].target_id for r in p.records(plan.writes) if r["seq"] in outcomes}
    found: list[str] = []
    for row in p.records(plan.writes):
        outcome = outcomes.get(row["seq"])
        if outcome is None or outcome.outcome not in {APPLIED, ALREADY}:
            continue
        named = f"{row['kind']} #{outcome.target_id}"
        there = now.get(row["kind"], {}).get(str(outcome.target_id))
        if there is None:
            found.append(f"{named} is gone")
            continue
        for name, change in p.decode(row["changes"]).items():
            new = change["new"]
            wanted = new["id"] or created.get((new["kind"], new["key"])) if isinstance(new, dict) else new
            if there[name] != wanted:
                found.append(f"{named} {name} is {there[name]!r}, not {wanted!r}")
    return found


def flapping(again: Plan, plan: Plan, outcomes: Mapping[int, Outcome]) -> list[str]:
    """Return, in words, what a plan made right after the apply would change again on the objects that it touched."""
    done = {
        (row["kind"], row["source_key"])
        for row in p.records(plan.writes)
        if row["seq"] in outcomes and outcomes[row["seq"]].outcome in {APPLIED, ALREADY}
    }
    return [
        f"{row['kind']} {row['key']!r}: {row['op']} {', '.join(p.decode(row['changes']))}"
        for row in p.records(again.writes)
        if (row["kind"], row["source_key"]) in done
    ]


def _overlaid(table: pd.DataFrame, read: pd.DataFrame) -> pd.DataFrame:
    kept = table[~table["id"].isin(read["id"])]
    return pd.concat([kept, read[table.columns]], ignore_index=True).astype(table.dtypes.to_dict())
