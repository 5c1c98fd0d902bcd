"""How the connections of syncs are scheduled and how they stand; starting their sensors, and running one of them now."""

import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from asset_sync import settings
from asset_sync.components import SyncComponent
from asset_sync.components.due import ScheduledConnection, Status, due_at, status_of
from asset_sync.components.failures import first_line
from asset_sync.components.pausing import Paused, looked_up
from asset_sync.components.resources import open_ledger, open_schedules
from asset_sync.components.scheduling import missing_variables
from asset_sync.components.turns import as_ended, is_under_way
from asset_sync.ledger import Schedule
from asset_sync.operations.daemon import daemon_lives
from asset_sync.operations.definitions import code_location, component_of, declared, instance, switched_on, sync_names
from asset_sync.operations.runs import RunReport, Watch, run_sync
from asset_sync.reconcile.errors import AssetSyncError, ConfigurationError
from asset_sync.systems import system

SYSTEM: Final = "hedgehog"
"""The system whose connections are the fabrics."""
_DOES_NOT_RUN: Final[Mapping[Status, str]] = {
    "disabled": "Sync is disabled for fabric {name}",
    "not_configured": "fabric {name} is not configured: set {missing} in the environment or in .env",
    "syncing": "fabric {name} is under way: it has one run at a time",
}


@dataclass(frozen=True, slots=True)
class ConnectionStatus:
    """How a connection of a sync stands; of its times, None is never.

    It is `scheduled` where it runs by itself: its sensor is on, and nothing rests it. `next_at` is None where it is due at
    once, under way, or not scheduled; `paused` says in a line why it does not write now. `missing` are the variables that are
    not set, and `objects` counts what is linked, by kind.
    """

    sync: str
    name: str
    status: Status
    interval: timedelta
    scheduled: bool
    paused: str | None
    next_at: datetime | None
    last_sync: datetime | None
    last_success: datetime | None
    last_error: str | None
    failures: int
    missing: Sequence[str]
    objects: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Started:
    """What a start came to: the connections that run by themselves now, why others do not, and whether a daemon is there.

    `also` names those that nobody asked for, and that run by themselves all the same: a sync has one sensor.
    """

    connections: Sequence[ConnectionStatus]
    also: Sequence[str]
    refused: Sequence[str]
    daemon: bool


def syncs_with(name: str) -> Sequence[str]:
    """Return the syncs whose connections lead to the system of that name."""
    return [
        sync
        for sync in sync_names()
        if isinstance(component := component_of(sync), SyncComponent)
        and component.connections
        and system(component.source if component.connections_of == "source" else component.target).name == name
    ]


def with_intervals(sync: str) -> bool:
    """Tell whether a sync has connections that run at intervals of their own."""
    component = component_of(sync)
    return isinstance(component, SyncComponent) and bool(component.connections)


def statuses(syncs: Sequence[str], name: str | None = None) -> Sequence[ConnectionStatus]:
    """Return how the connections of syncs stand, or those of one name; `ConfigurationError` where there is none of it."""
    with instance() as dagster:
        on = switched_on(dagster)
    paused = looked_up()
    every = [each for sync in syncs for each in statuses_of(sync, on, paused)]
    found = [each for each in every if name in (None, each.name)]
    if name is not None and not found:
        there = ", ".join(dict.fromkeys(each.name for each in every)) or "none"
        raise ConfigurationError(f"Fabric {name} not found; there are {there}")
    return found


def next_due(found: Sequence[ConnectionStatus], now: datetime) -> datetime | None:
    """Return when the first of some connections is due, `now` for at once; None where none is that is scheduled."""
    return min((each.next_at or now for each in found if each.scheduled and each.status != "syncing"), default=None)


def last_successes(sync: str) -> Sequence[datetime | None]:
    """Return when each connection of a sync that is enabled and configured succeeded last; None is never."""
    component = component_of(sync)
    if not isinstance(component, SyncComponent):
        return []
    known = open_schedules().of(sync) if component.connections else {}
    used = [each.name for each in component.scheduled() if each.enabled and not missing_variables(each)]
    return [known[name].last_success if name in known else None for name in used]


