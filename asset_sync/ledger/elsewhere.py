"""Elsewhere: what other links, of other syncs or connections, say of the objects that a sync writes to."""

from collections.abc import Mapping

import pandas as pd
from sqlalchemy import ColumnElement, Connection, FromClause, and_, exists, false, or_, select, true, update
from sqlalchemy.dialects.postgresql import insert

from asset_sync.ledger import schema as s
from asset_sync.reconcile.kinds import Kind, Kinds
from asset_sync.reconcile.planning.leaving import FORGOTTEN, WRITTEN
from asset_sync.reconcile.tables import ELSEWHERE_COLUMNS, RETIRED_BY_SYNC, Tables


def note(connection: Connection, destinations: Mapping[str, str]) -> None:
    """Remember which system each of the sets of links leads to."""
    rows = [{"link_set": link_set, "target": target} for link_set, target in destinations.items()]
    new = insert(s.destination).values(rows)
    moved = s.destination.c.target != new.excluded.target
    connection.execute(
        new.on_conflict_do_update(index_elements=["link_set"], set_={"target": new.excluded.target}, where=moved)
    )


def read(connection: Connection, link_set: str, kinds: Kinds) -> Tables:
    """Return, of each kind that can be retired, the links of others to this sync's objects, and to what others retired.

    Of what has ends all links of others: what is of others may be in the way.
    """
    return {name: _read(connection, link_set, kind, kind.retirement.field) for name, kind in kinds.items() if kind.retirement}


def _read(connection: Connection, link_set: str, kind: Kind, status: str) -> pd.DataFrame:
    other, own = s.link, s.link.alias("own")
    linked = exists().where(own.c.sync == link_set, own.c.kind == other.c.kind, own.c.target_id == other.c.target_id)
    retired = other.c.retired_by == RETIRED_BY_SYNC
    columns = {
        "target_id": other.c.target_id,
        "link_set": other.c.sync,
        "missing_since": other.c.missing_since,
        "retired_by": other.c.retired_by,
        "status": other.c.base[status].astext,
    }
    known = and_(or_(retired, linked, true() if kind.ends else false()), or_(retired, ~is_nobodys(other)))
    query = select(*(column.label(name) for name, column in columns.items())).where(
        other.c.kind == kind.name, _leads_where(link_set, other.c.sync), known
    )
    rows = connection.execute(query.order_by(other.c.target_id, other.c.sync)).all()
    frame = pd.DataFrame(rows, columns=list(columns), dtype=object)
    return frame.astype(ELSEWHERE_COLUMNS)


def is_nobodys(link: FromClause) -> ColumnElement[bool]:
    """Return the condition of links that only remember what was written to an object that is no record's, nor was made here."""
    return and_(link.c.claimed.in_([WRITTEN, FORGOTTEN]), ~link.c.made)


def bring_back(connection: Connection, link_set: str, staged_step: str) -> None:
    """Let the links of others to objects that were staged as restored say no more that these are retired."""
    about = and_(s.link.c.kind == s.staged.c.kind, s.link.c.target_id == s.staged.c.target_id, s.staged.c.step == staged_step)
    back = update(s.link).where(about, _leads_where(link_set, s.link.c.sync), s.link.c.retired_by == RETIRED_BY_SYNC)
    connection.execute(back.values(retired_by=None, retired_at=None))


def _leads_where(link_set: str, other: ColumnElement[str]) -> ColumnElement[bool]:
    """Return the condition of other links that they lead to the same system."""
    mine, theirs = s.destination.alias("mine"), s.destination.alias("theirs")
    same = and_(theirs.c.target == mine.c.target, mine.c.link_set == link_set)
    return and_(other != link_set, other.in_(select(theirs.c.link_set).join(mine, same)))
