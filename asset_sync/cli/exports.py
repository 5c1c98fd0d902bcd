"""`asset-sync exports`: what was sent to WhatsUp Gold, address by address."""

from typing import cast

import click

from asset_sync.api.exports import IpExportPage
from asset_sync.cli.console import Whole, printed, row, table
from asset_sync.operations.exporting import ip_exports
from asset_sync.tracking import STATUSES, ChosenExports, Status


@click.command()
@click.option("--connection", metavar="NAME", help="Only those over this connection.")
@click.option("--status", type=click.Choice(STATUSES), help="Only those that stand so.")
@click.option("--device", metavar="ID", help="Only those of the device of that id in NetBox.")
@click.option("--address", metavar="IP", help="Only those of this address.")
@click.option("--offset", type=Whole(0, 10**9), default=0, show_default=True)
@click.option("--limit", type=Whole(1, 1_000), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Tell it as JSON.")
def exports(
    *,
    connection: str | None,
    status: str | None,
    device: str | None,
    address: str | None,
    offset: int,
    limit: int,
    as_json: bool,
) -> None:
    """List what was sent to WhatsUp Gold, and what became of it; what changed last comes first."""
    chosen = ChosenExports(connection, cast("Status | None", status), device, address)
    total, found = ip_exports(chosen, offset, limit)
    if as_json:
        page = IpExportPage(total=total, offset=offset, exports=found)
        click.echo(page.model_dump_json(indent=2))
        return
    shown = table("at (UTC)", "connection", "device", "address", "status", "error")
    for each in found:
        named = f"{each.device_name} (#{each.device_id})"
        shown.add_row(*row(f"{each.at:%Y-%m-%d %H:%M:%S}", each.connection, named, each.address, each.status, each.error))
    printed().print(shown if found else "Nothing of the kind was sent.")
    if total > offset + len(found):
        click.echo(f"{total - offset - len(found)} more: --offset {offset + len(found)}")
