"""What a system is to a sync: the tables that it tells, the kinds that can be written to it, and how it is reached.

Each system declares one of these in its folder; `asset_sync.systems.SYSTEMS` lists them, and a sync's YAML names them. One that
is not listed is named by where it stands: `package.module.NAME`. What is particular to a system it brings itself, as steps that
every sync with it has (`asset_sync.systems.steps`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple

import dagster as dg
import pandas as pd

from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.reconcile.identity import Deletions, GoneObjects
from asset_sync.reconcile.kinds import Kinds
from asset_sync.reconcile.mapping import FieldMapping
from asset_sync.reconcile.references import Waiting
from asset_sync.reconcile.report import Report, markdown
from asset_sync.reconcile.sources import SourceTables
from asset_sync.reconcile.tables import Tables
from asset_sync.systems.checkup import Checkup
from asset_sync.systems.steps import Applied, Decided, Following, Open, Seen, Shape, Sieve


class Read(NamedTuple):
    """A table that was read whole, by how many requests, and for how many seconds these were held back.

    `marks` are what the system alone has, such as the ids of some of its objects: two connections that tell of one of them
    lead to one system. None: that is not known.
    """

    table: pd.DataFrame
    requests: int
    waited: float = 0.0
    marks: frozenset[str] = frozenset()


class Observed(NamedTuple):
    """The observed tables of a target, by how many requests they were read, and for how many seconds these were held back.

    `how` says in words how they were read, where there is more than one way.
    """

    tables: Tables
    requests: int
    waited: float = 0.0
    how: str = ""


class Kept(NamedTuple):
    """Observed tables as they were kept when a target was read; `by` is the asset that holds them, "" for the reader's own."""

    tables: Tables
    by: str = ""


@dataclass(frozen=True, slots=True)
class OpenFields:
    """The fields of a target that only the target itself can list, by what their names start with, and what they are."""

    prefix: str
    words: str

    def has(self, name: str) -> bool:
        """Tell whether a name can be one of these fields."""
        return name.startswith(self.prefix) and name != self.prefix


Constants = Mapping[str, Mapping[str, Sequence[str]]]
"""The values that a mapping itself names, by kind and field."""


def _taken(kinds: Kinds, desired: Tables, observed: Tables) -> tuple[Tables, Tables]:  # noqa: ARG001
    return desired, {}


def _as_declared(kinds: Kinds, observed: Tables) -> Kinds:  # noqa: ARG001
    return kinds


def _ready(kinds: Kinds, desired: Tables, observed: Tables) -> Waiting:  # noqa: ARG001
    return {}


Page = Callable[[Any, str, str], str | None]
"""Where a person looks at an object, given the system's resource, the object's kind or table, and its id; None: nowhere."""

OwnWrites = Callable[[Any, Kinds, Mapping[str, Sequence[str]]], Tables]
"""What the project itself last wrote to objects, by the target's own log, given its resource and the objects' ids by kind."""


