"""WhatsUp Gold → NetBox as a component: each connection is a partition; its finds become devices of NetBox."""

from collections.abc import Collection
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import dagster as dg
import pandas as pd
from pydantic import Field

from asset_sync.components import config
from asset_sync.components.connections import name_of, partitions
from asset_sync.components.declared.assets import column_schema, desired_asset, inventory_asset
from asset_sync.components.declared.checking import Checking
from asset_sync.components.declared.component import evidence
from asset_sync.components.declared.mapping import KindConfig, MadeFrom, sync_mapping
from asset_sync.components.due import due_sensor
from asset_sync.components.failures import EXTRACT_RETRIES, told_in_one_line
from asset_sync.components.lineage import read_lineage
from asset_sync.components.objects import objects_key
from asset_sync.components.staircase import staircase, sync_job
from asset_sync.components.sync import Sync
from asset_sync.components.wug.connections import ConnectionConfig, check_connections
from asset_sync.components.wug_to_netbox.found import Known, taken, with_verdicts
from asset_sync.ledger import Ledger
from asset_sync.reconcile.desired import SyncMapping
from asset_sync.reconcile.mapping import PrefixLengths
from asset_sync.reconcile.planning import Policy
from asset_sync.reconcile.tables import Tables
from asset_sync.systems.netbox import NetBox
from asset_sync.systems.netbox.addressed import interface_addresses
from asset_sync.systems.netbox.system import NETBOX
from asset_sync.systems.wug import DEVICE, WhatsUpGold, discovered
from asset_sync.systems.wug.system import WUG

_NEEDED: Final = (
    *("manufacturer", "device_type", "device_role", "site", "tag", "device", "interface", "ip_address"),
    "device_primary_ip",
)
_INCOMPLETE: Final = "the YAML does not say that WhatsUp Gold knows every device: what it lacks is not retired"


class FindingConfig(ConnectionConfig):
    """One WhatsUp Gold server, and how often its finds are looked for."""

    interval_minutes: int = Field(default=180, ge=1)


