"""Plans: kept byte for byte, with what people decided about them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import groupby
from typing import Any, Final, Protocol, TypeVar, cast

import pyarrow as pa
from sqlalchemy import Connection, Row, Select, Table, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from asset_sync.ledger import schema as s
from asset_sync.ledger.copying import copy_in, copy_out
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.authority import Asking, Standing, State, Write, authorise
from asset_sync.reconcile.errors import PlanError
from asset_sync.reconcile.guards import Guard
from asset_sync.reconcile.plan import Mode, Plan

PLANNED: Final = "planned"
WAITING: Final = "waiting"
APPROVED: Final = "approved"
REJECTED: Final = "rejected"
APPLYING: Final = "applying"
APPLIED: Final = "applied"
SUPERSEDED: Final = "superseded"

T = TypeVar("T")


class GuardResult(Protocol):
    """A guard's verdict, such as `asset_sync.reconcile.guards.Guard`."""

    @property
    def name(self) -> str:
        """The guard's name, once a plan."""
        ...

    @property
    def passed(self) -> bool:
        """Whether the plan may go on."""
        ...

    @property
    def message(self) -> str:
        """What was found, in a line."""
        ...


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided about a plan; `guards` are the failed ones at that time, which an approval covers."""

    by: str
    at: datetime
    approved: bool
    guards: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlanHeader:
    """A plan without its operations, and how it stands. Times are in UTC. `links` is the sync whose links it goes by.

    `run_id` is the run that made it first. `counts` are the writes by operation, `held` the rows that wait. `decisions` are in
    their order. `state` is one of planned, waiting, approved, rejected, applying, applied, superseded.
    """

    id: str
    sync: str
    links: str
    mode: Mode
    after: str | None
    complete: bool
    undoes: str | None
    source_rows: dict[str, int]
    counts: dict[str, int]
    held: int
    created_at: datetime
    run_id: str
    state: str
    started_at: datetime | None
    applied_at: datetime | None
    decisions: tuple[Decision, ...] = ()
    failed_guards: tuple[Guard, ...] = ()

    @property
    def approvals(self) -> tuple[Decision, ...]:
        """The approvals that still count: those since the plan was last rejected."""
        last = max((at for at, decision in enumerate(self.decisions) if not decision.approved), default=-1)
        return self.decisions[last + 1 :]

    @property
    def open_guards(self) -> tuple[Guard, ...]:
        """The failed guards that no approval covers."""
        covered = {name for approval in self.approvals for name in approval.guards}
        return tuple(guard for guard in self.failed_guards if guard.name not in covered)

    @property
    def needs_approval(self) -> bool:
        """Whether a person has still to approve the plan before it may be applied."""
        return bool(self.open_guards) or (self.mode == "review" and not self.approvals)


_ROW_FIELDS: Final = tuple(field.name for field in fields(PlanHeader) if field.name in s.plan.c)


def lock(connection: Connection, links: str) -> None:
    """Keep everybody else from writing about the syncs that go by these links until the transaction ends."""
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(s.SCHEMA), func.hashtext(links))))


def await_turn(connection: Connection, links: str) -> None:
    """Wait until nobody else applies a plan that goes by these links, and keep them from it until the connection ends."""
    # Another key than that of `lock`: whoever applies writes about its sync meanwhile, on other connections.
    connection.execute(select(func.pg_advisory_lock(func.hashtext(f"{s.SCHEMA} applying"), func.hashtext(links))))


def found(connection: Connection, given: str) -> str:
    """Return the id of the plan of that id, or of the only one that starts so; `PlanError` otherwise."""
    query = select(s.plan.c.id).where(s.plan.c.id.startswith(given, autoescape=True)).order_by(s.plan.c.id).limit(5)
    ids = list(connection.scalars(query)) if given else []
    return only(ids, f"no plan {given!r}: asset-sync plans lists them", f"{given!r} is the start of several plans")


def of_run(connection: Connection, run_id: str) -> str:
    """Return the id of the plan that a run applied, else of the one that it made; `PlanError` where not exactly one."""
    ids = _of_run(connection, s.applying, run_id) or _of_run(connection, s.making, run_id)
    return only(ids, f"no plan of a run {run_id!r}: asset-sync plans lists them", f"run {run_id!r} has several plans")


def only(ids: Sequence[str], none: str, several: str) -> str:
    """Return the one id; `PlanError` with one of the two messages otherwise."""
    if not ids:
        raise PlanError(none)
    if len(ids) > 1:
        raise PlanError(f"{several}: {', '.join(ids)}")
    return ids[0]


# Keeping and reading.


def save(connection: Connection, plan: Plan, run_id: str, at: datetime) -> None:
    """Keep the plan, and set aside the ones of its sort that it comes in the place of.

    A run that saves the same plan again changes nothing; another run that makes the same plan brings it back to the front.
    """
    new = connection.scalar(insert(s.plan).values(_row(plan, run_id, at)).on_conflict_do_nothing().returning(s.plan.c.id))
    if new:
        _copy_operations(connection, plan)
    made = insert(s.making).values(plan_id=plan.id, run_id=run_id, at=at)
    if connection.scalar(made.on_conflict_do_nothing().returning(s.making.c.plan_id)) is None:
        return
    if header(connection, plan.id).state == SUPERSEDED:
        settle(connection, plan.id)
    if plan.mode != "dry_run":
        _supersede(connection, plan)


def load(connection: Connection, plan_id: str) -> Plan:
    """Return the plan of that id, its content checked against the id."""
    head = header(connection, plan_id)
    query = select(*(s.operation.c[name] for name in p.OPERATION_COLUMNS))
    query = query.where(s.operation.c.plan_id == plan_id).order_by(s.operation.c.seq)
    operations = copy_out(connection, query, dict.fromkeys(p.OPERATION_COLUMNS, pa.large_string())).to_pandas()
    links = None if head.links == head.sync else head.links
    plan = Plan(head.sync, head.mode, operations, head.after, head.complete, head.source_rows, head.undoes, links)
    plan.verify(plan_id)
    return plan


def header(connection: Connection, plan_id: str) -> PlanHeader:
    """Return the header of the plan of that id."""
    return headers(connection, select(s.plan).where(s.plan.c.id == plan_id))[0]


def newest_first(sync: str | None, limit: int) -> Select[Any]:
    """Select the plans that were made last, of one sync or of all."""
    last = select(s.making.c.plan_id, func.max(s.making.c.number).label("number")).group_by(s.making.c.plan_id).subquery()
    query = select(s.plan).join(last, last.c.plan_id == s.plan.c.id).order_by(last.c.number.desc()).limit(limit)
    return query if sync is None else query.where(s.plan.c.sync == sync)


def headers(connection: Connection, query: Select[Any]) -> list[PlanHeader]:
    """Return the headers of the plan rows that the query selects, in its order."""
    rows = connection.execute(query).all()
    ids = [row.id for row in rows]
    decided = select(s.decision).where(s.decision.c.plan_id.in_(ids)).order_by(s.decision.c.plan_id, s.decision.c.number)
    failed = select(s.guard).where(s.guard.c.plan_id.in_(ids), ~s.guard.c.passed)
    failed = failed.order_by(s.guard.c.plan_id, s.guard.c.name)
    decisions = _by_plan(connection, decided, lambda r: Decision(r.by, r.at, r.approved, tuple(r.guards)))
    guards = _by_plan(connection, failed, lambda r: Guard(r.name, r.passed, r.message))
    return [_header(row, decisions.get(row.id, ()), guards.get(row.id, ())) for row in rows]


def last_applied(connection: Connection, links: str) -> str | None:
    """Return the id of the plan with writes that goes by these links and whose apply was begun last."""
    query = select(s.plan.c.id).where(s.plan.c.links == links, s.plan.c.started_at.is_not(None), s.plan.c.writes > 0)
    return connection.scalar(query.order_by(s.plan.c.started_at.desc()).limit(1))


# Deciding.


def save_guards(connection: Connection, plan_id: str, results: Iterable[GuardResult]) -> None:
    """Keep the guards' verdicts in the place of earlier ones."""
    connection.execute(delete(s.guard).where(s.guard.c.plan_id == plan_id))
    rows = [{"plan_id": plan_id, "name": r.name, "passed": r.passed, "message": r.message} for r in results]
    if rows:
        connection.execute(insert(s.guard), rows)
    if header(connection, plan_id).state in {PLANNED, WAITING, APPROVED}:
        settle(connection, plan_id)


