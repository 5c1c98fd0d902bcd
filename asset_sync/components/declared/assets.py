"""The ends of the staircase of a declared sync: what the source tells, what the target holds, and what it should hold."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import dagster as dg
import pandas as pd

from asset_sync.components.declared.choosing import ONLY, ChoosingConfig, Only
from asset_sync.components.declared.choosing import told as about_words
from asset_sync.components.declared.reading import check_there
from asset_sync.components.failures import EXTRACT_RETRIES, told_in_one_line
from asset_sync.components.lineage import read_lineage, source_lineage
from asset_sync.components.meanwhile import READ_AT
from asset_sync.components.objects import objects_key
from asset_sync.components.progress import progress_of
from asset_sync.components.readings import Readings
from asset_sync.components.snapshots import Snapshots, read_in_part, row_counts
from asset_sync.components.sync import Sync
from asset_sync.components.waits import throttle_wait
from asset_sync.reconcile.desired import SyncMapping, desired_tables
from asset_sync.reconcile.kinds import Kinds
from asset_sync.reconcile.refusals import validated
from asset_sync.reconcile.sources import Source, SourceTable
from asset_sync.reconcile.tables import Tables
from asset_sync.systems.steps import Shaped, Sieve, Sifted
from asset_sync.systems.system import Constants, System

OfRun = Callable[[dg.AssetExecutionContext], System]
"""A system as a run has it: where there are several connections, with what the run's own says to it."""
Asked = Callable[[dg.AssetExecutionContext, Only], System]
"""The source as a run has it, where it may be asked for some rows alone."""


Alone = Callable[[dg.AssetExecutionContext, frozenset[str]], None]
"""What raises `SourceError` where what a run read, by its marks, is read by another connection, too."""


def source_asset(
    sync: Sync,
    source: System,
    table: SourceTable,
    key: dg.AssetKey,
    *,
    open_columns: Iterable[str],
    asked: Asked,
    alone: Alone,
) -> dg.AssetsDefinition:
    """Return the asset that holds one table of the source."""
    columns = tuple(open_columns)

    @dg.asset(
        key=key,
        deps=[objects_key(sync.source_objects, table.kind)] if table.kind else None,
        io_manager_key="snapshots",
        partitions_def=sync.partitions,
        required_resource_keys={sync.source},
        pool=sync.source_pool,
        retry_policy=EXTRACT_RETRIES,
        owners=list(sync.owners),
        group_name=key.path[0],
        kinds={"pandas", "parquet"},
        description=f"{table.words.rstrip('.')}: {source.title}'s table {table.name}, read whole or not at all.",
        code_version="1",
    )
    def extract(context: dg.AssetExecutionContext, config: ChoosingConfig) -> dg.MaterializeResult[pd.DataFrame]:
        with told_in_one_line(), progress_of(context):
            read = asked(context, config.only).reader(sync.source_resource(context), table.name, columns)
            alone(context, read.marks)
            schema = column_schema(read.table, table)
            told: dict[str, Any] = {"requests": read.requests, "dagster/column_schema": schema}
            told |= throttle_wait(source.name, read.waited)
            told |= {ONLY: about_words(config.only)} if config.only else {}
            told |= read_lineage(sync.source_objects, table)
            return dg.MaterializeResult(value=read.table, metadata={**row_counts({table.name: read.table}), **told})

    return extract


def inventory_asset(sync: Sync, target: System, of_run: OfRun | None = None) -> dg.AssetsDefinition:
    """Return the asset that holds what the target has."""

    @dg.asset(
        key=sync.inventory,
        io_manager_key="snapshots",
        pool=sync.pool,
        partitions_def=sync.partitions,
        required_resource_keys={"snapshots", sync.target},
        retry_policy=EXTRACT_RETRIES,
        owners=list(sync.owners),
        group_name=sync.inventory.path[0],
        kinds={target.name, "parquet"},
        description=f"What {target.title} holds, of the kinds and fields that the sync maps.",
        code_version="1",
    )
    def inventory(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Tables]:
        with told_in_one_line(), progress_of(context):
            began = dg.MetadataValue.timestamp(datetime.now(UTC))
            side = (of_run(context) if of_run else target).side
            snapshots: Snapshots = context.resources.snapshots
            resource, partition = sync.target_resource(context), context.partition_key if context.has_partition_key else None
            readings = Readings(snapshots, side.viewer(resource) if side.viewer else None)
            kept = readings.latest(sync.inventory, partition, {name: sync.mapping[name] for name in sync.kinds})
            found = side.observe(resource, sync.kinds, sync.mapping, constants(sync), kept)
            readings.note(sync.inventory, partition)
            counted = {name: table for name, table in found.tables.items() if name in sync.kinds}
            waited = throttle_wait(target.name, found.waited)
            told = {**row_counts(counted), "requests": found.requests, **waited, READ_AT: began}
            told |= {"read": found.how} if found.how else {}
            return dg.MaterializeResult(value=found.tables, metadata=told)

    return inventory


