"""What WhatsUp Gold should hold, made from NetBox's devices that have an address: record tables of groups and devices."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from asset_sync.reconcile.kinds import Kind, Kinds
from asset_sync.reconcile.mapping import FieldMapping, mapped
from asset_sync.reconcile.refusals import of_records, with_refused
from asset_sync.reconcile.tables import Tables, desired_table
from asset_sync.systems.wug import DEVICE, GROUP

Mappings = Mapping[str, Mapping[str, FieldMapping]]

_ROLES = ("role", "brand", "os")
_SEPARATOR = "/"


@dataclass(frozen=True, slots=True)
class Layout:
    """Where devices go: below the group `root`, into their site's group; `retired` is the group of devices that are gone."""

    root: str
    retired: str | None = None


def desired_tables(devices: pd.DataFrame, kinds: Kinds, mapping: Mappings, layout: Layout, roles: pd.DataFrame) -> Tables:
    """Return the desired tables (see `asset_sync.reconcile.tables`) of judged devices (`asset_sync.components`' `addresses`).

    `roles` lists what WhatsUp Gold knows (`kind`, `name`): another role, brand or system would be replaced by its own default,
    so such a value is left out.
    """
    devices = devices.reset_index(drop=True)
    fields, refused = mapped(devices, kinds[DEVICE.name], mapping[DEVICE.name])
    # An address that nothing can monitor is never written; the device is held where it is new.
    fields["address"] = fields["address"].where(devices["refused"].isna())
    # WhatsUp Gold shows the address where there is no name: then it is no name, and none is written.
    fields["name"] = fields["name"].where(fields["name"] != fields["address"])
    fields["group"] = layout.root + _SEPARATOR + fields["group"]
    for name in _ROLES:
        if name in fields:
            fields[name] = _known(fields[name], roles.loc[roles["kind"] == name, "name"])
    keys = devices["name"].where(~devices["name"].duplicated(keep=False), devices["name"] + " (" + devices["id"] + ")")
    own = {"source_key": devices["id"], "key": keys, "refused": devices["refused"]}
    table = desired_table(kinds[DEVICE.name], fields.assign(**own))
    tables = {GROUP.name: _groups(kinds[GROUP.name], table["group"], layout), DEVICE.name: table}
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


def _groups(kind: Kind, paths: pd.Series, layout: Layout) -> pd.DataFrame:
    """Return a row for each group that a device is in, and for each group above it."""
    leaves = {*paths.dropna(), *([layout.retired] if layout.retired else [layout.root])}
    every = sorted({above for leaf in leaves for above in _with_parents(leaf)})
    return desired_table(kind, pd.DataFrame({"source_key": every, "key": every, "path": every}, dtype="str"))


def _with_parents(path: str) -> Iterable[str]:
    parts = path.split(_SEPARATOR)
    return (_SEPARATOR.join(parts[:count]) for count in range(1, len(parts) + 1))
