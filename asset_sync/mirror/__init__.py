"""The mirror of Snipe-IT in PostgreSQL, schema `snipeit`: what people query, right at every moment.

Reading order: `schema` and `migrations` (tables, views, functions), `staging` (rows of a load, unseen), `gathering` (what is
read, until it adds up), `missing` (what is gone), `guards` and `masks`, `switching` (one transaction), `load` (all of it),
`checks` (what is looked at afterwards), `runs` (what a load did), `failures` (what PostgreSQL refused).
"""

from asset_sync.mirror.load import LoadReport, Options, TableReport, differences, load
from asset_sync.mirror.migrations import migrate

__all__ = ["LoadReport", "Options", "TableReport", "differences", "load", "migrate"]
