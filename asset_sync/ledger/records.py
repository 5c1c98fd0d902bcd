"""Records: what the ledger tells of single records, and of what was written; it only reads.

A record is known by its links, by the plans that have an operation on it, and by what people decided about it.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, Select, Text, and_, exists, func, or_, select, text, union

from asset_sync.ledger import headers, written
from asset_sync.ledger import schema as s
from asset_sync.ledger.copying import unnested
from asset_sync.ledger.headers import PlanHeader
from asset_sync.ledger.written import Asked, Changed, Counted, Page
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.planning.leaving import OF_LEFT

_MOST: Final = 20
"""As many records are returned, at most, that something may be."""


@dataclass(frozen=True, slots=True)
class KnownLink:
    """Which object a record is, as it is remembered now. Times are in UTC.

    `claimed` is 'created', or the rule that matched when they were linked first. `plan_id` wrote to the object last. `told_by`
    is the sync whose record it is.
    """

    target_id: str
    claimed: str
    first_seen: datetime
    plan_id: str | None
    told_by: str
    missing_since: datetime | None
    missing_runs: int
    retired_by: str | None
    retired_at: datetime | None

    @property
    def is_left(self) -> bool:
        """Whether its record left it, and it is remembered by itself."""
        return self.claimed in OF_LEFT


@dataclass(frozen=True, slots=True)
class Look:
    """A look of a sync at both sides: the plan that came of it, and the run that made it then.

    `instead_of` are the run's plans in whose place this one came, as the part of them that a person approved.
    """

    plan_id: str
    run_id: str
    at: datetime
    instead_of: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Touch:
    """An operation of a plan on a record, and what became of it; see `asset_sync.reconcile.plan.OPERATION_COLUMNS`."""

    plan_id: str
    seq: int
    op: str
    key: str | None
    target_id: str | None
    changes: p.Changes
    reason: str | None
    hold: str | None
    outcome: str | None
    detail: str | None
    ended_at: datetime | None
    run_id: str | None


class Records:
    """Reads of the ledger, in a database that `asset_sync.ledger.migrate` has brought up to date."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        """A transaction that finds operations by their record, in the plans of all times."""
        with self._engine.connect() as connection:
            # Where records come in no order, the planner takes their index, which knows pages alone, to be of no use.
            connection.execute(text("SET LOCAL enable_seqscan = off"))
            yield connection

    def link(self, link_set: str, kind: str, source_key: str) -> KnownLink | None:
        """Return which object a record is; None where it is linked to none."""
        c = s.link.c
        columns = [c[name] for name in KnownLink.__dataclass_fields__]
        query = select(*columns).where(c.sync == link_set, c.kind == kind, c.source_key == source_key)
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        return None if row is None else KnownLink(*row)

    def is_linked(self, kind: str, target_id: str) -> bool:
        """Return whether an object is that of a record of any sync."""
        c = s.link.c
        with self._engine.connect() as connection:
            return bool(connection.scalar(select(exists().where(c.kind == kind, c.target_id == target_id))))

    def with_key(self, link_set: str, source_key: str) -> list[str]:
        """Return the kinds of which a record of that key is known."""
        c, o = s.link.c, s.operation.c
        linked = select(c.kind).where(c.sync == link_set, c.source_key == source_key)
        touched = select(o.kind).where(_of(link_set), o.source_key == source_key)
        with self._reading() as connection:
            return sorted(connection.scalars(union(linked, touched)))

    def named(self, link_set: str, name: str, *, target_id: str) -> list[tuple[str, str]]:
        """Return the records, as kind and source key, whose object has that id or that are known by that name; 20 at most.

        Names are those in plans, and the values that make objects what they are; case counts.
        """
        c, o = s.link.c, s.operation.c
        its = func.jsonb_each_text(c.identity).table_valued("key", "value", name="its")
        by_value = exists(select(its.c.value).where(its.c.value == name))
        linked = select(c.kind, c.source_key).where(c.sync == link_set, or_(c.target_id == target_id, by_value))
        touched = select(o.kind, o.source_key).where(_of(link_set), o.key == name, o.source_key.is_not(None))
        with self._reading() as connection:
            rows = connection.execute(union(linked, touched).order_by("kind", "source_key").limit(_MOST))
            return [(row.kind, row.source_key) for row in rows]

    def last_look(self, sync: str, link_set: str, kind: str = "", source_key: str = "") -> Look | None:
        """Return the last look of a sync at all records, or at some with an operation on that one; None before the first."""
        made, plan, o = s.making.c, s.plan.c, s.operation.c
        about_it = exists().where(o.plan_id == plan.id, o.kind == kind, o.source_key == source_key)
        looks = select(made.plan_id, made.run_id, made.at).join(s.plan, plan.id == made.plan_id)
        looks = looks.where(plan.sync == sync, *headers.looks(link_set))
        looks = looks.where(or_(~made.partial, about_it)).order_by(made.number.desc()).limit(1)
        with self._reading() as connection:
            row = connection.execute(looks).first()
            if row is None:
                return None
            of_run = select(made.plan_id).join(s.plan, plan.id == made.plan_id).where(made.run_id == row.run_id)
            whole = of_run.where(plan.link_set == link_set, plan.id != row.plan_id, plan.state == s.SUPERSEDED)
            return Look(*row, frozenset(connection.scalars(whole)))

    def touches(
        self, link_set: str, kind: str, source_key: str, target_id: str | None, limit: int
    ) -> tuple[list[PlanHeader], list[Touch]]:
        """Return the plans with operations on a record, the one made last first, so many at most; and these operations.

        An operation on the record's object counts, too, where it is of no record.
        """
        with self._reading() as connection:
            own = _about(link_set, kind, source_key, target_id)
            found = headers.headers(connection, _last_plans(own, limit))
            return found, _touches(connection, own, [header.id for header in found])

    def was_made(self, link_set: str, kind: str, target_id: str, since: datetime) -> bool:
        """Return whether a plan that goes by these links made an object of that id since a moment."""
        o, done = s.operation.c, s.outcome.c
        its_operation = and_(o.plan_id == done.plan_id, o.seq == done.seq)
        made = exists().where(done.target_id == target_id, done.at > since, its_operation, o.kind == kind, o.op == p.CREATE)
        with self._engine.connect() as connection:
            return bool(connection.scalar(select(made.where(_of(link_set)))))

    def written(self, asked: Asked) -> Page:
        """Return a page of what was written and decided since a moment, the latest first."""
        with self._engine.connect() as connection:
            return written.page(connection, asked)

    def changed(self, since: datetime, until: datetime) -> Sequence[Changed]:
        """Return how many objects were written from one moment to another, by sync, kind and operation."""
        with self._engine.connect() as connection:
            return written.changed(connection, since, until)

    def counted(self, asked: Asked) -> Sequence[Counted]:
        """Return how many values were written since a moment, by sync, kind, field and operation."""
        with self._engine.connect() as connection:
            return written.counted(connection, asked)


def _of(link_set: str) -> ColumnElement[bool]:
    """Return the condition of operations that they are of a plan that goes by those links."""
    return s.operation.c.plan_id.in_(select(s.plan.c.id).where(s.plan.c.link_set == link_set))


def _about(link_set: str, kind: str, source_key: str, target_id: str | None) -> ColumnElement[bool]:
    o = s.operation.c
    its_object = and_(o.source_key.is_(None), o.target_id == target_id) if target_id is not None else None
    about = o.source_key == source_key if its_object is None else or_(o.source_key == source_key, its_object)
    return and_(_of(link_set), o.kind == kind, about)


def _last_plans(about: ColumnElement[bool], limit: int) -> Select[Any]:
    ids = select(s.operation.c.plan_id).where(about)
    made = select(s.making.c.plan_id, func.max(s.making.c.number).label("number")).group_by(s.making.c.plan_id).subquery()
    query = select(s.plan).join(made, made.c.plan_id == s.plan.c.id).where(s.plan.c.id.in_(ids))
    return query.order_by(made.c.number.desc()).limit(limit)


def _touches(connection: Connection, about: ColumnElement[bool], plan_ids: Collection[str]) -> list[Touch]:
    o, done = s.operation.c, s.outcome.c
    asked = unnested("asked", plan_id=(Text, list(plan_ids)))
    own = (o.plan_id, o.seq, o.op, o.key, o.target_id, o.changes, o.reason, o.hold)
    query = select(*own, done.outcome, done.detail, done.at, done.run_id, done.target_id.label("became"))
    query = query.join(asked, asked.c.plan_id == o.plan_id)
    query = query.outerjoin(s.outcome, and_(done.plan_id == o.plan_id, done.seq == o.seq))
    rows = connection.execute(query.where(about).order_by(o.plan_id, o.seq))
    return [
        Touch(
            *(row.plan_id, row.seq, row.op, row.key, row.target_id or row.became, p.decode(row.changes), row.reason, row.hold),
            *(row.outcome, row.detail, row.at, row.run_id),
        )
        for row in rows
    ]
