"""Alerts: what each channel was told. One sender at a time has a channel, so that nobody tells what another one told.

A claim lapses by the database's clock, in case its sender was killed; what was told is kept with the claim's end, at once.
"""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from asset_sync.alerts import Cause, Known
from asset_sync.ledger.schema import alert, alert_channel

CLAIMED_FOR: Final = timedelta(minutes=5)
"""Far longer than a message takes."""


@dataclass(frozen=True, slots=True)
class ChannelState:
    """What a channel knows, how often it failed since it took a message, and until when it is left alone for that.

    `digest_at` is up to when the last digest told; None before the channel was ever seen.
    """

    known: Sequence[Known] = ()
    failures: int = 0
    retry_at: datetime | None = None
    digest_at: datetime | None = None


class Alerts:
    """What all channels were told, in a database that `asset_sync.ledger.migrate` has brought up to date."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def state(self, channel: str) -> ChannelState:
        """Return how a channel stands, whoever has it."""
        with self._engine.connect() as connection:
            return _state(connection, channel)

    @contextmanager
    def claimed(self, channel: str) -> Iterator["Claim | None"]:
        """Have a channel alone; yields None where another sender has it."""
        me = str(uuid.uuid4())
        c = alert_channel.c
        mine = {"claimed_by": me, "claimed_until": func.clock_timestamp() + CLAIMED_FOR}
        free = or_(c.claimed_by.is_(None), c.claimed_until <= func.clock_timestamp())
        new = insert(alert_channel).values(name=channel, **mine)
        claiming = new.on_conflict_do_update(index_elements=[c.name], set_=mine, where=free).returning(c.name)
        with self._engine.begin() as connection:
            won = connection.execute(claiming).first() is not None
            state = _state(connection, channel)
        if not won:
            yield None
            return
        try:
            yield Claim(self._engine, channel, me, state)
        finally:
            with self._engine.begin() as connection:
                _free(connection, channel, me)


@dataclass(frozen=True, slots=True)
class Claim:
    """A channel that one sender has alone, as it stood when it was claimed."""

    _engine: Engine
    channel: str
    _by: str
    state: ChannelState

    def keep(self, state: ChannelState) -> None:
        """Keep how the channel stands now, and give it back; nothing where the claim has lapsed and another one has it."""
        with self._engine.begin() as connection:
            if not _free(connection, self.channel, self._by):
                return
            told = {"failures": state.failures, "retry_at": state.retry_at, "digest_at": state.digest_at}
            connection.execute(update(alert_channel).where(alert_channel.c.name == self.channel).values(**told))
            if list(state.known) != list(self.state.known):
                connection.execute(delete(alert).where(alert.c.channel == self.channel))
                rows = [_row(self.channel, each) for each in state.known]
                if rows:
                    connection.execute(insert(alert), rows)


def _free(connection: Connection, channel: str, by: str) -> bool:
    """Give a channel back; tell whether it was the sender's still."""
    c = alert_channel.c
    freeing = update(alert_channel).where(c.name == channel, c.claimed_by == by).values(claimed_by=None, claimed_until=None)
    return connection.execute(freeing.returning(c.name)).first() is not None


def _state(connection: Connection, channel: str) -> ChannelState:
    found = connection.execute(select(alert_channel).where(alert_channel.c.name == channel)).first()
    if found is None:
        return ChannelState()
    c = alert.c
    rows = connection.execute(select(alert).where(c.channel == channel).order_by(c.seen_at, c.sort, c.about))
    return ChannelState([_known(row) for row in rows], found.failures, found.retry_at, found.digest_at)


def _known(row: Row[Any]) -> Known:
    cause = Cause(row.sort, row.about, row.why, row.plan_id, row.run_id)
    return Known(cause, row.seen_at, row.told_at, row.over_at)


def _row(channel: str, known: Known) -> dict[str, Any]:
    times = {"seen_at": known.seen_at, "told_at": known.told_at, "over_at": known.over_at}
    return {"channel": channel, **asdict(known.cause), **times}
