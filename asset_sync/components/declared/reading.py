"""What of a source a mapping looks at: the tables that have to be read, and the columns that only the source can list."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import dagster as dg

from asset_sync.reconcile.desired import SyncMapping
from asset_sync.reconcile.errors import SourceError
from asset_sync.reconcile.sources import STEP, SourceTables
from asset_sync.reconcile.tables import Tables
from asset_sync.systems.system import System


@dataclass(frozen=True)
class ReadFrom:
    """Where the rows of a source are kept: `keys` has the assets of the tables that are read, by table.

    The rows of the `main` one are judged by the sieves, in their order: `sieved` has their words and their assets.
    """

    tables: SourceTables
    main: str
    keys: Mapping[str, dg.AssetKey]
    sieved: Sequence[tuple[str, dg.AssetKey]]


def read_tables(source: System, mapping: SyncMapping) -> list[str]:
    """Return which tables have to be read, in the order in which the system declares them."""
    return _extracted(source, _reached(source, mapping))


def open_columns(source: System, mapping: SyncMapping, table: str) -> list[str]:
    """Return the columns of a table that the mapping looks at, from wherever, and only the system itself can list."""
    declared = source.tables[table].names
    return sorted({column for of, column in _walked(source, mapping) if of == table and column not in declared})


def needed_columns(source: System, mapping: SyncMapping, table: str) -> list[str] | None:
    """Return the columns of a table that the desired tables are made from; None for all, where other tables are made of it."""
    if any(table in source.tables[name].made_of for name in _with_parts(source, _reached(source, mapping))):
        return None
    declared = source.tables[table]
    leading = [column.name for column in declared.columns if column.to]
    asked = [column for of, column in _walked(source, mapping) if of == table]
    return sorted({declared.key, *leading, *asked})


def check_there(source: System, mapping: SyncMapping, read: Tables, keys: Mapping[str, dg.AssetKey]) -> None:
    """Raise `SourceError` for a column that the mapping looks at and that a table was read without: it would pass for empty."""
    for table, column in _walked(source, mapping):
        if table in read and column not in read[table]:
            told = f"{keys[table].to_user_string()} has no column {column!r}, which the mapping looks at"
            raise SourceError(f"{told}: it was read without it, so read it again by a run of the whole sync")


def _extracted(source: System, tables: Iterable[str]) -> list[str]:
    """Return those of which the tables are made, so that those are there."""
    reached = _with_parts(source, tables)
    return [name for name, table in source.tables.items() if name in reached and table.made is None]


def _with_parts(source: System, tables: Iterable[str]) -> set[str]:
    """Return the tables, with those that they are made of."""
    wanted = set(tables)
    reached: set[str] = set()
    while wanted:
        name = wanted.pop()
        reached.add(name)
        wanted |= set(source.tables[name].made_of) - reached
    return reached


def _reached(source: System, mapping: SyncMapping) -> set[str]:
    """Return the tables that a mapping takes rows from, and those that its columns lead to."""
    return {*mapping.tables.values(), *mapping.where, *(table for table, _ in _walked(source, mapping))}


def _walked(source: System, mapping: SyncMapping) -> Iterator[tuple[str, str]]:
    """Yield the columns that a mapping looks at, and those that lead to them, each with the table that it is in."""
    for start, column in _asked(mapping):
        table = source.tables[start]
        *steps, last = column.split(STEP)
        for step in steps:
            yield table.name, step
            table = source.tables[table.target_of(step)]
        yield table.name, last


def _asked(mapping: SyncMapping) -> Iterator[tuple[str, str]]:
    """Yield the columns that a mapping looks at, each with the table that it is named from."""
    for kind, fields in mapping.fields.items():
        for told in fields.values():
            yield from ((mapping.tables[kind], column) for column in told.looked_at)
    for table, asked in mapping.where.items():
        yield from ((table, condition.column) for condition in asked)
