"""Guards: what a plan must hold before anything is written. One that fails stops the load of that run, and of no other."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.identity import IGNORED
from asset_sync.reconcile.kinds import Kinds
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.planning import Policy, Snapshot
from asset_sync.reconcile.planning.rebasing import rolled_back as is_rolled_back
from asset_sync.reconcile.tables import index, text


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that a plan may do without a person's approval. Shares are of 1; `retire_share` is of the linked objects."""

    source_shrink: float = 0.20
    target_shrink: float = 0.20
    retire_share: float = 0.05
    retire_count: int = 100


@dataclass(frozen=True, slots=True)
class Guard:
    """One guard's verdict on a plan, in a line; `figures` are the numbers that it goes by, by name."""

    name: str
    passed: bool
    message: str
    figures: Mapping[str, float] = field(default_factory=dict, compare=False)


def check(
    plan: Plan, kinds: Kinds, policy: Policy, snapshot: Snapshot, *, limits: Limits, last_rows: Mapping[str, int] | None
) -> list[Guard]:
    """Return the verdicts of all guards. `last_rows` counts the source's rows at the last good run, None before the first."""
    return [
        # What an incomplete source lacks counts for nothing, so it may be of any size.
        source_rows(plan.source_rows, last_rows or {} if plan.complete else {}, limits),
        target_rows(plan, kinds, snapshot, limits),
        rolled_back(plan, kinds, snapshot),
        retired(plan, snapshot, limits),
        keys(kinds, snapshot),
        scope(plan, kinds, policy, snapshot),
    ]


def source_rows(rows: Mapping[str, int], last_rows: Mapping[str, int], limits: Limits) -> Guard:
    """A source that shrank too much lost its rights or broke: what it lacks is not gone."""
    for name in last_rows:
        if name not in rows:
            told = f"{name} was not read, and had {last_rows[name]} rows at the last good run"
            return Guard("source_rows", False, told, {f"rows/{name}": 0})
    figures = {f"rows/{name}": float(now) for name, now in rows.items()}
    for name, now in rows.items():
        before = last_rows.get(name, 0)
        if now == 0:
            return Guard(
                "source_rows", False, f"{name} has no row, or none that is chosen: an empty source is never synced", figures
            )
        if now < before * (1 - limits.source_shrink):
            told = f"{name} has {now} rows, {1 - now / before:.0%} fewer than the {before} of the last good run"
            return Guard("source_rows", False, f"{told} (limit {limits.source_shrink:.0%})", figures)
    return Guard("source_rows", True, ", ".join(f"{name}: {now} rows" for name, now in rows.items()), figures)


def target_rows(plan: Plan, kinds: Kinds, snapshot: Snapshot, limits: Limits) -> Guard:
    """A target that shows too few of the linked objects lost its data, or its user the right to see them: none is made anew."""
    writes = plan.writes
    again: list[str] = []
    figures: dict[str, float] = {}
    for name, kind in kinds.items():
        if kind.retirement is None or name not in snapshot.links:
            continue
        linked = snapshot.links[name]["source_key"]
        created = writes.loc[(writes["kind"] == name) & (writes["op"] == p.CREATE), "source_key"]
        created_again, waiting = int(created.isin(linked).sum()), _waiting_gone(plan, snapshot, name)
        count, in_use = created_again + waiting, _in_use(snapshot, name)
        figures |= {f"created again/{name}": float(created_again), f"gone and held/{name}": float(waiting)}
        # One is below any share that means something, as for retiring.
        if count > 1 and count > in_use * limits.target_shrink:
            words = "wait for a decision (deleted, or not for this user to see)" if waiting else "would be created again"
            again.append(f"{count} of {in_use} linked objects of {name} are not there any more and {words}")
    if again:
        return Guard("target_rows", False, f"{'; '.join(again)} (limit {limits.target_shrink:.0%})", figures)
    return Guard("target_rows", True, "the linked objects are there", figures)


def _waiting_gone(plan: Plan, snapshot: Snapshot, kind: str) -> int:
    """Return how many records are held whose objects are gone, but for those that somebody decided to leave alone."""
    held = plan.operations[(plan.operations["kind"] == kind) & (plan.operations["op"] == p.QUARANTINE)]
    open_ones = held.loc[~held["hold"].str.startswith(IGNORED), "source_key"]
    links = snapshot.links[kind]
    linked = links[links["source_key"].isin(open_ones)]
    return int((index(text(linked["target_id"]), text(snapshot.observed[kind]["id"])) < 0).sum())


