"""Where a person finds a record in Snipe-IT."""

from asset_sync.systems.snipeit.resource import SnipeIt
from asset_sync.systems.snipeit.tables import TABLES


def page(snipeit: SnipeIt, table: str, row_id: str) -> str | None:
    """Return the address of a record's page; None where the address of Snipe-IT is not set."""
    # Its pages have the names that its lists have in the API.
    return f"{snipeit.address}/{TABLES[table].path}/{row_id}" if snipeit.address and table in TABLES else None
