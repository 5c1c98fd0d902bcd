"""What WhatsUp Gold should hold, made from NetBox's devices that have an address: record tables of groups and devices."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from asset_sync.reconcile.kinds import Kind, Kinds
from asset_sync.reconcile.mapping import FieldMapping, mapped
from asset_sync.reconcile.refusals import of_records, with_refused
from asset_sync.reconcile.tables import Tables, desired_table
from asset_sync.systems.wug import DEVICE, GROUP, canonical

Mappings = Mapping[str, Mapping[str, FieldMapping]]

_ROLES = ("role", "brand", "os")
_NAMES = ("name", "host_name")
_SEPARATOR = "/"


@dataclass(frozen=True, slots=True)
class Layout:
    """Where devices go: below the group `root`, into their site's group; `retired` is the group of devices that are gone.

    `there` are the paths of WhatsUp Gold's groups; one that has a path but for its case is the group of that path.
    """

    root: str
    retired: str | None = None
    there: Collection[str] = ()


def desired_tables(devices: pd.DataFrame, kinds: Kinds, mapping: Mappings, layout: Layout, roles: pd.DataFrame) -> Tables:
    """Return the desired tables (see `asset_sync.reconcile.tables`) of judged devices (`asset_sync.components`' `addresses`).

    `roles` lists what WhatsUp Gold knows (`kind`, `name`): another role, brand or system would be replaced by its own default,
    so such a value is left out.
    """
    devices = devices.reset_index(drop=True)
    fields, refused, _ = mapped(devices, kinds[DEVICE.name], mapping[DEVICE.name])
    # An address that nothing can monitor is never written; the device is held where it is new.
    fields["address"] = fields["address"].where(devices["refused"].isna())
    # WhatsUp Gold shows the address where there is no name: then it is no name, and none is written.
    for name in _NAMES:
        if name in fields:
            fields[name] = fields[name].where(fields[name].map(canonical, na_action="ignore") != fields["address"])
    groups = _Groups(layout.there)
    fields["group"] = (layout.root + _SEPARATOR + fields["group"]).map(groups.spelt, na_action="ignore").astype("str")
    for name in _ROLES:
        if name in fields:
            fields[name] = _known(fields[name], roles.loc[roles["kind"] == name, "name"])
    keys = devices["name"].where(~devices["name"].duplicated(keep=False), devices["name"] + " (" + devices["id"] + ")")
    own = {"source_key": devices["id"], "key": keys, "refused": devices["refused"]}
    table = desired_table(kinds[DEVICE.name], fields.assign(**own))
    leaves = {*table["group"].dropna(), groups.spelt(layout.retired or layout.root)}
    tables = {GROUP.name: _group_table(kinds[GROUP.name], leaves), DEVICE.name: table}
    return with_refused(tables, [of_records(DEVICE.name, devices["id"], refused)])


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


def unknown_roles(devices: pd.DataFrame, kind: Kind, mapping: Mapping[str, FieldMapping], roles: pd.DataFrame) -> list[str]:
    """Return the roles, brands and systems that were left out because WhatsUp Gold does not know them, in order."""
    wanted = mapped(devices, kind, {name: mapping[name] for name in _ROLES if name in mapping}).fields
    found: list[str] = []
    for name in _ROLES:
        if name in wanted:
            known = _known(wanted[name], roles.loc[roles["kind"] == name, "name"])
            left_out = wanted.loc[wanted[name].notna() & known.isna(), name]
            found += [f"{name} {value!r}" for value in sorted(left_out.unique())]
    return found


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
