"""Which rows of a file are one machine, and what a machine without an id of its own is called.

An id of PDQ Connect ("dvc_…") stays as it is, so such a machine has the same links as in the API. Any other id in the file
becomes "id:17". Without one, a usable serial gives "serial:5CG12345AB", a name "name:ber-nb000017". One serial under several
names is several machines, "serial:5CG12345AB name:ber-nb000017" each: the staircase holds them, with the evidence.
"""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile import forms
from asset_sync.reconcile.tables import Mask
from asset_sync.systems.pdq.identifiers import short_names
from asset_sync.systems.pdq_export.sheet import TEXT

_NEITHER = ""
"""In the place of an id or serial, where a machine tells neither."""
_CONNECT_ID = r"^dvc_[0-9a-f]+$"


def with_one_name(columns: dict[str, pa.Array], rows: int) -> dict[str, pa.Array]:
    """Return the columns with the short name in the place of the full one, where both are told of one id or serial, or alone.

    Two full names that begin alike are two machines of two domains, and a short one beside them is neither's.
    """
    if "name" not in columns:
        return columns
    same, names = pc.coalesce(_ids(columns, rows), _serials(columns, rows)), _names(columns, rows)
    told = pd.DataFrame({"same": same.to_pandas(), "name": names.to_pandas(), "short": [*short_names(names.to_pylist())]})
    told = told.fillna({"same": _NEITHER}).dropna()
    told = told[told["same"].duplicated(keep=False)]
    full = told["name"] != told["short"]
    named = told[full].groupby(["same", "short"])["name"].nunique()
    short = set(told[~full].groupby(["same", "short"]).groups) & set(named[named == 1].index)
    chosen = [
        row
        for row, key in zip(told.index[full], zip(told["same"][full], told["short"][full], strict=True), strict=True)
        if key in short
    ]
    if not chosen:
        return columns
    written = columns["name"].to_pylist()
    for row, name in zip(chosen, short_names(written[row] for row in chosen), strict=True):
        written[row] = name
    return columns | {"name": pa.array(written, TEXT)}


def machine_keys(columns: dict[str, pa.Array], rows: int) -> pa.Array:
    """Return a text for each row that is the same for the rows of one machine; null where nothing identifies the row."""
    ids, serials, names = _ids(columns, rows), _serials(columns, rows), _names(columns, rows)
    both = _joined(pc.fill_null(serials, ""), pc.fill_null(names, ""), "\x1f")
    return pc.coalesce(ids, pc.if_else(pc.equal(both, "\x1f"), pa.scalar(None, TEXT), both))


def machine_ids(columns: dict[str, pa.Array], rows: int) -> pa.Array:
    """Return an id for each machine, given a row a machine; unique, filled, and the same for the same machine next time."""
    ids, serials, names = _ids(columns, rows), _serials(columns, rows), _names(columns, rows)
    by_serial = _prefixed("serial:", serials)
    by_name = _prefixed("name:", names)
    both = _joined(by_serial, pc.fill_null(by_name, "name:"), " ")
    shared = _repeated(pc.if_else(pc.is_null(ids), serials, pa.scalar(None, TEXT)))
    return pc.coalesce(ids, pc.if_else(pa.array(shared), both, by_serial), by_name)


def _joined(left: pa.Array, right: pa.Array, between: str) -> pa.Array:
    return pc.binary_join_element_wise(left, right, pa.scalar(between, TEXT))


def _prefixed(prefix: str, values: pa.Array) -> pa.Array:
    return _joined(pa.scalar(prefix, TEXT), values, "")


def _ids(columns: dict[str, pa.Array], rows: int) -> pa.Array:
    written = columns.get("id", pa.nulls(rows, TEXT))
    lower = pc.utf8_lower(written)
    return pc.if_else(pc.match_substring_regex(lower, _CONNECT_ID), lower, _prefixed("id:", written))


def _serials(columns: dict[str, pa.Array], rows: int) -> pa.Array:
    return forms.normal(columns.get("serialNumber", pa.nulls(rows, TEXT)), "serial")


def _names(columns: dict[str, pa.Array], rows: int) -> pa.Array:
    return forms.normal(columns.get("name", pa.nulls(rows, TEXT)), "folded")


def _repeated(values: pa.Array) -> Mask:
    column = pd.Series(values.to_pandas(), dtype="str")
    return np.asarray(column.duplicated(keep=False) & column.notna(), dtype=bool)
