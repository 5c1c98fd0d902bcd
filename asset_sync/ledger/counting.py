"""What the ledger counts over all plans."""

from sqlalchemy import Connection, and_, func, select

from asset_sync.ledger import schema as s
from asset_sync.ledger.headers import PENDING, headers


def operations(connection: Connection) -> dict[tuple[str, str, str], int]:
    """Return how many operations there are with an outcome, by sync, kind and outcome."""
    o, came, plan = s.operation.c, s.outcome.c, s.plan.c
    joined = s.outcome.join(s.operation, and_(o.plan_id == came.plan_id, o.seq == came.seq)).join(
        s.plan, plan.id == came.plan_id
    )
    by = (plan.sync, o.kind, came.outcome)
    rows = connection.execute(select(*by, func.count()).select_from(joined).group_by(*by))
    return {(sync, kind, outcome): count for sync, kind, outcome, count in rows}


def waiting_plans(connection: Connection) -> dict[str, int]:
    """Return how many plans of each sync wait for a person."""
    query = select(s.plan).where(s.plan.c.state.in_(PENDING), s.plan.c.mode != "dry_run")
    found: dict[str, int] = {}
    for head in headers(connection, query):
        if head.state == s.WAITING or (head.state == s.PLANNED and head.open_guards):
            found[head.sync] = found.get(head.sync, 0) + 1
    return found
