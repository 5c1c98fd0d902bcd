"""Links: which record of the source is which object of the target, and what was last applied to it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import orjson
import pandas as pd
import pyarrow as pa
from sqlalchemy import (
    ColumnElement,
    Connection,
    DateTime,
    Text,
    and_,
    case,
    cast,
    delete,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert

from asset_sync.ledger import elsewhere, staging
from asset_sync.ledger.copying import copy_out
from asset_sync.ledger.schema import link, staged
from asset_sync.ledger.staging import Staged, stage
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.identity import DECISION
from asset_sync.reconcile.identity.returning import LEFT_MARK, left_key
from asset_sync.reconcile.kinds import FieldType, Kind
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.planning.leaving import FORGOTTEN, LEAVES, OF_LEFT, WRITTEN
from asset_sync.reconcile.resolutions import Resolution
from asset_sync.reconcile.tables import (
    LINK_COLUMNS,
    MOMENT,
    RETIRED_BY_SYNC,
    RETIRED_BY_UNDO,
    base_column,
    emptied_column,
    identity_column,
)
from asset_sync.reconcile.target import ALREADY, Outcome

CREATED: Final = "created"

Record = dict[str, Any]
"""An operation as `asset_sync.reconcile.plan.records` gives it."""

_ARROW: Final[Mapping[FieldType, pa.DataType]] = {
    "text": pa.large_string(),
    "date": pa.large_string(),
    "reference": pa.large_string(),
    "references": pa.large_string(),
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
    "made": pa.bool_(),
    "left": pa.bool_(),
    "parted": pa.bool_(),
}
_PANDAS: Final = {
    pa.int64(): pd.Int64Dtype(),
    pa.float64(): pd.Float64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
}


def read(
    connection: Connection,
    link_set: str,
    asked_by: str,
    kind: Kind,
    *,
    remembered: Collection[str],
    clearing: Collection[str],
) -> pd.DataFrame:
    """Return a kind's links as `asset_sync.reconcile.tables` describes them.

    There is a base column for each remembered field, an emptied one for each of those that are `clearing`, an identity column
    for each field that identifies. `link_set` names the links, `asked_by` the sync that goes by them: its own records have
    no `told_by`.
    """
    since = func.timezone("UTC", link.c.missing_since).label("missing_since")
    others = func.nullif(link.c.told_by, asked_by).label("told_by")
    # As text, because PostgreSQL writes a truth value as t and f.
    made = cast(link.c.made, Text).label("made")
    left = cast(link.c.claimed.in_(OF_LEFT), Text).label("left")
    parted = cast(link.c.claimed.in_([LEAVES, WRITTEN]), Text).label("parted")
    special = {"missing_since": since, "told_by": others, "made": made, "left": left, "parted": parted}
    columns = [special[name] if name in special else link.c[name] for name in LINK_COLUMNS]
    bases = {base_column(name): kind.field(name) for name in remembered}
    columns += [link.c.base[field.name].astext.label(label) for label, field in bases.items()]
    columns += [_is_emptied(name).label(emptied_column(name)) for name in clearing]
    columns += [link.c.identity[name].astext.label(identity_column(name)) for name in kind.identifying]
    query = select(*columns).where(link.c.sync == link_set, link.c.kind == kind.name).order_by(link.c.source_key)
    types = _LINK_ARROW | {label: _ARROW[field.type] for label, field in bases.items()}
    types |= dict.fromkeys(map(emptied_column, clearing), pa.bool_())
    types |= dict.fromkeys(map(identity_column, kind.identifying), pa.large_string())
    frame: pd.DataFrame = copy_out(connection, query, types).to_pandas(types_mapper=_PANDAS.get)
    return frame.assign(missing_since=frame["missing_since"].dt.tz_localize("UTC"))


def _is_emptied(name: str) -> ColumnElement[str]:
    """Whether the field's value last applied is known to be none."""
    # As text, because PostgreSQL writes a truth value as t and f.
    return cast(func.coalesce(func.jsonb_typeof(link.c.base[name]) == "null", false()), Text)


