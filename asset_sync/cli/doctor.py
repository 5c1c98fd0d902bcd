"""The command `doctor`: whether every system, the database and Dagster can be used, and what to do where not."""

import click

from asset_sync.api.standing import Examination
from asset_sync.cli.console import json_option
from asset_sync.operations.doctor import Examined, examine


@click.command()
@click.argument("names", nargs=-1, metavar="[SYNC|SYSTEM]...")
@json_option
@click.pass_context
def doctor(context: click.Context, names: tuple[str, ...], *, as_json: bool) -> None:
    """Examine the systems of all syncs, or of those named, and what asset_sync stands on: a line for each check.

    Nothing is written anywhere. Status 0 where no check failed, 1 where one did; `asset_sync` names the program's own checks. A
    system of which no variable is set is passed over unless it is named.
    """
    found: list[Examined] = []
    for examined in examine(names):
        found.append(examined)
        if not as_json:
            _tell(examined)
    if as_json:
        click.echo(Examination.of(found).model_dump_json())
    context.exit(1 if any(each.failed for each in found) else 0)


def _tell(examined: Examined) -> None:
    name = f"{examined.system} {examined.connection}".rstrip()
    for finding in examined.findings:
        to_do = f" → {finding.to_do}" if finding.to_do else ""
        click.echo(f"{finding.status:<7} {name:<16} {finding.check:<10} {finding.told}{to_do}")
