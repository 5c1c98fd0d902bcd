"""How a table that is made of the objects is declared: its columns, the kinds that it looks at, and what makes its rows."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import pandas as pd

from asset_sync.reconcile.sources import Column, SourceTable
from asset_sync.reconcile.tables import DTYPES, Tables
from asset_sync.systems.hedgehog.tables.objects import OBJECTS, Told, told

Row = Mapping[str, Any]
Rows = Callable[[Told], Iterable[Row]]
"""The rows of a table but for the column `fabric`, of the kinds that the table looks at."""

FABRIC: Final = Column("fabric", "the connection's name", to="fabrics")
LABEL: Final = Column("label", "<fabric>/<name>: a name that no other fabric has")


def of_objects(name: str, words: str, columns: tuple[Column, ...], kinds: tuple[str, ...], rows: Rows) -> SourceTable:
    """Return a table that is made of the objects of some kinds. `fabric` follows its key, and so need not be named.

    Where it has the column `label`, that is made of the fabric and the name.
    """
    key, *others = columns
    declared = (key, FABRIC, *others)

    def made(tables: Tables) -> pd.DataFrame:
        objects = tables[OBJECTS.name]
        fabric = objects["fabric"].iloc[0] if len(objects) else ""
        return _frame(declared, fabric, _once(rows(told(objects, kinds))))

    return SourceTable(name, words, declared, made_of=(OBJECTS.name,), made=made)


def _once(rows: Iterable[Row]) -> Iterator[Row]:
    """Yield the first row of each key."""
    seen: set[str] = set()
    for row in rows:
        if row["id"] not in seen:
            seen.add(row["id"])
            yield row


def _frame(columns: tuple[Column, ...], fabric: str, rows: Iterable[Row]) -> pd.DataFrame:
    given = list(rows)
    return pd.DataFrame({each.name: pd.Series(_values(each.name, fabric, given), dtype=DTYPES[each.type]) for each in columns})


def _values(name: str, fabric: str, rows: list[Row]) -> list[Any]:
    if name == FABRIC.name:
        return [fabric] * len(rows)
    if name == LABEL.name:
        return [f"{fabric}/{row['name']}" for row in rows]
    return [row.get(name) for row in rows]
