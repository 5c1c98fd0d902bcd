"""How everything stands, in numbers: for whoever watches it by /health and /metrics. All of it is read from the databases."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import dagster as dg

from asset_sync.components.pausing import looked_up
from asset_sync.components.resources import open_ledger
from asset_sync.operations.daemon import daemon_lives
from asset_sync.operations.definitions import events_of, instance, sync_names
from asset_sync.operations.holds import held
from asset_sync.operations.run_events import Requests, told_by
from asset_sync.operations.standing import last_success

_ENDED: Final[Mapping[str, dg.DagsterRunStatus]] = {
    "succeeded": dg.DagsterRunStatus.SUCCESS,
    "failed": dg.DagsterRunStatus.FAILURE,
    "canceled": dg.DagsterRunStatus.CANCELED,
}


@dataclass(frozen=True, slots=True)
class LastRun:
    """The last run of a sync that ended: its seconds, what it sent, and for how many seconds that was held back, by system."""

    seconds: float
    requests: Requests
    waited: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Watched:
    """A sync as it is watched: `last_success` as `standing` has it, `paused` says why it does not write now."""

    sync: str
    last_success: datetime | None
    paused: str | None


@dataclass(frozen=True, slots=True)
class Runs:
    """The runs of a sync: how many of them `ended`, by how, and what the last of these was about."""

    sync: str
    ended: Mapping[str, int]
    last: LastRun | None


@dataclass(frozen=True, slots=True)
class Numbers:
    """What is counted besides: what is `held` by sync, `waiting` plans by sync, `operations` by sync, kind and outcome."""

    held: Mapping[str, int]
    waiting: Mapping[str, int]
    operations: Mapping[tuple[str, str, str], int]


def daemon() -> bool:
    """Tell whether Dagster's daemon is alive."""
    return daemon_lives()


def syncs() -> Sequence[Watched]:
    """Return when each sync succeeded last, and whether it is paused: it is asked for every few seconds."""
    ledger, paused = open_ledger(), looked_up()
    with instance() as dagster:
        return [Watched(name, last_success(dagster, ledger, name), paused(name)) for name in sync_names()]


def runs() -> Sequence[Runs]:
    """Return what the runs of each sync came to."""
    with instance() as dagster:
        return [
            Runs(
                name,
                {told: dagster.get_runs_count(_of(name, status)) for told, status in _ENDED.items()},
                _last_run(dagster, name),
            )
            for name in sync_names()
        ]


def numbers() -> Numbers:
    """Return what is counted over all syncs."""
    ledger = open_ledger()
    open_ones = Counter(each.sync for each in held() if not each.waits and not each.ignored)
    return Numbers(open_ones, ledger.waiting_plans(), ledger.operation_counts())


def _of(sync: str, *statuses: dg.DagsterRunStatus) -> dg.RunsFilter:
    return dg.RunsFilter(job_name=sync, statuses=list(statuses))


def _last_run(dagster: dg.DagsterInstance, sync: str) -> LastRun | None:
    record = next(iter(dagster.get_run_records(_of(sync, *_ENDED.values()), limit=1)), None)
    if record is None or not record.start_time or not record.end_time:
        return None
    events = events_of(dagster, record.dagster_run.run_id)
    told = told_by(sync, events)
    return LastRun(record.end_time - record.start_time, told.requests, told.waited)
