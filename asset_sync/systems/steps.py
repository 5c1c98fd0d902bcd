"""The steps that a system brings into every sync with it, and what they are told of the run that they are part of.

source table ─→ sieve ─→ mapping ─→ shape ─→ seen (match, plan) ─→ open, applied ─→ following
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import pandas as pd

from asset_sync.reconcile.kinds import Kind, Kinds
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.references import Waiting
from asset_sync.reconcile.resolutions import Resolution
from asset_sync.reconcile.tables import Tables
from asset_sync.reconcile.target import Outcome, Target


class Requests(Protocol):
    """Requests counted so far, and for how many seconds they were held back."""

    read: int
    write: int
    waited: float


class CountingTarget(Target, Protocol):
    """A target that counts its requests."""

    @property
    def tally(self) -> Requests:
        """The requests that were sent to it."""
        ...


@dataclass(frozen=True)
class Run:
    """What a step is told of its run.

    `connection` is the one that the run is for, empty where there is but one, and `resource` gives the system whose step it is,
    over that connection. `links` returns what the run's own sync remembers, and `links_of` what another one remembers of some
    kinds, by that connection. `addresses` reads all addresses that the target's devices have. `by_hand`: no sensor started it;
    `whole`: it is about all rows that the YAML asks for.
    """

    connection: str
    now: datetime
    by_hand: bool
    whole: bool
    resource: Callable[[], Any]
    links: Callable[[], Tables]
    links_of: Callable[[str, Kinds], Tables]
    addresses: Callable[[], pd.DataFrame]


class Sifted(NamedTuple):
    """The rows to go on with, and the step's metadata."""

    rows: pd.DataFrame
    told: Mapping[str, Any]


@dataclass(frozen=True)
class Sieve:
    """A step, with a name and words for people, that judges the rows of the source's main table before they are mapped.

    `sift` is given the rows and the inventory; what it adds to the rows is there for `Shape`.
    """

    name: str
    words: str
    sift: Callable[[Run, pd.DataFrame, Tables], Sifted]


class Shaped(NamedTuple):
    """The desired tables as the target has such things, what is to be told (a line each), and metadata."""

    tables: Tables
    notes: Sequence[str] = ()
    told: Mapping[str, Any] = {}


Shape = Callable[[Run, pd.DataFrame, Kinds, Tables, Tables], Shaped]
"""Makes of the sifted rows, the kinds, the desired tables of the mapped ones, and the inventory, all desired tables."""


@dataclass(frozen=True)
class Evidence:
    """What a sync matches by: the observed tables, and the records that must not be created by this run."""

    observed: Tables
    waiting: Waiting


Seen = Callable[[Run, Tables, Tables], Evidence]
"""Says by what the desired tables and the inventory are matched; it changes nothing, and is asked again after an apply."""

Decided = Callable[[Run], Sequence[Resolution]]
"""Says of fields whose value in the target is nobody's choice that the source's is taken; people's decisions come before."""

Open = Callable[[Run, Plan], CountingTarget]
"""Opens what a plan is applied to."""


@dataclass(frozen=True)
class Done:
    """What an apply did: its `plan`, the `outcomes` by row number, and who `approved` it, where somebody had to.

    `of_object` has the operations that were carried out by the object that they belong to, a kind and an id: those of a row of
    the source's main table, and of the rows that are its own.
    """

    plan: Plan
    outcomes: Mapping[int, Outcome]
    approved: str | None
    of_object: Mapping[tuple[Kind, str], Sequence[Mapping[str, Any]]] = field(default_factory=dict)


Applied = Callable[[Run, Done], Mapping[str, Any]]
"""Is told of an apply once it is recorded, and returns metadata.

What cannot be done then takes nothing back: it is told, or raised in the end (`TargetError`) where the run is not to pass for
one that did all.
"""


@dataclass(frozen=True)
class Following:
    """What goes on in the target after an apply, such as a scan, is followed by a job and a sensor of their own.

    `look` takes a look at a connection and returns what it tells; `words` and `sensor` say for people what both do. `due` names
    the next look that a connection is due, and `again` what the sync is to be run again for; nothing where there is none. Both
    are asked in each tick of the sensor, so that they ask no server.
    """

    name: str
    words: str
    sensor: str
    look: Callable[[Run], Mapping[str, Any]]
    due: Callable[[str, datetime], str]
    again: Callable[[str, datetime], str]
