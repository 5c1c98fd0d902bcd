"""One system under two names: two connections that lead to one would write the same objects in turn."""

from collections.abc import Callable, Sequence

import dagster as dg

from asset_sync.components.connections import name_of
from asset_sync.components.due import ScheduledConnection
from asset_sync.components.resources import open_reached
from asset_sync.components.scheduling import missing_variables
from asset_sync.reconcile.errors import SourceError

Connections = Callable[[], Sequence[ScheduledConnection]]


def check_alone(sync: str, connections: Connections, context: dg.AssetExecutionContext, marks: frozenset[str]) -> None:
    """Raise `SourceError` where the system that a run read, by its marks, is that of another connection in use, too.

    The one goes on that has reached it for longer.
    """
    used = in_use(connections()) if marks else []
    if not used:
        return
    own = name_of(context)
    if other := open_reached().note(sync, own, marks, used):
        raise SourceError(f"{is_same(sync, own, other)}; nothing was taken")


def in_use(connections: Sequence[ScheduledConnection]) -> list[str]:
    """Return the names of the connections that run, or may."""
    return [each.name for each in connections if each.enabled and not missing_variables(each)]


def is_same(sync: str, own: str, other: str) -> str:
    """Say in a line that two connections lead to one system, and what to do about it."""
    to_do = f"remove one of the two from the YAML of {sync}, or rest it with `enabled: false`"
    return f"{own} leads to the same system as {other}: both would write the same objects in turn; {to_do}"
