"""Headers: plans without their operations, how each one stands, and what people decided about it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, Text, func, select, true
from sqlalchemy.dialects.postgresql import distinct_on

from asset_sync.ledger import schema as s
from asset_sync.ledger.copying import unnested
from asset_sync.ledger.locks import being_applied
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.authority import Standing, State
from asset_sync.reconcile.guards import Guard
from asset_sync.reconcile.plan import Mode

INTERRUPTED: Final = "interrupted"
"""The state of a plan that is being applied, and nobody does."""


@dataclass(frozen=True, slots=True)
class PlanDecision:
    """What a person decided about a plan; `guards` are the failed ones at that time, which an approval covers.

    An approval has `lapsed` once the plan went stale.
    """

    by: str
    at: datetime
    approved: bool
    guards: tuple[str, ...]
    lapsed: bool


@dataclass(frozen=True, slots=True)
class PlanHeader:
    """A plan without its operations, and how it stands. Times are in UTC. `link_set` names the links that it goes by.

    `created_at` is when it was made first; `made_at` and `run_id` are of the run that made it last, whose snapshots say what
    was seen. `counts` are the writes by operation, `held` the rows that wait. `decisions` are in their order.

    A plan is superseded by a later one of its sync that does all that it would do, stale by what `stale_because` tells. It is
    interrupted where its apply was begun and nobody goes on with it now; whoever applies it again does. One that is `idle`
    neither writes nor links anything. One that is `partial` was made of some records of the source alone.
    """

    id: str
    sync: str
    link_set: str
    mode: Mode
    after: str | None
    complete: bool
    undoes: str | None
    source_rows: dict[str, int]
    counts: dict[str, int]
    held: int
    created_at: datetime
    made_at: datetime
    run_id: str
    state: State
    stale_because: str | None
    idle: bool
    started_at: datetime | None
    applied_at: datetime | None
    partial: bool
    decisions: tuple[PlanDecision, ...] = ()
    failed_guards: tuple[Guard, ...] = ()

    @property
    def connection(self) -> str | None:
        """The connection, or the fabric, that it is of; None where its sync has one set of links."""
        return p.connection_of(self.sync, self.link_set)

    @property
    def approvals(self) -> tuple[PlanDecision, ...]:
        """The approvals that still count: those since the plan was last rejected or went stale."""
        last = max((at for at, decision in enumerate(self.decisions) if not decision.approved or decision.lapsed), default=-1)
        return self.decisions[last + 1 :]

    @property
    def approvers(self) -> tuple[str, ...]:
        """The people of the approvals that still count, each once, who approved first comes first."""
        return tuple(dict.fromkeys(approval.by for approval in self.approvals))

    @property
    def open_guards(self) -> tuple[Guard, ...]:
        """The failed guards that no approval covers."""
        covered = {name for approval in self.approvals for name in approval.guards}
        return tuple(guard for guard in self.failed_guards if guard.name not in covered)

    @property
    def standing(self) -> Standing:
        """How the plan stands, as `asset_sync.reconcile.authority` asks for it."""
        state, why = self.state, None
        if self.stale_because and state != s.SUPERSEDED:
            state, why = "stale", self.stale_because
        elif state == s.REJECTED:
            why = f"{self.decisions[-1].by} at {self.decisions[-1].at:%Y-%m-%d %H:%M} UTC"
        decided = (self.open_guards, bool(self.approvals), why, self.idle)
        return Standing(self.id, self.sync, self.mode, state, *decided, link_set=self.link_set, undoes=self.undoes)


_ROW_FIELDS: Final = tuple(
    f.name for f in fields(PlanHeader) if f.name in s.plan.c and f.name not in {"state", "stale_because"}
)
PENDING: Final = {s.PLANNED, s.WAITING, s.APPROVED, s.APPLYING}
"""The states of plans that may yet be applied, where they are not stale."""


def looks(link_set: str) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of the plans that came of a look at both sides, of those that go by these links."""
    plan = s.plan.c
    return plan.link_set == link_set, plan.undoes.is_(None), plan.mode.not_in(["rebase", "rest"])


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
    of_each = (_makings(connection, ids), _standings(connection, rows), _decisions(connection, ids), _guards(connection, ids))
    return [_header(row, *(found[row.id] for found in of_each if row.id in found)) for row in rows]


