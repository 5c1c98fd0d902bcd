"""Plans: listed, read by pages, decided about, applied and taken back."""

from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request
from fastapi.responses import Response

from asset_sync.ledger import PlanHeader
from asset_sync.operations import plans as operations
from asset_sync.operations.browsing import mapped_fields, planned, tally
from asset_sync.operations.places import object_page
from asset_sync.pages.filters import PAGE, Asked, Pager
from asset_sync.pages.rendering import go, render
from asset_sync.pages.visitors import SEE, Approver
from asset_sync.reconcile.errors import ConfigurationError, PlanError

routes: Final = APIRouter(dependencies=SEE)
_LISTED: Final = 100


def _existing(plan_id: Annotated[str, Path(min_length=1)]) -> PlanHeader:
    try:
        return operations.header(plan_id)
    except PlanError as error:
        raise HTTPException(404, str(error)) from None


Existing = Annotated[PlanHeader, Depends(_existing)]


@routes.get("/plans")
def listed(request: Request, sync: str = "") -> Response:
    """List the plans of one sync or all, the one made last first."""
    try:
        found = operations.plans(sync or None, _LISTED)
    except ConfigurationError as error:
        raise HTTPException(404, str(error)) from None
    return render(request, "plans.html", plans=found, sync=sync, most=_LISTED)


@routes.get("/plans/{plan_id}")
def shown(request: Request, plan: Existing, asked: Annotated[Asked, Query()]) -> Response:
    """Show a plan with a page of its operations; of a request for its table alone, that."""
    found = planned(plan.id, asked.filter(), asked.offset, PAGE)
    rows: dict[str, Any] = {
        "plan": plan,
        "rows": found.rows,
        "pager": Pager(asked, found.total),
        "place": partial(object_page, plan.sync, plan.link_set),
    }
    if request.headers.get("hx-target") == "rows":
        return render(request, "rows.html", **rows)
    fields = mapped_fields(plan.sync, asked.kind or None)
    waits = operations.keeps_back(plan)
    went_by = operations.gone_by(plan)
    return render(request, "plan.html", **rows, asked=asked, waits=waits, sorts=tally(plan.id), fields=fields, went_by=went_by)


@routes.post("/plans/{plan_id}/approve")
def approve(request: Request, plan: Existing, by: Approver) -> Response:
    """Let a plan be applied."""
    operations.approve(plan.id, by)
    return go(request, f"/plans/{plan.id}", told=f"Plan {plan.id} is approved by {by}.")


@routes.post("/plans/{plan_id}/reject")
def reject(request: Request, plan: Existing, by: Approver) -> Response:
    """Keep a plan from being applied."""
    operations.reject(plan.id, by)
    return go(request, f"/plans/{plan.id}", told=f"Plan {plan.id} is rejected by {by}.")
