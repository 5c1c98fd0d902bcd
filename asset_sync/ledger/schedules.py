"""Schedules: when each connection of a sync ran last, how that went, and who has the connection now.

A connection has one owner at a time: a run, or, until that has begun, the request for one. A request lapses where its run does
not begin in time; of a run its lease tells whether it lives (`asset_sync.ledger.leases`). Each change is one statement, so that
of several who want a connection one gets it. Time is told by the database alone: the clocks of machines differ.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, Row, and_, case, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from asset_sync.ledger.leases import Holder, Lease
from asset_sync.ledger.schema import Moment, lease, schedule

START_WITHIN: Final = timedelta(seconds=60)
"""How long a request waits for its run to begin. Who still knows it queued by then renews it."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Who has a connection: a run with its lease, or a request, which counts until it expires."""

    name: str
    counted: bool
    lease: Lease | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Schedule:
    """What is known of a connection, as of `now`, which the database says.

    `last_sync` is when its last turn was claimed, `last_success` when the last one that succeeded ended, `failed_at` when the
    last one ended, where it failed. `failures` counts those since the last success, and `last_error` says why the last failed.
    """

    sync: str
    connection: str
    now: datetime
    last_sync: datetime | None
    last_success: datetime | None
    failures: int
    failed_at: datetime | None
    last_error: str | None
    owner: Owner | None

    @property
    def request_counts(self) -> timedelta:
        """How long the request that has the connection still counts; nothing where there is none, or it lapsed.

        One that would for longer than any does is of a clock that was ahead and was set right: it lapsed, too.
        """
        expires_at = self.owner.expires_at if self.owner is not None else None
        left = timedelta(0) if expires_at is None else expires_at - self.now
        return left if timedelta(0) < left <= START_WITHIN else timedelta(0)


class Schedules:
    """The schedules of all connections, in a database that `asset_sync.ledger.migrate` has brought up to date."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, sync: str) -> dict[str, Schedule]:
        """Return what is known of a sync's connections, by name; one that was never claimed is not there."""
        with self._engine.connect() as connection:
            return {found.connection: found for found in _schedules(connection, schedule.c.sync == sync)}

    def claim(self, sync: str, connection: str, request: str, seen: Schedule | None) -> bool:
        """Claim a turn for a request whose run is about to be asked for; tell whether that won.

        It does where nothing happened since the schedule was `seen`, and nobody has the connection.
        """
        turn = {"last_sync": _NOW, "owner": request, "expires_at": _NOW + START_WITHIN, "counted": True}
        new = insert(schedule).values(sync=sync, connection=connection, **turn)
        if seen is None:
            won = new.on_conflict_do_nothing()
        else:
            c = schedule.c
            as_seen = and_(
                c.last_sync.is_not_distinct_from(seen.last_sync), c.failed_at.is_not_distinct_from(seen.failed_at), _free()
            )
            won = new.on_conflict_do_update(index_elements=_KEY, set_=turn, where=as_seen)
        with self._engine.begin() as db:
            return db.execute(won.returning(schedule.c.owner)).first() is not None

    def renew(self, request: str) -> None:
        """Say that the run of a request is still about to begin."""
        c = schedule.c
        with self._engine.begin() as db:
            waiting = update(schedule).where(c.owner == request, c.expires_at.is_not(None))
            db.execute(waiting.values(expires_at=_NOW + START_WITHIN))

    def begin(self, sync: str, connection: str, run_id: str, *, request: str | None, counted: bool) -> bool:
        """Take the connection for a run that begins, under a lease; tell whether it is the run's now.

        Where the run comes of a `request`, it is while nobody else was given that turn; else where nobody has it. A run of no
        request that is `counted` begins a turn of its own; one that is not leaves alone when the connection is due.
        """
        c = schedule.c
        own = {"owner": run_id, "expires_at": None, "counted": counted}
        claimed = c.last_sync if request is not None or not counted else _NOW
        new = insert(schedule).values(sync=sync, connection=connection, last_sync=_NOW if counted else None, **own)
        mine = or_(_free(), c.owner == run_id) if request is None else c.owner == request
        taken = new.on_conflict_do_update(index_elements=_KEY, set_={**own, "last_sync": claimed}, where=mine)
        with self._engine.begin() as db:
            return db.execute(taken.returning(c.owner)).first() is not None

    def succeeded(self, run_id: str) -> None:
        """Remember that the run which has a connection succeeded, and give the connection back."""
        self._end(run_id, last_success=_NOW, failures=0, failed_at=None, last_error=None)

    def failed(self, run_id: str, error: str) -> None:
        """Remember that the run which has a connection failed, and why in a line, and give the connection back."""
        self._end(run_id, failures=schedule.c.failures + 1, failed_at=_NOW, last_error=error)

    def give_back(self, run_id: str) -> None:
        """Give back the connection that a run has, of which nothing is to be remembered: a person stopped it."""
        self._end(run_id)

    def _end(self, run_id: str, **told: Any) -> None:
        """Give back what a run has; of one that is no turn nothing else is remembered."""
        c = schedule.c
        only_turns = {name: case((c.counted, value), else_=c[name]) for name, value in told.items()}
        with self._engine.begin() as db:
            db.execute(update(schedule).where(c.owner == run_id).values(owner=None, expires_at=None, **only_turns))


_NOW: Final = func.clock_timestamp()
_KEY: Final = (schedule.c.sync, schedule.c.connection)


def _free() -> ColumnElement[bool]:
    """Say of a connection that nobody has it: that of a run that has begun is free once the run is ended.

    A request lapsed as `Schedule.request_counts` says.
    """
    expires_at = schedule.c.expires_at
    return or_(schedule.c.owner.is_(None), expires_at <= _NOW, expires_at > _NOW + START_WITHIN)


def _schedules(connection: Connection, where: ColumnElement[bool]) -> Sequence[Schedule]:
    told = schedule.outerjoin(lease, lease.c.run_id == schedule.c.owner)
    silent = func.extract("epoch", _NOW - lease.c.beat_at).label("silent_s")
    of_lease = (lease.c.run_id, lease.c.machine, lease.c.process, lease.c.began, silent)
    now = func.clock_timestamp(type_=Moment()).label("now")
    return [_schedule(row) for row in connection.execute(select(schedule, *of_lease, now).select_from(told).where(where))]


def _schedule(row: Row[Any]) -> Schedule:
    held = None
    if row.run_id is not None:
        held = Lease(row.run_id, Holder(row.machine, row.process, row.began), float(row.silent_s))
    owner = None if row.owner is None else Owner(row.owner, row.counted, held, row.expires_at)
    return Schedule(
        row.sync,
        row.connection,
        row.now,
        row.last_sync,
        row.last_success,
        row.failures,
        row.failed_at,
        row.last_error,
        owner,
    )
