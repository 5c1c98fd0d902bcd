"""`asset-sync config`: the YAML of syncs, checked, and examples of it."""

import click

from asset_sync.cli.check import check
from asset_sync.operations.examples import example as made


@click.group()
def config() -> None:
    """Check the YAML of syncs, and print examples of it with every key that there is."""


# The same command as `asset-sync check`: there is one check.
config.add_command(check)


@config.command()
@click.argument("name", metavar="SYNC|SYSTEM")
def example(name: str) -> None:
    """Print a YAML with every key, its default and what it means, of a SYNC of the project or of a small one of a SYSTEM.

    What it prints passes the check: write it to a defs.yaml in a folder of its own.
    """
    click.echo(made(name), nl=False)
