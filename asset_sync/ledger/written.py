"""Written: what was written to targets since a moment, and what people decided; counted, or one by one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Subquery,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    text,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by

from asset_sync.ledger import schema as s
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.target import ALREADY, APPLIED

_DONE: Final = (APPLIED, ALREADY)
_ITS_OPERATION: Final = and_(s.operation.c.plan_id == s.outcome.c.plan_id, s.operation.c.seq == s.outcome.c.seq)
_COUNTING_MB: Final = 64
UNDO: Final = "undo"
DECISION: Final = "decision"
"""What a row is beside the operations of plans: the operation of a plan that takes another one back; a person's decision."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for: since when, of which sync (or its connection), kind and field alone; so many rows, after `offset`."""

    since: datetime
    sync: str | None = None
    kind: str | None = None
    field: str | None = None
    limit: int = 100
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Counted:
    """How many values of a field were written, or decisions made: `what` is create, update, retire, restore, undo, decision.

    `sync` is told with its connection, where each has links of its own.
    """

    sync: str
    kind: str
    field: str | None
    what: str
    values: int
    objects: int


@dataclass(frozen=True, slots=True)
class Changed:
    """How many objects of a kind were created, updated, retired or restored, or put back by an undo; `sync` as in `Counted`."""

    sync: str
    kind: str
    what: str
    objects: int


