"""Intents: what a run was about to send to the target, so that a write that it never heard of again is known as its own."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Integer, and_, exists, func, literal, select
from sqlalchemy.dialects.postgresql import insert

from asset_sync.ledger import schema as s
from asset_sync.ledger.copying import unnested


def intend(connection: Connection, plan_id: str, seqs: Sequence[int], run_id: str, at: datetime) -> None:
    """Note that a run is about to send these operations."""
    c = s.intent.c
    rows = unnested("rows", seq=(Integer, seqs))
    told = (literal(plan_id), literal(run_id), literal(at, c.at.type))
    new = insert(s.intent).from_select(["seq", "plan_id", "run_id", "at"], select(rows.c.seq, *told))
    again = {"run_id": new.excluded.run_id, "at": new.excluded.at}
    connection.execute(new.on_conflict_do_update(index_elements=[c.plan_id, c.seq], set_=again))


def intended(connection: Connection, plan_id: str) -> frozenset[int]:
    """Return the operations whose intent was noted and of which no run told anything since."""
    c, o = s.intent.c, s.outcome.c
    ended = and_(o.plan_id == c.plan_id, o.seq == c.seq, o.at >= c.at)
    query = select(c.seq).outerjoin(s.outcome, ended).where(c.plan_id == plan_id, o.seq.is_(None))
    return frozenset(connection.scalars(query))


def were_looked_into(connection: Connection, plan_id: str) -> bool:
    """Return whether a run of the same links made a plan since the last intent: before it plans, it looks what was stored."""
    sent = select(func.max(s.intent.c.at)).where(s.intent.c.plan_id == plan_id).scalar_subquery()
    link_set = select(s.plan.c.link_set).where(s.plan.c.id == plan_id).scalar_subquery()
    made = s.making.join(s.plan, s.plan.c.id == s.making.c.plan_id)
    since = select(s.making.c.plan_id).select_from(made)
    since = since.where(s.plan.c.link_set == link_set, s.plan.c.undoes.is_(None), s.making.c.at > sent)
    return bool(connection.scalar(select(exists(since))))
