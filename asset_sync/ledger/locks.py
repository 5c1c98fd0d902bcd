"""Locks: who may write about the syncs that go by the same links, and who applies a plan of theirs. PostgreSQL holds them."""

from collections.abc import Collection
from typing import Final

from sqlalchemy import Connection, func, select, text

from asset_sync.ledger.schema import SCHEMA

_APPLYING: Final = f"{SCHEMA} applying"
_HOLDERS: Final = text(
    "SELECT DISTINCT link_set FROM unnest(CAST(:link_sets AS text[])) AS link_set JOIN pg_locks AS l"
    " ON l.classid = CAST(hashtext(:applying) AS oid) AND l.objid = CAST(hashtext(link_set) AS oid) AND l.objsubid = 2"
    " WHERE l.locktype = 'advisory' AND l.granted"
    " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


def lock(connection: Connection, link_set: str) -> None:
    """Keep everybody else from writing about the syncs that go by these links until the transaction ends."""
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(SCHEMA), func.hashtext(link_set))))


def await_turn(connection: Connection, link_set: str) -> None:
    """Wait until nobody else applies a plan that goes by these links, and keep them from it until the connection ends."""
    # Another key than that of `lock`: whoever applies writes about its sync meanwhile, on other connections.
    connection.execute(select(func.pg_advisory_lock(func.hashtext(_APPLYING), func.hashtext(link_set))))


def end_turn(connection: Connection, link_set: str) -> None:
    """Let the next one apply who waits for that."""
    connection.execute(select(func.pg_advisory_unlock(func.hashtext(_APPLYING), func.hashtext(link_set))))


def being_applied(connection: Connection, link_sets: Collection[str]) -> frozenset[str]:
    """Return those of the sets of links by which somebody, in any process, applies a plan right now."""
    if not link_sets:
        return frozenset()
    return frozenset(connection.scalars(_HOLDERS, {"link_sets": sorted(link_sets), "applying": _APPLYING}))
