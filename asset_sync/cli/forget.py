"""The command `forget`: a host that is no more."""

import click

from asset_sync.operations import hosts


@click.command()
@click.argument("host")
def forget(host: str) -> None:
    """Forget HOST, named by its name, its partition or its id: the next run takes what it had for gone.

    Its last document is put aside. It is known again once a later one comes.
    """
    click.echo(f"{hosts.forget(host)} is forgotten: the next run of a sync of hosts takes what it had for gone.")
