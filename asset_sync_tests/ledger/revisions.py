"""A database as an older revision of the ledger left it."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text
from sqlalchemy.schema import CreateSchema

from asset_sync.ledger import migrations
from asset_sync.ledger.schema import SCHEMA


def migrate_to(engine: Engine, revision: str) -> None:
    """Run the migrations of an empty database up to that one."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    with engine.begin() as connection:
        connection.execute(CreateSchema(SCHEMA))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def insert(engine: Engine, table: str, **values: object) -> None:
    """Put a row into one of the ledger's tables, by the names that its columns had then."""
    names = ", ".join(f'"{name}"' for name in values)
    places = ", ".join(f":{name}" for name in values)
    with engine.begin() as connection:
        connection.execute(text(f"insert into {SCHEMA}.{table} ({names}) values ({places})"), values)
