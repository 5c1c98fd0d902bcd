"""A declared sync as a component: its YAML names a source, a target, and what of the one becomes what of the other."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import dagster as dg
from pydantic import ConfigDict, Field

from asset_sync.components import config
from asset_sync.components.bounds import Bounds
from asset_sync.components.connections import check_names, name_of, partitions
from asset_sync.components.declared.alone import check_alone
from asset_sync.components.declared.assets import constants, desired_asset, inventory_asset, sieve_asset, source_asset
from asset_sync.components.declared.checking import Checking, check_keys
from asset_sync.components.declared.choosing import Only, about, check_only, chosen_of
from asset_sync.components.declared.ends import (
    ConnectionConfig,
    End,
    SeveralConfig,
    Side,
    Told,
    check_apart,
    check_told,
    named,
    other_syncs,
    told_system,
)
from asset_sync.components.declared.following import following_asset, following_job, following_sensor
from asset_sync.components.declared.mapping import ConditionConfig, KindConfig, MadeFrom, conditions, sync_mapping
from asset_sync.components.declared.reading import ReadFrom, needed_columns, open_columns, read_tables
from asset_sync.components.declared.review import ReviewRuleConfig, check_review
from asset_sync.components.declared.steps import OwnSteps
from asset_sync.components.due import ScheduledConnection
from asset_sync.components.pausing import paused
from asset_sync.components.scheduling import due_sensor
from asset_sync.components.staircase import STEPS, staircase, sync_job
from asset_sync.components.sync import Sync
from asset_sync.reconcile.desired import SyncMapping, as_mapped, is_lookup
from asset_sync.reconcile.errors import AssetSyncError, ConfigurationError, ValueNotTaken
from asset_sync.reconcile.kinds import Kinds
from asset_sync.reconcile.mapping import PrefixLengths
from asset_sync.reconcile.planning import Policy
from asset_sync.reconcile.tables import Tables
from asset_sync.systems import system
from asset_sync.systems.checkup import Needs
from asset_sync.systems.steps import Evidence, Following, Sieve
from asset_sync.systems.system import Page, System, TargetSide

Filters = Mapping[str, list[ConditionConfig]]
"""Conditions on source rows, by table."""

_NO_LONGER: Final = {
    "assets": "write `target: netbox` and `kinds: [manufacturer, inventory_item_type, asset]`",
    "devices": "write `target: netbox` and in `kinds` those of `mapping` that belong to devices",
}
"""Values of `target` of earlier versions, and what is written instead."""
_ASKS: Final = frozenset({"review", "dry_run"})
"""The modes that write nothing by themselves: a pause lets them run."""
_KEY: Final = re.compile(r"\w+(/\w+)*", re.ASCII)
_SHARED: Final = frozenset({"ledger", "snapshots", "netbox", "pdq_connect", "snipeit", "wug"})
"""The resources that the project itself provides."""


class KeysConfig(dg.Model, dg.Resolvable):
    """What the keys of assets begin with that other syncs may know by them: the source's tables, and the target's inventory."""

    source: str = Field(default="", description="Of the source's tables; the sync's name where none is said.")
    inventory: str = Field(
        default="", description="Of what the target holds; the sync's name and /inventory where none is said."
    )


class ScheduleConfig(config.ScheduleConfig):
    """When the sync runs by itself, and in which mode."""

    mode: Literal["normal", "full", "review", "dry_run"] = Field(
        default="normal", description="normal, full (writes every mapped field), review (waits for approval) or dry_run."
    )


class SyncComponent(dg.Component, dg.Model, dg.Resolvable):
    """Keeps the kinds of a target in step with the tables of a source.

    `source` and `target` name systems, `source_options` and `target_options` are what only these can be told; `kinds` are those
    of the mapped kinds that are written, all where none is named; `tables` says which table of the source a kind is made from,
    where that is not its main one. What the source lacks is retired unless it is not `complete`. An object that somebody
    deleted is made again only where the sync may `recreate`, or where a person decides so. Where it does not `register`, what
    stands for a row of the main table is kept up if it is there, and held until somebody makes it, or decides that it be made.

    Where there are several `connections` of the source, or of the target, each one is a partition with links, plans and an
    interval of its own.
    """

    # What `register` says has another name here: classes with such parents have a method of that one.
    model_config = ConfigDict(populate_by_name=True)

    source: str = Field(
        description="The system that is read: pdq, snipeit, netbox, wug, hedgehog, hosts, …, or package.module.NAME."
    )
    target: str = Field(description="The system that is written to: netbox, wug, or package.module.NAME.")
    mapping: dict[str, KindConfig] = Field(
        description="What becomes of what: the fields of each kind, where their values come from, and who owns them."
    )
    kinds: list[str] = Field(
        default_factory=list, description="Which of the mapped kinds are written; all where none is named."
    )
    tables: dict[str, str] = Field(
        default_factory=dict, description="Which table of the source a kind is made from, where that is not its main one."
    )
    filters: dict[str, list[ConditionConfig]] = Field(
        default_factory=dict, description="Conditions on the source's rows, by table: what does not fit is left out."
    )
    schedule: ScheduleConfig | None = Field(default=None, description="When the sync runs by itself, once it is switched on.")
    complete: bool = Field(
        default=True, description="Whether the source is the whole: what it lacks is retired then, after the grace."
    )
    recreate: bool = Field(default=False, description="Whether an object that somebody deleted is made again without asking.")
    registers: bool = Field(
        default=True,
        alias="register",
        description="Whether objects are made for rows that have none yet; else they are held until somebody makes them.",
    )
    grace: config.GraceConfig = Field(
        default_factory=config.GraceConfig, description="After how long what the source lacks is retired."
    )
    limits: config.LimitsConfig = Field(default_factory=config.LimitsConfig, description="What a plan may do without approval.")
    review: list[ReviewRuleConfig] = Field(
        default_factory=list,
        description="What waits for a person though the plan is applied; the first rule that fits decides.",
    )
    prefix_lengths: config.PrefixLengthConfig = Field(
        default_factory=config.PrefixLengthConfig,
        description="How long prefixes are taken to be where the source tells addresses alone.",
    )
    networks: list[str] = Field(
        default_factory=list, description="Networks that are known, whose prefix length an address in them has."
    )
    fresh_hours: Annotated[float | None, Bounds(gt=0, le=config.MOST_HOURS)] = Field(
        default=None,
        description="After so many hours without a successful run the sync counts as stale.",
    )
    owners: list[str] = Field(
        default_factory=list, description="Who owns the assets in Dagster: e-mail addresses, or team:name."
    )
    keys: KeysConfig = Field(
        default_factory=KeysConfig, description="What the keys of assets begin with that other syncs may know by them."
    )
    source_options: dict[str, Any] = Field(default_factory=dict, description="What the source alone can be told.")
    target_options: dict[str, Any] = Field(default_factory=dict, description="What the target alone can be told.")
    source_connection: ConnectionConfig = Field(
        default_factory=ConnectionConfig, description="How the source is reached, where that is not by its usual variables."
    )
    target_connection: ConnectionConfig = Field(
        default_factory=ConnectionConfig, description="How the target is reached, where that is not by its usual variables."
    )
    connections: list[SeveralConfig] = Field(
        default_factory=list,
        description="Several of the source, or of the target: each has links, plans and an interval of its own.",
    )
    connections_of: Side = Field(default="source", description="Whose connections these are: source or target.")

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Return the sync's assets, its jobs, its schedule and its sensors; the sync has the name of its folder."""
        self.check(context.path / config.FILE)
        source, target, name = self._of("source"), self._of("target"), context.path.name
        sync, keys, steps = self.sync(name), self._extract_keys(name, source), self._steps(name)
        extracts = [self._extract(sync, source, table, key) for table, key in keys.items()]
        sieves: list[tuple[Side, Sieve | None]] = [("source", source.sieve), ("target", target.side.sieve)]
        sifted = []
        for side, sieve in sieves:
            if sieve is not None:
                sifted.append(sieve_asset(sync, sieve, keys[source.main], partial(steps.sift, side=side)))
                keys[source.main] = sync.key(sieve.name)
        inventory = inventory_asset(sync, target, partial(self._of_run, side="target"))
        shape = steps.shape if target.side.shape else None
        columns = self._columns(source, target, keys)
        desired = desired_asset(sync, source, self._mapping_of_run, keys, target.title, columns=columns, shape=shape)
        job = sync_job(sync, *(sieve.name for _, sieve in sieves if sieve is not None))
        assets = [*extracts, *sifted, inventory, desired, *staircase(sync)]
        schedules, sensors = [*self._schedules(name, job)], [*self._sensors(name)]
        made = dg.Definitions(assets, schedules=schedules, sensors=sensors, jobs=[job], resources=self._resources(sync))
        return dg.Definitions.merge(made, self._followed(sync, job, target.side.following))

    def check(self, file: Path) -> None:
        """Raise `ConfigurationError` for what is wrong in the YAML that this was read from, with file and line."""
        place = config.Place(file, ("attributes",))
        for key, name in (("source", self.keys.source), ("inventory", self.keys.inventory)):
            if name and not _KEY.fullmatch(name):
                told = "is no key of assets: letters, digits and _, parts of it after a slash"
                raise place.at("keys").at(key).error(f"{name!r} {told}")
        if self.target in _NO_LONGER:
            raise place.at("target").error(f"{self.target!r} is no system: {_NO_LONGER[self.target]}")
        source = named(place, self.source, "source", self.source_options)
        target = named(place, self.target, "target", self.target_options)
        checking = Checking(place, source, target.side, self.tables)
        chosen = self.kinds or list(self.mapping)
        checking.networks(self.networks)
        checking.needed(self.mapping)
        checking.mapping(self.mapping, chosen)
        checking.references(self.mapping, chosen)
        checking.filters(self.filters)
        self.source_connection.check(place.at("source_connection"), source)
        self.target_connection.check(place.at("target_connection"), target)
        if self.source == self.target:
            one, other = self._ways("source"), self._ways("target")
            check_apart(place.at("target"), self.target, one, other)
        config.check_owners(place.at("owners"), self.owners)
        self._check_connections(place, checking, source, target)
        if self.schedule is not None:
            config.check_schedule(place.at("schedule"), self.schedule)
        self._check_keys(place, file.parent.name, source, target)
        sync = self.sync(file.parent.name)
        check_review(place.at("review"), self.review, sync.kinds, sync.policy.owners)

    def ask(self, file: Path, connection: str | None = None) -> None:
        """Ask the target over the network, of several that of each connection, or of one.

        Raises `ConfigurationError`, with the file and, where it is known, the line, for a choice or a custom field that it does
        not have; so it does where the target does not answer.
        """
        try:
            self._ask(connection)
        except ValueNotTaken as error:
            raise config.Place(file, ("attributes", "mapping", error.kind, error.field)).error(str(error)) from None
        except AssetSyncError as error:
            raise ConfigurationError(f"{file}: {error}") from None

    def _ask(self, name: str | None) -> None:
        target, sync = self._of("target"), self.sync("asked")
        several: Sequence[ConnectionConfig] = [each for each in self.connections if each.enabled and name in (None, each.name)]
        for connection in several if self._several("target") else [self.target_connection]:
            target.side.check(connection.resource(target), sync.kinds, constants(sync))

    def ends(self, name: str) -> Iterator[End]:
        """Yield the systems on both sides, once for each connection that is enabled, and what the sync needs there."""
        target = self._of("target")
        reads = Needs(tables=frozenset(self._extract_keys(name, self._of("source"))))
        writes = Needs(kinds=self.sync(name).kinds, journal=target.side.applied is not None)
        sides: list[tuple[Side, Needs]] = [("source", reads), ("target", writes)]
        for side, needs in sides:
            for way in self._ways(side):
                if not isinstance(way, SeveralConfig):
                    yield End(side, self._of(side), way.name, way.resource(self._of(side)), needs)
                elif way.enabled:
                    own = self._of(side, way)
                    yield End(side, own, way.name, way.resource(own), needs)

    def sync(self, name: str) -> Sync:
        """Return what the YAML declares, as the staircase takes it."""
        source, target, steps = self._of("source"), self._of("target"), self._steps(name)
        mapping = self._mapping(source)
        fields = {**target.side.derived, **mapping.fields}
        return Sync(
            name=name,
            title=f"{source.title} → {target.title}",
            kinds=as_mapped(target.side.declared(mapping.fields), mapping),
            mapping=fields,
            policy=Policy(config.owners(fields), self.grace.grace()),
            limits=self.limits.limits(),
            source=self._key("source"),
            target=self._key("target"),
            source_objects=source.resource if self._several("source") else "",
            target_objects=target.resource if self._several("target") else "",
            pool=None if self._several("target") else self.target_connection.pool(target),
            source_pool=None if self._several("source") else self.source_connection.pool(source),
            inventory=dg.AssetKey(self.names(name)["keys", "inventory"].split("/")),
            sources=list(self._extract_keys(name, source).values()),
            partitions=partitions([each.name for each in self.connections]) if self.connections else None,
            apart=bool(self.connections),
            resource=self._resource,
            fresh=timedelta(hours=self.fresh_hours) if self.fresh_hours else None,
            owners=self.owners,
            incomplete=partial(self._incomplete, name=name),
            about=partial(self._about, name=name),
            conform=target.side.conform,
            constrained=target.side.constrained,
            evidence=steps.evidence,
            decided=steps.decided,
            open_target=steps.open,
            deletions=target.side.deletions,
            own_writes=target.side.own_writes,
            recreate=self.recreate,
            applied=steps.applied,
            existing={} if self.registers else {kind: self._unregistered(name, target) for kind in self._main_kinds()},
            report=source.report,
            main_kinds=self._main_kinds(),
            review=[rule.rule() for rule in self.review],
        )

    def names(self, sync: str) -> Mapping[tuple[str, ...], str]:
        """Return what no other sync may have, by the keys of the YAML that say it: what the keys of assets begin with."""
        inventory = self.keys.inventory or f"{sync}/inventory"
        return {("keys", "source"): self.keys.source or sync, ("keys", "inventory"): inventory}

    def others(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """Yield the other syncs that the YAML names, after the keys that do so; the default needs not be there."""
        ends: list[tuple[Side, str, Mapping[str, Any]]] = [
            ("source", self.source, self.source_options),
            ("target", self.target, self.target_options),
        ]
        # Where a YAML says nothing to a system, it names none, and the system need not be loaded to know that.
        for side, of, told in [end for end in ends if end[2]]:
            for name, default in other_syncs(of, side).items():
                if told.get(name, default) != default:
                    yield (f"{side}_options", name), str(told[name])

    # The systems.

    def _of(self, side: Side, connection: SeveralConfig | None = None, only: Told | None = None) -> System:
        """Return the system of a side with what the sync, and a connection, say to it; `only` comes in the place of both."""
        own = {**(connection.options(side) if connection else {}), **(only or {})}
        if side == "source":
            return told_system(self.source, side, {**self.source_options, **own})
        return told_system(self.target, side, {**self.target_options, **own})

    def _of_run(self, context: dg.AssetExecutionContext, side: Side) -> System:
        """Return the system of a side as a run has it. Raises `ConfigurationError` where its connection is not enabled."""
        own = chosen_of(context) if side == "target" else {}
        if not self.connections:
            return self._of(side, only=own)
        connection = self._connection(context)
        if not connection.enabled:
            sync = context.asset_key.path[0]
            raise ConfigurationError(f"{connection.name} is not enabled: set `enabled: true` for it in the YAML of {sync}")
        return self._of(side, connection, own)

    def _asked(self, context: dg.AssetExecutionContext, only: Only) -> System:
        """Return the source as a run has it, which may be asked for some rows alone."""
        check_only(system(self.source), only)
        found = self._of_run(context, "source")
        if not only:
            return found
        return self._of("source", self._connection(context) if self.connections else None, only)

    def check_only(self, sync: str, only: Only) -> str:
        """Return the asset whose config says what the source is asked for; `ConfigurationError` where it cannot be asked so."""
        source = self._of("source")
        check_only(source, only)
        return self._extract_keys(sync, source)[source.main].to_user_string()

    def _several(self, side: Side) -> bool:
        return bool(self.connections) and self.connections_of == side

    def _ways(self, side: Side) -> Sequence[ConnectionConfig]:
        """Return how a side's system is reached: by one connection, or by each of several."""
        if self._several(side):
            return self.connections
        return [self.source_connection if side == "source" else self.target_connection]

    def _connection(self, context: dg.AssetExecutionContext) -> SeveralConfig:
        name = name_of(context)
        return next(each for each in self.connections if each.name == name)

    def _key(self, side: Side) -> str:
        """Return the key of a side's resource."""
        of = system(self.source if side == "source" else self.target)
        if self._several(side):
            return f"{of.resource}_connections"
        return (self.source_connection if side == "source" else self.target_connection).key(of)

    def _resource(self, context: dg.AssetExecutionContext, key: str) -> Any:
        """Return the resource of a key; of the system that is there several times, that of the run's connection."""
        if not self.connections or key != self._key(self.connections_of):
            return getattr(context.resources, key)
        return self._resource_of(self._connection(context))

    def uses(self, key: str) -> bool:
        """Tell whether runs use a resource that their job names: of a system that is there several times, the connection's."""
        return not self.connections or key != self._key(self.connections_of)

    def resources_of(self, connection: str) -> list[dg.ConfigurableResource[Any]]:
        """Return what reaches the system of one of several connections; nothing where there is no such connection."""
        return [self._resource_of(each) for each in self.connections if each.name == connection]

    def _resource_of(self, connection: SeveralConfig) -> dg.ConfigurableResource[Any]:
        return connection.resource(self._of(self.connections_of, connection))

    def pages_of(self, connection: str | None) -> Callable[[str, str], str | None]:
        """Return what says by its kind and id where a person looks at an object of the target; None where that is not known."""
        return self._page("target", self._of("target").side.page, connection)

    def row_page_of(self, connection: str | None, table: str, row: Mapping[str, str]) -> str | None:
        """Return where a person looks at what a row of a table of the source tells of; None where that is not known."""
        source = self._of("source")
        key = row.get(source.tables[table].key) if table in source.tables else None
        return self._page("source", source.page, connection)(table, key) if key is not None else None

    def _page(self, side: Side, page: Page | None, connection: str | None) -> Callable[[str, str], str | None]:
        of = self.source_connection if side == "source" else self.target_connection
        several = self.resources_of(connection or "") if self._several(side) else [of.resource(self._of(side))]
        return partial(page, several[0]) if page and several else lambda _what, _which: None

    def scheduled(self) -> list[ScheduledConnection]:
        """Return the connections, as they are scheduled."""
        several = system(getattr(self, self.connections_of))
        other: Side = "target" if self.connections_of == "source" else "source"
        (alone,) = self._ways(other)
        of_both = [alone.resource(system(getattr(self, other)))]
        return [
            ScheduledConnection(
                each.name, each.interval(several), each.enabled, _variables([self._resource_of(each), *of_both])
            )
            for each in self.connections
        ]

    def _resources(self, sync: Sync) -> Mapping[str, Any]:
        """Return the resources that the project does not provide."""
        sides: dict[str, tuple[Side, ConnectionConfig]] = {
            sync.source: ("source", self.source_connection),
            sync.target: ("target", self.target_connection),
        }
        return {key: each.resource(self._of(side)) for key, (side, each) in sides.items() if key not in _SHARED}

    # Their steps.

    def _steps(self, name: str) -> OwnSteps:
        def resource(context: dg.AssetExecutionContext, side: Side) -> Any:
            return self._resource(context, self._key(side))

        return OwnSteps(partial(self.sync, name), self._of_run, resource)

    def _main_kinds(self) -> list[str]:
        """Return the kinds whose objects stand for the rows of the source's main table."""
        kinds, mapping = self._of("target").side.kinds, self._mapping(system(self.source))
        main = [name for name in mapping.fields if mapping.tables[name] == system(self.source).main]
        return [name for name in main if not (kinds[name].facet_of or kinds[name].parent or is_lookup(mapping.fields[name]))]

    def _unregistered(self, name: str, target: System) -> str:
        ways = f"make it there, decide so (asset-sync resolve create {name} KIND KEY), or write register: true"
        return f"{target.title} does not have it, and the YAML says to make none: {ways}"

    def _followed(self, sync: Sync, job: Any, following: Following | None) -> dg.Definitions:
        if following is None:
            return dg.Definitions()
        look = following_asset(sync, following, partial(self._steps(sync.name).run, side="target"))
        looks = following_job(sync, following)
        sensor = following_sensor(following, job, looks, {each.name: each.enabled for each in self.connections})
        return dg.Definitions(assets=[look], jobs=[looks], sensors=[sensor])

    # What the YAML says.

    def _check_keys(self, place: config.Place, name: str, source: System, target: System) -> None:
        sieves = [each.name for each in (source.sieve, target.side.sieve) if each is not None]
        own = [f"{name}/{step}" for step in (*STEPS, *sieves)]
        read = [key.to_user_string() for key in self._extract_keys(name, source).values()]
        check_keys(place.at("keys"), own, read, self.names(name)["keys", "inventory"])

    def _check_connections(self, place: config.Place, checking: Checking, source: System, target: System) -> None:
        if "connections" not in self.model_fields_set:
            if "connections_of" in self.model_fields_set:
                raise place.at("connections_of").error("there are no connections: leave it out, or write `connections`")
            return
        own_way = f"{self.connections_of}_connection"
        if own_way in self.model_fields_set:
            raise place.at(own_way).error("each of the connections says how it is reached: leave it out")
        at, several = place.at("connections"), source if self.connections_of == "source" else target
        if not several.named:
            raise at.error(f"of {several.title} there is but one here, reached by its own variables")
        check_names(at, [each.name for each in self.connections], several.title)
        if self.schedule is not None:
            raise place.at("schedule").error("each connection has an interval of its own: leave the schedule out")
        for number, each in enumerate(self.connections):
            own = at.at(str(number))
            each.check(own, several)
            check_told(own, source, "source", each.source_options, each=True)
            check_told(own, target, "target", each.target_options, each=True)
            checking.filters(each.filters, own.at("filters"))

    def _mapping(self, source: System, filters: Iterable[Filters] = ()) -> SyncMapping:
        """Return what is mapped, with filters beside those of the sync."""
        chosen = {name: self.mapping[name] for name in self.kinds or self.mapping}
        lengths = PrefixLengths(self.prefix_lengths.ipv4, self.prefix_lengths.ipv6)
        made = sync_mapping(chosen, MadeFrom(source.main, self.tables), self.filters, lengths, self.networks)
        for each in filters:
            further = {table: (*made.where.get(table, ()), *conditions(told)) for table, told in each.items()}
            made = replace(made, where={**made.where, **further})
        return made

    def mapping_of(self, connection: str | None) -> SyncMapping:
        """Return the mapping with the filters of a connection, where there are several."""
        return self._mapping(system(self.source), [each.filters for each in self.connections if each.name == connection])

    def read_from(self, sync: str) -> ReadFrom:
        """Return the assets that hold what the sync reads, as a row of its source comes to the mapping."""
        source = self._of("source")
        sieves = [each for each in (source.sieve, self._of("target").side.sieve) if each is not None]
        sieved = [(each.words, dg.AssetKey([sync, each.name])) for each in sieves]
        return ReadFrom(source.tables, source.main, self._extract_keys(sync, source), sieved)

    def _mapping_of_run(self, context: dg.AssetExecutionContext) -> SyncMapping:
        """Return the mapping with the filters of the run's connection, where there are several."""
        return self.mapping_of(self._connection(context).name if self.connections else None)

    def _every_mapping(self, source: System) -> SyncMapping:
        """Return the mapping with the filters of all connections: what any run may look at."""
        return self._mapping(source, [each.filters for each in self.connections])

    def _extract_keys(self, name: str, source: System) -> dict[str, dg.AssetKey]:
        """Return the keys of the assets that hold the tables to be read, by table."""
        tables = read_tables(source, self._every_mapping(source))
        return {table: dg.AssetKey([self.names(name)["keys", "source"], table]) for table in tables}

    def _extract(self, sync: Sync, source: System, table: str, key: dg.AssetKey) -> dg.AssetsDefinition:
        columns = open_columns(source, self._every_mapping(source), table)
        alone = partial(check_alone, sync.name, self.scheduled)
        return source_asset(sync, source, source.tables[table], key, open_columns=columns, asked=self._asked, alone=alone)

    def _columns(self, source: System, target: System, tables: Iterable[str]) -> dict[str, list[str] | None]:
        """Return the columns of each table that the desired tables are made from; None for all of them."""
        mapping = self._every_mapping(source)
        found = {table: needed_columns(source, mapping, table) for table in tables}
        return found | {source.main: None} if target.side.shape else found

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
            should_execute=lambda _context: mode in _ASKS or paused(name) is None,
            description=f"Runs {name} by itself{'' if mode == 'normal' else f', in the mode {mode}'}.",
        )

    def _sensors(self, name: str) -> Iterator[dg.SensorDefinition]:
        if self.connections:
            yield due_sensor(name, self.scheduled())

    def _about(self, context: dg.AssetExecutionContext, name: str) -> str:
        return about(context, self.sync(name))

    def _incomplete(self, context: dg.AssetExecutionContext, name: str) -> str | None:
        if only := self._about(context, name):
            return f"it is about some rows alone ({only}): what else there is counts for nothing"
        return None if self.complete else "the YAML says that the source is not complete: what it lacks is not retired"


def _variables(resources: Iterable[Any]) -> list[str]:
    """Return the variables without which resources do not work."""
    return [name for each in resources if hasattr(each, "required_variables") for name in each.required_variables()]


def evidence(side: TargetSide, kinds: Kinds) -> Callable[[dg.AssetExecutionContext, Tables, Tables], Evidence]:
    """Return what says that a sync matches by the target as it shows itself, and that what it would not take yet waits."""
    return lambda _context, desired, inventory: Evidence(inventory, side.waiting(kinds, desired, inventory))
