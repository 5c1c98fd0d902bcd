"""The network adapters that PDQ Connect tells of its devices."""

import json
from typing import Any

import pandas as pd

from asset_sync.components.into_netbox.desired import ADAPTER_FIELDS


def adapters(devices: pd.DataFrame) -> pd.DataFrame:
    """Return the network adapters of the devices, a row each (`ADAPTER_FIELDS`), the one with a gateway first.

    PDQ Connect gives one MAC address a device and none an adapter (facts/pdq.md): it goes to the first adapter.
    """
    rows = [row for device in devices.itertuples(index=False) for row in _adapters_of(device)]
    return pd.DataFrame(rows, columns=list(ADAPTER_FIELDS)).astype("str")


def _adapters_of(device: Any) -> list[tuple[str | None, ...]]:
    listed = json.loads(device.networking) if isinstance(device.networking, str) else []
    ordered = sorted(listed, key=lambda adapter: (not adapter.get("ipv4Gateway"), adapter.get("index") or 0))
    mac = device.macAddress if isinstance(device.macAddress, str) else None
    rows: list[tuple[str | None, ...]] = []
    names: set[str] = set()
    for at, adapter in enumerate(ordered):
        name = _free_name(adapter.get("alias") or adapter.get("description") or f"adapter {at}", names)
        address, address6 = adapter.get("ipv4Address"), adapter.get("ipv6Address")
        rows.append((device.id, f"{device.id}/{name}", name, mac if at == 0 else None, address or None, address6 or None))
    return rows


def _free_name(name: str, names: set[str]) -> str:
    free = name if name not in names else next(f"{name} {n}" for n in range(2, len(names) + 3) if f"{name} {n}" not in names)
    names.add(free)
    return free
