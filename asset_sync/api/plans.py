"""Plans by REST: listed, shown by pages, decided about, applied and taken back; and who set an object's values."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, HTTPException, Path, Query
from fastapi.responses import PlainTextResponse, Response

from asset_sync.access.callers import Approver, Operator, needs
from asset_sync.api.models import Approving, Deciding, History, Operation, PlanDetail, PlanPage, PlanSummary, Run
from asset_sync.api.problems import ABSENT, CONFLICT, Responses
from asset_sync.api.started import Runs
from asset_sync.components.resources import open_ledger
from asset_sync.ledger.browsing import Filter
from asset_sync.operations import asking, browsing
from asset_sync.operations import plans as operations
from asset_sync.operations.places import object_pages
from asset_sync.reconcile import report
from asset_sync.reconcile.errors import ConfigurationError, PlanError

plans: Final = APIRouter(tags=["plans"])
_MARKDOWN: Final[Responses] = {
    200: {"content": {"text/markdown": {"schema": {"type": "string"}}}, "description": "The report."}
}
_OPERATE: Final = [Depends(needs("operate"))]
_LARGEST: Final = 2**31 - 1


def _existing(plan_id: Annotated[str, Path(description="A plan's id, or the start of one.", min_length=1)]) -> str:
    try:
        return open_ledger().header(plan_id).id
    except PlanError as error:
        raise HTTPException(404, str(error)) from None


def _chosen(  # noqa: PLR0917 - FastAPI names them
    kind: Annotated[str | None, Query(description="As in the mapping: asset, device, …")] = None,
    op: Annotated[str | None, Query(description="create, update, retire, restore, claim")] = None,
    outcome: Annotated[str | None, Query(description="applied, already, conflict, failed, skipped, deferred")] = None,
    field: Annotated[str | None, Query(description="One that changes.")] = None,
    text: Annotated[str | None, Query(description="It stands somewhere in what the operation says.")] = None,
    held: Annotated[bool | None, Query(description="What is held alone, or what is not.")] = None,
) -> Filter:
    return Filter(kind, op, field, text, held, outcome, recognised=True)


_Plan = Annotated[str, Depends(_existing)]


@plans.get("/plans", responses=ABSENT)
def list_plans(sync: str | None = None, limit: Annotated[int, Query(ge=1, le=1_000)] = 50) -> PlanPage:
    """List the plans of one sync or all, the one made last first."""
    try:
        return PlanPage(plans=[PlanSummary.of(header) for header in operations.plans(sync, limit)])
    except ConfigurationError as error:
        raise HTTPException(404, str(error)) from None


@plans.get("/plans/{plan_id}", responses=ABSENT)
def show_plan(
    plan_id: _Plan,
    chosen: Annotated[Filter, Depends(_chosen)],
    offset: Annotated[int, Query(ge=0, le=_LARGEST)] = 0,
    limit: Annotated[int, Query(ge=0, le=10_000)] = 100,
) -> PlanDetail:
    """Show a plan, with a page of its operations, or of those that are chosen; `total` counts these."""
    page = browsing.planned(plan_id, chosen, offset, limit)
    header = operations.header(plan_id)
    pages = object_pages(header.sync, header.link_set)
    told = operations.keeps_back(header), [Operation.of(row, pages) for row in page.rows]
    return PlanDetail.of_page(header, *told, total=page.total, offset=offset)


@plans.get("/plans/{plan_id}/report", response_class=PlainTextResponse, responses={**ABSENT, **_MARKDOWN})
def show_report(plan_id: _Plan) -> Response:
    """Show a plan in words, as Markdown."""
    return PlainTextResponse(report.markdown(open_ledger().plan(plan_id)), media_type="text/markdown")


@plans.post("/plans/{plan_id}/approve", responses={**ABSENT, **CONFLICT})
def approve_plan(plan_id: _Plan, approving: Approving, who: Approver) -> PlanSummary:
    """Let a plan be applied: after review, or in spite of a guard that failed.

    Of a part that is approved, a plan comes in its place, which is the answer; what is left out is decided.
    """
    return PlanSummary.of(operations.approve(plan_id, who.signs(approving.by), approving.selection()))


@plans.post("/plans/{plan_id}/reject", responses={**ABSENT, **CONFLICT})
def reject_plan(plan_id: _Plan, deciding: Deciding, who: Approver) -> PlanSummary:
    """Keep a plan from being applied, also when it is made again."""
    return PlanSummary.of(operations.reject(plan_id, who.signs(deciding.by)))


@plans.post("/plans/{plan_id}/apply", dependencies=_OPERATE, status_code=202, responses={**ABSENT, **CONFLICT})
def apply_plan(plan_id: _Plan, runs: Runs) -> Run:
    """Start a run that applies a plan, exactly as it was reviewed; follow it by its id."""
    return runs.started(asking.ask_to_apply(plan_id))


@plans.post("/plans/{plan_id}/undo", status_code=202, responses={**ABSENT, **CONFLICT})
def undo_plan(plan_id: _Plan, deciding: Deciding, runs: Runs, who: Operator) -> Run:
    """Make the plan that takes this one back, and start a run that applies it: who asks for it decided it.

    Where its guards fail, it is kept and waits for approval (409, with its id); approve and apply it then.
    """
    return runs.started(asking.ask_to_undo(plan_id, who.signs(deciding.by)))


@plans.get("/history", responses=ABSENT)
def show_history(
    kind: Annotated[str, Query(description="As in the mapping: asset, device, …")],
    id: Annotated[str, Query(description="The object's id in the target.")],  # noqa: A002 - the parameter's name
    field: str | None = None,
) -> History:
    """Tell who set an object's values, newest first."""
    try:
        table = operations.history(kind, id, field)
    except ConfigurationError as error:
        raise HTTPException(404, str(error)) from None
    return History.of(kind, id, table)
