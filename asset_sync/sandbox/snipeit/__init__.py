"""A Snipe-IT, simulated: a real HTTP server that behaves as v8.1.4 does towards who reads it."""

from asset_sync.sandbox.snipeit.app import FAULTS, create_app
from asset_sync.sandbox.snipeit.auth import DEFAULT_TOKEN, Token
from asset_sync.sandbox.snipeit.settings import Settings
from asset_sync.sandbox.snipeit.state import SnipeState

__all__ = ["DEFAULT_TOKEN", "FAULTS", "Settings", "SnipeState", "Token", "create_app"]