@dataclass(frozen=True)
class TargetSide:
    """What can be written to a system.

    `declared` returns the kinds that a mapping has, given its fields by kind, with those that recognising and retiring
    need. `observe` reads what the system holds of them, given its resource, the constants, and the tables of earlier
    readings, as far as they are kept, the latest first. That and `check`, which reads no more than it must, raise
    `ConfigurationError` for a constant, a choice or a field that the system does not take. `viewer`, given the resource, tells
    address and account from others, and says neither: other syncs may go on from what was read as the same one; None: nobody
    goes on from what was read.
    `conform` and `waiting` are what `asset_sync.components.sync` says of a sync's `conform` and of the records that must
    not be created. `constrained` returns the kinds with what this one system, by what it holds, keeps unique besides.
    `deletions`, given the resource, says who deleted objects that are gone; None: the target cannot tell that
    somebody did. `own_writes` is as `OwnWrites` says; None: the target does not tell.

    `needed` are the fields, by kind, without which a mapping makes no sense. `derived` are the fields of kinds that nobody
    maps, because they follow from the mapped ones: `shape` makes their tables. `addresses` reads, given the resource, all
    addresses (a column `address`) that the system's devices have. `page` returns, given the resource, a kind and an object's
    id, where a person looks at it; None: that is not known. The others are steps of its own; see `asset_sync.systems.steps`.
    """

    kinds: Kinds
    declared: Callable[[Mapping[str, Mapping[str, Any]]], Kinds]
    observe: Callable[[Any, Kinds, Mapping[str, Mapping[str, Any]], Constants, Iterable[Kept]], Observed]
    open_fields: OpenFields
    check: Callable[[Any, Kinds, Constants], None]
    conform: Callable[[Kinds, Tables, Tables], tuple[Tables, Tables]] = _taken
    waiting: Callable[[Kinds, Tables, Tables], Waiting] = _ready
    constrained: Callable[[Kinds, Tables], Kinds] = _as_declared
    viewer: Callable[[Any], str] | None = None
    deletions: Callable[[Any, Kinds, GoneObjects], Deletions] | None = None
    own_writes: OwnWrites | None = None
    needed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    derived: Mapping[str, Mapping[str, FieldMapping]] = field(default_factory=dict)
    addresses: Callable[[Any], Read] | None = None
    sieve: Sieve | None = None
    shape: Shape | None = None
    page: Page | None = None
    seen: Seen | None = None
    decided: Decided | None = None
    open: Open | None = None
    applied: Applied | None = None
    following: Following | None = None


@dataclass(frozen=True)
class Options:
    """What a YAML may say to a system beyond what all of them are told: its `form`, and the system as it is `made` by that.

    `each` names what every one of several connections may say for itself, `syncs` what names another sync.
    """

    form: type[dg.Model]
    made: Callable[[Any], "System"]
    each: frozenset[str] = frozenset()
    syncs: tuple[str, ...] = ()


@dataclass(frozen=True)
class System:
    """A system: `title` is its name for people, `resource` the key of its Dagster resource, which `make` makes.

    `tables` are what it tells, the first one its main one; `read` reads one of them, whole or not at all, given the resource,
    the table's name and the open columns that are asked for; of the main one's rows, its `sieve` says which a sync tells of.
    Where the system has a `pool`, one run at a time reads from it. There may be several of one system where its resource takes
    a `connection` (`named`); `variables` are what a YAML may have another variable for, and `interval` is how long after a turn
    of one of several the next is due, where the YAML does not say. `record_of` says of a row's key, of any
    table, which row of the main one it belongs to; `report` tells a plan in words of its own, as
    `asset_sync.reconcile.report.markdown` does. `as_source` and `as_target` are its options, and
    its `checkup` says how it can be used, without a write (None: nothing of it can be asked). `page` returns, given the
    resource, a table and a row's key, where a person looks at what the row tells of; None: that is not known.
    """

    name: str
    title: str
    resource: str
    make: Callable[..., dg.ConfigurableResource[Any]]
    tables: SourceTables = field(default_factory=dict)
    read: Callable[[Any, str, tuple[str, ...]], Read] | None = None
    target: TargetSide | None = None
    pool: str | None = None
    named: bool = False
    variables: tuple[str, ...] = ()
    interval: timedelta = timedelta(hours=1)
    sieve: Sieve | None = None
    record_of: Callable[[str], str] | None = None
    report: Report = markdown
    as_source: Options | None = None
    as_target: Options | None = None
    checkup: Checkup | None = None
    page: Page | None = None

    @property
    def main(self) -> str:
        """The name of its main table."""
        return next(iter(self.tables))

    @property
    def reader(self) -> Callable[[Any, str, tuple[str, ...]], Read]:
        """What reads a table. Raises `ConfigurationError` where the system tells none."""
        if self.read is None:
            raise ConfigurationError(f"{self.title} tells no tables: it cannot be a source")
        return self.read

    @property
    def side(self) -> TargetSide:
        """What can be written. Raises `ConfigurationError` where nothing can be."""
        if self.target is None:
            raise ConfigurationError(f"nothing can be written to {self.title}: it cannot be a target")
        return self.target
