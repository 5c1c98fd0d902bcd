"""The sensor that starts the connections of a sync, each when it is due by its schedule in the ledger."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

import dagster as dg

from asset_sync import settings
from asset_sync.components import run_tags
from asset_sync.components.abandoned import end_abandoned
from asset_sync.components.due import ScheduledConnection, due_at
from asset_sync.components.failures import told_in_one_line
from asset_sync.components.pausing import paused
from asset_sync.components.resources import open_schedules
from asset_sync.components.turns import end_dead, is_under_way
from asset_sync.ledger import Schedule, Schedules
from asset_sync.ledger.schedules import START_WITHIN

_OFTEN_S: Final = 5
"""Dagster's daemon looks at sensors every 5 seconds: more often would be in vain."""
_SELDOM_S: Final = 60
_TICKS: Final = 12
"""How many ticks there are in the shortest interval, so that nobody waits for long beyond it."""
_NOT_STARTED: Final = "its run could not be started: Dagster's log of the run says why"


def due_sensor(sync: str, connections: Sequence[ScheduledConnection]) -> dg.SensorDefinition:
    """Return the sensor that starts the connections, each by its interval; a person switches it on after the first plans.

    A tick at which nothing is due asks the ledger alone.
    """

    @dg.sensor(
        name=f"{sync}_sensor",
        job_name=sync,
        minimum_interval_seconds=tick_seconds(connections),
        description="Starts each connection when it is due; one that failed is tried again sooner.",
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        try:
            with told_in_one_line():
                if why := paused(sync):
                    return dg.SkipReason(why)
                return _tick(context.instance, open_schedules(), sync, connections)
        except dg.Failure as failure:
            # A database that is away is no reason for the sensor to be given up: the next tick asks again.
            return dg.SkipReason(failure.description or "")

    return sensor


def tick_seconds(connections: Sequence[ScheduledConnection]) -> int:
    """Return how often the sensor looks: every 5 seconds where an interval is short, else every minute at least."""
    shortest = min((each.interval.total_seconds() for each in connections), default=_SELDOM_S * _TICKS)
    return int(min(max(shortest / _TICKS, _OFTEN_S), _SELDOM_S))


def _tick(
    dagster: dg.DagsterInstance, schedules: Schedules, sync: str, connections: Sequence[ScheduledConnection]
) -> dg.SensorResult | dg.SkipReason:
    known = _known(dagster, schedules, sync)
    told = {each.name: why_not(each, known.get(each.name)) for each in connections}
    due = [each.name for each in connections if told[each.name] is None]
    started = list(_requests(schedules, sync, due, known))
    if started:
        return dg.SensorResult(run_requests=started)
    words = (f"{name} {why or 'was started by another scheduler'}" for name, why in told.items())
    return dg.SkipReason(", ".join(words) or "there is no connection")


def why_not(connection: ScheduledConnection, schedule: Schedule | None) -> str | None:
    """Return in words why a connection is not to be started now; None where it is."""
    missing = missing_variables(connection)
    if missing:
        return f"is not configured ({settings.are_not_set(missing)})"
    if not connection.enabled:
        return "is not enabled"
    if schedule is None:
        return None
    if is_under_way(schedule):
        return "is under way"
    at = due_at(schedule, connection.interval)
    return f"is due at {_moment(at)}" if at is not None and at > schedule.now else None


def missing_variables(connection: ScheduledConnection) -> list[str]:
    """Return the variables of a connection that the environment does not have."""
    return [name for name in connection.variables if settings.optional(name) is None]


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _requests(schedules: Schedules, sync: str, due: Sequence[str], known: Mapping[str, Schedule]) -> Iterator[dg.RunRequest]:
    """Yield the runs to be asked for: of the connections that are due those that no other scheduler claims before."""
    for name in due:
        request = f"{name} {uuid.uuid4()}"
        if schedules.claim(sync, name, request, known.get(name)):
            yield dg.RunRequest(run_key=request, partition_key=name, tags={run_tags.REQUEST: request})


def _known(dagster: dg.DagsterInstance, schedules: Schedules, sync: str) -> Mapping[str, Schedule]:
    """Return the schedules, by connection, once what dead runs have is free, and what waits in Dagster's queue is renewed."""
    known = schedules.of(sync)
    ended = [end_dead(schedules, each) for each in known.values()]
    if any(ended):
        end_abandoned(dagster)
    looked_after = [_look_after(dagster, schedules, each) for each in known.values()]
    return schedules.of(sync) if any((*ended, *looked_after)) else known


def _look_after(dagster: dg.DagsterInstance, schedules: Schedules, schedule: Schedule) -> bool:
    """Ask Dagster what became of a request that lapses soon, or did; tell whether its schedule is another one now."""
    owner = schedule.owner
    if owner is None or owner.expires_at is None or schedule.request_counts > START_WITHIN / 2:
        return False
    asked_for = dg.RunsFilter(tags={run_tags.REQUEST: owner.name, run_tags.PARTITION: schedule.connection})
    run = next(iter(dagster.get_runs(asked_for, limit=1)), None)
    if run is None:
        return False
    if not run.is_finished:
        schedules.renew(owner.name)
    elif run.is_failure:
        schedules.failed(owner.name, _NOT_STARTED)
    else:
        schedules.give_back(owner.name)
    return True