def forget_decided(connection: Connection, link_set: str, decided: Resolution, at: datetime) -> None:
    """Forget that a record is an object, where a person's decision alone made it that.

    What was written to the object since stays known, by the key of what a record left: it is given up where it is needed. But
    not where a record is called so: it keeps its name. Whichever of the decisions that say the same linked them first.
    """
    c = link.c
    those = (c.sync == link_set, c.kind == decided.kind, c.source_key == decided.source_key, c.target_id == decided.target_id)
    by_decision = (*those, c.claimed.startswith(f"{DECISION}: "))
    key = left_key(decided.source_key, str(decided.target_id))
    other = link.alias("other").c
    is_called_so = exists().where(other.sync == link_set, other.kind == decided.kind, other.source_key == key)
    connection.execute(delete(link).where(*by_decision, or_(and_(c.plan_id.is_(None), ~c.made), is_called_so)))
    missing = case((c.made, literal(at, c.missing_since.type)), else_=None)
    connection.execute(update(link).where(*by_decision).values(source_key=key, missing_since=missing, claimed=FORGOTTEN))


def note_sighting(connection: Connection, plan: Plan, at: datetime, *, absences: bool) -> None:
    """Remember what the plan says of the source: links claimed (no held ones); where `absences`, what is missing, or back."""
    steps = stage(connection, _sighted(plan))
    if staging.JOIN in steps:
        _join(connection, plan, at, plan_id=None)
    if staging.FREED in steps:
        _change(connection, plan, staging.FREED, retired_by=None, retired_at=None)
    if absences:
        _count_absences(connection, plan, steps, at)


def note_absences(connection: Connection, plan: Plan, at: datetime) -> None:
    """Remember of the records that are linked already which are missing, and which are back."""
    _count_absences(connection, plan, stage(connection, _sighted(plan)), at)


def _count_absences(connection: Connection, plan: Plan, steps: Collection[str], at: datetime) -> None:
    if staging.SEEN in steps:
        _change(connection, plan, staging.SEEN, missing_since=None, missing_runs=0)
    if staging.DOUBTED in steps:
        _change(connection, plan, staging.DOUBTED, missing_since=at, missing_runs=0)
    if staging.MISSED in steps:
        since = func.coalesce(link.c.missing_since, at)
        _change(connection, plan, staging.MISSED, missing_since=since, missing_runs=link.c.missing_runs + 1)


def follow(
    connection: Connection,
    plan: Plan,
    done: Sequence[tuple[Record, Outcome]],
    created: Mapping[tuple[str, str], str],
    at: datetime,
) -> None:
    """Make the links follow operations that were applied, in the plan's order, each with its outcome (and object's id).

    `created` holds the ids of the objects that the plan made, by kind and key. An undo leaves the remembered values alone: a
    shared value that was put back counts as a person's decision, and an object that it retired stays so. But what it gave an
    object for the time being is nobody's decision where it comes no further, nor is what it gave back that this sync had
    written and let another object have: both are planned again. It looked at no source: what is missing is missing still.
    """
    stopovers = _stopovers(plan) if plan.undoes else None
    # A batch is of one operation, mostly: what is not staged need not be asked for.
    steps = stage(connection, _merged(_followed(done, created, stopovers)))
    if plan.undoes:
        _find_left(connection, plan)
    if staging.JOIN in steps:
        _join(connection, plan, at, plan_id=plan.id)
    if staging.WRITTEN in steps:
        _change(
            connection,
            plan,
            staging.WRITTEN,
            version=func.coalesce(staged.c.version, link.c.version),
            created=func.coalesce(staged.c.created, link.c.created),
            base=link.c.base.concat(func.coalesce(staged.c.base, literal({}, JSONB))),
            identity=link.c.identity.concat(func.coalesce(staged.c.identity, literal({}, JSONB))),
            plan_id=plan.id,
        )
    if staging.RETIRED in steps:
        _change(connection, plan, staging.RETIRED, retired_by=staged.c.retired_by, retired_at=at)
    if staging.RESTORED in steps:
        back = {} if plan.undoes else {"missing_since": None, "missing_runs": 0}
        _change(connection, plan, staging.RESTORED, retired_by=None, retired_at=None, **back)
        elsewhere.bring_back(connection, plan.link_set, staging.RESTORED)


