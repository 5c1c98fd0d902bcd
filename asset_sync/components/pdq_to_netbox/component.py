"""PDQ Connect → NetBox as a component: devices become inventory assets, or dcim devices, as its YAML says."""

from datetime import timedelta
from functools import partial
from typing import Literal

import dagster as dg
import pandas as pd
from pydantic import Field

from asset_sync.components import config
from asset_sync.components.failures import EXTRACT_RETRIES, told_in_one_line
from asset_sync.components.into_netbox.assets import (
    ASSET_KINDS,
    DEVICE_KINDS,
    desired_asset,
    devices_schema,
    evidence,
    inventory_asset,
)
from asset_sync.components.into_netbox.desired import PrefixLengths, mappable_fields
from asset_sync.components.pdq_to_netbox.adapters import adapters
from asset_sync.components.snapshots import row_counts
from asset_sync.components.staircase import staircase, sync_job
from asset_sync.components.sync import Sync
from asset_sync.reconcile.planning import Policy
from asset_sync.systems import pdq
from asset_sync.systems.netbox import KINDS, conform, declared

DEVICES = dg.AssetKey(["pdq", "devices"])
_INVENTORY = {"assets": dg.AssetKey(["netbox", "inventory"]), "devices": dg.AssetKey(["netbox", "devices"])}
_KINDS = {
    "assets": ASSET_KINDS,
    "devices": DEVICE_KINDS,
}


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
    prefix_lengths: config.PrefixLengthConfig = Field(default_factory=config.PrefixLengthConfig)
    fresh_hours: float = Field(default=25, gt=0)

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Return the sync's assets, its job and its schedule; the sync has the name of its folder."""
        available = {name: KINDS[name] for name in dict.fromkeys(sum(_KINDS.values(), ()))}
        columns = {name: mappable_fields(name, pdq.DEVICE_FIELDS) for name in available}
        config.check_mapping(context.path / "defs.yaml", self.mapping, available, columns, needed=_KINDS[self.target])
        sync = self.sync(context.path.name)
        job = sync_job(sync)
        schedule = dg.ScheduleDefinition(
            name=f"{sync.name}_schedule", job=job, cron_schedule=self.schedule.cron, execution_timezone=self.schedule.timezone
        )
        prefixes = PrefixLengths(self.prefix_lengths.ipv4, self.prefix_lengths.ipv6)
        ends = [inventory_asset(sync, "netbox"), desired_asset(sync, DEVICES, adapters, prefixes)]
        assets = [_devices_asset(), *ends, *staircase(sync)]
        return dg.Definitions(assets=assets, jobs=[job], schedules=[schedule])

    def sync(self, name: str) -> Sync:
        """Return what the YAML declares, as the staircase takes it."""
        mapping = config.declared_mapping(self.mapping, _KINDS[self.target])
        kinds = declared(mapping)
        return Sync(
            name=name,
            kinds=kinds,
            mapping=mapping,
            policy=Policy(config.owners(mapping), self.grace.grace()),
            limits=self.limits.limits(),
            target="netbox",
            pool="netbox",
            inventory=_INVENTORY[self.target],
            sources=[DEVICES],
            fresh=timedelta(hours=self.fresh_hours),
            conform=conform,
            evidence=partial(evidence, kinds),
        )


def _devices_asset() -> dg.AssetsDefinition:
    @dg.asset(
        key=DEVICES,
        io_manager_key="snapshots",
        pool="pdq",
        retry_policy=EXTRACT_RETRIES,
        group_name="pdq",
        kinds={"pandas", "parquet"},
        description="Every device of PDQ Connect, read whole or not at all.",
        code_version="1",
    )
    def devices(pdq_connect: pdq.PdqConnect) -> dg.MaterializeResult[pd.DataFrame]:
        with told_in_one_line(), pdq_connect.client() as client:
            table = pdq.devices(client)
            told = {"requests": client.tally.read, "dagster/column_schema": devices_schema(table)}
            metadata = {**row_counts({"devices": table}), **told}
            return dg.MaterializeResult(value=table, metadata=metadata)

    return devices
