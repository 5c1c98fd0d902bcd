"""When a connection runs: at its interval, sooner where it failed, never twice at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import dagster as dg

from asset_sync.components import run_tags

_AT_ONCE: Final = datetime.min.replace(tzinfo=UTC)
_RETRY: Final = timedelta(minutes=5)
_LOOK_BACK: Final = 10
_DUE_EVERY_S: Final = 60


@dataclass(frozen=True, slots=True)
class Past:
    """A run of a connection, as Dagster remembers it. `ended` is None while it is queued or under way."""

    began: datetime
    ended: datetime | None
    succeeded: bool


def due_at(past: Sequence[Past], interval: timedelta) -> datetime | None:
    """Return when a connection is to run next, from its runs, the newest first; None while one is queued or under way.

    After a success it is due an interval after that began, else as `free_at` says.
    """
    return past[0].began + interval if past and past[0].succeeded else free_at(past, interval)


def free_at(past: Sequence[Past], most: timedelta) -> datetime | None:
    """Return from when on a job may run again, from its runs, the newest first; None while one is queued or under way.

    After failures that is 5 minutes after the last one ended, twice as long with every further one, at most `most`; else at
    once (the beginning of time).
    """
    if not past or past[0].succeeded:
        return _AT_ONCE
    if past[0].ended is None:
        return None
    failures = next((number for number, run in enumerate(past) if run.succeeded), len(past))
    return past[0].ended + min(_RETRY * (1 << (failures - 1)), most)


def due_sensor(sync: str, intervals: Mapping[str, timedelta]) -> dg.SensorDefinition:
    """Return the sensor that starts the connections, each by its interval; a person switches it on after the first plans."""

    @dg.sensor(
        name=f"{sync}_sensor",
        job_name=sync,
        minimum_interval_seconds=_DUE_EVERY_S,
        description="Starts each connection when it is due; one that failed is tried again sooner.",
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        now = datetime.now(UTC)
        due = {name: due_at(past_runs(context.instance, sync, name), interval) for name, interval in intervals.items()}
        started = [
            dg.RunRequest(run_key=f"{name} {at.isoformat()}", partition_key=name)
            for name, at in due.items()
            if at is not None and at <= now
        ]
        return dg.SensorResult(run_requests=started) if started else dg.SkipReason(_next(due))

    return sensor


def _next(due: Mapping[str, datetime | None]) -> str:
    told = (f"{name} " + (f"is due at {at:%Y-%m-%d %H:%M} UTC" if at else "is under way") for name, at in due.items())
    return ", ".join(told) or "no connection is enabled"


def past_runs(instance: dg.DagsterInstance, job: str, connection: str) -> list[Past]:
    """Return the last runs of a job for a connection, the newest first."""
    chosen = dg.RunsFilter(job_name=job, tags={run_tags.PARTITION: connection})
    records = instance.get_run_records(chosen, limit=_LOOK_BACK)
    return [
        Past(
            began=datetime.fromtimestamp(record.start_time, UTC) if record.start_time else record.create_timestamp,
            ended=_ended(record),
            succeeded=record.dagster_run.is_success,
        )
        for record in records
    ]


def _ended(record: dg.RunRecord) -> datetime | None:
    if not record.dagster_run.is_finished:
        return None
    return datetime.fromtimestamp(record.end_time, UTC) if record.end_time else record.create_timestamp
