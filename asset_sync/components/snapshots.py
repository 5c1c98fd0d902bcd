"""Snapshots: the tables between assets, as Parquet, one folder a run, so that a run can be looked into and checked again."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import PurePosixPath
from typing import Any, Final, NamedTuple

import dagster as dg
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from upath import UPath

from asset_sync import settings
from asset_sync.components.failures import told_in_one_line
from asset_sync.components.resources import open_ledger
from asset_sync.reconcile.tables import Tables, in_one_piece

_LATEST: Final = "latest"
_PARQUET: Final = ".parquet"
_NOTED: Final = ".noted"
"""The folder of notes: no key of an asset begins so."""
_READ: Final = "read"
"""In the place of tables: the run whose tables a run read that wrote none of its own."""
_OF: Final = "of."
"""Beside the tables, what an empty file's name begins with: whose they are, of one of a fixed number of partitions."""
_COLUMNS: Final = "columns"
"""The metadata of a step's input that names the columns that are read."""


def read_in_part(key: dg.AssetKey, columns: Collection[str] | None) -> dg.AssetIn:
    """Return a step's input that has those columns of an asset's tables, as far as they are there; None: all of them."""
    return dg.AssetIn(key, metadata=None if columns is None else {_COLUMNS: list(columns)})


class Snapshots(dg.ConfigurableIOManager):
    """Keeps what each run put into an asset: `<base>/<asset>/<run>/<table>.parquet`, zstd-compressed.

    A value is a frame or a dict of frames. A step reads what its own run wrote, else what was written last, for its partition
    where it has one. `base` is a folder or any fsspec URL (default: ASSET_SYNC_SNAPSHOTS, else `snapshots` below
    ASSET_SYNC_HOME); of each asset the last `keep` runs are kept, the last one of each connection, however many there are, and
    those that made a plan which may yet be applied.
    """

    base: str = ""
    keep: int = 30

    def handle_output(self, context: dg.OutputContext, obj: pd.DataFrame | Mapping[str, pd.DataFrame]) -> None:
        """Write the asset's tables for this run, then point `latest` to them."""
        _give_back()
        folder, partition = self._folder(context.asset_key), context.partition_key if context.has_partition_key else None
        self._write(folder / context.run_id, obj if isinstance(obj, Mapping) else {"rows": obj})
        if partition is not None and isinstance(context.asset_partitions_def, dg.StaticPartitionsDefinition):
            (folder / context.run_id / f"{_OF}{partition}").write_text("")
        (folder / _pointer(partition)).write_text(context.run_id)
        self._prune(folder, context.run_id)
        context.add_output_metadata({"dagster/uri": str(folder / context.run_id)})
        _let_go(context)

    def save(self, key: dg.AssetKey, run_id: str, tables: Mapping[str, pd.DataFrame]) -> None:
        """Keep tables that a run made an asset from and that are no asset's; no step reads them, `load` returns them."""
        self._write(self._folder(key) / run_id, tables)
        self._prune(self._folder(key), run_id)

    def _write(self, folder: UPath, tables: Mapping[str, pd.DataFrame]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            with (folder / f"{name}{_PARQUET}").open("wb") as file:
                table.to_parquet(file, compression="zstd", index=False)

    def load_input(self, context: dg.InputContext) -> pd.DataFrame | Tables:
        """Read the tables that this run wrote, else the latest; of their columns what the input names (see `read_in_part`)."""
        _give_back()
        partition = context.asset_partition_key if context.has_asset_partitions else None
        own, folder = context.step_context.run_id, self._folder(context.asset_key)
        written = self._read_by(context.asset_key, own, partition)
        if written.run_id != own:
            # A run that is repeated makes its plan of what an earlier one read: whoever asks for its tables means those.
            (folder / own).mkdir(parents=True, exist_ok=True)
            (folder / own / _READ).write_text(written.run_id)
        tables = written.tables(context.asset_key, context.definition_metadata.get(_COLUMNS))
        return tables["rows"] if list(tables) == ["rows"] else tables

    def load(self, key: dg.AssetKey, run_id: str, columns: Collection[str] | None = None) -> Tables:
        """Return an asset's tables, or some columns, as a run wrote or read them; `FileNotFoundError` where they are gone."""
        return _written(self._folder(key), run_id).tables(key, columns)

    def writer(self, key: dg.AssetKey, run_id: str) -> str:
        """Return the run that wrote the tables which a run wrote or read of an asset; it may be kept no more."""
        return _written(self._folder(key), run_id).run_id

    def latest(self, key: dg.AssetKey, partition: str | None = None) -> Tables | None:
        """Return an asset's tables as they were written last (for that partition); None where there are none."""
        run_id = self._latest(key, partition)
        return None if run_id is None else self.load(key, run_id)

    def columns(self, key: dg.AssetKey, partition: str | None = None) -> Mapping[str, list[str]]:
        """Return the columns of an asset's tables as they were written last, by table; nothing where there are none."""
        run_id = self._latest(key, partition)
        files = () if run_id is None else _written(self._folder(key), run_id).files
        return {file.stem: _columns(file) for file in files}

    def note(self, topic: str, key: dg.AssetKey, partition: str | None) -> None:
        """Note that of a topic an asset has (for that partition) what is newest; see `noted`."""
        folder = self._noted(topic)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".".join(key.path)).write_text(partition or "")

    def noted(self, topic: str) -> list[tuple[dg.AssetKey, str | None]]:
        """Return the assets, and the partition, that were noted last of a topic, the latest first."""
        folder = self._noted(topic)
        notes = sorted(_listed(folder).values(), key=lambda note: note.stat().st_mtime, reverse=True)
        return [(dg.AssetKey(note.name.split(".")), note.read_text() or None) for note in notes]

    def read_by(self, key: dg.AssetKey, run_id: str, partition: str | None = None) -> str:
        """Return the run that wrote the tables which a run reads of an asset: itself, or the last one (for that partition)."""
        return self._read_by(key, run_id, partition).run_id

    def rows(self, key: dg.AssetKey, run_id: str, partition: str | None = None) -> int:
        """Return how many rows an asset has, as this run wrote it, else as it was written last (for that partition)."""
        return sum(_row_count(file) for file in self._read_by(key, run_id, partition).files)

    def _read_by(self, key: dg.AssetKey, own: str, partition: str | None) -> "_Written":
        """Return what a run wrote of an asset, or read of it, else what was written last (for that partition)."""
        written = _written(self._folder(key), own)
        if written.files or written.run_id != own:
            return written
        latest = self._latest(key, partition)
        if latest is None:
            raise FileNotFoundError(f"{key.to_user_string()} was never materialised, or is kept no more: materialise it first")
        return _written(self._folder(key), latest)

    def _latest(self, key: dg.AssetKey, partition: str | None) -> str | None:
        """Return the run that wrote an asset's tables last (for that partition); None where none did."""
        return _told_by(self._folder(key) / _pointer(partition)) or None

    def _noted(self, topic: str) -> UPath:
        return self._base() / _NOTED / topic

    def _folder(self, key: dg.AssetKey) -> UPath:
        return self._base().joinpath(*key.path)

    def _base(self) -> UPath:
        base = self.base or settings.optional("ASSET_SYNC_SNAPSHOTS") or str(settings.home() / "snapshots")
        # Of an object store, what other processes wrote since is to be seen.
        return UPath(base, use_listings_cache=False) if "://" in base else UPath(base)

    def _prune(self, folder: UPath, own: str) -> None:
        """Remove what is kept no more, but never of the run's own: its clock may say that others wrote later.

        Others prune meanwhile, and write: what is gone by then is no error.
        """
        runs = _written_when(folder)
        if len(runs) <= self.keep:
            return
        with told_in_one_line():
            needed = open_ledger().needed_runs()
        in_order = sorted(runs, key=lambda run_id: (run_id == own, max(runs[run_id].values())))
        last_of_each = {name: run_id for run_id in in_order for name in runs[run_id] if name.startswith(_OF)}
        kept = {own, *in_order[-self.keep :], *last_of_each.values()} | (runs.keys() & needed)
        kept |= {_told_by(folder / run_id / _READ) for run_id in kept if _READ in runs.get(run_id, ())}
        gone = runs.keys() - kept
        # The pointers go first: one to tables that are gone would be believed.
        for pointer in folder.glob(f"{_LATEST}.*"):
            if _told_by(pointer) in gone:
                pointer.unlink(missing_ok=True)
        for run_id in gone:
            with suppress(FileNotFoundError):
                folder.fs.rm((folder / run_id).path, recursive=True)


