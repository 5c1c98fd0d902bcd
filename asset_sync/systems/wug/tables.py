"""The tables that WhatsUp Gold tells of its devices, declared; it names no interface but by its address."""

from typing import Final

import pandas as pd

from asset_sync.reconcile.sources import Column, SourceTable
from asset_sync.reconcile.tables import Tables
from asset_sync.systems.wug.extract import DISCOVERED

INTERFACE: Final = "mgmt0"
"""The name of the one interface that a device has here."""


def _interfaces(tables: Tables) -> pd.DataFrame:
    devices = tables["devices"]["id"]
    return pd.DataFrame({"id": devices + f"/{INTERFACE}", "device": devices, "name": INTERFACE}).astype("str")


def _addresses(tables: Tables) -> pd.DataFrame:
    there = tables["devices"].dropna(subset=["address"])
    version = there["address"].str.contains(":", regex=False).map({True: "6", False: "4"})
    interface = there["id"] + f"/{INTERFACE}"
    ids = interface + "/ipv" + version
    columns = {"id": ids, "device": there["id"], "interface": interface, "address": there["address"], "version": version}
    return pd.DataFrame(columns).astype("str")


def _primary_addresses(tables: Tables) -> pd.DataFrame:
    told = tables["addresses"]
    by_version = {f"primary_ip{version}": told["id"].where(told["version"] == version) for version in "46"}
    return pd.DataFrame({"id": told["device"], "device": told["device"], **by_version}).astype("str")


DEVICES: Final = SourceTable(
    "devices", "Devices with what monitoring knows of them.", tuple(map(Column, DISCOVERED)), kind="discovered"
)
_INTERFACES: Final = SourceTable(
    "interfaces",
    "The management interface of each device.",
    (Column("id"), Column("device", to="devices"), Column("name")),
    made_of=("devices",),
    made=_interfaces,
)
_ADDRESSES: Final = SourceTable(
    "addresses",
    "The addresses by which devices are monitored.",
    (
        Column("id"),
        Column("device", to="devices"),
        Column("interface", to="interfaces"),
        Column("address"),
        Column("version", "4 or 6"),
    ),
    made_of=("devices",),
    made=_addresses,
)
_PRIMARY_ADDRESSES: Final = SourceTable(
    "primary_addresses",
    "The same addresses, as those that their devices are reached by.",
    (
        Column("id", "the device's id"),
        Column("device", to="devices"),
        Column("primary_ip4", to="addresses"),
        Column("primary_ip6", to="addresses"),
    ),
    made_of=("addresses",),
    made=_primary_addresses,
)
TABLES: Final = {each.name: each for each in (DEVICES, _INTERFACES, _ADDRESSES, _PRIMARY_ADDRESSES)}
