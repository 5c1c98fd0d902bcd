"""`asset-sync trigger`: a run that is handed to the daemon, or to a service, and not carried out in this process."""

import click

from asset_sync.operations import asking
from asset_sync.operations.daemon import daemon_lives


@click.command()
@click.argument("sync")
@click.option("--partition", metavar="KEY", help="The connection, or the export file; one connection alone need not be named.")
def trigger(sync: str, partition: str | None) -> None:
    """Have SYNC run once in Dagster's queue, and print the id that it was asked for by; `asset-sync run` runs it here."""
    click.echo(asking.ask(sync, partition=partition))
    if not daemon_lives():
        told = "no daemon is alive: it begins with `asset-sync serve`, or once a daemon is there, and lapses in an hour"
        click.echo(f"asset-sync: {told}", err=True)
