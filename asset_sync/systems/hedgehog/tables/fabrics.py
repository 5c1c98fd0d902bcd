"""The table `fabrics`: the one that is read."""

from typing import Final

import pandas as pd

from asset_sync.reconcile.sources import Column, SourceTable
from asset_sync.reconcile.tables import Tables
from asset_sync.systems.hedgehog.tables.objects import OBJECTS


def _fabrics(tables: Tables) -> pd.DataFrame:
    named = tables[OBJECTS.name]["fabric"].drop_duplicates().reset_index(drop=True)
    return pd.DataFrame({"id": named, "name": named})


FABRICS: Final = SourceTable(
    "fabrics",
    "The fabric itself.",
    (Column("id", "the connection's name"), Column("name", "the same")),
    made_of=(OBJECTS.name,),
    made=_fabrics,
)