def references(changes: p.Changes) -> Iterator[tuple[str, str]]:
    """The kind and key of each object that the changes point to and that the plan was still to create."""
    for change in changes.values():
        for new in (change["new"], change.get("base")):
            members = new if isinstance(new, list) else [new]
            yield from ((each["kind"], each["key"]) for each in members if isinstance(each, dict) and each["id"] is None)


def _sighted(plan: Plan) -> Iterator[Staged]:
    # What is left over is no record's, and none is missing for it.
    rows = plan.operations[plan.operations["source_key"].notna()]
    restored = rows[rows["op"] == p.RESTORE]
    kept = set(zip(restored["kind"], restored["source_key"], strict=True))
    claims = (rows["op"] == p.CLAIM) & rows["hold"].isna()
    for row in p.records(rows[claims | rows["op"].isin([p.SEEN, p.RETIRE])]):
        where = (row["kind"], row["source_key"])
        if row["op"] == p.CLAIM:
            there = Outcome(row["seq"], ALREADY, None, row["target_id"], row["version"])
            yield _written(staging.JOIN, row, there, _bases(p.decode(row["changes"]), {}))._replace(claimed=_rule(row))
        elif row["op"] == p.RETIRE:
            yield Staged(staging.DOUBTED if row["reason"] == p.MAY_BE_THERE else staging.MISSED, *where)
        else:
            yield Staged(staging.SEEN, *where)
            if where not in kept and row["target_id"] is not None:
                yield Staged(staging.FREED, *where)


def _followed(
    done: Iterable[tuple[Record, Outcome]], created: Mapping[tuple[str, str], str], stopovers: Mapping[int, p.Changes] | None
) -> Iterator[Staged]:
    """Return the steps of links. `stopovers` are an undo's, which remembers nothing else."""
    for row, outcome in done:
        op = row["op"]
        if op in {p.RETIRE, p.RESTORE}:
            step = staging.RETIRED if op == p.RETIRE else staging.RESTORED
            by_undo = stopovers is not None and row["reason"] != p.RETIRED_AGAIN
            by = RETIRED_BY_UNDO if by_undo else RETIRED_BY_SYNC
            yield Staged(step, row["kind"], row["source_key"], outcome.target_id, retired_by=by)
        if row["reason"] == p.GIVEN_BACK:
            known = dict(_bases(p.decode(row["changes"]), created))
            yield _written(staging.WRITTEN, row, outcome, known.items())._replace(identity=known)
        elif stopovers is not None:
            written = _written(staging.WRITTEN, row, outcome, _bases(stopovers.get(row["seq"], {}), created))
            yield written._replace(identity={**(written.identity or {}), **_put_back(row, created)})
        elif op == p.RETIRE:
            yield _written(staging.WRITTEN, row, outcome, ())
        else:
            bases = [*_bases(p.decode(row["changes"]), created), *_in_their_place(outcome)]
            yield _written(staging.JOIN, row, outcome, bases)._replace(claimed=CREATED if op == p.CREATE else _rule(row))


def _put_back(row: Record, created: Mapping[tuple[str, str], str]) -> dict[str, object]:
    """Return what makes an object that object by what an undo wrote to it: else it passed for another one under its id."""
    about = orjson.loads(row["about"])["values"] or {} if row["about"] else {}
    return {name: value for name, value in _bases(p.decode(row["changes"]), created) if name in about and value is not None}


