"""Rebasing: after a target came back from a backup, or a ledger was lost, the target as it stands is the base of the merge.

Else what the backup brought back counts as people's edits for ever. It is so for objects that are older than what this sync
last wrote to them, for those that are recognised for the first time, and for fields that both sides are said to have changed.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from asset_sync.reconcile.kinds import Kind
from asset_sync.reconcile.merge import Merge
from asset_sync.reconcile.planning.sides import Sides
from asset_sync.reconcile.tables import Mask, Positions, differs, filled, index, take, text


def rebased(sides: Sides, merges: Mapping[str, Merge]) -> dict[str, Mask]:
    """Return, by field, the rows whose value in the target is to be remembered as the one applied last."""
    older = np.zeros(len(sides.desired), dtype=bool)
    at, objects = sides.remembered[sides.linked], sides.object_of[sides.linked]
    older[sides.linked] = is_older(sides.kind, sides.links, sides.observed, at, objects)
    first = sides.same & ~sides.linked
    return {
        name: (older | first | merged.conflict) & sides.same for name, merged in merges.items() if sides.is_remembered(name)
    }


def is_older(kind: Kind, links: pd.DataFrame, observed: pd.DataFrame, at: Positions, objects: Positions) -> Mask:
    """Return where an object is of an earlier version than this sync last left it in; both by row number, -1 for none."""
    known, now = take(text(links["version"]), at), take(text(observed["version"]), objects)
    moved = np.flatnonzero(differs(known, now) & filled(known) & filled(now))
    older = np.zeros(len(known), dtype=bool)
    if kind.versions is not None and moved.size:
        order = _moments if kind.versions == "moment" else _counts
        older[moved] = (order(take(now, moved).to_pandas()) < order(take(known, moved).to_pandas())).to_numpy(dtype=bool)
    return older


def rolled_back(kind: Kind, links: pd.DataFrame, observed: pd.DataFrame) -> Mask:
    """Return which links' objects are of an earlier version than this sync last left them in."""
    objects = index(text(links["target_id"]), text(observed["id"]))
    return is_older(kind, links, observed, np.arange(len(links)), objects)


def _moments(versions: pd.Series) -> pd.Series:
    return pd.to_datetime(versions, utc=True, format="ISO8601")


def _counts(versions: pd.Series) -> pd.Series:
    return versions.str.extract(r"(\d+)", expand=False).astype("int64")
