"""How each sync stands: its last runs, how fresh it is, what its last plan was about, and when it runs next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

import dagster as dg

from asset_sync import database
from asset_sync.components import SyncComponent, run_tags
from asset_sync.components.resources import open_ledger
from asset_sync.ledger import Ledger, PlanHeader
from asset_sync.ledger.made import Made
from asset_sync.mirror import migrate
from asset_sync.mirror.runs import LoadRun, load_of_run
from asset_sync.operations.definitions import (
    component_of,
    declared,
    instance,
    is_switched_on,
    job_of,
    makes_plans,
    schedule_of,
    sensor_of,
    sync_names,
)
from asset_sync.operations.fabrics import ConnectionStatus, statuses
from asset_sync.operations.run_history import RunStatus, status_of_run

Freshness = Literal["fresh", "stale", "never", "unscheduled"]
"""fresh: the last success is at most two intervals ago, or at most the YAML's `fresh_hours`. stale: it is not, or the last turn
of a connection failed. never: there was none yet. unscheduled: nothing says how old is old, for it does not run by itself."""
Switch = Literal["on", "off", "none"]
"""none: there is neither a schedule nor a sensor."""

RUNS: Final = 20
"""So many of a sync's last runs are told of."""
_PLANS: Final = 50
_LOOKED_THROUGH: Final = 50
_STALE: Final = frozenset({"error", "out_of_sync"})
_NOT_USED: Final = frozenset({"disabled", "not_configured"})


@dataclass(frozen=True, slots=True)
class Ran:
    """A run of a sync, or of one partition of it; of its times, None is not yet.

    `mode` is that of its plan, and `apply` where it only applied one. `changes` are the writes that its plan has, by operation:
    of a mirror, the rows that it wrote; `held` the rows that the plan holds.
    """

    run_id: str
    partition: str | None
    status: RunStatus
    mode: str
    started_at: datetime | None
    seconds: float | None
    plan_id: str | None
    changes: Mapping[str, int]
    held: int
    source_rows: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class SyncStanding:
    """How a sync stands.

    `runs` are its last ones, the latest first; dry runs, and reviews whose plan waits, are no successes. `age` is how long ago
    the `last_success` ended, of several connections the one that is furthest behind. `source_rows`, `changes` and `held` are of
    the last plan that was made; `waiting` are the plans that a person has to approve, the latest first. `runs_when` says in
    words when it runs by itself, once it is switched on. `mean_seconds` is of the runs here that succeeded.
    """

    sync: str
    runs: Sequence[Ran]
    last_success: datetime | None
    age: timedelta | None
    freshness: Freshness
    source_rows: Mapping[str, int]
    changes: Mapping[str, int]
    held: int
    waiting: Sequence[str]
    switch: Switch
    runs_when: str
    next_run: datetime | None
    mean_seconds: float | None

    @property
    def last_run(self) -> Ran | None:
        """The run that was started last."""
        return next(iter(self.runs), None)


def standings(sync: str | None = None, *, runs: int = RUNS) -> Sequence[SyncStanding]:
    """Return how one sync or all stand, with their last `runs`. Raises `ConfigurationError` for one that there is not."""
    names = sync_names() if sync is None else [sync]
    for name in names:
        job_of(name)
    ledger, now = open_ledger(), datetime.now(UTC)
    with instance() as dagster:
        return [_standing(dagster, ledger, name, runs, now) for name in names]


def _standing(dagster: dg.DagsterInstance, ledger: Ledger, sync: str, most: int, now: datetime) -> SyncStanding:
    plans = ledger.plans(sync, _PLANS) if makes_plans(sync) else []
    waiting = [plan.id for plan in plans if _waits(plan)]
    ran = _runs(dagster, ledger, sync, most)
    connections = _connections(sync)
    if connections:
        last = _furthest_behind(connections)
    else:
        # What failed for long is not among the last runs any more.
        last = _synced(ran, waiting) or _synced(_runs(dagster, ledger, sync, _LOOKED_THROUGH, done=True), waiting)
    on = is_switched_on(dagster, sync)
    told = next((each for each in ran if each.plan_id or each.changes), None)
    done = [each.seconds for each in ran if each.status == "succeeded" and each.seconds is not None]
    return SyncStanding(
        sync=sync,
        runs=ran,
        last_success=last,
        age=now - last if last else None,
        freshness=_freshness(sync, last, connections, now, on=on),
        source_rows=told.source_rows if told else {},
        changes=told.changes if told else {},
        held=told.held if told else 0,
        waiting=waiting,
        switch="on" if on else "off" if schedule_of(sync) or sensor_of(sync) else "none",
        runs_when=_runs_when(sync),
        next_run=_next_run(sync, connections, now) if on else None,
        mean_seconds=round(sum(done) / len(done), 2) if done else None,
    )


def _waits(plan: PlanHeader) -> bool:
    return plan.mode != "dry_run" and plan.state in ("planned", "waiting") and plan.standing.needs_approval


def _connections(sync: str) -> Sequence[ConnectionStatus]:
    """Return how the connections stand that are used; none where the sync has none."""
    component = component_of(sync)
    if not isinstance(component, SyncComponent) or not component.connections:
        return []
    return [each for each in statuses([sync]) if each.status not in _NOT_USED]


