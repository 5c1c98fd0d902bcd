"""Scans for devices that WhatsUp Gold declined to add: asked for once all of a plan was sent, those of a group together.

A plan's devices go in batches that one request for a scan would not fit: a scan for each would look at one network many times.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.errors import TargetError
from asset_sync.reconcile.target import DEFERRED, Deferred, OutcomeUnknown
from asset_sync.systems.steps import Done
from asset_sync.systems.wug.kinds import DEVICE
from asset_sync.systems.wug.target import WugTarget
from asset_sync.tracking import Key, Tracking

_SCANNED_FOR: Final = "scanned for once all is sent, for: "


@dataclass(frozen=True, slots=True)
class _Declined:
    key: Key
    group: str
    reason: str


def to_be_scanned_for(reason: str) -> Deferred:
    """Return what becomes of a device that WhatsUp Gold does not add, for that reason, and is asked to find itself."""
    return Deferred(f"{_SCANNED_FOR}{reason}")


def is_to_scan(done: Done) -> bool:
    """Return whether an apply left devices to be scanned for."""
    return any(_declined(done))


def scan_for_declined(target: WugTarget, tracking: Tracking, connection: str, done: Done) -> Mapping[str, Any]:
    """Start a scan for each group that has devices which an apply left to be scanned for; return metadata.

    What cannot be scanned for is an error in the table of exports, to be tried again. Raises `TargetError` for that in the end.
    """
    failed: dict[Key, str] = {}
    started = 0
    for group, members in groupby(sorted(_declined(done), key=attrgetter("group", "key")), attrgetter("group")):
        devices = list(members)
        why = _started(target, tracking, connection, group, devices)
        started += why is None
        failed |= {each.key: f"not added ({each.reason}), {why}" for each in devices} if why else {}
    if failed:
        tracking.failed(connection, failed, datetime.now(UTC))
        raise TargetError(f"{len(failed)} devices are not monitored; the first: {next(iter(failed.values()))}")
    return {"scans": started}


def _started(target: WugTarget, tracking: Tracking, connection: str, group: str, devices: Sequence[_Declined]) -> str | None:
    """Start a scan for devices of one group; return why they are not scanned for, None where they are."""
    keys = [each.key for each in devices]
    try:
        scan_id = target.scan(group, [address for _, address in keys])
    except OutcomeUnknown as error:
        return f"and nobody knows whether a scan for it was started ({error}); the next run sees what it found"
    except TargetError as error:
        return f"nor scanned for ({error})"
    tracking.scan_triggered(connection, keys, scan_id, datetime.now(UTC))
    return None


def _declined(done: Done) -> Iterator[_Declined]:
    for row in p.records(done.plan.writes):
        outcome = done.outcomes.get(row["seq"])
        if row["kind"] != DEVICE.name or outcome is None or outcome.outcome != DEFERRED:
            continue
        before, found, reason = str(outcome.detail).partition(_SCANNED_FOR)
        if found and not before:
            new = {name: change["new"] for name, change in p.decode(row["changes"]).items()}
            yield _Declined((row["source_key"], new["address"]), str(new["group"]), reason)
