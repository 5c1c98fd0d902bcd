"""`asset-sync connections`: what was sent to each WhatsUp Gold, and what became of it."""

from dataclasses import asdict

import click
from rich.text import Text

from asset_sync.api.models import ConnectionList, ConnectionStanding
from asset_sync.cli.console import json_option, printed, row, table
from asset_sync.operations.connections import Standing, connection
from asset_sync.operations.connections import connections as every_connection

_COUNTS = ("total", "pending", "exported", "scan_triggered", "scan_completed", "error")


@click.command()
@click.argument("name", required=False)
@json_option
def connections(name: str | None, *, as_json: bool) -> None:
    """Tell how the connections to WhatsUp Gold stand; of the one called NAME, also its last ten exports."""
    chosen = [connection(name)] if name else every_connection()
    if as_json:
        told = ConnectionList(connections=[ConnectionStanding.of(each) for each in chosen])
        click.echo(told.model_dump_json(indent=2))
        return
    if not chosen:
        click.echo("No sync has a connection to WhatsUp Gold.")
        return
    shown = table("connection", "sync", "enabled", *(count.replace("_", " ") for count in _COUNTS), "last export (UTC)")
    for each in chosen:
        shown.add_row(*_row(each))
    printed().print(shown)
    if name:
        _tell_recent(chosen[0])


def _row(standing: Standing) -> list[Text]:
    numbers = asdict(standing.statistics)
    last = standing.statistics.last_export
    told = f"{last:%Y-%m-%d %H:%M:%S}" if last else "never"
    enabled = "yes" if standing.enabled else "no"
    return row(standing.connection, standing.sync, enabled, *(numbers[count] for count in _COUNTS), told)


def _tell_recent(standing: Standing) -> None:
    shown = table("at (UTC)", "address", "device", "status", "error")
    for change in standing.statistics.recent:
        shown.add_row(*row(f"{change.at:%Y-%m-%d %H:%M:%S}", change.address, change.device_name, change.status, change.error))
    printed().print(shown)
