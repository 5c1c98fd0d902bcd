"""The staircase that every sync into a system of record climbs: extract, desired, match, plan, guards, applied, converged.

A component says what is particular to its sync (`Sync`, and the assets that make the desired tables and the target's
inventory); the steps from there on are written once, here.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, Protocol

import dagster as dg

from asset_sync.components.failures import told_in_one_line
from asset_sync.components.plan_files import write_plan_files
from asset_sync.components.snapshots import Snapshots, row_counts
from asset_sync.ledger import Ledger
from asset_sync.reconcile import converge, guards, report
from asset_sync.reconcile.apply import apply
from asset_sync.reconcile.errors import PlanError
from asset_sync.reconcile.guards import Guard, Limits
from asset_sync.reconcile.kinds import Kinds
from asset_sync.reconcile.mapping import FieldMapping
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.planning import Policy, Snapshot, make_plan
from asset_sync.reconcile.references import Waiting, match_all
from asset_sync.reconcile.tables import Tables
from asset_sync.reconcile.target import ALREADY, APPLIED, CONFLICT, DEFERRED, FAILED, SKIPPED, Outcome, Target

GUARDS = ("source_rows", "target_rows", "retired", "keys", "scope")
EVERY_WRITE = "every_write_applied"
CONVERGED = "converged"


class RunMode(Enum):
    """What a run may do with its plan; see `asset_sync.reconcile.plan.Mode`."""

    normal = "normal"
    full = "full"
    review = "review"
    dry_run = "dry_run"


class Requests(Protocol):
    """Requests counted so far."""

    read: int
    write: int


class CountingTarget(Target, Protocol):
    """A target that counts its requests."""

    @property
    def tally(self) -> Requests:
        """The requests that were sent to it."""
        ...


class TargetResource(Protocol):
    """What the staircase asks of a target system's resource."""

    def target(self, kinds: Kinds, *, writable: bool) -> CountingTarget:
        """Return the system as a target; it refuses every write unless it is writable."""
        ...


def _complete(context: dg.AssetExecutionContext) -> None:
    """Say of a run that its source is complete."""


@dataclass(frozen=True)
class Evidence:
    """What a sync matches by: the observed tables, and the records that must not be created by this run."""

    observed: Tables
    waiting: Waiting


def _as_observed(context: dg.AssetExecutionContext, desired: Tables, inventory: Tables) -> Evidence:  # noqa: ARG001
    """Say of a run that the target is as it shows itself, and that every new record may be created."""
    return Evidence(inventory, {})


def _of_resource(context: dg.AssetExecutionContext, sync: "Sync", plan: Plan) -> CountingTarget:  # noqa: ARG001
    """Open the target of the resource that the sync names."""
    resource: TargetResource = getattr(context.resources, sync.target)
    return resource.target(sync.kinds, writable=True)