def _stopovers(plan: Plan) -> dict[int, p.Changes]:
    """Return, by row number, what is to be remembered of values that an object has for the time being.

    After all but the last write of a field it is what was written; after the last one it is what was remembered before.
    """
    written: dict[tuple[str, str, str], list[tuple[int, dict[str, Any]]]] = defaultdict(list)
    for row in p.records(plan.writes):
        for name, change in p.decode(row["changes"]).items():
            written[row["kind"], row["target_id"], name].append((row["seq"], change))
    found: dict[int, p.Changes] = defaultdict(dict)
    for (_, _, name), several in written.items():
        (_, first), (last, _) = several[0], several[-1]
        for seq, change in several if len(several) > 1 else ():
            found[seq][name] = {"new": first["old"] if seq == last else change["new"]}
    return found


def _merged(rows: Iterable[Staged]) -> Iterable[Staged]:
    """Return one row for each step of a link: a plan may write to an object several times."""
    merged: dict[tuple[str, str, str], Staged] = {}
    for row in rows:
        before = merged.get(row[:3])
        merged[row[:3]] = before.then(row) if before else row
    return merged.values()


def _written(step: str, row: Record, outcome: Outcome, bases: Iterable[tuple[str, object]]) -> Staged:
    identity = orjson.loads(row["identity"]) if row["identity"] else {"created": None, "values": None}
    values = {name: outcome.instead.get(name, value) for name, value in (identity["values"] or {}).items()}
    return Staged(
        step,
        row["kind"],
        row["source_key"],
        outcome.target_id,
        version=outcome.version,
        created=identity["created"] or outcome.created,
        base=dict(bases),
        identity=values,
    )


def _bases(changes: p.Changes, created: Mapping[tuple[str, str], str]) -> Iterator[tuple[str, object]]:
    """The values that fields have after the changes; of a reference, the id of the object once that is made.

    A set that is short of a member that was not made keeps what it was to lose, and that stays this sync's.
    """
    for name, change in changes.items():
        new, lost = change.get("base", change["new"]), change.get("old") or []
        if isinstance(new, list) and any(_id(member, created) is None for member in new):
            new = [*new, *(member for member in lost if member not in change["new"])]
        value = p.stored(new, lambda kind, key: created.get((kind, key)))
        if value is not None or not isinstance(new, dict):
            yield name, value


def _id(reference: Mapping[str, Any], created: Mapping[tuple[str, str], str]) -> str | None:
    return reference["id"] or created.get((reference["kind"], reference["key"]))


def _in_their_place(outcome: Outcome) -> Iterator[tuple[str, object]]:
    """The values that fields have in the place of others; of a set that lacks members, its changes say what is remembered."""
    return ((name, outcome.instead[name]) for name in outcome.unstored)


def _rule(row: Record) -> str:
    return str(row["reason"]).removeprefix("matched by ")


