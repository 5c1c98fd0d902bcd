"""The REST service. Every path but /health asks for the bearer token."""

import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any, Final

import psycopg
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from sqlalchemy.exc import DataError, SQLAlchemyError
from starlette.exceptions import HTTPException as StarletteHTTPException

from asset_sync.api.access import needs
from asset_sync.api.background import Background
from asset_sync.api.holds import holds
from asset_sync.api.models import (
    ConnectionList,
    ConnectionStanding,
    Deciding,
    Health,
    History,
    PlanDetail,
    PlanPage,
    PlanSummary,
    Problem,
    Run,
    Starting,
    Written,
)
from asset_sync.api.records import records
from asset_sync.components.resources import open_ledger
from asset_sync.operations import plans as operations
from asset_sync.operations.connections import connection, connections
from asset_sync.operations.definitions import job_of
from asset_sync.operations.runs import check_mode, check_only, find_run, new_run_id, partition_of, run_sync
from asset_sync.reconcile import report
from asset_sync.reconcile.errors import AssetSyncError, ConfigurationError, PlanError

_REFUSED: Final[dict[int | str, dict[str, Any]]] = {
    401: {"model": Problem, "description": "No token was sent."},
    403: {"model": Problem, "description": "The token is not the right one, or may not do this."},
    422: {"model": Problem, "description": "The request is not as it should be."},
    503: {"model": Problem, "description": "The database or a setting is missing."},
}
_ABSENT: Final[dict[int | str, dict[str, Any]]] = {404: {"model": Problem, "description": "There is no such thing."}}
_CONFLICT: Final[dict[int | str, dict[str, Any]]] = {409: {"model": Problem, "description": "The plan does not allow it now."}}
_MARKDOWN: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"text/markdown": {"schema": {"type": "string"}}}, "description": "The report."}
}
_log = logging.getLogger(__name__)


