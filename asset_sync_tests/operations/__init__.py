"""Mirrors asset_sync.operations."""
