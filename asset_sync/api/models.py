"""What the REST service answers and takes, and what the command line prints as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal, Self

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from asset_sync.ledger import PlanHeader
from asset_sync.operations.connections import Standing
from asset_sync.operations.plans import Missing
from asset_sync.operations.runs import RunReport, RunStatus
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.authority import State
from asset_sync.reconcile.plan import Mode, Plan
from asset_sync.reconcile.target import Outcome
from asset_sync.tracking import Status


class Problem(BaseModel):
    """Why a request was refused, in one line."""

    detail: str


class Health(BaseModel):
    """The service answers."""

    status: Literal["ok"] = "ok"


class FailedGuard(BaseModel):
    """A guard that the plan did not pass; `open` while no approval covers it."""

    name: str
    message: str
    open: bool


class DecisionMade(BaseModel):
    """What a person decided about a plan, and which failed guards that covers; `lapsed` since the plan went stale."""

    by: str
    at: datetime
    approved: bool
    guards: list[str]
    lapsed: bool


class PlanSummary(BaseModel):
    """A plan without its operations; `counts` are the objects to be written, `held` the rows that wait.

    `created_at` is when it was made first, `made_at` when a run made it last, which is `run_id`.
    """

    id: str
    sync: str
    mode: str
    state: State = Field(description="stale: make a new plan. interrupted: apply it again, and what is left of it is done.")
    stale_because: str | None = Field(description="What a later look at the source and the target says otherwise.")
    approved_by: list[str] = Field(description="The people who approved it since it was last rejected or contradicted.")
    after: str | None = Field(description="The plan that the sync had applied last when this one was made.")
    complete: bool = Field(description="Whether the source was read whole, so that what it lacks counts as missing.")
    undoes: str | None
    source_rows: dict[str, int]
    counts: dict[str, int]
    held: int
    created_at: datetime
    made_at: datetime
    run_id: str
    started_at: datetime | None
    applied_at: datetime | None
    failed_guards: list[FailedGuard]
    decisions: list[DecisionMade]

    @classmethod
    def of(cls, header: PlanHeader) -> Self:
        """Return the summary of a plan."""
        return cls(**_header(header))


class Operation(BaseModel):
    """A row of a plan and what became of it. `seq` is its number; `changes` is by field: old, new, owner, reason."""

    seq: int
    kind: str
    op: str
    key: str | None
    source_key: str | None
    target_id: str | None
    changes: dict[str, dict[str, Any]]
    reason: str | None
    hold: str | None
    outcome: str | None
    detail: str | None


class PlanDetail(PlanSummary):
    """A plan with its operations, or a page of them; `waits` says why it may not be applied now, if so."""

    waits: str | None
    total: int
    offset: int
    operations: list[Operation]

    @classmethod
    def of_page(
        cls,
        header: PlanHeader,
        plan: Plan,
        outcomes: Mapping[int, Outcome],
        waits: str | None,
        *,
        offset: int = 0,
        limit: int | None = None,
    ) -> Self:
        """Return a plan with `limit` of its operations from `offset` on, or all of them."""
        page = plan.operations.iloc[offset : None if limit is None else offset + limit]
        paging = {"total": len(plan.operations), "offset": offset, "operations": operations_of(page, outcomes)}
        return cls(**_header(header), waits=waits, **paging)


class PlanPage(BaseModel):
    """Plans, the one made last first."""

    plans: list[PlanSummary]


class Asking(BaseModel):
    """What is sent to the service. A key that it does not know is refused: a mistyped `mode` would write."""

    model_config = ConfigDict(extra="forbid")


class Deciding(Asking):
    """Who decides: the name is kept with the decision."""

    by: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]


class Starting(Asking):
    """How a sync is to run; see `asset-sync run --help`."""

    mode: Mode = "normal"
    partition: str | None = None
    only: dict[str, list[str]] = Field(
        default_factory=dict, description="What the source is asked for in this run, by the names of its options."
    )


class Run(BaseModel):
    """A run and how it stands; the numbers come when it has ended."""

    id: str
    sync: str
    status: RunStatus
    plan_id: str | None = None
    outcomes: dict[str, int] = Field(default_factory=dict)
    requests: dict[str, int] = Field(default_factory=dict)
    seconds: float | None = None
    converged: bool | None = None
    reasons: list[str] = Field(default_factory=list, description="Why it failed, a line each.")

    @classmethod
    def of(cls, report: RunReport) -> Self:
        """Return a run that has ended."""
        return cls(
            id=report.run_id,
            sync=report.sync,
            status="succeeded" if report.succeeded else "failed",
            plan_id=report.plan.id if report.plan else None,
            outcomes=dict(report.outcomes),
            requests=asdict(report.requests),
            seconds=report.seconds,
            converged=report.converged,
            reasons=list(report.reasons),
        )


class RunList(BaseModel):
    """Runs, in their order: one for each partition."""

    runs: list[Run]


class Written(BaseModel):
    """One field of one write that was done: who set the value, in which run, from which record of the source.

    A decision about the record is of no plan and no run.
    """

    at: datetime
    sync: str
    plan_id: str | None
    undoes: str | None
    run_id: str | None
    source_key: str | None
    op: str
    outcome: str | None
    field: str | None
    old: Any
    new: Any
    owner: str | None
    reason: str | None


class History(BaseModel):
    """What syncs wrote to an object, newest first."""

    kind: str
    id: str
    writes: list[Written]

    @classmethod
    def of(cls, kind: str, target_id: str, table: pd.DataFrame) -> Self:
        """Return what was written to an object."""
        rows = table.astype(object).where(table.notna(), None).to_dict("records")
        return cls(kind=kind, id=target_id, writes=[Written.model_validate(row) for row in rows])


class MissingRecord(BaseModel):
    """A linked object whose record the source no longer has; `retired_by` is null while it is in service."""

    kind: str
    target_id: str
    source_key: str
    since: datetime
    runs: int
    retired_by: str | None


class MissingList(BaseModel):
    """What a source no longer has, the longest missing first."""

    missing: list[MissingRecord]

    @classmethod
    def of(cls, found: Sequence[Missing]) -> Self:
        """Return what is missing."""
        return cls(missing=[MissingRecord(**asdict(each)) for each in found])


class Export(BaseModel):
    """How one address of a device stands, and since when."""

    address: str
    device_name: str
    status: Status
    at: datetime
    error: str | None


class ConnectionStanding(BaseModel):
    """How a connection to WhatsUp Gold stands: its exports by status, and the last ten."""

    connection: str
    sync: str
    enabled: bool
    total: int
    pending: int
    exported: int
    scan_triggered: int
    scan_completed: int
    error: int
    last_export: datetime | None
    recent: list[Export]

    @classmethod
    def of(cls, standing: Standing) -> Self:
        """Return a connection as it stands."""
        return cls(connection=standing.connection, sync=standing.sync, enabled=standing.enabled, **asdict(standing.statistics))


class ConnectionList(BaseModel):
    """All connections to WhatsUp Gold."""

    connections: list[ConnectionStanding]


def _header(header: PlanHeader) -> dict[str, Any]:
    names = ("id", "sync", "mode", "state", "stale_because", "after", "complete", "undoes", "source_rows", "counts", "held")
    times = ("created_at", "made_at", "run_id", "started_at", "applied_at")
    still_open = {guard.name for guard in header.open_guards}
    guards = [FailedGuard(name=g.name, message=g.message, open=g.name in still_open) for g in header.failed_guards]
    decisions = [DecisionMade(**{**asdict(decision), "guards": list(decision.guards)}) for decision in header.decisions]
    approved_by = [approval.by for approval in header.approvals]
    own = {name: getattr(header, name) for name in (*names, *times)}
    return {**own, "approved_by": approved_by, "failed_guards": guards, "decisions": decisions}


def operations_of(page: pd.DataFrame, outcomes: Mapping[int, Outcome] | None = None) -> list[Operation]:
    """Return rows of a plan, and what became of them."""
    return [_operation(row, (outcomes or {}).get(row["seq"])) for row in p.records(page)]


def _operation(row: dict[str, Any], outcome: Outcome | None) -> Operation:
    row = {name: value for name, value in row.items() if name != "version"}
    came_of_it = {"outcome": outcome.outcome if outcome else None, "detail": outcome.detail if outcome else None}
    return Operation(**{**row, "changes": p.decode(row["changes"]), **came_of_it})
