"""How plans stand: what guards and people say of them, what a later look makes of them, and what is done with them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, Protocol

import pandas as pd
from sqlalchemy import Connection, Select, Update, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from asset_sync.ledger import plans
from asset_sync.ledger import schema as s
from asset_sync.ledger.contradictions import first_contradiction
from asset_sync.ledger.headers import INTERRUPTED, PlanHeader, header, headers
from asset_sync.reconcile.authority import BEGUN, Asking, Write, authorise
from asset_sync.reconcile.errors import PlanError
from asset_sync.reconcile.plan import Plan

_UNDECIDED: Final = (s.PLANNED, s.WAITING)
OPEN: Final = (*_UNDECIDED, s.APPROVED, s.REJECTED)
"""The states of plans that may yet be applied, and of which no run has begun to."""
_BEYOND: Final = (*BEGUN, s.SUPERSEDED)


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


# A later look.


def bring_to_front(connection: Connection, plan: Plan, *, partial: bool) -> None:
    """Let a plan that a run made just now take its place among those of its sync.

    What was seen again is stale no more. What others would do and it would not makes them stale, whatever its mode: a dry run
    is a look, too, and so is one at an incomplete source. Others that nobody decided about are superseded by it, not by a dry
    run. A rebase says nothing of what is to be done, and an undo is no look: apply compares what it touches. It supersedes
    earlier undos of the same plan. A `partial` look contradicts what it would do otherwise, and supersedes nothing: of the
    records that it leaves out it says nothing.

    What review rules left of an earlier plan stays as it is while they leave it, word for word, of this one, too; the rest of
    this one, which is made last, then takes its place. A rest looks at nothing but the rests before it.
    """
    connection.execute(_of(plan.id).values(stale_because=None))
    if header(connection, plan.id).state in {s.SUPERSEDED, s.STALE}:
        settle(connection, plan.id)
    for other in headers(connection, _others(plan)):
        if not _is_left_again(connection, other, plan, partial=partial):
            _overtake(connection, other, plan, partial=partial)


def _is_left_again(connection: Connection, other: PlanHeader, plan: Plan, *, partial: bool) -> bool:
    """Tell whether review rules leave all that they had left once, also of this plan."""
    if other.mode != "rest" or plan.mode == "rest":
        return False
    return first_contradiction(plans.writes(connection, other.id), plan.left, partial=partial) is None


def _overtake(connection: Connection, other: PlanHeader, plan: Plan, *, partial: bool) -> None:
    """Let an earlier plan be stale by a later one that says otherwise, or superseded by one that does all of it."""
    because = None if plan.undoes else other.stale_because or _contradiction(connection, other, plan, partial=partial)
    if not because and other.mode == "rest" and plan.mode in {"normal", "full"}:
        because = f"plan {plan.id} does it without approval"
    if because:
        make_stale(connection, other, because)
    elif plan.mode != "dry_run" and not partial and other.state in _UNDECIDED:
        connection.execute(_of(other.id).values(state=s.SUPERSEDED))


def rests(link_set: str) -> Select[Any]:
    """Select what review rules left and nobody has begun to apply."""
    c = s.plan.c
    return select(s.plan).where(c.link_set == link_set, c.mode == "rest", c.state.in_(OPEN))


def _others(plan: Plan) -> Select[Any]:
    c = s.plan.c
    alike = (c.sync == plan.sync, c.link_set == plan.link_set, c.undoes.is_not_distinct_from(plan.undoes))
    open_ones = (c.id != plan.id, c.state.in_(OPEN), c.stale_because.is_(None))
    of_its_look = (c.mode == "rest",) if plan.mode == "rest" else ()
    return select(s.plan).where(*alike, *open_ones, *of_its_look)


def _contradiction(connection: Connection, other: PlanHeader, plan: Plan, *, partial: bool) -> str | None:
    if plan.mode == "rebase" or other.mode == "dry_run" or not any(other.counts.values()):
        return None
    wanted = pd.concat([plan.writes, plan.left])
    found = first_contradiction(plans.writes(connection, other.id), wanted, partial=partial)
    return f"a later look (plan {plan.id}) {found}" if found else None


def make_stale(connection: Connection, head: PlanHeader, because: str) -> None:
    """Note what a plan is stale by.

    An approval was of what was seen then: seen again later, the plan asks for another. A rejection stays, and so does that an
    apply was begun. Who carries the plan out now came first, as if the other had come a moment later: it is stale for whoever
    would go on with it, should that run not come to its end.
    """
    state = {s.REJECTED: s.REJECTED, INTERRUPTED: s.APPLYING, s.APPLYING: s.APPLYING}.get(head.state, s.STALE)
    connection.execute(_of(head.id).values(stale_because=because, state=state))
    if head.state == s.APPLYING:
        return
    approvals = (s.decision.c.plan_id == head.id, s.decision.c.approved)
    connection.execute(update(s.decision).where(*approvals).values(lapsed=True))


# Deciding.


def save_guards(connection: Connection, plan_id: str, results: Iterable[GuardResult]) -> None:
    """Keep the guards' verdicts in the place of earlier ones."""
    connection.execute(delete(s.guard).where(s.guard.c.plan_id == plan_id))
    rows = [{"plan_id": plan_id, "name": r.name, "passed": r.passed, "message": r.message} for r in results]
    if rows:
        connection.execute(insert(s.guard), rows)
    if header(connection, plan_id).state in {*_UNDECIDED, s.APPROVED}:
        settle(connection, plan_id)


