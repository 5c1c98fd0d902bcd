"""The command `collect`: what a machine is, as a document for the syncs of hosts."""

from pathlib import Path
from typing import Final

import click

from asset_sync.cli.signals import in_time
from asset_sync.operations import collecting

_WHERE: Final = "Write it there, whole or not at all; in a folder, under the host's name. With --ssh, a folder."


@click.command()
@click.argument("hosts", nargs=-1, metavar="[HOST]...")
@click.option("--ssh", is_flag=True, help="Collect on each HOST (or USER@HOST), by the ssh and Python 3.9 or later there.")
@click.option("--services", is_flag=True, help="Tell what listens, too.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of the document instead.")
@click.option("--output", metavar="FILE|FOLDER", type=click.Path(path_type=Path), help=_WHERE)
@click.pass_context
def collect(
    context: click.Context, *, hosts: tuple[str, ...], ssh: bool, services: bool, schema: bool, output: Path | None
) -> None:
    """Print what this machine is, as one JSON document; what could not be read is null, and its `unread` says why.

    With --ssh, each HOST's document is written into the folder, and what went wrong is told in a line for each; status 1 then.
    """
    if bool(hosts) != ssh:
        raise click.UsageError("--ssh needs a HOST" if ssh else "a HOST is asked by --ssh alone")
    # A path counts from where the user is; meanwhile this runs in the project's folder.
    place = None if output is None else context.obj / output
    if schema and (ssh or place):
        raise click.UsageError("--schema is printed, and asks no host")
    if ssh and place is None:
        raise click.UsageError("--ssh needs --output FOLDER for the documents")
    if place is None:
        click.echo(collecting.schema() if schema else collecting.here(services=services), nl=False)
    elif not ssh:
        click.echo(f"{collecting.here_into(place, services=services)}")
    elif not _by_ssh(hosts, place, services=services):
        context.exit(1)


def _by_ssh(hosts: tuple[str, ...], folder: Path, *, services: bool) -> bool:
    """Tell what became of each host; return whether all went well."""
    right = True
    with in_time():
        for each in collecting.by_ssh(hosts, folder, services=services):
            right &= each.wrong is None
            click.echo(f"{each.host}: {each.wrong or each.file}", err=each.wrong is not None)
    return right
