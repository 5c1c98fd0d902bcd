"""The service: REST, and the pages for people. /health is open, /hooks asks for a signature, all else for a token or a session.

The service holds no state: what it starts and what it tells is in the ledger's database and in Dagster's, so it may run twice.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from fastapi import APIRouter, Depends, FastAPI
from fastapi.responses import RedirectResponse, Response
from starlette.middleware.sessions import SessionMiddleware

from asset_sync.access import sessions
from asset_sync.access.access import Access
from asset_sync.access.callers import needs
from asset_sync.api.bodies import each_key_once
from asset_sync.api.connections import connections
from asset_sync.api.exports import exports
from asset_sync.api.fabrics import fabrics
from asset_sync.api.health import health
from asset_sync.api.holds import holds
from asset_sync.api.hooks import hooks
from asset_sync.api.hosts import hosts
from asset_sync.api.plans import plans
from asset_sync.api.problems import REFUSED, told_by
from asset_sync.api.records import records
from asset_sync.api.reference import Reference
from asset_sync.api.runs import runs
from asset_sync.api.schedules import schedules
from asset_sync.operations.asking import Worker
from asset_sync.pages.app import create_pages

_GUARDED: Final = (schedules, runs, plans, holds, connections, exports, fabrics, records)
PAGES: Final = "/review"
"""The path below which the pages for people are."""
_home: Final = APIRouter()


def create_app(token: str) -> FastAPI:
    """Return the service; `token` is what it asks for."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.worker = Worker()
        app.state.worker.start()
        yield
        app.state.worker.close()

    app = FastAPI(title="asset_sync", version="1", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.access = access = Access.of_environment(token)
    secret = sessions.secret_of(access.token)
    app.add_middleware(
        SessionMiddleware, secret, session_cookie=sessions.COOKIE, max_age=sessions.LASTS_S, https_only=access.secure
    )
    app.mount(PAGES, create_pages(app.state))
    app.mount("/docs", Reference())
    app.include_router(_home)
    app.include_router(health)
    app.include_router(hooks)
    guarded = [Depends(needs("see"))]
    for router in _GUARDED:
        app.include_router(router, dependencies=[*guarded, Depends(each_key_once)], responses=REFUSED)
    # It reads its bodies itself, no further than they may be long.
    app.include_router(hosts, dependencies=guarded, responses=REFUSED)
    told_by(app)
    return app


@_home.get("/", include_in_schema=False)
def home() -> Response:
    """Lead a person who types the address to the pages."""
    return RedirectResponse(f"{PAGES}/")