@dataclass(frozen=True)
class Sync:
    """A sync as the staircase sees it.

    `desired` and `inventory` are the keys of the assets that hold the desired and the observed tables, `target` the key of the
    target system's resource, and `pool` the concurrency pool that lets one run at a time write to it: None where each partition
    has a system of its own. `sources` names, for the guards, the assets that were extracted. `mapping` is by kind and field.
    After `fresh` without a successful apply the sync counts as stale; None: never.

    `partitions` are those of all its assets. `links` names the sync whose links it shares, so that an object of that sync is
    the same object here; runs of syncs that share links never overlap where Dagster queues them. Where `apart`, each partition
    is a connection to a system of its own, with links of its own, and dagster.yaml lets one run at a time have a connection.

    `incomplete` says of a run, in a line, why what the source lacks does not count as missing; None where it does. `evidence`
    says what it matches by, and `open_target` opens what a plan is applied to.
    """

    name: str
    kinds: Kinds
    mapping: Mapping[str, Mapping[str, FieldMapping]]
    policy: Policy
    limits: Limits
    target: str
    pool: str | None
    inventory: dg.AssetKey
    sources: Sequence[dg.AssetKey]
    fresh: timedelta | None
    partitions: dg.PartitionsDefinition[str] | None = None
    links: str | None = None
    apart: bool = False
    incomplete: Callable[[dg.AssetExecutionContext], str | None] = _complete
    evidence: Callable[[dg.AssetExecutionContext, Tables, Tables], Evidence] = _as_observed
    open_target: Callable[[dg.AssetExecutionContext, "Sync", Plan], CountingTarget] = _of_resource

    def of(self, context: dg.AssetExecutionContext) -> "Sync":
        """Return the sync as a run sees it: that of its connection, where each has links of its own."""
        return self.of_connection(context.partition_key) if self.apart else self

    def of_connection(self, connection: str) -> "Sync":
        """Return the sync of one connection."""
        return replace(self, links=f"{self.name}/{connection}")

    @property
    def linked_as(self) -> str:
        """The name under which the ledger keeps its links."""
        return self.links or self.name

    @property
    def tags(self) -> dict[str, str]:
        """The tags of the job's runs; dagster.yaml lets one run at a time have the same links."""
        shared = {} if self.apart else {"asset_sync/links": self.linked_as}
        return {"asset_sync/sync": self.name, **shared}

    def known_links(self, ledger: Ledger) -> Tables:
        """Return the links by which this sync goes."""
        return ledger.links(self.linked_as, self.kinds, self.remembered, asked_by=self.name)

    def key(self, step: str) -> dg.AssetKey:
        """Return the key of one of the sync's own assets."""
        return dg.AssetKey([self.name, step])

    @property
    def remembered(self) -> Mapping[str, tuple[str, ...]]:
        """The fields, by kind, whose last applied value the merge and the retiring ask for."""
        return {name: self._remembered(name) for name in self.kinds}

    def _remembered(self, kind: str) -> tuple[str, ...]:
        retirement = self.kinds[kind].retirement
        shared = [name for name, ownership in self.policy.owners.get(kind, {}).items() if ownership.owner == "shared"]
        return (*shared, *([retirement.field] if retirement and retirement.field not in shared else []))


class PlanConfig(dg.Config):
    """The run's mode: normal, full, review or dry_run."""

    mode: RunMode = RunMode.normal


class ApplyConfig(dg.Config):
    """Which plan to apply: the id, or nothing for the one that this run made, else the sync's latest."""

    plan_id: str = ""


def staircase(sync: Sync) -> list[dg.AssetsDefinition]:
    """Return the assets from match to applied."""
    return [_match_asset(sync), _plan_asset(sync), _applied_asset(sync)]


# Dagster has no public name for the type of a job that is defined by its assets.
def sync_job(sync: Sync, *between: str) -> Any:
    """Return the job of a sync: its extracts, the steps of its own that lie `between`, and the staircase."""
    own = (sync.key(step) for step in (*between, "desired", "match", "plan", "applied"))
    selection = dg.AssetSelection.keys(*sync.sources, sync.inventory, *own)
    return dg.define_asset_job(sync.name, selection=selection, tags=sync.tags)