def last_applied_by_link_set(connection: Connection, link_sets: Collection[str]) -> dict[str, str]:
    """Return, for each set of links, the id of the plan with writes that goes by it and whose apply was begun last."""
    asked, plan = unnested("asked", link_set=(Text, sorted(link_sets))), s.plan.c
    begun = select(plan.id).where(plan.link_set == asked.c.link_set, plan.started_at.is_not(None), plan.writes > 0)
    last = begun.order_by(plan.started_at.desc()).limit(1).lateral("last")
    query = select(asked.c.link_set, last.c.id).join_from(asked, last, true())
    return {row.link_set: row.id for row in connection.execute(query)}


def needed_runs(connection: Connection) -> frozenset[str]:
    """Return the runs that made, last of all, the plans that may yet be applied."""
    plan = s.plan.c
    query = select(s.plan).where(plan.state.in_([*PENDING, s.REJECTED]), plan.mode != "dry_run", plan.undoes.is_(None))
    return frozenset(head.run_id for head in headers(connection, query) if not head.stale_because)


def _header(row: Row[Any], *more: Mapping[str, Any]) -> PlanHeader:
    told = {name: getattr(row, name) for name in _ROW_FIELDS}
    for each in more:
        told |= each
    return PlanHeader(**told)


def _makings(connection: Connection, ids: Collection[str]) -> dict[str, dict[str, Any]]:
    c = s.making.c
    last = select(s.making).where(c.plan_id.in_(ids)).ext(distinct_on(c.plan_id)).order_by(c.plan_id, c.number.desc())
    return {row.plan_id: {"run_id": row.run_id, "made_at": row.at, "partial": row.partial} for row in connection.execute(last)}


def _decisions(connection: Connection, ids: Collection[str]) -> dict[str, dict[str, Any]]:
    c = s.decision.c
    decided = select(s.decision).where(c.plan_id.in_(ids)).order_by(c.plan_id, c.number)
    return _by_plan(connection, "decisions", decided, lambda r: PlanDecision(r.by, r.at, r.approved, tuple(r.guards), r.lapsed))


def _guards(connection: Connection, ids: Collection[str]) -> dict[str, dict[str, Any]]:
    c = s.guard.c
    failed = select(s.guard).where(c.plan_id.in_(ids), ~c.passed).order_by(c.plan_id, c.name)
    return _by_plan(connection, "failed_guards", failed, lambda r: Guard(r.name, r.passed, r.message))


def _by_plan(
    connection: Connection, name: str, query: Select[Any], build: Callable[[Row[Any]], object]
) -> dict[str, dict[str, Any]]:
    rows: list[Row[Any]] = list(connection.execute(query))
    return {plan_id: {name: tuple(map(build, group))} for plan_id, group in groupby(rows, key=lambda row: str(row.plan_id))}


def _standings(connection: Connection, rows: Collection[Row[Any]]) -> dict[str, dict[str, Any]]:
    other = _applied_since(connection, rows)
    applying = being_applied(connection, {row.link_set for row in rows if row.state == s.APPLYING})
    c, quiet = s.operation.c, [row.id for row in rows if not row.writes]
    linking = set(
        connection.scalars(select(c.plan_id).where(c.plan_id.in_(quiet), c.op == p.CLAIM, c.hold.is_(None)).distinct())
    )
    return {
        row.id: {
            **_standing(row, other.get(row.id), applied_now=row.link_set in applying),
            "idle": not row.writes and row.id not in linking,
        }
        for row in rows
    }


def _applied_since(connection: Connection, rows: Collection[Row[Any]]) -> dict[str, str]:
    """Return, by plan, the one that was applied last, where that is another than when the plan was made.

    A later plan of the same sync was compared with what review rules had left, as it was made, and does nothing of it.
    """
    last_applied = last_applied_by_link_set(connection, {row.link_set for row in rows})
    c = s.plan.c
    of_rules = (c.id.in_(last_applied.values()), c.mode.in_(["normal", "full"]), c.undoes.is_(None))
    compared = {row.id: row.sync for row in connection.execute(select(c.id, c.sync).where(*of_rules))}
    found: dict[str, str] = {}
    for row in rows:
        last = last_applied.get(row.link_set)
        was_compared = row.mode == "rest" and last is not None and compared.get(last) == row.sync
        if last is not None and last not in {row.after, row.id} and not was_compared:
            found[row.id] = last
    return found


def _standing(row: Row[Any], applied_since: str | None, *, applied_now: bool) -> dict[str, Any]:
    because, state = row.stale_because, row.state
    if because is None and applied_since is not None:
        because = f"plan {applied_since} was applied since it was made"
    if state == s.APPLYING and applied_now and applied_since is None:
        return {"state": state, "stale_because": because}
    if because and state in PENDING:
        state = s.STALE
    elif state == s.APPLYING:
        state = INTERRUPTED
    return {"state": state, "stale_because": because}
