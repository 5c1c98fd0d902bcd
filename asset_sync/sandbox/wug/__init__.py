"""A WhatsUp Gold, simulated: a real HTTP server that answers as the REST API of version 2026.0 describes itself."""

from asset_sync.sandbox.wug.app import BASE, DEFAULT_USERS, create_app
from asset_sync.sandbox.wug.groups import DISCOVERED
from asset_sync.sandbox.wug.pages import FAULTS
from asset_sync.sandbox.wug.records import ROOT_ID, Attribute, Device, Group, Host, Interface, Maintenance
from asset_sync.sandbox.wug.scans import Scan
from asset_sync.sandbox.wug.state import DISCOVERED_NOTE, WugState

__all__ = [
    "BASE",
    "DEFAULT_USERS",
    "DISCOVERED",
    "DISCOVERED_NOTE",
    "FAULTS",
    "ROOT_ID",
    "Attribute",
    "Device",
    "Group",
    "Host",
    "Interface",
    "Maintenance",
    "Scan",
    "WugState",
    "create_app",
]