def rolled_back(plan: Plan, kinds: Kinds, snapshot: Snapshot) -> Guard:
    """A target with objects older than what this sync last wrote came back from a backup: its values are nobody's edits."""
    found, figures = [], {}
    for name, kind in kinds.items() if plan.mode != "rebase" else ():
        if name in snapshot.links and kind.facet_of is None:
            older = int(is_rolled_back(kind, snapshot.links[name], snapshot.observed[name]).sum())
            figures[f"older/{name}"] = float(older)
            found += [f"{older} of {len(snapshot.links[name])} objects of {name}"] if older else []
    if not found:
        return Guard("rolled_back", True, "no object is older than what was last written to it", figures)
    told = f"{', '.join(found)} are older than what this sync last wrote to them: the target came back from a backup"
    way_on = f"to take it as it stands for what was applied last: asset-sync rebase {p.as_asked(plan.sync, plan.link_set)}"
    return Guard("rolled_back", False, f"{told}; {way_on}", figures)


def retired(plan: Plan, snapshot: Snapshot, limits: Limits) -> Guard:
    """No run retires more than a count of objects, and of no kind more than a share of what is linked."""
    writes = plan.writes
    counts = writes.loc[writes["op"] == p.RETIRE, "kind"].value_counts()
    total = plan.counts[p.RETIRE]
    passed, told, figures = total <= limits.retire_count, [], {"retired": float(total)}
    for kind in sorted(counts.index):
        count, in_use = int(counts[kind]), _in_use(snapshot, kind)
        share = count / in_use if in_use else 1.0
        # One is below any share that means something: one of ten machines is a tenth.
        figures[f"retired/{kind}"], figures[f"share/{kind}"] = float(count), share
        passed = passed and (share <= limits.retire_share or count <= 1)
        told.append(f"{count} of {in_use} linked objects of {kind} would be retired ({_percent(share)})")
    message = "; ".join(told) or "nothing would be retired"
    limit = f": limits {_percent(limits.retire_share)} and {limits.retire_count}"
    return Guard("retired", passed, message if passed else message + limit, figures)


def _percent(share: float) -> str:
    """Return a share so that one above a limit does not read as the limit."""
    return f"{share * 100:.4g}%"


def _in_use(snapshot: Snapshot, kind: str) -> int:
    return int(snapshot.links[kind]["retired_by"].isna().sum()) if kind in snapshot.links else 0


def keys(kinds: Kinds, snapshot: Snapshot) -> Guard:
    """Every desired row has a source key and a key, once."""
    for name in kinds:
        desired = snapshot.desired[name]
        for column in ("source_key", "key"):
            missing, twice = int(desired[column].isna().sum()), int(desired[column].dropna().duplicated().sum())
            if missing or twice:
                return Guard("keys", False, f"{name}: {missing} rows without {column}, {twice} with one that another row has")
    return Guard("keys", True, "every row has a key of its own")


def scope(plan: Plan, kinds: Kinds, policy: Policy, snapshot: Snapshot) -> Guard:
    """Every write is to a mapped field, of an object that is linked to this sync or is claimed by this very plan."""
    writes = plan.writes
    for kind, rows in writes.groupby("kind"):
        outside = _outside(kinds[str(kind)].facet_of or str(kind), rows, plan, snapshot)
        if outside is not None:
            return Guard("scope", False, f"{kind} #{outside} is not an object of this sync")
        retirement = kinds[str(kind)].retirement
        owned = {*policy.owners.get(str(kind), {}), *(retirement.fields if retirement else ())}
        for changes in rows["changes"]:
            unmapped = p.decode(changes).keys() - owned
            if unmapped:
                return Guard("scope", False, f"{kind}.{min(unmapped)} is not a mapped field")
    return Guard("scope", True, f"{len(writes)} writes, all to objects and fields of this sync", {"writes": len(writes)})


def _outside(kind: str, rows: pd.DataFrame, plan: Plan, snapshot: Snapshot) -> str | None:
    held = plan.operations
    claimed = set(held.loc[(held["kind"] == kind) & (held["op"] == p.CLAIM), "target_id"].dropna())
    links = snapshot.links.get(kind)
    linked = set(links["target_id"]) if links is not None else set()
    wanted = rows.loc[rows["op"] != p.CREATE, "target_id"].dropna()
    strange = wanted[np.array([target_id not in claimed | linked for target_id in wanted], dtype=bool)]
    return None if strange.empty else str(strange.iloc[0])
