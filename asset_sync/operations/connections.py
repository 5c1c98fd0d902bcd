"""How the connections to WhatsUp Gold stand: what was sent over each, and what became of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from asset_sync.components import SyncComponent
from asset_sync.components.declared.ends import SeveralConfig
from asset_sync.operations.definitions import component_of, sync_names
from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.tracking import Statistics, open_tracking

_TRACKED: Final = "wug"
"""The system that is written to with tracking."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One connection of one sync."""

    sync: str
    connection: str
    enabled: bool
    statistics: Statistics


def exporting() -> Iterator[tuple[str, SeveralConfig]]:
    """Yield the connections over which devices are sent to WhatsUp Gold, each with its sync, in the order of its YAML."""
    for sync in sync_names():
        component = component_of(sync)
        if isinstance(component, SyncComponent) and component.target == _TRACKED:
            yield from ((sync, each) for each in component.connections)


def connections() -> Sequence[Standing]:
    """Return all connections over which devices are sent to WhatsUp Gold, by sync and in the order of its YAML."""
    tracking = open_tracking()
    return [Standing(sync, each.name, each.enabled, tracking.statistics(each.name)) for sync, each in exporting()]


def connection(name: str) -> Standing:
    """Return one connection; `ConfigurationError` where there is none of that name."""
    every = connections()
    found = next((standing for standing in every if standing.connection == name), None)
    if found is None:
        there = ", ".join(standing.connection for standing in every) or "none"
        raise ConfigurationError(f"there is no connection {name!r}; there are {there}")
    return found
