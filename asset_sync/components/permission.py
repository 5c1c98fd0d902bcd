"""Permission: which plan a run of `applied` means, who is named with it, and whether the run may write."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import dagster as dg

from asset_sync.components import run_tags
from asset_sync.components.sync import Sync
from asset_sync.ledger import Ledger
from asset_sync.reconcile.authority import Asking, Leave, Refuse, authorise
from asset_sync.reconcile.errors import PlanError

APPROVED: Final = "approved"
"""The check that tells that a plan waits for a person: a run that made one is green, and nobody would look."""


def waiting(key: dg.AssetKey, told: str) -> dg.AssetCheckResult:
    """Return that a plan waits for approval, as a check of the asset that would be materialised."""
    return dg.AssetCheckResult(
        asset_key=key, check_name=APPROVED, passed=False, severity=dg.AssetCheckSeverity.WARN, description=told
    )


class ApplyConfig(dg.Config):
    """Which plan to apply, and who approves it.

    `plan_id`: its id; empty for the plan that this run made, else the sync's latest. `approved_by`: the person who approves the
    plan of that id, where it waits for a person. Where Dagster tells who launched the run, it is that user.
    """

    plan_id: str = ""
    approved_by: str = ""


class Permission:
    """What one run of `applied` asks for. `sync` is the sync as the run sees it (`Sync.of`).

    Raises `PlanError` where there is no such plan, or where it is another sync's.
    """

    def __init__(self, context: dg.AssetExecutionContext, sync: Sync, config: ApplyConfig) -> None:
        self._context = context
        self._sync = sync
        self._config = config
        self._ledger: Ledger = context.resources.ledger
        made = self._made()
        self.header = self._ledger.header(config.plan_id or made or self._latest())
        self._made_it = self.header.id == made
        self._check_sync()

    def withheld(self) -> Leave | None:
        """Return why nothing is to be written; None where the run may write, an approval that it brings being recorded.

        Raises `PlanError`, with what to do, where the plan may not be applied.
        """
        asking = Asking(self._made_it, repeats=_parent(self._context.run) is not None, person=self._person())
        decision = authorise(self.header.standing, asking)
        if isinstance(decision, Refuse):
            raise PlanError(self._told(decision))
        if isinstance(decision, Leave):
            left = replace(decision, told=self._told(decision))
            self._context.log.log("WARNING" if left.awaits_approval else "INFO", left.told)
            return left
        if decision.approved_by is not None:
            self._ledger.approve(self.header.id, decision.approved_by, datetime.now(UTC))
        return None

    def _person(self) -> str | None:
        """Return who approves the plan: only together with its id is a name an approval."""
        if not self._config.plan_id:
            return None
        return self._context.run.tags.get(run_tags.USER, self._config.approved_by).strip() or None

    def _told(self, decision: Leave | Refuse) -> str:
        if not decision.awaits_approval:
            return decision.told
        config = f'{{plan_id: "{self.header.id}", approved_by: "YOUR NAME"}}'
        step = self._sync.key("applied")
        # As the launchpad takes it: an id of digits alone would be a number without its quotes.
        run_config = f"{{ops: {{{step.to_python_identifier()}: {{config: {config}}}}}}}"
        return f"{decision.told}, or materialise {step.to_user_string()} with the config {run_config}"

    # Which plan.

    def _made(self) -> str | None:
        """Return the plan that this run made, or the one that it repeats, or the one which that one repeats …"""
        plans = (self._ledger.made_by(run_id, self._sync.name) for run_id in self._repeated())
        return next((plan_id for plan_id in plans if plan_id), None)

    def _repeated(self) -> Iterator[str]:
        run: dg.DagsterRun | None = self._context.run
        while run is not None:
            yield run.run_id
            parent = _parent(run)
            run = self._context.instance.get_run_by_id(parent) if parent else None

    def _latest(self) -> str:
        if self._sync.partitions:
            return self._latest_of_partition()
        plans = self._ledger.plans(self._sync.name)
        latest = next((header for header in plans if header.mode not in {"dry_run", "rest"} and header.undoes is None), None)
        if latest is None:
            raise PlanError(f"{self._sync.name} has no plan yet: materialise {self._sync.key('plan').to_user_string()} first")
        return latest.id

    def _latest_of_partition(self) -> str:
        key, partition = self._sync.key("plan"), self._context.partition_key
        made = dg.AssetRecordsFilter(asset_key=key, asset_partitions=[partition])
        latest = next(iter(self._context.instance.fetch_materializations(made, limit=1).records), None)
        if latest is None or latest.asset_materialization is None:
            raise PlanError(f"{partition} has no plan yet: materialise {key.to_user_string()} of it first")
        return str(latest.asset_materialization.metadata["plan_id"].value)

    def _check_sync(self) -> None:
        header, sync = self.header, self._sync
        if header.sync != sync.name:
            raise PlanError(f"plan {header.id} is of {header.sync}, not of {sync.name}")
        if sync.apart and header.link_set != sync.link_set:
            raise PlanError(f"plan {header.id} is of {header.link_set}, not of {sync.link_set}")


def _parent(run: dg.DagsterRun) -> str | None:
    """Return the run that a run repeats, by a person's re-execution or by Dagster's own retry."""
    return run.parent_run_id or run.tags.get(run_tags.PARENT)
