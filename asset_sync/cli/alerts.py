"""`asset-sync alerts`: what people are told, by which channels, and telling it without a daemon."""

import json
from dataclasses import asdict
from datetime import UTC, datetime

import click

from asset_sync.cli.console import printed, row, table
from asset_sync.operations import definitions, telling


@click.group(no_args_is_help=False)
def alerts() -> None:
    """Tell people what they have to know: failures, what waits, is held, is stale, drifts."""


@alerts.command()
@click.pass_context
def send(context: click.Context) -> None:
    """Look what is the case and tell what is due, once each: for cron, where no daemon runs.

    The exit status is 1 where a channel does not take it; it is tried again later.
    """
    asked = telling.configured()
    if not asked.channels:
        click.echo(asked.nobody())
        return
    with definitions.instance() as dagster:
        reports = telling.send(asked, dagster, datetime.now(UTC))
    _tell(context, reports)


@alerts.command("test")
@click.argument("channel", required=False)
@click.pass_context
def test_(context: click.Context, channel: str | None) -> None:
    """Send a test message to CHANNEL, or to all; the exit status is 1 where one does not take it."""
    _tell(context, telling.try_out(channel))


def _tell(context: click.Context, reports: list[telling.ChannelReport]) -> None:
    for report in reports:
        click.echo(report.told, err=report.problem is not None)
    context.exit(1 if any(report.problem for report in reports) else 0)


@alerts.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON array on standard output.")
def list_(as_json: bool) -> None:
    """List what is open now, and which channels were told when."""
    found = telling.open_now(datetime.now(UTC))
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found], indent=2, default=str))
        return
    shown = table("what", "about", "why", "plan", "told (UTC)")
    for each in found:
        told = ", ".join(f"{name} {_moment(at)}" for name, at in each.told_at.items())
        shown.add_row(*row(each.cause.sort, each.cause.about, each.cause.why, each.cause.plan_id, told))
    printed().print(shown if found else "Nothing is open.")


def _moment(at: datetime | None) -> str:
    return "not yet" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"
