"""Where a person finds an object in NetBox."""

from asset_sync.systems.netbox.endpoints import ENDPOINTS
from asset_sync.systems.netbox.resource import NetBox


def page(netbox: NetBox, kind: str, target_id: str) -> str | None:
    """Return the address of an object's page; None where the address of NetBox is not set."""
    address = netbox.address
    # NetBox has its pages where it has its API, but for /api.
    return f"{address}/{ENDPOINTS[kind].endpoint}/{target_id}/" if address and kind in ENDPOINTS else None
