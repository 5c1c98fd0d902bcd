"""Reconnecting: whose the links and decisions are that a sync had by a name which its YAML says no more."""

from asset_sync.components.resources import open_ledger
from asset_sync.components.sync import Sync
from asset_sync.ledger.moving import LinkSet
from asset_sync.operations.definitions import declared, sync_names
from asset_sync.reconcile.errors import ConfigurationError


def left(sync: str) -> list[LinkSet]:
    """Return the links and decisions of a sync that no run goes by any more: all, where there is no such sync any more."""
    named = declared(sync).destinations if sync in sync_names() else ()
    return open_ledger().left_links(sync, named)


def reconnect(sync: str, was: str | None, now: str | None) -> LinkSet:
    """Let links and decisions of the connection that `was` be those of another; None names the time without connections.

    Raises ConfigurationError for a name that the YAML has not, or has still, and PlanError where the other has some already.
    """
    old, new = _left(sync, was), _named(declared(sync), now)
    open_ledger().move_links(old.name, new, f"its links are those of {new} now")
    return old


def forget(sync: str, was: str | None) -> LinkSet:
    """Drop links and decisions of a connection that the YAML names no more, or of a sync that has no YAML any more.

    As long as they are there, what they say of objects counts for other syncs. Raises ConfigurationError where there are none.
    """
    old = _left(sync, was)
    open_ledger().forget_links(old.name, "its links were forgotten")
    return old


def _left(sync: str, connection: str | None) -> LinkSet:
    name = f"{sync}/{connection}" if connection else sync
    there = left(sync)
    if not there:
        # Whoever mistyped the name is told which syncs there are.
        declared(sync)
    found = next((each for each in there if each.name == name), None)
    if found is None:
        told = f"there are {', '.join(map(str, there))}" if there else "there are none"
        raise ConfigurationError(f"{name} has no links that are left over; {told}")
    return found


def _named(sync: Sync, connection: str | None) -> str:
    name = f"{sync.name}/{connection}" if connection else sync.name
    if name not in sync.destinations:
        raise ConfigurationError(f"{sync.name} has no {name}; it has {', '.join(sync.destinations)}")
    return name
