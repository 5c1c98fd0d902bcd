"""The order in which values move: who takes what another gives up is written in a later step.

A cycle goes through a temporary value, or none where the target takes none, in a step of its own.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.kinds import Field
from asset_sync.reconcile.planning.drafts import Change, Drafts, either, together
from asset_sync.reconcile.planning.holders import Values
from asset_sync.reconcile.planning.room import Room
from asset_sync.reconcile.planning.sides import Sides
from asset_sync.reconcile.tables import Positions, mask, take, text

_TEXT = pa.large_string()


class Stuck(NamedTuple):
    """A field that operations, by row, change in a cycle that nothing breaks, and why."""

    field: str
    why: dict[int, str]


def stepped(sides: Sides, given: Drafts, room: Room) -> Drafts | Stuck:
    """Return the operations with the step of each, and cycles broken by a temporary value; or what there is none for."""
    givers = _givers(sides, given)
    if not givers:
        return given
    between, givers = _broken_up(sides, given, givers, room)
    if stuck := _stuck(sides, given, givers, room):
        return stuck
    steps = _levels(givers)
    return between.put("step", {row: str(step) for row, step in steps.items() if step})


Givers = dict[int, set[int]]
"""For each row, the rows that give up what it takes."""


def ring(row: int, givers: Mapping[int, set[int]]) -> list[int]:
    """Return the cycle that a row is in, or comes after, where each row has givers."""
    path = [row]
    while (giver := min(givers[path[-1]])) not in path:
        path.append(giver)
    return path[path.index(giver) :]


def objects_named(given: Drafts, rows: Iterable[int]) -> str:
    """Return the ids of the objects of operations, in order."""
    ids = sorted((given["target_id"][row].as_py() for row in rows), key=lambda one: (len(one), one))
    return ", ".join(f"#{one}" for one in ids)


def _givers(sides: Sides, given: Drafts) -> Givers:
    givers: Givers = defaultdict(set)
    updates = ~given.are(p.CREATE)
    for unique in sides.kind.unique:
        for taker, giver in Values(sides, unique, given).edges():
            # What is created is so after all updates anyway.
            if updates[taker]:
                givers[taker].add(giver)
    for earlier, later in _siblings(given):
        givers[later].add(earlier)
    return givers


def _siblings(given: Drafts) -> Iterator[tuple[int, int]]:
    """Yield the operations on one part of an object, each with the next: a request has it once."""
    rows = np.flatnonzero(given.open & (given.objects >= 0) & given.are(p.UPDATE))
    objects, parts = given.objects[rows], _part_numbers(given)[rows]
    order = np.lexsort((parts, objects))
    again = (objects[order][1:] == objects[order][:-1]) & (parts[order][1:] == parts[order][:-1])
    yield from zip(rows[order][:-1][again].tolist(), rows[order][1:][again].tolist(), strict=True)


def _part_numbers(given: Drafts) -> Positions:
    """Return which part of its object each operation changes; 0 is what is in none."""
    numbers = np.zeros(len(given), dtype=np.int64)
    for number, names in enumerate(given.kind.parts, start=1):
        numbers[either((given.changed(name) for name in names), len(given))] = number
    return numbers


def _broken_up(sides: Sides, given: Drafts, givers: Givers, room: Room) -> tuple[Drafts, Givers]:
    """Break each cycle that can be: one of its rows gives its values up first, and takes the new ones last."""
    temporary: list[Drafts] = []
    keys = given["key"].to_pylist()
    for first in _firsts(givers, keys):
        own = _temporary(sides, given, first, room)
        if own is None:
            continue
        temporary.append(own)
        new_row = len(given) + len(temporary) - 1
        for givers_of in givers.values():
            if first in givers_of:
                givers_of.discard(first)
                givers_of.add(new_row)
        givers[first].add(new_row)
        given = _afterwards(sides, given, first, own)
    return together(sides.kind, [given, *temporary]), givers


def _stuck(sides: Sides, given: Drafts, givers: Givers, room: Room) -> Stuck | None:
    """Return what the rows of cycles change that none of them can give up before another."""
    rows = [row for row in sorted(givers) if _leads_back(row, givers, set())]
    if not rows:
        return None
    stuck = {row: givers[row].intersection(rows) for row in rows}
    name, room_told = _without_room(sides, given, rows, room)
    changing = given.changed(name)
    words = {row: f"{sides.kind.name} {objects_named(given, ring(row, stuck))} change {name}" for row in rows if changing[row]}
    return Stuck(name, {row: f"{told} among themselves, and {room_told}" for row, told in words.items()})


def _without_room(sides: Sides, given: Drafts, rows: list[int], room: Room) -> tuple[str, str]:
    """Return the field of a cycle for whose value there is nothing in its place, and why."""
    for row in rows:
        for field in _given_up(sides, given, row):
            if not room.is_there(field, int(given.objects[row])):
                return field.name, room.words(field, int(given.objects[row]))
    enforced = [name for unique in sides.kind.unique if unique.enforced for name in reversed(unique.fields)]
    name = next(name for name in enforced if given.changed(name)[rows].any())
    return name, "none of them can give it up before another: change it of one of them by hand"


def _afterwards(sides: Sides, given: Drafts, row: int, between: Drafts) -> Drafts:
    """Return the operations, one of which finds what its object was given for the time being."""
    for name, change in between.changes.items():
        old = sides.told(name, change.new[0].as_py())
        # What the operation leaves alone is what it was again.
        at = np.array([row])
        stays = take(text(sides.observed[name]), given.objects[at])
        new = given.take(at).new(name) if given.changed(name)[row] else stays
        given = given.change(name, row, sides.change(name, old, new, "changes places with others"))
    # Its version is not known before.
    return given.put("version", {row: None})


def _firsts(givers: Givers, keys: list[str | None]) -> Iterator[int]:
    """Yield the rows of each cycle, the one of the least key first, until the caller breaks it before it asks for the next."""
    done: set[int] = set()
    for start in sorted(givers, key=lambda row: (str(keys[row]), row)):
        if _leads_back(start, givers, done):
            yield start
            if _leads_back(start, givers, done):
                continue
        done.add(start)


def _leads_back(start: int, givers: Givers, done: set[int]) -> bool:
    """Return whether a row takes, over others, what it gives up itself."""
    open_rows, seen = [start], set[int]()
    while open_rows:
        for giver in givers.get(open_rows.pop(), ()):
            if giver == start:
                return True
            if giver not in seen and giver not in done:
                seen.add(giver)
                open_rows.append(giver)
    return False


def _temporary(sides: Sides, given: Drafts, row: int, room: Room) -> Drafts | None:
    """Return the operation by which an object gives up its values for the time being; None where one of them has no other."""
    moved = given.take(np.array([row]))
    changes: dict[str, Change] = {}
    for field in _given_up(sides, given, row):
        if not room.is_there(field, int(moved.objects[0])):
            return None
        old = take(text(sides.observed[field.name]), moved.objects)
        between = room.in_its_place(field, int(moved.objects[0]), f" (moving {moved['target_id'][0].as_py()})")
        changes[field.name] = sides.change(field.name, old, pa.array([between], _TEXT), "given up for the time being")
    if not changes:
        return None
    own = Drafts(sides.kind, moved.own, changes)
    return own.with_column("reason", pa.array(["changes places with others"], _TEXT))


def _given_up(sides: Sides, given: Drafts, row: int) -> Iterator[Field]:
    """Yield the fields of which an object can do without what it has: those that it changes, or what counts within those."""
    enforced = [unique for unique in sides.kind.unique if unique.enforced]
    for unique in enforced:
        changed = [sides.kind.field(name) for name in unique.fields if given.changed(name)[row]]
        if not changed or all(giver != row for _, giver in Values(sides, unique, given).edges()):
            continue
        texts = [field for field in changed if field.type != "reference"]
        if texts:
            yield from texts
        else:
            within = [field for field in map(sides.kind.field, unique.fields) if _is_own(sides, field, given.objects[row])]
            yield from (within or [field for field in changed if field.nullable])[:1]


def _is_own(sides: Sides, field: Field, row: int) -> bool:
    """Return whether a field of an object (a row of the observed table) has what this sync may write there again.

    What a person wrote to a shared field would count as what this sync wrote last.
    """
    if field.type == "reference" or field.name not in sides.owners:
        return False
    if sides.owners[field.name].owner != "shared":
        return True
    links = sides.remembered[sides.object_of == row]
    base = sides.base(field.name, links)
    return base is not None and bool(mask(pc.equal(base, take(sides.observed[field.name], np.array([row])))).all())


def _levels(givers: Givers) -> dict[int, int]:
    """Return how many writes each row has to wait for, one after the other."""
    levels: dict[int, int] = {}
    for start in givers:
        stack = [start]
        while stack:
            row = stack[-1]
            waiting = [giver for giver in givers.get(row, ()) if giver not in levels]
            if waiting:
                stack.extend(waiting)
                continue
            levels[row] = max((levels[giver] + 1 for giver in givers.get(row, ())), default=0)
            stack.pop()
    return levels
