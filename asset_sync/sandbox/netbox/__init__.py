"""A NetBox with the netbox-inventory plugin, simulated: a real HTTP server that behaves as the recorded ones do."""

from asset_sync.sandbox.netbox.app import create_app
from asset_sync.sandbox.netbox.auth import DEFAULT_TOKEN, DEFAULT_TOKEN_V2, READ_ONLY_TOKEN, Token, User
from asset_sync.sandbox.netbox.errors import ApiError
from asset_sync.sandbox.netbox.state import NetBoxState
from asset_sync.sandbox.netbox.transactions import Times

__all__ = [
    "DEFAULT_TOKEN",
    "DEFAULT_TOKEN_V2",
    "READ_ONLY_TOKEN",
    "ApiError",
    "NetBoxState",
    "Times",
    "Token",
    "User",
    "create_app",
]
