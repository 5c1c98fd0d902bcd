"""Returning: a record is again the object that it left by a decision that is over, where it is nothing else.

So it is where somebody parted them by mistake, and took back both the decision and what a plan had made of it: an undo took its
own object out of service; or where no plan had made anything of it yet.
"""

from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile.identity.remembered import changed_objects
from asset_sync.reconcile.identity.state import RETURN, Matching
from asset_sync.reconcile.tables import RETIRED_BY_UNDO, Mask, Positions, index, mask, out_of_service, take, text

LEFT_MARK: Final = " (left #"
"""What stands behind a record's key in that of an object which it left, before the object's id."""


def left_key(source_key: str, target_id: str) -> str:
    """Return the key of the link of an object that a record left."""
    return f"{source_key}{LEFT_MARK}{target_id})"


def left_by(links: pd.DataFrame, at: Positions) -> pa.Array:
    """Return the keys of the records that left the objects of those links."""
    told = zip(*(take(text(links[name]), at).to_pylist() for name in ("source_key", "target_id")), strict=True)
    return pa.array([key.removesuffix(left_key("", target_id)) for key, target_id in told], pa.large_string())


def by_return(state: Matching) -> None:
    """Let undecided records be what they left, each that of one alone."""
    links, objects = _parted(state)
    if not links.size:
        return
    rows, nothing_else = _records(state, links)
    in_service = ~out_of_service(state.kind, state.observed, objects)
    back = (rows >= 0) & np.append(state.undecided(), False)[rows] & nothing_else & in_service
    back &= ~changed_objects(state.kind, state.links, state.observed, links, objects).changed
    back &= np.array([(row, other) not in state.parted for row, other in zip(rows.tolist(), objects.tolist(), strict=True)])
    back[back] = np.bincount(rows[back])[rows[back]] == 1
    chosen: Positions = np.full(len(state.desired), -1, dtype=np.int64)
    chosen[rows[back]] = objects[back]
    state.claim_all(chosen, RETURN)


def _parted(state: Matching) -> tuple[Positions, Positions]:
    """Return the links of what records left by a decision that parted them, and their objects, of those that are there."""
    links = np.flatnonzero(state.links["parted"].fillna(value=False).to_numpy(dtype=bool))
    objects = index(take(text(state.links["target_id"]), links), text(state.observed["id"]))
    return links[objects >= 0], objects[objects >= 0]


def _records(state: Matching, links: Positions) -> tuple[Positions, Mask]:
    """Return the records that left those objects, and whether they are nothing else: not linked, or to what an undo retired."""
    keys = left_by(state.links, links)
    linked = index(keys, text(state.links["source_key"]))
    own = index(take(text(state.links["target_id"]), linked), text(state.observed["id"]))
    by_undo = mask(pc.equal(take(text(state.links["retired_by"]), linked), RETIRED_BY_UNDO))
    undone = by_undo & out_of_service(state.kind, state.observed, own)
    return index(keys, text(state.desired["source_key"])), (linked < 0) | undone
