"""Plans: looked up, decided about, applied and taken back."""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from asset_sync.components import run_tags
from asset_sync.components.pausing import paused
from asset_sync.components.remembered import kept_remembered
from asset_sync.components.resources import open_ledger, open_records
from asset_sync.components.snapshots import Snapshots
from asset_sync.components.sync import Sync
from asset_sync.ledger import Ledger, PlanHeader
from asset_sync.ledger.resolutions import KeptResolution
from asset_sync.operations.definitions import declared, instance, planning_syncs
from asset_sync.operations.runs import RunReport, StepConfig, Watch, execute
from asset_sync.reconcile import guards
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.authority import made_anew
from asset_sync.reconcile.errors import ConfigurationError, PlanError
from asset_sync.reconcile.guards import Guard
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.planning import Snapshot
from asset_sync.reconcile.resolutions import UNDO, Resolution
from asset_sync.reconcile.review import Selection, chooses, decisions, left_out, part
from asset_sync.reconcile.tables import Tables
from asset_sync.reconcile.target import ALREADY, APPLIED
from asset_sync.reconcile.undo import inverse


def plan_id_of(given: str) -> str:
    """Return the id of the plan that is meant: by its id, by the id of a run that made or applied it, or by a start of one.

    Raises PlanError where there is none, or several.
    """
    ledger = open_ledger()
    try:
        return ledger.header(given).id
    except PlanError as error:
        try:
            return ledger.find_by_run(given)
        except PlanError:
            raise error from None


def header(plan_id: str) -> PlanHeader:
    """Return a plan, named by its id or the start of it, without its operations. Raises PlanError where there is none."""
    return open_ledger().header(plan_id)


def plans(sync: str | None, limit: int) -> Sequence[PlanHeader]:
    """Return the plans of one sync or of all, the one made last first. Raises `ConfigurationError` for a sync without any."""
    found = open_ledger().plans(sync, limit)
    if sync is not None and not found:
        # Only now: the ledger still tells of a sync whose YAML is gone.
        declared(sync.partition("/")[0])
    return found


def approve(plan_id: str, by: str, selection: Selection | None = None) -> PlanHeader:
    """Let a plan, named by its id or the start of it, be applied: after review, or in spite of the guards that fail now.

    Where only a `selection` of it is approved, a plan comes in its place that has just that, and what is left out is decided:
    the next plan knows it. Return the header of what is approved. Raises PlanError where that is nothing.
    """
    ledger = open_ledger()
    parted = None if selection is None else _part(ledger, plan_id, selection, by)
    if parted is None:
        ledger.approve(plan_id, by, datetime.now(UTC))
        return ledger.header(plan_id)
    now = datetime.now(UTC)
    decided = decisions(parted, declared(parted.sync).kinds, by, now)
    ledger.approve_part(plan_id, parted, decided, by, now)
    return ledger.header(parted.id)


def _part(ledger: Ledger, plan_id: str, selection: Selection, by: str) -> Plan | None:
    """Return what is approved of a plan; None where that is all of it."""
    plan = ledger.plan(plan_id)
    if plan.undoes:
        raise PlanError(f"plan {plan.id} takes plan {plan.undoes} back, which is approved as a whole")
    _check_rows(plan, selection)
    left = left_out(plan, selection, by)
    if not left:
        return None
    sync = declared(plan.sync)
    parted = part(plan, sync.kinds, _observed(sync, ledger.header(plan_id)), left)
    if parted.writes.empty:
        told = "nothing of it is approved: all of it is left out, cannot go without what is, or is made for that alone"
        raise PlanError(f"plan {plan.id}: {told}; to approve none: asset-sync reject {plan.id}")
    return parted


def _observed(sync: Sync, header: PlanHeader) -> Tables:
    """Return what the target held when a plan was made."""
    try:
        return Snapshots().load(sync.inventory, header.run_id)
    except FileNotFoundError:
        told = f"plan {header.id} cannot be approved in part: what its target held when it was made is not kept any more"
        raise PlanError(f"{told}; make a new plan: {made_anew(header.standing)}") from None


def _check_rows(plan: Plan, selection: Selection) -> None:
    """Refuse row numbers that are of no write, and choices that choose nothing: somebody meant something else."""
    written = {*plan.writes.index.tolist()}
    for choice in (*selection.only, *selection.without):
        strange = sorted(choice.rows - written)
        if strange:
            raise PlanError(f"plan {plan.id} writes nothing in row {strange[0]}: asset-sync show {plan.id}")
        if not chooses(plan, choice):
            raise PlanError(f"plan {plan.id} has nothing that is {choice}: asset-sync show {plan.id}")


