"""What is written: rows that begin, rows that take a step, looks at their scans. `connection` is one to WhatsUp Gold."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Interval, Row, TableValuedAlias, Text, case, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from asset_sync.ledger.copying import unnested
from asset_sync.ledger.schema import Moment
from asset_sync.tracking import lifecycle
from asset_sync.tracking.lifecycle import (
    ARRIVED,
    ARRIVES_AS,
    COMES_FROM,
    DELAYS,
    ERROR,
    EXPORTED,
    MOMENT,
    PAST,
    PENDING,
    SCAN_COMPLETED,
    SCAN_TRIGGERED,
    SUPERSEDED,
    Status,
    TrackingError,
)
from asset_sync.tracking.rows import Export, Key
from asset_sync.tracking.schema import SCHEMA, export

_c = export.c
_TOLD: Final[Mapping[Status, str]] = {
    EXPORTED: "wug_device_id",
    SCAN_TRIGGERED: "scan_id",
    SCAN_COMPLETED: "wug_device_id",
    ERROR: "error",
}
"""What is told of a row that comes to a status."""

_OF_ONE_ATTEMPT: Final = ("scan_id", "scan_state", "looked_at", "settled_at", "error", "next_attempt_at")


def lock(db: Connection, connection: str) -> None:
    """Keep everybody else from writing about a connection until the transaction ends."""
    db.execute(select(func.pg_advisory_xact_lock(func.hashtext(SCHEMA), func.hashtext(connection))))


def begin(db: Connection, connection: str, exports: Sequence[Export], now: datetime, *, by_hand: bool) -> set[Key]:
    """Make the exports pending; return the keys of those that now are. See `Tracking.begin`."""
    last = _last_addresses(db, connection, [one.device_id for one in exports])
    once = {(one.device_id, one.address): one for one in exports}.values()
    given = unnested(
        "given",
        netbox_device_id=(Text, [one.device_id for one in once]),
        address=(Text, [one.address for one in once]),
        device_name=(Text, [one.device_name for one in once]),
        reason=(Text, [lifecycle.reason(last.get(one.device_id), one.address, by_hand=by_hand) for one in once]),
    )
    told = {"connection": connection, "status": PENDING, "attempts": 1}
    at = dict.fromkeys(("created_at", MOMENT[PENDING]), literal(now, Moment))
    values = select(*given.c, *map(literal, told.values()), *at.values())
    new = insert(export).from_select([*given.c.keys(), *told, *at], values)
    renewed = {name: new.excluded[name] for name in ("device_name", "reason", "status", MOMENT[PENDING])}
    attempts = case((_c.status.in_(ARRIVED | {SUPERSEDED}), 1), else_=_c.attempts + 1)
    again = new.on_conflict_do_update(
        index_elements=list(export.primary_key),
        where=_c.status.in_(COMES_FROM[PENDING]),
        set_=renewed | dict.fromkeys(_OF_ONE_ATTEMPT) | {"attempts": attempts},
    )
    return _keys(db.execute(again.returning(_c.netbox_device_id, _c.address)))


def exported(db: Connection, connection: str, arrived: Mapping[Key, str], now: datetime) -> None:
    """Note that rows arrived; each with the device's id in WhatsUp Gold."""
    _move(db, connection, EXPORTED, arrived, now, error=None, next_attempt_at=None)


def scan_triggered(db: Connection, connection: str, scans: Mapping[Key, str], now: datetime) -> None:
    """Note that scans were started for rows; each with the scan's id."""
    _move(db, connection, SCAN_TRIGGERED, scans, now)


def scan_completed(db: Connection, connection: str, found: Mapping[Key, str], now: datetime) -> None:
    """Note that scans found the devices of rows; each with the device's id in WhatsUp Gold."""
    _move(db, connection, SCAN_COMPLETED, found, now)


def failed(db: Connection, connection: str, errors: Mapping[Key, str], now: datetime) -> None:
    """Note that rows failed, and when they may be tried again; each with the reason."""
    _move(db, connection, ERROR, errors, now, next_attempt_at=literal(now, Moment) + _delay())


def reconcile(
    db: Connection,
    connection: str,
    observed: Mapping[str, tuple[str, str]],
    desired: Mapping[str, str],
    now: datetime,
) -> None:
    """Let unfinished rows follow what is seen and wanted. See `Tracking.reconcile`."""
    query = select(_c.netbox_device_id, _c.address, _c.status).where(_c.connection == connection)
    unfinished = db.execute(query.where(_c.status.in_(ARRIVES_AS)))
    found = lifecycle.overtaken(((row.netbox_device_id, row.address, row.status) for row in unfinished), observed, desired)
    exported(db, connection, found[EXPORTED], now)
    scan_completed(db, connection, found[SCAN_COMPLETED], now)
    _move(db, connection, ERROR, found[ERROR], now, next_attempt_at=None)


