"""Backfills: where Dagster lets several runs of one go at once, those that must not are kept in their order here."""

from collections.abc import Callable
from typing import Final

import dagster as dg

from asset_sync.components import run_tags
from asset_sync.components.abandoned import end_abandoned

_ASKED_EVERY_S: Final = 1.0
_ASKED_FOR: Final = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def await_earlier(
    dagster: dg.DagsterInstance, run_id: str, *, tell: Callable[[str], None], stopped: Callable[[float], bool]
) -> None:
    """Wait until the runs of a run's backfill are over that were asked for before it; `tell` hears for which.

    What a later file says is to come after what an earlier one says. Runs of connections have nothing to do with each other and
    do not wait; nor does a run of no backfill. Where a person has this one stopped (see
    `asset_sync.components.leasing.heed`): raises `DagsterExecutionInterruptedError`.
    """
    run = dagster.get_run_by_id(run_id)
    if run is None or run_tags.BACKFILL not in run.tags or run_tags.CONNECTIONS in run.tags:
        return
    told_last = None
    while earlier := _earlier(dagster, run):
        if earlier != told_last:
            tell(f"waits for run {earlier}: the runs of a backfill go in their order")
            told_last = earlier
        if stopped(_ASKED_EVERY_S):
            raise dg.DagsterExecutionInterruptedError
        end_abandoned(dagster)


def _earlier(dagster: dg.DagsterInstance, run: dg.DagsterRun) -> str | None:
    """Return the first run of the backfill that is not over, where that is not the run itself."""
    of_backfill = dg.RunsFilter(tags={run_tags.BACKFILL: run.tags[run_tags.BACKFILL]}, statuses=_ASKED_FOR)
    first = next(iter(dagster.get_runs(of_backfill, limit=1, ascending=True)), None)
    return None if first is None or first.run_id == run.run_id else first.run_id
