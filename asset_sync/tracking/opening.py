"""The tracking opened."""

from asset_sync import database
from asset_sync.tracking.migrations import migrate
from asset_sync.tracking.tracking import Tracking


def open_tracking() -> Tracking:
    """Return the tracking, its table made or brought up to date. Raises `ConfigurationError` where there is no database."""
    engine = database.engine()
    migrate(engine)
    return Tracking(engine)
