"""Applying: one execution of the step `applied`, from whether it may write to whether the target has converged."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import dagster as dg

from asset_sync.components.lineage import step_lineage
from asset_sync.components.planning import Planning
from asset_sync.components.snapshots import Snapshots
from asset_sync.components.sync import Sync
from asset_sync.ledger import Ledger
from asset_sync.reconcile import converge, report
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.apply import apply
from asset_sync.reconcile.errors import PlanError
from asset_sync.reconcile.tables import Tables
from asset_sync.reconcile.target import ALREADY, APPLIED, CONFLICT, DEFERRED, FAILED, SKIPPED, Outcome, Target

EVERY_WRITE: Final = "every_write_applied"
CONVERGED: Final = "converged"


class Applying:
    """One execution of the `applied` step."""

    def __init__(self, context: dg.AssetExecutionContext, sync: Sync, plan_id: str) -> None:
        self.context = context
        self.sync = sync.of(context)
        self.ledger: Ledger = context.resources.ledger
        self.now = datetime.now(UTC)
        made_here = self.ledger.made_by(context.run.run_id)
        self.header = self.ledger.header(plan_id or made_here or self._latest())
        self.own = self.header.id == made_here
        self.plan = self.ledger.plan(self.header.id)
        if self.plan.sync != sync.name:
            raise PlanError(f"plan {self.plan.id} is of {self.plan.sync}, not of {sync.name}")
        if sync.apart and self.plan.linked_as != self.sync.linked_as:
            raise PlanError(f"plan {self.plan.id} is of {self.plan.linked_as}, not of {self.sync.linked_as}")

    def _latest(self) -> str:
        if self.sync.partitions:
            return self._latest_of_partition()
        plans = self.ledger.plans(self.sync.name)
        latest = next((header for header in plans if header.mode != "dry_run" and header.undoes is None), None)
        if latest is None:
            raise PlanError(f"{self.sync.name} has no plan yet: materialise {self.sync.key('plan').to_user_string()} first")
        return latest.id

    def _latest_of_partition(self) -> str:
        key, partition = self.sync.key("plan"), self.context.partition_key
        made = dg.AssetRecordsFilter(asset_key=key, asset_partitions=[partition])
        latest = next(iter(self.context.instance.fetch_materializations(made, limit=1).records), None)
        if latest is None or latest.asset_materialization is None:
            raise PlanError(f"{partition} has no plan yet: materialise {key.to_user_string()} of it first")
        return str(latest.asset_materialization.metadata["plan_id"].value)

    def may_go_on(self) -> bool:
        """Tell whether this run may write. A run of its own is a person's approval of a review, not of failed guards."""
        if self.plan.mode == "dry_run" and self.own:
            self.context.log.info(f"dry run: nothing is written. {report.headline(self.plan)}")
            return False
        if self.plan.mode == "review" and self.own:
            self.ledger.sight(self.plan, self.context.run.run_id, self.now)
            self.context.log.info(
                f"plan {self.plan.id} waits for approval: materialise {self.sync.key('applied').to_user_string()}, "
                f"or run: asset-sync approve {self.plan.id} && asset-sync apply {self.plan.id}"
            )
            return False
        if not self.own and self.header.needs_approval and not self.header.open_guards:
            self.ledger.approve(self.plan.id, f"run {self.context.run.run_id}", self.now)
        self._check_waits()
        return True

    def result(self) -> dg.MaterializeResult[None]:
        """Apply the plan once it is its turn, read back what it touched, and tell."""
        with self.ledger.alone(self.plan.linked_as):
            # Whoever had the turn before may have applied this plan, or one that makes it stale.
            self._check_waits()
            return self._result()

    def _check_waits(self) -> None:
        waits = self.ledger.waits(self.plan.id)
        if waits:
            raise PlanError(waits)

    def _result(self) -> dg.MaterializeResult[None]:
        target = self.sync.open_target(self.context, self.sync, self.plan)
        self.ledger.start(self.plan.id, self.context.run.run_id, datetime.now(UTC))
        # Only now: what may not be applied leaves nothing behind.
        self.ledger.sight(self.plan, self.context.run.run_id if self.own else self.header.run_id, self.now)
        outcomes = apply(
            self.plan,
            self.sync.kinds,
            target,
            done=self.ledger.outcomes(self.plan.id),
            known=self._known(),
            intend=lambda _: None,
            record=self._record,
        )
        self.ledger.finish(self.plan.id, datetime.now(UTC))
        checks = [self._every_write(outcomes), self._converged(target, outcomes)]
        counts = {f"outcome/{name}": n for name, n in _outcome_counts(outcomes).items()}
        requests = {"requests/read": target.tally.read, "requests/write": target.tally.write}
        return dg.MaterializeResult(
            asset_key=self.sync.key("applied"),
            metadata={"plan_id": self.plan.id, **counts, **requests, **step_lineage(self.sync, self.sync.key("plan"))},
            check_results=checks,
            tags={"asset_sync/plan": self.plan.id},
        )

    def _known(self) -> dict[str, set[str]]:
        """Return the ids, by kind, of the objects that the plan saw and of those that are linked."""
        if not self.plan.counts[p.CREATE]:
            return {}
        snapshots: Snapshots = self.context.resources.snapshots
        observed = snapshots.load(self.sync.inventory, self.context.run.run_id if self.own else self.header.run_id)
        links = self.sync.known_links(self.ledger)
        return {name: {*observed[name]["id"], *links[name]["target_id"]} for name in self.sync.kinds}

    def _record(self, outcomes: Sequence[Outcome]) -> None:
        self.ledger.record(self.plan, outcomes, self.context.run.run_id, datetime.now(UTC))

    def _every_write(self, outcomes: Mapping[int, Outcome]) -> dg.AssetCheckResult:
        counts = _outcome_counts(outcomes)
        bad = [outcome for outcome in outcomes.values() if outcome.outcome in {FAILED, SKIPPED, CONFLICT}]
        if not bad:
            later = f", {counts[DEFERRED]} of them left to the target, which does them later" if counts[DEFERRED] else ""
            return self._check(EVERY_WRITE, f"{len(outcomes)} writes{later}", passed=True)
        told = ", ".join(f"{n} {name}" for name, n in counts.items() if n and name != APPLIED)
        first = f"{told} of {len(outcomes)} writes; the rest is applied. First: {bad[0].detail}"
        # A conflict is a person's edit, kept; the next plan sees it. Only what the target refused makes the run fail.
        severity = dg.AssetCheckSeverity.ERROR if counts[FAILED] or counts[SKIPPED] else dg.AssetCheckSeverity.WARN
        (self.context.log.error if severity is dg.AssetCheckSeverity.ERROR else self.context.log.warning)(first)
        return self._check(EVERY_WRITE, first, passed=False, severity=severity)

    def _check(
        self, name: str, told: str, *, passed: bool, severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR
    ) -> dg.AssetCheckResult:
        return dg.AssetCheckResult(
            asset_key=self.sync.key("applied"), check_name=name, passed=passed, description=told, severity=severity
        )

    def _converged(self, target: Target, outcomes: Mapping[int, Outcome]) -> dg.AssetCheckResult:
        read = converge.read_back(self.plan, self.sync.kinds, target, outcomes)
        found = converge.unlike(self.plan, read, outcomes) + self._flapping(read, outcomes)
        told = f"{len(found)} differ: {'; '.join(found[:5])}" if found else "a new plan would be empty"
        if found:
            self.context.log.error(f"not converged: {told}")
        return self._check(CONVERGED, told, passed=not found)

    def _flapping(self, read: Tables, outcomes: Mapping[int, Outcome]) -> list[str]:
        if self.plan.undoes or not read:
            return []
        snapshots: Snapshots = self.context.resources.snapshots
        run_id = self.context.run.run_id if self.own else self.header.run_id
        desired = snapshots.load(self.sync.key("desired"), run_id)
        observed = converge.overlaid(snapshots.load(self.sync.inventory, run_id), read)
        planning = Planning(self.context, self.sync, desired, observed)
        # Not in the plan's mode: a full plan writes what is equal, for ever.
        again = planning.plan(planning.match(), now=self.now, complete=self.plan.complete)
        return converge.flapping(again, self.plan, outcomes)


def _outcome_counts(outcomes: Mapping[int, Outcome]) -> dict[str, int]:
    names = (APPLIED, ALREADY, CONFLICT, FAILED, SKIPPED, DEFERRED)
    return {name: sum(outcome.outcome == name for outcome in outcomes.values()) for name in names}