def sieve_asset(
    sync: Sync,
    sieve: Sieve,
    rows: dg.AssetKey,
    sift: Callable[[dg.AssetExecutionContext, pd.DataFrame, Tables], Sifted],
) -> dg.AssetsDefinition:
    """Return the asset that holds the rows of the source's main table that a sieve lets through."""

    @dg.asset(
        key=sync.key(sieve.name),
        ins={"rows": dg.AssetIn(rows), "inventory": dg.AssetIn(sync.inventory)},
        io_manager_key="snapshots",
        partitions_def=sync.partitions,
        required_resource_keys={"ledger", sync.target},
        owners=list(sync.owners),
        group_name=sync.name,
        kinds={"pandas", "parquet"},
        description=sieve.words,
        code_version="1",
    )
    def sifted(context: dg.AssetExecutionContext, rows: pd.DataFrame, inventory: Tables) -> dg.MaterializeResult[pd.DataFrame]:
        with told_in_one_line():
            found = sift(context, rows, inventory)
            return dg.MaterializeResult(value=found.rows, metadata={"dagster/row_count": len(found.rows), **found.told})

    return sifted


Shaping = Callable[[dg.AssetExecutionContext, pd.DataFrame, Kinds, Tables, Tables], Shaped]
"""What makes of the main table's rows, the kinds, the desired tables and the inventory the tables as the target has them."""


def desired_asset(
    sync: Sync,
    source: System,
    mapping_of: Callable[[dg.AssetExecutionContext], SyncMapping],
    keys: Mapping[str, dg.AssetKey],
    title: str,
    *,
    columns: Mapping[str, Sequence[str] | None],
    shape: Shaping | None = None,
) -> dg.AssetsDefinition:
    """Return the asset that holds what the target should have, made from the source's tables, whose assets are given.

    `mapping_of` says of a run what is mapped, `columns` what any run needs of each table; None: all of them.
    """
    inventory = {_INVENTORY: dg.AssetIn(sync.inventory)} if shape else {}

    @dg.asset(
        key=sync.key("desired"),
        ins={**{name: read_in_part(key, columns[name]) for name, key in keys.items()}, **inventory},
        io_manager_key="snapshots",
        partitions_def=sync.partitions,
        owners=list(sync.owners),
        group_name=sync.name,
        kinds={"pandas", "parquet"},
        description=f"What {title} should hold, made from {source.title}'s tables by the mapping in the sync's YAML.",
        code_version="1",
    )
    def desired(context: dg.AssetExecutionContext, **read: Any) -> dg.MaterializeResult[Tables]:
        with told_in_one_line():
            mapping, inventory = mapping_of(context), read.pop(_INVENTORY, None)
            check_there(source, mapping, read, keys)
            mapped = {name: kind for name, kind in sync.kinds.items() if name in mapping.tables}
            made, notes = desired_tables(Source(source.tables, dict(read)), mapped, mapping)
            shaped = shape(context, read[source.main], sync.kinds, made, inventory) if shape else Shaped(made)
            told = [*notes, *shaped.notes]
            for note in told:
                context.log.warning(note)
            checked = validated(sync.kinds, shaped.tables)
            words = dg.MetadataValue.md("\n".join(f"- {note}" for note in told) or "none")
            lineage = source_lineage(sync, source.tables, mapping, keys)
            return dg.MaterializeResult(
                value=checked, metadata={**row_counts(checked), "notes": words, **shaped.told, **lineage}
            )

    return desired


_INVENTORY: Final = "inventory_of_the_target"
"""The name of the step's input that is none of the source's tables."""


def constants(sync: Sync) -> Constants:
    """Return the values that the mapping itself names, by kind and field."""
    found = {
        kind: {name: told.written for name, told in fields.items() if told.written} for kind, fields in sync.mapping.items()
    }
    return {kind: values for kind, values in found.items() if values}


def column_schema(read: pd.DataFrame, declared: SourceTable) -> dg.TableSchema:
    """Return the columns of a table for the UI, with what each is."""
    return dg.TableSchema(columns=[_column(str(name), str(dtype), declared) for name, dtype in read.dtypes.items()])


def _column(name: str, dtype: str, declared: SourceTable) -> dg.TableColumn:
    column = declared.column(name)
    return dg.TableColumn(name, type=dtype, description=(column.words or None) if column else None)
