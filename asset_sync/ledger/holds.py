"""Holds: what is held of a sync now, by the look at all of both sides that was last, and since when without a break."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, text

from asset_sync.ledger import plans
from asset_sync.ledger import schema as s
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.identity import IGNORED
from asset_sync.reconcile.planning.retiring import only_waits


@dataclass(frozen=True, slots=True)
class Held:
    """A record that is held, or one of its fields. `candidates` are the ids of the objects that it may be.

    `fields` are those that are held of an object that goes on otherwise; none where the record is held as a whole. `since` is
    in UTC. `waits` says that nothing is asked about it: the grace has yet to pass, or a plan waits that has it; `ignored`, that
    somebody said so.
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


def read(connection: Connection, sync: str) -> list[Held]:
    """Return what is held of a sync now; of one with connections, of each of them."""
    found: list[Held] = []
    c = s.plan.c
    for link_set in connection.scalars(select(c.link_set).where(c.sync == sync).distinct().order_by(c.link_set)):
        plan_id = connection.execute(_LAST_LOOK, {"sync": sync, "link_set": link_set}).scalar()
        if plan_id is not None:
            found += _held(connection, sync, link_set, plan_id)
    return found


_LOOKS = """
    from asset_sync.making join asset_sync.plan on plan.id = making.plan_id
    where plan.sync = :sync and plan.link_set = :link_set and plan.undoes is null
    and plan.mode not in ('rebase', 'rest')
    and not making.partial
"""
_LAST_LOOK = text(f"select making.plan_id {_LOOKS} order by making.number desc limit 1")
# The looks are counted back from the last one; a record that was held in as many of the latest looks as its first one is away
# was held in all of them.
_SINCE = text(
    f"""
    with looks as (
        select making.plan_id, making.at, row_number() over (order by making.number desc) as back {_LOOKS}
    ), holds as (
        select distinct operation.kind, operation.source_key, looks.back, looks.at
        from asset_sync.operation join looks using (plan_id)
        where operation.hold is not null and operation.source_key is not null
    ), counted as (
        select *, row_number() over (partition by kind, source_key order by back) as unbroken from holds
    )
    select kind, source_key, min(at) as since from counted where back = unbroken group by kind, source_key
    """  # noqa: S608 - constants alone
)


def _held(connection: Connection, sync: str, link_set: str, plan_id: str) -> list[Held]:
    plan = plans.load(connection, plan_id)
    asked = {"sync": sync, "link_set": link_set}
    since = {(row.kind, row.source_key): row.since for row in connection.execute(_SINCE, asked)}
    rows = [row for row in p.records(plan.held) if row["source_key"] is not None]
    return [
        Held(
            sync=sync,
            link_set=link_set,
            plan_id=plan_id,
            kind=row["kind"],
            source_key=row["source_key"],
            key=row["key"],
            target_id=row["target_id"],
            fields=tuple(p.decode(row["changes"])) if row["op"] == p.UPDATE else (),
            candidates=tuple((row["candidates"] or "").split()),
            why=row["hold"],
            since=since[row["kind"], row["source_key"]],
            waits=only_waits(row) or row["hold"].startswith(p.AWAITS_APPROVAL),
            ignored=row["hold"].startswith(IGNORED),
        )
        for row in rows
    ]
