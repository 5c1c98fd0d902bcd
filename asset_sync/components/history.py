"""What Dagster remembers of the runs of a connection: which count, and from when on a job is free again after failures."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final

import dagster as dg

from asset_sync.components import run_tags

_AT_ONCE: Final = datetime.min.replace(tzinfo=UTC)
_RETRY: Final = timedelta(minutes=5)
_LOOK_BACK: Final = 50
_PAGE: Final = 50
_NORMAL: Final = "normal"
_ONCE: Final = ("dry_run", "rebase")
"""The modes of what is asked for once and goes on in no later run."""
_COUNTED: Final = frozenset({_NORMAL, "full"})
_LAST_STEP: Final = "applied"
_ENDED: Final = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)
_UNDER_WAY: Final = tuple(status for status in dg.DagsterRunStatus if status not in _ENDED)


@dataclass(frozen=True, slots=True)
class Past:
    """A run of a connection, as Dagster remembers it.

    `ended` is None while it is queued or under way; `succeeded` is None where somebody canceled it, which says nothing of the
    connection.
    """

    began: datetime
    ended: datetime | None
    succeeded: bool | None


def free_at(past: Sequence[Past], most: timedelta) -> datetime | None:
    """Return from when on a job may run again, from its runs, the newest first; None while one is queued or under way.

    After failures that is 5 minutes after the last one ended, twice as long with every further one, at most `most`; else at
    once (the beginning of time).
    """
    told = _telling(past)
    if not told or told[0].succeeded:
        return _AT_ONCE
    if told[0].ended is None:
        return None
    failures = next((number for number, run in enumerate(told) if run.succeeded), len(told))
    return told[0].ended + min(_RETRY * (1 << (failures - 1)), most)


def _telling(past: Sequence[Past]) -> list[Past]:
    """Return the runs without those that were canceled."""
    return [run for run in past if run.ended is None or run.succeeded is not None]


def past_runs(instance: dg.DagsterInstance, job: str, connection: str) -> list[Past]:
    """Return what counts of a job's runs for a connection, the newest first, back to the last success.

    A run of any sort that is queued or under way counts, and comes first. Of those that ended only whole runs do that wrote
    what was to be written: a person's dry run, review or apply of a plan is none of the connection's turns.
    """
    under_way = list(islice(_records(instance, job, connection, _UNDER_WAY), 1))
    ended = (record for record in _records(instance, job, connection, _ENDED) if counts(instance, record.dagster_run))
    return [*map(_past, under_way), *_to_success(map(_past, islice(ended, _LOOK_BACK)))]


def last_mode(instance: dg.DagsterInstance, sync: str, connection: str) -> str:
    """Return the mode of a connection's last whole run, but for dry runs and rebases; "normal" where there is none."""
    runs = (record.dagster_run for record in _records(instance, sync, connection))
    whole = (run for run in runs if not _is_about_some(run.run_config) and _is_whole(instance, run))
    return next((mode for run in whole if (mode := _mode(run.job_name, run.run_config)) not in _ONCE), _NORMAL)


def _records(
    instance: dg.DagsterInstance, job: str, connection: str, statuses: Sequence[dg.DagsterRunStatus] = ()
) -> Iterator[dg.RunRecord]:
    """Yield the runs of a job for a connection, the newest first, read as far as they are asked for."""
    chosen = dg.RunsFilter(job_name=job, tags={run_tags.PARTITION: connection}, statuses=statuses)
    cursor: str | None = None
    while page := instance.get_run_records(chosen, limit=_PAGE, cursor=cursor):
        yield from page
        cursor = page[-1].dagster_run.run_id


def counts(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Tell whether a run is a turn of its connection: one of all steps, about all rows, that writes what is to be written."""
    return writes_all(run.job_name, run.run_config) and _is_whole(instance, run)


def writes_all(job: str, run_config: Mapping[str, Any]) -> bool:
    """Tell of the config of a run whether it writes what is to be written, and is about all rows of the source."""
    return _mode(job, run_config) in _COUNTED and not _is_about_some(run_config)


def is_passing(run: dg.DagsterRun) -> bool:
    """Tell whether a run only looked, or took a target as it stands: it says nothing of how the sync fares."""
    return _mode(run.job_name, run.run_config) in _ONCE


def _mode(job: str, run_config: Mapping[str, Any]) -> str:
    found: Any = run_config
    for key in ("ops", f"{job}__plan", "config"):
        found = found.get(key) or {}
    return str(found.get("mode") or _NORMAL)


def _is_about_some(run_config: Mapping[str, Any]) -> bool:
    """Tell whether a person asked for some rows of the source alone."""
    return any((step.get("config") or {}).get("only") for step in (run_config.get("ops") or {}).values())


def _is_whole(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Tell whether a run was one of all steps of its job.

    Who starts the whole job in the UI selects all its assets there. Such a selection has the last step, and no step of it
    takes what another run made.
    """
    if run.job_snapshot_id is None or not (run.asset_selection or run.step_keys_to_execute):
        return not run.asset_selection
    job = instance.get_job_snapshot(run.job_snapshot_id)
    if run.step_keys_to_execute and not set(job.node_names) <= set(run.step_keys_to_execute):
        return False
    if not run.asset_selection:
        return True
    inputs = [each for step in job.dep_structure_snapshot.node_invocation_snaps for each in step.input_dep_snaps]
    return dg.AssetKey([run.job_name, _LAST_STEP]) in run.asset_selection and all(each.upstream_output_snaps for each in inputs)


def _past(record: dg.RunRecord) -> Past:
    run = record.dagster_run
    return Past(
        began=datetime.fromtimestamp(record.start_time, UTC) if record.start_time else record.create_timestamp,
        ended=_ended(record),
        succeeded=None if run.status == dg.DagsterRunStatus.CANCELED else run.is_success,
    )


def _ended(record: dg.RunRecord) -> datetime | None:
    if not record.dagster_run.is_finished:
        return None
    return datetime.fromtimestamp(record.end_time, UTC) if record.end_time else record.create_timestamp


def _to_success(past: Iterable[Past]) -> Iterator[Past]:
    for run in past:
        yield run
        if run.succeeded:
            return
