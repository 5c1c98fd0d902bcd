"""The world, the database and the home that these tests share."""

from asset_sync_tests.cli.lab import home, open_folder, world

__all__ = ["home", "open_folder", "world"]
