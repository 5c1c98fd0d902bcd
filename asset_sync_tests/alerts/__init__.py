"""Mirrors asset_sync.alerts."""