def _match_asset(sync: Sync) -> dg.AssetsDefinition:
    @dg.asset(
        key=sync.key("match"),
        ins={"desired": dg.AssetIn(sync.key("desired")), "inventory": dg.AssetIn(sync.inventory)},
        io_manager_key="snapshots",
        partitions_def=sync.partitions,
        required_resource_keys={"ledger"},
        group_name=sync.name,
        kinds={"pandas", "parquet"},
        description="Which record is which object, decided by link, then by the identity rules; what nobody can tell is held.",
        code_version="1",
    )
    def match(context: dg.AssetExecutionContext, desired: Tables, inventory: Tables) -> dg.MaterializeResult[Tables]:
        with told_in_one_line():
            links = sync.of(context).known_links(context.resources.ledger)
            evidence = sync.evidence(context, desired, inventory)
            matches = match_all(sync.kinds, desired, evidence.observed, links, evidence.waiting)
            verdicts = {
                f"{verdict}/{kind}": int(n) for kind, t in matches.items() for verdict, n in t["verdict"].value_counts().items()
            }
            return dg.MaterializeResult(value=matches, metadata={**row_counts(matches), **verdicts})

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
            dg.AssetCheckSpec(name, asset=sync.key("plan"), blocking=True, description=_GUARD_WORDS[name]) for name in GUARDS
        ],
        partitions_def=sync.partitions,
        required_resource_keys={"ledger", "snapshots"},
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
            links = linked.known_links(ledger)
            incomplete = sync.incomplete(context)
            snapshot = Snapshot(desired, inventory, links)
            now = datetime.now(UTC)
            made = make_plan(
                sync.name,
                sync.kinds,
                sync.policy,
                snapshot,
                match,
                now=now,
                mode=config.mode.value,
                complete=incomplete is None,
                after=ledger.last_applied(linked.linked_as),
                source_rows=_source_rows(context, sync),
                links=linked.links,
            )
            last = ledger.last_rows(sync.name, linked.linked_as)
            verdicts = guards.check(made, sync.kinds, sync.policy, snapshot, limits=sync.limits, last_rows=last)
            ledger.save(made, context.run.run_id, now)
            ledger.save_guards(made.id, verdicts)
            return dg.MaterializeResult(
                metadata={**_plan_metadata(made, incomplete), **_lineage(sync, sync.key("desired"))},
                check_results=[_guard_result(context, sync, made, verdict) for verdict in verdicts],
                tags={"asset_sync/plan": made.id},
            )

    return plan


_GUARD_WORDS = {
    "source_rows": "The source did not shrink beyond the limit since the last good run.",
    "target_rows": "The target did not lose the objects of this sync beyond the limit.",
    "retired": "No more objects would be retired than the limits allow.",
    "keys": "Every desired row has a key of its own.",
    "scope": "Every write is to a mapped field of an object of this sync.",
}


def _guard_result(context: dg.AssetExecutionContext, sync: Sync, plan: Plan, guard: Guard) -> dg.AssetCheckResult:
    told = guard.message
    if not guard.passed:
        told = f"{guard.message}; nothing was written. To apply it all the same: asset-sync approve {plan.id}"
        context.log.error(f"{sync.name}: guard {guard.name}: {told}")
    return dg.AssetCheckResult(check_name=guard.name, passed=guard.passed, description=told, metadata={"plan_id": plan.id})


def _source_rows(context: dg.AssetExecutionContext, sync: Sync) -> dict[str, int]:
    snapshots: Snapshots = context.resources.snapshots
    partition = context.partition_key if sync.partitions else None
    return {key.to_user_string(): snapshots.rows(key, context.run.run_id, partition) for key in sync.sources}


def _plan_metadata(plan: Plan, incomplete: str | None) -> dict[str, Any]:
    files = write_plan_files(plan)
    return {
        "plan_id": plan.id,
        "mode": plan.mode,
        **({"incomplete": incomplete} if incomplete else {}),
        "dagster/row_count": len(plan.operations),
        **{f"planned/{op}": count for op, count in plan.counts.items()},
        "held": len(plan.held),
        "report": dg.MetadataValue.md(report.markdown(plan, files=[str(file) for file in files], note=incomplete)),
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
        group_name=sync.name,
        kinds={sync.target},
        description="The plan carried out, exactly as reviewed. Materialised on its own, it applies the latest plan.",
        code_version="1",
    )
    checks = [dg.AssetCheckSpec(name, asset=key, blocking=True, description=words) for name, words in _APPLIED_WORDS.items()]

    @dg.multi_asset(
        name=f"{sync.name}__applied",
        specs=[spec],
        check_specs=checks,
        # Dagster lets a step end without the results of its checks only where it can be asked for some of them.
        can_subset=True,
        required_resource_keys={"ledger", "snapshots", sync.target},
        pool=sync.pool,
    )
    def applied(context: dg.AssetExecutionContext, config: ApplyConfig) -> Iterator[dg.MaterializeResult[None]]:
        with told_in_one_line():
            step = _Applying(context, sync, config.plan_id)
            if step.may_go_on():
                yield step.result()

    return applied


