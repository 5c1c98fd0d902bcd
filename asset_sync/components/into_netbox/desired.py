"""What NetBox should hold, made from machines that a source tells of: record tables of the desired side, kind by kind."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from asset_sync.components.into_netbox.addresses import Version, assignable
from asset_sync.reconcile import refusals
from asset_sync.reconcile.kinds import Kind, Kinds
from asset_sync.reconcile.lookups import lookup, only_guessed
from asset_sync.reconcile.mapping import FieldMapping, Mapped, mapped
from asset_sync.reconcile.tables import DESIRED_COLUMNS, Mask, Tables, desired_table, guess_column
from asset_sync.systems.netbox.kinds import TAGS, canonical_tags

ADAPTER_FIELDS: Final = ("device", "adapter", "name", "mac", "ipv4", "ipv6")
"""The columns of a table of network adapters, from which interfaces, MAC and IP addresses are mapped: the ids of the machine
and of the adapter, the adapter's name, and its addresses, with the prefix length or the mask where the source knows it
("10.1.1.5/22"). The first one of a machine that has an address gives it its primary addresses."""

GATEWAYS: Final = ("ipv4_gateway", "ipv6_gateway")
"""Further columns of such a table, of sources that know gateways: they speak against an assumed network."""

_OF_ADAPTER: Final = frozenset({"interface", "mac_address", "ip_address", "interface_primary_mac"})

Mappings = Mapping[str, Mapping[str, FieldMapping]]


@dataclass(frozen=True, slots=True)
class PrefixLengths:
    """The network sizes that addresses are written with, where a source tells addresses without them: a guess."""

    ipv4: int = 24
    ipv6: int = 64


def mappable_fields(kind: str, device_fields: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of the source columns that a kind's fields can be mapped from."""
    return ADAPTER_FIELDS if kind in _OF_ADAPTER else device_fields


Adapters = Callable[[pd.DataFrame], pd.DataFrame]
"""Makes the table of network adapters (`ADAPTER_FIELDS`) from a source's table of machines; asked only where it is needed."""


class Desired(NamedTuple):
    """The desired tables with what was refused (see `asset_sync.reconcile.refusals`), and what is to be told, a line each."""

    tables: Tables
    notes: tuple[str, ...]


def desired_tables(
    devices: pd.DataFrame, adapters: Adapters, kinds: Kinds, mapping: Mappings, prefixes: PrefixLengths
) -> Desired:
    """Return what machines that have an `id` each should be in NetBox."""
    building = _Building(devices.reset_index(drop=True), adapters, mapping, prefixes)
    for kind in kinds.values():
        building.add(kind)
    return Desired(refusals.with_refused(building.tables, building.refused), tuple(building.notes))


