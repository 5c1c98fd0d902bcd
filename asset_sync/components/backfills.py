"""Backfills: where Dagster lets several runs of one go at once, those that must not are kept in their order here."""

from collections.abc import Callable
from functools import partial
from typing import Final

import dagster as dg

from asset_sync.components import run_tags
from asset_sync.components.abandoned import end_abandoned
from asset_sync.components.patience import wait_while

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
    wait_while(lambda: _earlier(dagster, run), tell=tell, stopped=stopped, between=partial(end_abandoned, dagster))


def _earlier(dagster: dg.DagsterInstance, run: dg.DagsterRun) -> str | None:
    """Return in a line which is the first run of the backfill that is not over, where that is not the run itself."""
    of_backfill = dg.RunsFilter(tags={run_tags.BACKFILL: run.tags[run_tags.BACKFILL]}, statuses=_ASKED_FOR)
    first = next(iter(dagster.get_runs(of_backfill, limit=1, ascending=True)), None)
    if first is None or first.run_id == run.run_id:
        return None
    return f"waits for run {first.run_id}: the runs of a backfill go in their order"
