"""Where a person finds an object in NetBox."""

from typing import Final

from asset_sync.systems.netbox.endpoints import ENDPOINTS
from asset_sync.systems.netbox.resource import NetBox
from asset_sync.systems.netbox.source import ADDRESSED
from asset_sync.systems.netbox.source import ENDPOINTS as TABLES

_DEVICES: Final = "dcim/devices"


def page(netbox: NetBox, kind: str, target_id: str) -> str | None:
    """Return the address of an object's page; None where the address of NetBox is not set."""
    return _page(netbox, ENDPOINTS[kind].endpoint, target_id) if kind in ENDPOINTS else None


def row_page(netbox: NetBox, table: str, row_id: str) -> str | None:
    """Return the address of the page of what a row tells of, as `page` does."""
    path = _DEVICES if table == ADDRESSED.name else TABLES.get(table, ("",))[0]
    return _page(netbox, path, row_id) if path else None


def _page(netbox: NetBox, path: str, object_id: str) -> str | None:
    # NetBox has its pages where it has its API, but for /api.
    return f"{netbox.address}/{path}/{object_id}/" if netbox.address else None
