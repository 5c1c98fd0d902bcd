"""Leaving: an object that this sync made or wrote to, and that is its record's no more by a decision, is linked by itself.

Its link has a key of its own that no record has. One that this sync made is missing from then on, and whatever becomes of an
object whose record is gone becomes of it: it is retired after the grace, behind the guards, until that is done; it makes way;
it is restored where it is a record's object again. Of one that this sync only wrote to, no more is asked than to give that up
where it is needed. That it is such a link, `left` says, not what its key looks like.
"""

from collections.abc import Iterable
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.identity import changed_objects
from asset_sync.reconcile.identity.returning import left_key
from asset_sync.reconcile.identity.state import RETURN
from asset_sync.reconcile.kinds import Kind
from asset_sync.reconcile.planning.about import identities
from asset_sync.reconcile.planning.drafts import Drafts, none
from asset_sync.reconcile.planning.sides import Sides
from asset_sync.reconcile.resolutions import Resolution, Resolutions, Verb
from asset_sync.reconcile.tables import Mask, Positions, filled, index, take, text

_PARTING: Final[tuple[Verb, ...]] = ("never_link", "link")
"""The decisions by which a record may be another object than it was linked to."""

LEAVES: Final = "made by this sync for a record that is another object by decision"
"""Why an object is remembered by itself; of its link, by what that came about."""

WRITTEN: Final = "written by this sync for a record that is another object by decision"
"""The same of an object that this sync did not make: it is nobody's."""

FORGOTTEN: Final = "written by this sync for a record that was it by a decision that is over"
"""By what the link of an object came about whose record left it with the decision: where this sync did not make it, it is
nobody's."""

OF_LEFT: Final = (LEAVES, WRITTEN, FORGOTTEN)
"""By what the links of objects came about that their records left."""


def are_left(links: pd.DataFrame) -> Mask:
    """Return which links are of objects that their records left."""
    return links["left"].fillna(value=False).to_numpy(dtype=bool)


def leaving(sides: Sides) -> Drafts:
    """Return the claims that let the objects which their records leave be remembered by themselves."""
    links = leaving_links(sides)
    if not links.size:
        return none(sides.kind)
    objects = _objects(sides, links)
    made = pa.array(are_made(sides)[links])
    reasons = pc.if_else(made, LEAVES, WRITTEN).cast(pa.large_string())
    claims = sides.draft_of_objects(objects, p.CLAIM, source_keys=_left_keys(sides, links), reason=reasons)
    return claims.with_column("identity", identities(sides, objects)) if sides.knows_identity() else claims


def leaving_links(sides: Sides) -> Positions:
    """Return the links whose records leave the objects that this sync made for them, or wrote to.

    Not those of which somebody made something else meanwhile: they are a person's now. Nor where a record is called as what is
    left would be: it keeps its name.
    """
    links = parted_links(sides)
    if not links.size:
        return links
    # By whichever of the syncs that share the links.
    links = links[are_made(sides)[links] | _are_written(sides, links)]
    links = links[_objects(sides, links) >= 0]
    objects = _objects(sides, links)
    left = ~np.isin(objects, sides.object_of[sides.object_of >= 0])
    left &= ~changed_objects(sides.kind, sides.links, sides.observed, links, objects).changed
    left &= ~_are_records(sides, _left_keys(sides, links))
    chosen: Positions = links[left]
    return chosen


def parted_links(sides: Sides) -> Positions:
    """Return the links of the records that are other objects by a person's decision, or none that there is.

    By one that is over, too: they are again what they were before it.
    """
    returned = sides.link_of[(sides.matches["rule"] == RETURN).to_numpy(dtype=bool)]
    links = np.union1d(links_apart(sides.kind, sides.links, sides.resolutions), returned[returned >= 0])
    rows = index(sides.keys_of(links), sides.source_keys)
    links, rows = links[rows >= 0], rows[rows >= 0]
    chosen: Positions = links[~sides.linked[rows] & ~sides.are_undecided[rows]]
    return chosen


def links_apart(kind: Kind, links: pd.DataFrame, resolutions: Resolutions) -> Positions:
    """Return the links of which a person decided that the record is not that object, whether or not the source has it now."""
    decided = resolutions.by_record(kind.name, *_PARTING)
    keys = list(decided)
    found = index(pa.array(keys, pa.large_string()), text(links["source_key"])) if keys else np.array([], dtype=np.int64)
    ids = take(text(links["target_id"]), found).to_pylist()
    apart = [at for at, key, linked in zip(found.tolist(), keys, ids, strict=True) if at >= 0 and parts(decided[key], linked)]
    return np.array(apart, dtype=np.int64)


def parts(decided: Iterable[Resolution], linked: str | None) -> bool:
    """Tell whether decisions about a record say that it is not the object that it was linked to."""
    return any((each.target_id == linked) == (each.verb == "never_link") for each in decided)


def parting(sides: Sides) -> dict[str, list[Resolution]]:
    """Return, by record, the decisions that say which objects it is not: to link it to what is gone says that of none."""
    decided = sides.resolutions.by_record(sides.kind.name, *_PARTING)
    linked = [each.target_id for own in decided.values() for each in own if each.verb == "link"]
    gone = set(np.array(linked, dtype=object)[index(pa.array(linked, pa.large_string()), text(sides.observed["id"])) < 0])
    return {key: [each for each in own if each.verb != "link" or each.target_id not in gone] for key, own in decided.items()}


def keys_after(sides: Sides, links: Positions) -> pa.Array:
    """Return the source keys that links have once the plan is noted."""
    keys, leave = sides.keys_of(links), np.isin(links, leaving_links(sides))
    return pc.replace_with_mask(keys, pa.array(leave), _left_keys(sides, links[leave])) if leave.any() else keys


def keys_apart(sides: Sides, links: Positions) -> pa.Array:
    """Return the same of links whose records are other objects: none where the object is not remembered by itself."""
    remembered = are_left(sides.links)[links] | np.isin(links, leaving_links(sides))
    return pc.if_else(pa.array(remembered), keys_after(sides, links), None)


def _are_written(sides: Sides, links: Positions) -> Mask:
    """Return which links are to objects to which this sync wrote what they give up where it is needed."""
    written = np.zeros(len(links), dtype=bool)
    for field in sides.kind.fields:
        if field.nullable and field.to is None and field.name in sides.owners and sides.owners[field.name].owner == "source":
            base = sides.base(field.name, links)
            written |= False if base is None else filled(base)
    return written


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