def _told_by(file: UPath) -> str:
    """Return which run a file names; nothing where the file is gone, or was being written as its process was killed."""
    try:
        return file.read_text()
    except FileNotFoundError:
        return ""


def _let_go(context: dg.OutputContext) -> None:
    """Forget what steps returned: a run in this process keeps it all in memory to its end, for whoever asks its result."""
    returned = context.step_context.output_capture
    if returned is not None:
        returned.clear()


def _give_back() -> None:
    """Give the system the memory back of tables that are gone: Arrow keeps it for the next ones, which are read elsewhere."""
    pa.default_memory_pool().release_unused()


def _pointer(partition: str | None) -> str:
    return _LATEST if partition is None else f"{_LATEST}.{partition}"


class _Written(NamedTuple):
    """The run that wrote an asset's tables, and their files, by name; none where they are gone."""

    run_id: str
    files: list[UPath]

    def tables(self, key: dg.AssetKey, columns: Collection[str] | None) -> Tables:
        """Read the tables; of their columns those, as far as they are there."""
        if not self.files:
            raise FileNotFoundError(f"no snapshot of {key.to_user_string()} from run {self.run_id}")
        return {file.stem: _read(file, columns) for file in self.files}


def _written(folder: UPath, run_id: str) -> _Written:
    """Return what a run wrote of an asset, or what another one had written that it read."""
    listed = _listed(folder / run_id)
    if _READ in listed:
        run_id = listed[_READ].read_text()
        listed = _listed(folder / run_id)
    return _Written(run_id, [listed[name] for name in sorted(listed) if name.endswith(_PARQUET)])


