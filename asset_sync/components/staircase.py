"""The staircase that every sync into a system of record climbs: extract, desired, match, plan, guards, applied, converged.

A component says what is particular to its sync (`Sync`, and the assets that make the desired tables and the target's
inventory); the steps from there on are written once, here.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final

import dagster as dg

from asset_sync.components.applying import Applying
from asset_sync.components.convergence import CONVERGED, EVERY_WRITE
from asset_sync.components.drifting import drift_metadata
from asset_sync.components.failures import told_in_one_line
from asset_sync.components.lineage import step_lineage
from asset_sync.components.meanwhile import refuse_outdated
from asset_sync.components.objects import WRITES
from asset_sync.components.permission import APPROVED, ApplyConfig, Permission, waiting
from asset_sync.components.plan_files import write_plan_files
from asset_sync.components.planning import Planning
from asset_sync.components.reconnecting import check_links
from asset_sync.components.recovering import recover
from asset_sync.components.remembered import keep_remembered, split_decisions, with_decisions
from asset_sync.components.reviewing import reviewed
from asset_sync.components.snapshots import Snapshots, row_counts
from asset_sync.components.sync import Sync
from asset_sync.ledger import Ledger
from asset_sync.reconcile import guards
from asset_sync.reconcile.guards import Guard
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.tables import Tables


class RunMode(Enum):
    """What a run may do with its plan; see `asset_sync.reconcile.plan.Mode`."""

    normal = "normal"
    full = "full"
    review = "review"
    dry_run = "dry_run"
    rebase = "rebase"


class PlanConfig(dg.Config):
    """The run's mode: normal, full, review or dry_run; and what the target is told in this run, in the YAML's place."""

    mode: RunMode = RunMode.normal
    target_options: dict[str, bool] = {}  # noqa: RUF012 - Dagster's way of a default


STEPS: Final = ("desired", "match", "plan", "applied")
"""A sync's own assets that every sync has, in their order."""


def staircase(sync: Sync) -> list[dg.AssetsDefinition]:
    """Return the assets from match to applied."""
    return [_match_asset(sync), _plan_asset(sync), _applied_asset(sync)]


# Dagster has no public name for the type of a job that is defined by its assets.
def sync_job(sync: Sync, *between: str) -> Any:
    """Return the job of a sync: its extracts, the steps of its own that lie `between`, and the staircase."""
    own = (sync.key(step) for step in (*between, *STEPS))
    selection = dg.AssetSelection.keys(*sync.sources, sync.inventory, *own)
    words = f"{sync.title}: reads both sides, plans what differs, and applies the plan if its guards pass."
    return dg.define_asset_job(sync.name, selection=selection, tags=sync.tags, description=words)


def _match_asset(sync: Sync) -> dg.AssetsDefinition:
    @dg.asset(
        key=sync.key("match"),
        ins={"desired": dg.AssetIn(sync.key("desired")), "inventory": dg.AssetIn(sync.inventory)},
        io_manager_key="snapshots",
        partitions_def=sync.partitions,
        required_resource_keys={"ledger", "snapshots", sync.target},
        owners=list(sync.owners),
        group_name=sync.name,
        kinds={"pandas", "parquet"},
        description="Which record is which object, decided by link, then by the identity rules; what nobody can tell is held.",
        code_version="1",
    )
    def match(context: dg.AssetExecutionContext, desired: Tables, inventory: Tables) -> dg.MaterializeResult[Tables]:
        with told_in_one_line():
            linked = sync.of(context)
            check_links(context.resources.ledger, sync, linked)
            context.resources.ledger.note_destinations(sync.destinations)
            context.resources.ledger.forget_over(linked.link_set, datetime.now(UTC))
            found = recover(context, linked, inventory)
            planning = Planning(context, linked, desired, inventory)
            refuse_outdated(context, linked)
            matches = planning.match()
            verdicts = {
                f"{verdict}/{kind}": int(n) for kind, t in matches.items() for verdict, n in t["verdict"].value_counts().items()
            }
            return dg.MaterializeResult(
                value=with_decisions(matches, planning.snapshot.resolutions),
                metadata={**row_counts(matches), **verdicts, "recovered": found},
            )

    return match


