"""PDQ export files → NetBox as a component: each file that is dropped into a folder is a partition and a run."""

from functools import partial
from pathlib import Path
from typing import Any, Final

import dagster as dg
import pandas as pd
from pydantic import Field

from asset_sync.components import config
from asset_sync.components.declared.assets import column_schema, desired_asset, inventory_asset
from asset_sync.components.declared.checking import Checking
from asset_sync.components.declared.component import evidence
from asset_sync.components.declared.mapping import KindConfig, MadeFrom, sync_mapping
from asset_sync.components.failures import told_in_one_line
from asset_sync.components.pdq_exports.folder import DropFolder, place
from asset_sync.components.pdq_exports.kept import KeptExports, accepted
from asset_sync.components.pdq_exports.reading import read_export
from asset_sync.components.pdq_exports.sensor import export_sensor
from asset_sync.components.pdq_exports.watch import Watch
from asset_sync.components.snapshots import Snapshots, row_counts
from asset_sync.components.staircase import staircase, sync_job
from asset_sync.components.sync import Sync
from asset_sync.reconcile.desired import SyncMapping
from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.reconcile.mapping import PrefixLengths
from asset_sync.reconcile.planning import Policy
from asset_sync.systems.netbox.system import NETBOX
from asset_sync.systems.pdq.system import PDQ
from asset_sync.systems.pdq_export import Columns, Export, Limits
from asset_sync.systems.pdq_export.refusal import shown

DEVICES: Final = dg.AssetKey(["pdq_export", "devices"])
API_DEVICES: Final = dg.AssetKey(["pdq", "devices"])
"""The devices as PDQ Connect's API told them last: whom it knows has an id that a file does not tell."""
LINKS: Final = "pdq_to_netbox"
"""The sync whose links are shared: a machine that is known from the API is the same machine in a file."""


class PdqExports(dg.Component, dg.Model, dg.Resolvable):
    """Keeps the assets of NetBox's inventory plugin in step with export files of PDQ.

    `folder` and `kept` are folders below ASSET_SYNC_HOME or any fsspec URL: where files are dropped, and where their bytes
    are kept, of the last `keep` files. What a file lacks is retired only where `complete` says that each names every machine.
    An object that somebody deleted is made again only where the sync may `recreate`, or where a person decides so.
    """

    mapping: dict[str, KindConfig]
    folder: str = "exports"
    kept: str = "exports_kept"
    keep: int = Field(default=50, ge=1)
    every_seconds: int = Field(default=5, ge=1)
    complete: bool = False
    recreate: bool = False
    aliases: dict[str, list[str]] = Field(default_factory=dict)
    grace: config.GraceConfig = Field(default_factory=config.GraceConfig)
    limits: config.LimitsConfig = Field(default_factory=config.LimitsConfig)

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Return the sync's assets, its job and its sensor; the sync has the name of its folder."""
        self.check(context.path / config.FILE)
        sync = self.sync(context.path.name)
        desired = desired_asset(sync, PDQ, lambda _context: self._mapping(), {"devices": DEVICES}, NETBOX.title)
        ends = [inventory_asset(sync, NETBOX), desired]
        assets = [self._devices_asset(sync), *ends, *staircase(sync)]
        sensor = export_sensor(sync.name, self.watch, self.every_seconds)
        return dg.Definitions(assets=assets, jobs=[sync_job(sync)], sensors=[sensor])

    def watch(self) -> Watch:
        """Return what looks at the folder. Only here and in runs is the environment asked where it is."""
        return Watch(DropFolder(place(self.folder)), KeptExports(place(self.kept)), Limits())

    def check(self, file: Path) -> None:
        """Raise `ConfigurationError` for what is wrong in the YAML that this was read from, with file and line."""
        place = config.Place(file, ("attributes",))
        checking = Checking(place, PDQ, NETBOX.side, {})
        checking.mapping(self.mapping, self.mapping)
        checking.references(self.mapping, self.mapping)
        try:
            Columns(self.aliases)
        except ConfigurationError as error:
            raise place.at("aliases").error(str(error).removeprefix("aliases: ")) from None

    def _mapping(self) -> SyncMapping:
        return sync_mapping(self.mapping, MadeFrom(PDQ.main, {}), {}, PrefixLengths(), ())

    def sync(self, name: str) -> Sync:
        """Return the sync as the staircase sees it."""
        mapping = self._mapping().fields
        kinds = NETBOX.side.declared(mapping)
        return Sync(
            name=name,
            title="PDQ export files → NetBox",
            kinds=kinds,
            mapping=mapping,
            policy=Policy(config.owners(mapping), self.grace.grace()),
            limits=self.limits.limits(),
            target="netbox",
            pool="netbox",
            inventory=dg.AssetKey([name, "inventory"]),
            sources=[DEVICES],
            fresh=None,
            partitions=dg.DynamicPartitionsDefinition(name=name),
            link_set=LINKS,
            incomplete=partial(self._incomplete, name),
            conform=NETBOX.side.conform,
            evidence=evidence(NETBOX.side, kinds),
            deletions=NETBOX.side.deletions,
            recreate=self.recreate,
        )

    def _incomplete(self, name: str, context: dg.AssetExecutionContext) -> str | None:
        key = context.partition_key
        newest = self.watch().kept.newest(context.instance.get_dynamic_partitions(name))
        if newest is not None and accepted(key) < accepted(newest):
            told = f"{key} is older than {newest}: what it lacks is not retired"
            context.log.warning(told)
            return told
        return None if self.complete else "the YAML does not say that an export is complete: what it lacks is not retired"

    def _devices_asset(self, sync: Sync) -> dg.AssetsDefinition:
        @dg.asset(
            key=DEVICES,
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
                watch, key = self.watch(), context.partition_key
                export = read_export(watch, key, self.aliases, complete=self.complete)
                snapshots: Snapshots = context.resources.snapshots
                api = snapshots.latest(API_DEVICES)
                table = watch.kept.with_known_ids(export.devices, api["rows"] if api else None)
                for note in export.notes:
                    context.log.info(note)
                self._prune(context, sync.name, watch.kept)
                return dg.MaterializeResult(
                    value=table, metadata={"file": shown(watch.kept.origin(key).name), **_told(export, table)}
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
