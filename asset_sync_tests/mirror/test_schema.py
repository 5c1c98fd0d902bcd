from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from asset_sync.mirror import migrate
from asset_sync.mirror.schema import SCHEMA, metadata
from asset_sync_tests.mirror.register import Register


def test_the_migrations_make_what_is_declared(register: Register) -> None:
    with register.engine.connect() as connection:
        options = {
            "version_table_schema": SCHEMA,
            "include_schemas": True,
            "compare_type": True,
            "include_name": lambda name, kind, _parents: kind != "schema" or name == SCHEMA,
            # They are told and not enforced, which the declarations cannot say.
            "include_object": lambda _object, _name, kind, _reflected, _other: kind != "foreign_key_constraint",
        }
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []


def test_migrating_again_changes_nothing(register: Register) -> None:
    migrate(register.engine)
    assert register.one("SELECT count(*) FROM snipeit.alembic_version") == 1


def test_foreign_keys_are_told_where_the_server_can(register: Register) -> None:
    with register.engine.connect() as connection:
        version = connection.scalar(text("SHOW server_version_num"))
    told = register.one("SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND connamespace = 'snipeit'::regnamespace")
    assert told > 40 if int(version or 0) >= 180000 else told == 0
