"""Resolutions: what people decided about held records. One that is taken back stays on record, and does not count any more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import pandas as pd
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    Select,
    Text,
    and_,
    any_,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from asset_sync.ledger import locks
from asset_sync.ledger import schema as s
from asset_sync.ledger.copying import unnested
from asset_sync.ledger.headers import header
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.errors import PlanError
from asset_sync.reconcile.identity import DECISION
from asset_sync.reconcile.identity.returning import LEFT_MARK
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.planning.retiring import CHANGED
from asset_sync.reconcile.resolutions import UNDO, Resolution, Resolutions, Verb, ended, first_seen, said_by

_ABOUT_IDENTITY: Final[tuple[Verb, ...]] = ("link", "create", "ignore")
_ABOUT_A_FIELD: Final[tuple[Verb, ...]] = ("keep_target", "take_source")


@dataclass(frozen=True, slots=True)
class KeptResolution:
    """A resolution as it is on record: of which links, and who ended it, and when; by another one, where that has a number."""

    link_set: str
    resolution: Resolution
    taken_back_by: str | None = None
    taken_back_at: datetime | None = None
    replaced_by: int | None = None

    @property
    def end(self) -> str | None:
        """How it came not to count any more; None as long as it counts."""
        return ended(self.taken_back_by, self.replaced_by)


Mapped = Mapping[str, str]
"""By kind, a digest of how its fields are made: by another mapping the same record says something else."""


def read(connection: Connection, link_set: str, mapped: Mapped) -> Resolutions:
    """Return the resolutions that count for the syncs that go by these links.

    A fingerprint that was made by another mapping is none: what it would tell is that the mapping changed, not the record.
    """
    rows = connection.execute(_all(link_set).where(s.resolution.c.taken_back_at.is_(None))).all()
    return Resolutions(
        replace(of_row(row), fingerprint=None) if _made_otherwise(row.kind, row.mapped, mapped) else of_row(row) for row in rows
    )


def _made_otherwise(kind: str, by: str | None, mapped: Mapped) -> bool:
    return by is not None and mapped.get(kind, by) != by


def every(connection: Connection, link_set: str | None, in_force_at: datetime | None) -> list[KeptResolution]:
    """Return the resolutions on record, the latest first: all, or those that were in force at a moment."""
    c = s.resolution.c
    query = _all(link_set).order_by(None).order_by(c.number.desc())
    if in_force_at is not None:
        query = query.where(c.at <= in_force_at, or_(c.taken_back_at.is_(None), c.taken_back_at > in_force_at))
    return [_kept(row) for row in connection.execute(query)]


def about(connection: Connection, link_set: str, kind: str, source_key: str) -> bool:
    """Return whether there is a resolution about a record, also one that was taken back."""
    c = s.resolution.c
    return bool(connection.scalar(select(exists().where(c.link_set == link_set, c.kind == kind, c.source_key == source_key))))


def replaced(connection: Connection, number: int) -> list[Resolution]:
    """Return the resolutions in whose place one came."""
    return [of_row(row) for row in connection.execute(_all(None).where(s.resolution.c.replaced_by == number))]


def changed(connection: Connection, link_set: str, known: Resolutions) -> list[KeptResolution]:
    """Return the resolutions that count and are not among the known ones, and those among them that count no more."""
    c = s.resolution.c
    numbers = [each.number for each in known if each.number is not None]
    is_known = c.number == any_(literal(numbers, ARRAY(BigInteger)))
    rows = connection.execute(_all(link_set).where(is_known.is_distinct_from(c.taken_back_at.is_(None))))
    return [_kept(row) for row in rows]


def over(connection: Connection, link_set: str) -> list[Resolution]:
    """Return the decisions that records are objects which are over, and by which links say so all the same.

    Of several that say the same, the last one. A record that was only ignored in its place is that object still, as long as no
    decision that came since speaks against it.
    """
    c, later, known = s.resolution.c, s.resolution.alias("later").c, s.link.c
    of_record = [later[name] == c[name] for name in ("link_set", "kind", "source_key")]

    def came(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
        return exists().where(*of_record, later.number > c.number, *conditions)

    same_object = later.target_id == c.target_id
    said_again = came(later.verb == "link", same_object)
    ignored = came(later.verb == "ignore", later.number == c.replaced_by)
    otherwise = or_(
        later.verb == "create", and_(later.verb == "never_link", same_object), and_(later.verb == "link", ~same_object)
    )
    against = came(later.taken_back_at.is_(None), otherwise)
    is_over = (c.verb == "link", c.taken_back_at.is_not(None), ~said_again, or_(~ignored, against))
    own = (known.sync == c.link_set, known.kind == c.kind, known.source_key == c.source_key, known.target_id == c.target_id)
    query = _all(link_set).join(s.link, and_(*own)).where(known.claimed.startswith(f"{DECISION}: "), *is_over)
    return [of_row(row) for row in connection.execute(query)]


def end_left(connection: Connection, link_set: str, at: datetime) -> None:
    """End what undos decided of objects that records had left and that are records' objects again."""
    c, known = s.resolution.c, s.link.c
    linked = exists().where(known.sync == c.link_set, known.kind == c.kind, known.source_key == c.source_key)
    own = (c.link_set == link_set, c.verb == "keep_target", c.by.startswith(UNDO), c.taken_back_at.is_(None))
    of_left = update(s.resolution).where(*own, c.source_key.contains(LEFT_MARK, autoescape=True), ~linked)
    connection.execute(of_left.values(taken_back_by="the record, whose object it is again", taken_back_at=at))


