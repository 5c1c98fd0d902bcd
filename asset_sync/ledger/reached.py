"""Which system each connection of a sync reached last: two that reach one would write the same objects in turn.

A system is known by its marks, of which no other one has any; it is the same as long as one of them stays.
"""

from collections.abc import Collection

from sqlalchemy import Engine, Select, and_, case, func, select
from sqlalchemy.dialects.postgresql import insert

from asset_sync.ledger.locks import lock
from asset_sync.ledger.schema import reached


class Reached:
    """What connections reached, in a database that `asset_sync.ledger.migrate` has brought up to date."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def note(self, sync: str, connection: str, marks: Collection[str], among: Collection[str]) -> str | None:
        """Remember what a connection reached; return the one, of those `among`, that has reached the same for longer.

        None where there is none: it may go on. Of two that begin at once, one may.
        """
        c = reached.c
        own = {"marks": sorted(marks), "since": func.clock_timestamp()}
        new = insert(reached).values(sync=sync, connection=connection, **own)
        since = case((c.marks.overlap(new.excluded.marks), c.since), else_=new.excluded.since)
        told = new.on_conflict_do_update(index_elements=["sync", "connection"], set_={**own, "since": since})
        with self._engine.begin() as db:
            # One after the other: of two that reach a system for the first time one sees the other.
            lock(db, sync)
            mine = db.execute(told.returning(c.since)).scalar_one()
            return db.scalar(_others(sync, connection, marks, among).where(c.since < mine))

    def other(self, sync: str, connection: str, marks: Collection[str], among: Collection[str]) -> str | None:
        """Return another connection, of those `among`, that reached a system of these marks; nothing is remembered."""
        with self._engine.connect() as db:
            return db.scalar(_others(sync, connection, marks, among))

    def known(self, sync: str) -> frozenset[str]:
        """Return the connections that ever reached anything."""
        with self._engine.connect() as db:
            return frozenset(db.scalars(select(reached.c.connection).where(reached.c.sync == sync)))


def _others(sync: str, connection: str, marks: Collection[str], among: Collection[str]) -> Select[str]:
    """Select the first of the others that reached a system of these marks."""
    c = reached.c
    same = and_(c.sync == sync, c.connection != connection, c.connection.in_(among), c.marks.overlap(sorted(marks)))
    return select(c.connection).where(same).order_by(c.since).limit(1)
