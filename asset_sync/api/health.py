"""Whether all is well, for whoever watches the service."""

from typing import Final, Literal

from fastapi import APIRouter
from pydantic import BaseModel

health: Final = APIRouter(tags=["health"])


class Health(BaseModel):
    """The service answers."""

    status: Literal["ok"] = "ok"


@health.get("/health")
def show_health() -> Health:
    """Tell that the service is up."""
    return Health()
