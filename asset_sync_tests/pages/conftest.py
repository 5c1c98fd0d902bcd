"""The world, the database and the home that these tests share."""

from asset_sync_tests.cli.lab import home, world
from asset_sync_tests.pages.lab import service, visit

__all__ = ["home", "service", "visit", "world"]
