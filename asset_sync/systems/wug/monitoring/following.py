"""Scans followed to their end: what each look at a scan makes of the addresses that wait for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import dagster as dg

from asset_sync.reconcile.errors import TargetError
from asset_sync.systems.wug.scans import ScanDevice, Scans, ScanStatus
from asset_sync.tracking import COUNTED, Key, Scanned, Statistics, Tracking

_LOOK_EVERY: Final = timedelta(seconds=30)
_SELDOMER: Final = 10
"""The longer a scan takes, the seldomer it is looked at: after another tenth of its time so far."""


@dataclass(frozen=True)
class Look:
    """What a look at a scan made of its addresses: found with the device's id, or failed with the reason; else it goes on.

    `state` is how far the scan is, in words.
    """

    state: str
    found: Mapping[Key, str] = field(default_factory=dict)
    failed: Mapping[Key, str] = field(default_factory=dict)


def follow(tracking: Tracking, connection: str, scans: Scans, now: datetime, limit: timedelta) -> None:
    """Look at each scan of a connection that is under way, once, and note what came of it.

    Raises `TargetError` where the server cannot be asked; what waits for longer than `limit` is given up all the same.
    """
    for scan_id, waiting in tracking.open_scans(connection).items():
        try:
            found = look(scans.status(scan_id), scans.devices(scan_id), waiting, now, limit)
        except TargetError as error:
            tracking.failed(connection, late(waiting, f"it cannot be asked: {error}", now, limit), now)
            raise
        tracking.looked(connection, scan_id, found.state, now)
        tracking.scan_completed(connection, found.found, now)
        tracking.failed(connection, found.failed, now)


def look(
    status: ScanStatus | None, devices: Sequence[ScanDevice], waiting: Sequence[Scanned], now: datetime, limit: timedelta
) -> Look:
    """Judge a scan by its status (None: the server does not know it), what it found so far, and how long it took.

    A device is told by its address, whether or not the scan has ended. After `limit` an address is not waited for any more.
    """
    state = _state(status)
    by_address = {device.address: device.id for device in devices if device.address}
    found = {_key(row): by_address[row.address] for row in waiting if row.address in by_address}
    rest = [row for row in waiting if _key(row) not in found]
    if status is not None and status.active:
        return Look(state, found, late(rest, state, now, limit))
    why = "WhatsUp Gold does not know the scan any more" if status is None else "the scan found nothing at the address"
    return Look(state, found, {_key(row): why for row in rest})


def next_look(tracking: Tracking, connection: str, now: datetime) -> str:
    """Return what tells the next look from the last one; nothing where no scan is to be looked at."""
    rows = [row for scan in tracking.open_scans(connection).values() for row in scan]
    last = max((row.looked_at or row.scan_triggered_at for row in rows), default=now)
    return last.isoformat() if any(is_due(row, now) for row in rows) else ""


def is_due(row: Scanned, now: datetime) -> bool:
    """Tell whether the scan that an address waits for is to be looked at."""
    since = now - (row.looked_at or row.scan_triggered_at)
    return since >= max(_LOOK_EVERY, (now - row.scan_triggered_at) / _SELDOMER)


def run_again_for(tracking: Tracking, connection: str, now: datetime) -> str:
    """Return what the sync is to run again for: devices found, failures whose time has come; nothing where there is none.

    Each is asked for once: what a run cannot settle waits for the connection's own time.
    """
    found = sorted(tracking.to_settle(connection).values())
    retry = tracking.retry_at(connection, now)
    return " ".join([*found, *([retry.isoformat()] if retry else [])])


def late(waiting: Sequence[Scanned], state: str, now: datetime, limit: timedelta) -> dict[Key, str]:
    """Return the addresses that waited for `limit` or longer, with the reason to give them up."""
    told = f"the scan did not end within {limit.total_seconds() / 60:.0f} minutes ({state})"
    return {_key(row): told for row in waiting if now - row.scan_triggered_at >= limit}


def _state(status: ScanStatus | None) -> str:
    if status is None:
        return "unknown"
    told = f"{status.devices_complete} of {status.devices_found} devices complete, progress {status.progress:g}"
    return f"{status.phase or ('active' if status.active else 'ended')}: {told}"


def _key(row: Scanned) -> Key:
    return row.device_id, row.address


def standing(statistics: Statistics) -> dict[str, Any]:
    """Return the metadata that tells how a connection stands."""
    counts = {name: getattr(statistics, name) for name in ("total", *COUNTED)}
    recent = (f"- {c.at:%Y-%m-%d %H:%M:%S} {c.address} {c.device_name}: {c.status} {c.error or ''}" for c in statistics.recent)
    last = f"{statistics.last_export:%Y-%m-%d %H:%M:%S} UTC" if statistics.last_export else "never"
    return {**counts, "last_export": last, "recent": dg.MetadataValue.md("\n".join(recent) or "none")}
