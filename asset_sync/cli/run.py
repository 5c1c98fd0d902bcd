"""`asset-sync run`: one run of a sync in this process."""

from collections.abc import Mapping, Sequence
from typing import Final

import click

from asset_sync import database, settings
from asset_sync.api.models import Run, RunList
from asset_sync.cli.console import json_option, outcome_line, printed, progress, row, table
from asset_sync.components.resources import open_ledger
from asset_sync.ledger import PlanHeader
from asset_sync.mirror.runs import LoadRun, load_of_run
from asset_sync.operations.definitions import makes_plans
from asset_sync.operations.exports import export_folder, takes_exports, waiting_exports
from asset_sync.operations.hosts import take_documents
from asset_sync.operations.plans import keeps_back
from asset_sync.operations.reports import own_report
from asset_sync.operations.run_history import find_run
from asset_sync.operations.runs import RunReport, log_file, log_of, run_sync
from asset_sync.reconcile import report as plan_report
from asset_sync.reconcile.errors import AssetSyncError
from asset_sync.reconcile.plan import Mode, Plan
from asset_sync.reconcile.target import CONFLICT
from asset_sync.reconcile.visible import visible

_MODES: Final[Mapping[str, Mode]] = {"normal": "normal", "full": "full", "review": "review", "dry-run": "dry_run"}

_MOST_NAMED: Final = 10

_partition = click.option(
    "--partition", metavar="KEY", help="The connection, or the export file; one connection alone need not be named."
)
_asked = click.option(
    "--only",
    metavar="NAME=VALUES",
    multiple=True,
    help="What the source is asked for in this run: sites=berlin,oslo, roles, tags, types, ids; the rest is left alone.",
)


@click.command()
@click.argument("sync")
@click.option(
    "--mode",
    type=click.Choice(list(_MODES)),
    default="normal",
    show_default=True,
    help="full writes every mapped field, review makes a plan that waits for approval, dry-run only shows the plan.",
)
@_partition
@_asked
@json_option
@click.pass_context
def run(context: click.Context, *, sync: str, mode: str, partition: str | None, only: tuple[str, ...], as_json: bool) -> None:
    """Run SYNC once: read, plan, check the guards, apply, read back; a mirror is loaded, and knows normal and full only.

    A sync of export files runs once for each file in its folder that had no run yet, the one that came first first; one of
    hosts takes in the documents in its folder, and runs once for all of them.
    """
    context.exit(_run_each(sync, _MODES[mode], partition, _only(only), as_json=as_json))


@click.command()
@click.argument("sync")
@_partition
@_asked
@json_option
@click.pass_context
def plan(context: click.Context, *, sync: str, partition: str | None, only: tuple[str, ...], as_json: bool) -> None:
    """Make a plan of SYNC that waits: nothing is written until somebody approves and applies it.

    It is what `run --mode review` does; `run --mode dry-run` makes one that cannot be applied.
    """
    context.exit(_run_each(sync, "review", partition, _only(only), as_json=as_json))


def _run_each(sync: str, mode: Mode, partition: str | None, only: Mapping[str, list[str]], *, as_json: bool) -> int:
    """Run a sync, for each of its partitions that are to be run; return the exit status."""
    refused = take_documents(sync)
    for line in refused:
        click.echo(f"asset-sync: {line}", err=True)
    ran: list[RunReport] = []
    for key in _partitions(sync, partition, as_json=as_json):
        ran.append(_run(sync, mode, key, only))
        if as_json:
            tell_failure(ran[-1])
        else:
            tell(ran[-1])
    if as_json:
        click.echo(RunList(runs=[_run_of(report) for report in ran]).model_dump_json(indent=2))
    return max(map(status_of, ran), default=0) if not refused else 1


def _partitions(sync: str, given: str | None, *, as_json: bool) -> Sequence[str | None]:
    """Return the partitions to be run; None for a sync that has none, or of which one has to be named."""
    if given or not takes_exports(sync):
        return [given]
    waiting = waiting_exports(sync)
    if not waiting:
        why = f"There is no file in {export_folder(sync)} that did not have its run (an empty one waits to be filled)"
        told = f"{why}; --partition names an earlier one."
        click.echo(told, err=as_json)
    return waiting


def _run(sync: str, mode: Mode, partition: str | None, only: Mapping[str, list[str]]) -> RunReport:
    with progress() as watching:
        return run_sync(sync, mode, partition=partition, only=only, watch=watching(sync))


@click.command()
@click.argument("sync")
@click.option("--partition", metavar="KEY", help="The connection; one connection alone need not be named.")
@json_option
@click.pass_context
def rebase(context: click.Context, *, sync: str, partition: str | None, as_json: bool) -> None:
    """Take the target of SYNC as it stands for what was applied last, after it or the ledger came back from a backup.

    Nothing is written to it; the next run plans what the source says otherwise. What a person edited, of objects that are not
    older than what was last written to them, stays a person's: where the ledger is the older one, the target's change log tells
    what was written since from what a person changed. docs/operating.md says exactly what is known, and what is not.
    """
    with progress() as watching:
        report = run_sync(sync, "rebase", partition=partition, watch=watching(f"rebase {sync}"))
    if report.succeeded and report.plan is not None and not as_json:
        rebased = open_ledger().plan(report.plan.id).operations
        click.echo(f"The target is taken as it stands (records: {len(rebased)}). Next: asset-sync run {sync} --mode dry-run")
    else:
        tell(report, as_json=as_json)
    context.exit(status_of(report))


