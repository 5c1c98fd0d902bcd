"""Lineage: the mapped fields as columns `kind.field`, from the source's table through each step to the target."""

from collections.abc import Collection
from typing import Any

import dagster as dg

from asset_sync.components.sync import Sync


def column_schema(sync: Sync) -> dict[str, Any]:
    """Return the metadata that shows the mapped fields as columns `kind.field`, and where they live in the target."""
    columns = [
        dg.TableColumn(f"{kind}.{name}", type=sync.kinds[kind].field(name).type, description=f"owner: {m.ownership.owner}")
        for kind, fields in sync.mapping.items()
        for name, m in fields.items()
    ]
    return {"dagster/column_schema": dg.TableSchema(columns=columns)}


def source_lineage(sync: Sync, upstream: dg.AssetKey, columns: Collection[str]) -> dict[str, Any]:
    """Return the metadata that shows the mapped fields, and which column of a source's table each one comes from."""
    deps = {
        f"{kind}.{name}": [dg.TableColumnDep(asset_key=upstream, column_name=mapping.source)]
        for kind, fields in sync.mapping.items()
        for name, mapping in fields.items()
        if mapping.source is not None and mapping.source in columns
    }
    return {**column_schema(sync), "dagster/column_lineage": dg.TableColumnLineage(deps_by_column=deps)}


def step_lineage(sync: Sync, upstream: dg.AssetKey) -> dict[str, Any]:
    """Return the metadata that shows the mapped fields, each one from its own column of the step before."""
    deps = {
        f"{kind}.{name}": [dg.TableColumnDep(asset_key=upstream, column_name=f"{kind}.{name}")]
        for kind, fields in sync.mapping.items()
        for name in fields
    }
    return {**column_schema(sync), "dagster/column_lineage": dg.TableColumnLineage(deps_by_column=deps)}
