"""PDQ Connect → NetBox as a component: devices become inventory assets, or dcim devices, as its YAML says."""

from datetime import timedelta
from typing import Any, Literal

import dagster as dg
import pandas as pd
from pydantic import Field

from asset_sync.components import config
from asset_sync.components.failures import told_in_one_line
from asset_sync.components.pdq_to_netbox.desired import PrefixLengths, desired_tables, mappable_fields
from asset_sync.components.snapshots import row_counts
from asset_sync.components.staircase import Sync, column_schema, staircase
from asset_sync.reconcile.planning import Policy
from asset_sync.reconcile.tables import Tables, desired_schema, observed_schema
from asset_sync.systems import pdq
from asset_sync.systems.netbox import KINDS, NetBox, declared, observe

DEVICES = dg.AssetKey(["pdq", "devices"])
_INVENTORY = {"assets": dg.AssetKey(["netbox", "inventory"]), "devices": dg.AssetKey(["netbox", "devices"])}
_KINDS = {
    "assets": ("manufacturer", "inventory_item_type", "asset"),
    "devices": (
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
    ),
}


class PrefixLengthConfig(dg.Model, dg.Resolvable):
    """PDQ Connect tells addresses without their networks: how long the prefixes are that NetBox is given."""

    ipv4: int = Field(default=24, ge=1, le=32)
    ipv6: int = Field(default=64, ge=1, le=128)


class PdqToNetbox(dg.Component, dg.Model, dg.Resolvable):
    """Keeps NetBox in step with PDQ Connect.

    `target: assets` writes assets of the netbox-inventory plugin with their manufacturers and item types; `target: devices`
    writes dcim devices with types, roles, platforms, sites, interfaces, MAC and IP addresses and primary addresses.
    """

    target: Literal["assets", "devices"]
    mapping: dict[str, dict[str, config.FieldConfig]]
    schedule: config.ScheduleConfig = Field(default_factory=config.ScheduleConfig)
    grace: config.GraceConfig = Field(default_factory=config.GraceConfig)
    limits: config.LimitsConfig = Field(default_factory=config.LimitsConfig)
    prefix_lengths: PrefixLengthConfig = Field(default_factory=PrefixLengthConfig)
    fresh_hours: float = Field(default=25, gt=0)

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Return the sync's assets, its job and its schedule; the sync has the name of its folder."""
        available = {name: KINDS[name] for name in dict.fromkeys(sum(_KINDS.values(), ()))}
        columns = {name: mappable_fields(name, pdq.DEVICE_FIELDS) for name in available}
        config.check_mapping(context.path / "defs.yaml", self.mapping, available, columns, needed=_KINDS[self.target])
        sync = self.sync(context.path.name)
        job = dg.define_asset_job(
            sync.name, selection=dg.AssetSelection.keys(*self._keys(sync)), tags={"asset_sync/sync": sync.name}
        )
        schedule = dg.ScheduleDefinition(
            name=f"{sync.name}_schedule", job=job, cron_schedule=self.schedule.cron, execution_timezone=self.schedule.timezone
        )
        assets = [_devices_asset(), _inventory_asset(sync), self._desired_asset(sync), *staircase(sync)]
        return dg.Definitions(assets=assets, jobs=[job], schedules=[schedule])

    def _keys(self, sync: Sync) -> list[dg.AssetKey]:
        return [DEVICES, sync.inventory, *(sync.key(step) for step in ("desired", "match", "plan", "applied"))]

    def sync(self, name: str) -> Sync:
        """Return what the YAML declares, as the staircase takes it."""
        mapping = {kind: {name: f.mapping() for name, f in self.mapping[kind].items()} for kind in _KINDS[self.target]}
        owners = {kind: {n: m.ownership for n, m in fields.items()} for kind, fields in mapping.items()}
        return Sync(
            name=name,
            kinds=declared(mapping),
            mapping=mapping,
            policy=Policy(owners, self.grace.grace()),
            limits=self.limits.limits(),
            target="netbox",
            inventory=_INVENTORY[self.target],
            sources=[DEVICES],
            fresh=timedelta(hours=self.fresh_hours),
        )

    def _desired_asset(self, sync: Sync) -> dg.AssetsDefinition:
        prefixes = PrefixLengths(self.prefix_lengths.ipv4, self.prefix_lengths.ipv6)

        @dg.asset(
            key=sync.key("desired"),
            ins={"devices": dg.AssetIn(DEVICES)},
            io_manager_key="snapshots",
            group_name=sync.name,
            kinds={"pandas", "parquet"},
            description="What NetBox should hold, made from the devices by the mapping in the sync's YAML.",
            code_version="1",
        )
        def desired(devices: pd.DataFrame) -> dg.MaterializeResult[Tables]:
            with told_in_one_line():
                tables = desired_tables(devices, sync.kinds, sync.mapping, prefixes)
                checked = {name: desired_schema(sync.kinds[name]).validate(t) for name, t in tables.items()}
                return dg.MaterializeResult(value=checked, metadata={**row_counts(checked), **_source_lineage(sync)})

        return desired


def _devices_asset() -> dg.AssetsDefinition:
    @dg.asset(
        key=DEVICES,
        io_manager_key="snapshots",
        pool="pdq",
        retry_policy=dg.RetryPolicy(max_retries=2, delay=5, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS),
        group_name="pdq",
        kinds={"pandas", "parquet"},
        description="Every device of PDQ Connect, read whole or not at all.",
        code_version="1",
    )
    def devices(pdq_connect: pdq.PdqConnect) -> dg.MaterializeResult[pd.DataFrame]:
        with told_in_one_line(), pdq_connect.client() as client:
            table = pdq.devices(client)
            schema = dg.TableSchema(
                columns=[dg.TableColumn(str(name), type=str(dtype)) for name, dtype in table.dtypes.items()]
            )
            metadata = {**row_counts({"devices": table}), "requests": client.tally.read, "dagster/column_schema": schema}
            return dg.MaterializeResult(value=table, metadata=metadata)

    return devices


def _inventory_asset(sync: Sync) -> dg.AssetsDefinition:
    @dg.asset(
        key=sync.inventory,
        io_manager_key="snapshots",
        pool="netbox",
        retry_policy=dg.RetryPolicy(max_retries=2, delay=5, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS),
        group_name="netbox",
        kinds={"netbox", "parquet"},
        description="What NetBox holds, of the kinds and fields that the sync maps.",
        code_version="1",
    )
    def inventory(netbox: NetBox) -> dg.MaterializeResult[Tables]:
        with told_in_one_line(), netbox.client() as client:
            fields = {name: tuple(sync.mapping[name]) for name in sync.kinds}
            tables = observe(client, sync.kinds, fields)
            checked = {name: observed_schema(sync.kinds[name], t.columns[4:]).validate(t) for name, t in tables.items()}
            return dg.MaterializeResult(value=checked, metadata={**row_counts(checked), "requests": client.tally.read})

    return inventory


def _source_lineage(sync: Sync) -> dict[str, Any]:
    deps = {
        f"{kind}.{name}": [dg.TableColumnDep(asset_key=DEVICES, column_name=mapping.source)]
        for kind, fields in sync.mapping.items()
        for name, mapping in fields.items()
        if mapping.source in pdq.DEVICE_FIELDS
    }
    return {**column_schema(sync), "dagster/column_lineage": dg.TableColumnLineage(deps_by_column=deps)}