def create_app(token: str) -> FastAPI:
    """Return the service; `token` is what it asks for."""
    background = Background()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        background.close()

    app = FastAPI(title="asset_sync", version="1", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.token = token.encode()
    app.state.background = background
    app.include_router(_open)
    app.include_router(_guarded)
    app.include_router(holds, dependencies=[Depends(needs("see"))], responses=_REFUSED)
    app.include_router(records, dependencies=[Depends(needs("see"))], responses=_REFUSED)
    app.add_exception_handler(AssetSyncError, _not_possible)
    app.add_exception_handler(StarletteHTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(SQLAlchemyError, _no_database)
    app.add_exception_handler(psycopg.Error, _no_database)
    app.add_exception_handler(DataError, _no_data)
    app.add_exception_handler(psycopg.DataError, _no_data)
    app.add_exception_handler(Exception, _broken)
    return app


def _background(request: Request) -> Background:
    found: Background = request.app.state.background
    return found


def _existing(plan_id: Annotated[str, Path(description="A plan's id, or the start of one.", min_length=1)]) -> str:
    try:
        return open_ledger().header(plan_id).id
    except PlanError as error:
        raise HTTPException(404, str(error)) from None


_Plan = Annotated[str, Depends(_existing)]
_Runs = Annotated[Background, Depends(_background)]
_APPROVE: Final = [Depends(needs("approve"))]
_OPERATE: Final = [Depends(needs("operate"))]
_open = APIRouter()
_guarded = APIRouter(dependencies=[Depends(needs("see"))], responses=_REFUSED)


@_open.get("/health")
def health() -> Health:
    """Tell that the service is up."""
    return Health()


# Plans.


@_guarded.get("/plans", responses=_ABSENT)
def list_plans(sync: str | None = None, limit: Annotated[int, Query(ge=1, le=1_000)] = 50) -> PlanPage:
    """List the plans of one sync or all, the one made last first."""
    try:
        return PlanPage(plans=[PlanSummary.of(header) for header in operations.plans(sync, limit)])
    except ConfigurationError as error:
        raise HTTPException(404, str(error)) from None


@_guarded.get("/plans/{plan_id}", responses=_ABSENT)
def show_plan(
    plan_id: _Plan, offset: Annotated[int, Query(ge=0)] = 0, limit: Annotated[int, Query(ge=0, le=10_000)] = 100
) -> PlanDetail:
    """Show a plan, with a page of its operations."""
    ledger = open_ledger()
    told = ledger.header(plan_id), ledger.plan(plan_id), ledger.outcomes(plan_id), ledger.waits(plan_id)
    return PlanDetail.of_page(*told, offset=offset, limit=limit)


@_guarded.get("/plans/{plan_id}/report", response_class=PlainTextResponse, responses={**_ABSENT, **_MARKDOWN})
def show_report(plan_id: _Plan) -> Response:
    """Show a plan in words, as Markdown."""
    return PlainTextResponse(report.markdown(open_ledger().plan(plan_id)), media_type="text/markdown")


@_guarded.post("/plans/{plan_id}/approve", dependencies=_APPROVE, responses={**_ABSENT, **_CONFLICT})
def approve_plan(plan_id: _Plan, deciding: Deciding) -> PlanSummary:
    """Let a plan be applied: after review, or in spite of a guard that failed."""
    return PlanSummary.of(operations.approve(plan_id, deciding.by))


@_guarded.post("/plans/{plan_id}/reject", dependencies=_APPROVE, responses={**_ABSENT, **_CONFLICT})
def reject_plan(plan_id: _Plan, deciding: Deciding) -> PlanSummary:
    """Keep a plan from being applied, also when it is made again."""
    return PlanSummary.of(operations.reject(plan_id, deciding.by))


@_guarded.post("/plans/{plan_id}/apply", dependencies=_OPERATE, status_code=202, responses={**_ABSENT, **_CONFLICT})
def apply_plan(plan_id: _Plan, runs: _Runs) -> Run:
    """Start a run that applies a plan, exactly as it was reviewed; follow it by its id."""
    _check_ready(plan_id)
    run_id = new_run_id()
    return runs.start(run_id, open_ledger().header(plan_id).sync, lambda: operations.apply_plan(plan_id, run_id=run_id))


@_guarded.post("/plans/{plan_id}/undo", dependencies=_OPERATE, status_code=202, responses={**_ABSENT, **_CONFLICT})
def undo_plan(plan_id: _Plan, deciding: Deciding, runs: _Runs) -> Run:
    """Make the plan that takes this one back, and start a run that applies it: who asks for it decided it.

    Where its guards fail, it is kept and waits for approval (409, with its id); approve and apply it then.
    """
    run_id = new_run_id()
    header = operations.save_undo(operations.make_undo(plan_id), run_id, deciding.by)
    _check_ready(header.id)
    return runs.start(run_id, header.sync, lambda: operations.apply_plan(header.id, run_id=run_id))


def _check_ready(plan_id: str) -> None:
    why_not = operations.waits(plan_id)
    if why_not:
        raise PlanError(why_not)


# Runs.


@_guarded.post("/syncs/{sync}/runs", dependencies=_OPERATE, status_code=202, responses=_ABSENT)
def start_run(sync: str, starting: Starting, runs: _Runs) -> Run:
    """Start a run of a sync; follow it by its id."""
    try:
        job_of(sync)
    except ConfigurationError as error:
        raise HTTPException(404, str(error)) from None
    try:
        check_mode(sync, starting.mode)
        partition = partition_of(sync, starting.partition)
        check_only(sync, starting.only)
    except ConfigurationError as error:
        raise HTTPException(422, str(error)) from None
    run_id = new_run_id()
    return runs.start(
        run_id, sync, lambda: run_sync(sync, starting.mode, partition=partition, only=starting.only, run_id=run_id)
    )


@_guarded.get("/runs/{run_id}", responses=_ABSENT)
def show_run(run_id: str, runs: _Runs) -> Run:
    """Tell how a run stands, also one that was started elsewhere."""
    found = runs.find(run_id)
    if found is not None:
        return found
    other = find_run(run_id)
    if other is None:
        raise HTTPException(404, f"there is no run {run_id!r}")
    return Run(id=other.run_id, sync=other.sync, status=other.status, plan_id=other.plan_id)


@_guarded.get("/history", responses=_ABSENT)
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
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    return History(kind=kind, id=id, writes=[Written.model_validate(row) for row in rows])


# Connections.


@_guarded.get("/connections")
def list_connections() -> ConnectionList:
    """Tell how the connections to WhatsUp Gold stand."""
    return ConnectionList(connections=[ConnectionStanding.of(standing) for standing in connections()])


@_guarded.get("/connections/{name}", responses=_ABSENT)
def show_connection(name: str) -> ConnectionStanding:
    """Tell how one connection to WhatsUp Gold stands."""
    try:
        return ConnectionStanding.of(connection(name))
    except ConfigurationError as error:
        raise HTTPException(404, str(error)) from None


# Errors, one line each.


async def _not_possible(_request: Request, error: Exception) -> Response:
    return _problem(409 if isinstance(error, PlanError) else 503, str(error))


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, StarletteHTTPException)  # noqa: S101 - for the type checker: it is registered for these only
    return _problem(error.status_code, str(error.detail), error.headers)


async def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    return _problem(422, "; ".join(f"{_where(e['loc'])}: {e['msg']}" for e in error.errors()))


def _where(place: Sequence[str | int]) -> str:
    """Return the key that is wrong, else the part of the request; where in the text of a body is nothing to a person."""
    return ".".join(part for part in place[1:] if isinstance(part, str)) or str(place[0])


async def _no_database(_request: Request, error: Exception) -> Response:
    _log.error("the database does not answer as it should: %s", error)
    return _problem(503, "the database does not answer as it should; the service's log says more")


async def _no_data(_request: Request, error: Exception) -> Response:
    _log.error("a request holds what the database does not take: %s", error)
    return _problem(422, "the request holds what the database does not take, such as a NUL character")


async def _broken(_request: Request, _error: Exception) -> Response:
    return _problem(500, "an error in asset_sync; the service's log says more")


def _problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse({"detail": " ".join(detail.split())}, status, headers)
