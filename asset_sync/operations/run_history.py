"""Runs looked up: those that Dagster knows, whoever started them, and those that were asked for and did not begin yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import dagster as dg

from asset_sync.components import run_tags
from asset_sync.components.resources import open_asks, open_leases, open_ledger
from asset_sync.ledger import Asked
from asset_sync.operations.definitions import events_of, instance, job_of
from asset_sync.operations.run_events import Requests, told_by
from asset_sync.operations.runs import plan_of_run

RunStatus = Literal["queued", "running", "succeeded", "failed"]

_BEGINS_WITHIN: Final = timedelta(seconds=60)
_LAPSED: Final = "nobody carried it out within an hour: neither a daemon nor a service was there"
_NEVER_BEGAN: Final = "whoever took it ended before it began"
_STATUSES: Final[Mapping[RunStatus, Sequence[dg.DagsterRunStatus]]] = {
    "queued": [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING],
    "running": [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING],
    "succeeded": [dg.DagsterRunStatus.SUCCESS],
    "failed": [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED],
}


@dataclass(frozen=True, slots=True)
class KnownRun:
    """A run and how it stands. `plan_id` is the plan that it applied, else the one that it made.

    `id` is what it was asked for by, else Dagster's own; `dagster_id` is None until Dagster has it.
    """

    id: str
    dagster_id: str | None
    sync: str
    partition: str | None
    status: RunStatus
    plan_id: str | None
    started_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def seconds(self) -> float | None:
        """How long it took; None until it has ended."""
        if self.started_at is None or self.ended_at is None:
            return None
        return round((self.ended_at - self.started_at).total_seconds(), 2)


@dataclass(frozen=True, slots=True)
class RunStanding:
    """A run, with what it did so far; see `asset_sync.operations.runs.RunReport`."""

    run: KnownRun
    outcomes: Mapping[str, int] = field(default_factory=dict)
    requests: Requests = field(default_factory=Requests)
    converged: bool | None = None
    waits: str | None = None
    reasons: Sequence[str] = ()


def find_run(run_id: str) -> RunStanding | None:
    """Return the run of that id, Dagster's own or that by which it was asked for; None where nobody knows one."""
    with instance() as dagster:
        record = _record(dagster, run_id)
        if record is None:
            asked = open_asks().find(run_id)
            return None if asked is None else _not_begun(asked)
        events = events_of(dagster, record.dagster_run.run_id)
    plan = plan_of_run(record.dagster_run.run_id)
    told = told_by(record.dagster_run.job_name, events)
    run = _known(record, plan.id if plan else None)
    return RunStanding(run, told.outcomes, told.requests, told.converged, told.waits, told.reasons)


def runs(
    sync: str | None = None,
    *,
    partition: str | None = None,
    status: RunStatus | None = None,
    before: str | None = None,
    limit: int = 50,
) -> Sequence[KnownRun]:
    """Return the runs that Dagster has, the newest first; `before` is Dagster's id of the run that the page goes on after.

    Raises `ConfigurationError` for a sync that there is not.
    """
    if sync is not None:
        job_of(sync)
    tags = {run_tags.PARTITION: partition} if partition is not None else {}
    chosen = dg.RunsFilter(job_name=sync, tags=tags, statuses=_STATUSES[status] if status else [])
    with instance() as dagster:
        records = dagster.get_run_records(chosen, limit=limit, cursor=before)
    plans = open_ledger().plans_of_runs([record.dagster_run.run_id for record in records])
    return [_known(record, plans.get(record.dagster_run.run_id)) for record in records]


def waiting(sync: str | None = None, partition: str | None = None) -> Sequence[KnownRun]:
    """Return the runs that were asked for and nobody took yet, the oldest first."""
    found = [asked for asked in open_asks().waiting() if sync in (None, asked.sync) and partition in (None, asked.partition)]
    return [_not_begun(asked).run for asked in found]


def status_of_run(run: dg.DagsterRun) -> RunStatus:
    """Return how a run stands; one that was stopped counts as failed."""
    return next(name for name, statuses in _STATUSES.items() if run.status in statuses)


def _record(dagster: dg.DagsterInstance, run_id: str) -> dg.RunRecord | None:
    own = dagster.get_run_record_by_id(run_id)
    asked = dg.RunsFilter(tags={run_tags.ASKED: run_id})
    return own or next(iter(dagster.get_run_records(asked, limit=1)), None)


def _known(record: dg.RunRecord, plan_id: str | None) -> KnownRun:
    run = record.dagster_run
    return KnownRun(
        id=run.tags.get(run_tags.ASKED, run.run_id),
        dagster_id=run.run_id,
        sync=run.job_name,
        partition=run.tags.get(run_tags.PARTITION),
        status=status_of_run(run),
        plan_id=plan_id,
        started_at=_moment(record.start_time),
        ended_at=_moment(record.end_time),
    )


def _moment(seconds: float | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def _not_begun(asked: Asked) -> RunStanding:
    why = asked.failed or (_LAPSED if asked.lapsed else None) or (_NEVER_BEGAN if _is_lost(asked) else None)
    run = KnownRun(asked.id, None, asked.sync, asked.partition, "failed" if why else "queued", None)
    return RunStanding(run, reasons=[why] if why else ())


def _is_lost(asked: Asked) -> bool:
    """Tell whether whoever took it is gone: a run that waits for its turn has a lease before Dagster knows it."""
    if asked.taken_at is None or asked.now - asked.taken_at <= _BEGINS_WITHIN:
        return False
    return asked.id not in open_leases().of([asked.id])
