"""Leaving: an object that this sync made and whose record is another one by a person's decision is linked by itself.

Its link has a key of its own that no record has, so that it is missing from then on, and whatever becomes of an object whose
record is gone becomes of it: it is retired after the grace, behind the guards, until that is done; it makes way; it is restored
where it is a record's object again. That it is such a link, `left` says, not what its key looks like.
"""

from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.identity import changed_objects
from asset_sync.reconcile.planning.about import identities
from asset_sync.reconcile.planning.drafts import Drafts, none
from asset_sync.reconcile.planning.sides import Sides
from asset_sync.reconcile.tables import Mask, Positions, index, take, text

LEFT: Final = " (left #"
"""What stands behind a record's key in that of an object which it left, before the object's id."""


LEAVES: Final = "made by this sync for a record that is another object by decision"
"""Why an object is remembered by itself; of its link, by what that came about."""

FORGOTTEN: Final = "written by this sync for a record that was it by a decision that is over"
"""By what the link of an object came about whose record left it with the decision: where this sync did not make it, it is
nobody's, and no more is asked of it than to give up what was written."""


def are_left(links: pd.DataFrame) -> Mask:
    """Return which links are of objects that their records left."""
    return links["left"].fillna(value=False).to_numpy(dtype=bool)


def leaving(sides: Sides) -> Drafts:
    """Return the claims that let the objects which their records leave be remembered by themselves."""
    links = leaving_links(sides)
    if not links.size:
        return none(sides.kind)
    objects = _objects(sides, links)
    claims = sides.draft_of_objects(objects, p.CLAIM, source_keys=_left_keys(sides, links), reason=LEAVES)
    return claims.with_column("identity", identities(sides, objects)) if sides.knows_identity() else claims


def leaving_links(sides: Sides) -> Positions:
    """Return the links whose records leave the objects that this sync made for them.

    Not those of which somebody made something else meanwhile: they are a person's now. Nor where a record is called as what is
    left would be: it keeps its name.
    """
    decided = sides.resolved("link") if sides.kind.retirement is not None else {}
    rows = np.array([row for row in decided if sides.same[row] and not sides.linked[row]], dtype=np.int64)
    if not rows.size:
        return rows
    links = sides.link_of[rows]
    # By whichever of the syncs that share the links. The last one stands for no link at all.
    links = links[np.append(are_made(sides), False)[links]]
    links = links[_objects(sides, links) >= 0]
    objects = _objects(sides, links)
    left = ~np.isin(objects, sides.object_of[sides.object_of >= 0])
    left &= ~changed_objects(sides.kind, sides.links, sides.observed, links, objects).changed
    left &= ~_are_records(sides, _left_keys(sides, links))
    chosen: Positions = links[left]
    return chosen


def keys_after(sides: Sides, links: Positions) -> pa.Array:
    """Return the source keys that links have once the plan is noted."""
    keys, leave = sides.keys_of(links), np.isin(links, leaving_links(sides))
    return pc.replace_with_mask(keys, pa.array(leave), _left_keys(sides, links[leave])) if leave.any() else keys


def keys_apart(sides: Sides, links: Positions) -> pa.Array:
    """Return the same of links whose records are other objects: none where the object is not remembered by itself."""
    remembered = are_left(sides.links)[links] | np.isin(links, leaving_links(sides))
    return pc.if_else(pa.array(remembered), keys_after(sides, links), None)


def _are_records(sides: Sides, keys: pa.Array) -> Mask:
    """Return which keys are those of records, of the source or of links."""
    of_links = pc.if_else(pa.array(are_left(sides.links)), None, text(sides.links["source_key"]))
    found: Mask = (index(keys, sides.source_keys) >= 0) | (index(keys, of_links) >= 0)
    return found


def _objects(sides: Sides, links: Positions) -> Positions:
    return index(take(text(sides.links["target_id"]), links), text(sides.observed["id"]))


def _left_keys(sides: Sides, links: Positions) -> pa.Array:
    own = zip(sides.keys_of(links).to_pylist(), take(text(sides.links["target_id"]), links).to_pylist(), strict=True)
    return pa.array([left_key(key, target_id) for key, target_id in own], pa.large_string())


def are_made(sides: Sides) -> Mask:
    """Return which links are to objects that this sync made, or one that shares its links."""
    return sides.links["made"].fillna(value=False).to_numpy(dtype=bool)


def left_key(source_key: str, target_id: str) -> str:
    """Return the key of the link of an object that a record left."""
    return f"{source_key}{LEFT}{target_id})"
