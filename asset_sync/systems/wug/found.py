"""Which of WhatsUp Gold's devices are its own finds, and not NetBox's devices come back."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

import pandas as pd

from asset_sync.reconcile.tables import Tables
from asset_sync.systems.steps import Run, Sifted
from asset_sync.systems.wug.kinds import DEVICE
from asset_sync.systems.wug.options import FindingOptions
from asset_sync.tracking import open_tracking

_ADDRESS: Final = re.compile(r"[\d.]+|.*:.*")
_FOUND: Final = "found"
_AROUND: Final = re.compile(r"^[^\\]+\\(?=.)|\$$|\.+$")


@dataclass(frozen=True)
class Finding:
    """The step of a sync that tells of WhatsUp Gold's devices; see `asset_sync.systems.steps`."""

    options: FindingOptions

    def sift(self, run: Run, devices: pd.DataFrame, inventory: Tables) -> Sifted:
        """Leave out what is the target's own; that has kinds with names, `device` among them."""
        judged = with_verdicts(devices, self._known(run, inventory[DEVICE.name]))
        counts = {f"devices/{why}": int(count) for why, count in judged["why"].value_counts().items()}
        return Sifted(taken(judged), counts)

    def _known(self, run: Run, there: pd.DataFrame) -> "Known":
        own = run.links()[DEVICE.name]
        exported = run.links_of(self.options.exported_by, {DEVICE.name: DEVICE})[DEVICE.name]
        tracking = open_tracking()
        scans = tracking.open_scans(run.connection).values()
        return Known(
            brought=dict(zip(own["source_key"], own["target_id"], strict=True)),
            exported={*exported["target_id"], *tracking.wug_devices(run.connection)},
            sought={row.address for rows in scans for row in rows},
            alive=set(there["id"]),
            names=set(there["name"].dropna()),
            addresses=set(run.addresses()["address"]),
        )


@dataclass(frozen=True)
class Known:
    """What is known of a server's devices.

    `brought` are those that this sync brought to NetBox, their ids there by their ids here; `exported` those that the sync in
    the other direction brought from it, or had scanned for; `sought` the addresses that it has scanned for now. Of NetBox's
    devices: the ids (`alive`), the names, the interfaces' addresses.
    """

    brought: Mapping[str, str]
    exported: Collection[str]
    sought: Collection[str]
    alive: Collection[str]
    names: Collection[str]
    addresses: Collection[str]


def with_verdicts(devices: pd.DataFrame, known: Known) -> pd.DataFrame:
    """Return the devices with `why`: "found", or why NetBox is to hear nothing of them.

    With those that it brought before the sync goes on, also once they were exported from there; but what a person deleted in
    NetBox does not come back. Of the rest, one that carries a netbox_id or was exported is NetBox's own, and so is one whose
    address, or name, a device of NetBox has.
    """
    own = devices["id"].map(dict(known.brought))
    why = pd.Series(_FOUND, index=devices.index, dtype="str")
    why = why.mask(_named_as_any(devices["name"], known.names), "a device of NetBox has its name")
    why = why.mask(_on_any(devices, set(known.addresses)), "its address is on a device of NetBox")
    why = why.mask(devices["address"].isin(list(known.sought)), "a scan for a device of NetBox is under way there")
    why = why.mask(devices["netbox_id"].notna() | devices["id"].isin(list(known.exported)), "comes from NetBox")
    why = why.mask(devices["address"].isna(), "has no address")
    why = why.mask(own.notna(), _FOUND)
    return devices.assign(why=why.mask(own.notna() & ~own.isin(list(known.alive)), "was deleted in NetBox"))


def _named_as_any(names: pd.Series, known: Collection[str]) -> pd.Series:
    """Tell of each name whether a host of the known ones has it; a short name is that of a full one, in any domain."""
    hosts = {_host(name) for name in known}
    shorts = {_short(host) for host in hosts}
    own = names.map(_host, na_action="ignore")
    return own.isin(hosts | shorts) | own.map(_short, na_action="ignore").isin(hosts)


def _host(name: str) -> str:
    """Return the name of a host, folded: without the domain before it, the mark of its account, or a dot at its end."""
    return _AROUND.sub("", name.strip().casefold())


def _short(host: str) -> str:
    """Return what is before the first dot; an address has no short name."""
    return host if _ADDRESS.fullmatch(host) else host.partition(".")[0]


def _on_any(devices: pd.DataFrame, addresses: set[str]) -> pd.Series:
    """Tell of each device whether one of its addresses is among those."""
    several = devices["other_addresses"].fillna("").str.split()
    further = pd.Series([not addresses.isdisjoint(others) for others in several], index=devices.index, dtype=bool)
    return devices["address"].isin(addresses) | further


def taken(judged_devices: pd.DataFrame) -> pd.DataFrame:
    """Return the devices that NetBox is to hear of."""
    return judged_devices[judged_devices["why"] == _FOUND].drop(columns="why").reset_index(drop=True)
