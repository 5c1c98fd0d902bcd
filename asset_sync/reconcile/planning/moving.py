"""Moving: objects of this sync's own that sit on something else now, and what has to let go of them first.

An address record is never renumbered: a record of the source that has another address now is another object, and the one that
it had is let go where this sync put it. What is pinned to where it sits (a primary address) is released before it moves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.identity import changed_objects
from asset_sync.reconcile.kinds import Field, Kind, Kinds
from asset_sync.reconcile.planning.drafts import Drafts, none, together
from asset_sync.reconcile.planning.ending import ending, tokens
from asset_sync.reconcile.planning.fields import part
from asset_sync.reconcile.planning.sides import Sides
from asset_sync.reconcile.tables import PENDING, Mask, Positions, filled, index, mask, take, text

_TEXT = pa.large_string()


def left_behind(sides: Sides) -> Drafts:
    """An operation for each object that its record has left for another one: it no longer sits where this sync put it."""
    kind, parent = sides.kind, sides.kind.parent
    if not kind.natural or parent is None or kind.facet_of or parent not in sides.owners:
        return none(kind)
    # A record that is held has left nothing: nobody knows what it is, or somebody said to leave it alone.
    decided = np.ones(len(sides.link_of), dtype=bool)
    decided[sides.undecided] = False
    links = np.unique(sides.link_of[(sides.link_of >= 0) & ~sides.linked & decided])
    links = links[sides.own[links]]
    objects = index(take(text(sides.links["target_id"]), links), text(sides.observed["id"]))
    free = (objects >= 0) & ~np.isin(objects, sides.object_of[sides.object_of >= 0])
    base = sides.base(parent, links)
    there = take(text(sides.observed[parent]), objects)
    put = np.zeros(len(links), dtype=bool) if base is None else mask(pc.equal(base, there))
    put &= ~changed_objects(kind, sides.links, sides.observed, links, objects, strictly=True).changed
    chosen = free & put & ~filled(take(sides.observed["locked"], objects))
    return _let_go(sides, parent, objects[chosen])


def _let_go(sides: Sides, parent: str, objects: Positions) -> Drafts:
    old = take(sides.observed[parent], objects)
    change = sides.change(parent, old, pa.nulls(len(objects), _TEXT), "its record is another object now")
    # Without a source key: the record's link is that of the other object.
    why = "left behind: this sync had put it there"
    return sides.draft_of_objects(objects, p.UPDATE, {parent: change}, reason=why)


class Pins:
    """What keeps objects of a kind where they sit: references of facets, such as a device's primary addresses."""

    def __init__(self, kinds: Kinds, sides: Mapping[str, Sides]) -> None:
        self.kinds = kinds
        self.sides = sides

    def release(self, written: dict[str, Drafts], gone: dict[str, Drafts]) -> list[Drafts]:
        """Return the operations that have to come first, and adapt those that are `written` after them.

        What is `gone` comes last: what pins it may point at something else by then, and is released only where it does not.
        """
        pins = [(facet, field) for facet in self.kinds.values() for field in facet.references if facet.facet_of and field.pins]
        early = [self._release(facet, field, written, written) for facet, field in pins]
        early += [self._release(facet, field, gone, written) for facet, field in pins if str(field.to) in gone]
        facets = dict.fromkeys(facet.name for facet, _ in pins)
        return [_as_one(self.kinds[name], [each for each in early if len(each) and each.kind.name == name]) for name in facets]

    def _release(self, facet: Kind, field: Field, leaving: dict[str, Drafts], written: dict[str, Drafts]) -> Drafts:
        """Return what lets go of the objects that move away from the object whose facet points at them."""
        moved = self.kinds[str(field.to)]
        moving, on = leaving[moved.name], self.sides[facet.name]
        if moved.parent is None or not moving.changed(moved.parent).any():
            return none(facet)
        rows = np.flatnonzero(moving.changed(moved.parent) & moving.open & filled(moving["target_id"]))
        pinned = index(take(moving["target_id"], rows), text(on.observed[field.name]))
        away = (pinned >= 0) & ~self._stays(moved, moving, rows, take(text(on.observed["id"]), pinned))
        if leaving is not written:
            away &= ~np.isin(pinned, _pointing_elsewhere(written[facet.name], field))
        linked = index(take(text(on.observed["id"]), pinned), text(self.sides[str(facet.facet_of)].links["target_id"]))
        foreign = away & ~self._are_linked(on, pinned, linked)
        told = {
            int(row): f"is the {field.name} of {facet.facet_of} #{on.observed['id'].iat[at]}, which is not of this sync"
            for row, at in zip(rows[foreign].tolist(), pinned[foreign].tolist(), strict=True)
        }
        leaving[moved.name] = moving.hold(told)
        chosen = away & ~foreign
        released = self._released(on, field, pinned[chosen], linked[chosen])
        written[facet.name] = self._after_release(written[facet.name], on, field, pinned[chosen])
        return released

    def _are_linked(self, on: Sides, pinned: Positions, linked: Positions) -> Mask:
        """Return which objects that point at something are of this sync, and are those that were linked still."""
        of = self.sides[str(on.kind.facet_of)]
        objects = index(take(text(on.observed["id"]), pinned), text(of.observed["id"]))
        return (linked >= 0) & ~changed_objects(of.kind, of.links, of.observed, linked, objects, strictly=True).changed

    def _stays(self, moved: Kind, moving: Drafts, rows: Positions, holders: pa.Array) -> Mask:
        """Return which objects go on sitting, by their new parent, on the object that points at them."""
        parent = self.sides[str(moved.field(str(moved.parent)).to)]
        above = parent.kind.parent
        if above is None:
            return np.zeros(len(rows), dtype=bool)
        new = take(moving.new(str(moved.parent)), rows)
        there = take(text(parent.observed[above]), index(new, text(parent.observed["id"])))
        made = pc.utf8_slice_codeunits(new, start=len(PENDING))
        coming = take(text(parent.desired[above]), index(made, text(parent.desired["key"])))
        above_new = pc.if_else(pc.fill_null(pc.starts_with(new, PENDING), fill_value=False), coming, there)
        return mask(pc.equal(above_new, holders))

    def _released(self, on: Sides, field: Field, objects: Positions, links: Positions) -> Drafts:
        if not objects.size:
            return none(on.kind)
        old = take(on.observed[field.name], objects)
        change = on.change(field.name, old, pa.nulls(len(objects), _TEXT), f"the {field.to} moves to another object")
        keys = self.sides[str(on.kind.facet_of)].keys_of(links)
        why = "lets go of what moves, before it does"
        return on.draft_of_objects(objects, p.UPDATE, {field.name: change}, source_keys=keys, reason=why)

    def _after_release(self, later: Drafts, on: Sides, field: Field, released: Positions) -> Drafts:
        """Return what is written to released objects afterwards: they point at nothing by then, in another version."""
        if field.name not in later.changes or not released.size:
            return later
        rows = np.flatnonzero(np.isin(later.objects, released) & later.open)
        later = later.put("version", dict.fromkeys(rows.tolist()))
        for row in rows[later.changed(field.name)[rows]].tolist():
            new = later.take(np.array([row])).new(field.name)
            later = later.change(field.name, row, on.change(field.name, "null", new, "let go of what it pointed at"))
        return later


