"""The REST service. Every path but /health asks for the bearer token; /hooks for a signature.

The service holds no state: what it starts and what it tells is in the ledger's database and in Dagster's, so it may run twice.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from fastapi import Depends, FastAPI

from asset_sync.api.access import needs
from asset_sync.api.connections import connections
from asset_sync.api.exports import exports
from asset_sync.api.fabrics import fabrics
from asset_sync.api.health import health
from asset_sync.api.holds import holds
from asset_sync.api.hooks import hooks
from asset_sync.api.hosts import hosts
from asset_sync.api.plans import plans
from asset_sync.api.problems import REFUSED, told_by
from asset_sync.api.runs import runs
from asset_sync.api.schedules import schedules
from asset_sync.operations.asking import Worker

_GUARDED: Final = (schedules, runs, plans, holds, connections, exports, fabrics, hosts)


def create_app(token: str) -> FastAPI:
    """Return the service; `token` is what it asks for."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.worker = Worker()
        app.state.worker.start()
        yield
        app.state.worker.close()

    app = FastAPI(title="asset_sync", version="1", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.token = token.encode()
    app.include_router(health)
    app.include_router(hooks)
    for router in _GUARDED:
        app.include_router(router, dependencies=[Depends(needs("see"))], responses=REFUSED)
    told_by(app)
    return app
