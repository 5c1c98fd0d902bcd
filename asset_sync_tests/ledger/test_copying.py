"""Rows that are copied into PostgreSQL are there as they were, and so they come out again."""

import pyarrow as pa
import pytest
from sqlalchemy import Column, Engine, Integer, MetaData, Table, Text, cast, func, select

from asset_sync.ledger import copying
from asset_sync.ledger.copying import copy_in, copy_out

ODD = ["", None, "plain", 'a "quoted" one', "two\nlines", "two\r\nlines", "\\.", "\\N", "a\\tb", "NULL", " , ", "ü€😀", "\t"]
TABLE = Table("odd", MetaData(), Column("value", Text), Column("number", Integer), prefixes=["TEMPORARY"])
TYPES = {"value": pa.large_string(), "number": pa.int64()}


def test_whatever_stands_in_a_text_and_what_is_missing_stays_as_it_is(engine: Engine) -> None:
    rows = pa.table({"value": pa.array(ODD, pa.large_string()), "number": pa.array([None, *range(1, len(ODD))], pa.int64())})
    with engine.begin() as connection:
        TABLE.create(connection)
        copy_in(connection, TABLE, rows.column_names, rows.to_batches(5))
        lengths = connection.execute(select(TABLE.c.number, func.length(TABLE.c.value)).order_by(TABLE.c.number)).all()
        assert lengths == [*((n, None if ODD[n] is None else len(str(ODD[n]))) for n in range(1, len(ODD))), (None, 0)]
        told = copy_out(connection, select(TABLE.c.value, TABLE.c.number).order_by(TABLE.c.number.nulls_first()), TYPES)
    assert told.to_pydict() == rows.to_pydict()


def test_what_is_parsed_in_pieces_is_in_one_piece(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that are taken out of a column in pieces, a hundred at a time, have the whole column copied each time."""
    monkeypatch.setattr(copying, "_BLOCK", 1 << 10)
    query = select(cast(func.generate_series(1, 1_000), Text).label("value"))
    with engine.connect() as connection:
        told = copy_out(connection, query, {"value": pa.large_string()})
    assert (told["value"].num_chunks, told["value"][-1].as_py()) == (1, "1000")


def test_no_rows_are_none(engine: Engine) -> None:
    with engine.begin() as connection:
        TABLE.create(connection)
        copy_in(connection, TABLE, list(TYPES), ())
        assert connection.scalar(select(func.count()).select_from(TABLE)) == 0
