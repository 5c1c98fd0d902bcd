"""Schedules, sensors and pauses by REST: the same as in Dagster's UI and on the command line."""

from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, Field, StringConstraints

from asset_sync.access.callers import needs
from asset_sync.api.models import Asking, Deciding
from asset_sync.api.problems import ABSENT, CONFLICT
from asset_sync.ledger import Pause
from asset_sync.operations import automation, pausing
from asset_sync.operations.automation import Automation
from asset_sync.reconcile.errors import ConfigurationError

schedules: Final = APIRouter(tags=["schedules"])
_OPERATE: Final = [Depends(needs("operate"))]


class Schedule(BaseModel):
    """What starts runs by itself, and what is paused."""

    schedules: Sequence[Automation]
    paused: Sequence[Pause]


class Switching(Asking):
    """Which one: a schedule, a sensor, or all those of a sync, by name; those of all syncs where none is said."""

    name: str | None = None


class Pausing(Deciding):
    """Who pauses what, and why; everything where no sync is named."""

    sync: str | None = None
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)] = Field(
        description="Whoever meets the pause is told it."
    )


class Resuming(Asking):
    """What goes on: the sync, or what was paused as everything."""

    sync: str | None = None


class PauseList(BaseModel):
    """What is paused now."""

    paused: Sequence[Pause]


@schedules.get("/sync/schedule")
def show_schedule() -> Schedule:
    """Tell what starts runs by itself, whether it is on, and when it starts the next one."""
    return _schedule(automation.automations())


@schedules.post("/sync/scheduler/start", dependencies=_OPERATE, responses=ABSENT)
def start(switching: Switching) -> Schedule:
    """Switch schedules and sensors on, as in Dagster's UI. It takes Dagster some seconds."""
    try:
        return _schedule(automation.start(switching.name))
    except ConfigurationError as error:
        raise HTTPException(404, str(error)) from None


@schedules.post("/sync/scheduler/stop", dependencies=_OPERATE, responses=ABSENT)
def stop(switching: Switching) -> Schedule:
    """Switch schedules and sensors off, as in Dagster's UI. It takes Dagster some seconds."""
    try:
        return _schedule(automation.stop(switching.name))
    except ConfigurationError as error:
        raise HTTPException(404, str(error)) from None


@schedules.post("/sync/pause", dependencies=_OPERATE, responses=ABSENT)
def pause(pausing_: Pausing) -> PauseList:
    """Hold what a sync writes, or what all do, with a reason; runs refuse to write until it is resumed."""
    try:
        return PauseList(paused=pausing.pause(pausing_.sync, pausing_.reason, pausing_.by))
    except ConfigurationError as error:
        raise HTTPException(404, str(error)) from None


@schedules.post("/sync/resume", dependencies=_OPERATE, responses={**ABSENT, **CONFLICT})
def resume(resuming: Resuming) -> PauseList:
    """Let what was paused write again."""
    try:
        return PauseList(paused=pausing.resume(resuming.sync))
    except ConfigurationError as error:
        raise HTTPException(404, str(error)) from None


def _schedule(found: Sequence[Automation]) -> Schedule:
    return Schedule(schedules=found, paused=pausing.pauses())
