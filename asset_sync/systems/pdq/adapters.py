"""The tables that are made of PDQ's devices: network adapters, their MAC addresses, their IP addresses, the primary ones."""

from typing import Any, Final

import numpy as np
import orjson
import pandas as pd

from asset_sync.reconcile.mapping.networks import is_assignable
from asset_sync.reconcile.tables import Tables
from asset_sync.systems.pdq.columns import network_adapters

_ADDRESSES: Final = ("ipv4Address", "ipv6Address", "ipv4Gateway", "ipv6Gateway")
_COLUMNS: Final = ("device", "id", "name", "mac", "ipv4", "ipv6", "ipv4_gateway", "ipv6_gateway")


def adapters(tables: Tables) -> pd.DataFrame:
    """Return the network adapters of the devices, a row each, the one with a gateway first.

    PDQ Connect gives one MAC address a device and none an adapter (facts/pdq.md): it goes to the first adapter.
    """
    rows = [row for device in tables["devices"].itertuples(index=False) for row in _adapters_of(device)]
    made = pd.DataFrame(rows, columns=list(_COLUMNS)).astype("str")
    return made.assign(mac_address=(made["id"] + "/mac").where(made["mac"].notna()))


def macs(tables: Tables) -> pd.DataFrame:
    """Return the MAC addresses of the adapters that have one."""
    there = tables["adapters"].dropna(subset=["mac"])
    return pd.DataFrame({"id": there["mac_address"], "adapter": there["id"], "device": there["device"], "mac": there["mac"]})


def addresses(tables: Tables) -> pd.DataFrame:
    """Return the IP addresses of the adapters, all IPv4 ones first."""
    return pd.concat([_addresses(tables["adapters"], version) for version in (4, 6)], ignore_index=True)


def primary_addresses(tables: Tables) -> pd.DataFrame:
    """Return for each device its first IPv4 and its first IPv6 address that an interface can have for its own."""
    told = tables["addresses"]
    both = zip(told["address"], told["version"], strict=True)
    own = [is_assignable(address, int(version)) for address, version in both]
    first = told[np.array(own, dtype=bool)].groupby(["device", "version"], sort=False)["id"].first().unstack("version")
    found = first.reindex(columns=["4", "6"]).set_axis(["primary_ip4", "primary_ip6"], axis=1).reset_index()
    return found.assign(id=found["device"])[["id", "device", "primary_ip4", "primary_ip6"]].astype("str")


def _addresses(told: pd.DataFrame, version: int) -> pd.DataFrame:
    there = told.dropna(subset=[f"ipv{version}"])
    columns = {
        "id": there["id"] + f"/ipv{version}",
        "adapter": there["id"],
        "device": there["device"],
        "address": there[f"ipv{version}"],
        "version": str(version),
        "gateway": there[f"ipv{version}_gateway"],
    }
    return pd.DataFrame(columns).astype("str")


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
