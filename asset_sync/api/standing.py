"""How the syncs stand, and what the doctor found, as JSON: what `asset-sync status` and `doctor` print."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Self

from pydantic import BaseModel, Field

from asset_sync.operations.doctor import Examined
from asset_sync.operations.standing import Freshness, Ran, Switch, SyncStanding
from asset_sync.systems.checkup import Finding


class SyncStatus(BaseModel):
    """How a sync stands; see `asset_sync.operations.standing.SyncStanding`."""

    sync: str
    runs: Sequence[Ran] = Field(description="The last ones, the latest first.")
    last_success: datetime | None
    age_seconds: float | None
    freshness: Freshness
    source_rows: dict[str, int]
    changes: dict[str, int] = Field(description="What the last plan writes, by operation.")
    held: int
    waiting: list[str] = Field(description="The plans that a person has to approve, the latest first.")
    paused: str | None = Field(description="Why it does not write now.")
    switch: Switch
    runs_when: str
    next_run: datetime | None
    mean_seconds: float | None

    @classmethod
    def of(cls, standing: SyncStanding) -> Self:
        """Return a sync as it stands."""
        told = asdict(standing)
        age = told.pop("age")
        del told["pauses"]
        return cls(**told, age_seconds=age.total_seconds() if age else None)


class StatusList(BaseModel):
    """How the syncs stand."""

    syncs: list[SyncStatus]


class SystemExamined(BaseModel):
    """A system over one connection ("" where there is but one), the syncs that use it, and what was found of it."""

    system: str
    connection: str
    syncs: list[str]
    checks: Sequence[Finding]


class Examination(BaseModel):
    """What `asset-sync doctor` found; `healthy` where no check failed."""

    healthy: bool
    systems: list[SystemExamined]

    @classmethod
    def of(cls, examined: Sequence[Examined]) -> Self:
        """Return what was found of all that was examined."""
        systems = [
            SystemExamined(
                system=each.system,
                connection=each.connection,
                syncs=list(each.syncs),
                checks=each.findings,
            )
            for each in examined
        ]
        return cls(healthy=not any(each.failed for each in examined), systems=systems)
