"""`asset-sync schedules`, `pause` and `resume`: what starts runs by itself, and what is not to write now."""

from collections.abc import Sequence

import click
from pydantic import TypeAdapter

from asset_sync.api.schedules import PauseList
from asset_sync.cli.console import by_option, printed, row, table
from asset_sync.ledger import Pause
from asset_sync.operations import automation, pausing
from asset_sync.operations.automation import Automation
from asset_sync.operations.daemon import daemon_lives

_json = click.option("--json", "as_json", is_flag=True, help="Tell it as JSON.")


@click.group()
def schedules() -> None:
    """Tell what starts runs by itself, and switch it on and off: as in Dagster's UI, and the same.

    NAME is a schedule, a sensor, or a sync with all that it has; without it, all of all syncs are meant.
    """


@schedules.command("list")
@click.argument("name", required=False)
@_json
def list_(name: str | None, *, as_json: bool) -> None:
    """List schedules and sensors, whether they are on, and when they start the next run."""
    _tell(automation.automations(name), as_json=as_json)


@schedules.command()
@click.argument("name", required=False)
@_json
def start(name: str | None, *, as_json: bool) -> None:
    """Switch schedules and sensors on."""
    _tell(automation.start(name), as_json=as_json)
    if not daemon_lives():
        click.echo("asset-sync: nothing starts by itself until a daemon runs: asset-sync dev, or dagster dev", err=True)


@schedules.command()
@click.argument("name", required=False)
@_json
def stop(name: str | None, *, as_json: bool) -> None:
    """Switch schedules and sensors off."""
    _tell(automation.stop(name), as_json=as_json)


@click.command()
@click.argument("sync", required=False)
@click.option("--reason", required=True, help="Whoever meets the pause is told it.")
@by_option("Who pauses it")
@_json
def pause(sync: str | None, reason: str, by: str, *, as_json: bool) -> None:
    """Hold what SYNC writes, or what all syncs do: runs refuse to write until `asset-sync resume`."""
    _tell_paused(pausing.pause(sync, reason, by), as_json=as_json)


@click.command()
@click.argument("sync", required=False)
@_json
def resume(sync: str | None, *, as_json: bool) -> None:
    """Let SYNC write again, or what was paused as all of it."""
    _tell_paused(pausing.resume(sync), as_json=as_json)


def _tell(found: Sequence[Automation], *, as_json: bool) -> None:
    if as_json:
        click.echo(TypeAdapter(Sequence[Automation]).dump_json(found, indent=2))
        return
    shown = table("name", "sync", "on", "when", "next (UTC)")
    for each in found:
        when = f"{each.cron} {each.timezone}" if each.cron else each.kind
        following = f"{each.next_at:%Y-%m-%d %H:%M}" if each.next_at else ""
        shown.add_row(*row(each.name, each.sync, "yes" if each.on else "no", when, following))
    printed().print(shown)
    for pause in pausing.pauses():
        click.echo(str(pause))


def _tell_paused(found: Sequence[Pause], *, as_json: bool) -> None:
    if as_json:
        click.echo(PauseList(paused=found).model_dump_json(indent=2))
        return
    for each in found:
        click.echo(str(each))
    if not found:
        click.echo("Nothing is paused.")
