"""Agreeing: references that the target takes only to an object that says the same of another field (see `Kind.agreement`).

Where the two do not agree, the reference is held, and so is what stands there: with the next write of anything else it is
emptied, which the target would refuse with it.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile import forms
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.kinds import Agreement
from asset_sync.reconcile.planning.drafts import Change, Drafts, either, together
from asset_sync.reconcile.planning.fields import part
from asset_sync.reconcile.planning.sides import Sides
from asset_sync.reconcile.tables import PENDING, Mask, Positions, cell, filled, index, known_to_differ, take, text

_TEXT = pa.large_string()


class Agreeing:
    """What objects of one kind must agree with, once the plan is carried out. `written` has the operations of earlier kinds."""

    def __init__(self, sides: Mapping[str, Sides], own: Sides, agreement: Agreement, written: Mapping[str, Drafts]) -> None:
        self.sides = own
        self.reference, self.field = agreement.reference, agreement.field
        self.facet = sides[agreement.facet]
        self._said = _said(self.facet, written[agreement.facet], self.field)

    def keep(self, given: Drafts) -> Drafts:
        """Return the operations, which leave every object that they write to in agreement, and those held."""
        rows = np.flatnonzero(given.changed(self.reference) & _writing(given))
        apart, why = self._apart(given, rows, take(given.new(self.reference), rows))
        given, held = part(given, self.reference, dict(zip(apart.tolist(), why, strict=True)))
        return together(given.kind, [self._emptied(given), held])

    def _emptied(self, given: Drafts) -> Drafts:
        """Empty the references that stand in what is written to, and that the target would not take with it."""
        rows = np.flatnonzero(_writing(given) & ~given.changed(self.reference) & (given.objects >= 0))
        apart, why = self._apart(given, rows, take(text(self.sides.observed[self.reference]), given.objects[rows]))
        for row, reason in zip(apart.tolist(), why, strict=True):
            old = take(text(self.sides.observed[self.reference]), given.objects[[row]])
            given = given.change(self.reference, row, self._none(old, reason))
        return given

    def _none(self, old: pa.Array, why: str) -> Change:
        return self.sides.change(self.reference, old, pa.nulls(1, _TEXT), why)

    def _apart(self, given: Drafts, rows: Positions, references: pa.Array) -> tuple[Positions, list[str]]:
        """Return those of the rows that would not agree with what they refer to, and why in words."""
        there = take(self._said.values, index(references, self._said.objects))
        stands = take(text(self.sides.observed[self.field]), given.objects[rows])
        here = pc.if_else(pa.array(given.changed(self.field)[rows]), take(given.new(self.field), rows), stands)
        bad = filled(references) & _unlike(here, there)
        told = zip(*(values.filter(pa.array(bad)).to_pylist() for values in (references, here, there)), strict=True)
        return rows[bad], [self._words(*each) for each in told]

    def _words(self, reference: str, here: str | None, there: str | None) -> str:
        named, own, other = (
            self._named(name, token) for name, token in ((self.reference, reference), (self.field, here), (self.field, there))
        )
        told = f"the target takes {self.reference} {named} only where both have one {self.field}"
        return f"{told}: it is in {other}, this is in {own}{self._way_out(reference)}"

    def _named(self, name: str, token: str | None) -> str:
        if token is None:
            return "none"
        if token.startswith(PENDING):
            return repr(token.removeprefix(PENDING))
        table = self.sides.target_keys[name]
        row = int(index(pa.array([token], _TEXT), text(table["id"]))[0])
        return repr(cell(table["key"], row)) if row >= 0 else f"#{token}"

    def _way_out(self, reference: str) -> str:
        matches = self.facet.matches
        row = int(index(pa.array([reference], _TEXT), text(matches["target_id"]))[0])
        if row < 0:
            return ""
        decision = f"take-source {self.facet.kind.name} {cell(matches['source_key'], row)} {self.field}"
        return f"; put it there, or let the source say so ({decision})"


class _Said(NamedTuple):
    """What objects say of a field in the end: what plans call the objects, and the values, in the words of references."""

    objects: pa.Array
    values: pa.Array


def _said(facet: Sides, given: Drafts, field: str) -> _Said:
    rows = np.flatnonzero(given.changed(field) & given.open)
    keys = take(given["key"], rows)
    written = pc.coalesce(take(given["target_id"], rows), forms.concat(PENDING, keys, like=keys))
    objects, values = text(facet.observed["id"]), text(facet.observed[field])
    # What is written comes first, and is found first.
    return _Said(pa.concat_arrays([written, objects]), pa.concat_arrays([take(given.new(field), rows), values]))


def _writing(given: Drafts) -> Mask:
    return either(map(given.are, p.WRITES), len(given)) & given.open


def _unlike(one: pa.Array, other: pa.Array) -> Mask:
    one_sided: Mask = filled(one) ^ filled(other)
    return known_to_differ(one, other) | one_sided
