"""Made: what the plans of runs were about, in numbers."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Table, select

from asset_sync.ledger import schema as s


@dataclass(frozen=True, slots=True)
class Made:
    """The plan that a run made or applied: what it writes, by operation, what it holds, and how many rows the source had."""

    plan_id: str
    mode: str
    counts: dict[str, int]
    held: int
    source_rows: dict[str, int]


def of_runs(connection: Connection, run_ids: Collection[str]) -> dict[str, Made]:
    """Return the plans that runs made, else applied, by the run's id; runs that came to no plan are left out."""
    # What review rules left is a plan beside the one that the run made and applied.
    own = _of(connection, s.making, run_ids, s.plan.c.mode != "rest")
    return {**_of(connection, s.applying, run_ids), **own}


def _of(connection: Connection, runs: Table, run_ids: Collection[str], *where: ColumnElement[bool]) -> dict[str, Made]:
    c = s.plan.c
    asked = select(runs.c.run_id, c.id, c.mode, c.counts, c.held, c.source_rows).join(s.plan, c.id == runs.c.plan_id)
    rows = connection.execute(asked.where(runs.c.run_id.in_(run_ids), *where))
    return {row.run_id: Made(row.id, row.mode, row.counts, row.held, row.source_rows) for row in rows}