def _plan_asset(sync: Sync) -> dg.AssetsDefinition:
    @dg.asset(
        key=sync.key("plan"),
        ins={
            "desired": dg.AssetIn(sync.key("desired")),
            "inventory": dg.AssetIn(sync.inventory),
            "match": dg.AssetIn(sync.key("match")),
        },
        check_specs=[
            dg.AssetCheckSpec(name, asset=sync.key("plan"), blocking=True, description=words) for name, words in _GUARDS.items()
        ],
        partitions_def=sync.partitions,
        required_resource_keys={"ledger", "snapshots", sync.target},
        owners=list(sync.owners),
        group_name=sync.name,
        kinds={"postgres", "parquet"},
        description="What would be done, field by field with reasons, and what is held. Immutable; applied by its id.",
        code_version="1",
    )
    def plan(
        context: dg.AssetExecutionContext, config: PlanConfig, desired: Tables, inventory: Tables, match: Tables
    ) -> dg.MaterializeResult:  # type: ignore[type-arg] # Dagster takes only the bare class where an asset has checks
        with told_in_one_line():
            ledger: Ledger = context.resources.ledger
            linked = sync.of(context)
            incomplete = sync.incomplete(context)
            matches, decided = split_decisions(match)
            # What a person decided since the match is not in it. So the plan knows no more, and is stale where it is spoken of.
            planning = Planning(context, linked, desired, inventory, decided)
            refuse_outdated(context, linked)
            now = datetime.now(UTC)
            keep_remembered(context.resources.snapshots, sync.key("plan"), context.run.run_id, planning.snapshot)
            made = planning.plan(
                matches,
                now=now,
                complete=incomplete is None,
                mode=config.mode.value,
                after=ledger.last_applied(linked.link_set),
                source_rows=_source_rows(context, sync),
            )
            made = reviewed(linked, made, planning.snapshot)
            last = ledger.last_rows(sync.name, linked.link_set)
            verdicts = guards.check(made, sync.kinds, sync.policy, planning.snapshot, limits=sync.limits, last_rows=last)
            ledger.save(
                made,
                context.run.run_id,
                now,
                partial=bool(sync.about(context)),
                mapped=sync.mapped,
                known=planning.snapshot.resolutions,
            )
            ledger.save_guards(made.id, verdicts)
            ledger.note_absences(made, context.run.run_id, now)
            return dg.MaterializeResult(
                metadata={
                    **_plan_metadata(sync, made, planning.snapshot.links, incomplete),
                    **drift_metadata(made, ledger),
                    **step_lineage(sync, sync.key("desired")),
                },
                check_results=[_guard_result(context, sync, made, verdict) for verdict in verdicts],
                tags={"asset_sync/plan": made.id},
            )

    return plan


_GUARDS: Final = {
    "source_rows": "The source did not shrink beyond the limit since the last good run.",
    "target_rows": "The target did not lose the objects of this sync beyond the limit.",
    "rolled_back": "The target's objects are not older than what this sync last wrote to them.",
    "retired": "No more objects would be retired than the limits allow.",
    "keys": "Every desired row has a key of its own.",
    "scope": "Every write is to a mapped field of an object of this sync.",
}


def _guard_result(context: dg.AssetExecutionContext, sync: Sync, plan: Plan, guard: Guard) -> dg.AssetCheckResult:
    told = guard.message
    if not guard.passed:
        told = f"{guard.message}; nothing was written{_in_spite(plan)}"
        context.log.error(f"{sync.name}: guard {guard.name}: {told}")
    return dg.AssetCheckResult(
        check_name=guard.name, passed=guard.passed, description=told, metadata={"plan_id": plan.id, **guard.figures}
    )


def _in_spite(plan: Plan) -> str:
    """Return how a plan is applied in spite of a guard; one of a dry run never is."""
    if plan.mode == "dry_run":
        return ""
    return f". To apply it all the same: asset-sync approve {plan.id} && asset-sync apply {plan.id}"


def _source_rows(context: dg.AssetExecutionContext, sync: Sync) -> dict[str, int]:
    snapshots: Snapshots = context.resources.snapshots
    partition = context.partition_key if sync.partitions else None
    return {key.to_user_string(): snapshots.rows(key, context.run.run_id, partition) for key in sync.sources}


def _plan_metadata(sync: Sync, plan: Plan, links: Tables, incomplete: str | None) -> dict[str, Any]:
    files = write_plan_files(plan)
    return {
        "plan_id": plan.id,
        "mode": plan.mode,
        **({"incomplete": incomplete} if incomplete else {}),
        "dagster/row_count": len(plan.operations),
        **{f"planned/{op}": count for op, count in plan.counts.items()},
        "held": len(plan.held),
        "report": dg.MetadataValue.md(
            sync.report(plan, files=[str(file) for file in files], note=incomplete, objects=sync.main_objects(links))
        ),
        "parquet": dg.MetadataValue.path(str(files[0])),
        "csv": dg.MetadataValue.path(str(files[1])),
    }


def _applied_asset(sync: Sync) -> dg.AssetsDefinition:
    key = sync.key("applied")
    spec = dg.AssetSpec(
        key,
        deps=[sync.key("plan")],
        # A dry run, or a plan that waits for approval, ends without materialising anything.
        skippable=True,
        partitions_def=sync.partitions,
        freshness_policy=dg.FreshnessPolicy.time_window(fail_window=sync.fresh) if sync.fresh else None,
        owners=list(sync.owners),
        group_name=sync.name,
        kinds={sync.target_objects},
        metadata={WRITES: (sync.target_objects, {kind: list(fields) for kind, fields in sync.mapping.items()})},
        description="The plan carried out, exactly as reviewed. Materialised alone: the latest, unless it waits for a person.",
        code_version="1",
    )
    checks = [dg.AssetCheckSpec(name, asset=key, blocking=True, description=words) for name, words in _APPLIED.items()]
    checks.append(dg.AssetCheckSpec(APPROVED, asset=key, description="No plan waits for a person to approve it."))

    @dg.multi_asset(
        name=f"{sync.name}__applied",
        specs=[spec],
        check_specs=checks,
        # Dagster lets a step end without the results of its checks only where it can be asked for some of them.
        can_subset=True,
        required_resource_keys={"ledger", "snapshots", sync.target},
        pool=sync.pool,
    )
    def applied(
        context: dg.AssetExecutionContext, config: ApplyConfig
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        with told_in_one_line():
            own = sync.of(context)
            permission = Permission(context, own, config)
            left = permission.withheld()
            if left is None:
                yield Applying(context, own, permission.header).result()
            elif left.awaits_approval:
                yield waiting(key, left.told)

    return applied


_APPLIED: Final = {
    EVERY_WRITE: "No write of the plan failed or met a conflict.",
    CONVERGED: "The touched objects hold what the plan wrote, and a new plan would leave them alone.",
}
