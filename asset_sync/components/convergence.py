"""Convergence: the look at the target after an apply, and what the checks of `applied` say of it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import dagster as dg

from asset_sync.components.planning import Planning
from asset_sync.components.reviewing import PlannedAgain, reviewed
from asset_sync.components.snapshots import Snapshots
from asset_sync.components.sync import Sync
from asset_sync.reconcile import converge
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.resolutions import Resolutions
from asset_sync.reconcile.tables import Tables
from asset_sync.reconcile.target import ALREADY, APPLIED, CONFLICT, DEFERRED, FAILED, SKIPPED, Outcome, Target

EVERY_WRITE: Final = "every_write_applied"
CONVERGED: Final = "converged"


_OUTCOMES: Final = (APPLIED, ALREADY, CONFLICT, FAILED, SKIPPED, DEFERRED)


def outcome_counts(plan: Plan, outcomes: Mapping[int, Outcome]) -> dict[str, int]:
    """Return of how many objects anything ended how: as a plan counts them, however many parts of one were written."""
    return {name: plan.objects(seq for seq, o in outcomes.items() if o.outcome == name) for name in _OUTCOMES}


class Convergence:
    """The checks of one apply. `run_id` is the run that made the plan: its snapshots say what the plan was made from.

    `decided` are the decisions that counted when the apply began.

    `again` is the plan that was made once that one was applied; None where there was no need, or what it was made from is gone.
    """

    def __init__(self, context: dg.AssetExecutionContext, sync: Sync, plan: Plan, run_id: str, decided: Resolutions) -> None:
        self._context = context
        self._sync = sync
        self._plan = plan
        self._run_id = run_id
        self._decided = decided
        self.again: PlannedAgain | None = None

    def every_write(self, outcomes: Mapping[int, Outcome]) -> dg.AssetCheckResult:
        """Tell what did not succeed. A conflict is a person's edit, kept, so that only what was refused fails the run."""
        counts = {name: sum(outcome.outcome == name for outcome in outcomes.values()) for name in _OUTCOMES}
        partly = [outcome for outcome in outcomes.values() if outcome.instead]
        bad = [outcome for outcome in outcomes.values() if outcome.outcome in {FAILED, SKIPPED, CONFLICT}] + partly
        if not bad:
            later = f", {counts[DEFERRED]} of them left to the target, which does them later" if counts[DEFERRED] else ""
            return self._passed(EVERY_WRITE, f"{len(outcomes)} writes{later}")
        named = {**{name: n for name, n in counts.items() if name != APPLIED}, "stored in part": len(partly)}
        told = ", ".join(f"{n} {name}" for name, n in named.items() if n)
        first = f"{told} of {len(outcomes)} writes; the rest is applied. First: {bad[0].detail}"
        refused = counts[FAILED] or counts[SKIPPED] or partly
        return self._failed(EVERY_WRITE, first, dg.AssetCheckSeverity.ERROR if refused else dg.AssetCheckSeverity.WARN)

    def converged(self, target: Target, outcomes: Mapping[int, Outcome]) -> dg.AssetCheckResult:
        """Read back what was touched, plan again, and tell what a new plan would change."""
        read = converge.read_back(self._plan, self._sync.kinds, target, outcomes)
        found = converge.unlike(self._plan, self._sync.kinds, read, outcomes)
        # An undo was made from no tables, and the next plan of the sync may well say otherwise. What was left of a plan was
        # made after that was applied: the tables that are kept are from before.
        to_plan_again = (bool(read) or not self._plan.left.empty) and not self._plan.undoes and self._plan.mode != "rest"
        planned_from = self._planned_from() if to_plan_again else None
        if planned_from is not None:
            found += self._flapping(*planned_from, read, outcomes)
        if found:
            return self._failed(CONVERGED, f"{len(found)} differ: {'; '.join(found[:5])}", dg.AssetCheckSeverity.ERROR)
        if to_plan_again and planned_from is None:
            told = "what was touched holds what was written; not planned again: the tables of this plan are not kept any more"
            return self._failed(CONVERGED, told, dg.AssetCheckSeverity.WARN)
        return self._passed(
            CONVERGED, "a new plan would be empty" if to_plan_again else "what was touched holds what was written"
        )

    def _planned_from(self) -> tuple[Tables, Tables] | None:
        """Return the desired and the observed tables that the plan was made from; None where they are not kept any more."""
        snapshots: Snapshots = self._context.resources.snapshots
        try:
            return snapshots.load(self._sync.key("desired"), self._run_id), snapshots.load(self._sync.inventory, self._run_id)
        except FileNotFoundError:
            return None

    def _flapping(self, desired: Tables, observed: Tables, read: Tables, outcomes: Mapping[int, Outcome]) -> list[str]:
        planning = Planning(self._context, self._sync, desired, converge.overlaid(observed, read), self._decided)
        # Not in the plan's mode: a full plan writes what is equal, for ever.
        again = planning.plan(planning.match(), now=datetime.now(UTC), complete=self._plan.complete)
        # What a person approved, whatever the rules say of it, is done and not left.
        if self._plan.mode != "review":
            again = reviewed(self._sync, again, planning.snapshot)
        self.again = PlannedAgain(again, planning.snapshot)
        return converge.flapping(again, self._plan, outcomes)

    def _passed(self, name: str, told: str) -> dg.AssetCheckResult:
        return dg.AssetCheckResult(asset_key=self._sync.key("applied"), check_name=name, passed=True, description=told)

    def _failed(self, name: str, told: str, severity: dg.AssetCheckSeverity) -> dg.AssetCheckResult:
        log = self._context.log.error if severity is dg.AssetCheckSeverity.ERROR else self._context.log.warning
        log(f"{name}: {told}")
        return dg.AssetCheckResult(
            asset_key=self._sync.key("applied"), check_name=name, passed=False, description=told, severity=severity
        )
