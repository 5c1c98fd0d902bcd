"""Rebasing: after a target came back from a backup, or a ledger was lost, the target as it stands is the base of the merge.

Else what the backup brought back counts as people's edits for ever. It is so for objects that are older than what this sync
last wrote to them, for those that are recognised for the first time, and for fields that both sides are said to have changed.

A ledger that came back from a backup knows nothing of what was written since: of objects that are of a later version than it
knows, the target's log says what of it we wrote ourselves, and that is the base, too. What people changed stays theirs.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.identity import changed_objects
from asset_sync.reconcile.kinds import Kind, Kinds
from asset_sync.reconcile.merge import Merge
from asset_sync.reconcile.planning.drafts import Change, Drafts, as_text
from asset_sync.reconcile.planning.leaving import leaving_links
from asset_sync.reconcile.planning.sides import Sides
from asset_sync.reconcile.tables import (
    Mask,
    Positions,
    Tables,
    base_column,
    differs,
    filled,
    index,
    take,
    text,
)


def rebased(sides: Sides, merges: Mapping[str, Merge], older: Mask) -> dict[str, Mask]:
    """Return, by field, the rows whose value in the target is to be remembered as the one applied last.

    `older` are those that `older_records` returns.
    """
    first = sides.same & ~sides.linked
    return {
        name: (older | first | merged.conflict | _as_we_wrote_it(sides, name)) & sides.same
        for name, merged in merges.items()
        if sides.is_remembered(name)
    }


def later_objects(kinds: Kinds, links: Tables, observed: Tables) -> dict[str, list[str]]:
    """Return the ids of linked objects, by kind, that are of another version than the links know, and of no earlier one."""
    found: dict[str, list[str]] = {}
    for name, kind in kinds.items():
        if name in links and kind.versions is not None and kind.facet_of is None:
            at, objects = np.arange(len(links[name])), index(text(links[name]["target_id"]), text(observed[name]["id"]))
            known, now = text(links[name]["version"]), take(text(observed[name]["version"]), objects)
            later = differs(known, now) & filled(now) & ~is_older(kind, links[name], observed[name], at, objects)
            found |= {name: links[name]["target_id"][later].tolist()} if later.any() else {}
    return found


def _as_we_wrote_it(sides: Sides, name: str) -> Mask:
    """Return the records whose objects have in a field what our last write to it set, as the target's own log says."""
    written = sides.own_writes
    if written is None or name not in written:
        return np.zeros(len(sides.desired), dtype=bool)
    at = index(take(text(sides.observed["id"]), sides.object_of), text(written["id"]))
    there = take(sides.observed[name], sides.object_of)
    return (at >= 0) & filled(there) & ~differs(there, take(written[name].astype(sides.observed[name].dtype), at))


def older_records(sides: Sides) -> Mask:
    """Return the records whose objects are of an earlier version than this sync last left them in."""
    older = np.zeros(len(sides.desired), dtype=bool)
    at, objects = sides.remembered[sides.linked], sides.object_of[sides.linked]
    older[sides.linked] = is_older(sides.kind, sides.links, sides.observed, at, objects)
    return older


def rebased_links(sides: Sides) -> Iterator[Drafts]:
    """Yield the same for the links whose records are gone, or held: what the target has is what was applied last.

    What was in service when the backup was made is not retired any more: it is missing, for as long as the grace says.
    """
    older = rolled_back(sides.kind, sides.links, sides.observed) & (sides.kind.facet_of is None)
    older[sides.remembered[sides.linked]] = False
    # Of a record that is another object the link is that one's from now on, and what it leaves has one of its own.
    older[sides.link_of[sides.same & ~sides.linked & (sides.link_of >= 0)]] = False
    older[leaving_links(sides)] = False
    at = np.flatnonzero(older)
    if not at.size:
        return
    objects = index(take(text(sides.links["target_id"]), at), text(sides.observed["id"]))
    asked = [name for name in sides.owners if sides.is_remembered(name) or base_column(name) in sides.links]
    there = {name: take(sides.observed[name], objects) for name in asked}
    words = {name: p.remembered(name, p.or_null(sides.words(name, value))) for name, value in there.items()}
    keys, why = sides.keys_of(at), "taken as it stands"
    claimed = {name: Change(as_text(there[name]), words[name]) for name in there}
    yield sides.draft_of_objects(objects, p.CLAIM, claimed, source_keys=keys, reason=why)
    if sides.kind.retirement is not None:
        back = filled(take(text(sides.links["retired_by"]), at)) & ~sides.out_of_service(objects)
        yield sides.draft_of_objects(objects[back], p.SEEN, source_keys=sides.keys_of(at[back]), reason=why)


def is_older(kind: Kind, links: pd.DataFrame, observed: pd.DataFrame, at: Positions, objects: Positions) -> Mask:
    """Return where an object is of an earlier version than this sync last left it in; both by row number, -1 for none."""
    known, now = take(text(links["version"]), at), take(text(observed["version"]), objects)
    moved = np.flatnonzero(differs(known, now) & filled(known) & filled(now))
    older = np.zeros(len(known), dtype=bool)
    if kind.versions is not None and moved.size:
        order = _moments if kind.versions == "moment" else _counts
        older[moved] = (order(take(now, moved).to_pandas()) < order(take(known, moved).to_pandas())).to_numpy(dtype=bool)
    return older


def rolled_back(kind: Kind, links: pd.DataFrame, observed: pd.DataFrame) -> Mask:
    """Return which links' objects are of an earlier version than this sync last left them in.

    Not those that are other objects under their ids: these are held one by one.
    """
    at, objects = np.arange(len(links)), index(text(links["target_id"]), text(observed["id"]))
    older = is_older(kind, links, observed, at, objects)
    if older.any():
        older[older] = ~changed_objects(kind, links, observed, at[older], objects[older]).changed
    return older


def _moments(versions: pd.Series) -> pd.Series:
    return pd.to_datetime(versions, utc=True, format="ISO8601")


def _counts(versions: pd.Series) -> pd.Series:
    return versions.str.extract(r"(\d+)", expand=False).astype("int64")
