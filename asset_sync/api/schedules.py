"""Schedules, sensors and pauses by REST: the same as in Dagster's UI and on the command line."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final, Self

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, Field, StringConstraints

from asset_sync.access.callers import needs
from asset_sync.api.models import Asking, Deciding
from asset_sync.api.problems import ABSENT, CONFLICT
from asset_sync.ledger import Pause
from asset_sync.operations import automation, pausing
from asset_sync.operations.automation import Automation, Kind
from asset_sync.reconcile.errors import ConfigurationError

schedules: Final = APIRouter(tags=["schedules"])
_OPERATE: Final = [Depends(needs("operate"))]


class Scheduled(BaseModel):
    """A schedule or a sensor; `next_at` is when it starts a run next, where known, `paused` why its sync does not write now."""

    name: str
    kind: Kind
    sync: str | None
    on: bool
    cron: str | None
    timezone: str | None
    next_at: datetime | None
    paused: str | None

    @classmethod
    def of(cls, found: Automation) -> Self:
        """Return a schedule or a sensor as the service tells it."""
        return cls.model_validate(found, from_attributes=True)


class Paused(BaseModel):
    """What is not to write now; everything where `sync` is nothing."""

    sync: str | None
    reason: str
    by: str
    at: datetime


class Schedule(BaseModel):
    """What starts runs by itself, and what is paused."""

    schedules: list[Scheduled]
    paused: list[Paused]


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

    paused: list[Paused]


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
        return _paused(pausing.pause(pausing_.sync, pausing_.reason, pausing_.by))
    except ConfigurationError as error:
        raise HTTPException(404, str(error)) from None


@schedules.post("/sync/resume", dependencies=_OPERATE, responses={**ABSENT, **CONFLICT})
def resume(resuming: Resuming) -> PauseList:
    """Let what was paused write again."""
    try:
        return _paused(pausing.resume(resuming.sync))
    except ConfigurationError as error:
        raise HTTPException(404, str(error)) from None


def _schedule(found: Sequence[Automation]) -> Schedule:
    return Schedule(schedules=[Scheduled.of(each) for each in found], paused=_paused(pausing.pauses()).paused)


def _paused(found: Sequence[Pause]) -> PauseList:
    return PauseList(paused=[Paused.model_validate(each, from_attributes=True) for each in found])
