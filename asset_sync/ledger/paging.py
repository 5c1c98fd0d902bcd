"""Pages of a plan's operations: a plan may have 100,000, and who looks at it looks at some."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, select

from asset_sync.ledger import schema as s
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.target import Outcome


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which operations are meant: of a kind, an op or an outcome, and what is held or is not; all where none is said."""

    kind: str | None = None
    op: str | None = None
    outcome: str | None = None
    held: bool | None = None


@dataclass(frozen=True, slots=True)
class OperationPage:
    """Some operations of a plan, as `asset_sync.reconcile.plan.records` has them, their outcomes by `seq`; `total` are all."""

    total: int
    rows: Sequence[dict[str, Any]]
    outcomes: dict[int, Outcome]


def page(connection: Connection, plan_id: str, chosen: Chosen, offset: int, limit: int) -> OperationPage:
    """Return a page of the operations of the plan of that id; see `asset_sync.ledger.Ledger.page`."""
    o, came = s.operation.c, s.outcome.c
    both = s.operation.outerjoin(s.outcome, and_(came.plan_id == o.plan_id, came.seq == o.seq))
    where = [o.plan_id == plan_id, *_those(chosen)]
    counted = both if chosen.outcome is not None else s.operation
    total = connection.scalar(select(func.count()).select_from(counted).where(*where)) or 0
    columns = [o.seq, *(o[name] for name in p.OPERATION_COLUMNS)]
    became = [came[each.name].label(f"outcome_{each.name}") for each in fields(Outcome)]
    query = select(*columns, *became).select_from(both).where(*where).order_by(o.seq).offset(offset).limit(limit)
    found = connection.execute(query).mappings().all()
    return OperationPage(
        total,
        [{column.key: row[column] for column in columns} for row in found],
        {row["seq"]: Outcome(*(row[column.name] for column in became)) for row in found if row["outcome_outcome"] is not None},
    )


def _those(chosen: Chosen) -> list[ColumnElement[bool]]:
    o = s.operation.c
    wanted = {o.kind: chosen.kind, o.op: chosen.op, s.outcome.c.outcome: chosen.outcome}
    held = [] if chosen.held is None else [o.hold.is_not(None) if chosen.held else o.hold.is_(None)]
    return [*(column == value for column, value in wanted.items() if value is not None), *held]
