"""WhatsUp Gold as a system of record for monitoring, and as a source: devices, groups and scans by its REST API.

Reading order: `tokens` and `wire` (sessions, envelopes, pages), `records` (what its JSON says), `client` and `scans` (the
calls), `kinds` (what is synced), `extract` (tables), `known` and `target` (plans carried out), `resource` (Dagster), `found`
and `monitoring` (the steps that it brings into syncs), `system` (all of it, declared). How the real server behaves is in
facts/wug.md.
"""

from asset_sync.systems.wug.client import Created, WugClient
from asset_sync.systems.wug.extract import DISCOVERED, discovered, known_roles, observe
from asset_sync.systems.wug.kinds import ATTRIBUTE, DEVICE, GROUP, KINDS, MAPPABLE, NETBOX_ID, declared
from asset_sync.systems.wug.records import Device, Group, canonical, group_path
from asset_sync.systems.wug.resource import WhatsUpGold
from asset_sync.systems.wug.scans import SAFE_OPTIONS, ScanDevice, Scans, ScanStatus
from asset_sync.systems.wug.target import WugTarget

__all__ = [
    "ATTRIBUTE",
    "DEVICE",
    "DISCOVERED",
    "GROUP",
    "KINDS",
    "MAPPABLE",
    "NETBOX_ID",
    "SAFE_OPTIONS",
    "Created",
    "Device",
    "Group",
    "ScanDevice",
    "ScanStatus",
    "Scans",
    "WhatsUpGold",
    "WugClient",
    "WugTarget",
    "canonical",
    "declared",
    "discovered",
    "group_path",
    "known_roles",
    "observe",
]
