"""Refusals: values of a source that a field cannot hold. Such a value is left out, and told; the record goes on without it.

They travel with the desired tables as one table more, `REFUSED`, so that whoever plans knows them from the same snapshot.
"""

from collections.abc import Iterable
from typing import Final

import pandas as pd
import pandera.pandas as pandera

from asset_sync.reconcile.kinds import Kinds
from asset_sync.reconcile.tables import Tables, desired_schema

REFUSED: Final = "refused"
"""The name of the table: `kind`, `source_key`, `field`, `value` (as the source has it), `reason` (in words, for people)."""

_OF_A_KIND: Final = ("source_key", "field", "value", "reason")
_COLUMNS: Final = ("kind", *_OF_A_KIND)
_NONE: Final = pd.DataFrame({name: pd.Series(dtype="str") for name in _COLUMNS})
_SCHEMA: Final = pandera.DataFrameSchema({name: pandera.Column("str") for name in _COLUMNS}, strict=True, name=REFUSED)


def of_records(kind: str, source_keys: pd.Series, refused: pd.DataFrame) -> pd.DataFrame:
    """Return the refusals of a kind's records, given those of `asset_sync.reconcile.mapping` and the records' source keys."""
    named = refused.assign(kind=kind, source_key=source_keys.take(refused["row"].to_numpy()).array)
    return named[list(_COLUMNS)].astype("str")


def with_refused(tables: Tables, refused: Iterable[pd.DataFrame]) -> Tables:
    """Return the desired tables and, as one more, the refusals that speak of their records."""
    every = pd.concat([_NONE, *refused], ignore_index=True)
    spoken = [part[part["source_key"].isin(tables[str(kind)]["source_key"])] for kind, part in every.groupby("kind")]
    return {**tables, REFUSED: pd.concat([_NONE, *spoken]).sort_values(list(_COLUMNS), ignore_index=True)}


def split_refused(tables: Tables) -> tuple[Tables, Tables]:
    """Return the desired tables of the kinds alone, and the refusals by kind: `source_key`, `field`, `value`, `reason`.

    Of a kind without refusals there is no table of them.
    """
    desired = {name: table for name, table in tables.items() if name != REFUSED}
    if REFUSED not in tables:
        return desired, {}
    parts = tables[REFUSED].groupby("kind")
    return desired, {str(kind): part[list(_OF_A_KIND)].reset_index(drop=True) for kind, part in parts}


def both(refused: Tables, not_taken: Tables) -> Tables:
    """Return, by kind, the values that a field cannot hold and those that the target does not take."""
    names = dict.fromkeys([*refused, *not_taken])
    return {name: pd.concat([t[name] for t in (refused, not_taken) if name in t], ignore_index=True) for name in names}


def validated(kinds: Kinds, tables: Tables) -> Tables:
    """Return the desired tables as they are, each held against its schema; pandera's `SchemaError` where one breaks it."""
    return {
        name: (_SCHEMA if name == REFUSED else desired_schema(kinds[name])).validate(table) for name, table in tables.items()
    }
