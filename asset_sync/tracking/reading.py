"""What is read: scans that are open, rows that must wait, and how a connection stands. `connection` is one to WhatsUp Gold."""

from collections.abc import Collection
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, case, func, or_, select

from asset_sync.ledger.schema import Moment
from asset_sync.tracking.lifecycle import ARRIVED, COUNTED, ERROR, MOMENT, SCAN_COMPLETED, SCAN_TRIGGERED, SUPERSEDED, Status
from asset_sync.tracking.rows import Change, ChosenExports, Key, Scanned, Sent, Statistics
from asset_sync.tracking.schema import export

_c = export.c
_stands = _c.status != SUPERSEDED
_LATEST: Final = 10
_SENT: Final[frozenset[Status]] = ARRIVED | {SCAN_TRIGGERED}


def open_scans(db: Connection, connection: str) -> dict[str, tuple[Scanned, ...]]:
    """Return the rows that wait for each scan, by its id."""
    query = select(_c.scan_id, _c.netbox_device_id, _c.address, _c.scan_triggered_at, _c.looked_at)
    query = query.where(_c.connection == connection, _c.status == SCAN_TRIGGERED)
    rows = db.execute(query.order_by(_c.scan_id, _c.netbox_device_id, _c.address))
    return {scan_id: tuple(Scanned(*row[1:]) for row in scanned) for scan_id, scanned in groupby(rows, lambda row: str(row[0]))}


def to_settle(db: Connection, connection: str) -> dict[Key, str]:
    """Return the rows that a scan completed and whose metadata is still to be written, with the id in WhatsUp Gold."""
    query = select(_c.netbox_device_id, _c.address, _c.wug_device_id).where(_c.connection == connection)
    rows = db.execute(query.where(_c.status == SCAN_COMPLETED, _c.settled_at.is_(None)))
    return {(row.netbox_device_id, row.address): row.wug_device_id for row in rows}


def waiting(db: Connection, connection: str, now: datetime) -> dict[Key, str]:
    """Return the rows that must not be sent again now, with why."""
    under_way = _c.status == SCAN_TRIGGERED
    too_early = (_c.status == ERROR) & (_c.next_attempt_at > now)
    rows = db.execute(select(export).where(_c.connection == connection, or_(under_way, too_early)))
    return {(row.netbox_device_id, row.address): _why(row) for row in rows}


def retry_at(db: Connection, connection: str, now: datetime) -> datetime | None:
    """Return the last moment that has come at which a failed row may be tried again."""
    query = select(func.max(_c.next_attempt_at)).where(_c.connection == connection, _c.status == ERROR)
    found: datetime | None = db.scalar(query.where(_c.next_attempt_at <= now))
    return found


def recent(db: Connection, connection: str, since: datetime) -> dict[Key, datetime]:
    """Return the rows that were exported, or for which a scan was started or completed, since a moment, with the last one."""
    last = _last(_SENT).label("last")
    query = select(_c.netbox_device_id, _c.address, last).where(_c.connection == connection, last >= since)
    rows = db.execute(query.where(_c.status.in_(_SENT)))
    return {(row.netbox_device_id, row.address): row.last for row in rows}


def wug_devices(db: Connection, connection: str) -> set[str]:
    """Return the ids in WhatsUp Gold of all rows that have one."""
    return set(db.scalars(select(_c.wug_device_id).where(_c.connection == connection, _c.wug_device_id.is_not(None))))


def statistics(db: Connection, connection: str) -> Statistics:
    """Return how a connection stands; what is superseded does not count."""
    query = select(_c.status, func.count().label("rows")).where(_c.connection == connection, _stands).group_by(_c.status)
    counts = dict.fromkeys(COUNTED, 0) | {row.status: row.rows for row in db.execute(query)}
    last = db.scalar(select(func.max(_last(ARRIVED))).where(_c.connection == connection))
    return Statistics(total=sum(counts.values()), **counts, last_export=last, recent=_changes(db, connection))


def exports(db: Connection, chosen: ChosenExports, offset: int, limit: int) -> tuple[int, list[Sent]]:
    """Return how many rows are chosen, and a page of them, those that changed their status last first."""
    wanted = {_c.connection: chosen.connection, _c.status: chosen.status, _c.netbox_device_id: chosen.device_id}
    where = [column == value for column, value in {**wanted, _c.address: chosen.address}.items() if value is not None]
    if chosen.since is not None:
        where.append(_since() >= chosen.since)
    total = db.scalar(select(func.count()).select_from(export).where(*where)) or 0
    columns = [_c[name] for name in ("connection", "netbox_device_id", "device_name", "address", "status", "reason")]
    more = [_c[name] for name in ("attempts", "next_attempt_at", "wug_device_id", "error")]
    query = select(*columns, _since().label("at"), *more).where(*where)
    by_time = query.order_by(_since().desc(), _c.connection, _c.netbox_device_id, _c.address)
    return total, [Sent(*row) for row in db.execute(by_time.offset(offset).limit(limit))]


def _since() -> ColumnElement[Any]:
    """Return when a row came to its status."""
    return case(*((_c.status == status, _c[name]) for status, name in MOMENT.items()))


def _changes(db: Connection, connection: str) -> tuple[Change, ...]:
    since = _since()
    query = select(_c.address, _c.device_name, _c.status, since, _c.error).where(_c.connection == connection, _stands)
    rows = db.execute(query.order_by(since.desc(), _c.netbox_device_id, _c.address).limit(_LATEST))
    return tuple(Change(*row) for row in rows)


def _last(statuses: Collection[Status]) -> ColumnElement[datetime]:
    return func.greatest(*(_c[MOMENT[status]] for status in statuses), type_=Moment)


def _why(row: Row[Any]) -> str:
    if row.status == SCAN_TRIGGERED:
        return f"scan {row.scan_id} is under way since {_told(row.scan_triggered_at)}"
    times = "once" if row.attempts == 1 else f"{row.attempts} times"
    return f"failed {times}, tried again after {_told(row.next_attempt_at)}: {row.error}"


def _told(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
