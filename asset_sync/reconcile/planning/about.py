"""About: what makes the objects that a plan writes to those objects, as it sees them.

A plan may wait for days, and an undo for longer; under the id there may be another object by then.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.identity import telling
from asset_sync.reconcile.planning.drafts import Drafts, either, identity, valued
from asset_sync.reconcile.planning.sides import Sides
from asset_sync.reconcile.tables import Positions, filled, take, text


def identities(sides: Sides, objects: Positions) -> pa.Array:
    """Return what makes objects (rows of the observed table) those objects, as links remember it."""
    values = {name: take(text(sides.observed[name]), objects) for name in sides.kind.identifying}
    return identity(valued(values), take(text(sides.observed["created"]), objects))


def about_objects(sides: Sides, given: Drafts) -> Drafts:
    """Return the operations with what makes the objects that they write to those objects; the others say nothing."""
    writing = either((given.are(op) for op in (p.UPDATE, p.RESTORE, p.RETIRE)), len(given)) & given.open & (given.objects >= 0)
    if not writing.any():
        return given
    rows = np.where(writing, given.objects, -1)
    values = {name: take(text(sides.observed[name]), rows) for name in telling(sides.kind)}
    created = take(text(sides.observed["created"]), rows)
    known = either(map(filled, (created, *values.values())), len(given))
    told = identity(valued(values), created)
    return given.with_column("about", pc.if_else(known, told, None))
