"""`asset-sync backup` and `asset-sync restore`: what asset_sync keeps in PostgreSQL, as one file and back."""

import json
from pathlib import Path

import click

from asset_sync import settings
from asset_sync.operations import backups
from asset_sync.operations.backups import Backup

_json = click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@_json
@click.pass_obj
def backup(here: Path, file: Path, as_json: bool) -> None:
    """Write ledger, mirror and what was sent into FILE, a new one that you alone may read; no run may be under way.

    Dagster's history is not in it, nor are the files of plans and snapshots below ASSET_SYNC_HOME.
    """
    made = backups.backup(here / file)
    if as_json:
        click.echo(_as_json(made))
        return
    click.echo(f"Backed up: {_schemas(made)} of {made.database}, into {made.file}.")
    click.echo(f"Not in it: Dagster's history; and in {settings.home()}, the files from which a plan that waits is applied.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--over", metavar="DATABASE", help="The name of the database, whose data FILE is to replace; postgres for the embedded one."
)
@click.option("--to", metavar="VARIABLE", help="The variable of the environment that holds the URL of another database.")
@_json
@click.pass_obj
def restore(here: Path, file: Path, over: str | None, to: str | None, as_json: bool) -> None:
    """Put the backup in FILE into the database, whole or not at all; tables of an older version are brought up to date.

    A database that has data is left alone, unless --over names it; no run may be under way. The database is the one that
    DATABASE_URL names, else the embedded one.
    """
    if to is not None and not to.isidentifier():
        raise click.BadParameter("name a variable of the environment, which holds the URL", param_hint="--to")
    made = backups.restore(here / file, over=over, to=to)
    if as_json:
        click.echo(_as_json(made))
        return
    click.echo(f"Restored: {_schemas(made)} into {made.database}, from {made.file}.")
    click.echo(
        "A sync that wrote since the backup has a target that is newer than its ledger now: asset-sync rebase SYNC, for each"
    )
    click.echo("of its connections, before its next run. docs/operating.md says what that knows.")


def _schemas(made: Backup) -> str:
    return ", ".join(f"{schema} ({version})" for schema, version in made.versions.items())


def _as_json(made: Backup) -> str:
    return json.dumps({"file": str(made.file), "database": made.database, "versions": dict(made.versions)})
