"""Who may write: the one decision between a plan and its target.

A plan is carried out by a run. Most plans need nobody's leave; one that waits for review, or that its guards stop, needs a
person's. A person approves by name, and a plan by its id: neither is said by starting a run, and never by one that repeats
another.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from asset_sync.reconcile.guards import Guard
from asset_sync.reconcile.plan import REVIEWED, Mode, as_asked

State = Literal["planned", "waiting", "approved", "rejected", "applying", "interrupted", "applied", "superseded", "stale"]
"""planned: may be applied. waiting: for a person. approved, rejected: by a person. applying: a run writes. interrupted: the run
that wrote ended before its end, and any may go on. applied: carried out. superseded: a newer plan came in its place. stale: it
would do what a later look at both sides would not."""

BEGUN: Final = ("applying", "interrupted", "applied")
"""The states of a plan that was begun: nobody decides about it any more."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a plan stands: `open_guards` are the failed ones that no approval covers, `approved` says that one counts.

    `why` says of a rejected plan by whom and when, and of a stale one what contradicts it. One that is `idle` neither writes
    nor links anything: there is nothing to approve. `link_set` names whose links it goes by, `undoes` the plan that it takes
    back.
    """

    plan_id: str
    sync: str
    mode: Mode
    state: State
    open_guards: Sequence[Guard] = ()
    approved: bool = False
    why: str | None = None
    idle: bool = False
    link_set: str = ""
    undoes: str | None = None

    @property
    def needs_approval(self) -> bool:
        """Whether a person has still to approve the plan before it may be applied."""
        return bool(self.open_guards) or (self.mode in REVIEWED and not self.approved and not self.idle)


@dataclass(frozen=True, slots=True)
class Asking:
    """The run that would carry a plan out.

    `made_it`: it made the plan, or repeats the run that did. `repeats`: it is a re-execution or a retry of another run.
    `person`: who is named together with the plan's id; None where either is not named.
    """

    made_it: bool = False
    repeats: bool = False
    person: str | None = None


@dataclass(frozen=True, slots=True)
class Write:
    """The plan may be carried out; where `approved_by` names a person, once that approval is recorded."""

    approved_by: str | None = None


@dataclass(frozen=True, slots=True)
class Leave:
    """Nothing is written, and that is as it should be. `awaits_approval`: a person's approval is all that it takes."""

    told: str
    awaits_approval: bool = False


@dataclass(frozen=True, slots=True)
class Refuse:
    """Nothing may be written. `told` says in a line why, and what to do; `awaits_approval` as in `Leave`."""

    told: str
    awaits_approval: bool = False


def authorise(plan: Standing, asking: Asking) -> Write | Leave | Refuse:
    """Decide whether a run may carry a plan out."""
    if plan.mode == "dry_run":
        return _dry_run(plan, asking)
    if plan.mode in REVIEWED and asking.made_it and asking.person is None:
        return _made_for_review(plan)
    obsolete = _obsolete(plan)
    if obsolete:
        return Refuse(obsolete)
    return _approval(plan, asking) if plan.needs_approval else Write()


def _dry_run(plan: Standing, asking: Asking) -> Leave | Refuse:
    if asking.made_it:
        return Leave("dry run: nothing is written")
    return Refuse(f"{_named(plan)} is a dry run, which is never applied: run the sync in another mode")


def _made_for_review(plan: Standing) -> Write | Leave:
    """The run that makes a plan for review never writes it, also where it was approved when it was made before.

    Where there is nothing to write, it comes to its end as any other: it waits for nobody.
    """
    obsolete = _obsolete(plan)
    if obsolete:
        return Leave(obsolete)
    if plan.idle and not plan.open_guards:
        return Write()
    if plan.needs_approval and plan.state not in BEGUN:
        return Leave(_awaited(plan), awaits_approval=True)
    way_on = "" if plan.state == "applied" else f"; to apply it: asset-sync apply {plan.plan_id}"
    return Leave(f"{_named(plan)} is {plan.state}{way_on}")


def _approval(plan: Standing, asking: Asking) -> Write | Refuse:
    if plan.state in BEGUN:
        return Refuse(f"{_named(plan)} was begun before {_obstacle(plan)}; make a new plan: {made_anew(plan)}")
    if asking.person is None:
        return Refuse(_awaited(plan), awaits_approval=True)
    if asking.repeats:
        return Refuse(f"{_awaited(plan)}; a run that repeats another approves nothing", awaits_approval=True)
    return Write(approved_by=asking.person)


def _obsolete(plan: Standing) -> str | None:
    """Return in a line why nobody's approval with a run makes the plan one to apply; None where that is not so."""
    if plan.state == "superseded":
        return f"{_named(plan)} was superseded: a newer plan was made since; asset-sync plans lists them"
    if plan.state == "stale":
        return f"{_named(plan)} is stale: {plan.why}; make a new plan: {made_anew(plan)}"
    if plan.state == "rejected":
        return f"{_named(plan)} was rejected by {plan.why}; if that is over, {_approve(plan)}"
    return None


def made_anew(plan: Standing) -> str:
    """Return the command that makes a plan of its sort anew."""
    if plan.undoes:
        return f"asset-sync undo {plan.undoes}"
    command = {"review": "plan", "rebase": "rebase"}.get(plan.mode, "run")
    return f"asset-sync {command} {as_asked(plan.sync, plan.link_set)}{' --mode full' if plan.mode == 'full' else ''}"


def _awaited(plan: Standing) -> str:
    if plan.open_guards:
        return f"{_named(plan)} is stopped by its guards ({_failed(plan)}); {_approve(plan)}"
    return f"{_named(plan)} waits for approval; {_approve(plan)}"


def _obstacle(plan: Standing) -> str:
    return f"its guards failed ({_failed(plan)})" if plan.open_guards else "anyone approved it"


def _failed(plan: Standing) -> str:
    return "; ".join(f"{guard.name}: {guard.message}" for guard in plan.open_guards)


def _approve(plan: Standing) -> str:
    return f"look at it, then: asset-sync approve {plan.plan_id} && asset-sync apply {plan.plan_id}"


def _named(plan: Standing) -> str:
    return f"plan {plan.plan_id} of {plan.sync}"
