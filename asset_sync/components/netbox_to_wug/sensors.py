"""The sensor that follows scans until they end."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import dagster as dg

from asset_sync.components.wug.due import free_at, past_runs
from asset_sync.tracking import Tracking

_MOST: Final = timedelta(hours=1)
_LOOK_EVERY_S: Final = 30


# Dagster has no public name for the type of a job that is defined by its assets.
def scans_sensor(sync: Any, scans: Any, connections: Sequence[str], tracked: Callable[[], Tracking]) -> dg.SensorDefinition:
    """Return the sensor that has running scans looked at, and runs the sync of a connection whose scans found devices.

    It is on from the start: it only follows what was begun. A tick reads the table of exports and asks no server.
    """

    @dg.sensor(
        name=f"{scans.name}_sensor",
        jobs=[sync, scans],
        minimum_interval_seconds=_LOOK_EVERY_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Follows scans until they end, then has the metadata of what they found written.",
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        tracking = tracked()
        reasons = {
            (job, name): why
            for name in connections
            for job, why in ((scans.name, _scans_to_look_at(tracking, name)), (sync.name, _found(tracking, name)))
            if why
        }
        asked = [_asked(context.instance, job, name, why) for (job, name), why in reasons.items()]
        started = [request for request in asked if request is not None]
        return dg.SensorResult(run_requests=started) if started else dg.SkipReason("nothing to follow, or it is under way")

    return sensor


def _scans_to_look_at(tracking: Tracking, connection: str) -> str:
    """Return what tells the next look from the last one; nothing where no scan is under way."""
    rows = [row for scan in tracking.open_scans(connection).values() for row in scan]
    return max((row.looked_at or row.scan_triggered_at).isoformat() for row in rows) if rows else ""


def _found(tracking: Tracking, connection: str) -> str:
    return " ".join(sorted(tracking.to_settle(connection).values()))


def _asked(instance: dg.DagsterInstance, job: str, connection: str, why: str) -> dg.RunRequest | None:
    past = past_runs(instance, job, connection)
    free = free_at(past, _MOST)
    if free is None or free > datetime.now(UTC):
        return None
    last = past[0].began.isoformat() if past else "never"
    return dg.RunRequest(run_key=f"{connection} {why} {last}", partition_key=connection, job_name=job)
