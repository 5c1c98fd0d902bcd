"""What a system has to tell: its tables, their columns, and which columns point from one table to another.

A system declares its source tables once (see `asset_sync.systems`); a sync's YAML says which of them become which kinds.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from asset_sync.reconcile.sets import Members, by_commas
from asset_sync.reconcile.tables import Mask, Positions, Tables, index, take, text

STEP: Final = "."
"""Between a foreign key and a column of the row that it points to: `status_id.name`."""

ColumnType = Literal["text", "integer", "number", "boolean", "date"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a source table. `to` names the table whose key a foreign key holds; `many`: several of them, by commas."""

    name: str
    words: str = ""
    type: ColumnType = "text"
    to: str | None = None
    many: bool = False


@dataclass(frozen=True, slots=True)
class SourceTable:
    """One table that a system tells: a row a record, `key` filled and unique.

    `made` makes it of other tables of the system, where it is not read by itself: of those that it is `made_of`. What begins
    with `open_prefix` is a column, too, that only the system itself can list (a custom field). `kind` is the kind whose objects
    the rows are, or what else they are that others may write.
    """

    name: str
    words: str
    columns: tuple[Column, ...]
    key: str = "id"
    open_prefix: str | None = None
    kind: str | None = None
    made_of: tuple[str, ...] = ()
    made: Callable[[Tables], pd.DataFrame] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column | None:
        """Return a column; None where there is none of that name."""
        is_open = self.open_prefix is not None and name.startswith(self.open_prefix) and name != self.open_prefix
        return next((column for column in self.columns if column.name == name), Column(name) if is_open else None)

    def keys_to(self, table: str, *, many: bool = False) -> tuple[str, ...]:
        """Return the foreign keys that point to a row of a table, or to `many`."""
        return tuple(column.name for column in self.columns if column.to == table and column.many == many)

    def target_of(self, foreign_key: str) -> str:
        """Return the table that a foreign key points to. Raises `ValueError` for what is no such column."""
        column = self.column(foreign_key)
        if column is None or column.to is None:
            raise ValueError(f"{self.name}.{foreign_key} points to no other table")
        return column.to

    def reference(self, name: str, to: str, told: str | None = None) -> str | None:
        """Return the foreign key by which a reference of that name leads to a table, None where it is the row itself.

        It is the one that is `told`, else the one that has the reference's name, else the only one. Raises `ValueError`, in
        words, where there is none, or where it cannot be told which.
        """
        if told is None and to == self.name and name not in self.keys_to(to):
            return None
        return self._key(name, to, told, many=False)

    def references(self, name: str, to: str, told: str | None = None) -> str:
        """Return the column of foreign keys by which a set of references leads to a table; see `reference`."""
        return self._key(name, to, told, many=True)

    def _key(self, name: str, to: str, told: str | None, *, many: bool) -> str:
        keys, rows = self.keys_to(to, many=many), f"rows of {to}" if many else to
        if told is not None and told not in keys:
            there = f"; what does is {', '.join(keys)}" if keys else ""
            raise ValueError(f"{self.name}.{told} does not point to {rows}{there}")
        if told is not None or name in keys:
            return told or name
        if len(keys) != 1:
            several = f"has several columns that point to {rows}: name one with `from`: {', '.join(keys)}"
            raise ValueError(f"{self.name} {several if keys else f'has no column that points to {rows}'}")
        return keys[0]


SourceTables = Mapping[str, SourceTable]
"""The tables of a system, by name."""


class Source:
    """The tables that were read of a system, and those that are made of them; made once, when they are asked for."""

    def __init__(self, declared: SourceTables, read: Tables) -> None:
        self.declared = declared
        self._frames: Tables = dict(read)

    def rows(self, table: str) -> "Rows":
        """Return a table's rows."""
        return Rows(self, self.declared[table], self.frame(table))

    def frame(self, table: str) -> pd.DataFrame:
        """Return a table."""
        if table not in self._frames:
            declared = self.declared[table]
            if declared.made is None:
                raise KeyError(f"{table} was not read")
            self._frames[table] = declared.made({name: self.frame(name) for name in declared.made_of})
        return self._frames[table]

    def choose(self, table: str, rows: Mask) -> None:
        """Go on with those rows of a table alone."""
        self._frames[table] = self.frame(table)[rows].reset_index(drop=True)


class Rows:
    """The rows of one table, by column; a column of the row that a foreign key points to is `key.column`."""

    def __init__(self, source: Source, declared: SourceTable, frame: pd.DataFrame) -> None:
        self.source = source
        self.declared = declared
        self.frame = frame

    def __len__(self) -> int:
        return len(self.frame)

    def __getitem__(self, name: str) -> pd.Series:
        own, _, further = name.partition(STEP)
        if not further:
            return self.frame[own] if own in self.frame else pd.Series([None] * len(self), dtype="str")
        there = self.source.rows(self.declared.target_of(own))[further]
        return pd.Series(pd.array(take(text(there), self.found(own)), dtype="str"))

    @property
    def keys(self) -> pd.Series:
        """The key of each row, as text."""
        return self.frame[self.declared.key].astype("str").reset_index(drop=True)

    def found(self, foreign_key: str) -> Positions:
        """Return in which row of the other table stands what a foreign key points to, -1 where nowhere."""
        return index(text(self.frame[foreign_key]), self._keys_there(foreign_key))

    def members(self, foreign_keys: str) -> tuple[Members, Positions]:
        """Return the keys that a column of foreign keys names, and in which rows of the other table these stand."""
        named = by_commas(text(self.frame[foreign_keys]))
        return named, index(named.values, self._keys_there(foreign_keys))

    def _keys_there(self, foreign_key: str) -> pa.Array:
        return text(self.source.rows(self.declared.target_of(foreign_key)).keys)


def along(values: pd.Series, found: Positions) -> pd.Series:
    """Return the values at those rows, missing where there is none."""
    return pd.Series(pd.array(take(text(values), found), dtype="str"))


def along_mask(values: Mask, found: Positions) -> Mask:
    """Return a mask at those rows, false where there is none."""
    return np.where(found >= 0, values[found], False) if len(values) else np.zeros(len(found), dtype=bool)
