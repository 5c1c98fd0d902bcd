"""The command that explains one record."""

import click
from pydantic import TypeAdapter

from asset_sync.operations import explaining as operations
from asset_sync.operations.explained_words import words
from asset_sync.operations.explanation import Explanation
from asset_sync.reconcile.visible import visible


@click.command()
@click.argument("sync")
@click.argument("record")
@click.option("--kind", metavar="KIND", help="As in the mapping (asset, device, …), where the record makes several.")
@click.option("--partition", metavar="NAME", help="The connection, where the sync has several.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def explain(sync: str, record: str, kind: str | None, partition: str | None, *, as_json: bool) -> None:
    """Tell of RECORD of SYNC why that was done to it, or why not: from its source's row to what became of it.

    RECORD is its key in the source, else the name or the id (#17) of its object. Nothing is asked of any system: all is told by
    what is kept of the last look, and by the ledger.
    """
    told = operations.explain(sync, record, kind=kind, connection=partition)
    if as_json:
        click.echo(TypeAdapter(Explanation).dump_json(told, indent=2))
        return
    for line in words(told):
        click.echo(visible(line))
