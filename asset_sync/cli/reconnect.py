"""`asset-sync reconnect`: whose the links and decisions are of a connection that came, went, or has another name."""

import click

from asset_sync.operations import reconnecting


@click.command()
@click.argument("sync")
@click.option("--was", metavar="CONNECTION", help="The connection that they were made by; without, the sync had none then.")
@click.option("--now", metavar="CONNECTION", help="The connection that goes on with them; without, the sync has none now.")
@click.option("--forget", is_flag=True, help="Nobody goes on with them: links and decisions are dropped.")
def reconnect(sync: str, was: str | None, now: str | None, forget: bool) -> None:
    """Let links and decisions of SYNC be those of another connection, after its YAML got or lost one, or renamed it.

    Those of a SYNC that is no more can only be forgotten: until then, what it had stays in service for other syncs.
    """
    if forget and now:
        raise click.UsageError("--forget and --now: say one of them")
    if forget:
        click.echo(f"Forgotten: {reconnecting.forget(sync, was)}.")
        return
    old = reconnecting.reconnect(sync, was, now)
    click.echo(f"{old}: of {f'{sync}/{now}' if now else sync} from now on.")
