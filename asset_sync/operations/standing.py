"""How each sync stands: its last runs, how fresh it is, what its last plan was about, and when it runs next."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final, Literal

import dagster as dg

from asset_sync import database
from asset_sync.components import run_tags
from asset_sync.components.pausing import Paused, told_by
from asset_sync.components.resources import open_ledger, open_pauses
from asset_sync.ledger import Ledger, Pause, PlanHeader
from asset_sync.ledger.made import Made
from asset_sync.mirror import migrate
from asset_sync.mirror.runs import LoadRun, load_of_run
from asset_sync.operations.definitions import (
    declared,
    instance,
    job_of,
    makes_plans,
    schedule_of,
    sensor_of,
    switched_on,
    sync_names,
)
from asset_sync.operations.fabrics import ConnectionStatus, last_successes, next_due, statuses_of, with_intervals
from asset_sync.operations.run_history import RunStatus, status_of_run
from asset_sync.operations.ticks import next_tick, period

Freshness = Literal["fresh", "stale", "never", "unscheduled"]
"""fresh: the last success is at most two intervals ago, or at most the YAML's `fresh_hours`. stale: it is not, or the last turn
of a connection failed. never: there was none yet. unscheduled: nothing says how old is old, for it does not run by itself."""
Switch = Literal["on", "off", "none"]
"""none: there is neither a schedule nor a sensor."""

RUNS: Final = 20
"""So many of a sync's last runs are told of."""
_PLANS: Final = 50
_LOOKED_THROUGH: Final = 50
_PAGE: Final = 5
_WRITE_NOTHING: Final = frozenset({"dry_run", "rebase"})
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

    `runs` are its last ones, the latest first. `age` is how long ago the `last_success` ended; see `last_success`.
    `source_rows`, `changes` and `held` are of the last plan that was made; `waiting` are the plans that a person has to
    approve, the latest first. `paused` says in a line why it does not write now, and `pauses` are those
    that keep it from that, that of everything first. `runs_when` says in words when it runs by
    itself, once it is switched on; `next_run` is when it does next. `mean_seconds` is of the runs here that succeeded.
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
    paused: str | None
    pauses: Sequence[Pause]
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
    ledger, pauses, now = open_ledger(), open_pauses().all(), datetime.now(UTC)
    with instance() as dagster:
        looked = _Looked(dagster, ledger, now, switched_on(dagster), pauses, told_by(pauses))
        return [_standing(looked, name, runs) for name in names]


def last_success(dagster: dg.DagsterInstance, ledger: Ledger, sync: str) -> datetime | None:
    """Return when the last run of a sync that synced ended; of several connections that of the one that is furthest behind.

    Dry runs, rebases, and reviews of which nothing was applied, are no successes.
    """
    if with_intervals(sync) and (ends := last_successes(sync)):
        return None if None in ends else min(end for end in ends if end is not None)
    # What failed for long is not among the last runs any more.
    synced = (run for run in islice(_succeeded(dagster, ledger, sync), _LOOKED_THROUGH) if _synced(ledger, run))
    run = next(synced, None)
    return None if run is None or run.started_at is None else run.started_at + timedelta(seconds=run.seconds or 0)


@dataclass(frozen=True, slots=True)
class _Looked:
    """Where it is looked up how syncs stand, when, which schedules and sensors are on then, and what is paused."""

    dagster: dg.DagsterInstance
    ledger: Ledger
    now: datetime
    on: Collection[str]
    pauses: Sequence[Pause]
    paused: Paused


def _standing(looked: _Looked, sync: str, most: int) -> SyncStanding:
    dagster, ledger, now = looked.dagster, looked.ledger, looked.now
    plans = ledger.plans(sync, _PLANS) if makes_plans(sync) else []
    ran = _runs(dagster, ledger, sync, most)
    connections = _connections(looked, sync)
    last = last_success(dagster, ledger, sync)
    schedule, sensor = schedule_of(sync), sensor_of(sync)
    ticking = schedule if schedule is not None and schedule.name in looked.on else None
    on = ticking is not None or (sensor is not None and sensor.name in looked.on)
    told = next((each for each in ran if each.plan_id or each.changes), None)
    done = [each.seconds for each in ran if each.status == "succeeded" and each.seconds is not None]
    return SyncStanding(
        sync=sync,
        runs=ran,
        last_success=last,
        age=now - last if last else None,
        freshness=_freshness(sync, last, connections, now, ticking),
        source_rows=told.source_rows if told else {},
        changes=told.changes if told else {},
        held=told.held if told else 0,
        waiting=[plan.id for plan in plans if _waits(plan)],
        paused=looked.paused(sync),
        pauses=[pause for pause in looked.pauses if pause.sync in (None, sync)],
        switch="on" if on else "off" if schedule or sensor else "none",
        runs_when=_runs_when(sync, looked.on),
        next_run=_next_run(connections, ticking, now),
        mean_seconds=round(sum(done) / len(done), 2) if done else None,
    )


