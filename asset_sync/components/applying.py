"""Applying: one execution of the step `applied`, from its turn to what the target says afterwards."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import dagster as dg

from asset_sync.components.convergence import Convergence, outcome_counts
from asset_sync.components.lineage import step_lineage
from asset_sync.components.pausing import refuse_paused
from asset_sync.components.permission import APPROVED, waiting
from asset_sync.components.planning import decided_now
from asset_sync.components.progress import progress_of
from asset_sync.components.recovering import known_objects_of
from asset_sync.components.reviewing import keep_rest, told
from asset_sync.components.sync import Sync
from asset_sync.components.waits import throttle_wait
from asset_sync.ledger import Ledger, PlanHeader
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.apply import Known, apply, known_objects
from asset_sync.reconcile.authority import made_anew
from asset_sync.reconcile.errors import PlanError
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.target import Outcome
from asset_sync.systems.progress import Count
from asset_sync.systems.steps import Done


class Applying:
    """A plan that a run may carry out. `sync` is the sync as the run sees it (`Sync.of`)."""

    def __init__(self, context: dg.AssetExecutionContext, sync: Sync, header: PlanHeader) -> None:
        self._context = context
        self._sync = sync
        self._header = header
        self._ledger: Ledger = context.resources.ledger
        self._plan = self._ledger.plan(header.id)

    def result(self) -> dg.MaterializeResult[None]:
        """Apply the plan once it is its turn, read back what it touched, and tell."""
        with self._ledger.alone(self._plan.link_set):
            # Whoever had the turn before may have applied this plan, or one that makes it stale.
            waits = self._ledger.waits(self._plan.id)
            if waits:
                raise PlanError(waits)
            refuse_paused(self._sync.name)
            return self._result()

    def _result(self) -> dg.MaterializeResult[None]:
        ledger, plan = self._ledger, self._plan
        known = self._known()
        target = self._sync.open_target(self._context, self._sync, plan)
        ledger.start(plan.id, self._context.run.run_id, datetime.now(UTC))
        # Only now: what may not be applied leaves nothing behind.
        ledger.note_sighting(plan, self._header.run_id, self._header.made_at)
        # What is decided while it is carried out is the next plan's.
        decided = decided_now(self._context, self._sync)
        done = ledger.outcomes(plan.id)
        with progress_of(self._context) as progress:
            count = progress.counting("writes", len(plan.writes) - len(done))
            outcomes = apply(
                plan,
                self._sync.kinds,
                target,
                done=done,
                known=known,
                intended=ledger.intended(plan.id),
                intend=self._intend,
                record=partial(self._record, count),
            )
        ledger.finish(plan.id, datetime.now(UTC))
        convergence = Convergence(self._context, self._sync, plan, self._header.run_id, decided)
        checks = [
            convergence.every_write(outcomes),
            convergence.converged(target, outcomes),
        ]
        rest = self._rest(convergence)
        checks.append(self._nothing_waits() if rest is None else waiting(self._sync.key("applied"), told(rest)))
        counts = {f"outcome/{name}": n for name, n in outcome_counts(plan, outcomes).items()}
        approved = ", ".join(self._header.approvers) or None
        own = self._sync.applied(self._context, Done(plan, outcomes, approved))
        requests = {"requests/read": target.tally.read, "requests/write": target.tally.write}
        waited = throttle_wait(self._sync.target, target.tally.waited)
        return dg.MaterializeResult(
            asset_key=self._sync.key("applied"),
            metadata={
                "plan_id": plan.id,
                **counts,
                **requests,
                **waited,
                **own,
                **_waiting(rest),
                **step_lineage(self._sync, self._sync.key("plan")),
            },
            check_results=checks,
            tags={"asset_sync/plan": plan.id},
        )

    def _rest(self, convergence: Convergence) -> Plan | None:
        """Keep, and return, what the sync's review rules left for a person; None where that is nothing."""
        plan = self._plan
        if convergence.again is None or plan.mode == "review":
            return None
        rest = keep_rest(self._ledger, self._sync, self._header, convergence.again, datetime.now(UTC))
        if rest is not None:
            self._context.log.warning(told(rest))
        return rest

    def _nothing_waits(self) -> dg.AssetCheckResult:
        return dg.AssetCheckResult(check_name=APPROVED, passed=True, description=f"plan {self._plan.id} was applied")

    def _known(self) -> Known:
        """Return the objects that the plan saw and those that are linked; nothing where the plan neither makes nor needs any.

        Raises `PlanError` where what the plan saw is not kept any more: what it creates could not be told from that.
        """
        plan = self._plan
        if not plan.counts[p.CREATE] and not p.refers(plan.writes):
            return {}
        try:
            return known_objects_of(self._context, self._sync, self._header)
        except FileNotFoundError as error:
            if not plan.counts[p.CREATE]:
                return known_objects({}, self._sync.known_links(self._ledger))
            told = f"plan {plan.id} of {self._sync.name}: what its target held when it was made is not kept any more"
            raise PlanError(f"{told}; make a new plan: {made_anew(self._header.standing)}") from error

    def _intend(self, seqs: Sequence[int]) -> None:
        self._ledger.intend(self._plan.id, seqs, self._context.run.run_id, datetime.now(UTC))

    def _record(self, count: Count, outcomes: Sequence[Outcome]) -> None:
        self._ledger.record(self._plan, outcomes, self._context.run.run_id, datetime.now(UTC))
        count(len(outcomes))


def _waiting(rest: Plan | None) -> Mapping[str, Any]:
    """Return the metadata that tells what waits for a person."""
    return {} if rest is None else {"waits": rest.id, **{f"waits/{op}": count for op, count in rest.counts.items() if count}}
