"""Migrations: the mirror's tables, views and functions, brought up to date step by step (Alembic, run by the program)."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, func, select
from sqlalchemy.schema import CreateSchema

from asset_sync.mirror.schema import SCHEMA


def migrate(engine: Engine) -> None:
    """Bring the mirror's tables up to date; nothing happens where they are. Several processes may do it at once.

    The schema is made where it is missing, which needs the right to create one in the database.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    with engine.begin() as connection:
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"{SCHEMA} migrations"))))
        connection.execute(CreateSchema(SCHEMA, if_not_exists=True))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
