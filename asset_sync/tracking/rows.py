"""What goes into the tracking and comes out of it. Moments are in UTC."""

from dataclasses import dataclass
from datetime import datetime

from asset_sync.tracking.lifecycle import Status

Key = tuple[str, str]
"""The id of a device in NetBox and its address: a row of a connection."""


@dataclass(frozen=True, slots=True)
class Export:
    """A device that is about to be sent. The address is canonical, as `asset_sync.reconcile.addresses.judge` gives it."""

    device_id: str
    device_name: str
    address: str


@dataclass(frozen=True, slots=True)
class Scanned:
    """A row that waits for its scan; `looked_at` is the last look at the scan, None before the first."""

    device_id: str
    address: str
    scan_triggered_at: datetime
    looked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Change:
    """How a row stands, and since when."""

    address: str
    device_name: str
    status: Status
    at: datetime
    error: str | None


@dataclass(frozen=True, slots=True)
class ChosenExports:
    """Which rows are meant; what is None does not choose. `since` is when the status came."""

    connection: str | None = None
    status: Status | None = None
    device_id: str | None = None
    address: str | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """A row: a device of NetBox and one of its addresses, on a connection, and how it stands since when."""

    connection: str
    device_id: str
    device_name: str
    address: str
    status: Status
    reason: str
    at: datetime
    attempts: int
    next_attempt_at: datetime | None
    wug_device_id: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Statistics:
    """How a connection stands: its rows but for the superseded ones, in all and by status, and the ten of them that changed
    their status last, newest first.

    `last_export` is when a device last arrived, sent or found by a scan; None before the first.
    """

    total: int
    pending: int
    exported: int
    scan_triggered: int
    scan_completed: int
    error: int
    last_export: datetime | None
    recent: tuple[Change, ...]
