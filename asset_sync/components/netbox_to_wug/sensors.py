"""The sensor that follows what was begun: scans to their end, what they found, and failures whose time has come."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import dagster as dg

from asset_sync import database
from asset_sync.components.due import free_at, last_mode, past_runs
from asset_sync.tracking import Scanned, Tracking

_MOST: Final = timedelta(hours=1)
_LOOK_EVERY: Final = timedelta(seconds=30)
_SELDOMER: Final = 10
"""The longer a scan takes, the seldomer it is looked at: after another tenth of its time so far."""


# Dagster has no public name for the type of a job that is defined by its assets.
def scans_sensor(
    sync: Any, scans: Any, connections: Mapping[str, bool], tracked: Callable[[], Tracking]
) -> dg.SensorDefinition:
    """Return the sensor that has running scans looked at, and runs the sync again for what they found and what failed.

    It is on from the start: it only follows what was begun, in the mode of the last run. `connections` says by name which
    ones are enabled; scans are followed to their end on the others, too. A tick reads the table of exports and asks no server.
    """

    @dg.sensor(
        name=f"{scans.name}_sensor",
        jobs=[sync, scans],
        minimum_interval_seconds=int(_LOOK_EVERY.total_seconds()),
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Follows scans until they end, then has the metadata of what they found written; tries failures again.",
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        try:
            tracking, now = tracked(), datetime.now(UTC)
            looks = {name: _looked_at(tracking, name, now) for name in connections}
            again = {name: _again(tracking, name, now) for name, enabled in connections.items() if enabled}
        except database.ERRORS as error:
            return dg.SkipReason(database.in_one_line(error))
        instance = context.instance
        wanted = [*_looks(instance, scans.name, looks), *_syncs(instance, sync.name, again)]
        return dg.SensorResult(run_requests=wanted) if wanted else dg.SkipReason("nothing to follow, or it is under way")

    return sensor


def is_due(row: Scanned, now: datetime) -> bool:
    """Tell whether the scan that an address waits for is to be looked at."""
    since = now - (row.looked_at or row.scan_triggered_at)
    return since >= max(_LOOK_EVERY, (now - row.scan_triggered_at) / _SELDOMER)


def _looked_at(tracking: Tracking, connection: str, now: datetime) -> str:
    """Return what tells the next look from the last one; nothing where no scan is to be looked at."""
    rows = [row for scan in tracking.open_scans(connection).values() for row in scan]
    last = max((row.looked_at or row.scan_triggered_at for row in rows), default=now)
    return last.isoformat() if any(is_due(row, now) for row in rows) else ""


def _again(tracking: Tracking, connection: str, now: datetime) -> str:
    """Return what the sync is to run again for: devices found, failures whose time has come; nothing where there is none.

    Each is asked for once: what a run cannot settle waits for the connection's own time.
    """
    found = sorted(tracking.to_settle(connection).values())
    retry = tracking.retry_at(connection, now)
    return " ".join([*found, *([retry.isoformat()] if retry else [])])


def _looks(instance: dg.DagsterInstance, job: str, looks: Mapping[str, str]) -> Iterator[dg.RunRequest]:
    for connection, last in looks.items():
        if last and (began := _free(instance, job, connection)):
            yield dg.RunRequest(run_key=f"{connection} {last} {began}", partition_key=connection, job_name=job)


def _syncs(instance: dg.DagsterInstance, sync: str, again: Mapping[str, str]) -> Iterator[dg.RunRequest]:
    for connection, why in again.items():
        if why and _free(instance, sync, connection):
            config = {"ops": {f"{sync}__plan": {"config": {"mode": last_mode(instance, sync, connection)}}}}
            yield dg.RunRequest(run_key=f"{connection} again {why}", partition_key=connection, job_name=sync, run_config=config)


def _free(instance: dg.DagsterInstance, job: str, connection: str) -> str | None:
    """Return when the job last began for a connection, if it may run now; None while it runs or waits after a failure."""
    past = past_runs(instance, job, connection)
    free = free_at(past, _MOST)
    if free is None or free > datetime.now(UTC):
        return None
    return past[0].began.isoformat() if past else "never"
