"""The data of the benchmarks: one kind of twelve fields, 5 % of its rows changed, 2 % new, 2 % gone, in shuffled order."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from asset_sync.reconcile.kinds import Field, IdentityRule, Kind, Kinds, Retirement, Unique, in_order
from asset_sync.reconcile.merge import Ownership
from asset_sync.reconcile.planning import Policy, Snapshot
from asset_sync.reconcile.tables import base_column, identity_column, in_one_piece

NOW: Final = datetime(2025, 6, 1, 12, tzinfo=UTC)
CHANGED, NEW, GONE = 0.05, 0.02, 0.02

MACHINE: Final = Kind(
    "machine",
    (
        Field("serial", max_length=50),
        Field("asset_tag", max_length=50),
        Field("name", max_length=64),
        Field("model"),
        Field("site"),
        Field("room"),
        Field("owner"),
        Field("os"),
        Field("status"),
        Field("bought", "date"),
        Field("memory", "integer"),
        Field("comments"),
    ),
    (
        IdentityRule("serial", ("serial",), "serial"),
        IdentityRule("asset tag", ("asset_tag",), "folded"),
        IdentityRule("name", ("name",), "folded", decisive=False),
    ),
    (Unique(("asset_tag",)), Unique(("serial",))),
    Retirement("status", "retired"),
    versions="moment",
)
FIELDS: Final = tuple(field.name for field in MACHINE.fields)
KINDS: Final[Kinds] = in_order([MACHINE])
SHARED: Final = ("name", "site", "room", "owner", "status", "comments")
POLICY: Final = Policy({MACHINE.name: {f: Ownership("shared" if f in SHARED else "source") for f in FIELDS}})


@dataclass(frozen=True)
class World:
    """Both sides and the links between them."""

    desired: pd.DataFrame
    observed: pd.DataFrame
    links: pd.DataFrame

    @property
    def snapshot(self) -> Snapshot:
        """The tables as the planner takes them."""
        return Snapshot({MACHINE.name: self.desired}, {MACHINE.name: self.observed}, {MACHINE.name: self.links})

    def save(self, folder: Path) -> None:
        """Write the three tables as Parquet."""
        self.desired.to_parquet(folder / "desired.parquet")
        self.observed.to_parquet(folder / "observed.parquet")
        self.links.to_parquet(folder / "links.parquet")


def load(folder: Path) -> World:
    """Read what `World.save` wrote, as snapshots are read."""
    paths = (folder / f"{name}.parquet" for name in ("desired", "observed", "links"))
    return World(*(in_one_piece(pd.read_parquet(path)) for path in paths))


def world(rows: int, seed: int = 7) -> World:
    """Make a world of that many rows on each side."""
    rng = np.random.default_rng(seed)
    total = rows + int(rows * NEW)
    records = _records(total, rng)
    gone, kept = int(rows * GONE), rows
    there = np.arange(kept)
    here = np.arange(gone, total)
    desired = records.iloc[here].assign(source_key=_named("pdq-{}", here), key=_named("machine-{}", here), refused=None)
    observed = records.iloc[there].assign(
        id=_named("{}", there),
        key=_named("machine-{}", there),
        version=_versions(there),
        created=_versions(there),
        locked=None,
    )
    desired = _changed(desired.reset_index(drop=True), int(rows * CHANGED), rng)
    types = dict.fromkeys(("source_key", "key", "refused", "id", "version", "created", "locked"), "str")
    return World(
        _shuffled(desired, rng).astype({c: t for c, t in types.items() if c in desired}),
        _shuffled(observed, rng).astype({c: t for c, t in types.items() if c in observed}),
        _shuffled(_links(records.iloc[there], there, gone), rng),
    )


def _records(total: int, rng: np.random.Generator) -> pd.DataFrame:
    numbers = np.arange(total)
    some = rng.integers(0, 1_000_000, total)
    columns = {
        "serial": _named("5CG{:07d}", numbers),
        "asset_tag": _named("INV-{:07d}", numbers),
        "name": _named("pc-{:07d}", numbers),
        "model": _named("EliteBook 650 G{}", some % 97),
        "site": _named("Site {}", some % 211),
        "room": _named("Room {}", some % 1009),
        "owner": _named("person{}@example.org", some),
        "os": _named("Windows 11 Build {}", some % 17),
        "status": np.full(total, "in-use"),
        "bought": _named("2024-03-{:02d}", some % 28 + 1),
        "memory": some % 64,
        "comments": _named("rack {}, delivered by truck", some % 4001),
    }
    return pd.DataFrame(columns).astype({f.name: "Int64" if f.type == "integer" else "str" for f in MACHINE.fields})


def _changed(desired: pd.DataFrame, count: int, rng: np.random.Generator) -> pd.DataFrame:
    """Change two fields of each chosen row: one of the source's own and one that is shared."""
    chosen = rng.choice(len(desired) - int(len(desired) * NEW), count, replace=False)
    os, owner = desired.columns.get_loc("os"), desired.columns.get_loc("owner")
    assert isinstance(os, int)
    assert isinstance(owner, int)
    desired.iloc[chosen, os] = "Windows 12"
    desired.iloc[chosen, owner] = "somebody@example.org"
    return desired


def _links(records: pd.DataFrame, numbers: np.ndarray, gone: int) -> pd.DataFrame:
    missing = numbers < gone
    since = pd.Series(NOW - timedelta(days=3), index=range(len(numbers)), dtype="datetime64[us, UTC]").where(missing)
    columns = {
        "source_key": _named("pdq-{}", numbers),
        "target_id": _named("{}", numbers),
        "missing_runs": pd.array(np.where(missing, 5, 0), dtype="Int64"),
        "missing_since": since.array,
        **{name: pd.array([None] * len(numbers), dtype="str") for name in ("retired_by", "told_by")},
        **{name: pd.array([False] * len(numbers), dtype="boolean") for name in ("made", "left", "parted")},
        "version": _versions(numbers),
        "created": _versions(numbers),
    }
    identity = {identity_column(f): records[f].array for f in MACHINE.identifying}
    return pd.DataFrame(columns | {base_column(f): records[f].array for f in SHARED} | identity)


def _versions(numbers: np.ndarray) -> Any:
    moments = pd.Timestamp("2025-05-01", tz="UTC") + pd.to_timedelta(numbers, unit="s")
    return pd.array(moments.strftime("%Y-%m-%dT%H:%M:%S.000000Z").tolist(), dtype="str")


def _named(pattern: str, numbers: np.ndarray) -> Any:
    return pd.array([pattern.format(n) for n in numbers.tolist()], dtype="str")


def _shuffled(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return table.iloc[rng.permutation(len(table))].reset_index(drop=True)
