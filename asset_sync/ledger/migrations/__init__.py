"""Migrations: the ledger's tables, brought up to date step by step (Alembic, run by the program itself)."""

from pathlib import Path

from sqlalchemy import Engine

from asset_sync.database import TablesState, bring_up_to_date, tables_state
from asset_sync.ledger.schema import SCHEMA


def migrate(engine: Engine) -> None:
    """Bring the ledger's tables up to date; see `asset_sync.database.bring_up_to_date`."""
    bring_up_to_date(engine, Path(__file__).parent, SCHEMA)


def state(engine: Engine) -> TablesState:
    """Return how the ledger's tables stand; see `asset_sync.database.tables_state`."""
    return tables_state(engine, Path(__file__).parent, SCHEMA)
