"""The world, the database and the home that runs have here."""

from asset_sync_tests.cli.lab import home, world

__all__ = ["home", "world"]