def gone_by(header: PlanHeader) -> Sequence[KeptResolution]:
    """Return the decisions about records that a plan goes by, the latest first; none of an undo, nor what it sees lapse.

    Its run kept them. Where that is kept no more, or the sync is not there any more, they are those of when it was made.
    """
    if header.undoes:
        return ()
    ledger = open_ledger()
    try:
        known = kept_remembered(Snapshots(), declared(header.sync).key("plan"), header.run_id).resolutions
    except (FileNotFoundError, ConfigurationError):
        return ledger.every_resolution(header.link_set, in_force_at=header.made_at)
    # All rows of the plan are looked through for it.
    lapsing = ledger.changed_since_ignored(header.id) if any(each.until_changed for each in known) else set()
    numbers = {each.number for each in known if not (each.until_changed and (each.kind, each.source_key) in lapsing)}
    return [each for each in ledger.every_resolution(header.link_set) if each.resolution.number in numbers]


def decided_with(header: PlanHeader) -> Sequence[Resolution]:
    """Return what is decided of what a person left out of a plan by approving it in part, and counts still."""
    approval = header.approvals[-1]
    return _counting(header.link_set, lambda each: (each.by, each.at) == (approval.by, approval.at))


def standing_about(plan: Plan) -> Sequence[Resolution]:
    """Return the decisions that count about the records that a plan writes to, but for those of undos, which it ends."""
    rows = p.records(plan.writes)
    written = {(row["kind"], row["source_key"]) for row in rows}
    not_retired = written - {(row["kind"], row["source_key"]) for row in rows if row["op"] == p.RETIRE}

    def stands(each: Resolution) -> bool:
        return (each.kind, each.source_key) in (not_retired if each.by.startswith(UNDO) else written)

    return _counting(plan.link_set, stands)


def _counting(link_set: str, asked: Callable[[Resolution], bool]) -> Sequence[Resolution]:
    return [each for each in open_ledger().resolutions(link_set) if asked(each)]


def reject(plan_id: str, by: str) -> PlanHeader:
    """Keep a plan from being applied."""
    ledger = open_ledger()
    ledger.reject(plan_id, by, datetime.now(UTC))
    return ledger.header(plan_id)


def waits(plan_id: str) -> str | None:
    """Return in one line why a plan may not be applied now; None where it may."""
    ledger = open_ledger()
    return ledger.waits(plan_id) or paused(ledger.header(plan_id).sync)


def keeps_back(header: PlanHeader) -> str | None:
    """Return in one line what keeps a plan from being applied that was not applied yet; None where nothing does."""
    return None if header.state == "applied" else waits(header.id)


def apply_plan(plan_id: str, *, run_id: str | None = None, watch: Watch | None = None) -> RunReport:
    """Carry a plan out, by a run of its sync's last step. Raises PlanError where it waits for something."""
    why_not = waits(plan_id)
    if why_not:
        raise PlanError(why_not)
    header = open_ledger().header(plan_id)
    config, steps, tags = applying(header)
    partition = partition_of_plan(header)
    return execute(header.sync, config, steps=steps, partition=partition, run_id=run_id, tags=tags, watch=watch)


def applying(header: PlanHeader) -> tuple[StepConfig, Sequence[str], Mapping[str, str]]:
    """Return the config, the steps and the tags of the run that carries a plan out."""
    return {"applied": {"plan_id": header.id}}, ["applied"], {"asset_sync/plan": header.id}


def partition_of_plan(header: PlanHeader) -> str | None:
    """Return the partition that a plan, or the plan that it takes back, was made for; the newest where that one was pruned."""
    sync = declared(header.sync)
    if sync.apart:
        return header.link_set.removeprefix(f"{header.sync}/")
    partitions = sync.partitions
    if partitions is None:
        return None
    made = open_ledger().header(header.undoes) if header.undoes else header
    with instance() as dagster:
        keys = partitions.get_partition_keys(dynamic_partitions_store=dagster)
        run = dagster.get_run_by_id(made.run_id)
    key = run.tags.get(run_tags.PARTITION) if run else None
    # Dagster lists the partitions of files in the order in which they were added.
    return key if key in keys else next(reversed(keys), None)


@dataclass(frozen=True, slots=True)
class Undo:
    """A plan that takes another one back, and what the guards say of it."""

    plan: Plan
    guards: Sequence[Guard]


def make_undo(plan_id: str) -> Undo:
    """Return the plan that takes back what a plan applied; it is not kept yet. Raises PlanError where that is nothing."""
    ledger = open_ledger()
    plan = ledger.plan(plan_id)
    sync = declared(plan.sync)
    _check_not_undone(ledger, plan)
    _check_all_is_known(ledger, plan)
    undo = inverse(plan, sync.kinds, ledger.outcomes(plan.id), ledger.last_applied(plan.link_set))
    if undo.writes.empty:
        raise PlanError(f"plan {plan.id} applied nothing that could be taken back: asset-sync show {plan.id}")
    snapshot = Snapshot({}, {}, ledger.links(plan.link_set, sync.kinds, sync.remembered))
    return Undo(undo, [guards.retired(undo, snapshot, sync.limits), guards.scope(undo, sync.kinds, sync.policy, snapshot)])


