"""The world, the database and the home that these tests share."""

from asset_sync_tests.cli.lab import branch, home, monitored, open_folder, world

__all__ = ["branch", "home", "monitored", "open_folder", "world"]
