"""What the REST service answers and takes, and what the command line prints as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal, Self

import pandas as pd
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, StringConstraints

from asset_sync.ledger import PlanHeader
from asset_sync.ledger.browsing import PlannedRow
from asset_sync.operations.connections import Standing
from asset_sync.operations.places import Pages, object_pages
from asset_sync.operations.plans import Missing
from asset_sync.operations.run_history import KnownRun, RunStanding, RunStatus
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.authority import State
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.review import Choice, Selection
from asset_sync.reconcile.target import Outcome
from asset_sync.tracking import Status


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
    connection: str | None = Field(description="The connection, or the fabric, where each of the sync has plans of its own.")
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
    page: str | None = Field(description="Where a person looks at the object in the target.")

    @classmethod
    def of(cls, row: PlannedRow, pages: Pages) -> Self:
        """Return a row of a page as the service tells it."""
        told = asdict(row)
        del told["candidates"]
        page = pages(row.kind, row.target_id) if row.target_id else None
        return cls(**{**told, "changes": p.decode(row.changes), "page": page})


class PlanDetail(PlanSummary):
    """A plan with its operations, or a page of them.

    `waits` says why it may not be applied now, if so; what was applied waits for nothing.
    """

    waits: str | None
    total: int
    offset: int
    operations: list[Operation]

    @classmethod
    def of_page(
        cls,
        header: PlanHeader,
        waits: str | None,
        operations: Sequence[Operation],
        *,
        total: int,
        offset: int = 0,
    ) -> Self:
        """Return a plan with some of the `total` operations, those from `offset` on, or all of them."""
        return cls(**_header(header), waits=waits, total=total, offset=offset, operations=list(operations))


class PlanPage(BaseModel):
    """Plans, the one made last first."""

    plans: list[PlanSummary]


class Asking(BaseModel):
    """What is sent to the service. A key that it does not know is refused: a mistyped `mode` would write."""

    model_config = ConfigDict(extra="forbid")


class Deciding(Asking):
    """Who decides: the name is kept with the decision."""

    by: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]


class Chosen(Asking):
    """Operations of which all that is said is so; `key` are patterns with * and ?."""

    row: list[Annotated[int, Field(ge=0)]] = Field(default_factory=list)
    kind: list[str] = Field(default_factory=list)
    op: list[str] = Field(default_factory=list)
    field: list[str] = Field(default_factory=list)
    key: list[str] = Field(default_factory=list)

    def choice(self) -> Choice:
        """Return what is chosen as the core takes it."""
        names = frozenset(self.kind), frozenset(self.op), frozenset(self.field)
        return Choice(frozenset(self.row), *names, keys=tuple(self.key))


class Approving(Deciding):
    """Who approves a plan: all of it, or `only` what one of these chooses, `without` what one of those does."""

    only: list[Chosen] = Field(default_factory=list)
    without: list[Chosen] = Field(default_factory=list)

    def selection(self) -> Selection | None:
        """Return what is approved as the core takes it; None where that is all."""
        if not self.only and not self.without:
            return None
        return Selection([each.choice() for each in self.only], [each.choice() for each in self.without])


class Starting(Asking):
    """How a sync is to run; see `asset-sync run --help`."""

    mode: Literal["normal", "full", "review", "dry_run", "rebase"] = "normal"
    partition: str | None = None
    filters: dict[str, list[str]] = Field(
        default_factory=dict,
        validation_alias=AliasChoices("filters", "only"),
        description="What the source is asked for in this run, by the names of its options: sites, roles, types, tags, ids.",
    )


class RunSummary(BaseModel):
    """A run and how it stands. `dagster_id` is its id in Dagster, which it does not have until it begins there."""

    id: str
    dagster_id: str | None
    sync: str
    partition: str | None
    status: RunStatus
    plan_id: str | None
    started_at: datetime | None
    ended_at: datetime | None
    seconds: float | None

    @classmethod
    def of_run(cls, run: KnownRun) -> Self:
        """Return a run as the service tells it."""
        return cls.model_validate(run, from_attributes=True)


class Run(RunSummary):
    """A run and what it did; the numbers come when it has ended."""

    outcomes: dict[str, int]
    requests: dict[str, int]
    converged: bool | None
    waits: str | None = Field(description="The plan that review rules left for a person to approve.")
    reasons: list[str] = Field(description="Why it failed, a line each.")

    @classmethod
    def of(cls, standing: RunStanding) -> Self:
        """Return a run, with what it did, as the service tells it."""
        run = RunSummary.of_run(standing.run).model_dump()
        own = {"outcomes": dict(standing.outcomes), "converged": standing.converged, "waits": standing.waits}
        return cls(**run, **own, reasons=list(standing.reasons), requests=asdict(standing.requests))


class RunPage(BaseModel):
    """Runs, the newest first; `waiting` are those that were asked for and nobody began yet, on the first page."""

    runs: list[RunSummary]
    waiting: list[RunSummary]
    next: str | None = Field(description="What `before` is for the next page; nothing where this is the last.")


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


class MissingList(BaseModel):
    """What a source no longer has, the longest missing first."""

    missing: Sequence[Missing]


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
    names = ("id", "sync", "connection", "mode", "state", "stale_because", "after", "complete", "undoes")
    more = ("source_rows", "counts", "held", "created_at", "made_at", "run_id", "started_at", "applied_at")
    still_open = {guard.name for guard in header.open_guards}
    guards = [FailedGuard(name=g.name, message=g.message, open=g.name in still_open) for g in header.failed_guards]
    decisions = [DecisionMade(**{**asdict(decision), "guards": list(decision.guards)}) for decision in header.decisions]
    own = {name: getattr(header, name) for name in (*names, *more)}
    return {**own, "approved_by": list(header.approvers), "failed_guards": guards, "decisions": decisions}


def operations_of(plan: Plan, rows: pd.DataFrame, outcomes: Mapping[int, Outcome] | None = None) -> list[Operation]:
    """Return rows of a plan, all or some of its operations, and what became of them."""
    pages = object_pages(plan.sync, plan.link_set)
    return [_operation(row, (outcomes or {}).get(row["seq"]), pages) for row in p.records(rows)]


def _operation(row: dict[str, Any], outcome: Outcome | None, pages: Pages) -> Operation:
    row = {name: value for name, value in row.items() if name != "version"}
    came_of_it = {"outcome": outcome.outcome if outcome else None, "detail": outcome.detail if outcome else None}
    target_id = (outcome and outcome.target_id) or row["target_id"]
    page = pages(row["kind"], target_id) if target_id else None
    return Operation(**{**row, "changes": p.decode(row["changes"]), **came_of_it, "page": page})
