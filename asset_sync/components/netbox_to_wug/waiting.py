"""Which devices must not be created in WhatsUp Gold by this run, and why."""

from datetime import datetime, timedelta
from typing import Final

import pandas as pd

from asset_sync.reconcile.references import Waiting
from asset_sync.reconcile.tables import Tables
from asset_sync.systems.wug import DEVICE
from asset_sync.tracking import Key, Tracking

RECENT: Final = timedelta(hours=24)


def waiting_devices(
    tracking: Tracking, connection: str, desired: Tables, observed: Tables, now: datetime, *, exclude_recent: bool
) -> Waiting:
    """Return the devices that wait, by source key, having brought the tracking in line with what WhatsUp Gold holds.

    A device waits while its address cannot be monitored, is a further address of another device there, is being scanned, or
    failed not long ago; with `exclude_recent` also within 24 hours of an export, if somebody took it out of WhatsUp Gold.
    """
    wanted, there = desired[DEVICE.name], observed[DEVICE.name]
    keys = pd.Series(list(zip(wanted["source_key"], wanted["address"], strict=True)), index=wanted.index, dtype=object)
    _follow(tracking, connection, wanted, there, now)
    found = _exported_recently(tracking.recent(connection, now - RECENT), now) if exclude_recent else {}
    found |= tracking.waiting(connection, now)
    why = keys.map(found).astype("str").fillna(_elsewhere(wanted["address"], there)).fillna(wanted["refused"])
    told = why.notna()
    return {DEVICE.name: dict(zip(wanted.loc[told, "source_key"], why[told], strict=True))}


def _follow(tracking: Tracking, connection: str, wanted: pd.DataFrame, there: pd.DataFrame, now: datetime) -> None:
    addressed = wanted[["source_key", "address"]].dropna()
    held = addressed.merge(there[["id", "address"]].dropna(), on="address")
    observed = dict(zip(held["source_key"], zip(held["address"], held["id"], strict=True), strict=True))
    desired = dict(zip(addressed["source_key"], addressed["address"], strict=True))
    tracking.reconcile(connection, observed, desired, now)
    settled = [key for key in tracking.to_settle(connection) if observed.get(key[0], ("", ""))[0] == key[1]]
    tracking.settled(connection, settled, now)


def _exported_recently(recent: dict[Key, datetime], now: datetime) -> dict[Key, str]:
    return {
        key: f"exported {(now - at).total_seconds() / 3600:.1f} hours ago, and not there any more: not created again within 24"
        for key, at in recent.items()
    }


def _elsewhere(addresses: pd.Series, there: pd.DataFrame) -> pd.Series:
    """Say which device of WhatsUp Gold has an address on a further interface: a second device must not get it."""
    several = there.loc[there["other_addresses"].notna(), ["id", "key", "other_addresses"]]
    holders = {
        address: f"{address} is a further address of WhatsUp Gold's device #{row.id} ({row.key})"
        for row in several.itertuples(index=False)
        for address in str(row.other_addresses).split()
    }
    return addresses.map(holders).astype("str")