def _join(connection: Connection, plan: Plan, at: datetime, plan_id: str | None) -> None:
    """Link the staged records to their objects: an object that another record held is taken from it."""
    _take_over(connection, plan)
    columns: dict[str, ColumnElement[Any]]
    columns = {name: staged.c[name] for name in ("kind", "source_key", "target_id", "claimed", "version", "created")}
    columns |= {name: func.coalesce(staged.c[name], literal({}, JSONB)) for name in ("base", "identity")}
    told = {
        "sync": literal(plan.link_set),
        "told_by": literal(plan.sync),
        "first_seen": literal(at, link.c.first_seen.type),
        "plan_id": literal(plan_id, link.c.plan_id.type),
        "made": or_(staged.c.claimed == CREATED, func.coalesce(staged.c.made, false())),
        "retired_by": staged.c.retired_by,
        "retired_at": staged.c.retired_at,
    }
    rows = select(*columns.values(), *told.values()).where(staged.c.step == staging.JOIN)
    new = insert(link).from_select([*columns, *told], rows)
    # A target that came back from a backup gives ids again: what is made, now or at another time, is another object.
    at_once = made_at_once(link.c.created, new.excluded.created)
    same = and_(link.c.target_id == new.excluded.target_id, new.excluded.claimed != CREATED, at_once)
    connection.execute(
        new.on_conflict_do_update(
            index_elements=[link.c.sync, link.c.kind, link.c.source_key],
            set_={
                "target_id": new.excluded.target_id,
                "claimed": case((same, link.c.claimed), else_=new.excluded.claimed),
                "base": case((same, link.c.base.concat(new.excluded.base)), else_=new.excluded.base),
                "identity": case((same, link.c.identity.concat(new.excluded.identity)), else_=new.excluded.identity),
                "version": func.coalesce(new.excluded.version, case((same, link.c.version))),
                "created": func.coalesce(new.excluded.created, case((same, link.c.created))),
                "told_by": case((same, link.c.told_by), else_=new.excluded.told_by),
                "first_seen": case((same, link.c.first_seen), else_=new.excluded.first_seen),
                "missing_since": case((same, link.c.missing_since)),
                "missing_runs": case((same, link.c.missing_runs), else_=0),
                "made": or_(new.excluded.made, and_(same, link.c.made)),
                "retired_by": case((same, link.c.retired_by), else_=new.excluded.retired_by),
                "retired_at": case((same, link.c.retired_at), else_=new.excluded.retired_at),
                "plan_id": func.coalesce(new.excluded.plan_id, link.c.plan_id),
            },
        )
    )


def made_at_once(one: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return whether nothing says that two were made at different times: as `asset_sync.reconcile.tables.made_apart`."""
    moments = and_(one.op("~")(MOMENT), other.op("~")(MOMENT))
    at_once = cast(one, DateTime(timezone=True)) == cast(other, DateTime(timezone=True))
    return func.coalesce(case((one == other, true()), (moments, at_once), else_=one == other), true())


def _take_over(connection: Connection, plan: Plan) -> None:
    """End the links of other records to the staged objects.

    What was applied to an object is true of it, whosever it is, and so is that this sync made it, or retired it.
    """
    ours = and_(staged.c.step == staging.JOIN, link.c.sync == plan.link_set, link.c.kind == staged.c.kind)
    held = and_(link.c.target_id == staged.c.target_id, link.c.source_key != staged.c.source_key)
    of_objects = (link.c.made, link.c.retired_by, link.c.retired_at)
    told = (link.c.kind, link.c.target_id, link.c.created, link.c.base, *of_objects)
    ended = delete(link).where(ours, held).returning(*told).cte("ended")
    of_it = and_(staged.c.step == staging.JOIN, staged.c.kind == ended.c.kind, staged.c.target_id == ended.c.target_id)
    # Under an id that was given again, now or at another time, stands another object.
    same = and_(staged.c.claimed != CREATED, made_at_once(staged.c.created, ended.c.created))
    applied = ended.c.base.concat(func.coalesce(staged.c.base, literal({}, JSONB)))
    true_still = {each.name: ended.c[each.name] for each in of_objects}
    connection.execute(update(staged).values(base=applied, **true_still).where(of_it, same))


def _find_left(connection: Connection, plan: Plan) -> None:
    """Let what is staged for objects that their records left meanwhile be staged for the links that these have since."""
    left = func.concat(staged.c.source_key, LEFT_MARK, staged.c.target_id, ")")
    about = and_(link.c.sync == plan.link_set, link.c.kind == staged.c.kind, link.c.target_id == staged.c.target_id)
    connection.execute(update(staged).values(source_key=link.c.source_key).where(about, link.c.source_key == left))


def _change(connection: Connection, plan: Plan, step: str, **values: object) -> None:
    where = and_(link.c.sync == plan.link_set, link.c.kind == staged.c.kind, link.c.source_key == staged.c.source_key)
    about = or_(staged.c.target_id.is_(None), link.c.target_id == staged.c.target_id)
    connection.execute(update(link).values(**values).where(where, about, staged.c.step == step))
