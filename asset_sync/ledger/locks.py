"""Locks: who may write about the syncs that go by the same links, and who applies a plan of theirs. PostgreSQL holds them."""

from collections.abc import Collection
from typing import Final

from sqlalchemy import Connection, func, select, text

from asset_sync.ledger.schema import SCHEMA

_APPLYING: Final = f"{SCHEMA} applying"
_HOLDERS: Final = text(
    "SELECT DISTINCT links FROM unnest(CAST(:links AS text[])) AS links JOIN pg_locks AS l"
    " ON l.classid = CAST(hashtext(:applying) AS oid) AND l.objid = CAST(hashtext(links) AS oid) AND l.objsubid = 2"
    " WHERE l.locktype = 'advisory' AND l.granted"
    " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


def lock(connection: Connection, links: str) -> None:
    """Keep everybody else from writing about the syncs that go by these links until the transaction ends."""
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(SCHEMA), func.hashtext(links))))


def await_turn(connection: Connection, links: str) -> None:
    """Wait until nobody else applies a plan that goes by these links, and keep them from it until the connection ends."""
    # Another key than that of `lock`: whoever applies writes about its sync meanwhile, on other connections.
    connection.execute(select(func.pg_advisory_lock(func.hashtext(_APPLYING), func.hashtext(links))))


def being_applied(connection: Connection, links: Collection[str]) -> frozenset[str]:
    """Return those of the links by which somebody, in any process, applies a plan right now."""
    if not links:
        return frozenset()
    return frozenset(connection.scalars(_HOLDERS, {"links": sorted(links), "applying": _APPLYING}))
