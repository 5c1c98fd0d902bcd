"""Budgets: one for all runs on an account of a system, kept in PostgreSQL, so that it holds over processes and machines.

How many requests are under way is told by advisory locks, which a killed process lets go of with its connection; when the next
one may leave stands in the table `budget`. Time is told by the database alone.
"""

import random
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, Float, Label, Row, bindparam, cast, func, select, text
from sqlalchemy.dialects.postgresql import insert

from asset_sync.ledger.schema import SCHEMA, budget

_POLL_S: Final = 0.02
_PLACES: Final = f"{SCHEMA} requests at once "
# The places are tried one after the other until one is free. Those that this connection has would be given to it again, and
# only CASE keeps an order: of two conditions PostgreSQL tries the cheaper one first.
_TAKE: Final = text(
    "SELECT place FROM generate_series(1, :most) AS place"
    " WHERE CASE WHEN place = ANY(:own) THEN false ELSE pg_try_advisory_lock(hashtext(:places), place) END LIMIT 1"
)
_GIVE_BACK: Final = select(func.pg_advisory_unlock(func.hashtext(bindparam("places")), bindparam("place")))
_HOLDERS: Final = text(
    "SELECT DISTINCT application_name FROM pg_stat_activity JOIN pg_locks AS l USING (pid)"
    " WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.classid = CAST(hashtext(:places) AS oid)"
    " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND pid <> pg_backend_pid()"
)
_NAME_BYTES_MOST: Final = 63
"""PostgreSQL cuts the name of a connection there."""


class SharedBudgets:
    """A context manager: the part of one run in the budgets of all runs; `name` is what others are told that wait for it.

    Safe to share between threads. Methods raise SQLAlchemy's errors where the database does not answer.
    """

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine = engine
        self._name = name.encode()[:_NAME_BYTES_MOST].decode(errors="ignore")
        self._lock = threading.Lock()
        self._opened: Connection | None = None
        self._own: dict[str, set[int]] = defaultdict(set)
        self._waited: dict[str, float] = defaultdict(float)

    def __enter__(self) -> "SharedBudgets":
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            if self._opened is not None:
                # Closed for good: the pool would keep the connection, and with it its name and what it holds.
                self._opened.detach()
                self._opened.close()
                self._opened = None

    @contextmanager
    def turn(self, account: str, per_minute: int | None, at_once: int | None) -> Iterator[None]:
        """Wait until a request may leave; it is under way as long as the context is open."""
        self._await_time(account, per_minute)
        place = None if at_once is None else self._await_place(account, at_once)
        try:
            yield
        finally:
            if place is not None:
                self._give_back(account, place)

    def postpone(self, account: str, seconds: float) -> None:
        """Let nobody's request on that account leave for so many seconds."""
        until = func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)
        new = insert(budget).values(account=account, next_at=until, taken_by=self._name)
        later = {"next_at": func.greatest(budget.c.next_at, new.excluded.next_at), "taken_by": self._name}
        with self._lock:
            self._connection.execute(new.on_conflict_do_update(index_elements=["account"], set_=later))

    def waits(self) -> dict[str, float]:
        """Return for how many seconds requests waited for those of other runs, by name, since this was asked last."""
        with self._lock:
            waited, self._waited = self._waited, defaultdict(float)
            return dict(waited)

    def _await_time(self, account: str, per_minute: int | None) -> None:
        with self._lock:
            found = self._spaced(account, 60 / per_minute) if per_minute else self._postponed(account)
        if found is not None and found.seconds > 0:
            time.sleep(found.seconds)
            self._note([found.by], found.seconds)

    def _spaced(self, account: str, gap_s: float) -> Row[Any] | None:
        """Take the next moment at which a request may leave: return the seconds until then, and who took the one before."""
        gap, now = func.make_interval(0, 0, 0, 0, 0, 0, gap_s), func.clock_timestamp()
        new = insert(budget).values(account=account, next_at=now + gap, taken_by=self._name)
        after = {
            "next_at": func.greatest(budget.c.next_at, now) + gap,
            "taken_before_by": budget.c.taken_by,
            "taken_by": self._name,
        }
        told = new.on_conflict_do_update(index_elements=["account"], set_=after)
        by = budget.c.taken_before_by.label("by")
        return self._connection.execute(told.returning(_seconds(budget.c.next_at - gap), by)).first()

    def _postponed(self, account: str) -> Row[Any] | None:
        told = select(_seconds(budget.c.next_at), budget.c.taken_by.label("by")).where(budget.c.account == account)
        return self._connection.execute(told).first()

    def _await_place(self, account: str, at_once: int) -> int:
        began, others = time.monotonic(), list[str]()
        while (place := self._taken(account, at_once)) is None:
            with self._lock:
                others = list(self._connection.scalars(_HOLDERS, {"places": _PLACES + account})) or others
            time.sleep(_POLL_S * (0.5 + random.random()))  # noqa: S311 - no secret: so that those who wait do not ask at once
        if others:
            self._note(others, time.monotonic() - began)
        return place

    def _taken(self, account: str, most: int) -> int | None:
        with self._lock:
            own = self._own[account]
            asked = {"most": most, "own": sorted(own), "places": _PLACES + account}
            place: int | None = self._connection.scalar(_TAKE, asked)
            if place is not None:
                own.add(place)
            return place

    def _give_back(self, account: str, place: int) -> None:
        with self._lock:
            self._connection.execute(_GIVE_BACK, {"places": _PLACES + account, "place": place})
            self._own[account].discard(place)

    def _note(self, others: list[str], seconds: float) -> None:
        with self._lock:
            for other in others:
                if other != self._name:
                    self._waited[other] += seconds / len(others)

    @property
    def _connection(self) -> Connection:
        """The connection that holds this run's places, under its name; to be used under the lock alone."""
        if self._opened is None:
            self._opened = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            self._opened.execute(select(func.set_config("application_name", self._name, False)))
        return self._opened


def _seconds(moment: ColumnElement[datetime]) -> Label[float]:
    """Return how far off a moment is."""
    return cast(func.extract("epoch", moment - func.clock_timestamp()), Float).label("seconds")
