"""What people are to be told of now, by the ledger and by Dagster: failures, plans that wait, what is held, stale, drifting."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import dagster as dg

from asset_sync import database
from asset_sync.alerts import Cause
from asset_sync.components import SnipeitToPostgres, SyncComponent, run_tags
from asset_sync.components.drifting import EDITED
from asset_sync.components.due import is_overdue
from asset_sync.components.failures import first_line
from asset_sync.components.history import is_passing
from asset_sync.components.resources import open_ledger, open_schedules
from asset_sync.components.scheduling import missing_variables
from asset_sync.components.turns import Ending
from asset_sync.ledger import Ledger, PlanHeader, tallies
from asset_sync.operations.definitions import component_of, job_names, sync_names
from asset_sync.operations.fabrics import SYSTEM, syncs_with
from asset_sync.operations.standing import last_success

GROWTH_OVER: Final = timedelta(hours=24)
"""What is held now is compared with what was held so long ago."""
_BY_HAND: Final = "__ASSET_JOB"
"""The job by which Dagster runs assets that a person chose in the UI."""
_PAGE: Final = 20
_LONGEST: Final = 500


def open_causes(dagster: dg.DagsterInstance, now: datetime, *, held_growth: int) -> list[Cause]:
    """Return everything that people are to be told as long as it is so, each cause once.

    So many more held records than a day ago are worth an alert. Raises `ConfigurationError` where there is no database.
    """
    ledger = open_ledger()
    found = [
        *_failures(dagster, ledger),
        *_waiting(),
        *_held(now, held_growth),
        *_stale(dagster, ledger, now),
        *_drift(dagster, ledger),
    ]
    return list({cause.key: cause for cause in found}.values())


# Failures.


def _failures(dagster: dg.DagsterInstance, ledger: Ledger) -> Iterator[Cause]:
    syncs = set(sync_names())
    for job in (*job_names(), _BY_HAND):
        connections = _connections(job) if job in syncs else ()
        for connection in connections or (None,):
            run = _last_ended(dagster, job, connection)
            if run is None or not run.is_failure or (job == _BY_HAND and _was_made_since(dagster, run)):
                continue
            cause = _failure(dagster, ledger, run, connection)
            if cause is not None:
                yield cause


def _was_made_since(dagster: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Tell whether each asset that a person chose was made by some run after theirs, which nobody needs to repeat then."""
    last = [dagster.get_latest_materialization_event(key) for key in run.asset_selection or ()]
    (record,) = dagster.get_run_records(dg.RunsFilter(run_ids=[run.run_id]))
    return bool(last) and all(each is not None and each.timestamp > (record.end_time or 0) for each in last)


def _connections(sync: str) -> Sequence[str]:
    component = component_of(sync)
    return [each.name for each in component.connections] if isinstance(component, SyncComponent) else []


def _last_ended(dagster: dg.DagsterInstance, job: str, connection: str | None) -> dg.DagsterRun | None:
    """Return the last run of a job that succeeded or failed, but for those that only looked."""
    asked = dg.RunsFilter(
        job_name=job,
        statuses=[dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE],
        tags={run_tags.PARTITION: connection} if connection else {},
    )
    cursor = None
    while records := dagster.get_run_records(asked, limit=_PAGE, cursor=cursor):
        runs = (record.dagster_run for record in records)
        if run := next((run for run in runs if not is_passing(run)), None):
            return run
        cursor = records[-1].dagster_run.run_id
    return None


def _failure(dagster: dg.DagsterInstance, ledger: Ledger, run: dg.DagsterRun, connection: str | None) -> Cause | None:
    """Return what failed and why; None where a guard stopped the run, which is told with the plan that waits."""
    plan_id = ledger.made_by(run.run_id, run.job_name)
    if plan_id is not None and ledger.header(plan_id).failed_guards:
        return None
    about = "assets by hand" if run.job_name == _BY_HAND else "/".join(filter(None, (run.job_name, connection)))
    return Cause("failure", about, _why(dagster, run), plan_id or run.tags.get("asset_sync/plan"), run.run_id)


