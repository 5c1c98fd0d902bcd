"""What a sync is to the staircase: what its YAML declares, and what is particular to it."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Protocol

import dagster as dg

from asset_sync.components import run_tags
from asset_sync.ledger import Ledger
from asset_sync.reconcile.guards import Limits
from asset_sync.reconcile.identity import Deletions, GoneObjects
from asset_sync.reconcile.kinds import Kinds
from asset_sync.reconcile.mapping import FieldMapping
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.planning import Policy
from asset_sync.reconcile.report import Objects, Report, markdown
from asset_sync.reconcile.resolutions import Resolution
from asset_sync.reconcile.review import Rule
from asset_sync.reconcile.tables import Tables, identity_column
from asset_sync.systems.steps import CountingTarget, Done, Evidence
from asset_sync.systems.system import OwnWrites


class TargetResource(Protocol):
    """What the staircase asks of a target system's resource."""

    def target(self, kinds: Kinds, *, writable: bool) -> CountingTarget:
        """Return the system as a target; it refuses every write unless it is writable."""
        ...


def _complete(context: dg.AssetExecutionContext) -> None:
    """Say of a run that its source is complete."""


def _about_all(context: dg.AssetExecutionContext) -> str:  # noqa: ARG001
    """Say of a run that it looked at all records."""
    return ""


def _as_observed(context: dg.AssetExecutionContext, desired: Tables, inventory: Tables) -> Evidence:  # noqa: ARG001
    """Say of a run that the target is as it shows itself, and that every new record may be created."""
    return Evidence(inventory, {})


def _by_people_alone(context: dg.AssetExecutionContext) -> Sequence[Resolution]:  # noqa: ARG001
    """Say of a run that nothing is decided but by people."""
    return ()


def _as_desired(kinds: Kinds, desired: Tables, inventory: Tables) -> tuple[Tables, Tables]:  # noqa: ARG001
    """Say of desired tables that the target takes them as they are."""
    return desired, {}


def _untold(context: dg.AssetExecutionContext, done: Done) -> Mapping[str, Any]:  # noqa: ARG001
    """Tell nobody of an apply."""
    return {}


def _as_declared(kinds: Kinds, inventory: Tables) -> Kinds:  # noqa: ARG001
    """Say of kinds that the target keeps unique what they declare, and nothing else."""
    return kinds


def _by_key(context: dg.AssetExecutionContext, key: str) -> Any:
    return getattr(context.resources, key)


def _of_resource(context: dg.AssetExecutionContext, sync: "Sync", plan: Plan) -> CountingTarget:  # noqa: ARG001
    """Open the target of the resource that the sync names."""
    resource: TargetResource = sync.target_resource(context)
    return resource.target(sync.kinds, writable=True)


