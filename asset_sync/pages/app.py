"""The pages as one application, to be mounted in the service: its routes, and how an error is shown to a person."""

import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from sqlalchemy.exc import DataError, SQLAlchemyError
from starlette.datastructures import State
from starlette.exceptions import HTTPException

from asset_sync.pages import changes, choosing, holds, inbox, plans, records, runs, signing, syncs
from asset_sync.pages.policy import OVER_HTTPS, headers
from asset_sync.pages.rendering import render
from asset_sync.reconcile.errors import AssetSyncError, PlanError

_HEADERS: Final = headers()
_log = logging.getLogger(__name__)


def create_pages(state: State) -> FastAPI:
    """Return the pages; `state` is that of the service, which says how it is entered and what carries runs out."""
    pages = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    pages.state = state
    pages.middleware("http")(_with_headers)
    pages.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"))
    for subject in (signing, inbox, plans, choosing, runs, holds, records, changes, syncs):
        pages.include_router(subject.routes)
    pages.add_exception_handler(HTTPException, _refused)
    pages.add_exception_handler(RequestValidationError, _invalid)
    pages.add_exception_handler(AssetSyncError, _not_possible)
    for gone in (SQLAlchemyError, psycopg.Error):
        pages.add_exception_handler(gone, _no_database)
    for wrong in (DataError, psycopg.DataError):
        pages.add_exception_handler(wrong, _no_data)
    pages.add_exception_handler(Exception, _broken)
    return pages


async def _with_headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    answer = await call_next(request)
    answer.headers.update(_HEADERS)
    if request.app.state.access.secure:
        answer.headers.update(OVER_HTTPS)
    if not request.url.path.startswith(f"{request.scope['root_path']}/static/"):
        # Who signed out must not find it by the button that leads back.
        answer.headers["Cache-Control"] = "no-store"
    return answer


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - for the type checker: it is registered for these only
    if error.status_code == 401:
        return signing.to_sign_in(request)
    return render(request, "error.html", error.status_code, told=error.detail)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    told = "; ".join(f"{each['loc'][-1]}: {each['msg']}" for each in error.errors())
    return render(request, "error.html", 422, told=told)


async def _not_possible(request: Request, error: Exception) -> Response:
    return render(request, "error.html", 409 if isinstance(error, PlanError) else 503, told=str(error))


async def _no_database(request: Request, error: Exception) -> Response:
    _log.error("the database does not answer as it should: %s", error)
    return render(request, "error.html", 503, told="the database does not answer as it should; the service's log says more")


async def _no_data(request: Request, error: Exception) -> Response:
    _log.error("a request holds what the database does not take: %s", error)
    return render(request, "error.html", 422, told="the request holds what the database does not take, such as a NUL character")


async def _broken(request: Request, _error: Exception) -> Response:
    return render(request, "error.html", 500, told="an error in asset_sync; the service's log says more")
