"""Converged: whether the target says, after an apply, what the plan wanted, and whether a new plan would be empty."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.ends import with_ends_in_order
from asset_sync.reconcile.kinds import Kinds
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.sets import shown
from asset_sync.reconcile.tables import Tables, by_id
from asset_sync.reconcile.target import ALREADY, APPLIED, Outcome, Target

_DONE = frozenset({APPLIED, ALREADY})


def read_back(plan: Plan, kinds: Kinds, target: Target, outcomes: Mapping[int, Outcome]) -> Tables:
    """Return the observed tables of the objects that the plan touched, as the target has them now."""
    touched: dict[str, dict[str, None]] = {}
    for row in p.records(plan.writes):
        outcome = outcomes.get(row["seq"])
        if outcome and outcome.target_id and outcome.outcome in _DONE:
            touched.setdefault(row["kind"], {})[outcome.target_id] = None
    return {kind: target.read(kinds[kind], list(ids)) for kind, ids in touched.items()}


def overlaid(observed: Tables, read: Tables) -> Tables:
    """Return the observed tables with the rows that were read again in place of the earlier ones."""
    return {kind: _overlaid(table, read[kind]) if kind in read else table for kind, table in observed.items()}


def unlike(plan: Plan, kinds: Kinds, read: Tables, outcomes: Mapping[int, Outcome]) -> list[str]:
    """Return, in words, the values that the target does not hold although it said that it stored them.

    Of a value that went through a temporary one, the last that was stored counts. Ends that were both still to be made when the
    plan was, have an order by now.
    """
    now = {kind: by_id(table) for kind, table in read.items()}
    found: list[str] = []
    for (kind, target_id), wanted in _stored(plan, outcomes).items():
        there = now.get(kind, {}).get(target_id)
        if there is None:
            found.append(f"{kind} #{target_id} is gone")
            continue
        ordered = with_ends_in_order(kinds[kind], wanted)
        differing = ((name, value) for name, value in ordered.items() if there[name] != value)
        found += [f"{kind} #{target_id} {name} is {shown(there[name])!r}, not {shown(value)!r}" for name, value in differing]
    return found


def _stored(plan: Plan, outcomes: Mapping[int, Outcome]) -> dict[tuple[str, str], dict[str, object]]:
    """Return what the target said that it stored, by kind and id: each field's last value."""
    rows = p.records(plan.writes)
    created = {(row["kind"], row["key"]): outcomes[row["seq"]].target_id for row in rows if row["seq"] in outcomes}
    stored: dict[tuple[str, str], dict[str, object]] = {}
    for row in rows:
        if row["seq"] not in outcomes or outcomes[row["seq"]].outcome not in _DONE:
            continue
        outcome = outcomes[row["seq"]]
        own = stored.setdefault((row["kind"], str(outcome.target_id)), {})
        for name, change in p.decode(row["changes"]).items():
            if name in outcome.instead:
                continue
            own[name] = p.stored(change["new"], lambda of_kind, key: created.get((of_kind, key)))
    return stored


def flapping(again: Plan, plan: Plan, outcomes: Mapping[int, Outcome]) -> list[str]:
    """Return, in words, what a plan made right after the apply would change again on the objects that it touched.

    What was refused of an object, in conflict, or held, is planned again as it should be; and what an object gives up since the
    plan retired it goes to whoever waited for it.
    """
    rows = p.records(again.writes)
    given = _given_up(rows, plan)
    done: set[tuple[str, str]] = set()
    undone: set[tuple[str, str, str]] = set()
    for row in p.records(plan.writes):
        where, outcome = (row["kind"], row["source_key"]), outcomes.get(row["seq"])
        if outcome and outcome.outcome in _DONE:
            done.add(where)
            undone |= {(*where, name) for name in outcome.instead}
        else:
            undone |= {(*where, name) for name in p.decode(row["changes"])}
    for row in p.records(plan.held):
        undone |= {(row["kind"], row["source_key"], name) for name in p.decode(row["changes"])}
    found: list[str] = []
    for row in rows:
        where = (row["kind"], row["source_key"])
        changes = p.decode(row["changes"])
        handed = {name for name in changes if given & _values(row["kind"], name, changes[name])}
        fields = [name for name in changes if (*where, name) not in undone and name not in handed]
        if where in done and fields:
            found.append(f"{row['kind']} {row['key']!r}: {row['op']} {', '.join(fields)}")
    return found


def _given_up(rows: Sequence[Mapping[str, Any]], plan: Plan) -> set[tuple[str, str, str]]:
    """Return, with kind and field, the values that objects which the plan retired give up to others by these operations."""
    retired = plan.writes[plan.writes["op"] == p.RETIRE]
    gone = set(zip(retired["kind"], retired["target_id"], strict=True))
    given = [row for row in rows if row["reason"] == p.GIVES_UP and (row["kind"], row["target_id"]) in gone]
    changes = [(row["kind"], p.decode(row["changes"])) for row in given]
    return {value for kind, each in changes for name in each for value in _values(kind, name, each[name])}


def _values(kind: str, name: str, change: Mapping[str, Any]) -> set[tuple[str, str, str]]:
    """Return, with kind and field, the values that a change takes and gives."""
    return {(kind, name, value) for value in (change.get("old"), change["new"]) if isinstance(value, str)}


def _overlaid(table: pd.DataFrame, read: pd.DataFrame) -> pd.DataFrame:
    kept = table[~table["id"].isin(read["id"])]
    return pd.concat([kept, read[table.columns]], ignore_index=True).astype(table.dtypes.to_dict())
