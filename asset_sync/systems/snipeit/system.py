"""Snipe-IT, declared."""

from typing import Final

from asset_sync.systems.snipeit.checkup import checkup
from asset_sync.systems.snipeit.client import NAME
from asset_sync.systems.snipeit.pages import page
from asset_sync.systems.snipeit.resource import SnipeIt
from asset_sync.systems.snipeit.source import TABLES, read
from asset_sync.systems.system import Read, System


def _read(snipeit: SnipeIt, table: str, open_columns: tuple[str, ...]) -> Read:
    with snipeit.client() as client:
        return Read(read(client, table, open_columns), client.tally.read, client.tally.waited)


SNIPEIT: Final = System(
    "snipeit", NAME, "snipeit", SnipeIt, TABLES, _read, pool="snipeit", named=True, checkup=checkup, page=page
)
