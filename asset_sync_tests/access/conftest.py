"""The home that these tests share."""

from asset_sync_tests.cli.lab import home

__all__ = ["home"]
