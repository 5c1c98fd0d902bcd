"""Browsing: a page of a plan's operations with what became of them, found in the database, however many there are."""

import string
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Engine, Select, and_, collate, func, or_, select

from asset_sync.ledger import headers, plans
from asset_sync.ledger import schema as s
from asset_sync.ledger.headers import PlanHeader
from asset_sync.reconcile import plan as p

_ANY_TEXT: Final = ("key", "source_key", "target_id", "changes", "reason", "hold")
_MOST_UNDECIDED: Final = 200
_FOLDED: Final = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which operations are asked for; what is None is not asked about.

    `field` is one that changes, `text` stands somewhere in what the operation says, `held` is whether it waits, `outcome` is
    what became of it. Without an `op`, those that write and those that are held are meant; what is merely recognised, only
    where it is asked for as well.
    """

    kind: str | None = None
    op: str | None = None
    field: str | None = None
    text: str | None = None
    held: bool | None = None
    outcome: str | None = None
    recognised: bool = False


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """An operation of a plan, and what became of it; `changes` is JSON as the plan has it."""

    seq: int
    kind: str
    op: str
    key: str | None
    source_key: str | None
    target_id: str | None
    changes: str
    reason: str | None
    hold: str | None
    candidates: str | None
    outcome: str | None
    detail: str | None


@dataclass(frozen=True, slots=True)
class PlannedPage:
    """A page of operations in the plan's order, and how many the filter finds in all."""

    total: int
    rows: Sequence[PlannedRow]


@dataclass(frozen=True, slots=True)
class Tally:
    """How many operations of a sort a plan has."""

    kind: str
    op: str
    held: bool
    count: int


class Browsing:
    """A plan's operations, read by pages: each method is one transaction. A `plan_id` may be the beginning of one."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def page(self, plan_id: str, found_by: Filter, offset: int, limit: int) -> PlannedPage:
        """Return the operations of a plan that a filter finds, `limit` of them from `offset` on."""
        with self._engine.connect() as connection:
            those = _conditions(plans.found(connection, plan_id), found_by)
            rows = connection.execute(_page(those, offset, limit)).all()
            if not rows and (offset or not limit):
                return replace(self.page(plan_id, found_by, 0, 1), rows=[])
            return PlannedPage(rows[0].total if rows else 0, [PlannedRow(*row[:-1]) for row in rows])

    def rows_that_write(self, plan_id: str, found_by: Filter) -> list[int]:
        """Return the row numbers of those operations that a filter finds, and that write when the plan is applied."""
        o = s.operation.c
        with self._engine.connect() as connection:
            those = _conditions(plans.found(connection, plan_id), found_by)
            query = select(o.seq).where(*those, o.op.in_(p.WRITES), o.hold.is_(None)).order_by(o.seq)
            return list(connection.scalars(query))

    def undecided(self) -> list[PlanHeader]:
        """Return the plans that wait for a person, that one approved, or whose apply was left off; the one made last first."""
        query = headers.newest_first(None, _MOST_UNDECIDED).where(s.plan.c.state.in_((s.WAITING, s.APPROVED, s.APPLYING)))
        with self._engine.connect() as connection:
            return [head for head in headers.headers(connection, query) if head.state != s.STALE]

    def tally(self, plan_id: str) -> list[Tally]:
        """Return how many operations of each sort a plan has, by kind, operation, and whether they are held."""
        o = s.operation.c
        sorts = (o.kind, o.op, o.hold.is_not(None))
        with self._engine.connect() as connection:
            found = plans.found(connection, plan_id)
            query = select(*sorts, func.count()).where(o.plan_id == found).group_by(*sorts).order_by(func.min(o.seq))
            return [Tally(*row) for row in connection.execute(query)]


def _page(those: Sequence[ColumnElement[bool]], offset: int, limit: int) -> Select[Any]:
    """Return the query of a page, and of the number of all in its last column: looked at once, for both."""
    o, c = s.operation.c, s.outcome.c
    found = select(o.plan_id, o.seq, func.count().over().label("total")).where(*those).order_by(o.seq)
    wanted = found.offset(offset).limit(limit).subquery("wanted")
    columns = [(c if f.name in {"outcome", "detail"} else o)[f.name] for f in fields(PlannedRow)]
    joined = wanted.join(s.operation, and_(o.plan_id == wanted.c.plan_id, o.seq == wanted.c.seq))
    joined = joined.outerjoin(s.outcome, and_(c.plan_id == wanted.c.plan_id, c.seq == wanted.c.seq))
    return select(*columns, wanted.c.total).select_from(joined).order_by(wanted.c.seq)


def _conditions(plan_id: str, found_by: Filter) -> list[ColumnElement[bool]]:
    o, those = s.operation.c, [s.operation.c.plan_id == plan_id]
    if found_by.kind is not None:
        those.append(o.kind == found_by.kind)
    if found_by.op is not None:
        those.append(o.op == found_by.op)
    elif not found_by.recognised:
        those.append(or_(o.op.in_(p.WRITES), o.hold.is_not(None)))
    if found_by.held is not None:
        those.append(o.hold.is_not(None) if found_by.held else o.hold.is_(None))
    if found_by.field is not None:
        # As the plan's JSON has it; to read the JSON of every row takes ten times as long.
        those.append(o.changes.contains(f"{p.quoted(found_by.field)}:{{", autoescape=True))
    if found_by.outcome is not None:
        c = s.outcome.c
        those.append(o.seq.in_(select(c.seq).where(c.plan_id == plan_id, c.outcome == found_by.outcome)))
    if found_by.text is not None:
        those.append(_has(found_by.text))
    return those


def _has(text: str) -> ColumnElement[bool]:
    # Letters beyond A to Z are told apart by their case: to fold them as a language does takes ten times as long.
    said = func.lower(collate(func.concat_ws(" ", *(s.operation.c[name] for name in _ANY_TEXT)), "C"))
    found: ColumnElement[bool] = said.contains(text.translate(_FOLDED), autoescape=True)
    return found
