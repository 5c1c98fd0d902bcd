"""What objects of a kind say of a field in the end, once the operations of a plan are carried out."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile import forms
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.planning.drafts import Drafts, either
from asset_sync.reconcile.planning.sides import Sides
from asset_sync.reconcile.tables import PENDING, Mask, index, take, text


class Ending(NamedTuple):
    """What plans call the objects, as references do, and their values, in the words of references."""

    objects: pa.Array
    values: pa.Array

    def of(self, objects: pa.Array) -> pa.Array:
        """Return the values of objects, null of one that is not known."""
        return take(self.values, index(objects, self.objects))


def ending(sides: Sides, given: Drafts, field: str) -> Ending:
    """Return what the objects of a kind say of a field after those operations."""
    rows = np.flatnonzero(given.changed(field) & given.open)
    objects, values = text(sides.observed["id"]), text(sides.observed[field])
    # What is written comes first, and is found first.
    return Ending(
        pa.concat_arrays([take(tokens(given), rows), objects]),
        pa.concat_arrays([take(given.new(field), rows), values]),
    )


def tokens(given: Drafts) -> pa.Array:
    """Return how references name the objects of operations, those too that are about to be created."""
    return pc.coalesce(given["target_id"], forms.concat(PENDING, given["key"], like=given["key"]))


def writing(given: Drafts) -> Mask:
    """Return which operations write to the target."""
    return either(map(given.are, p.WRITES), len(given)) & given.open
