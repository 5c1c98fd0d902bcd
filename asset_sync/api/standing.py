"""How the syncs stand, and what the doctor found, as JSON: what `asset-sync status` and `doctor` print."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Self

from pydantic import BaseModel, Field

from asset_sync.operations.doctor import Examined
from asset_sync.operations.run_history import RunStatus
from asset_sync.operations.standing import Freshness, Switch, SyncStanding
from asset_sync.systems.checkup import Status


class RunStanding(BaseModel):
    """A run of a sync: when it began, how long it took, what its plan writes, by operation, and what it holds."""

    run_id: str
    partition: str | None
    status: RunStatus
    mode: str
    started_at: datetime | None
    seconds: float | None
    plan_id: str | None
    changes: dict[str, int]
    held: int
    source_rows: dict[str, int]


class SyncStatus(BaseModel):
    """How a sync stands; see `asset_sync.operations.standing.SyncStanding`."""

    sync: str
    runs: list[RunStanding] = Field(description="The last ones, the latest first.")
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
        return cls(**told, age_seconds=age.total_seconds() if age else None)


class StatusList(BaseModel):
    """How the syncs stand."""

    syncs: list[SyncStatus]


class CheckResult(BaseModel):
    """What one check found, and what to do about it, where there is something to do."""

    check: str
    status: Status
    told: str
    to_do: str


class SystemExamined(BaseModel):
    """A system over one connection ("" where there is but one), the syncs that use it, and what was found of it."""

    system: str
    connection: str
    syncs: list[str]
    checks: list[CheckResult]


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
                checks=[CheckResult(**asdict(finding)) for finding in each.findings],
            )
            for each in examined
        ]
        return cls(healthy=not any(each.failed for each in examined), systems=systems)