def decide(connection: Connection, plan_id: str, by: str, at: datetime, *, approved: bool) -> None:
    """Keep a person's decision; `PlanError` where the plan is beyond it."""
    head = header(connection, plan_id)
    _check_may_be_decided(connection, head)
    guards = [guard.name for guard in head.failed_guards]
    values = {"plan_id": plan_id, "by": by, "at": at, "approved": approved, "guards": guards}
    connection.execute(insert(s.decision).values(values))
    settle(connection, plan_id)


def replace_with_part(connection: Connection, plan_id: str, part: Plan, by: str, at: datetime) -> None:
    """Keep, and approve, what a person approved of a plan as the plan in its place; `PlanError` as `decide` does.

    What it was made from, and what the guards say of it, is what is kept of the whole.
    """
    head = header(connection, plan_id)
    _check_may_be_decided(connection, head)
    connection.execute(_of(plan_id).values(state=s.SUPERSEDED))
    plans.keep(connection, part, head.run_id, at, partial=head.partial)
    save_guards(connection, part.id, head.failed_guards)
    decide(connection, part.id, by, at, approved=True)


def _check_may_be_decided(connection: Connection, head: PlanHeader) -> None:
    if head.mode == "dry_run":
        raise PlanError(f"plan {head.id} is a dry run, which is never applied: run the sync in another mode")
    if head.state in _BEYOND:
        raise PlanError(f"plan {head.id} is {head.state}: only a plan that is yet to be applied can be decided about")
    if head.stale_because:
        raise PlanError(str(waits(connection, head.id)))


def settle(connection: Connection, plan_id: str) -> None:
    """Set the state of a plan that is yet to be applied to what the guards and the decisions make it."""
    head = header(connection, plan_id)
    if head.decisions and not head.decisions[-1].approved:
        state = s.REJECTED
    elif head.standing.needs_approval and head.mode != "dry_run":
        state = s.WAITING
    else:
        state = s.APPROVED if head.approvals else s.PLANNED
    connection.execute(_of(plan_id).where(s.plan.c.started_at.is_(None)).values(state=state))


def waits(connection: Connection, plan_id: str) -> str | None:
    """Return in a line why the plan may not be applied, and what to do about it; None where any run may."""
    decision = authorise(header(connection, plan_id).standing, Asking())
    return None if isinstance(decision, Write) else decision.told


def start(connection: Connection, plan_id: str, run_id: str, at: datetime) -> None:
    """Note that a run applies the plan now; `PlanError` where it may not."""
    why_not = waits(connection, plan_id)
    if why_not:
        raise PlanError(why_not)
    started = func.coalesce(s.plan.c.started_at, at)
    connection.execute(_of(plan_id).values(state=s.APPLYING, started_at=started))
    connection.execute(insert(s.applying).values(plan_id=plan_id, run_id=run_id, at=at).on_conflict_do_nothing())


def finish(connection: Connection, plan_id: str, at: datetime) -> None:
    """Note that the plan's apply came to its end: nothing of it is stale any more."""
    connection.execute(_of(plan_id).values(state=s.APPLIED, applied_at=at, stale_because=None))


def _of(plan_id: str) -> Update:
    return update(s.plan).where(s.plan.c.id == plan_id)
