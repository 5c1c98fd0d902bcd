"""Outcomes: what became of each operation of a plan, and what the ledger can tell of an object from them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Final

import orjson
import pandas as pd
from sqlalchemy import (
    Column,
    Connection,
    Executable,
    Integer,
    Select,
    Text,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB, insert

from asset_sync.ledger import links, resolutions
from asset_sync.ledger import schema as s
from asset_sync.ledger.copying import unnested
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.target import ALREADY, APPLIED, Outcome

_DONE: Final = (APPLIED, ALREADY)

_HISTORY_DTYPES: Final = {
    "at": "datetime64[us, UTC]",
    "sync": "str",
    "plan_id": "str",
    "undoes": "str",
    "run_id": "str",
    "source_key": "str",
    "op": "str",
    "outcome": "str",
    "field": "str",
    "old": "object",
    "new": "object",
    "owner": "str",
    "reason": "str",
}


def written_since(connection: Connection, link_set: str, since: datetime, but: str) -> str | None:
    """Return a plan that goes by those links and of which another run than `but` did something since then."""
    plan, done = s.plan.c, s.outcome.c
    found = exists().where(done.plan_id == plan.id, done.at > since, done.run_id != but, done.outcome.in_(_DONE))
    # Those that ended before need not be looked into.
    begun = plan.started_at.is_not(None) & (plan.applied_at.is_(None) | (plan.applied_at > since))
    last = select(plan.id).where(plan.link_set == link_set, begun, found).order_by(plan.started_at.desc()).limit(1)
    return connection.scalar(last)


def record(connection: Connection, plan: Plan, outcomes: Sequence[Outcome], run_id: str, at: datetime) -> None:
    """Keep the outcomes, and let the links follow what was done. What is done already stays as it is."""
    if not outcomes:
        return
    rows = {row["seq"]: row for row in p.records(plan.operations.loc[[outcome.seq for outcome in outcomes]])}
    changed = connection.execute(_keep(plan.id, outcomes, rows, run_id, at))
    # In the plan's order: of an object that it writes to several times, the last value counts.
    done = [(rows[row.seq], Outcome(*row)) for row in sorted(changed) if row.outcome in _DONE]
    wanted = {reference for row, _ in done for reference in links.references(p.decode(row["changes"]))}
    # What was left behind by a record that is another object has no link any more, and nothing to decide about.
    followed = [(row, outcome) for row, outcome in done if row["source_key"] is not None]
    links.follow(connection, plan, followed, _created(connection, plan.id, wanted), at)
    if plan.undoes:
        resolutions.follow_undo(connection, plan, [row for row, _ in followed], at)


def read(connection: Connection, plan_id: str) -> dict[int, Outcome]:
    """Return the outcomes so far by the operation's row number."""
    c = s.outcome.c
    query = select(*_columns()).where(c.plan_id == plan_id).order_by(c.seq)
    return {row.seq: Outcome(*row) for row in connection.execute(query)}


def _columns() -> list[Column[Any]]:
    return [s.outcome.c[field.name] for field in fields(Outcome)]


def history(connection: Connection, kind: str, target_id: str, field: str | None) -> pd.DataFrame:
    """Return what was written to an object, a row a field and write, newest first; see `Ledger.history`."""
    rows = [
        (
            *told,
            op,
            outcome,
            name,
            change.get("old"),
            instead.get(name, change["new"]),
            change.get("owner"),
            change.get("reason"),
        )
        for *told, op, outcome, instead, changes in connection.execute(_writes_to(kind, target_id))
        for name, change in p.decode(changes).items()
        if field in {None, name} and _is_written(name, op, instead)
    ]
    return pd.DataFrame(rows, columns=list(_HISTORY_DTYPES), dtype=object).astype(_HISTORY_DTYPES)


def _writes_to(kind: str, target_id: str) -> Select[Any]:
    c, o, plan = s.outcome.c, s.operation.c, s.plan.c
    # A sync whose connections have links of their own is told with the connection.
    sync = case((func.starts_with(plan.link_set, plan.sync + "/"), plan.link_set), else_=plan.sync)
    told = (c.at, sync, c.plan_id, plan.undoes, c.run_id, o.source_key, o.op, c.outcome, c.instead, o.changes)
    joined = s.outcome.join(s.operation, and_(o.plan_id == c.plan_id, o.seq == c.seq)).join(s.plan, plan.id == c.plan_id)
    query = select(*told).select_from(joined).where(c.target_id == target_id, o.kind == kind, c.outcome.in_(_DONE))
    return query.order_by(c.at.desc(), c.plan_id, c.seq.desc())


