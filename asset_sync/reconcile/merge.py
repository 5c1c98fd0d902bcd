"""Owners and the three-way merge: whose word counts for a field, a whole column at a time (DESIGN §4)."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from asset_sync.reconcile.tables import Column, Mask, as_views, differs, filled, glance

Owner = Literal["source", "shared", "initial"]


@dataclass(frozen=True, slots=True)
class Ownership:
    """Who owns a field; `clears` lets an empty value of the source blank a filled one of the target."""

    owner: Owner
    clears: bool = False


@dataclass(frozen=True, slots=True)
class Merge:
    """What a merge decided, by row.

    write: the target takes the source's value. conflict: both changed it, a person decides. unedited: what stands there is not
    a person's edit, so a full run may write it again. agreed: the source's value is to be remembered without a write, because
    the target holds it too, or because what stands there was a person's before anything was remembered.
    """

    write: Mask
    conflict: Mask
    unedited: Mask
    agreed: Mask

    def among(self, rows: Mask) -> "Merge":
        """Return the decisions about those rows alone."""
        return Merge(self.write & rows, self.conflict & rows, self.unedited & rows, self.agreed & rows)

    def of(self, rows: Mask, other: "Merge") -> "Merge":
        """Return the decisions, those about these rows as another merge has them."""
        return Merge(
            np.where(rows, other.write, self.write),
            np.where(rows, other.conflict, self.conflict),
            np.where(rows, other.unedited, self.unedited),
            np.where(rows, other.agreed, self.agreed),
        )


def merge(ownership: Ownership, desired: Column, observed: Column, base: Column | None, emptied: Mask | None = None) -> Merge:
    """Merge one field. The columns are of one order; `base` is the value last applied, missing where none is remembered.

    `emptied` says where the value last applied is known to be none, so that a value there is a person's.
    """
    nothing = np.zeros(len(desired), dtype=bool)
    if ownership.owner == "initial":
        return Merge(nothing, nothing, nothing, nothing)
    desired = as_views(desired)
    unequal = differs(desired, observed)
    speaks = ~nothing if ownership.clears else filled(desired)
    if ownership.owner == "source":
        return Merge(unequal & speaks, nothing, speaks, nothing)
    if base is None:
        return _first_seen(unequal, speaks, desired, observed)
    known = filled(base) if emptied is None else filled(base) | emptied
    return _three_ways(unequal, speaks, desired, observed, _Base(base, known))


@dataclass(frozen=True, slots=True)
class _Base:
    """The values last applied, and where one is known: it may be known to be none."""

    values: Column
    known: Mask


def _first_seen(unequal: Mask, speaks: Mask, desired: Column, observed: Column) -> Merge:
    """Nothing is remembered: what stands in the target may be a person's, what is empty there is filled."""
    write = unequal & speaks & ~filled(observed)
    return Merge(write, np.zeros_like(write), speaks & ~unequal | write, filled(desired) & ~write)


def _three_ways(unequal: Mask, speaks: Mask, desired: Column, observed: Column, base: _Base) -> Merge:
    source_changed = differs(desired, base.values)
    # Where both sides are equal it does not matter who changed what, and most rows are equal.
    rows = np.flatnonzero(unequal)
    person_changed, fills = np.zeros_like(unequal), np.zeros_like(unequal)
    there = glance(observed, rows)
    person_changed[rows] = differs(there, glance(base.values, rows))
    fills[rows] = ~base.known[rows] & ~filled(there)
    write = unequal & speaks & (fills | (base.known & source_changed & ~person_changed))
    return Merge(
        write=write,
        conflict=unequal & speaks & base.known & source_changed & person_changed,
        unedited=speaks & (~unequal | (base.known & ~person_changed) | fills),
        agreed=speaks & source_changed & (~unequal | ~base.known) & ~write,
    )
