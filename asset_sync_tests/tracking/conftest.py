from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, create_engine

from asset_sync.tracking import Export, Key, Tracking, migrate

START = datetime(2025, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
WUG = "berlin"


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def export(key: Key, name: str = "sw-01") -> Export:
    return Export(key[0], name, key[1])


@pytest.fixture
def engine(empty_database_url: str) -> Iterator[Engine]:
    """An engine on a database with the tracking's table, empty."""
    engine = create_engine(empty_database_url)
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def tracking(engine: Engine) -> Tracking:
    return Tracking(engine)
