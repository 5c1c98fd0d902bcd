"""The tracking as the rest of the project sees it: each method is one transaction."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection, Engine

from asset_sync.tracking import changes, reading
from asset_sync.tracking.rows import ChosenExports, Export, Key, Scanned, Sent, Statistics


class Tracking:
    """What was sent to WhatsUp Gold and what became of it, in a database that `asset_sync.tracking.migrate` has made ready.

    A row is a device of NetBox and one of its addresses, on one connection to WhatsUp Gold; its key is both. Addresses are
    canonical everywhere, as `asset_sync.reconcile.addresses.judge` gives them. Every `now` and `since` has a time zone.
    Whoever writes about a connection waits for the others who do.

    News that comes too late changes nothing, such as a started scan of a row whose scan is over. A step that cannot be, such
    as of a row that never began, raises TrackingError, and then nothing of the call is kept (`asset_sync.tracking.lifecycle`).
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    # Sending.

    def begin(self, connection: str, exports: Sequence[Export], now: datetime, *, by_hand: bool) -> set[Key]:
        """Make rows pending before they are sent, and count the attempt. Return the keys that may be sent.

        Those are all but the rows with a scan under way, which stay as they are. The reason is new_device where the device was
        never sent before, ip_change where it was last sent under another address, else manual or scheduled.
        """
        with self._writing(connection) as db:
            return changes.begin(db, connection, exports, now, by_hand=by_hand)

    def exported(self, connection: str, arrived: Mapping[Key, str], now: datetime) -> None:
        """Note that devices are in WhatsUp Gold now; each with its id there."""
        with self._writing(connection) as db:
            changes.exported(db, connection, arrived, now)

    def failed(self, connection: str, errors: Mapping[Key, str], now: datetime) -> None:
        """Note that sending or scanning failed; each with the reason.

        It may be tried again after 15 minutes, and after twice as long with every further attempt that fails, at most a day.
        """
        with self._writing(connection) as db:
            changes.failed(db, connection, errors, now)

    def waiting(self, connection: str, now: datetime) -> dict[Key, str]:
        """Return what must not be sent again now, with why: a scan is under way, or the time after a failure is not over."""
        with self._engine.connect() as db:
            return reading.waiting(db, connection, now)

    def retry_at(self, connection: str, now: datetime) -> datetime | None:
        """Return the last moment (UTC) that has come at which a failure may be tried again; None where none has."""
        with self._engine.connect() as db:
            return reading.retry_at(db, connection, now)

    def recent(self, connection: str, since: datetime) -> dict[Key, datetime]:
        """Return what was sent or scanned since a moment and did not fail, with the last moment (UTC) of either."""
        with self._engine.connect() as db:
            return reading.recent(db, connection, since)

    # Scans.

    def scan_triggered(self, connection: str, keys: Collection[Key], scan_id: str, now: datetime) -> None:
        """Note that a scan was started for rows."""
        with self._writing(connection) as db:
            changes.scan_triggered(db, connection, dict.fromkeys(keys, scan_id), now)

    def open_scans(self, connection: str) -> dict[str, tuple[Scanned, ...]]:
        """Return the rows that wait for each scan that is not over, by the scan's id."""
        with self._engine.connect() as db:
            return reading.open_scans(db, connection)

    def looked(self, connection: str, scan_id: str, state: str, now: datetime) -> None:
        """Note what a look at a scan told, such as its progress, on the rows that still wait for it."""
        with self._writing(connection) as db:
            changes.looked(db, connection, scan_id, state, now)

    def scan_completed(self, connection: str, found: Mapping[Key, str], now: datetime) -> None:
        """Note that a scan found devices; each with its id in WhatsUp Gold. What it did not find has `failed`."""
        with self._writing(connection) as db:
            changes.scan_completed(db, connection, found, now)

    def to_settle(self, connection: str) -> dict[Key, str]:
        """Return the devices that a scan found and whose metadata is still to be written, with their ids in WhatsUp Gold."""
        with self._engine.connect() as db:
            return reading.to_settle(db, connection)

    def settled(self, connection: str, keys: Collection[Key], now: datetime) -> None:
        """Note that the metadata of devices that a scan found was written; rows that were begun again since are left alone."""
        with self._writing(connection) as db:
            changes.settled(db, connection, keys, now)

    # Looking back.

    def reconcile(
        self, connection: str, observed: Mapping[str, tuple[str, str]], desired: Mapping[str, str], now: datetime
    ) -> None:
        """Let unfinished rows follow what is so, which nobody may have told, such as a run that was killed.

        `observed` has the address and the id in WhatsUp Gold of each device that is there, `desired` the address of each that
        is to be exported, both by the id in NetBox; give them whole. What is there at the row's address has arrived: a pending
        or failed row is exported, one with a scan under way scan_completed. A pending row of a device that is not wanted, or
        not at that address, is an error without another attempt.
        """
        with self._writing(connection) as db:
            changes.reconcile(db, connection, observed, desired, now)

    def follow_wanted(
        self, connection: str, wanted: Mapping[str, str], now: datetime, *, whole: bool, but: Collection[Key] = ()
    ) -> None:
        """Let rows follow where devices are to be monitored: `wanted` has their addresses, by the id in NetBox.

        A row of a device that has another address is superseded; not one that is scanned for, nor those named in `but`. Where
        `wanted` is the `whole`, failures of devices that are not wanted are not tried again.
        """
        with self._writing(connection) as db:
            changes.follow_wanted(db, connection, wanted, now, whole=whole, but=but)

    def wug_devices(self, connection: str) -> set[str]:
        """Return the ids in WhatsUp Gold of all devices that were sent, or found by a scan that was asked for."""
        with self._engine.connect() as db:
            return reading.wug_devices(db, connection)

    def statistics(self, connection: str) -> Statistics:
        """Return how a connection stands."""
        with self._engine.connect() as db:
            return reading.statistics(db, connection)

    def exports(self, chosen: ChosenExports, offset: int, limit: int) -> tuple[int, list[Sent]]:
        """Return how many rows are chosen, and a page of them, those that changed their status last first."""
        with self._engine.connect() as db:
            return reading.exports(db, chosen, offset, limit)

    @contextmanager
    def _writing(self, connection: str) -> Iterator[Connection]:
        with self._engine.begin() as db:
            changes.lock(db, connection)
            yield db
