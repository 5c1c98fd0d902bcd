"""NetBox → WhatsUp Gold as a component: each connection of its YAML is a partition with plans and links of its own."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

import dagster as dg
import pandas as pd
from pydantic import Field

from asset_sync.components import config, run_tags
from asset_sync.components.connections import name_of, partitions
from asset_sync.components.declared.mapping import FieldConfig
from asset_sync.components.due import due_sensor
from asset_sync.components.failures import EXTRACT_RETRIES, told_in_one_line
from asset_sync.components.lineage import read_lineage, source_lineage
from asset_sync.components.netbox_to_wug.addresses import told_of, with_verdicts
from asset_sync.components.netbox_to_wug.desired import Layout, desired_tables, refused_elsewhere, unknown_roles
from asset_sync.components.netbox_to_wug.following import follow, standing
from asset_sync.components.netbox_to_wug.sensors import scans_sensor
from asset_sync.components.netbox_to_wug.tracked import TrackedTarget
from asset_sync.components.netbox_to_wug.waiting import RECENT, bring_in_line, waiting_devices, without_strangers
from asset_sync.components.objects import objects_key
from asset_sync.components.resources import open_tracking
from asset_sync.components.snapshots import row_counts
from asset_sync.components.staircase import staircase, sync_job
from asset_sync.components.sync import Evidence, Sync
from asset_sync.components.wug.connections import ConnectionConfig, check_connections
from asset_sync.reconcile.desired import SyncMapping
from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.reconcile.kinds import Retirement
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.planning import Policy
from asset_sync.reconcile.refusals import validated
from asset_sync.reconcile.tables import Tables, observed_schema
from asset_sync.systems.netbox import NetBox
from asset_sync.systems.netbox.addressed import COLUMNS, DeviceFilter, addressed_devices
from asset_sync.systems.netbox.source import ADDRESSED, TABLES
from asset_sync.systems.system import OpenFields
from asset_sync.systems.wug import (
    ATTRIBUTE,
    DEVICE,
    GROUP,
    MAPPABLE,
    NETBOX_ID,
    WhatsUpGold,
    WugTarget,
    declared,
    group_path,
    known_roles,
    observe,
)

_ATTRIBUTES: Final = OpenFields(ATTRIBUTE, "attributes")
_NEEDED: Final = ("name", "address", "group", ATTRIBUTE + NETBOX_ID)
_ROLES: Final = "role"
"""The table of the roles, brands and systems that WhatsUp Gold knows, beside the observed ones."""


class FilterConfig(dg.Model, dg.Resolvable):
    """Which devices a connection monitors: those with a value of every filter that names any. Slugs; a status by its value."""

    sites: list[str] = Field(default_factory=list)
    roles: list[str] = Field(default_factory=list)
    types: list[str] = Field(default_factory=list)
    tags: list[str] = Field(default_factory=list)
    statuses: list[str] = Field(default_factory=lambda: ["active"])
    tenants: list[str] = Field(default_factory=list)

    def chosen(self) -> DeviceFilter:
        """Return the filter as the source takes it."""
        return DeviceFilter(self.sites, self.roles, self.types, self.tags, self.statuses, self.tenants)


class MonitoringConfig(ConnectionConfig):
    """One WhatsUp Gold server, and what of NetBox it monitors."""

    enable_netbox_export: bool = False
    export_interval_minutes: int = Field(default=180, ge=1)
    auto_scan_exported_ips: bool = True
    exclude_recent_exports: bool = True
    filters: FilterConfig = Field(default_factory=FilterConfig)


class NetboxToWug(dg.Component, dg.Model, dg.Resolvable):
    """Keeps WhatsUp Gold's devices in step with NetBox's devices that have a primary address.

    Devices go into groups below `root_group`, by the path of their site. One that is gone from NetBox, or no longer chosen, is
    never deleted: it goes into maintenance, or into the group `root_group`/Retired.
    """

    connections: list[MonitoringConfig]
    mapping: dict[str, dict[str, FieldConfig]]
    root_group: str = "NetBox"
    retire: Literal["maintenance", "group"] = "maintenance"
    scan_timeout_minutes: int = Field(default=60, ge=1)
    grace: config.GraceConfig = Field(default_factory=config.GraceConfig)
    limits: config.LimitsConfig = Field(default_factory=config.LimitsConfig)

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Return the sync's assets, its two jobs and its two sensors; the sync has the name of its folder."""
        self.check(context.path / config.FILE)
        sync = self.sync(context.path.name)
        assets = [*self._source_assets(sync), self._inventory_asset(sync), self._desired_asset(sync), *staircase(sync)]
        job = sync_job(sync, "addresses")
        scans = dg.define_asset_job(f"{sync.name}_scans", selection=dg.AssetSelection.keys(sync.key("scans")))
        sensors = [
            due_sensor(sync.name, self._intervals()),
            scans_sensor(job, scans, {each.name: each.enable_netbox_export for each in self.connections}, open_tracking),
        ]
        return dg.Definitions(assets=[*assets, self._scans_asset(sync)], jobs=[job, scans], sensors=sensors)

    def check(self, file: Path) -> None:
        """Raise `ConfigurationError` for what is wrong in the YAML that this was read from, with file and line."""
        check_connections(file, self.connections)
        columns = {DEVICE.name: {*COLUMNS, *self._custom()}}
        config.check_mapping(file, self.mapping, MAPPABLE, columns, needed=(DEVICE.name,), open_fields=_ATTRIBUTES)
        self._check_needed(file)

    def sync(self, name: str) -> Sync:
        """Return what the YAML declares, as the staircase takes it."""
        mapping = {
            GROUP.name: {"path": FieldConfig(owner="source").mapping()},
            **config.declared_mapping(self.mapping, [DEVICE.name]),
        }
        return Sync(
            name=name,
            title="NetBox → WhatsUp Gold",
            kinds=declared(mapping, self._retirement()),
            mapping=mapping,
            policy=Policy(config.owners(mapping), self.grace.grace()),
            limits=self.limits.limits(),
            target="wug",
            pool=None,
            inventory=dg.AssetKey([name, "inventory"]),
            sources=[dg.AssetKey([name, "devices"])],
            fresh=None,
            partitions=partitions([each.name for each in self.connections]),
            apart=True,
            evidence=self._evidence,
            open_target=self._open_target,
        )

    def _retirement(self) -> Retirement:
        if self.retire == "maintenance":
            return Retirement("maintenance", "on")
        return Retirement("group", group_path([self.root_group, "Retired"]))

    def _check_needed(self, file: Path) -> None:
        for name in _NEEDED:
            if name not in self.mapping[DEVICE.name]:
                place = config.Place(file, ("attributes", "mapping", DEVICE.name))
                raise place.error(f"{name} is not mapped; needed are {', '.join(_NEEDED)}")

    def _custom(self) -> list[str]:
        """Return the columns of NetBox's custom fields that the mapping asks for."""
        sources = (field.source or "" for field in self.mapping.get(DEVICE.name, {}).values())
        return sorted({source for source in sources if source.startswith(config.CUSTOM_FIELDS.prefix)})

    def _intervals(self) -> Mapping[str, timedelta]:
        enabled = (connection for connection in self.connections if connection.enable_netbox_export)
        return {connection.name: timedelta(minutes=connection.export_interval_minutes) for connection in enabled}

    def _connection(self, context: dg.AssetExecutionContext) -> MonitoringConfig:
        """Return the connection of a run."""
        name = name_of(context)
        return next(each for each in self.connections if each.name == name)

    def _enabled(self, context: dg.AssetExecutionContext) -> MonitoringConfig:
        """Return the connection of a run; `ConfigurationError` where nothing is to be exported over it."""
        connection = self._connection(context)
        if not connection.enable_netbox_export:
            raise ConfigurationError(
                f"NetBox export is not enabled for {connection.name}: set enable_netbox_export in the YAML of the sync"
            )
        return connection

    # Steps.

    def _source_assets(self, sync: Sync) -> Sequence[dg.AssetsDefinition]:
        @dg.asset(
            key=sync.key("devices"),
            deps=[objects_key("netbox", str(ADDRESSED.kind))],
            partitions_def=sync.partitions,
            io_manager_key="snapshots",
            pool="netbox",
            retry_policy=EXTRACT_RETRIES,
            group_name=sync.name,
            kinds={"netbox", "parquet"},
            description="NetBox's devices with a primary address that the connection's filters choose.",
            code_version="1",
        )
        def devices(context: dg.AssetExecutionContext, netbox: NetBox) -> dg.MaterializeResult[pd.DataFrame]:
            with told_in_one_line(), netbox.client() as client:
                chosen = self._enabled(context).filters.chosen()
                table = addressed_devices(client, chosen, self._custom())
                told: dict[str, Any] = {"dagster/row_count": len(table), "requests": client.tally.read}
                return dg.MaterializeResult(value=table, metadata=told | read_lineage("netbox", ADDRESSED))

        @dg.asset(
            key=sync.key("addresses"),
            ins={"devices": dg.AssetIn(sync.key("devices"))},
            partitions_def=sync.partitions,
            io_manager_key="snapshots",
            group_name=sync.name,
            kinds={"pandas", "parquet"},
            description="The devices with their addresses judged: refused with a reason, or taken, some with warnings.",
            code_version="1",
        )
        def addresses(context: dg.AssetExecutionContext, devices: pd.DataFrame) -> dg.MaterializeResult[pd.DataFrame]:
            with told_in_one_line():
                table = with_verdicts(devices, open_tracking().recent(context.partition_key, datetime.now(UTC) - RECENT))
                return dg.MaterializeResult(value=table, metadata=told_of(table))

        return [devices, addresses]

    def _inventory_asset(self, sync: Sync) -> dg.AssetsDefinition:
        @dg.asset(
            key=sync.inventory,
            partitions_def=sync.partitions,
            io_manager_key="snapshots",
            retry_policy=EXTRACT_RETRIES,
            group_name=sync.name,
            kinds={"parquet"},
            description="What WhatsUp Gold holds: its groups and devices with their attributes, and the roles that it knows.",
            code_version="1",
        )
        def inventory(context: dg.AssetExecutionContext, wug: WhatsUpGold) -> dg.MaterializeResult[Tables]:
            with told_in_one_line(), self._enabled(context).open(wug) as client:
                tables = observe(client, sync.kinds, root=self.root_group)
                checked = {name: observed_schema(sync.kinds[name]).validate(table) for name, table in tables.items()}
                told = {**row_counts(checked), "requests": client.tally.read}
                return dg.MaterializeResult(value={**checked, _ROLES: known_roles(client)}, metadata=told)

        return inventory

    def _desired_asset(self, sync: Sync) -> dg.AssetsDefinition:
        @dg.asset(
            key=sync.key("desired"),
            ins={"addresses": dg.AssetIn(sync.key("addresses")), "inventory": dg.AssetIn(sync.inventory)},
            partitions_def=sync.partitions,
            io_manager_key="snapshots",
            group_name=sync.name,
            kinds={"pandas", "parquet"},
            description="What WhatsUp Gold should hold, made from the devices by the mapping in the sync's YAML.",
            code_version="1",
        )
        def desired(
            context: dg.AssetExecutionContext, addresses: pd.DataFrame, inventory: Tables
        ) -> dg.MaterializeResult[Tables]:
            with told_in_one_line():
                known, devices = inventory[_ROLES], refused_elsewhere(addresses, inventory[DEVICE.name])
                for row in devices[devices["refused"].notna()].itertuples(index=False):
                    context.log.warning(f"{row.name}: its address is not monitored: {row.refused}")
                tables = desired_tables(devices, sync.kinds, sync.mapping, self._layout(inventory[GROUP.name]), known)
                checked = validated(sync.kinds, tables)
                bring_in_line(open_tracking(), context.partition_key, checked, inventory, datetime.now(UTC))
                left_out = unknown_roles(addresses, sync.kinds[DEVICE.name], sync.mapping[DEVICE.name], known)
                for each in left_out:
                    context.log.warning(f"WhatsUp Gold has no {each}: it is left out; the mapping's `values` can translate it")
                made_from = SyncMapping(dict.fromkeys(sync.kinds, ADDRESSED.name), sync.mapping)
                lineage = source_lineage(sync, TABLES, made_from, {ADDRESSED.name: sync.key("addresses")})
                return dg.MaterializeResult(value=checked, metadata={**row_counts(checked), "left_out": left_out, **lineage})

        return desired

    def _layout(self, groups: pd.DataFrame) -> Layout:
        retirement = self._retirement()
        retired = retirement.value if retirement.field == "group" else None
        return Layout(self.root_group, retired, groups["path"].tolist())

    def _evidence(self, context: dg.AssetExecutionContext, desired: Tables, inventory: Tables) -> Evidence:
        connection = self._enabled(context)
        waiting = waiting_devices(
            open_tracking(), connection.name, desired, datetime.now(UTC), exclude_recent=connection.exclude_recent_exports
        )
        return Evidence(without_strangers(desired, inventory), waiting)

    def _open_target(self, context: dg.AssetExecutionContext, _sync: Sync, plan: Plan) -> TrackedTarget:
        connection = self._enabled(context)
        client = connection.open(context.resources.wug, writable=True)
        return TrackedTarget(
            WugTarget(client, root=self.root_group),
            open_tracking(),
            connection.name,
            plan,
            scans=connection.auto_scan_exported_ips,
            by_hand=run_tags.SENSOR not in context.run.tags,
        )

    def _scans_asset(self, sync: Sync) -> dg.AssetsDefinition:
        @dg.asset(
            key=sync.key("scans"),
            deps=[sync.key("applied")],
            partitions_def=sync.partitions,
            group_name=sync.name,
            kinds={"postgres"},
            description="A look at the scans that are under way, and how the connection's exports stand.",
            code_version="1",
        )
        def scans(context: dg.AssetExecutionContext, wug: WhatsUpGold) -> dg.MaterializeResult[None]:
            with told_in_one_line(), self._connection(context).open(wug) as client:
                tracking, name = open_tracking(), context.partition_key
                follow(tracking, name, client.scans, datetime.now(UTC), timedelta(minutes=self.scan_timeout_minutes))
                return dg.MaterializeResult(metadata=standing(tracking.statistics(name)))

        return scans
