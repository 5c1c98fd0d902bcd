"""`asset-sync run`: one run of a sync in this process."""

from collections.abc import Mapping
from typing import Final

import click

from asset_sync import settings
from asset_sync.cli.console import outcome_line, progress
from asset_sync.components.resources import open_ledger
from asset_sync.operations.runs import RunReport, log_file, run_sync
from asset_sync.reconcile import report as plan_report
from asset_sync.reconcile.plan import Mode

_MODES: Final[Mapping[str, Mode]] = {"normal": "normal", "full": "full", "review": "review", "dry-run": "dry_run"}


@click.command()
@click.argument("sync")
@click.option(
    "--mode",
    type=click.Choice(list(_MODES)),
    default="normal",
    show_default=True,
    help="full writes every mapped field, review makes a plan that waits for approval, dry-run only shows the plan.",
)
@click.pass_context
def run(context: click.Context, sync: str, mode: str) -> None:
    """Run SYNC once: read, plan, check the guards, apply, read back."""
    with progress() as watching:
        report = run_sync(sync, _MODES[mode], watch=watching(sync))
    tell(report)
    context.exit(0 if report.succeeded else 1)


def tell(report: RunReport) -> None:
    """Print a run's plan and what became of it; why it failed on standard error."""
    if report.plan is not None:
        plan = open_ledger().plan(report.plan.id)
        click.echo(plan_report.headline(plan))
        click.echo(f"Plan {plan.id}: asset-sync show {plan.id}; all rows: {settings.home() / 'plans' / f'{plan.id}.csv'}")
    if report.applied:
        click.echo(outcome_line(report))
    elif report.succeeded and report.plan is not None:
        click.echo(_not_applied(report.plan.id, report.plan.mode))
    for reason in report.reasons:
        click.echo(f"asset-sync: {reason}", err=True)
    if not report.succeeded:
        click.echo(f"asset-sync: run {report.run_id} failed; its log: {log_file()}", err=True)


def _not_applied(plan_id: str, mode: str) -> str:
    if mode == "dry_run":
        return "Dry run: nothing was written."
    return f"Nothing was written yet. To apply it: asset-sync approve {plan_id} && asset-sync apply {plan_id}"
