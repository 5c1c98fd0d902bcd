"""Desired tables as WhatsUp Gold has such things: its groups, the roles that it knows, no name that is but an address."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

import pandas as pd

from asset_sync.reconcile.kinds import Kind, Kinds
from asset_sync.reconcile.tables import Tables, desired_table
from asset_sync.systems.wug.kinds import DEVICE, GROUP
from asset_sync.systems.wug.records import canonical

ROLES: Final = ("role", "brand", "os")
"""The fields of a device whose values must be known to the server."""

_NAMES: Final = ("name", "host_name")
_SEPARATOR: Final = "/"


@dataclass(frozen=True, slots=True)
class Layout:
    """Where devices go: below the group `root`, into their site's group; `retired` is the group of devices that are gone.

    `there` are the paths of WhatsUp Gold's groups; one that has a path but for its case is the group of that path.
    """

    root: str
    retired: str | None = None
    there: Collection[str] = ()


def shaped_tables(
    devices: pd.DataFrame, kinds: Kinds, desired: Tables, layout: Layout, roles: pd.DataFrame
) -> tuple[Tables, list[str]]:
    """Return the desired tables of groups and devices, and the roles, brands and systems that were left out, in order.

    `devices` are the judged ones (`id`, `refused`) that the desired table of devices was made from. `roles` lists what
    WhatsUp Gold knows (`kind`, `name`): another role, brand or system would be replaced by its own default, so such a value is
    left out.
    """
    table = desired[DEVICE.name]
    why = pd.Series(devices["refused"].array, index=pd.Index(devices["id"]), dtype="str")
    refused = pd.Series(why.reindex(table["source_key"]).array, index=table.index)
    # An address that nothing can monitor is never written; the device is held where it is new.
    address = table["address"].where(refused.isna())
    own = {"refused": refused, "address": address}
    # WhatsUp Gold shows the address where there is no name: then it is no name, and none is written.
    for name in [name for name in _NAMES if name in table]:
        own[name] = table[name].where(table[name].map(canonical, na_action="ignore") != address)
    groups = _Groups(layout.there)
    own["group"] = (layout.root + _SEPARATOR + table["group"]).map(groups.spelt, na_action="ignore").astype("str")
    left_out: list[str] = []
    for name in [name for name in ROLES if name in table]:
        own[name] = _known(table[name], roles.loc[roles["kind"] == name, "name"])
        absent = table.loc[table[name].notna() & own[name].isna(), name]
        left_out += [f"{name} {value!r}" for value in sorted(absent.unique())]
    shaped = table.assign(**own)
    leaves = {*shaped["group"].dropna(), groups.spelt(layout.retired or layout.root)}
    return {**desired, GROUP.name: _group_table(kinds[GROUP.name], leaves), DEVICE.name: shaped}, left_out


def refused_elsewhere(devices: pd.DataFrame, there: pd.DataFrame) -> pd.DataFrame:
    """Return the judged devices with those refused, too, whose address a device of WhatsUp Gold has on a further interface.

    No second device must get such an address, and WhatsUp Gold takes no address twice on one device.
    """
    several = there.loc[there["other_addresses"].notna(), ["id", "key", "other_addresses"]]
    holders = {
        address: f"{address} is a further address of WhatsUp Gold's device #{row.id} ({row.key})"
        for row in several.itertuples(index=False)
        for address in str(row.other_addresses).split()
    }
    return devices.assign(refused=devices["refused"].fillna(devices["address"].map(holders).astype("str")))


def _known(values: pd.Series, names: pd.Series) -> pd.Series:
    """Return the values as WhatsUp Gold spells them, whatever their case; missing where it has no such name."""
    spelt = {name.casefold(): name for name in names}
    return values.str.casefold().map(spelt).astype("str")


class _Groups:
    """The groups of WhatsUp Gold, which takes their names without case, and those that are to be there."""

    def __init__(self, there: Iterable[str]) -> None:
        self._paths: dict[str, str] = {}
        self._exact = set(there)
        for path in sorted(self._exact):
            self._paths.setdefault(path.casefold(), path)

    def spelt(self, path: str) -> str:
        """Return a group's path as it is spelt there, and as it was asked for first where it is not there yet."""
        if path in self._exact:
            return path
        above, _, name = path.rpartition(_SEPARATOR)
        whole = f"{self.spelt(above)}{_SEPARATOR}{name}" if above else name
        return self._paths.setdefault(whole.casefold(), whole)


def _group_table(kind: Kind, leaves: Iterable[str]) -> pd.DataFrame:
    """Return a row for each group that a device is in, and for each group above it."""
    every = sorted({above for leaf in leaves for above in _with_parents(leaf)})
    return desired_table(kind, pd.DataFrame({"source_key": every, "key": every, "path": every}, dtype="str"))


def _with_parents(path: str) -> Iterable[str]:
    parts = path.split(_SEPARATOR)
    return (_SEPARATOR.join(parts[:count]) for count in range(1, len(parts) + 1))
