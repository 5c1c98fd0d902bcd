"""The network adapters that PDQ Connect tells of its devices."""

from typing import Any

import orjson
import pandas as pd

from asset_sync.components.into_netbox.desired import ADAPTER_FIELDS, GATEWAYS
from asset_sync.systems.pdq import network_adapters

_COLUMNS = (*ADAPTER_FIELDS, *GATEWAYS)
_ADDRESSES = ("ipv4Address", "ipv6Address", "ipv4Gateway", "ipv6Gateway")


def adapters(devices: pd.DataFrame) -> pd.DataFrame:
    """Return the network adapters of the devices, a row each (`ADAPTER_FIELDS`, `GATEWAYS`), the one with a gateway first.

    PDQ Connect gives one MAC address a device and none an adapter (facts/pdq.md): it goes to the first adapter.
    """
    rows = [row for device in devices.itertuples(index=False) for row in _adapters_of(device)]
    return pd.DataFrame(rows, columns=list(_COLUMNS)).astype("str")


def _adapters_of(device: Any) -> list[tuple[str | None, ...]]:
    listed = network_adapters(orjson.loads(device.networking)) if isinstance(device.networking, str) else []
    mac = device.macAddress if isinstance(device.macAddress, str) else None
    rows: list[tuple[str | None, ...]] = []
    names: set[str] = set()
    for at, adapter in enumerate(sorted(listed, key=lambda each: not each["ipv4Gateway"])):
        told = " ".join((adapter["alias"] or adapter["description"] or "").split())
        name = _free_name(told or f"adapter {at}", names)
        told_addresses = (adapter[field] for field in _ADDRESSES)
        rows.append((device.id, f"{device.id}/{name}", name, mac if at == 0 else None, *told_addresses))
    return rows


def _free_name(name: str, names: set[str]) -> str:
    free = name if name not in names else next(f"{name} {n}" for n in range(2, len(names) + 3) if f"{name} {n}" not in names)
    names.add(free)
    return free