def decide(connection: Connection, plan_id: str, by: str, at: datetime, *, approved: bool) -> None:
    """Keep a person's decision; `PlanError` where the plan is beyond it."""
    head = header(connection, plan_id)
    if head.mode == "dry_run":
        raise PlanError(f"plan {plan_id} is a dry run, which is never applied: run the sync without dry_run")
    if head.state in {APPLYING, APPLIED, SUPERSEDED}:
        raise PlanError(f"plan {plan_id} is {head.state}: only a plan that is yet to be applied can be decided about")
    guards = [guard.name for guard in head.failed_guards]
    values = {"plan_id": plan_id, "by": by, "at": at, "approved": approved, "guards": guards}
    connection.execute(insert(s.decision).values(values))
    settle(connection, plan_id)


def settle(connection: Connection, plan_id: str) -> None:
    """Set the state of a plan that is yet to be applied to what the guards and the decisions make it."""
    head = header(connection, plan_id)
    if head.decisions and not head.decisions[-1].approved:
        state = REJECTED
    elif head.needs_approval and head.mode != "dry_run":
        state = WAITING
    else:
        state = APPROVED if head.approvals else PLANNED
    connection.execute(update(s.plan).where(s.plan.c.id == plan_id).values(state=state))


def standing(connection: Connection, plan_id: str) -> Standing:
    """Return how the plan stands, as `asset_sync.reconcile.authority` asks for it."""
    head = header(connection, plan_id)
    state, why = cast("State", head.state), None
    last = last_applied(connection, head.links)
    if head.state != SUPERSEDED and last not in {head.after, plan_id}:
        state, why = "stale", f"plan {last} was applied since it was made"
    elif head.state == REJECTED:
        why = f"{head.decisions[-1].by} at {head.decisions[-1].at:%Y-%m-%d %H:%M} UTC"
    return Standing(plan_id, head.sync, head.mode, state, head.open_guards, bool(head.approvals), why)