# Runs.


def _runs(dagster: dg.DagsterInstance, ledger: Ledger, sync: str, most: int, *, done: bool = False) -> list[Ran]:
    """Return the last runs, or only those that are `done` and succeeded."""
    wanted = dg.RunsFilter(job_name=sync, statuses=[dg.DagsterRunStatus.SUCCESS] if done else None)
    records = dagster.get_run_records(wanted, limit=most)
    made = ledger.made_in([record.dagster_run.run_id for record in records])
    loads = {} if makes_plans(sync) else _loads([record.dagster_run.run_id for record in records])
    return [_ran(record, made.get(record.dagster_run.run_id), loads) for record in records]


def _ran(record: dg.RunRecord, made: Made | None, loads: Mapping[str, LoadRun]) -> Ran:
    run, began, ended = record.dagster_run, record.start_time, record.end_time
    load = loads.get(run.run_id)
    return Ran(
        run_id=run.run_id,
        partition=run.tags.get(run_tags.PARTITION),
        status=status_of_run(run),
        mode=_mode(run, made),
        started_at=datetime.fromtimestamp(began, UTC) if began else None,
        seconds=round(ended - began, 2) if began and ended else None,
        plan_id=made.plan_id if made else None,
        changes=made.counts if made else _written(load) if load else {},
        held=made.held if made else 0,
        source_rows=made.source_rows if made else {name: rows.read for name, rows in load.tables.items()} if load else {},
    )


def _loads(run_ids: Sequence[str]) -> dict[str, LoadRun]:
    engine = database.engine()
    migrate(engine)
    found = {run_id: load_of_run(engine, run_id) for run_id in run_ids}
    return {run_id: load for run_id, load in found.items() if load is not None}


def _written(load: LoadRun) -> dict[str, int]:
    return {"create": load.written.inserted, "update": load.written.updated, "retire": load.written.deleted}


def _mode(run: dg.DagsterRun, made: Made | None) -> str:
    ops: Any = run.run_config.get("ops", {})
    if f"{run.job_name}__applied" in ops and f"{run.job_name}__plan" not in ops:
        return "apply"
    if made is not None:
        return made.mode
    told = ops.get(f"{run.job_name}__plan", {}).get("config", {})
    return str(told.get("mode", "normal"))


def _furthest_behind(connections: Sequence[ConnectionStatus]) -> datetime | None:
    """Return the earliest of the last successes; None where a connection had none yet."""
    ends = [each.last_success for each in connections]
    return None if None in ends else min(end for end in ends if end is not None)


def _synced(runs: Sequence[Ran], waiting: Sequence[str]) -> datetime | None:
    """Return when the last run that synced ended; None where there is none among these."""
    for run in runs:
        if run.status == "succeeded" and run.mode != "dry_run" and run.plan_id not in waiting and run.started_at:
            return run.started_at + timedelta(seconds=run.seconds or 0)
    return None


# Times.


def _freshness(
    sync: str, last: datetime | None, connections: Sequence[ConnectionStatus], now: datetime, *, on: bool
) -> Freshness:
    if any(each.status in _STALE for each in connections):
        return "stale"
    if last is None:
        return "never"
    if connections:
        return "fresh"
    most = _most_age(sync, now, on=on)
    if most is None:
        return "unscheduled"
    return "fresh" if now - last <= most else "stale"


def _most_age(sync: str, now: datetime, *, on: bool) -> timedelta | None:
    """Return how old a success may be: what the YAML says, else twice the time between the next two runs by the schedule."""
    own = declared(sync).fresh if makes_plans(sync) else None
    window = _window(sync, now) if on else None
    return own or (2 * (window.end - window.start) if window else None)


def _window(sync: str, now: datetime) -> dg.TimeWindow | None:
    """Return the time from the next run by the schedule to the one after that."""
    schedule = schedule_of(sync)
    if schedule is None:
        return None
    # Dagster has no public way from a cron expression to a time, but partitions of time are cut by one.
    ticks = dg.TimeWindowPartitionsDefinition(
        start=now - timedelta(days=1),
        fmt="%Y-%m-%dT%H:%M",
        cron_schedule=str(schedule.cron_schedule),
        timezone=schedule.execution_timezone or "UTC",
    )
    return ticks.get_next_partition_window(now, respect_bounds=False)


def _next_run(sync: str, connections: Sequence[ConnectionStatus], now: datetime) -> datetime | None:
    window = _window(sync, now)
    due = [each.next_at or now for each in connections if each.status != "syncing"]
    times = [*due, *([window.start.astimezone(UTC)] if window else [])]
    return min(times, default=None)


def _runs_when(sync: str) -> str:
    schedule, sensor = schedule_of(sync), sensor_of(sync)
    component = component_of(sync)
    by_interval = isinstance(component, SyncComponent) and bool(component.connections)
    words = [f"{schedule.cron_schedule} {schedule.execution_timezone or 'UTC'}"] if schedule else []
    if sensor:
        words.append("each connection by its interval" if by_interval else "when something comes into its folder")
    return ", and ".join(words) or "when somebody runs it"
