"""Runs that were asked for: kept until Dagster's daemon, or a service where no daemon runs, takes each of them once.

Time is told by the database alone: the clocks of machines differ.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Connection, Engine, Interval, Row, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from asset_sync.ledger.schema import Moment, asked, hook

LAPSES: Final = timedelta(hours=1)
"""What nobody took for so long is not carried out any more: nobody expects it."""
_WAITS_AT_MOST: Final = 3
"""So many times what it waits after it was asked for once, what is asked for again and again is begun all the same."""
Taker = Literal["daemon", "service"]
Config = Mapping[str, Mapping[str, Any]]
"""The config of a sync's steps, by their names."""


@dataclass(frozen=True, slots=True)
class Asking:
    """A run that is asked for. One of a `topic` that waits already is asked for once, about what both are `only` about.

    `after` is how long it waits for more of its topic; asked for again it waits anew, up to three times as long.
    """

    id: str
    sync: str
    partition: str | None = None
    config: Config = field(default_factory=dict)
    steps: Sequence[str] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    topic: str | None = None
    after: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Asked:
    """A run that was asked for, as of `now`; `failed` says why it never became a run of Dagster's."""

    id: str
    sync: str
    partition: str | None
    config: Config
    steps: Sequence[str]
    tags: Mapping[str, str]
    asked_at: datetime
    taken_at: datetime | None
    taken_by: Taker | None
    failed: str | None
    now: datetime

    @property
    def lapsed(self) -> bool:
        """Whether nobody took it in time."""
        return self.taken_at is None and self.now - self.asked_at > LAPSES


class Asks:
    """All runs that were asked for, in a database that `asset_sync.ledger.migrate` has brought up to date."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def ask(self, asking: Asking) -> str:
        """Keep what is asked for; return its id, or that of the one of its topic which it was added to."""
        with self._engine.begin() as connection:
            return _ask(connection, asking)

    def ask_once(self, digest: str, askings: Sequence[Asking], forget_after: timedelta) -> list[str] | None:
        """Keep what a hook asks for, and the hook's digest; return the ids, or None where that digest was taken before.

        Digests that are older than `forget_after` are forgotten.
        """
        with self._engine.begin() as connection:
            connection.execute(delete(hook).where(hook.c.at < _NOW - forget_after))
            new = insert(hook).values(digest=digest, at=_NOW).on_conflict_do_nothing().returning(hook.c.digest)
            if connection.scalar(new) is None:
                return None
            return [_ask(connection, asking) for asking in askings]

    def find(self, asked_id: str) -> Asked | None:
        """Return what was asked for under an id; None where nothing was."""
        return next(iter(self._read(asked.c.id == asked_id)), None)

    def waiting(self) -> list[Asked]:
        """Return what nobody took yet, the oldest first."""
        return self._read(asked.c.taken_at.is_(None), asked.c.asked_at > _NOW - LAPSES)

    def take(self, taker: Taker, most: int, patience: timedelta = timedelta(0)) -> list[Asked]:
        """Take what is due, the oldest first; of several who ask at once each gets others.

        What was asked for within `patience` is left to somebody else.
        """
        c = asked.c
        due = (c.taken_at.is_(None), c.not_before <= _NOW - patience, c.asked_at > _NOW - LAPSES)
        those = select(c.id).where(*due).order_by(c.asked_at).limit(most).with_for_update(skip_locked=True)
        taken = update(asked).where(c.id.in_(those)).values(taken_at=_NOW, taken_by=taker).returning(*_READ)
        with self._engine.begin() as connection:
            return sorted((_asked(row) for row in connection.execute(taken)), key=lambda each: each.asked_at)

    def failed(self, asked_id: str, why: str) -> None:
        """Remember in a line why what was asked for never became a run."""
        with self._engine.begin() as connection:
            connection.execute(update(asked).where(asked.c.id == asked_id).values(failed=why))

    def _read(self, *where: ColumnElement[bool]) -> list[Asked]:
        with self._engine.connect() as connection:
            return [_asked(row) for row in connection.execute(select(*_READ).where(*where).order_by(asked.c.asked_at))]


_NOW: Final = func.clock_timestamp()
_READ: Final = (
    *(asked.c[name] for name in ("id", "sync", "partition", "config", "steps", "tags")),
    *(asked.c[name] for name in ("asked_at", "taken_at", "taken_by", "failed")),
    func.clock_timestamp(type_=Moment()).label("now"),
)


def _asked(row: Row[Any]) -> Asked:
    return Asked(**row._mapping)


def _ask(connection: Connection, asking: Asking) -> str:
    waiting = None if asking.topic is None else _waiting(connection, asking.topic)
    if waiting is not None:
        longest = asked.c.asked_at + literal(_WAITS_AT_MOST * asking.after, Interval())
        both = _both(waiting.config, asking.config)
        again = {"config": both, "not_before": func.least(_NOW + asking.after, longest)}
        connection.execute(update(asked).where(asked.c.id == waiting.id).values(**again))
        return str(waiting.id)
    own = {name: getattr(asking, name) for name in ("id", "sync", "partition", "topic")}
    told = {"config": dict(asking.config), "steps": list(asking.steps), "tags": dict(asking.tags)}
    connection.execute(insert(asked).values(**own, **told, asked_at=_NOW, not_before=_NOW + asking.after))
    return asking.id


def _waiting(connection: Connection, topic: str) -> Any | None:
    """Return what of a topic nobody took yet; nobody else asks for it before the transaction ends."""
    c = asked.c
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"asked {topic}"))))
    waits = select(c.id, c.config).where(c.topic == topic, c.taken_at.is_(None), c.asked_at > _NOW - LAPSES)
    return connection.execute(waits.with_for_update()).first()


def _both(one: Config, other: Config) -> dict[str, Any]:
    """Return a config that is about what either of two is about."""
    return {step: _merged(one.get(step) or {}, values) for step, values in other.items()}


def _merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    only, more = one.get("only") or {}, other.get("only") or {}
    if not only or not more:
        return dict(other)
    return {**other, "only": {name: sorted({*only.get(name, ()), *more.get(name, ())}) for name in {**only, **more}}}
