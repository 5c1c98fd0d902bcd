"""The assets on both sides of the staircase of a sync into NetBox, and its declared mapping."""

from typing import Final

import dagster as dg
import pandas as pd

from asset_sync.components.failures import EXTRACT_RETRIES, told_in_one_line
from asset_sync.components.into_netbox.desired import Adapters, PrefixLengths, desired_tables
from asset_sync.components.lineage import source_lineage
from asset_sync.components.snapshots import row_counts
from asset_sync.components.sync import Evidence, Sync
from asset_sync.reconcile.kinds import Kind, Kinds
from asset_sync.reconcile.refusals import validated
from asset_sync.reconcile.tables import OBSERVED_COLUMNS, Tables, observed_schema
from asset_sync.systems.netbox import NetBox, check_choices, observe, unready

ASSET_KINDS: Final = ("manufacturer", "inventory_item_type", "asset")
"""The kinds of NetBox that an inventory asset needs."""

DEVICE_KINDS: Final = (
    "manufacturer",
    "device_type",
    "device_role",
    "platform",
    "site",
    "device",
    "interface",
    "mac_address",
    "ip_address",
    "interface_primary_mac",
    "device_primary_ip",
)
"""The kinds of NetBox that a device with its addresses needs."""


def inventory_asset(sync: Sync, group: str) -> dg.AssetsDefinition:
    """Return the asset that holds what NetBox has."""

    @dg.asset(
        key=sync.inventory,
        io_manager_key="snapshots",
        pool="netbox",
        partitions_def=sync.partitions,
        retry_policy=EXTRACT_RETRIES,
        group_name=group,
        kinds={"netbox", "parquet"},
        description="What NetBox holds, of the kinds and fields that the sync maps.",
        code_version="1",
    )
    def inventory(netbox: NetBox) -> dg.MaterializeResult[Tables]:
        with told_in_one_line(), netbox.client() as client:
            check_choices(client, sync.kinds, _constants(sync))
            fields = {name: tuple(sync.mapping[name]) for name in sync.kinds}
            tables = observe(client, sync.kinds, fields)
            checked = {name: _checked(kind, tables[name]) for name, kind in sync.kinds.items()}
            metadata = {**row_counts(checked), "requests": client.tally.read}
            return dg.MaterializeResult(value={**tables, **checked}, metadata=metadata)

    return inventory


def desired_asset(sync: Sync, devices_key: dg.AssetKey, adapters: Adapters, prefixes: PrefixLengths) -> dg.AssetsDefinition:
    """Return the asset that holds what NetBox should have, made from a source's table of devices."""

    @dg.asset(
        key=sync.key("desired"),
        ins={"devices": dg.AssetIn(devices_key)},
        io_manager_key="snapshots",
        partitions_def=sync.partitions,
        group_name=sync.name,
        kinds={"pandas", "parquet"},
        description="What NetBox should hold, made from the devices by the mapping in the sync's YAML.",
        code_version="1",
    )
    def desired(context: dg.AssetExecutionContext, devices: pd.DataFrame) -> dg.MaterializeResult[Tables]:
        with told_in_one_line():
            tables, notes = desired_tables(devices, adapters, sync.kinds, sync.mapping, prefixes)
            for note in notes:
                context.log.warning(note)
            checked = validated(sync.kinds, tables)
            lineage = source_lineage(sync, devices_key, devices.columns)
            told = dg.MetadataValue.md("\n".join(f"- {note}" for note in notes) or "none")
            return dg.MaterializeResult(value=checked, metadata={**row_counts(checked), "notes": told, **lineage})

    return desired


def evidence(kinds: Kinds, context: dg.AssetExecutionContext, desired: Tables, inventory: Tables) -> Evidence:  # noqa: ARG001
    """Return what a sync of those kinds matches by: NetBox as it shows itself; what it would not let be created waits."""
    return Evidence(inventory, unready(kinds, desired, inventory))


def _checked(kind: Kind, observed: pd.DataFrame) -> pd.DataFrame:
    return observed_schema(kind, observed.columns[len(OBSERVED_COLUMNS) :]).validate(observed)


def _constants(sync: Sync) -> dict[str, dict[str, str]]:
    """Return the constants that the mapping writes, by kind and field."""
    constants = {
        kind: {name: mapping.value for name, mapping in fields.items() if mapping.value is not None}
        for kind, fields in sync.mapping.items()
    }
    return {kind: values for kind, values in constants.items() if values}


def devices_schema(table: pd.DataFrame) -> dg.TableSchema:
    """Return the columns of a device table for the UI."""
    return dg.TableSchema(columns=[dg.TableColumn(str(name), type=str(dtype)) for name, dtype in table.dtypes.items()])
