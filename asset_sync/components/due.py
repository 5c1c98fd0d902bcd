"""When a connection is due, and how it stands, from its schedule in the ledger. Nothing here asks Dagster or a clock."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from asset_sync.ledger import Schedule

Status = Literal["not_configured", "disabled", "syncing", "never_synced", "error", "out_of_sync", "in_sync"]
"""How a connection stands; the first that fits. What `status_of` says of each."""

_RETRY: Final = timedelta(minutes=5)
_DOUBLINGS: Final = 20
_JITTER: Final = 0.2


@dataclass(frozen=True, slots=True)
class ScheduledConnection:
    """A connection as its YAML has it; `variables` are those of the environment without which it is not reached."""

    name: str
    interval: timedelta
    enabled: bool
    variables: Sequence[str]


def due_at(schedule: Schedule | None, interval: timedelta) -> datetime | None:
    """Return when a connection that nobody has is due; None for at once: it never ran, or what was claimed did not begin.

    After a failure that is when it is to be tried again, else an interval after the last turn was claimed. Of what is yet to
    come by the database's clock, which was ahead then and was set right, nobody knows how long ago it was: at once, too.
    """
    if schedule is None or schedule.last_sync is None or schedule.owner is not None:
        return None
    last, wait = schedule.last_sync, interval
    if schedule.failed_at is not None and schedule.failed_at >= last:
        last, wait = schedule.failed_at, retry_after(schedule, interval)
    return last + wait if last <= schedule.now else None


def retry_after(schedule: Schedule, interval: timedelta) -> timedelta:
    """Return how long after its last failure a connection is tried again.

    First after its interval, at most 5 minutes; twice as long with each further failure, at most its interval, or 5 minutes
    where that is shorter: one of 3 hours is not left alone for so long, one of 5 seconds is back within seconds to minutes. Of
    connections that failed together each waits a little less, up to a fifth, by an amount of its own.
    """
    longest = max(interval, _RETRY)
    wait = min(min(interval, _RETRY) * (1 << min(schedule.failures - 1, _DOUBLINGS)), longest)
    return wait * (1 - _JITTER * _share(f"{schedule.sync}/{schedule.connection}/{schedule.failures}"))


def _share(of: str) -> float:
    """Return a number from 0 to 1 that is always the same for a text, and another one for most others."""
    return zlib.crc32(of.encode()) / 0xFFFFFFFF


def status_of(connection: ScheduledConnection, schedule: Schedule | None, *, missing: Sequence[str], under_way: bool) -> Status:
    """Return how a connection stands.

    `not_configured`: variables are `missing`; `disabled`: by the YAML; `syncing`: a run of it is `under_way`, or about to
    begin; `error`: its last turn failed; `never_synced`: none has succeeded yet; `out_of_sync`: none has for two intervals.
    """
    if missing:
        return "not_configured"
    if not connection.enabled:
        return "disabled"
    if under_way:
        return "syncing"
    if schedule is not None and schedule.failures:
        return "error"
    if schedule is None or schedule.last_success is None:
        return "never_synced"
    return "out_of_sync" if is_overdue(connection, schedule) else "in_sync"


def is_overdue(connection: ScheduledConnection, schedule: Schedule) -> bool:
    """Tell whether a connection that succeeded once has not done so for two intervals."""
    return schedule.last_success is not None and schedule.now - schedule.last_success > 2 * connection.interval