_APPLIED_WORDS = {
    EVERY_WRITE: "No write of the plan failed or met a conflict.",
    CONVERGED: "The touched objects hold what the plan wrote, and a new plan would leave them alone.",
}


class _Applying:
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
        self.ledger.sight(self.plan, self.context.run.run_id if self.own else self.header.run_id, self.now)
        target = self.sync.open_target(self.context, self.sync, self.plan)
        self.ledger.start(self.plan.id, self.context.run.run_id, datetime.now(UTC))
        outcomes = apply(self.plan, self.sync.kinds, target, done=self.ledger.outcomes(self.plan.id), record=self._record)
        self.ledger.finish(self.plan.id, datetime.now(UTC))
        checks = [self._every_write(outcomes), self._converged(target, outcomes)]
        counts = {f"outcome/{name}": n for name, n in _outcome_counts(outcomes).items()}
        requests = {"requests/read": target.tally.read, "requests/write": target.tally.write}
        return dg.MaterializeResult(
            asset_key=self.sync.key("applied"),
            metadata={"plan_id": self.plan.id, **counts, **requests, **_lineage(self.sync, self.sync.key("plan"))},
            check_results=checks,
            tags={"asset_sync/plan": self.plan.id},
        )

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
        links = self.sync.known_links(self.ledger)
        matches = match_all(self.sync.kinds, desired, observed, links)
        again = make_plan(
            self.sync.name,
            self.sync.kinds,
            self.sync.policy,
            Snapshot(desired, observed, links),
            matches,
            now=self.now,
            complete=self.plan.complete,
        )
        return converge.flapping(again, self.plan, outcomes)


def _outcome_counts(outcomes: Mapping[int, Outcome]) -> dict[str, int]:
    names = (APPLIED, ALREADY, CONFLICT, FAILED, SKIPPED, DEFERRED)
    return {name: sum(outcome.outcome == name for outcome in outcomes.values()) for name in names}


def column_schema(sync: Sync) -> dict[str, Any]:
    """Return the metadata that shows the mapped fields as columns `kind.field`, and where they live in the target."""
    columns = [
        dg.TableColumn(f"{kind}.{name}", type=sync.kinds[kind].field(name).type, description=f"owner: {m.ownership.owner}")
        for kind, fields in sync.mapping.items()
        for name, m in fields.items()
    ]
    return {"dagster/column_schema": dg.TableSchema(columns=columns)}


def source_lineage(sync: Sync, upstream: dg.AssetKey, columns: Collection[str]) -> dict[str, Any]:
    """Return the metadata that shows the mapped fields, and which column of a source's table each one comes from."""
    deps = {
        f"{kind}.{name}": [dg.TableColumnDep(asset_key=upstream, column_name=mapping.source)]
        for kind, fields in sync.mapping.items()
        for name, mapping in fields.items()
        if mapping.source is not None and mapping.source in columns
    }
    return {**column_schema(sync), "dagster/column_lineage": dg.TableColumnLineage(deps_by_column=deps)}


def _lineage(sync: Sync, upstream: dg.AssetKey) -> dict[str, Any]:
    deps = {
        f"{kind}.{name}": [dg.TableColumnDep(asset_key=upstream, column_name=f"{kind}.{name}")]
        for kind, fields in sync.mapping.items()
        for name in fields
    }
    return {**column_schema(sync), "dagster/column_lineage": dg.TableColumnLineage(deps_by_column=deps)}
