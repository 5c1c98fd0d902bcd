"""Making a plan: the operations of all kinds, in the order in which they are carried out."""

from collections.abc import Iterator, Mapping
from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.identity import IGNORED
from asset_sync.reconcile.kinds import Kind, Kinds
from asset_sync.reconcile.plan import Mode, Plan
from asset_sync.reconcile.planning.about import about_objects
from asset_sync.reconcile.planning.agreeing import Agreeing
from asset_sync.reconcile.planning.changes import Changes, without_kept
from asset_sync.reconcile.planning.dependents import hold_dependents, needed, note_unmade
from asset_sync.reconcile.planning.drafts import Drafts, in_order, together
from asset_sync.reconcile.planning.keeping import without_kept_values
from asset_sync.reconcile.planning.leaving import leaving
from asset_sync.reconcile.planning.model import Policy, Snapshot
from asset_sync.reconcile.planning.moving import Pins, left_behind, sitting_here
from asset_sync.reconcile.planning.plugging import plugged
from asset_sync.reconcile.planning.rebasing import older_records, rebased, rebased_links
from asset_sync.reconcile.planning.retiring import restores, retirements, returned, returning
from asset_sync.reconcile.planning.room import Room
from asset_sync.reconcile.planning.shared import without_shared
from asset_sync.reconcile.planning.sides import Sides
from asset_sync.reconcile.planning.suiting import suited
from asset_sync.reconcile.planning.unique import free_before_taken
from asset_sync.reconcile.planning.waiting import Unmade
from asset_sync.reconcile.resolutions import fingerprints
from asset_sync.reconcile.tables import Tables, mask, take, text


def make_plan(
    sync: str,
    kinds: Kinds,
    policy: Policy,
    snapshot: Snapshot,
    matches: Tables,
    *,
    now: datetime,
    mode: Mode = "normal",
    complete: bool = True,
    after: str | None = None,
    source_rows: Mapping[str, int] | None = None,
    link_set: str = "",
) -> Plan:
    """Return the plan that brings the target to what the source says.

    `matches` comes from `asset_sync.reconcile.references.match_all`. `complete` says that the source named everything it has:
    only then is a missing record missing. `now` is the clock of the grace period. `after` is the plan applied last. `link_set`
    names the links in the ledger that are shared, where they are not the sync's own.
    """
    sides = {name: Sides(kind, policy, snapshot, matches) for name, kind in kinds.items()}
    ordered = _rebasing(sides) if mode == "rebase" else _operations(kinds, sides, now, mode, complete=complete)
    about = (about_objects(sides[each.kind.name], each) for each in ordered)
    return Plan(sync, mode, _table(about), after, complete, dict(source_rows or {}), link_set=link_set)


def _table(ordered: Iterator[Drafts]) -> pd.DataFrame:
    return p.operations_frame([each.batch() for each in ordered if len(each)])


def _operations(kinds: Kinds, sides: Mapping[str, Sides], now: datetime, mode: Mode, *, complete: bool) -> Iterator[Drafts]:
    written: dict[str, Drafts] = {}
    others: dict[str, list[Drafts]] = {}
    gone: dict[str, Drafts] = {}
    for name in kinds:
        own = sides[name]
        back = returning(own)
        changes = Changes(own, back, mode)
        drafted = together(own.kind, [*changes.updates(), left_behind(own), restores(own, back), *changes.creates()])
        written[name] = free_before_taken(own, without_shared(own, drafted), Room(sides, written, name))
        gone[name] = in_order(together(own.kind, [retirements(own, now)] if complete else []))
        told = [leaving(own), changes.claims(), returned(own), changes.refused(), changes.left_out(), quarantined(own)]
        others[name] = [in_order(together(own.kind, told))]
    last = {name: each for name, each in gone.items() if _loses_its_place(each.kind)}
    others |= {name: [each, *others[name]] for name, each in gone.items() if name not in last}
    early = Pins(kinds, sides).release(written, last)
    unmade: Unmade = {}
    for name, kind in kinds.items():
        drafted = hold_dependents(written[name], unmade)
        if agreeing := _agreeing(kind, sides, written):
            drafted, others[name] = agreeing.keep(drafted), [agreeing.keep(each) for each in others[name]]
        drafted, others[name] = suited(sides, written, sitting_here(sides, written, drafted), others[name])
        drafted = without_kept_values(sides[name], drafted)
        note_unmade(drafted, unmade)
        written[name] = in_order(without_kept(sides[name], plugged(sides[name], drafted)))
        others[name] = [without_kept(sides[name], each) for each in others[name]]
    yield from (each for each in early if len(each))
    yield from needed(kinds, written, others)
    yield from last.values()


def _agreeing(kind: Kind, sides: Mapping[str, Sides], written: Mapping[str, Drafts]) -> Agreeing | None:
    """Return what the objects of a kind must agree with; None where this sync does not write or know it."""
    agreement, own = kind.agreement, sides[kind.name]
    if agreement is None or agreement.facet not in sides or agreement.field not in sides[agreement.facet].owners:
        return None
    if not {agreement.reference, agreement.field} <= own.owners.keys():
        return None
    return Agreeing(sides, own, agreement, written)


def _loses_its_place(kind: Kind) -> bool:
    """Tell whether what is retired leaves what it sits on: only after all that may point at it points elsewhere."""
    return kind.retirement is not None and kind.retirement.field == kind.parent


def _rebasing(sides: Mapping[str, Sides]) -> Iterator[Drafts]:
    """Take the target as it stands for what was applied last; nothing is written."""
    for own in sides.values():
        changes, older = Changes(own, returning(own), "rebase"), older_records(own)
        claims = changes.claims(rebased=rebased(own, changes.merges, older), older=older)
        yield in_order(together(own.kind, [claims, *rebased_links(own), leaving(own)]))


def quarantined(sides: Sides) -> Drafts:
    """The records that nobody can tell, with the evidence."""
    rows = sides.undecided
    evidence, candidates = (take(text(sides.matches[name]), rows) for name in ("evidence", "candidates"))
    held = sides.draft(rows, p.QUARANTINE, reason="identity", hold=evidence, candidates=candidates)
    # Of a record that is ignored until it changes, this says what it is like now.
    ignored = np.flatnonzero(mask(pc.starts_with(held["hold"], IGNORED))).tolist()
    return held.put("version", dict(zip(ignored, fingerprints(sides.kind, sides.desired, rows[ignored].tolist()), strict=True)))
