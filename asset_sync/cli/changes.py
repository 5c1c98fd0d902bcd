"""The command that tells what was written since a moment."""

import click
from pydantic import TypeAdapter

from asset_sync.cli.console import Whole, printed, row, table
from asset_sync.ledger.written import Page, Written
from asset_sync.operations import changes as operations
from asset_sync.operations.changes import Changes
from asset_sync.operations.explained_words import value
from asset_sync.reconcile.errors import ConfigurationError


@click.command()
@click.option("--since", metavar="WHEN", required=True, help="A date, a date and time (local without a zone), or 12h, 3d, 2w.")
@click.option("--sync", metavar="S", help="Only of this sync; of a connection: netbox_to_wug/main.")
@click.option("--kind", metavar="K", help="Only of this kind of object.")
@click.option("--field", metavar="F", help="Only of this field.")
@click.option("--detail", is_flag=True, help="The objects, too: which value, in which plan and run, approved by whom.")
@click.option("--limit", type=Whole(1, 10_000), default=100, show_default=True, help="As many with --detail.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def changes(
    since: str, sync: str | None, kind: str | None, field: str | None, limit: int, *, detail: bool, as_json: bool
) -> None:
    """Tell what was written to targets since WHEN, undos and decisions included: by sync, kind and field."""
    try:
        at = operations.moment(since, operations.local_now()).astimezone()
    except ConfigurationError as error:
        raise click.BadParameter(str(error), param_hint="--since") from None
    found = operations.changes(at, sync=sync, kind=kind, field=field, most=limit if detail else None)
    if as_json:
        click.echo(TypeAdapter(Changes).dump_json(found, indent=2))
        return
    click.echo(f"Since {at:%Y-%m-%d %H:%M:%S} {at.tzname()} ({at:%z}):")
    if not found.counted:
        click.echo("Nothing was written, and nobody decided anything.")
        return
    shown = table("sync", "kind", "field", "what", "values", "objects", right=("values", "objects"))
    for each in found.counted:
        shown.add_row(*row(each.sync, each.kind, each.field, each.what, each.values, each.objects))
    printed().print(shown)
    if found.page is not None:
        _tell(found.page)


def _tell(page: Page) -> None:
    shown = table("at", "sync", "what", "kind", "object", "field", "old", "new", "by", "plan", "run")
    for each in page.rows:
        at = f"{each.at.astimezone():%Y-%m-%d %H:%M:%S%z}"
        values = (None, None) if each.detail else (value(each.old), value(each.new))
        what = each.detail or each.what
        shown.add_row(
            *row(at, each.sync, what, each.kind, _object(each), each.field, *values, each.by, each.plan_id, each.run_id)
        )
    printed().print("", shown)
    if page.more:
        click.echo(f"\nThere are more, earlier ones: these are the latest {len(page.rows)}. --limit shows more, up to 10000.")


def _object(each: Written) -> str:
    name = each.key or each.source_key or ""
    return f"{name} (#{each.target_id})" if each.target_id else name
