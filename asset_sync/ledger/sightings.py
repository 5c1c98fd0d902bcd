"""Sightings: how many rows each source had when a run looked at it."""

from datetime import datetime

from sqlalchemy import Connection, and_, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert

from asset_sync.ledger import schema as s
from asset_sync.reconcile.plan import Plan


def note(connection: Connection, plan: Plan, run_id: str, at: datetime) -> bool:
    """Keep the row counts of one run's look at the source.

    Return False where they are kept already, or where a later look by the same links is.
    """
    if _was_seen_later(connection, plan):
        return False
    values = {"plan_id": plan.id, "run_id": run_id, "sync": plan.sync, "at": at}
    new = insert(s.sighting).values(values).on_conflict_do_nothing().returning(s.sighting.c.plan_id)
    if connection.scalar(new) is None:
        return False
    counts = [
        {"plan_id": plan.id, "run_id": run_id, "source": source, "rows": rows} for source, rows in plan.source_rows.items()
    ]
    if counts:
        connection.execute(insert(s.source_count), counts)
    return True


def count_absences(connection: Connection, plan: Plan, run_id: str) -> bool:
    """Note that what one run's look misses is counted; False where it is already, or where that of a later look is."""
    made = s.making.c
    own = connection.scalar(select(made.number).where(made.plan_id == plan.id, made.run_id == run_id))
    last = connection.scalar(select(func.max(made.number)).where(made.plan_id == plan.id)) or 0
    counted = select(made.number).join_from(s.making, s.plan, s.plan.c.id == made.plan_id).where(made.counted)
    later = counted.where(s.plan.c.link_set == plan.link_set, made.number >= (last + 1 if own is None else own))
    if connection.scalar(later.limit(1)) is not None:
        return False
    connection.execute(update(s.making).where(made.plan_id == plan.id, made.run_id == run_id).values(counted=True))
    return True


def last_rows(connection: Connection, sync: str, link_set: str) -> dict[str, int] | None:
    """Return the row counts by source of the last look at a complete source whose plan no guard stopped."""
    c = s.sighting.c
    covered = exists().where(
        s.decision.c.plan_id == s.guard.c.plan_id, s.decision.c.approved, s.guard.c.name == s.decision.c.guards.any_()
    )
    stopped = exists().where(s.guard.c.plan_id == c.plan_id, ~s.guard.c.passed, ~covered)
    query = select(c.plan_id, c.run_id).join(s.plan, s.plan.c.id == c.plan_id)
    query = (
        query.where(c.sync == sync, s.plan.c.link_set == link_set, s.plan.c.complete, ~stopped).order_by(c.at.desc()).limit(1)
    )
    last = connection.execute(query).first()
    if last is None:
        return None
    counted = s.source_count.c
    rows = select(counted.source, counted.rows).where(counted.plan_id == last.plan_id, counted.run_id == last.run_id)
    return {row.source: row.rows for row in connection.execute(rows)}


def _was_seen_later(connection: Connection, plan: Plan) -> bool:
    made, c = s.making.c, s.sighting.c
    own = select(func.max(made.number)).where(made.plan_id == plan.id).scalar_subquery()
    noted = s.making.join(s.sighting, and_(c.plan_id == made.plan_id, c.run_id == made.run_id))
    noted = noted.join(s.plan, s.plan.c.id == c.plan_id)
    last = select(func.max(made.number)).select_from(noted).where(s.plan.c.link_set == plan.link_set).scalar_subquery()
    return bool(connection.scalar(select(last > own)))
