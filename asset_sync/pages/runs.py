"""Runs that a person starts from a page, and how they stand."""

from typing import Final

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from asset_sync.api.started import Runs
from asset_sync.operations import asking
from asset_sync.operations.run_history import find_run
from asset_sync.pages.plans import Existing
from asset_sync.pages.rendering import go, render
from asset_sync.pages.visitors import SEE, Operator

routes: Final = APIRouter(dependencies=SEE)


@routes.post("/plans/{plan_id}/apply")
def apply(request: Request, plan: Existing, runs: Runs, _by: Operator) -> Response:
    """Start a run that applies a plan."""
    return go(request, f"/runs/{runs.started(asking.ask_to_apply(plan.id)).id}")


@routes.post("/plans/{plan_id}/undo")
def undo(request: Request, plan: Existing, runs: Runs, by: Operator) -> Response:
    """Make the plan that takes a plan back, and start a run that applies it."""
    return go(request, f"/runs/{runs.started(asking.ask_to_undo(plan.id, by)).id}")


@routes.get("/runs/{run_id}")
def shown(request: Request, run_id: str) -> Response:
    """Show how a run stands; of a request for its state alone, that."""
    found = find_run(run_id)
    if found is None:
        raise HTTPException(404, f"there is no run {run_id!r}")
    part = request.headers.get("hx-target") == "run"
    ended = found.run.status in {"succeeded", "failed"}
    return render(request, "run_state.html" if part else "run.html", run=found.run, did=found, ended=ended)
