from collections.abc import Sequence
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, create_engine, inspect, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import CreateSchema, DropSchema

from asset_sync.ledger import migrate as migrate_ledger
from asset_sync.tracking import migrate
from asset_sync.tracking.schema import SCHEMA, export, metadata
from asset_sync_tests.tracking.conftest import START

ROW = {
    "connection": "berlin",
    "netbox_device_id": "1",
    "address": "10.0.0.1",
    "device_name": "sw-01",
    "reason": "manual",
    "status": "pending",
    "created_at": START,
    "pending_at": START,
    "attempts": 1,
}


def constraints(connection: Connection) -> Sequence[Any]:
    """What Alembic does not compare: the checks, and what the server makes of them."""
    query = "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'wug.wug_ip_exports'::regclass"
    return connection.execute(text(f"{query} ORDER BY conname")).all()


def test_from_empty_and_again_beside_the_ledger(empty_database_url: str) -> None:
    engine = create_engine(empty_database_url)
    migrate_ledger(engine)
    migrate(engine)
    migrate(engine)
    assert set(inspect(engine).get_table_names(SCHEMA)) == {"wug_ip_exports", "alembic_version"}
    assert inspect(engine).get_table_names("public") == []
    engine.dispose()


def test_table_is_that_of_the_schema(engine: Engine) -> None:
    ours = {"include_schemas": True, "include_name": lambda name, kind, _: kind != "schema" or name == SCHEMA}
    with engine.connect() as connection:
        options = ours | {"version_table_schema": SCHEMA, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def test_constraints_are_those_of_the_schema(engine: Engine) -> None:
    with engine.begin() as connection:
        migrated = constraints(connection)
        connection.execute(DropSchema(SCHEMA, cascade=True))
        connection.execute(CreateSchema(SCHEMA))
        metadata.create_all(connection)
        assert constraints(connection) == migrated


def test_two_devices_with_one_address_are_two_rows(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(export.insert(), [ROW, ROW | {"netbox_device_id": "2"}, ROW | {"connection": "hamburg"}])


@pytest.mark.parametrize("wrong", [{}, {"netbox_device_id": "2", "status": "done"}, {"netbox_device_id": "2", "reason": "api"}])
def test_what_must_not_be_kept_is_refused(engine: Engine, wrong: dict[str, str]) -> None:
    with engine.begin() as connection:
        connection.execute(export.insert(), [ROW])
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(export.insert(), [ROW | wrong])
