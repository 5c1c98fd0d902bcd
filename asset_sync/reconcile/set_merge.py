"""The three-way merge of sets of references, member by member, a whole column at a time.

A member is in a set or not. Where the source and a person both changed that since it was applied last, they changed it to the
same, so that no two edits of a set ever are in conflict: a shared set gets what the source adds and loses what the source takes
away, and people's other members stay. As long as a member is held, nobody knows which one it is: nothing is taken away.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile.merge import Merge, Ownership
from asset_sync.reconcile.sets import Numbered, are_pending, members
from asset_sync.reconcile.tables import Mask, Positions, differs, filled


@dataclass(frozen=True, slots=True)
class SetMerge:
    """What a merge of sets decided, by row: `merge` as of other fields, what is to stand there, and what is to be remembered.

    What is remembered is what the source said: a person's members, that stand there too, are not this sync's to take away.
    """

    merge: Merge
    wanted: pa.Array
    said: pa.Array

    def of(self, rows: Mask, other: "SetMerge") -> "SetMerge":
        """Return the decisions, those about these rows as another merge has them."""
        at = pa.array(rows)
        wanted, said = pc.if_else(at, other.wanted, self.wanted), pc.if_else(at, other.said, self.said)
        return SetMerge(self.merge.of(rows, other.merge), wanted, said)


@dataclass(frozen=True, slots=True)
class Sets:
    """A field of both sides, by row: what the source says, what stands there, what was applied last, where that is known.

    `partly` are the rows of which a member is held.
    """

    desired: pa.Array
    observed: pa.Array
    base: pa.Array
    known: Mask
    partly: Mask


def merge_sets(ownership: Ownership, sets: Sets) -> SetMerge:
    """Merge one field by its owner's word."""
    count = len(sets.desired)
    nothing = np.zeros(count, dtype=bool)
    if ownership.owner == "initial":
        return SetMerge(Merge(nothing, nothing, nothing, nothing), sets.desired, sets.desired)
    numbers = Numbered(map(members, (sets.desired, sets.observed, sets.base)), count)
    desired, observed, base = numbers.pairs
    speaks = filled(sets.desired) | sets.partly | ownership.clears
    is_shared = ownership.owner == "shared"
    # Of what is remembered of none, all that stands there may be a person's, and what the source says fills what is empty.
    taken = numbers.among(base if is_shared else observed, speaks & ~sets.partly & (sets.known | (not is_shared)))
    added = _without(desired, numbers.among(base, sets.known)) if is_shared else desired
    wanted = numbers.texts(_both(_without(observed, _without(taken, desired)), added))
    said = numbers.texts(_both(desired, numbers.among(base, sets.partly)))
    write = differs(wanted, sets.observed) & speaks
    agreed = speaks & ~write & differs(said, sets.base) & ~are_pending(said)
    return SetMerge(Merge(write, nothing, speaks, agreed if is_shared else nothing), wanted, said)


def _without(ones: Positions, others: Positions) -> Positions:
    return np.setdiff1d(ones, others, assume_unique=True)


def _both(ones: Positions, others: Positions) -> Positions:
    return np.union1d(ones, others)