@dataclass(frozen=True)
class Sync:
    """A sync as the staircase sees it; `title` says for people from where to where it goes.

    `inventory` is the key of the asset that holds the observed tables, `source` and `target` are the keys of the two
    systems' resources, `source_objects` and `target_objects` what their objects are named by, where that is another, and
    `pool` is the concurrency pool that lets one run at a time write to the target: None where each partition has a system of
    its own; `source_pool` does the same for reading the source. `sources` names, for the guards, the assets that were
    extracted. `mapping` is by kind and field. After `fresh` without a successful apply the sync counts as stale; None: never.
    `owners` are those of its assets, as Dagster names them.

    `partitions` are those of all its assets. `link_set` names the links in the ledger that it goes by: where it shares those of
    another sync, an object of that one is the same object here; runs of syncs that share links never overlap where Dagster
    queues them. Where `apart`, each partition is a connection to a system of its own, with links of its own, and dagster.yaml
    lets one run at a time have a connection.

    `incomplete` says of a run, in a line, why what the source lacks does not count as missing; None where it does. `about` says
    in words which records alone a run looks at; nothing where it looks at all.
    `conform` makes of the kinds, the desired tables and the inventory the desired tables in the target's own words, and
    what of them it does not take (see `asset_sync.reconcile.planning.Snapshot.refused`). `constrained` makes of the kinds and
    the inventory those by which a plan is made: with what this one target keeps unique besides. `evidence` says what it matches
    by, changes nothing, and is asked again after an apply; `decided` what of fields is decided beside people's decisions, which
    come before. `open_target` opens what a plan is applied to. `resource` returns, of a run, the resource of a key: where each
    partition is a connection, that of its own. `deletions` is that of `asset_sync.systems.system.TargetSide`: a record whose
    object somebody deleted is held, unless the sync may `recreate` it. `own_writes` is that of it, too.
    `applied` is told of what an apply did, and returns metadata. `existing` has the kinds of which only what is there is kept
    up, each with why a new record waits, in words; `report` tells a plan. `main_kinds` are those whose objects stand for the
    rows of the source's main table. `review` says which operations wait for a person though the plan is applied.
    """

    name: str
    title: str
    kinds: Kinds
    mapping: Mapping[str, Mapping[str, FieldMapping]]
    policy: Policy
    limits: Limits
    target: str
    pool: str | None
    inventory: dg.AssetKey
    sources: Sequence[dg.AssetKey]
    fresh: timedelta | None
    partitions: dg.PartitionsDefinition[str] | None = None
    link_set: str = ""
    apart: bool = False
    resource: Callable[[dg.AssetExecutionContext, str], Any] = _by_key
    source: str = ""
    source_objects: str = ""
    target_objects: str = ""
    source_pool: str | None = None
    owners: Sequence[str] = ()
    incomplete: Callable[[dg.AssetExecutionContext], str | None] = _complete
    about: Callable[[dg.AssetExecutionContext], str] = _about_all
    conform: Callable[[Kinds, Tables, Tables], tuple[Tables, Tables]] = _as_desired
    constrained: Callable[[Kinds, Tables], Kinds] = _as_declared
    evidence: Callable[[dg.AssetExecutionContext, Tables, Tables], Evidence] = _as_observed
    decided: Callable[[dg.AssetExecutionContext], Sequence[Resolution]] = _by_people_alone
    deletions: Callable[[Any, Kinds, GoneObjects], Deletions] | None = None
    own_writes: OwnWrites | None = None
    recreate: bool = False
    open_target: Callable[[dg.AssetExecutionContext, "Sync", Plan], CountingTarget] = _of_resource
    applied: Callable[[dg.AssetExecutionContext, Done], Mapping[str, Any]] = _untold
    existing: Mapping[str, str] = field(default_factory=dict)
    report: Report = markdown
    main_kinds: Sequence[str] = ()
    review: Sequence[Rule] = ()

    def of(self, context: dg.AssetExecutionContext) -> "Sync":
        """Return the sync as a run sees it: that of its connection, where each has links of its own."""
        return self.of_connection(context.partition_key) if self.apart else self

    def of_connection(self, connection: str) -> "Sync":
        """Return the sync of one connection."""
        return replace(self, link_set=f"{self.name}/{connection}")

    def __post_init__(self) -> None:
        """Without another name, the links are the sync's own, and objects are named by the keys of the resources."""
        object.__setattr__(self, "link_set", self.link_set or self.name)
        object.__setattr__(self, "source_objects", self.source_objects or self.source)
        object.__setattr__(self, "target_objects", self.target_objects or self.target)

    @property
    def tags(self) -> dict[str, str]:
        """The tags of the job's runs; dagster.yaml lets one run at a time have the same links, the ledger one a connection.

        Where Dagster has a killed run come again, both sides are read anew: another run may have written meanwhile.
        """
        turns = {run_tags.CONNECTIONS: "true"} if self.apart else {"asset_sync/links": self.link_set}
        return {run_tags.SYNC: self.name, run_tags.RETRIED: "ALL_STEPS", **turns}

    def known_links(self, ledger: Ledger, also: Mapping[str, Sequence[str]] = MappingProxyType({})) -> Tables:
        """Return the links by which this sync goes, with what was applied last to those fields, by kind, `also`."""
        remembered = {name: tuple(dict.fromkeys([*own, *also.get(name, ())])) for name, own in self.remembered.items()}
        return ledger.links(self.link_set, self.kinds, remembered, clearing=self.clearing, asked_by=self.name)

    def main_objects(self, links: Tables) -> Objects:
        """Return the linked objects that stand for the rows of the source's main table."""
        found: dict[str, tuple[str | None, str]] = {}
        for each in (links[name] for name in self.main_kinds if name in links):
            names = each[identity_column("name")] if identity_column("name") in each else each["target_id"]
            told = zip(each["source_key"], names, each["target_id"], strict=True)
            found |= {key: (name if isinstance(name, str) else None, target_id) for key, name, target_id in told}
        return found

    def elsewhere(self, ledger: Ledger) -> Tables:
        """Return what other links that lead to the same target say of its objects."""
        return ledger.elsewhere(self.link_set, self.kinds)

    @property
    def destinations(self) -> Mapping[str, str]:
        """By its sets of links, the system that each leads to: where it is there several times, with the connection's name."""
        if not self.apart or self.partitions is None:
            return {self.link_set: self.target}
        several = self.target != self.target_objects
        names = self.partitions.get_partition_keys()
        return {
            self.of_connection(name).link_set: f"{self.target_objects}_{name}" if several else self.target for name in names
        }

    def source_resource(self, context: dg.AssetExecutionContext) -> Any:
        """Return the resource of the source system."""
        return self.resource(context, self.source)

    def target_resource(self, context: dg.AssetExecutionContext) -> Any:
        """Return the resource of the target system."""
        return self.resource(context, self.target)

    def key(self, step: str) -> dg.AssetKey:
        """Return the key of one of the sync's own assets."""
        return dg.AssetKey([self.name, step])

    @property
    def mapped(self) -> Mapping[str, str]:
        """By kind, a digest of how its fields are made: it tells a change of the mapping from one of the source."""
        texts = {kind: repr(sorted(fields.items())) for kind, fields in self.mapping.items()}
        return {kind: hashlib.sha256(told.encode()).hexdigest()[:16] for kind, told in texts.items()}

    @property
    def remembered(self) -> Mapping[str, tuple[str, ...]]:
        """The fields, by kind, whose last applied value is asked for: to merge, to retire, to tell who moved an object."""
        return {name: self._remembered(name) for name in self.kinds}

    @property
    def clearing(self) -> Mapping[str, tuple[str, ...]]:
        """Those of the remembered fields, by kind, that the source may empty: of them it is known whether it did."""
        return {name: tuple(field for field in fields if self._clears(name, field)) for name, fields in self.remembered.items()}

    def _clears(self, kind: str, field: str) -> bool:
        ownership = self.policy.owners.get(kind, {}).get(field)
        return ownership is not None and ownership.clears

    def _remembered(self, kind: str) -> tuple[str, ...]:
        declared, owners = self.kinds[kind], self.policy.owners.get(kind, {})
        shared = [name for name, ownership in owners.items() if ownership.owner == "shared"]
        retired = [declared.retirement.field] if declared.retirement else []
        placed = [declared.parent] if declared.parent in owners and declared.facet_of is None else []
        return tuple(dict.fromkeys([*shared, *retired, *(name for name in placed if name)]))
