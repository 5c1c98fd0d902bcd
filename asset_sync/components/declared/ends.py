"""The ends of a declared sync, as its YAML has them: which systems they are, how each is reached, and what it is told."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Annotated, Any, Final, Literal

import dagster as dg
from pydantic import Field, ValidationError

from asset_sync.components.bounds import Bounds
from asset_sync.components.config import MOST_HOURS, Place
from asset_sync.components.connections import check_name
from asset_sync.components.declared.mapping import ConditionConfig
from asset_sync.components.wording import raise_first
from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.systems import system
from asset_sync.systems.checkup import Needs
from asset_sync.systems.system import Options, System

_log: Final = logging.getLogger(__name__)

Side = Literal["source", "target"]
Told = Mapping[str, Any]
"""What a YAML says to a system: its `source_options` or `target_options`."""


@dataclass(frozen=True)
class End:
    """A system on one side of a sync, over one connection ("" where there is but one): what reaches it, and what for."""

    side: Side
    system: System
    connection: str
    resource: dg.ConfigurableResource[Any]
    needs: Needs


class ConnectionConfig(dg.Model, dg.Resolvable):
    """One of several of a system: the variables that say how it is reached have its name in them (NETBOX_BERLIN_URL).

    `variables` names others (`url: MY_URL`), where the system can be told so. `read_timeout` is how many seconds are waited for
    the next byte of an answer.
    """

    name: str = Field(default="", description="Its name, which the variables of its address and token have in them.")
    ca_file: str | None = Field(default=None, description="A file of CA certificates in PEM.")
    verify: bool = Field(default=True, description="Whether its certificate is verified.")
    read_timeout: Annotated[float | None, Bounds(gt=0)] = Field(
        default=None, description="For how many seconds the next byte of an answer is waited for."
    )
    variables: dict[str, str] = Field(
        default_factory=dict, description="Other variables that hold its address and token, where the system can be told so."
    )

    def key(self, of: System) -> str:
        """Return the key of the resource; one that is reached in a way of its own has one of its own."""
        own = self.name or ("" if self == ConnectionConfig() else "own")
        return f"{of.resource}_{own}" if own else of.resource

    def pool(self, of: System) -> str | None:
        """Return the pool of the system that is reached."""
        return f"{of.pool}_{self.name}" if of.pool and self.name else of.pool

    def resource(self, of: System) -> dg.ConfigurableResource[Any]:
        """Return the resource that reaches the system."""
        if not of.named:
            return _made(of.make)
        own: dict[str, Any] = {"variables": tuple(sorted(self.variables.items()))} if self.variables else {}
        if self.read_timeout is not None:
            own["read_timeout"] = self.read_timeout
        return _made(of.make, connection=self.name, ca_file=self.ca_file, verify=self.verify, **own)

    def check(self, place: Place, of: System) -> None:
        """Raise `ConfigurationError` where the system is not reached so."""
        if self != ConnectionConfig() and not of.named:
            raise place.error(f"of {of.title} there is but one here, reached by its own variables")
        if self.name:
            check_name(place.at("name"), self.name)
        for name in self.variables:
            if name not in of.variables:
                there = f"there are {', '.join(of.variables)}" if of.variables else "they have the connection's name in them"
                raise place.at("variables").at(name).error(f"{of.title} has no such variable that could be named; {there}")


class SeveralConfig(ConnectionConfig):
    """One of several connections, each a partition: how often it is due, and filters of its own beside those of the sync.

    What it says to the systems, where each may say it for itself, comes before what the sync says. `interval_minutes` is what
    earlier versions had for `interval_seconds`; it is still read, and told.
    """

    interval_seconds: Annotated[int | None, Bounds(ge=1, le=MOST_HOURS * 3600)] = Field(
        default=None, description="How long after a turn of it the next is due."
    )
    interval_minutes: Annotated[int | None, Bounds(ge=1, le=MOST_HOURS * 60)] = Field(
        default=None, description="What earlier versions had for interval_seconds."
    )
    enabled: bool = Field(default=True, description="Whether it runs.")
    filters: dict[str, list[ConditionConfig]] = Field(
        default_factory=dict, description="Conditions of its own on the source's rows, beside those of the sync."
    )
    source_options: dict[str, Any] = Field(default_factory=dict, description="What it says to the source for itself.")
    target_options: dict[str, Any] = Field(default_factory=dict, description="What it says to the target for itself.")

    def interval(self, of: System) -> timedelta:
        """Return how long after a turn the next one is due; where nothing is said, as the system has it."""
        if self.interval_seconds is not None:
            return timedelta(seconds=self.interval_seconds)
        return of.interval if self.interval_minutes is None else timedelta(minutes=self.interval_minutes)

    def check(self, place: Place, of: System) -> None:
        """Raise `ConfigurationError` as of any connection, and where there are two intervals; tell of one in minutes."""
        super().check(place, of)
        if self.interval_minutes is None:
            return
        told = place.at("interval_minutes").error(f"write `interval_seconds: {self.interval_minutes * 60}` in its place")
        if self.interval_seconds is not None:
            raise told
        _log.warning("%s", told)

    def options(self, side: Side) -> Told:
        """Return what it says to the source, or to the target; an empty list says nothing."""
        told = self.source_options if side == "source" else self.target_options
        return {name: value for name, value in told.items() if value != []}


@cache
def _made(
    make: Callable[..., dg.ConfigurableResource[Any]], *, variables: tuple[tuple[str, str], ...] = (), **told: Any
) -> dg.ConfigurableResource[Any]:
    """Make a resource; of one key there must be but one, however many syncs have it."""
    return make(**told, **({"variables": dict(variables)} if variables else {}))


def told_system(name: str, side: Side, told: Told) -> System:
    """Return a system as it is with what a YAML says to it; `ConfigurationError` where it cannot be on that side."""
    of = system(name)
    options = _options(of, side)
    found = options.made(options.form(**told)) if options else of
    _ = found.reader if side == "source" else found.side
    return found


def check_told(place: Place, of: System, side: Side, told: Told, *, each: bool) -> None:
    """Raise `ConfigurationError`, with file and line, for what cannot be said to a system, or not by `each` connection."""
    options, at = _options(of, side), place.at(f"{side}_options")
    if options is None:
        if told:
            raise at.error(f"{of.title} has no options as a {side}")
        return
    try:
        options.form(**told)
    except ValidationError as error:
        raise_first(at, options.form, error)
    for name in told:
        if each and name not in options.each:
            raise at.at(name).error("it is one for all connections: write it below the sync's own")


def named(place: Place, name: str, side: Side, told: Told) -> System:
    """Return a system with what the YAML says to it; `ConfigurationError`, with file and line, where that cannot be."""
    try:
        of = system(name)
    except ConfigurationError as error:
        raise place.at(side).error(str(error)) from None
    check_told(place, of, side, told, each=False)
    try:
        return told_system(name, side, told)
    except ConfigurationError as error:
        raise place.at(side).error(str(error)) from None


def check_apart(place: Place, system_name: str, one: Iterable[ConnectionConfig], other: Iterable[ConnectionConfig]) -> None:
    """Refuse, with file and line, a sync of a system with itself: what it writes it would read again."""
    ways = [(each.name, each.variables) for each in other]
    if any((each.name, each.variables) in ways for each in one):
        raise place.error(f"{system_name} is the source, too: name another connection of it for one of them")


def other_syncs(name: str, side: Side) -> Mapping[str, str]:
    """Return the options of a system that name another sync, with what they say where a YAML does not."""
    try:
        options = _options(system(name), side)
    except ConfigurationError:
        return {}  # which is told, with file and line, as the sync is built
    return {key: str(options.form.model_fields[key].default) for key in options.syncs} if options else {}


def _options(of: System, side: Side) -> Options | None:
    return of.as_source if side == "source" else of.as_target
