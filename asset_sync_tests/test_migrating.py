"""Many threads and processes open the ledger at the same time, also while its tables are still to be made."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from alembic import command
from sqlalchemy import create_engine, event, text

from asset_sync.ledger import Ledger, migrate
from asset_sync.mirror import migrate as migrate_mirror
from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.tracking import Tracking
from asset_sync.tracking import migrate as migrate_tracking

_THREADS = 8


def test_threads_that_open_an_empty_database_at_once_all_succeed(empty_database_url: str) -> None:
    engine = create_engine(empty_database_url, pool_size=_THREADS)
    opening = [migrate, migrate_tracking, migrate_mirror] * _THREADS
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(lambda bring_up_to_date: bring_up_to_date(engine), opening))
    assert Ledger(engine).plans() == []
    assert Tracking(engine).recent("main", datetime.now(UTC)) == {}
    engine.dispose()


def test_tables_that_are_up_to_date_are_not_migrated_again(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    engine = create_engine(database_url)
    event.listen(engine, "before_cursor_execute", lambda _c, _cursor, statement, *_: said.append(statement))
    monkeypatch.setattr(command, "upgrade", pytest.fail)
    migrate(engine)
    assert len(said) <= 3, said
    engine.dispose()


def test_tables_of_a_later_version_are_refused_in_one_line(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE asset_sync.alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigurationError, match=r"asset_sync .* 9999.* newer") as told:
        migrate(engine)
    assert "\n" not in str(told.value)
    engine.dispose()
