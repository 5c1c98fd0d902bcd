"""Migrations: the tracking's table, brought up to date step by step (Alembic, run by the program itself)."""

from pathlib import Path

from sqlalchemy import Engine

from asset_sync.database import bring_up_to_date
from asset_sync.tracking.schema import SCHEMA


def migrate(engine: Engine) -> None:
    """Bring the tracking's table up to date; see `asset_sync.database.bring_up_to_date`."""
    bring_up_to_date(engine, Path(__file__).parent, SCHEMA)
