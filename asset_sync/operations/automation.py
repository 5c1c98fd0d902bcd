"""What starts runs by itself: the schedules and sensors of syncs, and whether they are on, as Dagster has it.

The UI, the command line and REST switch the same state. Switching goes by Dagster's GraphQL, which wants a code location: that
is a process of its own which loads it, some seconds.
"""

import json
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Literal

from asset_sync import settings
from asset_sync.components.failures import first_line
from asset_sync.components.pausing import Paused, looked_up
from asset_sync.operations.definitions import code_location, instance, schedules, sensors, switched_on, sync_names
from asset_sync.operations.fabrics import next_due, statuses_of, with_intervals
from asset_sync.operations.ticks import next_tick
from asset_sync.reconcile.errors import AssetSyncError, ConfigurationError

Kind = Literal["schedule", "sensor"]


@dataclass(frozen=True, slots=True)
class Automation:
    """A schedule or a sensor. `sync` is None for one of all syncs, `cron` for a sensor.

    `next_at` is when it starts a run next, where that is known: of a sensor of connections, when the first of them is due.
    `paused` says in a line why its sync does not write now.
    """

    name: str
    kind: Kind
    sync: str | None
    on: bool
    cron: str | None
    timezone: str | None
    next_at: datetime | None
    paused: str | None


def automations(name: str | None = None) -> Sequence[Automation]:
    """Return every schedule and sensor by name, or that one alone. Raises `ConfigurationError` where there is none of it.

    One is named by itself, or by its sync, which may have several.
    """
    with instance() as dagster:
        on = switched_on(dagster)
    paused = looked_up()
    found = sorted([*_schedules(on, paused), *_sensors(on, paused)], key=lambda each: (each.kind, each.name))
    chosen = [each for each in found if name in (None, each.name, each.sync)]
    if not chosen:
        there = ", ".join(each.name for each in found)
        raise ConfigurationError(f"there is no schedule or sensor {name!r}; there are {there}")
    return chosen


def start(name: str | None = None) -> Sequence[Automation]:
    """Switch a schedule or a sensor on, all those of a sync, or all; return how these stand then. Raises as `stop` does."""
    return _switch(name, on=True)


def stop(name: str | None = None) -> Sequence[Automation]:
    """Switch a schedule or a sensor off, all those of a sync, or those of all syncs; return how these stand then.

    What watches over runs, of whatever sync, goes on unless it is named. Raises `ConfigurationError` where there is none of
    that name, and `AssetSyncError` where Dagster does not switch it.
    """
    return _switch(name, on=False)


def _switch(name: str | None, *, on: bool) -> Sequence[Automation]:
    wanted = [each for each in automations(name) if name is not None or each.sync is not None]
    to_do = [each for each in wanted if each.on is not on]
    if to_do:
        _told_dagster(_starting(to_do) if on else _stopping(to_do))
    names = {each.name for each in wanted}
    return [each for each in automations() if each.name in names]


# What there is.


def _schedules(on: Collection[str], paused: Paused) -> Iterator[Automation]:
    for schedule in schedules():
        zone, cron = schedule.execution_timezone or "UTC", str(schedule.cron_schedule)
        is_on = schedule.name in on
        following = next_tick(schedule, datetime.now(UTC)) if is_on else None
        sync = _sync_of(schedule.job_name)
        yield Automation(schedule.name, "schedule", sync, is_on, cron, zone, following, sync and paused(sync))


def _sensors(on: Collection[str], paused: Paused) -> Iterator[Automation]:
    for sensor in sensors():
        is_on = sensor.name in on
        syncs = {_sync_of(target.job_name) for target in sensor.targets}
        sync = next(iter(syncs)) if len(syncs) == 1 else _named_after(sensor.name)
        due = _next_due(sync, on, paused) if is_on and sync is not None and sensor.name == f"{sync}_sensor" else None
        yield Automation(sensor.name, "sensor", sync, is_on, None, None, due, sync and paused(sync))


def _sync_of(job: str) -> str | None:
    """Return the sync of a job; None for a job of none."""
    return job if job in sync_names() else _named_after(job)


def _named_after(name: str) -> str | None:
    return next((sync for sync in sync_names() if name.startswith(f"{sync}_")), None)


def _next_due(sync: str, on: Collection[str], paused: Paused) -> datetime | None:
    if not with_intervals(sync):
        return None
    return next_due(statuses_of(sync, on, paused), datetime.now(UTC))


# Switching.

_IDS: Final = """
query { repositoriesOrError { __typename ... on RepositoryConnection { nodes {
  name location { name }
  schedules { name scheduleState { id } }
  sensors { name sensorState { id } }
} } } }
"""


def _starting(wanted: Sequence[Automation]) -> str:
    where = f'repositoryLocationName: "{_location()}", repositoryName: "__repository__"'
    calls = [
        f'_{number}: start{each.kind.capitalize()}({each.kind}Selector: {{{where}, {each.kind}Name: "{each.name}"}}) {_ANSWER}'
        for number, each in enumerate(wanted)
    ]
    return f"mutation {{ {' '.join(calls)} }}"


def _stopping(wanted: Sequence[Automation]) -> str:
    ids = _ids()
    calls = [
        f'_{number}: {_STOPS[each.kind]}(id: "{ids[each.kind, each.name]}") {_ANSWER}' for number, each in enumerate(wanted)
    ]
    return f"mutation {{ {' '.join(calls)} }}"


_GRAPHQL: Final = "from dagster_graphql.cli import main; main()"
_STOPS: Final[Mapping[Kind, str]] = {"schedule": "stopRunningSchedule", "sensor": "stopSensor"}
_ANSWER: Final = "{ __typename ... on PythonError { message } ... on UnauthorizedError { message } }"


def _ids() -> Mapping[tuple[str, str], str]:
    found = _told_dagster(_IDS)["repositoriesOrError"]
    ids: dict[tuple[str, str], str] = {}
    for repository in found["nodes"]:
        if repository["location"]["name"] == _location():
            ids |= {("schedule", each["name"]): each["scheduleState"]["id"] for each in repository["schedules"]}
            ids |= {("sensor", each["name"]): each["sensorState"]["id"] for each in repository["sensors"]}
    return ids


def _location() -> str:
    """Return the name of the code location, as `code_location` leads to it."""
    return "asset_sync" if code_location()[0] == "-w" else code_location()[1]


def _told_dagster(document: str) -> Mapping[str, Any]:
    """Have Dagster carry a GraphQL document out, and return its data. Raises `AssetSyncError` where it does not."""
    with TemporaryDirectory() as folder:
        # What it says on standard output is mixed with what its code server says there.
        file = Path(folder) / "answer.json"
        command = [sys.executable, "-c", _GRAPHQL, *code_location(), "-t", document, "-o", str(file)]
        told = subprocess.run(command, cwd=settings.project_root(), capture_output=True, text=True, check=False)  # noqa: S603
        answer = json.loads(file.read_text(encoding="utf-8")) if file.exists() else None
    if answer is None:
        lines = [line for line in told.stderr.splitlines() if line.strip()]
        raise AssetSyncError(f"Dagster does not answer: {first_line(lines[-1] if lines else told.stdout)}")
    errors = [each.get("message", "") for each in answer.get("errors", [])]
    data: Mapping[str, Any] = answer.get("data") or {}
    errors += [each.get("message") or each["__typename"] for each in data.values() if each["__typename"].endswith("Error")]
    if errors:
        raise AssetSyncError(f"Dagster does not do it: {first_line(str(errors[0]))}")
    return data
