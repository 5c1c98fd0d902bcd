"""Runs by REST: started, listed, followed and taken back."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, HTTPException, Query
from fastapi.responses import RedirectResponse

from asset_sync.access.callers import Operator, needs
from asset_sync.api.models import Deciding, Run, RunPage, RunSummary, Starting
from asset_sync.api.problems import ABSENT, CONFLICT
from asset_sync.api.started import Runs
from asset_sync.operations import asking, run_history
from asset_sync.operations.definitions import job_of
from asset_sync.operations.run_history import RunStatus
from asset_sync.reconcile.errors import ConfigurationError, PlanError

runs: Final = APIRouter(tags=["runs"])
_OPERATE: Final = [Depends(needs("operate"))]


@runs.post("/sync/{name}", dependencies=_OPERATE, status_code=202, responses=ABSENT)
def start_run(name: str, starting: Starting, runs: Runs) -> Run:
    """Start a run of a sync; follow it by its id."""
    try:
        job_of(name)
    except ConfigurationError as error:
        raise HTTPException(404, str(error)) from None
    try:
        run_id = asking.ask(name, starting.mode, partition=starting.partition, only=starting.filters)
    except ConfigurationError as error:
        raise HTTPException(422, str(error)) from None
    return runs.started(run_id)


@runs.post("/syncs/{name}/runs", dependencies=_OPERATE, include_in_schema=False)
def start_run_as_before(name: str) -> RedirectResponse:
    """Lead to where runs are started now; the body goes along."""
    return RedirectResponse(f"/sync/{name}", 308)


@runs.get("/runs", responses=ABSENT)
def list_runs(
    sync: str | None = None,
    partition: str | None = None,
    status: RunStatus | None = None,
    before: Annotated[str | None, Query(description="The `next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> RunPage:
    """List runs, the newest first, whoever started them."""
    try:
        found = run_history.runs(sync, partition=partition, status=status, before=before, limit=limit)
    except ConfigurationError as error:
        raise HTTPException(404, str(error)) from None
    waiting = run_history.waiting(sync, partition) if before is None and status in (None, "queued") else []
    last = found[-1].dagster_id if len(found) == limit else None
    return RunPage(runs=list(map(RunSummary.of_run, found)), waiting=list(map(RunSummary.of_run, waiting)), next=last)


@runs.get("/runs/{run_id}", responses=ABSENT)
def show_run(run_id: str) -> Run:
    """Tell how a run stands, and what it did; also one that was started elsewhere."""
    found = run_history.find_run(run_id)
    if found is None:
        raise HTTPException(404, f"there is no run {run_id!r}")
    return Run.of(found)


@runs.post("/runs/{run_id}/undo", status_code=202, responses={**ABSENT, **CONFLICT})
def undo_run(run_id: str, deciding: Deciding, runs: Runs, who: Operator) -> Run:
    """Take back what a run applied, as POST /plans/{plan_id}/undo does."""
    found = run_history.find_run(run_id)
    if found is None:
        raise HTTPException(404, f"there is no run {run_id!r}")
    if found.run.plan_id is None:
        raise PlanError(f"run {run_id} has no plan that could be taken back")
    return runs.started(asking.ask_to_undo(found.run.plan_id, who.signs(deciding.by)))
