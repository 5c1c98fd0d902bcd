"""Links: which record of the source is which object of the target, and what was last applied to it."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import orjson
import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection, and_, case, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.schema import CreateTable

from asset_sync.ledger.copying import copy_in, copy_out
from asset_sync.ledger.schema import link, staged
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.kinds import FieldType, Kind
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.tables import LINK_COLUMNS, base_column

CREATED: Final = "created"
RETIRED_BY_SYNC: Final = "sync"
RETIRED_BY_UNDO: Final = "undo"

Record = dict[str, Any]
"""An operation as `asset_sync.reconcile.plan.records` gives it."""

_ARROW: Final[Mapping[FieldType, pa.DataType]] = {
    "text": pa.large_string(),
    "date": pa.large_string(),
    "reference": pa.large_string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
}
_LINK_ARROW: Final = {
    "source_key": pa.large_string(),
    "target_id": pa.large_string(),
    "version": pa.large_string(),
    "created": pa.large_string(),
    "missing_runs": pa.int64(),
    "missing_since": pa.timestamp("us"),
    "retired_by": pa.large_string(),
    "told_by": pa.large_string(),
}
_PANDAS: Final = {
    pa.int64(): pd.Int64Dtype(),
    pa.float64(): pd.Float64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
}

# What happens to a link, as the rows that are staged for it say.
_JOIN: Final = "join"
_SEEN: Final = "seen"
_FREED: Final = "freed"
_MISSED: Final = "missed"
_RETIRED: Final = "retired"
_RESTORED: Final = "restored"

StagedRow = tuple[str, str, str, str | None, str | None, str | None]
"""In the order of `staged`: step, kind, source_key, target_id, claimed, base."""


def read(connection: Connection, sync: str, asked_by: str, kind: Kind, remembered: Collection[str]) -> pd.DataFrame:
    """Return a kind's links as `asset_sync.reconcile.tables` describes them, with a base column for each remembered field.

    `sync` is whose links they are, `asked_by` the one that goes by them: its own records have no `told_by`.
    """
    bases = {base_column(name): name for name in remembered}
    since = func.timezone("UTC", link.c.missing_since).label("missing_since")
    others = func.nullif(link.c.told_by, asked_by).label("told_by")
    special = {"missing_since": since, "told_by": others}
    columns = [special[name] if name in special else link.c[name] for name in LINK_COLUMNS]
    query = select(*columns, *(link.c.base[name].astext.label(label) for label, name in bases.items()))
    query = query.where(link.c.sync == sync, link.c.kind == kind.name).order_by(link.c.source_key)
    types = _LINK_ARROW | {label: _ARROW[kind.field(name).type] for label, name in bases.items()}
    frame: pd.DataFrame = copy_out(connection, query, types).to_pandas(types_mapper=_PANDAS.get)
    return frame.assign(missing_since=frame["missing_since"].dt.tz_localize("UTC"))


def sight(connection: Connection, plan: Plan, at: datetime) -> None:
    """Remember what the plan says of the source: links claimed, records that are back, records that are missing."""
    _stage(connection, _sighted(plan))
    _join(connection, plan, at, plan_id=None)
    _change(connection, plan, _SEEN, missing_since=None, missing_runs=0)
    _change(connection, plan, _FREED, retired_by=None, retired_at=None)
    since = func.coalesce(link.c.missing_since, at)
    _change(connection, plan, _MISSED, missing_since=since, missing_runs=link.c.missing_runs + 1)


def follow(
    connection: Connection, plan: Plan, done: Sequence[tuple[Record, str]], created: Mapping[tuple[str, str], str], at: datetime
) -> None:
    """Make the links follow operations that were applied, each given with its object's id.

    `created` holds the ids of the objects that the plan made, by kind and key. An undo leaves the remembered values alone: a
    shared value that was put back counts as a person's decision, and an object that it retired stays so.
    """
    retired_by = RETIRED_BY_UNDO if plan.undoes else RETIRED_BY_SYNC
    _stage(connection, _followed(done, created, moves_base=plan.undoes is None))
    _join(connection, plan, at, plan_id=plan.id)
    _change(connection, plan, _RETIRED, retired_by=retired_by, retired_at=at, plan_id=plan.id)
    back = {"retired_by": None, "retired_at": None, "missing_since": None, "missing_runs": 0}
    _change(connection, plan, _RESTORED, **back, plan_id=plan.id)


def references(changes: p.Changes) -> Iterator[tuple[str, str]]:
    """The kind and key of each object that the changes point to and that the plan was still to create."""
    for change in changes.values():
        new = change["new"]
        if isinstance(new, dict) and new["id"] is None:
            yield new["kind"], new["key"]


def _sighted(plan: Plan) -> Iterator[StagedRow]:
    rows = plan.operations
    restored = rows[rows["op"] == p.RESTORE]
    kept = set(zip(restored["kind"], restored["source_key"], strict=True))
    for row in p.records(rows[rows["op"].isin([p.CLAIM, p.SEEN, p.RETIRE])]):
        where = (row["kind"], row["source_key"])
        if row["op"] == p.CLAIM:
            yield _joined(row, row["target_id"], {}, _rule(row))
        elif row["op"] == p.RETIRE:
            yield _MISSED, *where, None, None, None
        else:
            yield _SEEN, *where, None, None, None
            if where not in kept:
                yield _FREED, *where, None, None, None


def _followed(
    done: Iterable[tuple[Record, str]], created: Mapping[tuple[str, str], str], *, moves_base: bool
) -> Iterator[StagedRow]:
    for row, target_id in done:
        if row["op"] == p.RETIRE:
            yield _RETIRED, row["kind"], row["source_key"], None, None, None
            continue
        if row["op"] == p.RESTORE:
            yield _RESTORED, row["kind"], row["source_key"], None, None, None
        if moves_base:
            yield _joined(row, target_id, created, CREATED if row["op"] == p.CREATE else _rule(row))


def _joined(row: Record, target_id: str, created: Mapping[tuple[str, str], str], claimed: str) -> StagedRow:
    base = {name: _base_value(change["new"], created) for name, change in p.decode(row["changes"]).items()}
    return _JOIN, row["kind"], row["source_key"], target_id, claimed, orjson.dumps(base).decode()


def _base_value(new: object, created: Mapping[tuple[str, str], str]) -> object:
    if not isinstance(new, dict):
        return new
    return new["id"] if new["id"] is not None else created.get((new["kind"], new["key"]))


def _rule(row: Record) -> str:
    return str(row["reason"]).removeprefix("matched by ")


def _stage(connection: Connection, rows: Iterable[StagedRow]) -> None:
    connection.execute(CreateTable(staged, if_not_exists=True))
    connection.execute(delete(staged))
    copy_in(connection, staged, staged.columns.keys(), rows)


def _join(connection: Connection, plan: Plan, at: datetime, plan_id: str | None) -> None:
    """Link the staged records to their objects: an object that another record held is taken from it."""
    ours = and_(staged.c.step == _JOIN, link.c.sync == plan.linked_as, link.c.kind == staged.c.kind)
    held = and_(link.c.target_id == staged.c.target_id, link.c.source_key != staged.c.source_key)
    connection.execute(delete(link).where(ours, held))
    columns = [staged.c[name] for name in ("kind", "source_key", "target_id", "claimed", "base")]
    told = (literal(plan.sync), literal(at, link.c.first_seen.type), literal(plan_id, link.c.plan_id.type))
    rows = select(literal(plan.linked_as), *columns, *told)
    names = ["sync", "kind", "source_key", "target_id", "claimed", "base", "told_by", "first_seen", "plan_id"]
    new = insert(link).from_select(names, rows.where(staged.c.step == _JOIN))
    same = link.c.target_id == new.excluded.target_id
    connection.execute(
        new.on_conflict_do_update(
            index_elements=[link.c.sync, link.c.kind, link.c.source_key],
            set_={
                "target_id": new.excluded.target_id,
                "claimed": case((same, link.c.claimed), else_=new.excluded.claimed),
                "base": case((same, link.c.base.concat(new.excluded.base)), else_=new.excluded.base),
                "told_by": case((same, link.c.told_by), else_=new.excluded.told_by),
                "missing_since": case((same, link.c.missing_since)),
                "missing_runs": case((same, link.c.missing_runs), else_=0),
                "retired_by": case((same, link.c.retired_by)),
                "retired_at": case((same, link.c.retired_at)),
                "plan_id": func.coalesce(new.excluded.plan_id, link.c.plan_id),
            },
        )
    )


def _change(connection: Connection, plan: Plan, step: str, **values: object) -> None:
    where = and_(link.c.sync == plan.linked_as, link.c.kind == staged.c.kind, link.c.source_key == staged.c.source_key)
    connection.execute(update(link).values(**values).where(where, staged.c.step == step))
