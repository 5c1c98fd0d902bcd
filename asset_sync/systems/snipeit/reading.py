"""Lists read whole or by what changed, page by page: no page is kept here, and what does not fit together is read again.

Snipe-IT has no cursor and no snapshot. Pages by `id` are safe, since an id is in one place; a sort by `updated_at` deals rows
of one second anew wherever a page ends among them. A row that is deleted shortens its list and moves the rows behind it
towards the first page: then the next page begins so much earlier, and what was read stays. Sources: facts/snipeit.md,
"Paging, sort, order"; measured on Snipe-IT 8.1.4.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from asset_sync.reconcile.errors import SourceError
from asset_sync.systems.snipeit.client import NAME, PAGE_SIZE, Page, SnipeItClient
from asset_sync.systems.snipeit.dialect import Dialect
from asset_sync.systems.snipeit.tables import Listing, Table
from asset_sync.systems.snipeit.values import Row

OVERLAP: Final = timedelta(hours=2)
"""How far behind the latest known update a list is read again.

An import is one transaction, whose rows are seen at its end with the moments of their own writing; and at the end of daylight
saving an hour is written twice. A transaction of an hour in that night is within it.
"""

_ATTEMPTS: Final = 3
_SEAT_ATTEMPTS: Final = 12
_STEPS_MOST: Final = 100
_MARGIN: Final = 20
"""So many rows more than went a page begins earlier, since more may go until it is read."""


class Sink(Protocol):
    """Where the rows go."""

    def put(self, rows: list[Row]) -> None:
        """Take the rows of a page; a row may come again, and then the later one counts."""
        ...

    def mark(self) -> int:
        """Return a mark of what was taken so far."""
        ...

    def forget(self, mark: int) -> None:
        """Forget what was taken since a mark."""
        ...


class Mirrored(Protocol):
    """What is known of a list already, by the ids of its rows."""

    def count(self, low: int, high: int) -> int:
        """Return how many ids are known from `low` on and below `high`."""
        ...

    def ids(self, low: int, high: int | None) -> set[int]:
        """Return them; None for all from `low` on."""
        ...


@dataclass(frozen=True, slots=True)
class Read:
    """What one list said.

    How many rows it has at the end, the latest `updated_at` when its reading began, as the server writes it and never later
    than the server's clock, whether all rows came, and how many did: more than it has where some went while it was read.
    """

    total: int
    latest: str = ""
    whole: bool = False
    came: int = 0


class _Moved(Exception):
    """Rows came, went or changed places while the pages were read."""


class TooManyAtOnce(Exception):
    """What changed cannot be told from pages by `updated_at`: the list has to be read whole."""


class Reader:
    """Reads lists of a Snipe-IT whose clock is in a time zone. Raises `SourceError` for a list that cannot be read whole."""

    def __init__(self, client: SnipeItClient, timezone: str = "UTC") -> None:
        self._client = client
        self._zone = ZoneInfo(timezone)
        self._dialect = Dialect(client)

    def whole(self, table: Table, listing: Listing, sink: Sink, *, after: Callable[[Page], bool] | None = None) -> Read:
        """Read all rows of a list; `after`, asked with the first page, may say that the others are not needed."""
        once = self._by_id if table.sort == "id" else self._by_name
        return self._settled(table, sink, lambda: once(table, listing, sink, after))

    def changed(self, table: Table, listing: Listing, sink: Sink, cursor: str) -> Read:
        """Read the rows that were updated since a while before the cursor; see `OVERLAP`.

        Raises `TooManyAtOnce` where more than a page of rows was updated in one second.
        """
        since = self.beginning(cursor)
        return self._settled(table, sink, lambda: self._by_update(table, listing, sink, since))

    def beginning(self, cursor: str) -> str:
        """Return from which `updated_at` on a list is read again. A cursor ahead of the server's clock is not believed."""
        return str(datetime.fromisoformat(self._believed(cursor)) - OVERLAP)

    def logged(self, table: Table, sink: Sink, mirrored: Mirrored) -> tuple[Read, set[int]]:
        """Read the newest page, and what differs in front of it from what is mirrored; return the ids that went, too.

        Entries are added at the end. Where the numbers of those in front differ (an import was seen late, a row was purged),
        halves of the list are compared by their numbers, down to a page.
        """
        gone: set[int] = set()
        came: set[int] = set()
        low, total = 0, 0
        for page in self._paged(table.path, {"sort": "id", "order": "desc"}, PAGE_SIZE):
            self._put(table, sink, page.rows)
            came |= {row["id"] for row in page.rows}
            low, total = min(came, default=0), page.total
            if known := mirrored.ids(low, None):
                gone = known - came
                break
        in_front = total - len(came)
        if in_front != mirrored.count(0, low):
            gone |= self._compared(table, sink, mirrored, (0, in_front), (0, low))
        return Read(total), gone

    def _compared(
        self, table: Table, sink: Sink, mirrored: Mirrored, places: tuple[int, int], ids: tuple[int, int]
    ) -> set[int]:
        """Read what differs between places of the list by id and the ids that are mirrored of them; return what went."""
        (first, last), (low, high) = places, ids
        params: dict[str, str | int] = {"sort": "id", "order": "asc"}
        if last <= first:
            return mirrored.ids(low, high)
        if last - first <= PAGE_SIZE:
            limited = {**params, "limit": last - first, "offset": first}
            rows = [row for row in self._client.page(table.path, limited).rows if low <= row["id"] < high]
            self._put(table, sink, rows)
            return mirrored.ids(low, high) - {row["id"] for row in rows}
        middle = (first + last) // 2
        between = [row["id"] for row in self._client.page(table.path, {**params, "limit": 1, "offset": middle}).rows]
        middle_id = min(max(*between, low), high) if between else high
        gone: set[int] = set()
        for half, of in (((first, middle), (low, middle_id)), ((middle, last), (middle_id, high))):
            if mirrored.count(*of) != half[1] - half[0]:
                gone |= self._compared(table, sink, mirrored, half, of)
        return gone

    def single(self, table: Table, row_id: int) -> Row | None:
        """Return one row as `put` takes it; None where there is none (any more)."""
        row = self._client.row(table.path, row_id)
        return None if row is None else self._dialect.plain(table, [row])[0]

    def seats(self, table: Table, license_id: int, sink: Sink) -> int:
        """Read all seats of a licence, which sort by nothing that is unique; return how many there are.

        An offset behind the last seat begins again at the first, so the total alone says where the end is. Seats of one
        second change places from page to page: they are read with pages of other sizes until all have been seen.
        """
        path = table.path.format(license_id)
        seen: set[int] = set()
        total = 0
        for attempt in range(_SEAT_ATTEMPTS):
            for page in self._paged(path, {"sort": "updated_at", "order": "asc"}, PAGE_SIZE - attempt * 37):
                total = page.total
                seen.update(row["id"] for row in page.rows)
                sink.put(page.rows)
            if len(seen) >= total:
                return total
        raise SourceError(f"{NAME}: /{path} lists {len(seen)} of {total} seats, however it is read; run again later")

    def _put(self, table: Table, sink: Sink, rows: list[Row]) -> None:
        sink.put(self._dialect.plain(table, rows))

    def _settled(self, table: Table, sink: Sink, once: Callable[[], Read]) -> Read:
        mark = sink.mark()
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return once()
            except _Moved as moved:
                if attempt == _ATTEMPTS:
                    told = f"/{table.path} is not whole, {_ATTEMPTS} times in a row: {moved}"
                    raise SourceError(f"{NAME}: {told}; nothing was changed, run again later") from None
                sink.forget(mark)
        raise AssertionError("unreachable")

    def _paged(self, path: str, params: dict[str, str], limit: int) -> Iterator[Page]:
        """Yield pages until as many rows as there are have come. The server may have a smaller limit than ours.

        New rows are behind the last page, in any order that is asked for here; where rows went, as many are read again.
        """
        offset, total, steps = 0, -1, 0
        while total < 0 or offset < total:
            page = self._client.page(path, {**params, "limit": limit, "offset": offset})
            went, total = max(total - page.total, 0), page.total
            if not page.rows and not went and offset < total:
                raise _Moved(f"{offset} of {total} rows came, and then none")
            steps += went > 0
            if steps > _STEPS_MOST:
                raise _Moved("rows go faster than they can be read")
            yield page
            offset = max(offset - went, 0) if went else offset + len(page.rows)

    def _by_id(self, table: Table, listing: Listing, sink: Sink, after: Callable[[Page], bool] | None) -> Read:
        latest, walk, counting = "", _Walk(), None
        while walk.goes_on:
            asked: dict[str, str | int] = {"sort": "id", "order": "asc", "limit": PAGE_SIZE, "offset": walk.offset}
            page = self._client.page(table.path, {**listing.params, **asked})
            is_first = not walk.count
            if not walk.takes(page):
                continue
            if is_first:
                latest = self._latest(table, listing, page)
            self._put(table, sink, page.rows)
            counting = counting or self._client.http.progress.counting(f"rows of {table.path}", page.total)
            counting(len(page.rows))
            if after is not None and not after(page):
                return Read(page.total, latest, walk.count >= page.total, walk.count)
            after = None
        if walk.count < walk.total:
            raise _Moved(f"{walk.count} rows came instead of {walk.total}")
        return Read(walk.total, latest, whole=True, came=walk.count)

    def _by_name(self, table: Table, listing: Listing, sink: Sink, _after: Callable[[Page], bool] | None) -> Read:
        """Suppliers do not sort by id, by a typing error in Snipe-IT; rows of one name may change places."""
        seen: set[int] = set()
        total = 0
        for page in self._paged(table.path, {**listing.params, "sort": table.sort, "order": "asc"}, PAGE_SIZE):
            total = page.total
            seen.update(row["id"] for row in page.rows)
            self._put(table, sink, page.rows)
        if len(seen) < total:
            raise _Moved(f"{len(seen)} rows came instead of {total}")
        return Read(total, whole=True, came=len(seen))

    def _latest(self, table: Table, listing: Listing, first: Page) -> str:
        """Return the latest update before the list is read on; what is updated meanwhile is later and is read next time.

        Only that of the list that is read first counts: what is in the others is read after it.
        """
        if table.changes != "updated" or listing is not table.lists[0]:
            return ""
        if first.total <= len(first.rows):
            return self._believed(max(map(_updated, first.rows), default=""))
        newest: dict[str, str | int] = {**listing.params, "sort": "updated_at", "order": "desc", "limit": 1, "offset": 0}
        return self._believed(max(map(_updated, self._client.page(table.path, newest).rows), default=""))

    def _believed(self, latest: str) -> str:
        """Return the moment, or the server's own if that is earlier: rows may lie in the future of the clock on the wall.

        Nothing is returned for what is no moment.
        """
        try:
            datetime.fromisoformat(latest)
        except ValueError:
            return ""
        now = self._client.answered_at.astimezone(UTC).astimezone(self._zone).replace(tzinfo=None, microsecond=0)
        return min(latest, str(now))

    def _by_update(self, table: Table, listing: Listing, sink: Sink, since: str) -> Read:
        params: dict[str, str | int] = {**listing.params, "sort": "updated_at", "order": "desc", "limit": PAGE_SIZE}
        offset, total, latest, edge, steps = 0, 0, "", "", 0
        while True:
            page = self._client.page(table.path, {**params, "offset": offset})
            updates = [_updated(row) for row in page.rows]
            went = max(total - page.total, 0) if offset else 0
            total, steps = page.total, steps + (went > 0)
            if went and steps <= _STEPS_MOST:
                offset = max(offset - went, 0)
                continue
            if offset and (went or updates[:1] < [edge]):
                raise _Moved("rows went while it was read")
            latest = latest or self._believed(max(updates, default=""))
            self._put(table, sink, [row for row in page.rows if _updated(row) >= since])
            if not updates or offset + len(updates) >= total or updates[-1] < since:
                return Read(total, latest)
            edge = updates[-1]
            start = updates.index(edge)
            if start == 0:
                raise TooManyAtOnce
            # Rows of one second are dealt anew at a page's end: the next page begins where their group begins.
            offset += start