def _kept(row: Row[Any]) -> KeptResolution:
    return KeptResolution(row.link_set, of_row(row), row.taken_back_by, row.taken_back_at, row.replaced_by)


def of_row(row: Row[Any]) -> Resolution:
    """Return a resolution as its row in the ledger has it."""
    return Resolution(number=row.number, **{name: getattr(row, name) for name in _FIELDS})


def keep(connection: Connection, link_set: str, resolution: Resolution) -> int:
    """Keep a resolution, in the place of those that it speaks against; return its number."""
    c = s.resolution.c
    values = {name: getattr(resolution, name) for name in _FIELDS}
    number: int = connection.execute(insert(s.resolution).values(link_set=link_set, **values).returning(c.number)).scalar_one()
    earlier = update(s.resolution).where(*_alike(link_set, resolution), c.taken_back_at.is_(None), c.number != number)
    # Of two who decide at once, the one who began first may come last.
    at = func.greatest(c.at, resolution.at)
    connection.execute(earlier.values(taken_back_by=resolution.by, taken_back_at=at, replaced_by=number))
    return number


def check_seen(connection: Connection, link_set: str, resolution: Resolution, seen: int) -> None:
    """Raise `PlanError` where somebody decided otherwise of the record, or of the object, after decision `seen`."""
    c = s.resolution.c
    of_object = (c.link_set == link_set, c.kind == resolution.kind, c.verb == "link", c.target_id == resolution.target_id)
    meant = [and_(*_alike(link_set, resolution)), *([and_(*of_object)] if resolution.verb == "link" else [])]
    later = select(s.resolution).where(or_(*meant), c.number > seen, c.taken_back_at.is_(None)).order_by(c.number.desc())
    row = connection.execute(later).first()
    if row is not None:
        told = f"decision {row.number} came since you looked: {said_by(of_row(row))}"
        raise PlanError(f"{told}; nothing is decided now: look again")


def last(connection: Connection) -> int:
    """Return the number of the resolution that was made last; 0 before the first."""
    return connection.scalar(select(func.max(s.resolution.c.number))) or 0


def take_back(connection: Connection, number: int, by: str, at: datetime) -> KeptResolution:
    """Take a resolution back, as the only one who writes about its links.

    Raises `PlanError` where there is none of that number, or where it was taken back before.
    """
    c = s.resolution.c
    link_set = connection.scalar(select(c.link_set).where(c.number == number))
    if link_set is not None:
        locks.lock(connection, link_set)
    taken = update(s.resolution).where(c.number == number, c.taken_back_at.is_(None))
    row = connection.execute(taken.values(taken_back_by=by, taken_back_at=at).returning(*s.resolution.c)).first()
    if row is None:
        raise PlanError(_why_not(connection, number))
    return _kept(row)


def _why_not(connection: Connection, number: int) -> str:
    row = connection.execute(_all(None).where(s.resolution.c.number == number)).first()
    if row is None:
        return f"there is no decision {number}: asset-sync resolve list shows them"
    return f"decision {number} counts no more: {_kept(row).end} on {row.taken_back_at:%Y-%m-%d %H:%M} UTC"


def stamp(connection: Connection, plan: Plan, mapped: Mapped) -> None:
    """Remember what decisions are about, as the first plan after them, or by another mapping, saw it.

    That is what ignored records said, and which objects others named.
    """
    c = s.resolution.c
    for resolution in first_seen(read(connection, plan.link_set, mapped), plan):
        connection.execute(update(s.resolution).where(c.number == resolution.number).values(about=resolution.about))
    until_changed = and_(c.link_set == plan.link_set, c.verb == "ignore", c.until_changed, c.taken_back_at.is_(None))
    columns = (c.number, c.kind, c.source_key, c.fingerprint, c.mapped)
    lapsing = connection.execute(select(*columns).where(until_changed)).all()
    open_ones = [row for row in lapsing if row.fingerprint is None or _made_otherwise(row.kind, row.mapped, mapped)]
    for row in lapsing:
        if row.fingerprint is not None and row.mapped is None and row.kind in mapped:
            connection.execute(update(s.resolution).where(c.number == row.number).values(mapped=mapped[row.kind]))
    if not open_ones:
        return
    quarantined = plan.operations[plan.operations["op"] == p.QUARANTINE]
    seen = {(row["kind"], row["source_key"]): row["version"] for row in p.records(quarantined)}
    for row in open_ones:
        fingerprint = seen.get((row.kind, row.source_key))
        values = {"fingerprint": fingerprint, "mapped": mapped.get(row.kind)}
        connection.execute(update(s.resolution).where(c.number == row.number).values(values))