def _listed(folder: UPath) -> Mapping[str, UPath]:
    """Return what is in a folder, by name; nothing where there is none."""
    try:
        names = [PurePosixPath(path).name for path in folder.fs.ls(folder.path, detail=False)]
    except FileNotFoundError:
        return {}
    return {name: folder / name for name in names}


def _written_when(folder: UPath) -> Mapping[str, Mapping[str, Any]]:
    """Return when each file of each run was written, by run and name: in one listing, and few requests of an object store."""
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for path, told in folder.fs.find(folder.path, detail=True).items():
        file = PurePosixPath(path)
        if file.parent.parent == PurePosixPath(folder.path):
            found[file.parent.name][file.name] = _moment(folder, path, told)
    return found


def _moment(folder: UPath, path: str, told: Mapping[str, Any]) -> Any:
    """Return when a file was written, of the type that its file system tells it in; it is asked where the listing has none."""
    known = next((told[name] for name in ("LastModified", "mtime") if name in told), None)
    return folder.fs.modified(path) if known is None else known


def _read(file: UPath, columns: Collection[str] | None) -> pd.DataFrame:
    with file.open("rb") as opened:
        chosen = None if columns is None else [name for name in pq.read_schema(opened).names if name in columns]
        return in_one_piece(pd.read_parquet(opened, columns=chosen))


def _columns(file: UPath) -> list[str]:
    with file.open("rb") as opened:
        return list(pq.read_schema(opened).names)


def _row_count(file: UPath) -> int:
    with file.open("rb") as opened:
        return int(pq.read_metadata(opened).num_rows)


def row_counts(tables: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """Return the metadata that the UI plots: the rows of each table and of all."""
    counts = {f"rows/{name}": len(table) for name, table in tables.items()}
    return {"dagster/row_count": sum(counts.values()), **counts}
