"""Pauses: what is not to write now, who said so and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Engine, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from asset_sync.ledger.schema import pause

ALL: Final = ""
"""Stands for all syncs."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause of one sync, or of all where `sync` is None."""

    sync: str | None
    reason: str
    by: str
    at: datetime

    def __str__(self) -> str:
        """Say it in a line, with the way on."""
        what = self.sync or "everything"
        resume = f"asset-sync resume {self.sync}" if self.sync else "asset-sync resume"
        return f"{what} is paused by {self.by} since {self.at:%Y-%m-%d %H:%M} UTC: {self.reason}; to go on: {resume}"


class Pauses:
    """The pauses, in a database that `asset_sync.ledger.migrate` has brought up to date."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def all(self) -> list[Pause]:
        """Return every pause, that of all syncs first."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(pause).order_by(pause.c.sync))
            return [Pause(row.sync or None, row.reason, row.by, row.at) for row in rows]

    def of(self, sync: str) -> Pause | None:
        """Return what keeps a sync from writing: the pause of all syncs, else its own; None where nothing does."""
        return holding(self.all(), sync)

    def begin(self, sync: str | None, reason: str, by: str) -> None:
        """Pause a sync, or all; the reason and the name come in the place of earlier ones."""
        told = {"reason": reason, "by": by, "at": func.clock_timestamp()}
        new = insert(pause).values(sync=sync or ALL, **told)
        with self._engine.begin() as connection:
            connection.execute(new.on_conflict_do_update(index_elements=[pause.c.sync], set_=told))

    def end(self, sync: str | None) -> bool:
        """End the pause of a sync, or that of all; return whether there was one."""
        with self._engine.begin() as connection:
            ended = connection.execute(delete(pause).where(pause.c.sync == (sync or ALL)).returning(pause.c.sync))
            return ended.first() is not None


def holding(found: Sequence[Pause], sync: str) -> Pause | None:
    """Return which of the pauses keeps a sync from writing: that of all syncs, else its own; None where none does."""
    return next((each for each in found if each.sync in (None, sync)), None)