def start(syncs: Sequence[str], name: str | None = None) -> Started:
    """Switch on the sensors that start the connections of syncs, and tell which run by themselves now, or why that one not.

    Raises `ConfigurationError` as `statuses` does, and `AssetSyncError` where Dagster does not switch a sensor on.
    """
    found = statuses(syncs, name)
    refused = [why for each in found if (why := why_not(each, but="syncing"))]
    runs = [each for each in found if why_not(each, but="syncing") is None]
    # Dagster's command finds its home as this process does, once the instance was opened.
    with instance():
        for sync in dict.fromkeys(each.sync for each in runs):
            _switch_on(f"{sync}_sensor")
    asked = {(each.sync, each.name) for each in runs}
    runs = [each for each in statuses(syncs, name) if (each.sync, each.name) in asked]
    return Started(runs, _along(runs), refused, daemon_lives())


def _along(asked: Sequence[ConnectionStatus]) -> Sequence[str]:
    names = {(each.sync, each.name) for each in asked}
    every = statuses(list(dict.fromkeys(each.sync for each in asked)))
    return [each.name for each in every if (each.sync, each.name) not in names and why_not(each, but="syncing") is None]


def trigger(syncs: Sequence[str], name: str | None, watch: Watch | None = None) -> tuple[ConnectionStatus, RunReport]:
    """Run a connection now, in this process, as it runs by itself; return how it stood, and what the run did.

    Raises `ConfigurationError` where there is no such connection, where one must be named, and for one that does not run now.
    """
    one = chosen(syncs, name)
    if why := why_not(one):
        raise ConfigurationError(why)
    return one, run_sync(one.sync, partition=one.name, watch=watch)


def chosen(syncs: Sequence[str], name: str | None) -> ConnectionStatus:
    """Return the connection of that name, or the only one; raises `ConfigurationError` where one must be named."""
    found = statuses(syncs, name)
    if len(found) != 1:
        there = ", ".join(each.name for each in found) or "none"
        raise ConfigurationError(f"name one fabric with --fabric; there are {there}")
    return found[0]


def why_not(status: ConnectionStatus, but: Status | None = None) -> str | None:
    """Return why a connection does not run now, in the words of its status; None where it may. `but` is a status that may."""
    words = None if status.status == but else _DOES_NOT_RUN.get(status.status)
    return words.format(name=status.name, missing=" and ".join(status.missing)) if words else None


def statuses_of(sync: str, on: Collection[str], paused: Paused) -> Sequence[ConnectionStatus]:
    """Return how the connections of a sync stand, given which sensors are on and what is paused.

    Raises `ConfigurationError` for a sync that has none.
    """
    component = component_of(sync)
    if not isinstance(component, SyncComponent):
        raise ConfigurationError(f"{sync} has no connections")
    known = {name: as_ended(each) for name, each in open_schedules().of(sync).items()}
    made, why, is_on = declared(sync), paused(sync), f"{sync}_sensor" in on
    counts = open_ledger().link_counts([made.of_connection(each.name).link_set for each in component.connections])
    return [
        _status(sync, each, known.get(each.name), counts.get(made.of_connection(each.name).link_set, {}), why, on=is_on)
        for each in component.scheduled()
    ]


def _status(
    sync: str,
    connection: ScheduledConnection,
    schedule: Schedule | None,
    objects: Mapping[str, int],
    paused_because: str | None,
    *,
    on: bool,
) -> ConnectionStatus:
    missing = missing_variables(connection)
    under_way = schedule is not None and is_under_way(schedule)
    status = status_of(connection, schedule, missing=missing, under_way=under_way)
    scheduled = on and paused_because is None and not missing and connection.enabled
    return ConnectionStatus(
        sync=sync,
        name=connection.name,
        status=status,
        interval=connection.interval,
        scheduled=scheduled,
        paused=paused_because,
        next_at=due_at(schedule, connection.interval) if scheduled and not under_way else None,
        last_sync=schedule.last_sync if schedule else None,
        last_success=schedule.last_success if schedule else None,
        last_error=schedule.last_error if schedule else None,
        failures=schedule.failures if schedule else 0,
        missing=missing,
        objects=objects,
    )


def _switch_on(sensor: str) -> None:
    """Have Dagster switch a sensor on, that of the code location which its daemon looks at."""
    command = [sys.executable, "-m", "dagster", "sensor", "start", sensor, *code_location()]
    told = subprocess.run(command, cwd=settings.project_root(), capture_output=True, text=True, check=False)  # noqa: S603
    if told.returncode:
        lines = [line for line in told.stderr.splitlines() if line.strip()]
        raise AssetSyncError(f"Dagster does not switch {sensor} on: {first_line(lines[-1] if lines else told.stdout)}")