def follow_wanted(
    db: Connection, connection: str, wanted: Mapping[str, str], now: datetime, *, whole: bool, but: Collection[Key]
) -> None:
    """Supersede rows of former addresses, and end the attempts of what nobody wants. See `Tracking.follow_wanted`."""
    given = unnested("given", device_id=(Text, list(wanted)), address=(Text, list(wanted.values())))
    kept = unnested("kept", device_id=(Text, [key[0] for key in but]), address=(Text, [key[1] for key in but]))
    theirs = (_c.connection == connection, _c.netbox_device_id == given.c.device_id, _c.address != given.c.address)
    is_kept = select(1).where(kept.c.device_id == _c.netbox_device_id, kept.c.address == _c.address).exists()
    former = update(export).where(*theirs, _c.status.in_(COMES_FROM[SUPERSEDED]), ~is_kept)
    db.execute(former.values(status=SUPERSEDED, superseded_at=now, next_attempt_at=None))
    if whole:
        is_wanted = select(1).where(given.c.device_id == _c.netbox_device_id).exists()
        unwanted = update(export).where(_c.connection == connection, _c.status == ERROR, ~is_wanted)
        db.execute(unwanted.values(next_attempt_at=None))


def looked(db: Connection, connection: str, scan_id: str, state: str, now: datetime) -> None:
    """Note a look at a scan on the rows that wait for it."""
    waiting = (_c.connection == connection, _c.scan_id == scan_id, _c.status == SCAN_TRIGGERED)
    db.execute(update(export).where(*waiting).values(scan_state=state, looked_at=now))


def settled(db: Connection, connection: str, keys: Collection[Key], now: datetime) -> None:
    """Note that the metadata of devices that scans found was written."""
    given = _given(dict.fromkeys(keys, ""))
    db.execute(update(export).where(*_are(connection, given), _c.status == SCAN_COMPLETED).values(settled_at=now))


def _move(
    db: Connection, connection: str, to: Status, told: Mapping[Key, str], now: datetime, **more: ColumnElement[Any] | None
) -> None:
    if not told:
        return
    given = _given(told)
    stepping = update(export).where(*_are(connection, given), _c.status.in_(COMES_FROM[to]))
    moved = stepping.values({"status": to, MOMENT[to]: now, _TOLD[to]: given.c.told} | more)
    _refuse_unless_past(db, connection, to, told.keys() - _keys(db.execute(moved.returning(_c.netbox_device_id, _c.address))))


def _refuse_unless_past(db: Connection, connection: str, to: Status, keys: Collection[Key]) -> None:
    if not keys:
        return
    given = _given(dict.fromkeys(keys, ""))
    query = select(_c.netbox_device_id, _c.address, _c.status).where(*_are(connection, given))
    statuses = {(device_id, address): status for device_id, address, status in db.execute(query)}
    for key in sorted(keys):
        status = statuses.get(key, "not tracked")
        if status not in PAST[to]:
            raise TrackingError(f"device {key[0]} at {key[1]} on {connection} is {status}: it cannot become {to}")


def _last_addresses(db: Connection, connection: str, device_ids: Sequence[str]) -> dict[str, str]:
    """Return the address under which each device was last sent."""
    theirs = (_c.connection == connection, _c.netbox_device_id == func.any(list(device_ids)))
    query = select(_c.netbox_device_id, _c.address).where(*theirs).order_by(_c.pending_at, _c.address)
    return {row.netbox_device_id: row.address for row in db.execute(query)}


def _given(told: Mapping[Key, str]) -> TableValuedAlias:
    return unnested(
        "given",
        device_id=(Text, [device_id for device_id, _ in told]),
        address=(Text, [address for _, address in told]),
        told=(Text, list(told.values())),
    )


def _are(connection: str, given: TableValuedAlias) -> tuple[ColumnElement[bool], ...]:
    return _c.connection == connection, _c.netbox_device_id == given.c.device_id, _c.address == given.c.address


def _keys(rows: Iterable[Row[Any]]) -> set[Key]:
    return {(row.netbox_device_id, row.address) for row in rows}


def _delay() -> ColumnElement[timedelta]:
    waits = [(_c.attempts == failures, literal(delay, Interval)) for failures, delay in enumerate(DELAYS, start=1)]
    return case(*waits, else_=literal(DELAYS[-1], Interval))
