"""Where a person finds a device in WhatsUp Gold."""

import re
from typing import Final
from urllib.parse import quote

from asset_sync.systems.wug.kinds import DEVICE
from asset_sync.systems.wug.resource import WhatsUpGold

_DEVICES: Final = "devices"
_SERVER: Final = re.compile(r"https?://(\[[^]/]*]|[^/:]+)")
"""The console is a site of its own at the server: the API alone has a port of its own."""


def page(wug: WhatsUpGold, kind: str, device_id: str) -> str | None:
    """Return the address of a device's page; None for what has none, and where the address of the server is not set."""
    server = _SERVER.match(wug.address or "")
    if kind not in (DEVICE.name, _DEVICES) or server is None:
        return None
    shown = quote(f'{{"deviceId":{device_id}}}')
    return f"{server[0]}/NmConsole/#v=Wug_view_dashboard_DeviceStatus/p={shown}"
