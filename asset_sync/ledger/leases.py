"""Leases: which process carries out which run, and how long ago it last said that it lives.

A process that is gone is known on its own machine at once; those of other machines are known by their silence. Time is told by
the database alone: the clocks of machines differ.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Engine, delete, func, select, true
from sqlalchemy.dialects.postgresql import insert

from asset_sync.ledger.schema import lease


@dataclass(frozen=True, slots=True)
class Holder:
    """A process: its machine, its number there, and what tells when it began, because numbers come again."""

    machine: str
    process: int
    began: str


@dataclass(frozen=True, slots=True)
class Lease:
    """A run's lease. `silent_s` are the seconds since its holder was last heard of."""

    run_id: str
    holder: Holder
    silent_s: float


class Leases:
    """The leases of all machines that share a database which `asset_sync.ledger.migrate` has brought up to date."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def beat(self, run_id: str, holder: Holder) -> None:
        """Say that a process carries out a run and lives: at the run's start, and again and again."""
        now = {"machine": holder.machine, "process": holder.process, "began": holder.began, "beat_at": func.clock_timestamp()}
        with self._engine.begin() as connection:
            new = insert(lease).values(run_id=run_id, **now)
            connection.execute(new.on_conflict_do_update(index_elements=[lease.c.run_id], set_=now))

    def give_back(self, run_id: str) -> None:
        """Forget the lease of a run that is over."""
        with self._engine.begin() as connection:
            connection.execute(delete(lease).where(lease.c.run_id == run_id))

    def of(self, run_ids: Sequence[str]) -> dict[str, Lease]:
        """Return the leases of those of the runs that have one, by run."""
        with self._engine.connect() as connection:
            return {found.run_id: found for found in _leases(connection, lease.c.run_id.in_(run_ids))}

    def all(self) -> list[Lease]:
        """Return the leases of all runs, those of dead holders too."""
        with self._engine.connect() as connection:
            return _leases(connection, true())


def _leases(connection: Connection, which: ColumnElement[bool]) -> list[Lease]:
    c = lease.c
    silent = func.extract("epoch", func.clock_timestamp() - c.beat_at)
    rows = connection.execute(select(c.run_id, c.machine, c.process, c.began, silent).where(which))
    return [Lease(run, Holder(machine, process, began), float(s)) for run, machine, process, began, s in rows]
