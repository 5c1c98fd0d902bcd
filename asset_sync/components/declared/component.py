"""A declared sync as a component: its YAML names a source, a target, and what of the one becomes what of the other."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Literal

import dagster as dg
from pydantic import Field

from asset_sync.components import config
from asset_sync.components.connections import check_names, name_of, partitions
from asset_sync.components.declared.assets import constants, desired_asset, extracted, inventory_asset, source_asset
from asset_sync.components.declared.checking import Checking
from asset_sync.components.declared.mapping import ConditionConfig, KindConfig, MadeFrom, conditions, sync_mapping
from asset_sync.components.due import due_sensor
from asset_sync.components.staircase import staircase, sync_job
from asset_sync.components.sync import Evidence, Sync
from asset_sync.reconcile.desired import SyncMapping, as_mapped
from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.reconcile.kinds import Kinds
from asset_sync.reconcile.mapping import PrefixLengths
from asset_sync.reconcile.planning import Policy
from asset_sync.reconcile.sources import STEP
from asset_sync.reconcile.tables import Tables
from asset_sync.systems import system
from asset_sync.systems.system import System, TargetSide

_NO_LONGER: Final = {
    "assets": "write `target: netbox` and `kinds: [manufacturer, inventory_item_type, asset]`",
    "devices": "write `target: netbox` and in `kinds` those of `mapping` that belong to devices",
}
"""Values of `target` of earlier versions, and what is written instead."""
_SHARED: Final = frozenset({"ledger", "snapshots", "netbox", "pdq_connect", "snipeit", "wug"})
"""The resources that the project itself provides."""


class KeysConfig(dg.Model, dg.Resolvable):
    """What the keys of assets begin with that other syncs may know by them: the source's tables, and the target's inventory."""

    source: str = ""
    inventory: str = ""


class ScheduleConfig(config.ScheduleConfig):
    """When the sync runs by itself, and in which mode."""

    mode: Literal["normal", "full", "review", "dry_run"] = "normal"


class ConnectionConfig(dg.Model, dg.Resolvable):
    """One of several of a system: the variables that say how it is reached have its name in them (NETBOX_BERLIN_URL)."""

    name: str = ""
    ca_file: str | None = None
    verify: bool = True

    def key(self, of: System) -> str:
        """Return the key of the resource; one that is reached in a way of its own has one of its own."""
        own = self.name or ("" if self == ConnectionConfig() else "own")
        return f"{of.resource}_{own}" if own else of.resource

    def pool(self, of: System) -> str | None:
        """Return the pool of the system that is reached."""
        return f"{of.pool}_{self.name}" if of.pool and self.name else of.pool

    def resource(self, of: System) -> dg.ConfigurableResource[Any]:
        """Return the resource that reaches the system."""
        return of.make(connection=self.name, ca_file=self.ca_file, verify=self.verify) if of.named else of.make()


class SeveralConfig(ConnectionConfig):
    """One of several connections, each a partition: how often it is due, and filters of its own beside those of the sync."""

    interval_minutes: int = Field(default=60, ge=1)
    enabled: bool = True
    filters: dict[str, list[ConditionConfig]] = Field(default_factory=dict)


class SyncComponent(dg.Component, dg.Model, dg.Resolvable):
    """Keeps the kinds of a target in step with the tables of a source.

    `source` and `target` name systems; `kinds` are those of the mapped kinds that are written, all where none is named;
    `tables` says which table of the source a kind is made from, where that is not its main one. What the source lacks is
    retired unless it is not `complete`.

    Where there are several `connections` of the source, or of the target, each one is a partition with links, plans and an
    interval of its own.
    """

    source: str
    target: str
    mapping: dict[str, KindConfig]
    kinds: list[str] = Field(default_factory=list)
    tables: dict[str, str] = Field(default_factory=dict)
    filters: dict[str, list[ConditionConfig]] = Field(default_factory=dict)
    schedule: ScheduleConfig | None = None
    complete: bool = True
    grace: config.GraceConfig = Field(default_factory=config.GraceConfig)
    limits: config.LimitsConfig = Field(default_factory=config.LimitsConfig)
    prefix_lengths: config.PrefixLengthConfig = Field(default_factory=config.PrefixLengthConfig)
    networks: list[str] = Field(default_factory=list)
    fresh_hours: float | None = Field(default=None, gt=0)
    owners: list[str] = Field(default_factory=list)
    keys: KeysConfig = Field(default_factory=KeysConfig)
    source_connection: ConnectionConfig = Field(default_factory=ConnectionConfig)
    target_connection: ConnectionConfig = Field(default_factory=ConnectionConfig)
    connections: list[SeveralConfig] = Field(default_factory=list)
    connections_of: Literal["source", "target"] = "source"

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Return the sync's assets, its job and its schedule; the sync has the name of its folder."""
        self.check(context.path / config.FILE)
        source, target, name = system(self.source), system(self.target), context.path.name
        sync, keys = self.sync(name), self._extract_keys(name, source)
        extracts = [
            source_asset(sync, source, source.tables[table], key, self._open_columns(source, table))
            for table, key in keys.items()
        ]
        ends = [inventory_asset(sync, target), desired_asset(sync, source, self._of_run, keys, target.title)]
        job = sync_job(sync)
        connections = {sync.source: (source, self.source_connection), sync.target: (target, self.target_connection)}
        own = {key: connection.resource(each) for key, (each, connection) in connections.items() if key not in _SHARED}
        assets = [*extracts, *ends, *staircase(sync)]
        schedules, sensors = [*self._schedules(name, job)], [*self._sensors(name)]
        return dg.Definitions(assets=assets, jobs=[job], schedules=schedules, sensors=sensors, resources=own)

    def check(self, file: Path) -> None:
        """Raise `ConfigurationError` for what is wrong in the YAML that this was read from, with file and line."""
        place = config.Place(file, ("attributes",))
        source, target = self._systems(place)
        self._check(place, source, target)

    def ask(self) -> None:
        """Ask the target over the network; raise `ConfigurationError` for a choice or a custom field that it does not have."""
        target, sync = system(self.target), self.sync("asked")
        for connection in self.connections if self._several("target") else [self.target_connection]:
            target.side.check(connection.resource(target), sync.kinds, constants(sync))

    def sync(self, name: str) -> Sync:
        """Return what the YAML declares, as the staircase takes it."""
        source, target = system(self.source), system(self.target)
        side = target.side
        mapping = self._sync_mapping(source)
        kinds = as_mapped(side.declared(mapping.fields), mapping)
        return Sync(
            name=name,
            title=f"{source.title} → {target.title}",
            kinds=kinds,
            mapping=mapping.fields,
            policy=Policy(config.owners(mapping.fields), self.grace.grace()),
            limits=self.limits.limits(),
            source=self._key("source", source),
            target=self._key("target", target),
            pool=None if self._several("target") else self.target_connection.pool(target),
            source_pool=None if self._several("source") else self.source_connection.pool(source),
            inventory=_asset_key(self.keys.inventory) or dg.AssetKey([name, "inventory"]),
            sources=list(self._extract_keys(name, source).values()),
            partitions=partitions([each.name for each in self.connections]) if self.connections else None,
            apart=bool(self.connections),
            resource=self._resource,
            fresh=timedelta(hours=self.fresh_hours) if self.fresh_hours else None,
            owners=self.owners,
            incomplete=self._incomplete,
            conform=side.conform,
            evidence=evidence(side, kinds),
        )

    # What the YAML says.

    def _systems(self, place: config.Place) -> tuple[System, System]:
        """Return the source and the target; `ConfigurationError`, with file and line, where there is no such one."""
        if self.target in _NO_LONGER:
            raise place.at("target").error(f"{self.target!r} is no system: {_NO_LONGER[self.target]}")
        source = _named(place.at("source"), self.source, lambda found: found.reader)
        return source, _named(place.at("target"), self.target, lambda found: found.side)

    def _check(self, place: config.Place, source: System, target: System) -> None:
        checking = Checking(place, source, target.side, self.tables)
        chosen = self.kinds or list(self.mapping)
        checking.networks(self.networks)
        checking.mapping(self.mapping, chosen)
        checking.references(self.mapping, chosen)
        checking.filters(self.filters)
        for key, of, told in (
            ("source_connection", source, self.source_connection),
            ("target_connection", target, self.target_connection),
        ):
            if told != ConnectionConfig() and not of.named:
                raise place.at(key).error(f"of {of.title} there is but one here, reached by its own variables")
        self._check_connections(place, checking, source if self.connections_of == "source" else target)
        if self.schedule is not None:
            config.check_schedule(place.at("schedule"), self.schedule)

    def _check_connections(self, place: config.Place, checking: Checking, several: System) -> None:
        if not self.connections:
            return
        at = place.at("connections")
        if not several.named:
            raise at.error(f"of {several.title} there is but one here, reached by its own variables")
        check_names(at, [each.name for each in self.connections], several.title)
        if self.schedule is not None:
            raise place.at("schedule").error("each connection has an interval of its own: leave the schedule out")
        for number, each in enumerate(self.connections):
            checking.filters(each.filters, at.at(str(number)).at("filters"))

    def _sync_mapping(self, source: System) -> SyncMapping:
        chosen = {name: self.mapping[name] for name in self.kinds or self.mapping}
        lengths = PrefixLengths(self.prefix_lengths.ipv4, self.prefix_lengths.ipv6)
        return sync_mapping(chosen, MadeFrom(source.main, self.tables), self.filters, lengths, self.networks)

    def _several(self, side: str) -> bool:
        return bool(self.connections) and self.connections_of == side

    def _resource(self, context: dg.AssetExecutionContext, key: str) -> Any:
        """Return the resource of a key; of the system that is there several times, that of the run's connection."""
        several = system(self.source if self.connections_of == "source" else self.target)
        if not self.connections or key != self._key(self.connections_of, several):
            return getattr(context.resources, key)
        return self._connection(context).resource(several)

    def _key(self, side: Literal["source", "target"], of: System) -> str:
        """Return the key of a side's resource."""
        if self._several(side):
            return f"{of.resource}_connections"
        return (self.source_connection if side == "source" else self.target_connection).key(of)

    def _connection(self, context: dg.AssetExecutionContext) -> SeveralConfig:
        name = name_of(context)
        return next(each for each in self.connections if each.name == name)

    def _of_run(self, context: dg.AssetExecutionContext) -> SyncMapping:
        """Return the mapping with the filters of the run's connection, where there are several."""
        mapping = self._sync_mapping(system(self.source))
        return _filtered(mapping, self._connection(context).filters) if self.connections else mapping

    def _every_mapping(self, source: System) -> SyncMapping:
        """Return the mapping with the filters of all connections: what any run may look at."""
        mapping = self._sync_mapping(source)
        for each in self.connections:
            mapping = _filtered(mapping, each.filters)
        return mapping

    def _extract_keys(self, name: str, source: System) -> dict[str, dg.AssetKey]:
        """Return the keys of the assets that hold the tables to be read, by table."""
        tables = _reached(source, self._every_mapping(source))
        return {table: dg.AssetKey([self.keys.source or name, table]) for table in extracted(source, tables)}

    def _open_columns(self, source: System, table: str) -> list[str]:
        """Return the columns of a table that the mapping asks for and only the system itself can list."""
        declared = source.tables[table].names
        asked = {column for of, column in _asked(self._every_mapping(source)) if of == table}
        return sorted(column for column in asked if column not in declared and STEP not in column)

    def _schedules(self, name: str, job: Any) -> Iterator[dg.ScheduleDefinition]:
        if self.schedule is None:
            return
        mode = self.schedule.mode
        run_config = {"ops": {f"{name}__plan": {"config": {"mode": mode}}}}
        yield dg.ScheduleDefinition(
            name=f"{name}_schedule",
            job=job,
            cron_schedule=self.schedule.cron,
            execution_timezone=self.schedule.timezone,
            run_config=run_config if mode != "normal" else None,
            description=f"Runs {name} by itself{'' if mode == 'normal' else f', in the mode {mode}'}.",
        )

    def _sensors(self, name: str) -> Iterator[dg.SensorDefinition]:
        if self.connections:
            yield due_sensor(name, {c.name: timedelta(minutes=c.interval_minutes) for c in self.connections if c.enabled})

    def _incomplete(self, _context: dg.AssetExecutionContext) -> str | None:
        return None if self.complete else "the YAML says that the source is not complete: what it lacks is not retired"


