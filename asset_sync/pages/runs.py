"""Runs that a person starts from a page, and how they stand."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import Response

from asset_sync.api.background import Background
from asset_sync.api.models import Run
from asset_sync.operations.runs import find_run
from asset_sync.pages.plans import Existing
from asset_sync.pages.rendering import go, render
from asset_sync.pages.visitors import SEE, Operator

routes: Final = APIRouter(dependencies=SEE)


def _background(request: Request) -> Background:
    found: Background = request.app.state.background
    return found


_Runs = Annotated[Background, Depends(_background)]


@routes.post("/plans/{plan_id}/apply")
def apply(request: Request, plan: Existing, runs: _Runs, _by: Operator) -> Response:
    """Start a run that applies a plan."""
    return go(request, f"/runs/{runs.apply(plan.id).id}")


@routes.post("/plans/{plan_id}/undo")
def undo(request: Request, plan: Existing, runs: _Runs, by: Operator) -> Response:
    """Make the plan that takes a plan back, and start a run that applies it."""
    return go(request, f"/runs/{runs.undo(plan.id, by).id}")


@routes.get("/runs/{run_id}")
def shown(request: Request, run_id: str, runs: _Runs) -> Response:
    """Show how a run stands; of a request for its state alone, that."""
    run = runs.find(run_id) or _elsewhere(run_id)
    part = request.headers.get("hx-target") == "run"
    return render(request, "run_state.html" if part else "run.html", run=run, ended=run.status in {"succeeded", "failed"})


def _elsewhere(run_id: str) -> Run:
    found = find_run(run_id)
    if found is None:
        raise HTTPException(404, f"there is no run {run_id!r}")
    return Run(id=found.run_id, sync=found.sync, status=found.status, plan_id=found.plan_id)
