"""What is left of records that are gone: something between two ends is moved to where its end is told of now.

A target lets an end be of one thing alone. Where a record is gone and another one is at one of its ends, what this sync put
there would be in the way for good, since nothing is ever deleted. So the new record takes it over, and its other end is moved.
"""

import numpy as np
import pandas as pd
import pyarrow as pa

from asset_sync.reconcile.identity.state import LEFT, Matching
from asset_sync.reconcile.tables import PENDING, Positions, index, text


def by_left_end(state: Matching) -> None:
    """Let undecided rows take over the objects at their ends that are of no record any more, each that of one row alone."""
    rows, left = np.flatnonzero(state.undecided()), _left(state)
    if not rows.size or not left.size:
        return
    wanted, there = _ends(state, state.desired, rows), _ends(state, state.observed, left)
    wanted = wanted[~wanted["end"].str.startswith(PENDING)]
    found = wanted.merge(there, on="end", suffixes=("_row", "_object")).drop_duplicates(["at_row", "at_object"])
    alone = ~(found["at_row"].duplicated(keep=False) | found["at_object"].duplicated(keep=False))
    claiming, claimed = (found.loc[alone, name].to_numpy(dtype=np.int64) for name in ("at_row", "at_object"))
    state.claim(claiming, claimed, LEFT)


def _left(state: Matching) -> Positions:
    """Return the objects that nobody was recognised as, and that this sync linked to records which the source does not have."""
    linked = index(text(state.observed["id"]), text(state.links["target_id"]))
    gone = index(text(state.links["source_key"]), text(state.desired["source_key"])) < 0
    own = (linked >= 0) & np.append(gone, False)[linked]
    return np.flatnonzero(own & (state.claimant < 0) & ~state.kept)


def _ends(state: Matching, table: pd.DataFrame, rows: Positions) -> pd.DataFrame:
    """Return the ends of those rows, one after the other: `at`, the row, and `end`."""
    ends = [text(table[name]).take(pa.array(rows)) for name in state.kind.ends]
    told = pd.DataFrame({"at": np.tile(rows, len(ends)), "end": pd.array(pa.concat_arrays(ends), dtype="str")})
    return told.dropna(subset=["end"])