class WugToNetbox(dg.Component, dg.Model, dg.Resolvable):
    """Brings devices that WhatsUp Gold found to NetBox, with type, role, site, a management interface and its address.

    Devices that NetBox has already are left alone. `exported_by` is the sync in the other direction, and `root_group` its
    group, which says nothing of where a device is. What a server lacks is retired only where it is `complete`.
    """

    connections: list[FindingConfig]
    mapping: dict[str, KindConfig]
    tables: dict[str, str] = Field(default_factory=dict)
    exported_by: str = "netbox_to_wug"
    root_group: str = "NetBox"
    complete: bool = False
    grace: config.GraceConfig = Field(default_factory=config.GraceConfig)
    limits: config.LimitsConfig = Field(default_factory=config.LimitsConfig)
    prefix_lengths: config.PrefixLengthConfig = Field(default_factory=lambda: config.PrefixLengthConfig(ipv4=32, ipv6=128))

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Return the sync's assets, its job and its sensor; the sync has the name of its folder."""
        self.check(context.path / config.FILE)
        sync = self.sync(context.path.name)
        desired = desired_asset(sync, WUG, lambda _context: self._mapping(), {"devices": sync.key("found")}, NETBOX.title)
        ends = [inventory_asset(sync, NETBOX), desired]
        intervals = {each.name: timedelta(minutes=each.interval_minutes) for each in self.connections}
        assets = [self._devices_asset(sync), self._found_asset(sync), *ends, *staircase(sync)]
        return dg.Definitions(assets=assets, jobs=[sync_job(sync, "found")], sensors=[due_sensor(sync.name, intervals)])

    def _mapping(self) -> SyncMapping:
        prefixes = PrefixLengths(self.prefix_lengths.ipv4, self.prefix_lengths.ipv6)
        return sync_mapping(self.mapping, MadeFrom(WUG.main, self.tables), {}, prefixes, ())

    def check(self, file: Path) -> None:
        """Raise `ConfigurationError` for what is wrong in the YAML that this was read from, with file and line."""
        check_connections(file, self.connections)
        checking = Checking(config.Place(file, ("attributes",)), WUG, NETBOX.side, self.tables)
        checking.needed(self.mapping, _NEEDED)
        checking.mapping(self.mapping, self.mapping)
        checking.references(self.mapping, self.mapping)

    def sync(self, name: str) -> Sync:
        """Return what the YAML declares, as the staircase takes it."""
        mapping = self._mapping().fields
        kinds = NETBOX.side.declared(mapping)
        return Sync(
            name=name,
            title="WhatsUp Gold → NetBox",
            kinds=kinds,
            mapping=mapping,
            policy=Policy(config.owners(mapping), self.grace.grace()),
            limits=self.limits.limits(),
            target="netbox",
            pool="netbox",
            inventory=dg.AssetKey([name, "inventory"]),
            sources=[dg.AssetKey([name, "devices"])],
            fresh=None,
            partitions=partitions([each.name for each in self.connections]),
            apart=True,
            incomplete=lambda _context: None if self.complete else _INCOMPLETE,
            conform=NETBOX.side.conform,
            evidence=evidence(NETBOX.side, kinds),
        )

    def _devices_asset(self, sync: Sync) -> dg.AssetsDefinition:
        connections = {connection.name: connection for connection in self.connections}

        @dg.asset(
            key=sync.key("devices"),
            deps=[objects_key("wug", str(WUG.tables[WUG.main].kind))],
            partitions_def=sync.partitions,
            io_manager_key="snapshots",
            retry_policy=EXTRACT_RETRIES,
            group_name=sync.name,
            kinds={"pandas", "parquet"},
            description="Every device of WhatsUp Gold, read whole or not at all.",
            code_version="1",
        )
        def devices(context: dg.AssetExecutionContext, wug: WhatsUpGold) -> dg.MaterializeResult[pd.DataFrame]:
            with told_in_one_line(), connections[name_of(context)].open(wug) as client:
                table = discovered(client, root=self.root_group)
                counts = {"dagster/row_count": len(table), "requests": client.tally.read}
                told: dict[str, Any] = {
                    **read_lineage("wug", WUG.tables[WUG.main]),
                    **counts,
                    "dagster/column_schema": column_schema(table, WUG.tables[WUG.main]),
                }
                return dg.MaterializeResult(value=table, metadata=told)

        return devices

    def _found_asset(self, sync: Sync) -> dg.AssetsDefinition:
        @dg.asset(
            key=sync.key("found"),
            ins={"devices": dg.AssetIn(sync.key("devices")), "inventory": dg.AssetIn(sync.inventory)},
            partitions_def=sync.partitions,
            io_manager_key="snapshots",
            required_resource_keys={"ledger", "netbox"},
            group_name=sync.name,
            kinds={"pandas", "parquet"},
            description="The devices that WhatsUp Gold found and NetBox did not have, and those that came from here before.",
            code_version="1",
        )
        def found(
            context: dg.AssetExecutionContext, devices: pd.DataFrame, inventory: Tables
        ) -> dg.MaterializeResult[pd.DataFrame]:
            netbox: NetBox = context.resources.netbox
            with told_in_one_line(), netbox.client() as client:
                known = self._known(sync.of(context), context, inventory["device"], interface_addresses(client))
                judgement = with_verdicts(devices, known)
                table = taken(judgement)
                return dg.MaterializeResult(value=table, metadata=_told(judgement, table) | {"requests": client.tally.read})

        return found

    def _known(self, sync: Sync, context: dg.AssetExecutionContext, there: pd.DataFrame, addresses: Collection[str]) -> Known:
        ledger: Ledger = context.resources.ledger
        own = sync.known_links(ledger)["device"]
        exported = ledger.links(f"{self.exported_by}/{name_of(context)}", {DEVICE.name: DEVICE}, {})[DEVICE.name]
        return Known(
            brought=dict(zip(own["source_key"], own["target_id"], strict=True)),
            exported=set(exported["target_id"]),
            alive=set(there["id"]),
            names=set(there["name"].dropna()),
            addresses=addresses,
        )


def _told(judgement: pd.DataFrame, table: pd.DataFrame) -> dict[str, Any]:
    counts = {f"devices/{why}": int(count) for why, count in judgement["why"].value_counts().items()}
    return {
        "dagster/row_count": len(table),
        **counts,
        "dagster/column_schema": column_schema(table, WUG.tables[WUG.main]),
    }
