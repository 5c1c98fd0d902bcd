"""Operations on a record are found in the plans of all times without reading all of these."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text

from asset_sync.ledger import Ledger, Records
from asset_sync_tests.ledger.conftest import at, make, row

SYNC = "pdq_to_netbox"
ROWS = 20_000


@pytest.fixture
def records(engine: Engine, ledger: Ledger) -> Records:
    """A ledger with a plan of many records in no order."""
    plan = make(row("update", "a", "1"))
    ledger.save(plan, "r1", at(1))
    with engine.begin() as connection:
        many = "select plan_id, g, kind, op, md5(g::text), 'dvc ' || md5(g::text), '{}' from asset_sync.operation"
        columns = "(plan_id, seq, kind, op, key, source_key, changes)"
        connection.execute(text(f"insert into asset_sync.operation {columns} {many}, generate_series(1, {ROWS}) as g"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze asset_sync.operation"))
    return Records(engine)


@contextmanager
def explained(engine: Engine) -> Iterator[list[str]]:
    """Collect how PostgreSQL carries out what is asked about operations."""
    told: list[str] = []

    def explain(connection: Connection, _: Any, statement: str, parameters: Any, *__: Any) -> None:
        if "operation" in statement and not statement.startswith("EXPLAIN"):
            rows = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
            told.append("\n".join(line for (line,) in rows))

    event.listen(engine, "before_cursor_execute", explain)
    yield told
    event.remove(engine, "before_cursor_execute", explain)


def test_an_object_is_known_by_a_link_and_by_no_other_kind_or_id(engine: Engine, ledger: Ledger) -> None:
    claim = make(row("claim", "a", "7"))
    ledger.save(claim, "r1", at(1))
    ledger.note_sighting(claim, "r1", at(1))
    records = Records(engine)
    assert records.is_linked("asset", "7")
    assert not any(records.is_linked(*other) for other in (("asset", "8"), ("asset", ""), ("device", "7")))


def test_a_record_is_found_where_it_may_be(engine: Engine, records: Records) -> None:
    source_key, name = "dvc 1679091c5a880faf6fb5e6087eb1b2dc", "1679091c5a880faf6fb5e6087eb1b2dc"
    with explained(engine) as told:
        assert records.with_key(SYNC, source_key) == ["asset"]
        assert records.named(SYNC, name, target_id="6") == [("asset", source_key)]
        headers, touches = records.touches(SYNC, "asset", source_key, None, limit=5)
        look = records.last_look(SYNC, SYNC, "asset", source_key)
    assert (len(headers), [touch.seq for touch in touches]) == (1, [6])
    assert look is not None
    assert len(told) >= 4
    for each in told:
        assert "Seq Scan on operation" not in each
    assert sum("operation_source_key_idx" in each for each in told) >= 3
    assert sum("operation_key_idx" in each for each in told) == 1
