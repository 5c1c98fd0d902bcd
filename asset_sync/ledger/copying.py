"""Many rows in and out of PostgreSQL: thousands by COPY, in the transaction of the connection given; hundreds in a query."""

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.csv
from psycopg import sql
from sqlalchemy import Connection, Select, Table, TableValuedAlias, column, func, literal
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeEngine

_BLOCK: Final = 1 << 26
"""Bytes that are parsed at a time. A row must fit in, so it is far more than one can have."""

ROWS: Final = 10_000
"""How many rows are written at a time."""
_EVERY_VALUE_QUOTED: Final = pa.csv.WriteOptions(include_header=False, quoting_style="all_valid")


def copy_in(connection: Connection, table: Table, columns: Sequence[str], batches: Iterable[pa.RecordBatch]) -> None:
    """Append rows, of those columns; null is NULL, and empty text is empty text."""
    target = sql.Identifier(*filter(None, (table.schema, table.name)))
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    cursor = connection.connection.cursor()
    with cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(target, names)) as copy:
        for batch in batches:
            data = io.BytesIO()
            pa.csv.write_csv(batch, data, _EVERY_VALUE_QUOTED)
            copy.write(data.getvalue())


def copy_out(connection: Connection, query: Select[Any], types: Mapping[str, pa.DataType]) -> pa.Table:
    """Return what the query selects, as columns of the types given, in one piece; NULL is null, and "" is ""."""
    told = pa.csv.read_csv(
        _copied(connection, query),
        read_options=pa.csv.ReadOptions(block_size=_BLOCK),
        parse_options=pa.csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        convert_options=pa.csv.ConvertOptions(
            column_types=types, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
        ),
    )
    # Rows that are taken out of a column in pieces have all of it copied, each time.
    return told.combine_chunks()


def _copied(connection: Connection, query: Select[Any]) -> io.BytesIO:
    compiled = query.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    cursor = connection.connection.cursor()
    data = io.BytesIO()
    statement = f"COPY ({compiled}) TO STDOUT (FORMAT csv, HEADER true)"
    with cursor.copy(statement, compiled.params) as copy:
        for part in copy:
            data.write(part)
    data.seek(0)
    return data


def unnested(name: str, **columns: tuple[type[TypeEngine[Any]], Sequence[object]]) -> TableValuedAlias:
    """Return rows to select from, given by columns of a type and equally many values; one parameter a column."""
    arrays = [literal(list(values), ARRAY(kind)) for kind, values in columns.values()]
    named = [column(label, kind) for label, (kind, _) in columns.items()]
    return func.unnest(*arrays).table_valued(*named).render_derived(name)