class _Walk:
    """A way through a list by id: which rows have come without a gap, and where the next page begins."""

    def __init__(self) -> None:
        self.offset = 0
        self.total = -1
        self.count = 0
        self._last_id = 0
        self._steps = 0
        self._is_doubtful = False

    @property
    def goes_on(self) -> bool:
        """Whether there is more to read."""
        return self.total < 0 or self.offset < self.total

    def takes(self, page: Page) -> bool:
        """Tell whether no row is missing between what came and this page; if one may be, the next page begins earlier.

        Raises `_Moved` where the rows are in no order, or none came though there are more.
        """
        ids = [row["id"] for row in page.rows]
        if any(later <= earlier for earlier, later in pairwise(ids)):
            raise _Moved("rows come twice, or out of order")
        went, self.total = max(self.total - page.total, 0), page.total
        self._is_doubtful |= went > 0
        if self._is_doubtful and self.offset and not (ids and ids[0] <= self._last_id):
            self._step_back(went)
            return False
        self._is_doubtful = False
        if not ids and self.offset < self.total:
            raise _Moved(f"{self.count} of {self.total} rows came, and then none")
        new = [one for one in ids if one > self._last_id]
        self._last_id = new[-1] if new else self._last_id
        self.count += len(new)
        self.offset += len(ids)
        return True

    def _step_back(self, went: int) -> None:
        self._steps += 1
        if self._steps > _STEPS_MOST:
            raise _Moved("rows go faster than they can be read")
        self.offset = max(self.offset - went - _MARGIN, 0)


def _updated(row: Row) -> str:
    """Return the text that Snipe-IT sorts by; rows without come last in descending order."""
    moment = row.get("updated_at")
    return str(moment.get("datetime") or "") if isinstance(moment, dict) else ""
