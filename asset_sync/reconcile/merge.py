"""Owners and the three-way merge: whose word counts for a field, a whole column at a time (DESIGN §4)."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from asset_sync.reconcile.tables import Mask, differs

Owner = Literal["source", "shared", "initial"]


@dataclass(frozen=True, slots=True)
class Ownership:
    """Who owns a field; `clears` lets an empty value of the source blank a filled one of the target."""

    owner: Owner
    clears: bool = False


@dataclass(frozen=True, slots=True)
class Merge:
    """What a merge decided, by row.

    write: the target takes the source's value. conflict: both changed it, a person decides. ours: what stands there is not
    a person's edit, so a full run may write it again. agreed: both sides hold a value that is not yet the remembered one.
    """

    write: Mask
    conflict: Mask
    ours: Mask
    agreed: Mask


def merge(ownership: Ownership, desired: pd.Series, observed: pd.Series, base: pd.Series) -> Merge:
    """Merge one field. The columns are of one order; `base` is the value last applied, missing where none is remembered."""
    unequal = differs(desired, observed)
    nothing = np.zeros(len(unequal), dtype=bool)
    speaks = np.ones(len(unequal), dtype=bool) if ownership.clears else desired.notna().to_numpy()
    if ownership.owner == "initial":
        return Merge(nothing, nothing, nothing, nothing)
    if ownership.owner == "source":
        return Merge(unequal & speaks, nothing, speaks, nothing)
    remembered = base.notna().to_numpy()
    source_changed = differs(desired, base)
    person_changed = differs(observed, base)
    fills = ~remembered & observed.isna().to_numpy()
    return Merge(
        write=unequal & speaks & (fills | (remembered & source_changed & ~person_changed)),
        conflict=unequal & speaks & remembered & source_changed & person_changed,
        ours=speaks & (~unequal | (remembered & ~person_changed) | fills),
        agreed=speaks & source_changed & (~unequal | ~remembered),
    )
