"""The two ends of one thing, of which no order tells which is which: they stand in one order, in records and objects alike."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile.kinds import Kind
from asset_sync.reconcile.tables import PENDING, text


def earlier_first(kind: Kind, table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose references are resolved, with the ends of each row in order (see `Kind.ends`)."""
    if not kind.ends or table.empty:
        return table
    one, other = (text(table[name]) for name in kind.ends)
    swapped = _is_later(one, other)
    columns = (pc.if_else(swapped, other, one), pc.if_else(swapped, one, other))
    return table.assign(**{name: pd.array(column, dtype="str") for name, column in zip(kind.ends, columns, strict=True)})


def both_or_none(kind: Kind, table: pd.DataFrame) -> pd.DataFrame:
    """Return a table without the ends whose other end is missing: one alone, written, would make another pair."""
    if not kind.ends or table.empty:
        return table
    single = table[list(kind.ends)].isna().any(axis=1)
    return table.assign(**{name: table[name].mask(single) for name in kind.ends}) if single.any() else table


def in_order(ends: tuple[str | None, str | None]) -> tuple[str | None, str | None]:
    """Return two ends in order: the shorter text first, of equally long ones the lesser, so that ids go by number."""
    one, other = sorted(ends, key=lambda end: (end is None, len(end or ""), end or ""))
    return one, other


def with_ends_in_order(kind: Kind, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object's values, in which references are ids, with its ends in order if it has all of them."""
    if not kind.ends or not all(name in values for name in kind.ends):
        return dict(values)
    one, other = (None if values[name] is None else str(values[name]) for name in kind.ends)
    return {**values, **dict(zip(kind.ends, in_order((one, other)), strict=True))}


def _is_later(one: pa.Array, other: pa.Array) -> pa.Array:
    """Return where the first is the later one: what is not there yet comes behind what is, and nothing at last."""
    places = [_place(ends) for ends in (one, other)]
    lengths = [pc.fill_null(pc.utf8_length(ends), 0) for ends in (one, other)]
    greater = pc.fill_null(pc.greater(one, other), fill_value=False)
    later = pc.or_(pc.greater(*lengths), pc.and_(pc.equal(*lengths), greater))
    return pc.or_(pc.greater(*places), pc.and_(pc.equal(*places), later))


def _place(ends: pa.Array) -> pa.Array:
    pending = pc.fill_null(pc.starts_with(ends, PENDING), fill_value=False)
    return pc.if_else(pc.is_null(ends), 2, pc.cast(pending, pa.int64()))
