"""The command `check`: what is wrong in the YAML files of syncs."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from asset_sync.cli.console import json_option
from asset_sync.operations import checking
from asset_sync.operations.checking import Checked


@click.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--connect", is_flag=True, help="Ask the targets, too: for choices and custom fields that they do not have.")
@json_option
@click.pass_context
def check(context: click.Context, *, files: tuple[Path, ...], connect: bool, as_json: bool) -> None:
    """Check the YAML FILES of syncs, or all of the project, without a run: a line for each; status 1 where one is wrong."""
    found = list(checking.check(files, connect=connect))
    if as_json:
        click.echo(json.dumps(_as_json(found), indent=2))
    else:
        _tell(found)
    context.exit(1 if any(each.wrong for each in found) else 0)


def _tell(found: Sequence[Checked]) -> None:
    for each in found:
        click.echo(each.wrong or f"{each.file}: right", err=each.wrong is not None)
        for told in each.minds:
            click.echo(f"{each.file}: mind: {told}")


def _as_json(found: Sequence[Checked]) -> Mapping[str, Any]:
    files = [{"file": str(each.file), "wrong": each.wrong, "minds": list(each.minds)} for each in found]
    return {"right": not any(each.wrong for each in found), "files": files}
