"""Elsewhere: objects that other syncs or connections write to, too. A record that moves from one to another stays in service.

As long as another source has it, an object is not retired; what another one retired is back once this source has it. What
others of ours wrote is nobody's edit.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile import forms
from asset_sync.reconcile.planning.sides import Sides
from asset_sync.reconcile.tables import RETIRED_BY_SYNC, Mask, Positions, arrow, filled, index, mask, take, take_series, text

_TEXT = pa.large_string()
_SEPARATOR = pa.scalar("\x1f", _TEXT)


def retired(sides: Sides) -> Mask:
    """Return the matched rows whose object others retired and nobody moved on since, where it is known what it was before."""
    retirement, none = sides.kind.retirement, np.zeros(len(sides.desired), dtype=bool)
    if retirement is None or sides.elsewhere is None or not sides.elsewhere["retired_by"].eq(RETIRED_BY_SYNC).any():
        return none
    back = filled(status_before(sides, np.arange(len(sides.desired)))) & sides.same & sides.out_of_service(sides.object_of)
    if retirement.value is not None and retirement.field in sides.desired:
        # The source itself says that it is out of service.
        back &= ~mask(pc.equal(arrow(sides.desired[retirement.field]), retirement.value))
    return back


def status_before(sides: Sides, rows: Positions) -> pa.Array:
    """Return, by row of the desired table, what others had set before they retired the object; null where none did."""
    like = pa.null() if sides.kind.retirement is None else arrow(sides.observed[sides.kind.retirement.field]).type
    if sides.elsewhere is None or sides.elsewhere.empty:
        return pa.nulls(len(rows), like)
    others = sides.elsewhere[sides.elsewhere["retired_by"].eq(RETIRED_BY_SYNC)].drop_duplicates("target_id")
    found = index(take(text(sides.observed["id"]), sides.object_of[rows]), text(others["target_id"]))
    return take(text(others["status"]), found).cast(like)


def in_service(sides: Sides, links: Positions, objects: Positions) -> pa.Array:
    """Return, by link whose record is gone, whose source has the object still, or had it longer; null where none has.

    It is retired, then, by whoever had it last.
    """
    if sides.elsewhere is None or sides.elsewhere.empty or not len(links):
        return pa.nulls(len(links), _TEXT)
    standing = sides.elsewhere[sides.elsewhere["retired_by"].isna()]
    last_first = standing.sort_values("missing_since", ascending=False, na_position="first", kind="stable")
    others = last_first.drop_duplicates("target_id")
    found = index(take(text(sides.observed["id"]), objects), text(others["target_id"]))
    since, own = take_series(others["missing_since"], found), take_series(sides.links["missing_since"], links)
    there, longer = since.isna().to_numpy(dtype=bool), (own.reset_index(drop=True) < since.reset_index(drop=True)).to_numpy()
    name = take(text(others["link_set"]), found)
    why = pc.if_else(pa.array(there), " has it, and it stays in service as long", " had it longer, and retires it")
    told = forms.concat("missing here, but ", name, why, "; to leave it alone for good: asset-sync resolve ignore", like=name)
    return pc.if_else(pa.array((found >= 0) & (there | longer)), told, pa.scalar(None, _TEXT))


def having(sides: Sides, at: int) -> str | None:
    """Return who else has an object (a row of the observed table): the links of a sync whose source tells of it still."""
    others = sides.elsewhere
    if others is None or others.empty:
        return None
    still = (
        others["target_id"].eq(str(sides.observed["id"].iat[at])) & others["retired_by"].isna() & others["missing_since"].isna()
    )
    return next(iter(others["link_set"][still].tolist()), None)


def wrote(sides: Sides, objects: Positions, status: pa.Array) -> Mask:
    """Return which objects are in the status that others last gave them."""
    if sides.elsewhere is None or sides.elsewhere.empty or not objects.size:
        return np.zeros(len(objects), dtype=bool)
    said = _both(text(sides.elsewhere["target_id"]), text(sides.elsewhere["status"]))
    now = _both(take(text(sides.observed["id"]), objects), status.cast(_TEXT))
    return mask(pc.is_in(now, value_set=said.drop_null())) & filled(now)


def _both(ids: pa.Array, values: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(ids, values, _SEPARATOR)
