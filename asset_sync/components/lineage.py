"""Lineage: the mapped fields as columns `kind.field`, from the source's table through each step to the target."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from asset_sync.components.objects import objects_key
from asset_sync.components.sync import Sync
from asset_sync.reconcile.desired import SyncMapping
from asset_sync.reconcile.sources import STEP, SourceTable, SourceTables


def column_schema(sync: Sync) -> dict[str, Any]:
    """Return the metadata that shows the mapped fields as columns `kind.field`, and where they live in the target."""
    columns = [
        dg.TableColumn(f"{kind}.{name}", type=sync.kinds[kind].field(name).type, description=f"owner: {m.ownership.owner}")
        for kind, fields in sync.mapping.items()
        for name, m in fields.items()
    ]
    return {"dagster/column_schema": dg.TableSchema(columns=columns)}


def source_lineage(sync: Sync, tables: SourceTables, mapping: SyncMapping, keys: Mapping[str, dg.AssetKey]) -> dict[str, Any]:
    """Return the metadata that shows the mapped fields, and which columns of the source's tables each one comes from.

    `keys` are the assets of the tables that are read; what comes from one that is made of them has no column of its own there.
    """
    deps: dict[str, list[dg.TableColumnDep]] = {}
    for kind, fields in mapping.fields.items():
        for name, told in fields.items():
            found = [_at(tables, mapping.tables[kind], column) for column in told.columns]
            upstream = [dg.TableColumnDep(asset_key=keys[at], column_name=column) for at, column in found if at in keys]
            if upstream:
                deps[f"{kind}.{name}"] = upstream
    return {**column_schema(sync), "dagster/column_lineage": dg.TableColumnLineage(deps_by_column=deps)}


def read_lineage(system: str, table: SourceTable) -> dict[str, Any]:
    """Return the metadata that shows the columns of a table as those of the objects of which they are read."""
    if table.kind is None:
        return {}
    key = objects_key(system, table.kind)
    deps = {name: [dg.TableColumnDep(asset_key=key, column_name=name)] for name in table.names}
    return {"dagster/column_lineage": dg.TableColumnLineage(deps_by_column=deps)}


def _at(tables: SourceTables, table: str, column: str) -> tuple[str, str]:
    """Return in which table a column stands that is named from another one, and its name there."""
    own, _, further = column.partition(STEP)
    return _at(tables, tables[table].target_of(own), further) if further else (table, column)


def step_lineage(sync: Sync, upstream: dg.AssetKey) -> dict[str, Any]:
    """Return the metadata that shows the mapped fields, each one from its own column of the step before."""
    deps = {
        f"{kind}.{name}": [dg.TableColumnDep(asset_key=upstream, column_name=f"{kind}.{name}")]
        for kind, fields in sync.mapping.items()
        for name in fields
    }
    return {**column_schema(sync), "dagster/column_lineage": dg.TableColumnLineage(deps_by_column=deps)}
