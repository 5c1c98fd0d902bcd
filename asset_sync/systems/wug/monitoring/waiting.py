"""Which devices must not be created in WhatsUp Gold by this run, and why."""

from datetime import datetime, timedelta
from typing import Final

import pandas as pd

from asset_sync.reconcile.references import Waiting
from asset_sync.reconcile.tables import Tables
from asset_sync.systems.wug.kinds import ATTRIBUTE, DEVICE, NETBOX_ID
from asset_sync.tracking import Key, Tracking

RECENT: Final = timedelta(hours=24)

_NETBOX_ID: Final = ATTRIBUTE + NETBOX_ID


def bring_in_line(tracking: Tracking, connection: str, desired: Tables, observed: Tables, now: datetime) -> None:
    """Bring the tracking in line with what WhatsUp Gold holds; give both tables as they are now."""
    wanted, there = desired[DEVICE.name], observed[DEVICE.name]
    addressed = wanted[["source_key", "address"]].dropna()
    held = addressed.merge(there[["id", "address", _NETBOX_ID]].dropna(subset=["address"]), on="address")
    arrived = dict(zip(held["source_key"], zip(held["address"], held["id"], strict=True), strict=True))
    exported = dict(zip(addressed["source_key"], addressed["address"], strict=True))
    tracking.reconcile(connection, arrived, exported, now)
    unwritten = set(held.loc[held[_NETBOX_ID].isna(), "source_key"])
    # What was found and is still to be written waits; what was written, or is gone or not wanted by now, is over.
    waits = {(device_id, address) for device_id, (address, _) in arrived.items() if device_id in unwritten}
    tracking.settled(connection, tracking.to_settle(connection).keys() - waits, now)


def waiting_devices(tracking: Tracking, connection: str, desired: Tables, now: datetime, *, exclude_recent: bool) -> Waiting:
    """Return the devices that wait, by source key, as the tracking has them.

    A device waits while its address is refused or being scanned, or failed not long ago; with `exclude_recent` also within 24
    hours of an export, if somebody took it out of WhatsUp Gold.
    """
    wanted = desired[DEVICE.name]
    keys = pd.Series(list(zip(wanted["source_key"], wanted["address"], strict=True)), index=wanted.index, dtype=object)
    found = _exported_recently(tracking.recent(connection, now - RECENT), now) if exclude_recent else {}
    found |= tracking.waiting(connection, now)
    why = keys.map(found).astype("str").fillna(wanted["refused"])
    told = why.notna()
    return {DEVICE.name: dict(zip(wanted.loc[told, "source_key"], why[told], strict=True))}


def without_strangers(desired: Tables, observed: Tables) -> Tables:
    """Return the observed tables without the netbox_id of devices whose record is gone: then their address says who they are.

    So a device that was replaced, or deleted and entered again, goes on being monitored as the one that has its address now.
    """
    there = observed[DEVICE.name]
    known = there[_NETBOX_ID].isin(desired[DEVICE.name]["source_key"])
    return {**observed, DEVICE.name: there.assign(**{_NETBOX_ID: there[_NETBOX_ID].where(known)})}


def _exported_recently(recent: dict[Key, datetime], now: datetime) -> dict[Key, str]:
    return {
        key: f"exported {(now - at).total_seconds() / 3600:.1f} hours ago, and not there any more: not created again within 24"
        for key, at in recent.items()
    }
