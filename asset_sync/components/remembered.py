"""What was remembered when a plan was made, kept beside the tables of both sides: with it, the plan can be made again.

The ledger knows what is remembered now. What was applied last to a field when a plan was made is gone from there as soon as the
plan is applied. The decisions that a match went by travel with it, so that its plan goes by the same ones.
"""

from typing import Final, NamedTuple

import dagster as dg
import pandas as pd
from pydantic import TypeAdapter

from asset_sync.components.snapshots import Snapshots
from asset_sync.reconcile.planning import Snapshot
from asset_sync.reconcile.resolutions import Resolution, Resolutions
from asset_sync.reconcile.tables import LINK_COLUMNS, Tables

_LINKS: Final = "links."
_ELSEWHERE: Final = "elsewhere."
"""Before the name of a kind: its links, and the links of others to objects of the same target."""
_DECISIONS: Final = "decisions"
_RESOLUTION: Final = TypeAdapter(Resolution)


class Remembered(NamedTuple):
    """What a plan goes by beside what both sides say; see `asset_sync.reconcile.planning.Snapshot`."""

    links: Tables
    elsewhere: Tables
    resolutions: Resolutions


def keep_remembered(snapshots: Snapshots, key: dg.AssetKey, run_id: str, snapshot: Snapshot) -> None:
    """Keep what was remembered when a run made a plan, whose asset is given, from that snapshot."""
    tables = {
        **{_LINKS + name: table for name, table in snapshot.links.items()},
        **{_ELSEWHERE + name: table for name, table in snapshot.elsewhere.items() if not table.empty},
        _DECISIONS: _as_table(snapshot.resolutions),
    }
    snapshots.save(key, run_id, tables)


def kept_remembered(snapshots: Snapshots, key: dg.AssetKey, run_id: str) -> Remembered:
    """Return what was remembered when a run made a plan; `FileNotFoundError` where that is not kept (any more)."""
    tables = snapshots.load(key, run_id)
    links = {name: _with_all_columns(table) for name, table in _named(tables, _LINKS).items()}
    return Remembered(links, _named(tables, _ELSEWHERE), _of_table(tables[_DECISIONS]))


def with_decisions(matches: Tables, resolutions: Resolutions) -> Tables:
    """Return the matches and, as one table more, the decisions that they go by."""
    return {**matches, _DECISIONS: _as_table(resolutions)}


def split_decisions(matches: Tables) -> tuple[Tables, Resolutions | None]:
    """Return the matches of the kinds alone, and the decisions that they go by; None where they were kept without."""
    alone = {name: table for name, table in matches.items() if name != _DECISIONS}
    return alone, _of_table(matches[_DECISIONS]) if _DECISIONS in matches else None


def _as_table(resolutions: Resolutions) -> pd.DataFrame:
    return pd.DataFrame({"decision": pd.array([_RESOLUTION.dump_json(each).decode() for each in resolutions], dtype="str")})


def _of_table(table: pd.DataFrame) -> Resolutions:
    return Resolutions(_RESOLUTION.validate_json(each) for each in table["decision"])


def _with_all_columns(links: pd.DataFrame) -> pd.DataFrame:
    """Return links that an older version may have kept, which knew less of them."""
    unknown = {name: dtype for name, dtype in LINK_COLUMNS.items() if name not in links}
    return links.assign(**{name: pd.Series(index=links.index, dtype=dtype) for name, dtype in unknown.items()})


def _named(tables: Tables, start: str) -> Tables:
    return {name.removeprefix(start): table for name, table in tables.items() if name.startswith(start)}