def _why(dagster: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    """Return in a line why a run failed: by its first check or step that did, else as Dagster says."""
    of_type = {
        dg.DagsterEventType.ASSET_CHECK_EVALUATION,
        dg.DagsterEventType.STEP_FAILURE,
        dg.DagsterEventType.RUN_FAILURE,
    }
    events = [entry.dagster_event for entry in dagster.all_logs(run.run_id, of_type=of_type) if entry.dagster_event]
    ending = Ending()
    for event in events:
        ending.hear(event)
    said = (event.message or "" for event in events if event.event_type is dg.DagsterEventType.RUN_FAILURE)
    return first_line(ending.error or next(said, "") or "Dagster's log of the run says why")[:_LONGEST]


# Plans that wait.


def _waiting() -> Iterator[Cause]:
    """Yield what waits, of each set of links the plan that was made last."""
    for head in reversed(tallies.waiting(database.engine())):
        guard = next(iter(head.open_guards), None)
        if guard is not None:
            yield Cause("guard", head.link_set, first_line(f"{guard.name}: {guard.message}"), head.id, head.run_id)
        else:
            yield Cause("waits", head.link_set, _counts(head), head.id, head.run_id)


def _counts(head: PlanHeader) -> str:
    told = ", ".join(f"{count} {op}" for op, count in head.counts.items() if count)
    return f"{told or 'nothing'} to be written, {head.held} held"


# Held records.


def _held(now: datetime, growth: int) -> Iterator[Cause]:
    for each in tallies.held(database.engine(), now - GROWTH_OVER):
        if each.new >= growth:
            why = f"{each.new} records that were not held a day ago, {each.records} in all; the first: {first_line(each.why)}"
            yield Cause("held", each.link_set, why[:_LONGEST], each.plan_id, each.run_id)


# Staleness.


def _stale(dagster: dg.DagsterInstance, ledger: Ledger, now: datetime) -> Iterator[Cause]:
    for sync in sync_names():
        component = component_of(sync)
        if isinstance(component, SnipeitToPostgres):
            yield from _stale_mirror(dagster, ledger, sync, component, now)
        elif isinstance(component, SyncComponent):
            if component.connections:
                yield from _stale_connections(sync, component)
            if component.fresh_hours is not None:
                yield from _stale_sync(dagster, ledger, sync, timedelta(hours=component.fresh_hours), now)


def _stale_sync(dagster: dg.DagsterInstance, ledger: Ledger, sync: str, fresh: timedelta, now: datetime) -> Iterator[Cause]:
    last = last_success(dagster, ledger, sync)
    if last is not None and now - last > fresh:
        yield Cause("stale", sync, f"{_last(last)}, and it is to succeed every {_span(fresh)}")


def _stale_mirror(
    dagster: dg.DagsterInstance, ledger: Ledger, sync: str, component: SnipeitToPostgres, now: datetime
) -> Iterator[Cause]:
    since, last = component.fresh_since(now), last_success(dagster, ledger, sync)
    if last is not None and since is not None and last < since:
        yield Cause("stale", sync, f"{_last(last)}, and there was to be one since {since:%Y-%m-%d %H:%M} UTC")


def _stale_connections(sync: str, component: SyncComponent) -> Iterator[Cause]:
    """Yield the connections that should run at intervals and have not succeeded for two of them."""
    known = open_schedules().of(sync)
    for each in component.scheduled():
        schedule = known.get(each.name)
        if schedule is None or not each.enabled or missing_variables(each):
            continue
        if schedule.last_success is not None and is_overdue(each, schedule):
            why = f"{_last(schedule.last_success)}, and it is to succeed every {_span(each.interval)}"
            yield Cause("stale", f"{sync}/{each.name}", why)


def _last(at: datetime) -> str:
    return f"the last success was at {at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _span(span: timedelta) -> str:
    seconds = span.total_seconds()
    count, unit = (seconds / 3600, "hour") if seconds >= 3600 else (seconds / 60, "minute")
    return unit if count == 1 else f"{count:g} {unit}s"


# Drift.


def _drift(dagster: dg.DagsterInstance, ledger: Ledger) -> Iterator[Cause]:
    """Yield the fabrics of which something was changed in the target since it was written, by their last look."""
    for sync in syncs_with(SYSTEM):
        for name in _connections(sync):
            looked = dg.AssetRecordsFilter(dg.AssetKey([sync, "plan"]), asset_partitions=[name])
            record = next(iter(dagster.fetch_materializations(looked, limit=1).records), None)
            if record is None or record.asset_materialization is None:
                continue
            edited: Any = record.asset_materialization.metadata.get(EDITED)
            if edited is not None and edited.value:
                why = f"{edited.value} values were changed in the target since they were written"
                yield Cause("drift", f"{sync}/{name}", why, ledger.made_by(record.run_id, sync), record.run_id)