def _filtered(mapping: SyncMapping, filters: Mapping[str, list[ConditionConfig]]) -> SyncMapping:
    where = {table: (*mapping.where.get(table, ()), *conditions(told)) for table, told in filters.items()}
    return replace(mapping, where={**mapping.where, **where})


def _named(place: config.Place, name: str, use: Callable[[System], object]) -> System:
    """Return a system, if it can be used so."""
    try:
        found = system(name)
        use(found)
    except ConfigurationError as error:
        raise place.error(str(error)) from None
    return found


def _reached(source: System, mapping: SyncMapping) -> set[str]:
    """Return the tables that a mapping takes rows from, and those that its columns lead to."""
    tables = {*mapping.tables.values(), *mapping.where}
    for start, column in _asked(mapping):
        table = source.tables[start]
        *steps, _last = column.split(STEP)
        for step in steps:
            table = source.tables[table.target_of(step)]
            tables.add(table.name)
    return tables


def _asked(mapping: SyncMapping) -> Iterator[tuple[str, str]]:
    """Yield the columns that a mapping looks at, each with the table that it is named from."""
    for kind, fields in mapping.fields.items():
        for told in fields.values():
            yield from ((mapping.tables[kind], column) for column in told.looked_at)
    for table, asked in mapping.where.items():
        yield from ((table, condition.column) for condition in asked)


def evidence(side: TargetSide, kinds: Kinds) -> Callable[[dg.AssetExecutionContext, Tables, Tables], Evidence]:
    """Return what says that a sync matches by the target as it shows itself, and that what it would not take yet waits."""
    return lambda _context, desired, inventory: Evidence(inventory, side.waiting(kinds, desired, inventory))


def _asset_key(told: str) -> dg.AssetKey | None:
    return dg.AssetKey(told.split("/")) if told else None
