"""What NetBox should hold, made from machines that a source tells of: record tables of the desired side, kind by kind."""

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import pandas as pd

from asset_sync.reconcile.kinds import Kind, Kinds
from asset_sync.reconcile.lookups import lookup
from asset_sync.reconcile.mapping import FieldMapping, mapped
from asset_sync.reconcile.tables import DESIRED_COLUMNS, Tables, desired_table
from asset_sync.systems.netbox.kinds import TAGS, canonical_tags

ADAPTER_FIELDS: Final = ("device", "adapter", "name", "mac", "ipv4", "ipv6")
"""The columns of a table of network adapters, from which interfaces, MAC and IP addresses are mapped: the ids of the machine
and of the adapter, the adapter's name, and its addresses, those without a prefix length. The first one of a machine that has
an address gives it its primary addresses."""

_OF_ADAPTER: Final = frozenset({"interface", "mac_address", "ip_address", "interface_primary_mac"})

Mappings = Mapping[str, Mapping[str, FieldMapping]]


@dataclass(frozen=True, slots=True)
class PrefixLengths:
    """The network sizes that addresses are written with: the sources tell addresses without them."""

    ipv4: int = 24
    ipv6: int = 64


def mappable_fields(kind: str, device_fields: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of the source columns that a kind's fields can be mapped from."""
    return ADAPTER_FIELDS if kind in _OF_ADAPTER else device_fields


Adapters = Callable[[pd.DataFrame], pd.DataFrame]
"""Makes the table of network adapters (`ADAPTER_FIELDS`) from a source's table of machines; asked only where it is needed."""


def desired_tables(
    devices: pd.DataFrame, adapters: Adapters, kinds: Kinds, mapping: Mappings, prefixes: PrefixLengths
) -> Tables:
    """Return the desired tables (see `asset_sync.reconcile.tables`) of machines that have an `id` each."""
    building = _Building(devices.reset_index(drop=True), adapters, mapping, prefixes)
    for kind in kinds.values():
        building.add(kind)
    return building.tables


class _Building:
    """The tables so far, and for each kind the key that each device or adapter gave to its row there."""

    def __init__(self, devices: pd.DataFrame, adapters: Adapters, mapping: Mappings, prefixes: PrefixLengths) -> None:
        self.devices = devices
        self._make_adapters = adapters
        self.mapping = mapping
        self.prefixes = prefixes
        self.tables: Tables = {}
        self.keys: dict[str, pd.Series] = {}

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
        if TAGS in fields:
            fields[TAGS] = fields[TAGS].map(canonical_tags, na_action="ignore").astype("str")
        keys = _readable_keys(fields, self.devices["id"])
        self.keys[kind.name] = keys
        self.tables[kind.name] = _table(kind, self.devices["id"], keys, fields)

    # The network side of a device.

    def add_interfaces(self, kind: Kind) -> None:
        """An interface for each adapter that has a name."""
        rows = self.adapters
        fields = mapped(rows, kind, self.mapping[kind.name])
        fields["device"] = self._device_keys(rows)
        keys = fields["device"].str.cat(fields["name"], sep=" ")
        self.keys[kind.name] = keys
        self.tables[kind.name] = _table(kind, rows["adapter"], keys, fields).dropna(subset=["name"])

    def add_macs(self, kind: Kind) -> None:
        """The device's MAC address, on the adapter that talks to the network."""
        rows = self.adapters
        fields = mapped(rows, kind, self.mapping[kind.name])
        fields["interface"] = self.keys["interface"]
        keys = _distinct(fields["interface"].str.cat(fields["mac_address"], sep=" "), rows["adapter"])
        self.keys[kind.name] = keys
        self.tables[kind.name] = _table(kind, rows["adapter"] + "/mac", keys, fields).dropna(
            subset=["mac_address", "interface"]
        )

    def add_addresses(self, kind: Kind) -> None:
        """The adapters' addresses that NetBox takes on an interface."""
        rows = self.adapters
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
        rows = self.adapters
        fields = pd.DataFrame({"interface": self.keys["interface"], "primary_mac_address": self.keys["mac_address"]})
        kept = _table(kind, rows["adapter"], self.keys["interface"], fields)
        self.tables[kind.name] = kept.dropna(subset=["interface", "primary_mac_address"])

    def add_primary_addresses(self, kind: Kind) -> None:
        """Each device's addresses on its first adapter that has any."""
        rows = self.adapters.assign(
            device_key=self._device_keys,
            primary_ip4=self.keys["ip_address/ipv4"],
            primary_ip6=self.keys["ip_address/ipv6"],
        )
        first = rows.groupby("device", as_index=False, sort=False)[["device_key", "primary_ip4", "primary_ip6"]].first()
        fields = first.rename(columns={"device_key": "device"}).loc[:, ["primary_ip4", "primary_ip6"]]
        fields["device"] = first["device_key"]
        table = _table(kind, first["device"], first["device_key"], fields)
        self.tables[kind.name] = table.dropna(subset=["primary_ip4", "primary_ip6"], how="all")

    @cached_property
    def adapters(self) -> pd.DataFrame:
        """The network adapters of all machines."""
        return self._make_adapters(self.devices).reset_index(drop=True)

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
    return desired_table(kind, table.assign(**constants))


def _table(kind: Kind, source_keys: pd.Series, keys: pd.Series, fields: pd.DataFrame) -> pd.DataFrame:
    named = fields.assign(source_key=source_keys, key=keys, refused=fields.get("refused"))
    return desired_table(kind, named[[*DESIRED_COLUMNS, *(c for c in fields if c not in DESIRED_COLUMNS)]])