def waits(connection: Connection, plan_id: str) -> str | None:
    """Return in a line why the plan may not be applied, and what to do about it; None where any run may."""
    decision = authorise(standing(connection, plan_id), Asking())
    return None if isinstance(decision, Write) else decision.told


def start(connection: Connection, plan_id: str, run_id: str, at: datetime) -> None:
    """Note that a run applies the plan now; `PlanError` where it may not."""
    why_not = waits(connection, plan_id)
    if why_not:
        raise PlanError(why_not)
    started = func.coalesce(s.plan.c.started_at, at)
    connection.execute(update(s.plan).where(s.plan.c.id == plan_id).values(state=APPLYING, started_at=started))
    connection.execute(insert(s.applying).values(plan_id=plan_id, run_id=run_id, at=at).on_conflict_do_nothing())


def finish(connection: Connection, plan_id: str, at: datetime) -> None:
    """Note that the plan's apply came to its end."""
    connection.execute(update(s.plan).where(s.plan.c.id == plan_id).values(state=APPLIED, applied_at=at))


def _of_run(connection: Connection, runs: Table, run_id: str) -> list[str]:
    query = select(runs.c.plan_id).where(runs.c.run_id.startswith(run_id, autoescape=True)).distinct()
    return list(connection.scalars(query.order_by(runs.c.plan_id))) if run_id else []


def _row(plan: Plan, run_id: str, at: datetime) -> dict[str, Any]:
    return {
        "id": plan.id,
        "sync": plan.sync,
        "links": plan.linked_as,
        "mode": plan.mode,
        "after": plan.after,
        "complete": plan.complete,
        "undoes": plan.undoes,
        "source_rows": dict(plan.source_rows),
        "counts": plan.counts,
        "writes": sum(plan.counts.values()),
        "held": len(plan.held),
        "created_at": at,
        "run_id": run_id,
        "state": WAITING if plan.mode == "review" else PLANNED,
    }


def _copy_operations(connection: Connection, plan: Plan) -> None:
    operations = plan.operations
    columns = [operations[name].astype(object).where(operations[name].notna(), None) for name in p.OPERATION_COLUMNS]
    rows = ((plan.id, seq, *row) for seq, row in enumerate(zip(*columns, strict=True)))
    copy_in(connection, s.operation, ["plan_id", "seq", *p.OPERATION_COLUMNS], rows)


def _supersede(connection: Connection, plan: Plan) -> None:
    """Set aside the plans that nobody decided about yet. A plan and an undo do not come in each other's place."""
    alike = s.plan.c.undoes.is_not_distinct_from(plan.undoes)
    older = (s.plan.c.id != plan.id, s.plan.c.state.in_([PLANNED, WAITING]), alike)
    ours = (s.plan.c.sync == plan.sync, s.plan.c.links == plan.linked_as)
    connection.execute(update(s.plan).where(*ours, *older).values(state=SUPERSEDED))


def _header(row: Row[Any], decisions: tuple[Decision, ...], failed_guards: tuple[Guard, ...]) -> PlanHeader:
    own = {name: getattr(row, name) for name in _ROW_FIELDS}
    return PlanHeader(**own, decisions=decisions, failed_guards=failed_guards)


def _by_plan(connection: Connection, query: Select[Any], build: Callable[[Row[Any]], T]) -> dict[str, tuple[T, ...]]:
    rows: list[Row[Any]] = list(connection.execute(query))
    return {plan_id: tuple(map(build, group)) for plan_id, group in groupby(rows, key=lambda row: str(row.plan_id))}
