"""Agreeing: references that the target takes only to an object that says the same of another field (see `Kind.agreement`).

Where the two do not agree, the reference is held, and so is what stands there: with the next write of anything else it is
emptied, which the target would refuse with it.
"""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile.kinds import Agreement
from asset_sync.reconcile.planning.drafts import Change, Drafts, together
from asset_sync.reconcile.planning.ending import ending, writing
from asset_sync.reconcile.planning.fields import part
from asset_sync.reconcile.planning.sides import Sides
from asset_sync.reconcile.tables import Mask, Positions, filled, known_to_differ, take, text

_TEXT = pa.large_string()


class Agreeing:
    """What objects of one kind must agree with, once the plan is carried out. `written` has the operations of earlier kinds."""

    def __init__(self, sides: Mapping[str, Sides], own: Sides, agreement: Agreement, written: Mapping[str, Drafts]) -> None:
        self.sides = own
        self.reference, self.field = agreement.reference, agreement.field
        self.facet = sides[agreement.facet]
        self._said = ending(self.facet, written[agreement.facet], self.field)

    def keep(self, given: Drafts) -> Drafts:
        """Return the operations, which leave every object that they write to in agreement, and those held."""
        rows = np.flatnonzero(given.changed(self.reference) & writing(given))
        apart, why = self._apart(given, rows, take(given.new(self.reference), rows))
        given, held = part(given, self.reference, dict(zip(apart.tolist(), why, strict=True)))
        return together(given.kind, [self._emptied(given), held])

    def _emptied(self, given: Drafts) -> Drafts:
        """Empty the references that stand in what is written to, and that the target would not take with it."""
        rows = np.flatnonzero(writing(given) & ~given.changed(self.reference) & (given.objects >= 0))
        apart, why = self._apart(given, rows, take(text(self.sides.observed[self.reference]), given.objects[rows]))
        for row, reason in zip(apart.tolist(), why, strict=True):
            old = take(text(self.sides.observed[self.reference]), given.objects[[row]])
            given = given.change(self.reference, row, self._none(old, reason))
        return given

    def _none(self, old: pa.Array, why: str) -> Change:
        return self.sides.change(self.reference, old, pa.nulls(1, _TEXT), why)

    def _apart(self, given: Drafts, rows: Positions, references: pa.Array) -> tuple[Positions, list[str]]:
        """Return those of the rows that would not agree with what they refer to, and why in words."""
        there = self._said.of(references)
        stands = take(text(self.sides.observed[self.field]), given.objects[rows])
        here = pc.if_else(pa.array(given.changed(self.field)[rows]), take(given.new(self.field), rows), stands)
        bad = filled(references) & _unlike(here, there)
        told = zip(*(values.filter(pa.array(bad)).to_pylist() for values in (references, here, there)), strict=True)
        return rows[bad], [self._words(*each) for each in told]

    def _words(self, reference: str, here: str | None, there: str | None) -> str:
        named = self.sides.called(self.reference, reference)
        own, other = (self.sides.called(self.field, value) for value in (here, there))
        told = f"the target takes {self.reference} {named} only where both have one {self.field}"
        return f"{told}: it is in {other}, this is in {own}{self._way_out(reference)}"

    def _way_out(self, reference: str) -> str:
        key = self.facet.source_key_of(reference)
        if key is None:
            return ""
        return f"; put it there, or let the source say so (take-source {self.facet.kind.name} {key} {self.field})"


def _unlike(one: pa.Array, other: pa.Array) -> Mask:
    one_sided: Mask = filled(one) ^ filled(other)
    return known_to_differ(one, other) | one_sided