def sitting_here(sides: Mapping[str, Sides], written: Mapping[str, Drafts], given: Drafts) -> Drafts:
    """Return the operations on facets without the references that pin what sits elsewhere in the end, and those held.

    The target refuses such a one in every run: what was to move here may be held. `written` has the operations of the kinds
    before, as they stay.
    """
    held: list[Drafts] = []
    for field in given.kind.references if given.kind.facet_of else ():
        if field.pins:
            given, apart = part(given, field.name, _sitting_elsewhere(sides, written, given, field))
            held.append(apart)
    return together(given.kind, [given, *held])


def _sitting_elsewhere(
    sides: Mapping[str, Sides], written: Mapping[str, Drafts], given: Drafts, field: Field
) -> dict[int, str]:
    pinned, rows = sides[str(field.to)], np.flatnonzero(given.changed(field.name) & given.open)
    rows = rows[filled(take(given.new(field.name), rows))]
    if not rows.size or pinned.kind.parent is None:
        return {}
    between = sides[str(pinned.kind.field(pinned.kind.parent).to)]
    if between.kind.parent is None or between.kind.parent not in between.observed:
        return {}
    sits = ending(pinned, written[pinned.kind.name], pinned.kind.parent)
    on = ending(between, written[between.kind.name], between.kind.parent)
    wanted = take(given.new(field.name), rows)
    known = index(wanted, sits.objects) >= 0
    here = mask(pc.equal(on.of(sits.of(wanted)), take(tokens(given), rows)))
    told = f"its {field.name} sits on another {given.kind.facet_of}, or on none, and does not come here: see what holds that"
    return dict.fromkeys(rows[known & ~here].tolist(), told)


def _as_one(facet: Kind, released: Sequence[Drafts]) -> Drafts:
    """Return what lets go of several references of an object as one operation."""
    whole = together(facet, released)
    objects, first = np.unique(whole.objects, return_index=True)
    changes = {name: change.take(_rows_of(objects, whole.objects, change.made)) for name, change in whole.changes.items()}
    return replace(whole.take(first), changes=changes)


def _rows_of(objects: Positions, among: Positions, made: Mask) -> Positions:
    """Return, for each object, its row among those of a mask; -1 where it has none."""
    rows = dict(zip(among[made].tolist(), np.flatnonzero(made).tolist(), strict=True))
    return np.array([rows.get(each, -1) for each in objects.tolist()], dtype=np.int64)


def _pointing_elsewhere(later: Drafts, field: Field) -> Positions:
    """Return the objects whose reference is written to point at something else."""
    if field.name not in later.changes:
        return np.array([], dtype=np.int64)
    return later.objects[later.changed(field.name) & later.open & filled(later.new(field.name))]
