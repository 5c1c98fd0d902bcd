"""Holds: what is held of a sync now, by the look at all of both sides that was last, and since when without a break."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, select, text, tuple_

from asset_sync.ledger import resolutions
from asset_sync.ledger import schema as s
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.identity import IGNORED
from asset_sync.reconcile.planning.changes import CONFLICT
from asset_sync.reconcile.planning.retiring import MISSING, STAYS, STAYS_OUT
from asset_sync.reconcile.planning.waiting import WAITS as DEPENDENT
from asset_sync.reconcile.resolutions import Resolution
from asset_sync.reconcile.review import LEFT_OUT


@dataclass(frozen=True, slots=True)
class HeldValue:
    """The values of a held field, as plans have them; `applied_last` is of none where `is_applied` says that nothing was."""

    field: str
    target: Any
    source: Any
    applied_last: Any
    is_applied: bool


@dataclass(frozen=True, slots=True)
class Held:
    """A record that is held, or one of its fields. `candidates` are the ids of the objects that it may be.

    `fields` are those that are held of an object that goes on otherwise; none where the record is held as a whole. `since` is
    in UTC. `waits` says that nothing is asked about it: the grace has yet to pass, or a plan waits that has it; `ignored`, that
    somebody said so of it or of what it needs, also by leaving that out of an approval, or by an undo of its retirement;
    `left_by` is the number of the decision about it. `is_new` says that the object would be made, but for what holds it.
    `values` are those of the fields, and `decided` what was decided about it since: the next plan goes by that.
    """

    sync: str
    link_set: str
    plan_id: str
    kind: str
    source_key: str
    key: str | None
    target_id: str | None
    fields: tuple[str, ...]
    candidates: tuple[str, ...]
    why: str
    since: datetime
    waits: bool
    ignored: bool
    values: tuple[HeldValue, ...] = ()
    decided: tuple[Resolution, ...] = ()
    left_by: int | None = None
    is_new: bool = False

    @property
    def is_conflict(self) -> bool:
        """Whether both sides changed the fields, so that either's value may be taken; else the source's cannot be written."""
        return self.why == CONFLICT

    @property
    def is_dependent(self) -> bool:
        """Whether it waits for another record that is held: about that there is something to decide."""
        return self.why.startswith(DEPENDENT)

    @property
    def is_decided(self) -> bool:
        """Whether it is decided since, and nothing of it is left to ask."""
        if any(each.verb in ("link", "create", "ignore") for each in self.decided):
            return True
        asked, about = (self.fields, "field") if self.fields else (self.candidates, "target_id")
        return bool(asked) and {*asked} <= {getattr(each, about) for each in self.decided}


@dataclass(frozen=True, slots=True)
class HeldPage:
    """A page of what is held, and how much is in all."""

    total: int
    rows: Sequence[Held]


def page(connection: Connection, syncs: Collection[str], offset: int = 0, limit: int | None = None) -> HeldPage:
    """Return what is held of some syncs now, with each of their connections: `limit` of it, from `offset` on.

    The longest held is first; last is what is ignored or only waits.
    """
    asked = {"syncs": list(syncs), "offset": offset, "limit": limit}
    rows = connection.execute(_HELD, {**asked, **BEGINNINGS}).all()
    if not rows and offset:
        return HeldPage(page(connection, syncs, 0, 1).total, [])
    decided = _decided(connection, {(row.link_set, row.kind, row.source_key) for row in rows})
    return HeldPage(rows[0].total if rows else 0, [_held(row, decided) for row in rows])


BEGINNINGS: Final = {
    "missing": MISSING,
    "awaits": p.AWAITS_APPROVAL,
    "ignores": IGNORED,
    "left": LEFT_OUT,
    "stays": STAYS,
    "stays_out": STAYS_OUT,
    "retire": p.RETIRE,
}
WAITS: Final = "(op = :retire and starts_with(hold, :missing)) or starts_with(hold, :awaits)"
IGNORES: Final = """(starts_with(hold, :ignores) or strpos(hold, ' is held: ' || :ignores) > 0
                or starts_with(hold, :left) or starts_with(hold, :stays) or starts_with(hold, :stays_out))"""
"""SQL, with `BEGINNINGS`: whether a held operation is one that waits, or is ignored, as `Held` says."""
# The looks of a sync, by its links, are counted back from the last one; a record that was held in as many of the latest looks
# as its first one is away was held in all of them. In one pass: a join with what the database cannot estimate takes minutes.
_HELD: Final = text(
    f"""
    with looks as (
        select plan.sync, plan.link_set, making.plan_id, making.at,
               row_number() over (partition by plan.sync, plan.link_set order by making.number desc) as back
        from asset_sync.making join asset_sync.plan on plan.id = making.plan_id
        where plan.sync = any(:syncs) and plan.undoes is null and plan.mode not in ('rebase', 'rest') and not making.partial
    ), holds as (
        select looks.*, seq, kind, source_key,
               {WAITS} as waits, {IGNORES} as ignored,
               dense_rank() over (partition by sync, link_set, kind, source_key order by back) as unbroken
        from looks join asset_sync.operation using (plan_id)
        where hold is not null and source_key is not null
    ), lasting as (
        select *, min(at) filter (where back = unbroken) over (partition by sync, link_set, kind, source_key) as since
        from holds
    ), wanted as (
        select *, count(*) over () as total,
               row_number() over (
                   order by waits, ignored, since, sync collate "C", link_set collate "C", kind collate "C",
                            source_key collate "C", seq
               ) as number
        from lasting where back = 1 order by number offset :offset limit :limit
    )
    select wanted.sync, link_set, wanted.plan_id, wanted.kind, wanted.source_key, key, operation.target_id, op, changes,
           candidates, hold, since, wanted.at, waits, ignored, total, link.base
    from wanted join asset_sync.operation using (plan_id, seq)
    left join asset_sync.link on (link.sync, link.kind, link.source_key) = (link_set, wanted.kind, wanted.source_key)
    order by number
    """  # noqa: S608 - of constants
)


_Decided = Mapping[tuple[str, str, str], Sequence[Resolution]]
_SEVERAL: Final = 5_000
"""Of so many records, at most, the decisions are asked for at once."""


def _decided(connection: Connection, records: Collection[tuple[str, str, str]]) -> _Decided:
    """Return the decisions that count about records, by set of links, kind and source key, the earliest first."""
    c = s.resolution.c
    record = tuple_(c.link_set, c.kind, c.source_key)
    found: dict[tuple[str, str, str], list[Resolution]] = {}
    ordered = sorted(records)
    for at in range(0, len(ordered), _SEVERAL):
        some = record.in_(ordered[at : at + _SEVERAL])
        query = select(s.resolution).where(some, c.taken_back_at.is_(None)).order_by(c.number)
        for row in connection.execute(query):
            found.setdefault((row.link_set, row.kind, row.source_key), []).append(resolutions.of_row(row))
    return found


def _held(row: Row[Any], decided: _Decided) -> Held:
    written = p.decode(row.changes)
    changes = written if row.op == p.UPDATE else {}
    about = decided.get((row.link_set, row.kind, row.source_key), ())
    return Held(
        sync=row.sync,
        link_set=row.link_set,
        plan_id=row.plan_id,
        kind=row.kind,
        source_key=row.source_key,
        key=row.key,
        target_id=row.target_id,
        fields=tuple(changes),
        candidates=tuple((row.candidates or "").split()),
        why=row.hold,
        since=row.since.astimezone(UTC),
        waits=row.waits,
        ignored=row.ignored,
        values=tuple(_value(name, change, row.base or {}) for name, change in changes.items()),
        decided=tuple(each for each in about if each.at > row.at and (each.field is None or each.field in changes)),
        left_by=next((each.number for each in about if row.ignored and _leaves_alone(each, written)), None),
        is_new=row.op == p.CREATE,
    )


def _leaves_alone(decided: Resolution, written: p.Changes) -> bool:
    """Return whether a decision about a record leaves an operation alone that would have written those fields."""
    return decided.verb == "ignore" or (decided.verb == "keep_target" and decided.field in written)


def _value(field: str, change: Mapping[str, Any], base: Mapping[str, Any]) -> HeldValue:
    sides = (change.get("old"), change.get("new"))
    return HeldValue(field, *sides, _as_there(base.get(field), sides), field in base)


def _as_there(base: Any, sides: tuple[Any, ...]) -> Any:
    """Return what a link remembers as plans have it: of references that knows the ids alone."""
    if isinstance(base, list):
        members = [one for side in sides if isinstance(side, list) for one in side]
        return [_as_there(one, tuple(members)) for one in base]
    references = [side for side in sides if isinstance(side, dict)]
    if base is None or not references:
        return base
    unnamed = {"kind": references[0]["kind"], "id": str(base), "key": None}
    return next((side for side in references if side["id"] == str(base)), unnamed)
