"""What NetBox should hold, made from what PDQ Connect says: record tables of the desired side, kind by kind."""

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from asset_sync.reconcile.kinds import Kind, Kinds
from asset_sync.reconcile.lookups import lookup
from asset_sync.reconcile.mapping import FieldMapping, mapped
from asset_sync.reconcile.tables import DESIRED_COLUMNS, DTYPES, Tables

ADAPTER_FIELDS: Final = ("device", "adapter", "name", "mac", "ipv4", "ipv6")
"""The columns of a network adapter that interfaces, MAC and IP addresses can be mapped from."""

_OF_ADAPTER: Final = frozenset({"interface", "mac_address", "ip_address", "interface_primary_mac"})

Mappings = Mapping[str, Mapping[str, FieldMapping]]


@dataclass(frozen=True, slots=True)
class PrefixLengths:
    """The network sizes that addresses are written with: PDQ Connect tells addresses without them."""

    ipv4: int = 24
    ipv6: int = 64


def mappable_fields(kind: str, device_fields: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of the source columns that a kind's fields can be mapped from."""
    return ADAPTER_FIELDS if kind in _OF_ADAPTER else device_fields


def desired_tables(devices: pd.DataFrame, kinds: Kinds, mapping: Mappings, prefixes: PrefixLengths) -> Tables:
    """Return the desired tables (see `asset_sync.reconcile.tables`) of PDQ devices, given as `systems.pdq.devices` does."""
    building = _Building(devices.reset_index(drop=True), mapping, prefixes)
    for kind in kinds.values():
        building.add(kind)
    return building.tables


class _Building:
    """The tables so far, and for each kind the key that each device or adapter gave to its row there."""

    def __init__(self, devices: pd.DataFrame, mapping: Mappings, prefixes: PrefixLengths) -> None:
        self.devices = devices
        self.mapping = mapping
        self.prefixes = prefixes
        self.tables: Tables = {}
        self.keys: dict[str, pd.Series] = {}
        self.adapters = adapters(devices) if "networking" in devices else None

    def add(self, kind: Kind) -> None:
        """Add the table of one kind; the kinds that it refers to were added before."""
        if any(field.name == "slug" for field in kind.fields):
            self._add_lookup(kind)
        elif kind.name in _SPECIAL:
            _SPECIAL[kind.name](self, kind)
        else:
            self._add_records(kind)

    def _add_lookup(self, kind: Kind) -> None:
        name_field = "model" if any(field.name == "model" for field in kind.fields) else "name"
        named = mapped(self.devices, kind, self.mapping[kind.name])[name_field]
        parent = next((field for field in kind.references), None)
        found = lookup(named, name_field, self.keys[str(parent.to)], parent.name) if parent else lookup(named, name_field)
        self.keys[kind.name] = found.keys
        self.tables[kind.name] = _with_constants(found.table, kind, self.mapping[kind.name])

    def _add_records(self, kind: Kind) -> None:
        fields = mapped(self.devices, kind, self.mapping[kind.name])
        for reference in kind.references:
            if reference.name in self.mapping[kind.name]:
                fields[reference.name] = self.keys[str(reference.to)]
        keys = _readable_keys(fields, self.devices["id"])
        self.keys[kind.name] = keys
        self.tables[kind.name] = _table(kind, self.devices["id"], keys, fields)

    # The network side of a device.

    def add_interfaces(self, kind: Kind) -> None:
        """An interface for each adapter that has a name."""
        rows = self._adapters()
        fields = mapped(rows, kind, self.mapping[kind.name])
        fields["device"] = self._device_keys(rows)
        keys = fields["device"].str.cat(fields["name"], sep=" ")
        self.keys[kind.name] = keys
        self.tables[kind.name] = _table(kind, rows["adapter"], keys, fields).dropna(subset=["name"])

    def add_macs(self, kind: Kind) -> None:
        """The device's MAC address, on the adapter that talks to the network."""
        rows = self._adapters()
        fields = mapped(rows, kind, self.mapping[kind.name])
        fields["interface"] = self.keys["interface"]
        keys = _distinct(fields["interface"].str.cat(fields["mac_address"], sep=" "), rows["adapter"])
        self.keys[kind.name] = keys
        self.tables[kind.name] = _table(kind, rows["adapter"] + "/mac", keys, fields).dropna(
            subset=["mac_address", "interface"]
        )

    def add_addresses(self, kind: Kind) -> None:
        """The adapters' addresses that NetBox takes on an interface."""
        rows = self._adapters()
        both = [self._addresses(rows, kind, column) for column in ("ipv4", "ipv6")]
        for column, table in zip(("ipv4", "ipv6"), both, strict=True):
            self.keys[f"{kind.name}/{column}"] = table["key"].reindex(rows.index)
        self.tables[kind.name] = pd.concat(both, ignore_index=True)

    def _addresses(self, rows: pd.DataFrame, kind: Kind, column: str) -> pd.DataFrame:
        prefix = self.prefixes.ipv4 if column == "ipv4" else self.prefixes.ipv6
        fields = mapped(rows, kind, {n: m for n, m in self.mapping[kind.name].items() if n != "address"})
        fields["address"] = pd.Series([_assignable(value, prefix) for value in rows[column]], dtype="str")
        fields["interface"] = self.keys["interface"]
        source_keys = rows["adapter"] + f"/{column}"
        keys = _distinct(fields["address"], source_keys)
        return _table(kind, source_keys, keys, fields).dropna(subset=["address", "interface"])

    def add_primary_macs(self, kind: Kind) -> None:
        """Each interface's own MAC address object."""
        rows = self._adapters()
        fields = pd.DataFrame({"interface": self.keys["interface"], "primary_mac_address": self.keys["mac_address"]})
        kept = _table(kind, rows["adapter"], self.keys["interface"], fields)
        self.tables[kind.name] = kept.dropna(subset=["interface", "primary_mac_address"])

    def add_primary_addresses(self, kind: Kind) -> None:
        """Each device's addresses on its first adapter that has any."""
        rows = self._adapters().assign(
            device_key=self._device_keys,
            primary_ip4=self.keys["ip_address/ipv4"],
            primary_ip6=self.keys["ip_address/ipv6"],
        )
        first = rows.groupby("device", as_index=False, sort=False)[["device_key", "primary_ip4", "primary_ip6"]].first()
        fields = first.rename(columns={"device_key": "device"}).loc[:, ["primary_ip4", "primary_ip6"]]
        fields["device"] = first["device_key"]
        table = _table(kind, first["device"], first["device_key"], fields)
        self.tables[kind.name] = table.dropna(subset=["primary_ip4", "primary_ip6"], how="all")

    def _adapters(self) -> pd.DataFrame:
        if self.adapters is None:
            raise KeyError("the devices have no networking column")
        return self.adapters

    def _device_keys(self, rows: pd.DataFrame) -> pd.Series:
        by_id = pd.Series(self.keys["device"].array, index=self.devices["id"])
        return rows["device"].map(by_id).astype("str")


_SPECIAL: Final = {
    "interface": _Building.add_interfaces,
    "mac_address": _Building.add_macs,
    "ip_address": _Building.add_addresses,
    "interface_primary_mac": _Building.add_primary_macs,
    "device_primary_ip": _Building.add_primary_addresses,
}


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


def _assignable(address: object, prefix: int) -> str | None:
    """Return the address with its prefix length, None for one that belongs on no interface (NetBox refuses the nets' ends)."""
    try:
        found = ipaddress.ip_interface(f"{address}/{prefix}")
    except ValueError:
        return None
    net = found.network
    ends = {net.network_address, net.broadcast_address} if found.version == 4 and prefix < 31 else {net.network_address}
    useless = found.is_loopback or found.is_multicast or found.is_unspecified or found.is_link_local or found.is_reserved
    return None if useless or (found.ip in ends and prefix < found.max_prefixlen - 1) else str(found)


def _readable_keys(fields: pd.DataFrame, ids: pd.Series) -> pd.Series:
    """Keys that people can read: the name, else the serial, else the id; the id is added where two would be the same."""
    keys = pd.Series(pd.NA, index=fields.index, dtype="str")
    for column in ("name", "serial"):
        if column in fields:
            keys = keys.fillna(fields[column])
    return _distinct(keys.fillna(ids), ids)


def _distinct(keys: pd.Series, ids: pd.Series) -> pd.Series:
    return keys.where(~keys.duplicated(keep=False) | keys.isna(), keys + " (" + ids + ")")


def _with_constants(table: pd.DataFrame, kind: Kind, mappings: Mapping[str, FieldMapping]) -> pd.DataFrame:
    constants = {name: m.value for name, m in mappings.items() if m.value is not None and name not in table}
    return _typed(kind, table.assign(**constants))


def _table(kind: Kind, source_keys: pd.Series, keys: pd.Series, fields: pd.DataFrame) -> pd.DataFrame:
    named = fields.assign(source_key=source_keys, key=keys, refused=fields.get("refused"))
    return _typed(kind, named[[*DESIRED_COLUMNS, *(c for c in fields if c not in DESIRED_COLUMNS)]])


def _typed(kind: Kind, table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with every field of the kind; what the mapping leaves out says nothing to match or to write."""
    types = dict.fromkeys(DESIRED_COLUMNS, "str") | {f.name: DTYPES[f.type] for f in kind.fields}
    return table.reindex(columns=list(types)).astype(types)
