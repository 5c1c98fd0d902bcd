"""Unique values: what the target would refuse because another object has it, and the order in which values move.

A value is free before it is taken: who takes what another gives up is written in a later step. A cycle goes through a
temporary value, or none where the target takes none, in a step of its own. What an object has that this sync retired makes
way for its successor. What nobody gives up is held, that field alone.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile import forms
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.kinds import Field, Kind, Unique
from asset_sync.reconcile.planning.drafts import Change, Drafts, drafts, either, together
from asset_sync.reconcile.planning.fields import part
from asset_sync.reconcile.planning.retiring import RETIRED_BY_SYNC
from asset_sync.reconcile.planning.sides import Sides
from asset_sync.reconcile.tables import Positions, differs, filled, index, mask, take, text

_TEXT = pa.large_string()


def free_before_taken(sides: Sides, given: Drafts) -> Drafts:
    """Return the operations with those held that would clash, those added that make way, and each in its step."""
    if not sides.kind.unique or not len(given):
        return given
    given, held = _without_clashes(sides, given)
    return together(sides.kind, [_stepped(sides, given), *held])


def _without_clashes(sides: Sides, given: Drafts) -> tuple[Drafts, list[Drafts]]:
    """Part the values that another object has, and goes on having, from the operations that would write them."""
    held: list[Drafts] = []
    asked: set[int] = set()
    found = True
    while found:
        # An object that is held keeps what it has, so that who wanted that is held too.
        found = False
        for unique in sides.kind.unique:
            given = together(sides.kind, [given, *_Values(sides, unique, given).making_way(asked)])
            clashes = _Values(sides, unique, given).clashes()
            for name, why in _by_field(unique, given, clashes).items():
                found = True
                given, apart = part(given, name, why)
                held.append(apart)
    return given, held


def _by_field(unique: Unique, given: Drafts, clashes: Mapping[int, str]) -> dict[str, dict[int, str]]:
    """Return the clashes by the field that is held of each: the last one that its operation changes."""
    changed = {name: given.changed(name) for name in unique.fields}
    found: dict[str, dict[int, str]] = defaultdict(dict)
    for row, why in clashes.items():
        found[[name for name in unique.fields if changed[name][row]][-1]][row] = why
    # One at a time: whoever goes on without a field has another row number afterwards.
    return dict(list(found.items())[:1])


@dataclass(frozen=True, slots=True)
class _Holder:
    """Who has a value: a row of the observed table."""

    row: int
    id: str


class _Values:
    """The values of one unique constraint: those that stand in the target, and those that open operations would write."""

    def __init__(self, sides: Sides, unique: Unique, given: Drafts) -> None:
        self.sides = sides
        self.kind = sides.kind
        self.unique = unique
        self.given = given
        touched = either((given.changed(name) for name in unique.fields), len(given)) & given.open
        self.rows = np.flatnonzero(touched)
        observed = {name: text(sides.observed[name]) for name in unique.fields}
        self.final = {name: self._final(name, column) for name, column in observed.items()} if self.rows.size else {}
        self.wanted = _joined(self.kind, unique, self.final) if self.rows.size else pa.nulls(0, _TEXT)
        self.there = _joined(self.kind, unique, observed) if self.rows.size else pa.nulls(0, _TEXT)

    def _final(self, name: str, there: pa.Array) -> pa.Array:
        """Return the values that a field has when the operations are carried out."""
        new, changes = take(self.given.new(name), self.rows), self.given.changed(name)[self.rows]
        return new if changes.all() else pc.if_else(pa.array(changes), new, take(there, self.given.objects[self.rows]))

    def clashes(self) -> dict[int, str]:
        """Return, by row, why a value would be refused."""
        if not self.rows.size:
            return {}
        holders, wanted = self._staying(), self.wanted.to_pylist()
        counts = Counter(wanted)
        clashes: dict[int, str] = {}
        for at, value in enumerate(wanted):
            if value is None or (value not in holders and counts[value] == 1):
                continue
            words = ", ".join(f"{name} {column[at].as_py()!r}" for name, column in self.final.items())
            holder = f"is on {self.kind.name} #{holders[value].id} already" if value in holders else None
            clashes[int(self.rows[at])] = f"{words} {holder or f'would stand on {counts[value]} objects'}"
        return clashes

    def _staying(self) -> dict[str, _Holder]:
        """Return who has wanted values and keeps them, by value: of several the one of the least id."""
        near = np.flatnonzero(mask(pc.is_in(self.there, value_set=self.wanted, skip_nulls=True)))
        moving = np.zeros(len(self.there), dtype=bool)
        moving[self._leaving()] = True
        near = near[~moving[near]]
        ids = take(text(self.sides.observed["id"]), near).to_pylist()
        found = zip(take(self.there, near).to_pylist(), near.tolist(), ids, strict=True)
        return {value: _Holder(row, held_by) for value, row, held_by in sorted(found, key=lambda each: each[2], reverse=True)}

    def _leaving(self) -> Positions:
        """Return the objects that are given another value."""
        objects = self.given.objects[self.rows]
        leaving = (objects >= 0) & differs(self.wanted, take(self.there, objects))
        return objects[leaving]

    # Making way.

    def making_way(self, asked: set[int]) -> Iterator[Drafts]:
        """Yield the operations by which objects that this sync retired give up what an operation wants to write.

        `asked` are the rows that were asked before; these are added.
        """
        held_by = self._staying() if self.rows.size and self.unique.enforced else {}
        retired = _retired_by_us(self.sides) if held_by else {}
        for holder in held_by.values():
            if holder.row in retired and holder.row not in asked:
                asked.add(holder.row)
                yield from self._given_up(holder, retired[holder.row])

    def _given_up(self, holder: _Holder, link: int) -> Iterator[Drafts]:
        name = self._text_field()
        if name is None:
            return
        old = take(text(self.sides.observed[name.name]), np.array([holder.row]))[0].as_py()
        base = self.sides.base(name.name, np.array([link]))
        if base is not None and base[0].as_py() not in (None, old):
            return
        new = None if name.nullable else marked(name, old, f" (retired {holder.id})")
        words = self.sides.change(name.name, p.quoted(old), pa.array([new], _TEXT), "makes way: it was retired by this sync")
        yield _makes_way(self.sides, {name.name: words}, holder.row, link)

    def _text_field(self) -> Field | None:
        fields = [self.kind.field(name) for name in self.unique.fields]
        written = [field for field in fields if field.type != "reference" and field.name in self.sides.owners]
        return written[-1] if written else None

    # Steps.

    def edges(self) -> Iterator[tuple[int, int]]:
        """Yield the rows that take a value, each with the row that gives it up."""
        if not self.rows.size or not self.unique.enforced:
            return
        objects = self.given.objects[self.rows]
        given_up = pc.if_else(
            pa.array((objects >= 0) & differs(self.wanted, take(self.there, objects))), take(self.there, objects), None
        )
        giver = index(self.wanted, given_up)
        for taker in np.flatnonzero((giver >= 0) & (giver != np.arange(len(giver)))).tolist():
            yield int(self.rows[taker]), int(self.rows[giver[taker]])


def _joined(kind: Kind, unique: Unique, columns: Mapping[str, pa.Array]) -> pa.Array:
    exact = {field.name for field in kind.references}
    return forms.joined([forms.normal(columns[n], "exact" if n in exact else unique.form) for n in unique.fields])


def _retired_by_us(sides: Sides) -> dict[int, int]:
    """Return the objects that this sync retired and nobody moved on since, as rows of the observed table, with their links."""
    retirement = sides.kind.retirement
    if retirement is None or not sides.links["retired_by"].notna().any():
        return {}
    ours = (sides.links["retired_by"] == RETIRED_BY_SYNC).to_numpy(dtype=bool, na_value=False) & sides.own
    ours[sides.link_of[sides.link_of >= 0]] = False
    links = np.flatnonzero(ours)
    objects = index(take(text(sides.links["target_id"]), links), text(sides.observed["id"]))
    still = mask(pc.equal(take(sides.observed[retirement.field], objects), retirement.value))
    free = still & ~filled(take(sides.observed["locked"], objects))
    return dict(zip(objects[free].tolist(), links[free].tolist(), strict=True))


def _makes_way(sides: Sides, changes: Mapping[str, Change], row: int, link: int) -> Drafts:
    at = np.array([row])
    return drafts(
        sides.kind,
        1,
        p.UPDATE,
        changes,
        key=take(text(sides.observed["key"]), at),
        source_key=take(text(sides.links["source_key"]), np.array([link])),
        target_id=take(text(sides.observed["id"]), at),
        version=take(text(sides.observed["version"]), at),
        reason="gives up what its successor takes",
        object=at,
    )


def marked(field: Field, value: str, mark: str) -> str:
    """Return a value that gives way, with the mark at its end; cut where the field takes no more."""
    room = (field.max_length or len(value) + len(mark)) - len(mark)
    return f"{value[:room]}{mark}"


# Steps.


def _stepped(sides: Sides, given: Drafts) -> Drafts:
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
        for taker, giver in _Values(sides, unique, given).edges():
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
