"""The order in which values move: who takes what another gives up is written in a later step.

A cycle goes through a temporary value, or none where the target takes none, in a step of its own.
"""

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.planning.drafts import Change, Drafts, either, together
from asset_sync.reconcile.planning.fields import marked
from asset_sync.reconcile.planning.holders import Values
from asset_sync.reconcile.planning.sides import Sides
from asset_sync.reconcile.tables import Positions, take, text

_TEXT = pa.large_string()


def stepped(sides: Sides, given: Drafts) -> Drafts:
    """Return the operations with the step of each, and cycles broken by a temporary value."""
    givers = _givers(sides, given)
    if not givers:
        return given
    given, givers = _broken_up(sides, given, givers)
    steps = _levels(givers)
    return given.put("step", {row: str(step) for row, step in steps.items() if step})


Givers = dict[int, set[int]]
"""For each row, the rows that give up what it takes."""


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


def _broken_up(sides: Sides, given: Drafts, givers: Givers) -> tuple[Drafts, Givers]:
    """Break each cycle: one of its rows gives its values up first, and takes the new ones last."""
    temporary: list[Drafts] = []
    for first in _firsts(givers, given["key"].to_pylist()):
        own = _temporary(sides, given, first)
        temporary.append(own)
        new_row = len(given) + len(temporary) - 1
        for givers_of in givers.values():
            if first in givers_of:
                givers_of.discard(first)
                givers_of.add(new_row)
        givers[first].add(new_row)
        given = _afterwards(sides, given, first, own)
    return together(sides.kind, [given, *temporary]), givers


def _afterwards(sides: Sides, given: Drafts, row: int, between: Drafts) -> Drafts:
    """Return the operations, one of which finds what its object was given for the time being."""
    for name, change in between.changes.items():
        value = change.new[0].as_py()
        old = "null" if value is None else p.quoted(value)
        new = given.take(np.array([row])).new(name)
        given = given.change(name, row, sides.change(name, old, new, "changes places with others"))
    # Its version is not known before.
    return given.put("version", {row: None})


def _firsts(givers: Givers, keys: list[str | None]) -> Iterator[int]:
    """Yield a row of each cycle, the one of the least key; the caller breaks the cycle before it asks for the next."""
    done: set[int] = set()
    for start in sorted(givers, key=lambda row: (str(keys[row]), row)):
        if _leads_back(start, givers, done):
            yield start
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


def _temporary(sides: Sides, given: Drafts, row: int) -> Drafts:
    """Return the operation by which an object gives up its values for the time being."""
    moved = given.take(np.array([row]))
    enforced = [name for unique in sides.kind.unique if unique.enforced for name in unique.fields]
    names = dict.fromkeys(name for name in enforced if given.changed(name)[row])
    texts = [sides.kind.field(name) for name in names if sides.kind.field(name).type != "reference"]
    changes: dict[str, Change] = {}
    for field in texts:
        old = take(text(sides.observed[field.name]), moved.objects)[0].as_py()
        if old is None:
            continue
        between = None if field.nullable else marked(field, old, f" (moving {moved['target_id'][0].as_py()})")
        words = sides.change(field.name, p.quoted(old), pa.array([between], _TEXT), "given up for the time being")
        changes[field.name] = words
    own = Drafts(sides.kind, moved.own, changes)
    return own.with_column("reason", pa.array(["changes places with others"], _TEXT))


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
