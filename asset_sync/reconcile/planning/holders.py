"""Who has a unique value: the objects that stand in the target, and the operations that would write it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile import forms
from asset_sync.reconcile.kinds import Kind, Unique
from asset_sync.reconcile.planning.drafts import Drafts, either
from asset_sync.reconcile.planning.sides import Sides
from asset_sync.reconcile.tables import Positions, differs, index, rows_in, take, text

_TEXT = pa.large_string()


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a value: a row of the observed table."""

    row: int
    id: str


class Values:
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
        holders, wanted = self.staying, self.wanted.to_pylist()
        counts, objects = Counter(wanted), self.given.objects[self.rows].tolist()
        clashes: dict[int, str] = {}
        for at, value in enumerate(wanted):
            # Who writes its own value in another way (10.0.0.1/24 as /25) is in nobody's way.
            is_held = value in holders and holders[value].row != objects[at]
            if value is None or not (is_held or counts[value] > 1):
                continue
            words = ", ".join(f"{name} {self._called(name, column[at].as_py())}" for name, column in self.final.items())
            told = self._held_by(holders[value]) if is_held else f"would stand on {counts[value]} objects"
            clashes[int(self.rows[at])] = f"{words} {told}"
        return clashes

    def _called(self, name: str, value: str | None) -> str:
        """Return a value in the words of people: of a reference, what it is to, and not its number."""
        return repr(value) if self.kind.field(name).to is None else self.sides.called(name, value)

    def _held_by(self, holder: Holder) -> str:
        way = (
            ", which is out of service: give that another by hand, or take it away" if self.sides.is_retired(holder.row) else ""
        )
        return f"is on {self.kind.name} #{holder.id} already{way}"

    @cached_property
    def staying(self) -> dict[str, Holder]:
        """Who has wanted values and keeps them, by value: of several the one of the least id."""
        near = rows_in(self.there, self.wanted)
        moving = np.zeros(len(self.there), dtype=bool)
        moving[self._leaving()] = True
        near = near[~moving[near]]
        ids = take(text(self.sides.observed["id"]), near).to_pylist()
        found = zip(take(self.there, near).to_pylist(), near.tolist(), ids, strict=True)
        return {value: Holder(row, held_by) for value, row, held_by in sorted(found, key=lambda each: each[2], reverse=True)}

    def _leaving(self) -> Positions:
        """Return the objects that are given another value."""
        objects = self.given.objects[self.rows]
        leaving = (objects >= 0) & differs(self.wanted, take(self.there, objects))
        return objects[leaving]

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
