"""Written: what was written to targets since a moment, and what people decided; counted, or one by one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
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
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by

from asset_sync.ledger import schema as s
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.target import ALREADY, APPLIED

_DONE: Final = (APPLIED, ALREADY)
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
    all_rows = _all(asked).subquery("told")
    c = all_rows.c
    objects = func.count(func.distinct(func.coalesce(c.target_id, c.source_key, c.plan_id)))
    query = select(c.sync, c.kind, c.field, c.what, func.count().label("values"), objects)
    query = query.group_by(c.sync, c.kind, c.field, c.what).order_by(c.sync, c.kind, c.field.nulls_first(), c.what)
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
    told = _all(asked).subquery("told")
    c = told.c
    order = (c.at.desc(), c.plan_id, c.seq.desc(), c.field)
    rows = connection.execute(select(told).order_by(*order).offset(asked.offset).limit(asked.limit + 1)).all()
    names = Written.__dataclass_fields__
    return Page(
        tuple(Written(**{name: getattr(row, name) for name in names}) for row in rows[: asked.limit]), len(rows) > asked.limit
    )


def _all(asked: Asked) -> Any:
    return union_all(_values(asked), _about_records(asked), *([] if asked.kind or asked.field else [_about_plans(asked)]))


def _values(asked: Asked) -> Select[Any]:
    """Select a row for each field of each write that was done."""
    o, done, plan = s.operation.c, s.outcome.c, s.plan.c
    each = func.jsonb_each(cast(o.changes, JSONB)).table_valued("key", "value", name="each").render_derived(name="each")
    change, approved = cast(each.c.value, JSONB), _approved()
    instead = done.instead[each.c.key]
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
        func.coalesce(instead, change["new"]).label("new"),
        plan.id.label("plan_id"),
        plan.undoes,
        done.run_id,
        approved.c.by,
        cast(null(), Text).label("detail"),
        o.seq,
    )
    joined = _done().join(each, true()).outerjoin(approved, approved.c.plan_id == plan.id)
    query = select(*columns).select_from(joined).where(done.at >= asked.since, done.outcome.in_(_DONE))
    # Those that ended before need not be looked into.
    query = query.where(plan.started_at.is_not(None), or_(plan.applied_at.is_(None), plan.applied_at >= asked.since))
    # What was not stored of a create has a value all the same; an update left it as it was.
    query = query.where(or_(o.op == p.CREATE, func.coalesce(func.jsonb_typeof(instead), "array") == "array"))
    return query.where(*_chosen(asked, plan.sync, plan.link_set, o.kind, each.c.key))


def _done() -> FromClause:
    o, done = s.operation.c, s.outcome.c
    begun = s.plan.join(s.outcome, done.plan_id == s.plan.c.id)
    return begun.join(s.operation, and_(o.plan_id == done.plan_id, o.seq == done.seq))


def _what() -> ColumnElement[Any]:
    return case((s.plan.c.undoes.is_not(None), UNDO), else_=s.operation.c.op)


def _about_records(asked: Asked) -> Select[Any]:
    """Select the decisions about records that were made, or taken back, since then."""
    c = s.resolution.c
    said = func.replace(c.verb, "_", "-")
    made = _decided(c.at, c.by, said, asked.since)
    back = _decided(c.taken_back_at, c.taken_back_by, said + " taken back", asked.since)
    both = union_all(made, back).subquery("decided")
    d = both.c
    columns = (d.at, d.link_set.label("sync"), d.kind, d.field, literal(DECISION).label("what"), d.source_key)
    nothing = (cast(null(), JSONB).label("old"), cast(null(), JSONB).label("new"), _text("plan_id"), _text("undoes"))
    query = select(*columns, _text("key"), d.target_id, *nothing, _text("run_id"), d.by, d.detail, d.number.label("seq"))
    return query.where(*_chosen(asked, d.link_set, d.link_set, d.kind, d.field))


def _decided(at: ColumnElement[Any], by: ColumnElement[Any], detail: ColumnElement[Any], since: datetime) -> Select[Any]:
    c = s.resolution.c
    own = (c.link_set, c.kind, c.field, c.source_key, c.target_id, c.number)
    return select(at.label("at"), by.label("by"), detail.label("detail"), *own).where(at >= since)


def _about_plans(asked: Asked) -> Select[Any]:
    """Select what people decided about plans since then."""
    d, plan = s.decision.c, s.plan.c
    columns = (d.at, _sync().label("sync"), _text("kind"), _text("field"), literal(DECISION).label("what"))
    nothing = (cast(null(), JSONB).label("old"), cast(null(), JSONB).label("new"))
    told = case((d.approved, "approved"), else_="rejected").label("detail")
    query = select(
        *columns,
        _text("source_key"),
        _text("key"),
        _text("target_id"),
        *nothing,
        d.plan_id,
        plan.undoes,
        _text("run_id"),
        d.by,
        told,
        d.number.label("seq"),
    ).join_from(s.decision, s.plan, plan.id == d.plan_id)
    return query.where(d.at >= asked.since, *_chosen(asked, plan.sync, plan.link_set, null(), null()))


def _chosen(
    asked: Asked, sync: ColumnElement[Any], link_set: ColumnElement[Any], kind: ColumnElement[Any], field: ColumnElement[Any]
) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if asked.sync is not None:
        found.append(or_(sync == asked.sync, link_set == asked.sync, func.starts_with(link_set, asked.sync + "/")))
    if asked.kind is not None:
        found.append(kind == asked.kind)
    if asked.field is not None:
        found.append(field == asked.field)
    return found


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
