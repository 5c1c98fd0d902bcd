"""PDQ Connect as a source: devices, their network adapters, and the addresses on these.

Reading order: `reading` (the wire), `columns` (the table of devices), `adapters` (the tables that are made of it), `tables`
(all of them, declared), `system`. How the real server behaves is in facts/pdq.md.
"""

from asset_sync.systems.pdq.columns import DEVICE_FIELDS, DEVICES, network_adapters
from asset_sync.systems.pdq.reading import NAME, PdqConnect, connect, devices

__all__ = ["DEVICES", "DEVICE_FIELDS", "NAME", "PdqConnect", "connect", "devices", "network_adapters"]