def follow_undo(connection: Connection, plan: Plan, done: Sequence[Mapping[str, Any]], at: datetime) -> None:
    """Let an undo be the decision that it is: what it put back into service stays so, what it retires is no more kept.

    `done` are its operations on records that were applied. It is so until a person takes it back or the source has the record
    again.
    """
    by = _undone_by(connection, plan)
    for row in done:
        if row["op"] == p.RESTORE:
            for field in p.decode(row["changes"]):
                resolution = Resolution(row["kind"], row["source_key"], "keep_target", by, at, field=field, key=row["key"])
                keep(connection, plan.link_set, resolution)
    retired = [row for row in done if row["op"] == p.RETIRE]
    _end(connection, plan.link_set, [(row["kind"], row["source_key"]) for row in retired], by, at)


def lapse(connection: Connection, plan: Plan, at: datetime) -> None:
    """End what an undo decided of the records that the source has again, and what held until records changed that did."""
    seen = plan.operations[plan.operations["op"] == p.SEEN]
    changed = seen[seen["reason"] == CHANGED]
    _end(connection, plan.link_set, _records(seen), "the source, which has it again", at)
    _end(connection, plan.link_set, _records(changed), "the source, which says otherwise", at, until_changed=True)


def changed_in(connection: Connection, plan_id: str) -> set[tuple[str, str]]:
    """Return the records, by kind and key, that a plan saw changed since they were ignored until they did."""
    c = s.operation.c
    rows = connection.execute(select(c.kind, c.source_key).where(c.plan_id == plan_id, c.op == p.SEEN, c.reason == CHANGED))
    return {(row.kind, row.source_key) for row in rows}


def _undone_by(connection: Connection, plan: Plan) -> str:
    approvals = header(connection, plan.id).approvals
    return f"{UNDO}{plan.undoes}" + (f" by {approvals[-1].by}" if approvals else "")


def _records(rows: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(rows["kind"], rows["source_key"], strict=True))


def _end(
    connection: Connection,
    link_set: str,
    records: Sequence[tuple[str, str]],
    by: str,
    at: datetime,
    *,
    until_changed: bool = False,
) -> None:
    """End what undos decided about those records, or what held until they changed."""
    if not records:
        return
    c = s.resolution.c
    kinds, keys = zip(*records, strict=True)
    ended = unnested("ended", kind=(Text, kinds), source_key=(Text, keys))
    those = (c.link_set == link_set, c.kind == ended.c.kind, c.source_key == ended.c.source_key, c.taken_back_at.is_(None))
    which = c.until_changed if until_changed else and_(c.verb == "keep_target", c.by.startswith(UNDO))
    connection.execute(update(s.resolution).where(*those, which).values(taken_back_by=by, taken_back_at=at))


def history(connection: Connection, kind: str, target_id: str, field: str | None) -> list[tuple[object, ...]]:
    """Return the decisions about an object's record, and that records are or are not it, in the columns of `Ledger.history`."""
    c, link = s.resolution.c, s.link.c
    same_record = and_(link.sync == c.link_set, link.kind == c.kind, link.source_key == c.source_key)
    query = select(s.resolution).outerjoin(s.link, same_record).where(c.kind == kind)
    query = query.where(or_(link.target_id == target_id, c.target_id == target_id))
    rows = connection.execute(query if field is None else query.where(c.field == field))
    nothing = (None, None, None)
    return [
        (r.at, r.link_set, *nothing, r.source_key, f"{_said(of_row(r))} by {r.by}", None, r.field, *nothing, _kept(r).end)
        for r in rows
    ]


def _said(resolution: Resolution) -> str:
    named = "" if resolution.field else resolution.about_what
    return resolution.verb.replace("_", "-") + (f" {named}" if named else "")


_FIELDS: Final = (
    *("kind", "source_key", "key", "verb", "by", "at", "target_id", "field"),
    *("until_changed", "fingerprint", "about"),
)


def _alike(link_set: str, resolution: Resolution) -> tuple[Any, ...]:
    """Return the conditions of the earlier resolutions that a new one comes in the place of."""
    c = s.resolution.c
    record = (c.link_set == link_set, c.kind == resolution.kind, c.source_key == resolution.source_key)
    same_object = c.target_id == resolution.target_id
    if resolution.verb in _ABOUT_A_FIELD:
        return *record, c.verb.in_(_ABOUT_A_FIELD), c.field.is_not_distinct_from(resolution.field)
    if resolution.verb == "never_link":
        return *record, c.verb.in_(["link", "never_link"]), same_object
    about_identity = c.verb.in_(_ABOUT_IDENTITY)
    if resolution.verb == "link":
        return *record, or_(about_identity, and_(c.verb == "never_link", same_object))
    return *record, about_identity


def _all(link_set: str | None) -> Select[Any]:
    query = select(s.resolution).order_by(s.resolution.c.number)
    return query if link_set is None else query.where(s.resolution.c.link_set == link_set)
