"""PDQ export files → NetBox as a component: each file that is dropped into a folder is a partition and a run."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePath
from typing import Annotated, Any, Final

import dagster as dg
import pandas as pd
from pydantic import Field

from asset_sync.components import config
from asset_sync.components.bounds import Bounds
from asset_sync.components.connections import partition_of
from asset_sync.components.declared.assets import column_schema
from asset_sync.components.declared.component import KeysConfig, SyncComponent
from asset_sync.components.declared.ends import ConnectionConfig, End
from asset_sync.components.dropped.folder import DropFolder, check_place, place
from asset_sync.components.failures import told_in_one_line
from asset_sync.components.pdq_exports.kept import KeptExports, accepted
from asset_sync.components.pdq_exports.reading import read_export
from asset_sync.components.pdq_exports.sensor import export_sensor
from asset_sync.components.pdq_exports.watch import Watch
from asset_sync.components.snapshots import Snapshots, row_counts
from asset_sync.components.sync import Sync
from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.systems import system
from asset_sync.systems.pdq.system import PDQ
from asset_sync.systems.pdq_export import Columns, Export, Limits
from asset_sync.systems.shown import shown
from asset_sync.systems.system import System

API_DEVICES: Final = dg.AssetKey(["pdq", "devices"])
"""The devices as PDQ Connect's API told them last: whom it knows has an id that a file does not tell."""
DEVICES: Final = dg.AssetKey(["pdq_export", "devices"])
LINKS: Final = "pdq_to_netbox"
"""The sync whose links are shared: a machine that is known from the API is the same machine in a file."""
_OF_A_FILE: Final = {
    "schedule": "each file is a run of its own, when it comes: leave the schedule out",
    "connections": "each file is a partition: leave the connections out",
}


class PdqExports(SyncComponent):
    """Keeps a target in step with export files of PDQ: a sync whose source's table comes as files.

    `folder` and `kept` are folders below ASSET_SYNC_HOME or any fsspec URL: where files are dropped, and where their bytes
    are kept, of the last `keep` files. What a file lacks is retired only where `complete` says that each names every machine.
    """

    source: str = Field(default="pdq", description="The system whose table the files have.")
    target: str = Field(default="netbox", description="The system that is written to.")
    folder: str = Field(default="exports", description="Where files are dropped: below ASSET_SYNC_HOME, or any fsspec URL.")
    kept: str = Field(default="exports_kept", description="Where the bytes of the last files are kept.")
    keep: Annotated[int, Bounds(ge=1)] = Field(default=50, description="Of how many files they are kept.")
    every_seconds: Annotated[int, Bounds(ge=1)] = Field(default=5, description="How often the folder is looked at.")
    complete: bool = Field(
        default=False, description="Whether every file names every machine: what it lacks is retired then, after the grace."
    )
    aliases: dict[str, list[str]] = Field(
        default_factory=dict, description="Further names of columns, by field of a PDQ device."
    )
    keys: KeysConfig = Field(
        default_factory=lambda: KeysConfig(source=DEVICES.path[0]),
        description="What the keys of assets begin with that other syncs may know by them.",
    )

    def watch(self) -> Watch:
        """Return what looks at the folder. Only here and in runs is the environment asked where it is."""
        return Watch(DropFolder(place(self.folder)), KeptExports(place(self.kept)), Limits())

    def check(self, file: Path) -> None:
        """Raise `ConfigurationError` for what is wrong in the YAML that this was read from, with file and line."""
        attributes = config.Place(file, ("attributes",))
        try:
            Columns(self.aliases)
        except ConfigurationError as error:
            raise attributes.at("aliases").error(str(error).removeprefix("aliases: ")) from None
        for key, why in _OF_A_FILE.items():
            if getattr(self, key):
                raise attributes.at(key).error(why)
        for key, written in (("folder", self.folder), ("kept", self.kept)):
            check_place(attributes.at(key), written)
        if PurePath(self.kept) == PurePath(self.folder):
            raise attributes.at("kept").error("it is the folder that files are dropped into: name another one")
        super().check(file)

    def names(self, sync: str) -> Mapping[tuple[str, ...], str]:
        """Return what no other sync may have: the folders, too."""
        return {**super().names(sync), ("folder",): self.folder, ("kept",): self.kept}

    def sync(self, name: str) -> Sync:
        """Return the sync as the staircase sees it."""
        return replace(
            super().sync(name),
            title=f"PDQ export files → {system(self.target).title}",
            partitions=dg.DynamicPartitionsDefinition(name=name),
            link_set=LINKS if self.target_connection == ConnectionConfig() else name,
            incomplete=partial(self._lacking, name),
        )

    def ends(self, name: str) -> Iterator[End]:
        """Yield the target alone: the source comes as files."""
        return (end for end in super().ends(name) if end.side == "target")

    def _lacking(self, name: str, context: dg.AssetExecutionContext) -> str | None:
        """Return why what a file lacks does not count as missing; None where it does."""
        key = context.partition_key
        newest = self.watch().kept.newest(context.instance.get_dynamic_partitions(name))
        if newest is not None and accepted(key) < accepted(newest):
            told = f"{key} is older than {newest}: what it lacks is not retired"
            context.log.warning(told)
            return told
        return None if self.complete else "the YAML does not say that an export is complete: what it lacks is not retired"

    def _sensors(self, name: str) -> Iterator[dg.SensorDefinition]:
        yield export_sensor(name, self.watch, self.every_seconds)

    def _extract(self, sync: Sync, _source: System, _table: str, key: dg.AssetKey) -> dg.AssetsDefinition:
        @dg.asset(
            key=key,
            deps=[API_DEVICES],
            partitions_def=sync.partitions,
            io_manager_key="snapshots",
            required_resource_keys={"snapshots"},
            group_name=sync.name,
            kinds={"pandas", "parquet"},
            description="The machines of one export file, under the ids by which they are known from the API.",
            code_version="1",
        )
        def devices(context: dg.AssetExecutionContext) -> dg.MaterializeResult[pd.DataFrame]:
            with told_in_one_line():
                watch, partition = self.watch(), partition_of(context, "file that was dropped")
                export = read_export(watch, partition, self.aliases, complete=self.complete)
                snapshots: Snapshots = context.resources.snapshots
                api = snapshots.latest(API_DEVICES)
                table = watch.kept.with_known_ids(export.devices, api["rows"] if api else None)
                for note in export.notes:
                    context.log.info(note)
                self._prune(context, sync.name, watch.kept)
                return dg.MaterializeResult(
                    value=table, metadata={"file": shown(watch.kept.origin(partition).name), **_told(export, table)}
                )

        return devices

    def _prune(self, context: dg.AssetExecutionContext, name: str, kept: KeptExports) -> None:
        """Forget the oldest files, but none that came after this one: it may still wait for its run."""
        keys = sorted(context.instance.get_dynamic_partitions(name), key=accepted)
        doomed = [key for key in keys[: -self.keep] if accepted(key) < accepted(context.partition_key)]
        for key in doomed:
            context.instance.delete_dynamic_partition(name, key)
        kept.prune(doomed, [key for key in keys if key not in doomed])


def _told(export: Export, table: pd.DataFrame) -> dict[str, Any]:
    return {
        **row_counts({"devices": table}),
        "format": export.format,
        "rows_of_the_file": export.rows,
        "columns": dict(export.columns),
        "ignored_columns": list(export.ignored),
        "notes": dg.MetadataValue.md("\n".join(f"- {note}" for note in export.notes) or "none"),
        "dagster/column_schema": column_schema(table, PDQ.tables["devices"]),
    }
