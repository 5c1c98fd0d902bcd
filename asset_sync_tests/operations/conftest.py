"""The world, the database and the home that these tests share with those of the command line."""

from asset_sync_tests.cli.lab import home, open_folder, world

__all__ = ["home", "open_folder", "world"]