def _check_all_is_known(ledger: Ledger, plan: Plan) -> None:
    """Raise PlanError where something may stand in the target that no undo would take back, nor a later run know as its own."""
    unheard_of = ledger.unheard_of(plan.link_set)
    if unheard_of is not None and not ledger.was_looked_into(unheard_of[0].id):
        last, sent = unheard_of
        look = f"asset-sync run {p.as_asked(plan.sync, plan.link_set)} --mode dry-run looks what was stored; then undo"
        raise PlanError(f"the apply of plan {last.id} was interrupted over {len(sent)} writes that may stand: {look}")


def _check_not_undone(ledger: Ledger, plan: Plan) -> None:
    """Refuse to take back once more what was taken back whole: what stands there since is somebody's."""
    for undo_id in ledger.undone_by(plan.id):
        outcomes = ledger.outcomes(undo_id).values()
        if outcomes and all(outcome.outcome in {APPLIED, ALREADY} for outcome in outcomes):
            raise PlanError(f"plan {plan.id} was taken back by plan {undo_id}; to take that back: asset-sync undo {undo_id}")


def save_undo(undo: Undo, run_id: str, by: str, *, in_spite_of_guards: bool = False) -> PlanHeader:
    """Keep an undo with its guards' verdicts, and who asked for it; `run_id` is of the run that is about to apply it.

    To ask for it is to approve it, but for what a guard stops.
    """
    ledger = open_ledger()
    ledger.save(undo.plan, run_id, datetime.now(UTC))
    ledger.save_guards(undo.plan.id, undo.guards)
    if in_spite_of_guards or all(guard.passed for guard in undo.guards):
        return approve(undo.plan.id, by)
    return ledger.header(undo.plan.id)


@dataclass(frozen=True, slots=True)
class Restored:
    """How many values of a field an undo put back, and how many it did not (a person changed them since, or it failed)."""

    kind: str
    field: str
    back: int
    not_back: int


def restored(plan_id: str) -> list[Restored]:
    """Return, field by field, what came back by an undo."""
    ledger = open_ledger()
    outcomes = ledger.outcomes(plan_id)
    counted: dict[tuple[str, str], Counter[bool]] = {}
    for row in p.records(ledger.plan(plan_id).writes):
        back = row["seq"] in outcomes and outcomes[row["seq"]].outcome in {APPLIED, ALREADY}
        for name in p.decode(row["changes"]):
            counted.setdefault((row["kind"], name), Counter())[back] += 1
    return [Restored(kind, name, n[True], n[False]) for (kind, name), n in counted.items()]


def history(kind: str, target_id: str, field: str | None = None, sync: str | None = None) -> pd.DataFrame:
    """Return who set an object's values, newest first, all syncs or one; see `Ledger.history`.

    Raises ConfigurationError for a kind, a field or a sync that there is not, and of which nothing is known from earlier; and
    for an object that no sync knows.
    """
    ledger = open_ledger()
    written = ledger.history(kind, target_id, field)
    if sync is not None:
        written = written[written["sync"] == sync]
    if written.empty:
        check_known(kind, field, sync)
        if ledger.history(kind, target_id).empty and not open_records().is_linked(kind, target_id):
            raise ConfigurationError(
                f"nothing is known of {kind} {target_id!r}: no sync has written to it or knows it; give its id in the target"
            )
    return written


def check_known(kind: str | None, field: str | None, sync: str | None) -> None:
    """Raise ConfigurationError for a kind, a field of it (or of any), or a sync that there is not."""
    syncs = [declared(sync.partition("/")[0])] if sync else [declared(name) for name in planning_syncs()]
    kinds = sorted({name for each in syncs for name in each.kinds})
    if kind is not None and kind not in kinds:
        raise ConfigurationError(f"no sync has a kind {kind!r}; there are {', '.join(kinds)}")
    meant = [each.kinds[name] for each in syncs for name in each.kinds if kind in {None, name}]
    fields = sorted({known.name for each in meant for known in each.fields})
    if field is not None and field not in fields:
        raise ConfigurationError(f"no sync has a field {field!r} of {kind or 'any kind'}; there are {', '.join(fields)}")


@dataclass(frozen=True, slots=True)
class Missing:
    """A linked object whose record the source no longer has; `retired_by` is None while it is in service."""

    kind: str
    target_id: str
    source_key: str
    since: datetime
    runs: int
    retired_by: str | None


def missing(sync: str) -> list[Missing]:
    """Return what the source of a sync no longer has, the longest missing first."""
    found = [
        Missing(kind, row["target_id"], row["source_key"], row["missing_since"], row["missing_runs"], row["retired_by"])
        for linked in _each_linked(declared(sync))
        for kind, table in linked.known_links(open_ledger()).items()
        for row in _rows(table[table["missing_since"].notna() & table["told_by"].isna()])
    ]
    return sorted(found, key=lambda each: (each.since, each.kind, each.source_key))


def _each_linked(sync: Sync) -> list[Sync]:
    """Return the sync once for each set of links that it has: those of its connections, where these are apart."""
    if not sync.apart or sync.partitions is None:
        return [sync]
    return [sync.of_connection(key) for key in sync.partitions.get_partition_keys()]


def _rows(table: pd.DataFrame) -> list[dict[Hashable, Any]]:
    return table.astype(object).where(table.notna(), None).to_dict("records")