def _waits(plan: PlanHeader) -> bool:
    return plan.mode != "dry_run" and plan.state in ("planned", "waiting") and plan.standing.needs_approval


def _connections(looked: _Looked, sync: str) -> Sequence[ConnectionStatus]:
    """Return how the connections stand that are used; none where the sync has none."""
    found = statuses_of(sync, looked.on, looked.paused) if with_intervals(sync) else []
    return [each for each in found if each.status not in _NOT_USED]


# Runs.


def _runs(dagster: dg.DagsterInstance, ledger: Ledger, sync: str, most: int) -> list[Ran]:
    records = dagster.get_run_records(dg.RunsFilter(job_name=sync), limit=most)
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


def _succeeded(dagster: dg.DagsterInstance, ledger: Ledger, sync: str) -> Iterator[Ran]:
    """Yield the runs that succeeded, the latest first, read as far as they are asked for: mostly the first will do."""
    wanted, cursor = dg.RunsFilter(job_name=sync, statuses=[dg.DagsterRunStatus.SUCCESS]), None
    while records := dagster.get_run_records(wanted, limit=_PAGE, cursor=cursor):
        made = ledger.made_in([record.dagster_run.run_id for record in records]) if makes_plans(sync) else {}
        yield from (_ran(record, made.get(record.dagster_run.run_id), {}) for record in records)
        cursor = records[-1].dagster_run.run_id


def _synced(ledger: Ledger, run: Ran) -> bool:
    """Tell whether a run that succeeded left the target as its plan says, or had nothing to do."""
    if run.mode != "review" or run.plan_id is None:
        return run.mode not in _WRITE_NOTHING
    plan = ledger.header(run.plan_id)
    return plan.idle or plan.started_at is not None


# Times.


def _freshness(
    sync: str,
    last: datetime | None,
    connections: Sequence[ConnectionStatus],
    now: datetime,
    ticking: dg.ScheduleDefinition | None,
) -> Freshness:
    if any(each.status in _STALE for each in connections):
        return "stale"
    if last is None:
        return "never"
    if connections:
        return "fresh"
    most = _most_age(sync, now, ticking)
    if most is None:
        return "unscheduled"
    return "fresh" if now - last <= most else "stale"


def _most_age(sync: str, now: datetime, ticking: dg.ScheduleDefinition | None) -> timedelta | None:
    """Return how old a success may be: what the YAML says, else twice the time between the next two runs by the schedule."""
    own = declared(sync).fresh if makes_plans(sync) else None
    return own or (2 * period(ticking, now) if ticking else None)


def _next_run(connections: Sequence[ConnectionStatus], ticking: dg.ScheduleDefinition | None, now: datetime) -> datetime | None:
    """Return when the sync runs next by the schedule that is on, or when its first connection is due whose sensor is on."""
    times = [next_due(connections, now), next_tick(ticking, now) if ticking else None]
    return min((each for each in times if each is not None), default=None)


def _runs_when(sync: str, on: Collection[str]) -> str:
    """Return by what a sync runs by itself: by what is switched on, and where nothing is, by what could be."""
    schedule, sensor = schedule_of(sync), sensor_of(sync)
    words = {schedule.name: f"{schedule.cron_schedule} {schedule.execution_timezone or 'UTC'}"} if schedule else {}
    if sensor:
        words[sensor.name] = (
            "each connection by its interval" if with_intervals(sync) else "when something comes into its folder"
        )
    counts = [told for name, told in words.items() if name in on] or words.values()
    return ", and ".join(counts) or "when somebody runs it"