class _Building:
    """The tables so far, and for each kind the keys that devices or adapters gave to their rows, and which are guesses."""

    def __init__(self, devices: pd.DataFrame, adapters: Adapters, mapping: Mappings, prefixes: PrefixLengths) -> None:
        self.devices = devices
        self._make_adapters = adapters
        self.mapping = mapping
        self.prefixes = prefixes
        self.tables: Tables = {}
        self.refused: list[pd.DataFrame] = []
        self.notes: list[str] = []
        self.keys: dict[str, pd.Series] = {}
        self.guessed: dict[str, Mask] = {}

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
        fields = mapped(self.devices, kind, self.mapping[kind.name]).fields
        parent = next((field for field in kind.references), None)
        parents = self.keys[str(parent.to)] if parent else None
        found = lookup(fields[name_field], name_field, parents, parent.name if parent else "")
        guessed = {name_field: _guessed(fields, name_field)}
        guessed |= {parent.name: self.guessed[str(parent.to)]} if parent else {}
        self.keys[kind.name] = found.keys
        # A model whose maker is but guessed is a guess as well.
        self.guessed[kind.name] = np.logical_or.reduce(list(guessed.values()))
        guesses = {guess_column(name): only_guessed(found, by_record) for name, by_record in guessed.items()}
        self.tables[kind.name] = _with_constants(found.table.assign(**guesses), kind, self.mapping[kind.name])

    def _add_records(self, kind: Kind) -> None:
        made = mapped(self.devices, kind, self.mapping[kind.name])
        fields = made.fields
        for reference in kind.references:
            if reference.name in self.mapping[kind.name]:
                fields[reference.name] = self.keys[str(reference.to)]
                fields[guess_column(reference.name)] = self.guessed.get(str(reference.to), False)
        if TAGS in fields:
            fields[TAGS] = fields[TAGS].map(canonical_tags, na_action="ignore").astype("str")
        keys = _readable_keys(fields, self.devices["id"])
        self.keys[kind.name] = keys
        self.tables[kind.name] = self._table(kind, self.devices["id"], keys, made)

    def _table(
        self, kind: Kind, source_keys: pd.Series, keys: pd.Series, given: Mapped, *, needed: Collection[str] = ()
    ) -> pd.DataFrame:
        """Return the rows that have what is needed, and note what was refused."""
        self.refused.append(refusals.of_records(kind.name, source_keys, given.refused))
        return _table(kind, source_keys, keys, given.fields, needed)

    # The network side of a device.

    def add_interfaces(self, kind: Kind) -> None:
        """An interface for each adapter that has a name."""
        rows = self.adapters
        made = mapped(rows, kind, self.mapping[kind.name])
        made.fields["device"] = self._device_keys(rows)
        keys = made.fields["device"].str.cat(made.fields["name"], sep=" ")
        self.keys[kind.name] = keys
        self.tables[kind.name] = self._table(kind, rows["adapter"], keys, made, needed=["name"])

    def add_macs(self, kind: Kind) -> None:
        """The device's MAC address, on the adapter that talks to the network."""
        rows = self.adapters
        made = mapped(rows, kind, self.mapping[kind.name])
        made.fields["interface"] = self.keys["interface"]
        keys = _distinct(made.fields["interface"].str.cat(made.fields["mac_address"], sep=" "), rows["adapter"])
        self.keys[kind.name] = keys
        self.tables[kind.name] = self._table(kind, rows["adapter"] + "/mac", keys, made, needed=["mac_address", "interface"])

    def add_addresses(self, kind: Kind) -> None:
        """The adapters' addresses that NetBox takes on an interface."""
        both = [self._addresses(kind, 4, self.prefixes.ipv4), self._addresses(kind, 6, self.prefixes.ipv6)]
        self.tables[kind.name] = desired_table(kind, pd.concat(both, ignore_index=True))

    def _addresses(self, kind: Kind, version: Version, assumed: int) -> pd.DataFrame:
        rows, column = self.adapters, f"ipv{version}"
        made = mapped(rows, kind, {n: m for n, m in self.mapping[kind.name].items() if n != "address"})
        found = assignable(rows[column], rows[f"{column}_gateway"], version, assumed)
        self.notes += found.notes
        made.fields["address"], made.fields[guess_column("address")] = found.addresses, found.guessed
        made.fields["interface"] = self.keys["interface"]
        source_keys = rows["adapter"] + f"/{column}"
        keys = _distinct(made.fields["address"], source_keys)
        table = self._table(kind, source_keys, keys, made, needed=["address", "interface"])
        self.keys[f"{kind.name}/{column}"] = table["key"].reindex(rows.index)
        return table

    def add_primary_macs(self, kind: Kind) -> None:
        """Each interface's own MAC address object."""
        rows = self.adapters
        fields = pd.DataFrame({"interface": self.keys["interface"], "primary_mac_address": self.keys["mac_address"]})
        needed = ["interface", "primary_mac_address"]
        self.tables[kind.name] = _table(kind, rows["adapter"], self.keys["interface"], fields, needed)

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
        made = self._make_adapters(self.devices).reset_index(drop=True)
        return made.reindex(columns=[*ADAPTER_FIELDS, *GATEWAYS])

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


def _guessed(fields: pd.DataFrame, name: str) -> Mask:
    column = guess_column(name)
    return fields[column].to_numpy(dtype=bool) if column in fields else np.zeros(len(fields), dtype=bool)


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


def _table(
    kind: Kind, source_keys: pd.Series, keys: pd.Series, fields: pd.DataFrame, needed: Collection[str] = ()
) -> pd.DataFrame:
    named = fields.assign(source_key=source_keys, key=keys, refused=fields.get("refused")).dropna(subset=list(needed))
    return desired_table(kind, named[[*DESIRED_COLUMNS, *(c for c in fields if c not in DESIRED_COLUMNS)]])