@dataclass(frozen=True, slots=True)
class Written:
    """A value that was written, or a decision. `old` and `new` are as in plans; of a decision, `detail` says what it was.

    `by` are the people who approved the plan, or who decided. Times are in UTC.
    """

    at: datetime
    sync: str
    kind: str | None
    field: str | None
    what: str
    source_key: str | None
    key: str | None
    target_id: str | None
    old: Any
    new: Any
    plan_id: str | None
    undoes: str | None
    run_id: str | None
    by: str | None
    detail: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of what was written, the latest first; whether there is `more`."""

    rows: tuple[Written, ...]
    more: bool


def counted(connection: Connection, asked: Asked) -> list[Counted]:
    """Return the counts by sync, kind, field and what it was."""
    # What does not fit into memory takes half as long again.
    connection.execute(text(f"SET LOCAL work_mem = '{_COUNTING_MB}MB'"))
    told = union_all(_counted_writes(asked), _counted_decisions(asked)).subquery("told")
    c = told.c
    query = select(told).order_by(c.sync, c.kind, c.field.nulls_first(), c.what)
    return [Counted(row[0], row[1] or "", *row[2:]) for row in connection.execute(query)]


def changed(connection: Connection, since: datetime, until: datetime) -> list[Changed]:
    """Return how many objects were written from one moment to another, by sync, kind and what it was."""
    o, done = s.operation.c, s.outcome.c
    by = (_sync(), o.kind, _what())
    query = select(*by, func.count(func.distinct(func.coalesce(done.target_id, o.source_key)))).select_from(_done())
    query = query.where(done.at >= since, done.at < until, done.outcome.in_(_DONE), o.op.in_(p.WRITES))
    return [Changed(*row) for row in connection.execute(query.group_by(*by).order_by(*by))]


def page(connection: Connection, asked: Asked) -> Page:
    """Return a page of the rows, the latest first."""
    picked = _picked(asked).cte("picked")
    told = union_all(_unfolded(picked, asked), _as_decided(picked)).subquery("told")
    rows = connection.execute(select(told).order_by(*_latest_first(told))).all()
    # A write is picked with all its values; the first ones may be on the page before.
    rows = rows[asked.offset - rows[0].before :] if rows else rows
    names = Written.__dataclass_fields__
    shown = (Written(**{name: getattr(row, name) for name in names}) for row in rows[: asked.limit])
    return Page(tuple(shown), len(rows) > asked.limit)


def _latest_first(rows: FromClause) -> list[ColumnElement[Any]]:
    c = rows.c
    return [c.at.desc(), c.plan_id, c.seq.desc(), c.field, c.detail]


# Writes: picked and counted by the names of their fields; the values are read of those alone that are shown.


def _writes(asked: Asked, *columns: ColumnElement[Any]) -> Select[Any]:
    """Select columns of each write that was done."""
    done, plan = s.outcome.c, s.plan.c
    query = select(*columns).join_from(s.plan, s.outcome, done.plan_id == plan.id)
    query = query.where(done.at >= asked.since, done.fields.is_not(None))
    # Those that ended before need not be looked into.
    query = query.where(plan.started_at.is_not(None), or_(plan.applied_at.is_(None), plan.applied_at >= asked.since))
    if asked.field is not None:
        query = query.where(func.strpos(done.fields, p.quoted(asked.field)) > 0)
    if asked.kind is not None:
        query = query.where(_ITS_OPERATION, s.operation.c.kind == asked.kind)
    return query.where(*_of_sync(asked, plan.sync, plan.link_set))


def _counted_writes(asked: Asked) -> Select[Any]:
    """Select the counts of the values: objects of which the same was written are counted together, and unfolded once."""
    o, done = s.operation.c, s.outcome.c
    its = func.coalesce(done.target_id, o.source_key).label("object")
    writes = _writes(asked, _sync().label("sync"), o.kind, _what().label("what"), its, done.fields).where(_ITS_OPERATION)
    w = writes.subquery("writes").c
    by = (w.sync, w.kind, w.what)
    # By the object first: there is one for nearly every write, so that the rest need not be compared.
    each = select(*by, func.array_agg(w.fields).label("writes")).group_by(w.object, *by).subquery("each").c
    alike = select(*each, func.count().label("objects")).group_by(*each).subquery("alike")
    write = func.unnest(alike.c.writes).table_valued("fields", name="write").render_derived()
    field = func.jsonb_array_elements_text(cast(write.c.fields, JSONB)).table_valued("name", name="field").render_derived()
    times = select(*alike.c, field.c.name.label("field"), func.count().label("times")).group_by(*alike.c, field.c.name)
    t = times.select_from(alike).join(write, true()).join(field, true()).where(*_named(asked, field.c.name)).subquery("times").c
    query = select(t.sync, t.kind, t.field, t.what, _whole(func.sum(t.objects * t.times)), _whole(func.sum(t.objects)))
    return query.group_by(t.sync, t.kind, t.field, t.what)


def _picked(asked: Asked) -> Select[Any]:
    """Select the writes and decisions that a page has values of, and how many values are `before` each."""
    done, one = s.outcome.c, literal(1)
    decisions = _decisions(asked)
    several = one if asked.field is not None else func.json_array_length(cast(done.fields, JSON))
    nothing = [_text(name) for name in decisions.selected_columns.keys()[3:]]
    writes = _writes(asked, done.at, done.plan_id, done.seq, *nothing, several.label("values"))
    each = union_all(writes, decisions.add_columns(one.label("values"))).subquery("each")
    last = select(each).order_by(*_latest_first(each)).limit(asked.offset + asked.limit + 1).subquery("last")
    behind = _whole(func.sum(last.c["values"]).over(order_by=_latest_first(last), rows=(None, 0)))
    numbered = select(last, (behind - last.c["values"]).label("before"), behind.label("behind")).subquery("numbered")
    n = numbered.c
    return select(numbered).where(n.behind > asked.offset, n.before <= asked.offset + asked.limit)


def _unfolded(picked: FromClause, asked: Asked) -> Select[Any]:
    """Select the values of the writes that were picked."""
    o, done, plan = s.operation.c, s.outcome.c, s.plan.c
    each = func.jsonb_each(cast(o.changes, JSONB)).table_valued("key", "value", name="each").render_derived(name="each")
    change, approved = cast(each.c.value, JSONB), _approved()
    columns = (
        done.at,
        _sync().label("sync"),
        o.kind,
        each.c.key.label("field"),
        _what().label("what"),
        o.source_key,
        o.key,
        done.target_id,
        change["old"].label("old"),
        func.coalesce(done.instead[each.c.key], change["new"]).label("new"),
        plan.id.label("plan_id"),
        plan.undoes,
        done.run_id,
        approved.c.by,
        _text("detail"),
        o.seq,
        picked.c.before,
    )
    which = and_(picked.c.what.is_(None), picked.c.plan_id == done.plan_id, picked.c.seq == done.seq)
    joined = _done().join(picked, which).join(each, true()).outerjoin(approved, approved.c.plan_id == plan.id)
    stored = cast(done.fields, JSONB).has_key(each.c.key)
    return select(*columns).select_from(joined).where(stored, *_named(asked, each.c.key))


def _done() -> FromClause:
    return s.plan.join(s.outcome, s.outcome.c.plan_id == s.plan.c.id).join(s.operation, _ITS_OPERATION)


def _what() -> ColumnElement[Any]:
    return case((s.plan.c.undoes.is_not(None), UNDO), else_=s.operation.c.op)


# Decisions.


def _counted_decisions(asked: Asked) -> Select[Any]:
    d = _decisions(asked).subquery("decided").c
    objects = func.count(func.distinct(func.coalesce(d.target_id, d.source_key, d.plan_id)))
    return select(d.sync, d.kind, d.field, d.what, func.count().label("values"), objects).group_by(
        d.sync, d.kind, d.field, d.what
    )


def _as_decided(picked: FromClause) -> Select[Any]:
    """Select the decisions that were picked, as values are told."""
    c, nothing = picked.c, cast(null(), JSONB)
    told = (c.at, c.sync, c.kind, c.field, c.what, c.source_key, _text("key"), c.target_id, nothing.label("old"))
    more = (nothing.label("new"), c.plan_id, c.undoes, _text("run_id"), c.by, c.detail, c.seq, c.before)
    return select(*told, *more).where(c.what.is_not(None))


def _decisions(asked: Asked) -> Select[Any]:
    """Select what people decided since then."""
    about_plans = [] if asked.kind or asked.field else [_about_plans(asked)]
    return select(union_all(_about_records(asked), *about_plans).subquery("decisions"))


def _about_records(asked: Asked) -> Select[Any]:
    """Select the decisions about records that were made, or taken back, since then."""
    c = s.resolution.c
    said = func.replace(c.verb, "_", "-")
    made = _decided(c.at, c.by, said, asked.since)
    # What came in the place of another one is told itself.
    back = _decided(c.taken_back_at, c.taken_back_by, said + " taken back", asked.since).where(c.replaced_by.is_(None))
    d = union_all(made, back).subquery("decided").c
    where = (d.at, _text("plan_id"), d.number.label("seq"), d.link_set.label("sync"), d.kind, d.field)
    query = select(*where, literal(DECISION).label("what"), d.source_key, d.target_id, _text("undoes"), d.by, d.detail)
    if asked.kind is not None:
        query = query.where(d.kind == asked.kind)
    return query.where(*_of_sync(asked, d.link_set, d.link_set), *_named(asked, d.field))


def _decided(at: ColumnElement[Any], by: ColumnElement[Any], detail: ColumnElement[Any], since: datetime) -> Select[Any]:
    c = s.resolution.c
    own = (c.link_set, c.kind, c.field, c.source_key, c.target_id, c.number)
    return select(at.label("at"), by.label("by"), detail.label("detail"), *own).where(at >= since)


def _about_plans(asked: Asked) -> Select[Any]:
    """Select what people decided about plans since then."""
    d, plan = s.decision.c, s.plan.c
    where = (d.at, d.plan_id, d.number.label("seq"), _sync().label("sync"), _text("kind"), _text("field"))
    told = case((d.approved, "approved"), else_="rejected").label("detail")
    about = (literal(DECISION).label("what"), _text("source_key"), _text("target_id"), plan.undoes, d.by, told)
    query = select(*where, *about).join_from(s.decision, s.plan, plan.id == d.plan_id)
    return query.where(d.at >= asked.since, *_of_sync(asked, plan.sync, plan.link_set))


def _of_sync(asked: Asked, sync: ColumnElement[Any], link_set: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    if asked.sync is None:
        return []
    return [or_(sync == asked.sync, link_set == asked.sync, func.starts_with(link_set, asked.sync + "/"))]


def _named(asked: Asked, field: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    return [] if asked.field is None else [field == asked.field]


def _sync() -> ColumnElement[Any]:
    """A sync whose connections have links of their own is told with the connection."""
    plan = s.plan.c
    return case((func.starts_with(plan.link_set, plan.sync + "/"), plan.link_set), else_=plan.sync)


def _approved() -> Subquery:
    """Return the people whose approval of a plan counts still, by plan: asked for each value, it takes longer than all else."""
    d = s.decision.c
    names = func.string_agg(func.distinct(d.by), aggregate_order_by(literal(", "), d.by)).label("by")
    return select(d.plan_id, names).where(d.approved, ~d.lapsed).group_by(d.plan_id).subquery("approved")


def _text(name: str) -> ColumnElement[Any]:
    return cast(null(), Text).label(name)


def _whole(number: ColumnElement[Any]) -> ColumnElement[int]:
    """What PostgreSQL sums up is a decimal."""
    return cast(number, BigInteger)
