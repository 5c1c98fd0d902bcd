"""How everything stands, in numbers: for whoever watches it by /health and /metrics. All of it is read from the databases."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import dagster as dg

from asset_sync.components.resources import open_ledger
from asset_sync.operations.daemon import daemon_lives
from asset_sync.operations.definitions import events_of, instance, sync_names
from asset_sync.operations.holds import held
from asset_sync.operations.pausing import pauses
from asset_sync.operations.run_events import Requests, told_by

_ENDED: Final[Mapping[str, dg.DagsterRunStatus]] = {
    "succeeded": dg.DagsterRunStatus.SUCCESS,
    "failed": dg.DagsterRunStatus.FAILURE,
    "canceled": dg.DagsterRunStatus.CANCELED,
}


@dataclass(frozen=True, slots=True)
class LastRun:
    """The last run of a sync that ended: how long it took in seconds, and what it sent."""

    seconds: float
    requests: Requests


@dataclass(frozen=True, slots=True)
class SyncStanding:
    """How a sync stands; `last_success` is when its last run ended that succeeded, `runs` counts those that ended, by how.

    `paused` says in a line why it does not write now.
    """

    sync: str
    last_success: datetime | None
    runs: Mapping[str, int]
    last_run: LastRun | None
    paused: str | None


@dataclass(frozen=True, slots=True)
class Numbers:
    """What is counted besides: what is `held` by sync, `waiting` plans by sync, `operations` by sync, kind and outcome."""

    held: Mapping[str, int]
    waiting: Mapping[str, int]
    operations: Mapping[tuple[str, str, str], int]


def daemon() -> bool:
    """Tell whether Dagster's daemon is alive."""
    return daemon_lives()


def syncs() -> Sequence[SyncStanding]:
    """Return how each sync stands."""
    paused = pauses()
    with instance() as dagster:
        return [
            SyncStanding(
                name,
                _last_success(dagster, name),
                {told: dagster.get_runs_count(_of(name, status)) for told, status in _ENDED.items()},
                _last_run(dagster, name),
                next((str(each) for each in paused if each.sync in (None, name)), None),
            )
            for name in sync_names()
        ]


def ages() -> Mapping[str, datetime | None]:
    """Return when the last run of each sync ended that succeeded."""
    with instance() as dagster:
        return {name: _last_success(dagster, name) for name in sync_names()}


def numbers() -> Numbers:
    """Return what is counted over all syncs."""
    ledger = open_ledger()
    open_ones = Counter(each.sync for each in held() if not each.waits and not each.ignored)
    return Numbers(open_ones, ledger.waiting_plans(), ledger.operation_counts())


def _of(sync: str, *statuses: dg.DagsterRunStatus) -> dg.RunsFilter:
    return dg.RunsFilter(job_name=sync, statuses=list(statuses))


def _last_success(dagster: dg.DagsterInstance, sync: str) -> datetime | None:
    record = next(iter(dagster.get_run_records(_of(sync, dg.DagsterRunStatus.SUCCESS), limit=1)), None)
    return datetime.fromtimestamp(record.end_time, UTC) if record is not None and record.end_time else None


def _last_run(dagster: dg.DagsterInstance, sync: str) -> LastRun | None:
    record = next(iter(dagster.get_run_records(_of(sync, *_ENDED.values()), limit=1)), None)
    if record is None or not record.start_time or not record.end_time:
        return None
    events = events_of(dagster, record.dagster_run.run_id)
    return LastRun(record.end_time - record.start_time, told_by(sync, events).requests)