def status_of(report: RunReport) -> int:
    """Return the exit status after a run: 0 only where all that it was to write is written."""
    return 0 if report.succeeded and not report.outcomes.get(CONFLICT) else 1


def tell(report: RunReport, *, as_json: bool = False) -> None:
    """Print a run's plan and what became of it, or what was loaded, in words or as JSON; why it failed on standard error."""
    if as_json:
        click.echo(_run_of(report).model_dump_json(indent=2))
    else:
        _tell_result(report)
    tell_failure(report)


def _run_of(report: RunReport) -> Run:
    """Return a run that ended here as the service tells it, too."""
    found = find_run(report.run_id)
    if found is None:
        raise AssetSyncError(f"run {report.run_id} is not known to Dagster any more")
    return Run.of(found)


def tell_failure(report: RunReport) -> None:
    """Say on standard error what a run did not write since somebody edited it, why it failed, and where its log is."""
    if report.applied and report.plan is not None and report.outcomes.get(CONFLICT):
        _tell_conflicts(report.plan.id)
    for reason in report.reasons:
        click.echo(f"asset-sync: {reason}", err=True)
    if not report.succeeded:
        click.echo(
            f"asset-sync: run {report.run_id} failed; see its log: {log_of(report.run_id)}; all runs: {log_file()}", err=True
        )


def _tell_conflicts(plan_id: str) -> None:
    """Name the rows of a plan that were left as somebody had made them since."""
    ledger = open_ledger()
    operations = ledger.plan(plan_id).operations
    left = [each for each in ledger.outcomes(plan_id).values() if each.outcome == CONFLICT]
    for each in left[:_MOST_NAMED]:
        kind, key = operations.loc[each.seq, ["kind", "key"]]
        named = f"{kind} {key}" + (f" (#{each.target_id})" if each.target_id else "")
        click.echo(f"asset-sync: not written: {visible(named)}: {visible(each.detail or CONFLICT)}", err=True)
    more = f" and {len(left) - _MOST_NAMED} more" if len(left) > _MOST_NAMED else ""
    click.echo(f"asset-sync: what somebody edited since plan {plan_id} was kept{more}: asset-sync show {plan_id}", err=True)


def _tell_result(report: RunReport) -> None:
    if report.plan is not None:
        plan = open_ledger().plan(report.plan.id)
        click.echo(plan_report.headline(plan))
        if both := plan_report.conflicts(plan):
            click.echo(both)
        click.echo(f"Plan {plan.id}: asset-sync show {plan.id}; all rows: {settings.home() / 'plans' / f'{plan.id}.csv'}")
    if report.applied:
        click.echo(outcome_line(report))
        if report.waits:
            click.echo(f"Plan {report.waits} waits for approval: asset-sync show {report.waits}")
        if report.plan and report.plan.held:
            click.echo(f"What is held, and what can be decided: asset-sync held {report.sync}")
    elif report.succeeded and report.plan is not None:
        click.echo(_not_applied(open_ledger().plan(report.plan.id), report.plan))
    if report.succeeded and not makes_plans(report.sync) and (load := load_of_run(database.engine(), report.run_id)):
        _tell_load(report, load)


def _tell_load(report: RunReport, load: LoadRun) -> None:
    numbers = ("read", "inserted", "updated", "deleted")
    shown = table("table", *numbers, right=numbers)
    for name, rows in load.tables.items():
        shown.add_row(*row(name, rows.read, rows.inserted, rows.updated, rows.deleted))
    printed().print(shown)
    rows = load.written
    told = f"{rows.read} rows read, {rows.inserted} inserted, {rows.updated} updated, {rows.deleted} deleted"
    click.echo(f"Loaded: {told}; {load.requests} requests; {report.seconds} s; run {report.run_id}.")
    if report.converged is False:
        click.echo("asset-sync: the source has other numbers of rows than were loaded: run it again with --mode full", err=True)


def _not_applied(plan: Plan, header: PlanHeader) -> str:
    if header.state == "rejected":
        return f"Nothing was written: {keeps_back(header)}"
    if plan.mode != "dry_run":
        return f"Nothing was written yet. To apply it: asset-sync approve {plan.id} && asset-sync apply {plan.id}"
    # One that has words of its own says so itself.
    own = own_report(plan)
    return f"\n{own}".rstrip() if own else "Dry run: nothing was written."


def _only(given: tuple[str, ...]) -> dict[str, list[str]]:
    """Return what the source is asked for, by name."""
    found: dict[str, list[str]] = {}
    for each in given:
        name, _, values = each.partition("=")
        if not name or not values:
            raise click.BadParameter(f"{each!r}: write NAME=VALUE,VALUE such as roles=switch", param_hint="--only")
        found.setdefault(name, []).extend(value.strip() for value in values.split(","))
    return found
