"""Migrations: the mirror's tables, views and functions, brought up to date step by step (Alembic, run by the program)."""

from pathlib import Path

from sqlalchemy import Engine

from asset_sync.database import bring_up_to_date
from asset_sync.mirror.schema import SCHEMA


def migrate(engine: Engine) -> None:
    """Bring the mirror's tables up to date; see `asset_sync.database.bring_up_to_date`."""
    bring_up_to_date(engine, Path(__file__).parent, SCHEMA)
