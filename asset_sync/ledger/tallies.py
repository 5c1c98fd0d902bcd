"""Tallies for alerts and digests: what waits for people, what is newly held, and what was changed in a time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, select, text

from asset_sync.ledger import schema as s
from asset_sync.ledger.headers import PlanHeader, headers
from asset_sync.ledger.holds import BEGINNINGS, IGNORES, WAITS

_Record = tuple[str, str]
_ASKED: Final = text(
    f"""
    select kind, source_key, hold from asset_sync.operation
    where plan_id = :plan_id and hold is not null and source_key is not null and not ({WAITS}) and not {IGNORES} order by seq
    """  # noqa: S608 - of constants
)


@dataclass(frozen=True, slots=True)
class HeldTally:
    """What is held by some links that asks for a decision: how many records, and those of them that were not held before.

    `why` is the reason of the first of the new ones, or of all where none is new.
    """

    link_set: str
    plan_id: str
    run_id: str
    records: int
    new: int
    why: str


def waiting(engine: Engine) -> list[PlanHeader]:
    """Return the plans that wait for a person, those made last first."""
    query = select(s.plan).where(s.plan.c.state == s.WAITING, s.plan.c.stale_because.is_(None))
    with engine.connect() as connection:
        found = [head for head in headers(connection, query) if head.state == s.WAITING]
    return sorted(found, key=lambda head: head.made_at, reverse=True)


def held(engine: Engine, since: datetime) -> list[HeldTally]:
    """Return what asks for a decision now, by links; new is what was not held by the last whole look before a moment."""
    with engine.connect() as connection:
        pairs = connection.execute(select(s.plan.c.sync, s.plan.c.link_set).distinct().order_by(s.plan.c.link_set))
        found = [_held(connection, sync, link_set, since) for sync, link_set in pairs]
    return [each for each in found if each is not None]


def _held(connection: Connection, sync: str, link_set: str, since: datetime) -> HeldTally | None:
    look = _last_look(connection, sync, link_set)
    if look is None:
        return None
    now = _asked(connection, look.plan_id)
    earlier = _last_look(connection, sync, link_set, since)
    before = _asked(connection, earlier.plan_id) if earlier is not None else {}
    new = {key: why for key, why in now.items() if key not in before}
    why = next(iter((new or now).values()), "")
    return HeldTally(link_set, look.plan_id, look.run_id, len(now), len(new), why)


def _last_look(connection: Connection, sync: str, link_set: str, before: datetime | None = None) -> Row[Any, Any] | None:
    m, p = s.making.c, s.plan.c
    looks = select(m.plan_id, m.run_id).join(s.plan, p.id == m.plan_id).order_by(m.number.desc()).limit(1)
    whole = looks.where(p.sync == sync, p.link_set == link_set, p.undoes.is_(None), p.mode != "rebase", ~m.partial)
    return connection.execute(whole if before is None else whole.where(m.at < before)).first()


def _asked(connection: Connection, plan_id: str) -> dict[_Record, str]:
    """Return why each record is held by a plan that somebody may decide about."""
    asked: dict[_Record, str] = {}
    for row in connection.execute(_ASKED, {"plan_id": plan_id, **BEGINNINGS}):
        asked.setdefault((row.kind, row.source_key), row.hold)
    return asked
