"""Holds: what is held of a sync now, by the look at all of both sides that was last, and since when without a break."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, text

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.identity import IGNORED
from asset_sync.reconcile.planning.retiring import MISSING
from asset_sync.reconcile.review import LEFT_OUT


@dataclass(frozen=True, slots=True)
class Held:
    """A record that is held, or one of its fields. `candidates` are the ids of the objects that it may be.

    `fields` are those that are held of an object that goes on otherwise; none where the record is held as a whole. `since` is
    in UTC. `waits` says that nothing is asked about it: the grace has yet to pass, or a plan waits that has it; `ignored`, that
    somebody said so, also by leaving it out of an approval.
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
    return HeldPage(rows[0].total if rows else 0, list(map(_held, rows)))


BEGINNINGS: Final = {
    "missing": MISSING,
    "awaits": p.AWAITS_APPROVAL,
    "ignores": IGNORED,
    "left": LEFT_OUT,
    "retire": p.RETIRE,
}
WAITS: Final = "(op = :retire and starts_with(hold, :missing)) or starts_with(hold, :awaits)"
IGNORES: Final = "(starts_with(hold, :ignores) or starts_with(hold, :left))"
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
    select sync, link_set, plan_id, wanted.kind, wanted.source_key, key, target_id, op, changes, candidates, hold,
           since, waits, ignored, total
    from wanted join asset_sync.operation using (plan_id, seq) order by number
    """  # noqa: S608 - of constants
)


def _held(row: Row[Any]) -> Held:
    return Held(
        sync=row.sync,
        link_set=row.link_set,
        plan_id=row.plan_id,
        kind=row.kind,
        source_key=row.source_key,
        key=row.key,
        target_id=row.target_id,
        fields=tuple(p.decode(row.changes)) if row.op == p.UPDATE else (),
        candidates=tuple((row.candidates or "").split()),
        why=row.hold,
        since=row.since.astimezone(UTC),
        waits=row.waits,
        ignored=row.ignored,
    )
