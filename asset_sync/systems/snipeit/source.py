"""What Snipe-IT tells a sync: the record tables of the mirror, read whole, without what is in its trash.

A custom field is a column of hardware under the name that Snipe-IT gives it (`_snipeit_mac_address_1`). That changes with the
field's name, the number at its end does not: it alone counts.
"""

from collections.abc import Sequence
from typing import Any, Final

import orjson
import pandas as pd
from sqlalchemy import BigInteger, Boolean, Date, Integer, Numeric
from sqlalchemy.types import TypeEngine

from asset_sync.reconcile import sources
from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.reconcile.sources import ColumnType, SourceTable
from asset_sync.reconcile.tables import DTYPES
from asset_sync.systems.snipeit.client import SnipeItClient
from asset_sync.systems.snipeit.reading import Reader
from asset_sync.systems.snipeit.tables import TABLES as RECORDS
from asset_sync.systems.snipeit.tables import Column, Table
from asset_sync.systems.snipeit.values import Row, field_number

_TYPES: Final[tuple[tuple[type[TypeEngine[Any]], ColumnType], ...]] = (
    (Boolean, "boolean"),
    (BigInteger, "integer"),
    (Integer, "integer"),
    (Numeric, "number"),
    (Date, "date"),
)
_CUSTOM: Final = "_snipeit_"
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
    columns = (sources.Column("id"), *map(_column, table.columns))
    if table.name == "hardware":
        return SourceTable(table.name, "Assets, archived ones too.", columns, open_prefix=_CUSTOM)
    return SourceTable(table.name, f"Snipe-IT's {table.name.replace('_', ' ')}.", columns)


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


def read(client: SnipeItClient, name: str, open_columns: Sequence[str] = ()) -> pd.DataFrame:
    """Return one table, all rows that are not deleted, by id; `open_columns` are custom fields.

    Raises `SourceError` where a list is not whole, `ConfigurationError` for a custom field that Snipe-IT does not have.
    """
    if open_columns:
        _check_fields(client, open_columns)
    named = _records(client, RECORDS[name])
    if "deleted_at" in named:
        named = named[named["deleted_at"].isna()].reset_index(drop=True)
    declared = {column.name: _typed(named[column.name], column.type) for column in TABLES[name].columns}
    return pd.DataFrame(declared | (_custom(named["custom_fields"], open_columns) if open_columns else {}))


def _records(client: SnipeItClient, table: Table) -> pd.DataFrame:
    """Return the rows of a table's lists, by id."""
    reader, rows = Reader(client), _Rows()
    for listing in table.lists:
        if listing.has != "trash":
            reader.whole(table, listing, rows)
    parse = table.parser()
    parsed = {row["id"]: parse(row) for row in rows.taken}
    names = ["id", *table.names]
    return pd.DataFrame([parsed[row_id][: len(names)] for row_id in sorted(parsed)], columns=names)


def _check_fields(client: SnipeItClient, wanted: Sequence[str]) -> None:
    there = _records(client, RECORDS["fields"])["db_column_name"].dropna()
    numbers = set(map(field_number, there)) - {None}
    for name in wanted:
        if field_number(name) not in numbers:
            raise ConfigurationError(
                f"Snipe-IT has no custom field {name!r}; those that the token may see are {', '.join(there) or 'none'}"
            )


def _custom(fields: pd.Series, names: Sequence[str]) -> dict[str, pd.Series]:
    """Return custom fields as columns: text, missing where one is empty or hidden from the token."""
    rows = [orjson.loads(told) if isinstance(told, str) else {} for told in fields]
    return {name: pd.Series([row.get(field_number(name)) for row in rows], dtype="str") for name in names}


def _typed(values: pd.Series, of: ColumnType) -> pd.Series:
    if of in ("text", "date"):
        return values.map(str, na_action="ignore").astype("str")
    return pd.Series([None if pd.isna(value) else value for value in values], dtype=DTYPES[of])
