"""What Snipe-IT tells a sync: the record tables of the mirror, read whole, without what is in its trash."""

from typing import Any, Final

import pandas as pd
from sqlalchemy import BigInteger, Boolean, Date, Integer, Numeric
from sqlalchemy.types import TypeEngine

from asset_sync.reconcile import sources
from asset_sync.reconcile.sources import ColumnType, SourceTable
from asset_sync.reconcile.tables import DTYPES
from asset_sync.systems.snipeit.client import SnipeItClient
from asset_sync.systems.snipeit.reading import Reader
from asset_sync.systems.snipeit.tables import TABLES as RECORDS
from asset_sync.systems.snipeit.tables import Column, Table
from asset_sync.systems.snipeit.values import Row

_TYPES: Final[tuple[tuple[type[TypeEngine[Any]], ColumnType], ...]] = (
    (Boolean, "boolean"),
    (BigInteger, "integer"),
    (Integer, "integer"),
    (Numeric, "number"),
    (Date, "date"),
)
_TOLD: Final = (
    *("hardware", "models", "manufacturers", "categories", "status_labels", "locations", "companies", "suppliers"),
    *("departments", "users"),
)
"""The tables that a sync can be made from, the main one first."""


def _column(column: Column) -> sources.Column:
    of: ColumnType = next((name for sql, name in _TYPES if isinstance(column.type, sql)), "text")
    to = column.references if column.references in _TOLD else None
    return sources.Column(column.name, "", "text" if column.references else of, to)


def _declared(table: Table) -> SourceTable:
    words = "Assets, archived ones too." if table.name == "hardware" else f"Snipe-IT's {table.name.replace('_', ' ')}."
    return SourceTable(table.name, words, (sources.Column("id"), *map(_column, table.columns)))


TABLES: Final = {name: _declared(RECORDS[name]) for name in _TOLD}


class _Rows:
    """The rows of lists by id; one that comes again is the later one."""

    def __init__(self) -> None:
        self.taken: list[Row] = []

    def put(self, rows: list[Row]) -> None:
        self.taken += rows

    def mark(self) -> int:
        return len(self.taken)

    def forget(self, mark: int) -> None:
        del self.taken[mark:]


def read(client: SnipeItClient, name: str) -> pd.DataFrame:
    """Return one table, all rows that are not deleted, by id. Raises `SourceError` where a list is not whole."""
    table, reader, rows = RECORDS[name], Reader(client), _Rows()
    for listing in table.lists:
        if listing.has != "trash":
            reader.whole(table, listing, rows)
    parse = table.parser()
    parsed = {row["id"]: parse(row) for row in rows.taken}
    declared = TABLES[name]
    named = pd.DataFrame([parsed[row_id][: len(declared.columns)] for row_id in sorted(parsed)], columns=list(declared.names))
    if "deleted_at" in named:
        named = named[named["deleted_at"].isna()].reset_index(drop=True)
    return pd.DataFrame({column.name: _typed(named[column.name], column.type) for column in declared.columns})


def _typed(values: pd.Series, of: ColumnType) -> pd.Series:
    if of in ("text", "date"):
        return values.map(str, na_action="ignore").astype("str")
    return pd.Series([None if pd.isna(value) else value for value in values], dtype=DTYPES[of])
