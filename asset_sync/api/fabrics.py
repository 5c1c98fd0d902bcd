"""Hedgehog fabrics by REST: how they stand, and running one now."""

from datetime import datetime
from typing import Final, Self

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel

from asset_sync.access.callers import needs
from asset_sync.api.models import Run
from asset_sync.api.problems import ABSENT, CONFLICT
from asset_sync.api.started import Runs
from asset_sync.components.due import Status
from asset_sync.operations import asking
from asset_sync.operations import fabrics as operations
from asset_sync.operations.fabrics import ConnectionStatus
from asset_sync.reconcile.errors import ConfigurationError

fabrics: Final = APIRouter(tags=["fabrics"])


class Fabric(BaseModel):
    """How a fabric stands; see `asset-sync fabrics status`. `objects` counts what is linked, by kind;
    it is `scheduled` where it runs by itself: its sensor is on, and nothing rests it."""

    sync: str
    name: str
    status: Status
    interval_seconds: float
    scheduled: bool
    paused: str | None
    next_at: datetime | None
    last_sync: datetime | None
    last_success: datetime | None
    last_error: str | None
    failures: int
    missing: list[str]
    objects: dict[str, int]

    @classmethod
    def of(cls, status: ConnectionStatus) -> Self:
        """Return a fabric as the service tells it."""
        names = (
            "sync",
            "name",
            "status",
            "scheduled",
            "paused",
            "next_at",
            "last_sync",
            "last_success",
            "last_error",
            "failures",
        )
        own = {name: getattr(status, name) for name in names}
        more = {"missing": list(status.missing), "objects": dict(status.objects)}
        return cls(**own, **more, interval_seconds=status.interval.total_seconds())


class FabricList(BaseModel):
    """All fabrics."""

    fabrics: list[Fabric]


@fabrics.get("/fabrics")
def list_fabrics() -> FabricList:
    """Tell how the fabrics stand, and when they run next."""
    return FabricList(fabrics=[Fabric.of(each) for each in operations.statuses(operations.syncs_with(operations.SYSTEM))])


@fabrics.post(
    "/fabrics/{name}/sync",
    dependencies=[Depends(needs("operate"))],
    status_code=202,
    responses={**ABSENT, **CONFLICT},
)
def sync_fabric(name: str, runs: Runs) -> Run:
    """Start a run of one fabric, whenever it is due; one that is disabled or under way is not run (409)."""
    try:
        return runs.started(asking.ask_fabric(name))
    except ConfigurationError as error:
        raise HTTPException(404, str(error)) from None
