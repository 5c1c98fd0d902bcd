"""The command `check`: what is wrong in the YAML files of syncs."""

from pathlib import Path

import click


@click.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--connect", is_flag=True, help="Ask the targets, too: for choices and custom fields that they do not have.")
@click.pass_context
def check(context: click.Context, files: tuple[Path, ...], connect: bool) -> None:
    """Check the YAML FILES of syncs, or all of the project, without a run: a line for each; status 1 where one is wrong."""
    from asset_sync.operations import checking  # noqa: PLC0415 - loads every component

    found = list(checking.check(files, connect=connect))
    for each in found:
        click.echo(each.wrong or f"{each.file}: right", err=each.wrong is not None)
        for told in each.minds:
            click.echo(f"{each.file}: mind: {told}")
    context.exit(1 if any(each.wrong for each in found) else 0)
