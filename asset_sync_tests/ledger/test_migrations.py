import logging
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text

from asset_sync.ledger import migrate
from asset_sync.ledger.schema import SCHEMA, metadata


def test_from_empty_and_again(empty_database_url: str) -> None:
    engine = create_engine(empty_database_url)
    migrate(engine)
    migrate(engine)
    tables = set(inspect(engine).get_table_names(SCHEMA))
    assert tables == {table.name for table in metadata.tables.values()} | {"alembic_version"}
    assert inspect(engine).get_table_names("public") == []
    engine.dispose()


def test_by_several_at_once(empty_database_url: str) -> None:
    engines = [create_engine(empty_database_url) for _ in range(4)]
    with ThreadPoolExecutor(len(engines)) as pool:
        list(pool.map(migrate, engines))
    with engines[0].connect() as connection:
        assert connection.scalar(text("select count(*) from asset_sync.alembic_version")) == 1
    for engine in engines:
        engine.dispose()


def test_tables_are_those_of_the_schema(database_url: str) -> None:
    engine = create_engine(database_url)
    ours = {"include_schemas": True, "include_name": lambda name, kind, _: kind != "schema" or name == SCHEMA}
    with engine.connect() as connection:
        options = ours | {"version_table_schema": SCHEMA, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_says_nothing(empty_database_url: str, capfd: pytest.CaptureFixture[str]) -> None:
    engine = create_engine(empty_database_url)
    migrate(engine)
    engine.dispose()
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("alembic").level == logging.NOTSET
