"""Snipe-IT as a source: every row that it has, archived and deleted ones too, and what changed since.

Reading order: `values` and `tables` (what is read, and how it stands in JSON), `throttle` and `client` (the wire), `dialect`
(settings and languages), `reading` (pages), `resource` (Dagster). How the real server behaves is in facts/snipeit.md.
"""

from asset_sync.systems.snipeit.client import Owner, Page, SnipeItClient
from asset_sync.systems.snipeit.reading import Read, Reader, TooManyAtOnce
from asset_sync.systems.snipeit.resource import SnipeIt
from asset_sync.systems.snipeit.tables import TABLES, Listing, Table

__all__ = ["TABLES", "Listing", "Owner", "Page", "Read", "Reader", "SnipeIt", "SnipeItClient", "Table", "TooManyAtOnce"]