def last_written(connection: Connection, places: Sequence[tuple[str, str, str]]) -> dict[tuple[str, str, str], Any]:
    """Return what was written last to fields of objects; see `Ledger.last_written`."""
    if not places:
        return {}
    kinds, ids, names = zip(*places, strict=True)
    sought = unnested("sought", kind=(Text, list(kinds)), target_id=(Text, list(ids)), field=(Text, list(names)))
    c, o = s.outcome.c, s.operation.c
    changes = cast(o.changes, JSONB)
    found = (
        select(changes[sought.c.field]["new"].label("new"), c.instead, c.plan_id)
        .join_from(s.outcome, s.operation, and_(o.plan_id == c.plan_id, o.seq == c.seq))
        .where(c.target_id == sought.c.target_id, o.kind == sought.c.kind, c.outcome.in_(_DONE))
        .where(changes.has_key(sought.c.field))
        .where(or_(o.op == p.CREATE, func.coalesce(func.jsonb_typeof(c.instead[sought.c.field]), "array") == "array"))
        .order_by(c.at.desc(), c.seq.desc())
        .limit(1)
        .lateral("found")
    )
    query = select(sought, found.c.new, found.c.instead, found.c.plan_id).join_from(sought, found, true())
    rows = connection.execute(query).all()
    wanted: dict[str, set[tuple[str, str]]] = {}
    for row in rows:
        wanted.setdefault(row.plan_id, set()).update(links.references({row.field: {"new": row.new}}))
    made = {plan: _created(connection, plan, those) for plan, those in wanted.items()}
    return {
        (row.kind, row.target_id, row.field): p.stored(row.instead.get(row.field, row.new), _found(made[row.plan_id]))
        for row in rows
    }


def _found(made: Mapping[tuple[str, str], str]) -> Callable[[str, str], str | None]:
    return lambda kind, key: made.get((kind, key))


def _keep(plan_id: str, outcomes: Sequence[Outcome], rows: Mapping[int, links.Record], run_id: str, at: datetime) -> Executable:
    c = s.outcome.c
    ended = unnested(
        "ended",
        seq=(Integer, [o.seq for o in outcomes]),
        outcome=(Text, [o.outcome for o in outcomes]),
        detail=(Text, [o.detail for o in outcomes]),
        target_id=(Text, [o.target_id or rows[o.seq]["target_id"] for o in outcomes]),
        version=(Text, [o.version for o in outcomes]),
        created=(Text, [o.created for o in outcomes]),
        instead=(Text, [orjson.dumps(dict(o.instead)).decode() for o in outcomes]),
        fields=(Text, [_fields(o, rows[o.seq]) for o in outcomes]),
    )
    values = [cast(each, JSONB) if each.key == "instead" else each for each in ended.c]
    told = (literal(plan_id), literal(run_id), literal(at, c.at.type))
    columns = [*ended.c.keys(), "plan_id", "run_id", "at"]
    new = insert(s.outcome).from_select(columns, select(*values, *told))
    replaced = {name: new.excluded[name] for name in columns if name not in {"plan_id", "seq"}}
    kept = new.on_conflict_do_update(index_elements=[c.plan_id, c.seq], set_=replaced, where=c.outcome.not_in(_DONE))
    return kept.returning(*_columns())


def _fields(outcome: Outcome, row: links.Record) -> str | None:
    """Return the names of the fields that were written, as JSON; None where there are none."""
    if outcome.outcome not in _DONE:
        return None
    names = [name for name in p.decode(row["changes"]) if _is_written(name, row["op"], outcome.instead)]
    return orjson.dumps(names).decode() if names else None


def _is_written(field: str, op: str, instead: Mapping[str, Any]) -> bool:
    """What was not stored of a create has a value all the same; an update left it as it was."""
    return op == p.CREATE or field not in instead or isinstance(instead[field], list)


def _created(connection: Connection, plan_id: str, wanted: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Return the ids of those objects that the plan has created so far, by kind and key."""
    if not wanted:
        return {}
    kinds, keys = zip(*sorted(wanted), strict=True)
    sought = unnested("sought", kind=(Text, list(kinds)), key=(Text, list(keys)))
    c, o = s.outcome.c, s.operation.c
    found = (
        select(c.target_id)
        .join_from(s.operation, s.outcome, and_(c.plan_id == o.plan_id, c.seq == o.seq))
        .where(o.plan_id == plan_id, o.op == p.CREATE, c.outcome.in_(_DONE))
        .where(o.kind == sought.c.kind, o.key == sought.c.key)
        # The limit makes it a look-up for each: joined, all that the plan creates would be read for every batch.
        .limit(1)
        .lateral("found")
    )
    query = select(sought.c.kind, sought.c.key, found.c.target_id).join_from(sought, found, true())
    return {(row.kind, row.key): row.target_id for row in connection.execute(query)}
