"""Which devices must not be created in WhatsUp Gold by this run, and why."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import pandas as pd

from asset_sync.reconcile.references import Waiting
from asset_sync.reconcile.resolutions import Resolution
from asset_sync.reconcile.tables import Tables
from asset_sync.systems.wug.kinds import ATTRIBUTE, DEVICE, NETBOX_ID
from asset_sync.tracking import Key, Tracking

RECENT: Final = timedelta(hours=24)

_NETBOX_ID: Final = ATTRIBUTE + NETBOX_ID
_NOBODYS: Final = ("name", "note")
_EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


def bring_in_line(
    tracking: Tracking, connection: str, desired: Tables, observed: Tables, now: datetime, *, whole: bool = True
) -> None:
    """Bring the tracking in line with what WhatsUp Gold holds; give both tables as they are now.

    `whole` says that the desired devices are all that there are.
    """
    wanted, there = desired[DEVICE.name], observed[DEVICE.name]
    addressed = wanted[["source_key", "address"]].dropna()
    held = addressed.merge(there[["id", "address"]].dropna(subset=["address"]), on="address")
    arrived = dict(zip(held["source_key"], zip(held["address"], held["id"], strict=True), strict=True))
    exported = dict(zip(addressed["source_key"], addressed["address"], strict=True))
    if whole:
        tracking.reconcile(connection, arrived, exported, now)
    # What was found and is still to be written waits; what was written, or is gone or not wanted by now, is over.
    finds = own_finds(tracking, connection, desired, observed)
    unsettled = tracking.to_settle(connection)
    waits = {key for key, wug_id in unsettled.items() if finds.get(wug_id) == key[0] or not (whole or key[0] in exported)}
    tracking.settled(connection, unsettled.keys() - waits, now)
    tracking.follow_wanted(connection, exported, now, whole=whole, but=waits)


def own_finds(tracking: Tracking, connection: str, desired: Tables, observed: Tables) -> dict[str, str]:
    """Return the devices of WhatsUp Gold that are there because a scan was asked for, with whose they are: ids on both sides.

    They are known by that where the address of the device of NetBox has changed since; not where it is monitored already, by
    its netbox_id or at the address that it has now. What another device of NetBox still has there, and is to give up, is not
    that: so a find takes part in addresses that are swapped.
    """
    wanted, there = desired[DEVICE.name], observed[DEVICE.name].set_index("id")
    addresses = dict(zip(wanted["source_key"], wanted["address"], strict=True))
    carried, taken = set(there[_NETBOX_ID].dropna()), there["address"]
    nobodys = set(there.index[there[_NETBOX_ID].isna()])
    others = taken[~there[_NETBOX_ID].isin(list(addresses))]
    found: dict[str, str] = {}
    for (device_id, address), wug_id in sorted(tracking.to_settle(connection).items()):
        is_as_found = wug_id in nobodys and taken[wug_id] == address
        if not is_as_found or device_id in carried or device_id not in addresses:
            continue
        if not (others.drop(wug_id) == addresses[device_id]).any():
            found[wug_id] = device_id
    return found


def waiting_devices(tracking: Tracking, connection: str, desired: Tables, now: datetime, *, exclude_recent: bool) -> Waiting:
    """Return the devices that wait, by source key, as the tracking has them.

    A device waits while its address is refused, or it is scanned for, also at an address that it had before, or failed not long
    ago; with `exclude_recent` also within 24 hours of an export, if somebody took it out of WhatsUp Gold.
    """
    wanted = desired[DEVICE.name]
    keys = pd.Series(list(zip(wanted["source_key"], wanted["address"], strict=True)), index=wanted.index, dtype=object)
    found = _exported_recently(tracking.recent(connection, now - RECENT), now) if exclude_recent else {}
    found |= tracking.waiting(connection, now)
    scans = [row for rows in tracking.open_scans(connection).values() for row in rows]
    former = {row.device_id: f"a scan for {row.address}, which it had before, is under way" for row in scans}
    why = keys.map(found).astype("str").fillna(wanted["source_key"].map(former).astype("str")).fillna(wanted["refused"])
    told = why.notna()
    return {DEVICE.name: dict(zip(wanted.loc[told, "source_key"], why[told], strict=True))}


def with_owners(observed: Tables, finds: Mapping[str, str]) -> Tables:
    """Return the observed tables with the netbox_id of finds, which is still to be written."""
    there = observed[DEVICE.name]
    owners = there["id"].map(dict(finds)).astype("str")
    return {**observed, DEVICE.name: there.assign(**{_NETBOX_ID: there[_NETBOX_ID].fillna(owners)})}


def scan_made(tracking: Tracking, connection: str) -> list[Resolution]:
    """Return that the names and notes of what a scan found are nobody's choice, so that the source's are taken."""
    at = tracking.recent(connection, _EVER)
    return [
        Resolution(DEVICE.name, key[0], "take_source", "the scan that was asked for", at[key], field=field)
        for key in sorted(tracking.to_settle(connection))
        for field in _NOBODYS
    ]


def without_gone(desired: Tables, observed: Tables, links: Tables) -> Tables:
    """Return the observed tables without the netbox_id of devices whose record is gone: then their address says who they are.

    So a device that was replaced, or deleted and entered again, goes on being monitored as the one that has its address now.
    What the links do not know is another sync's, or was never this one's to give away.
    """
    there = observed[DEVICE.name]
    ids = there[_NETBOX_ID]
    gone = ids.isin(links[DEVICE.name]["source_key"]) & ~ids.isin(desired[DEVICE.name]["source_key"])
    return {**observed, DEVICE.name: there.assign(**{_NETBOX_ID: ids.mask(gone)})}


def _exported_recently(recent: dict[Key, datetime], now: datetime) -> dict[Key, str]:
    return {
        key: f"exported {(now - at).total_seconds() / 3600:.1f} hours ago, and not there any more: not created again within 24"
        for key, at in recent.items()
    }
