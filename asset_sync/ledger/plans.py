"""Plans: kept byte for byte, and found again."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
from sqlalchemy import ColumnElement, Connection, Select, Table, and_, exists, or_, select
from sqlalchemy.dialects.postgresql import insert

from asset_sync.ledger import schema as s
from asset_sync.ledger.copying import ROWS, copy_in, copy_out
from asset_sync.ledger.headers import PENDING, header, looks
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.errors import PlanError
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.tables import text

FEWEST: Final = 6
"""As many characters of an id are told, at least, by whoever means it."""


def found(connection: Connection, given: str) -> str:
    """Return the id of the plan of that id, or of the only one that starts so; `PlanError` otherwise.

    What is typed by mistake starts the id of some plan, where it is short and there are few.
    """
    query = select(s.plan.c.id).where(s.plan.c.id.startswith(given, autoescape=True)).order_by(s.plan.c.id).limit(5)
    ids = list(connection.scalars(query)) if given else []
    _check_length(given, ids)
    return only(ids, f"no plan {given!r}: asset-sync plans lists them", f"{given!r} is the start of several plans")


def of_run(connection: Connection, run_id: str) -> str:
    """Return the id of the plan that a run applied, else of the one that it made; `PlanError` where not exactly one."""
    ids = _of_run(connection, s.applying, run_id) or _of_run(connection, s.making, run_id)
    return only(ids, f"no plan of a run {run_id!r}: asset-sync plans lists them", f"run {run_id!r} has several plans")


def of_runs(connection: Connection, run_ids: Collection[str]) -> dict[str, str]:
    """Return, for each of the runs that has one, the id of the plan that it applied, else of the one that it made."""
    found: dict[str, str] = {}
    for runs in (s.making, s.applying):
        rows = connection.execute(_its_own(runs, select(runs.c.run_id, runs.c.plan_id).where(runs.c.run_id.in_(run_ids))))
        found |= {row.run_id: row.plan_id for row in rows}
    return found


def _check_length(given: str, ids: Sequence[str]) -> None:
    if len(ids) == 1 and len(given) < FEWEST and given not in ids:
        raise PlanError(f"{given!r} is too little of an id: give at least the first {FEWEST} characters")


def only(ids: Sequence[str], none: str, several: str) -> str:
    """Return the one id; `PlanError` with one of the two messages otherwise."""
    if not ids:
        raise PlanError(none)
    if len(ids) > 1:
        raise PlanError(f"{several}: {', '.join(ids)}")
    return ids[0]


# Keeping and reading.


def keep(connection: Connection, plan: Plan, run_id: str, at: datetime, *, partial: bool) -> bool:
    """Keep the plan; return whether the run had not made it before. `partial` says that it was about some records alone."""
    new = connection.scalar(insert(s.plan).values(_row(plan, at)).on_conflict_do_nothing().returning(s.plan.c.id))
    if new:
        _copy_operations(connection, plan)
    made = insert(s.making).values(plan_id=plan.id, run_id=run_id, at=at, partial=partial)
    return connection.scalar(made.on_conflict_do_nothing().returning(s.making.c.plan_id)) is not None


def load(connection: Connection, plan_id: str) -> Plan:
    """Return the plan of that id, its content checked against the id."""
    head = header(connection, plan_id)
    operations = _operations(connection, s.operation.c.plan_id == plan_id)
    plan = Plan(head.sync, head.mode, operations, head.after, head.complete, head.source_rows, head.undoes, head.link_set)
    plan.verify(plan_id)
    return plan


def writes(connection: Connection, plan_id: str) -> pd.DataFrame:
    """Return the operations of the plan of that id that write."""
    c = s.operation.c
    return _operations(connection, c.plan_id == plan_id, c.op.in_(p.WRITES), c.hold.is_(None))


def tells_of(connection: Connection, link_set: str, kind: str, source_key: str) -> bool:
    """Return whether a plan that goes by these links and may yet be applied, or the last one, has an operation on a record.

    The last one says what the source has, also where a decision made it stale.
    """
    plan, made, c = s.plan.c, s.making.c, s.operation.c
    seen = select(made.plan_id).join(s.plan, plan.id == made.plan_id).where(*looks(link_set))
    last = seen.order_by(made.number.desc()).limit(1).scalar_subquery()
    is_open = and_(plan.link_set == link_set, plan.state.in_(PENDING), plan.stale_because.is_(None))
    about = (c.plan_id == plan.id, c.kind == kind, c.source_key == source_key)
    return bool(connection.scalar(select(exists().where(or_(is_open, plan.id == last), *about))))


def _operations(connection: Connection, *those: ColumnElement[bool]) -> pd.DataFrame:
    c = s.operation.c
    query = select(*(c[name] for name in p.OPERATION_COLUMNS)).where(*those).order_by(c.seq)
    frame: pd.DataFrame = copy_out(connection, query, dict.fromkeys(p.OPERATION_COLUMNS, pa.large_string())).to_pandas()
    return frame


def _of_run(connection: Connection, runs: Table, run_id: str) -> list[str]:
    query = select(runs.c.plan_id).where(runs.c.run_id.startswith(run_id, autoescape=True)).distinct()
    own = _its_own(runs, query)
    return list(connection.scalars(own.order_by(runs.c.plan_id))) if run_id else []


def _its_own(runs: Table, query: Select[Any]) -> Select[Any]:
    """Return the query without what a run left of its plan for a person: that is no plan of the run's, unless it applied it."""
    if runs is s.applying:
        return query
    return query.join(s.plan, s.plan.c.id == runs.c.plan_id).where(s.plan.c.mode != "rest")


def _row(plan: Plan, at: datetime) -> dict[str, Any]:
    return {
        "id": plan.id,
        "sync": plan.sync,
        "link_set": plan.link_set,
        "mode": plan.mode,
        "after": plan.after,
        "complete": plan.complete,
        "undoes": plan.undoes,
        "source_rows": dict(plan.source_rows),
        "counts": plan.counts,
        "writes": sum(plan.counts.values()),
        "held": len(plan.held),
        "created_at": at,
        "state": s.WAITING if plan.mode in p.REVIEWED else s.PLANNED,
    }


def _copy_operations(connection: Connection, plan: Plan) -> None:
    count = len(plan.operations)
    columns = {name: text(plan.operations[name]) for name in p.OPERATION_COLUMNS}
    rows = pa.table({"plan_id": pa.repeat(plan.id, count), "seq": pa.array(np.arange(count)), **columns})
    copy_in(connection, s.operation, rows.column_names, rows.to_batches(ROWS))
