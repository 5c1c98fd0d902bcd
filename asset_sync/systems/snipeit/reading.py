"""Lists read whole or by what changed, page by page: no page is kept here, and what does not fit together is read again.

Snipe-IT has no cursor and no snapshot. Pages by `id` are safe, since an id is in one place; a sort by `updated_at` deals rows
of one second anew wherever a page ends among them. Sources: facts/snipeit.md, "Paging, sort, order".
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from asset_sync.reconcile.errors import SourceError
from asset_sync.systems.snipeit.client import NAME, PAGE_SIZE, Page, SnipeItClient
from asset_sync.systems.snipeit.tables import Listing, Table
from asset_sync.systems.snipeit.values import Row

_ATTEMPTS: Final = 3
_SEAT_ATTEMPTS: Final = 12


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


@dataclass(frozen=True, slots=True)
class Read:
    """What one list said.

    How many rows it has, the latest `updated_at` when its reading began, as the server writes it, and whether all rows came.
    """

    total: int
    latest: str = ""
    whole: bool = False


class _Moved(Exception):
    """Rows came, went or changed places while the pages were read."""


class TooManyAtOnce(Exception):
    """What changed cannot be told from pages by `updated_at`: the list has to be read whole."""


class Reader:
    """Reads lists of a Snipe-IT. Raises `SourceError` for a list that is not whole, however often it is read."""

    def __init__(self, client: SnipeItClient) -> None:
        self._client = client

    def whole(self, table: Table, listing: Listing, sink: Sink, *, after: Callable[[Page], bool] | None = None) -> Read:
        """Read all rows of a list; `after`, asked with the first page, may say that the others are not needed."""
        once = self._by_id if table.sort == "id" else self._by_name
        return self._settled(table, sink, lambda: once(table, listing, sink, after))

    def changed(self, table: Table, listing: Listing, sink: Sink, since: str) -> Read:
        """Read the rows that were updated at `since` or later.

        Raises `TooManyAtOnce` where more than a page of rows was updated in one second.
        """
        return self._settled(table, sink, lambda: self._by_update(table, listing, sink, since))

    def appended(self, table: Table, sink: Sink, last_id: int) -> Read:
        """Read the rows whose id is above the last one known."""
        return self._settled(table, sink, lambda: self._from_the_end(table, sink, last_id))

    def seats(self, path: str, sink: Sink) -> int:
        """Read all seats of a licence, which sort by nothing that is unique; return how many there are.

        An offset behind the last seat begins again at the first, so the total alone says where the end is. Seats of one
        second change places from page to page: they are read with pages of other sizes until all have been seen.
        """
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

        New rows are behind the last page, in any order that is asked for here; one that goes moves others past a page's end.
        """
        offset, total = 0, -1
        while total < 0 or offset < total:
            page = self._client.page(path, {**params, "limit": limit, "offset": offset})
            if page.total < total:
                raise _Moved(f"it had {total} rows, and then {page.total}")
            total = page.total
            offset += len(page.rows)
            if not page.rows and offset < total:
                raise _Moved(f"{offset} of {total} rows came, and then none")
            yield page

    def _by_id(self, table: Table, listing: Listing, sink: Sink, after: Callable[[Page], bool] | None) -> Read:
        latest, last_id, total, count = "", 0, 0, 0
        for page in self._paged(table.path, {**listing.params, "sort": "id", "order": "asc"}, PAGE_SIZE):
            ids = [row["id"] for row in page.rows]
            if any(later <= earlier for earlier, later in zip([last_id, *ids], ids, strict=False)):
                raise _Moved("rows come twice, or out of order")
            if not count:
                latest = self._latest(table, listing, page)
            total, last_id, count = page.total, ids[-1] if ids else last_id, count + len(ids)
            sink.put(page.rows)
            if after is not None and not after(page):
                return Read(total, latest, count >= total)
            after = None
        if count != total:
            raise _Moved(f"{count} rows came instead of {total}")
        return Read(total, latest, whole=True)

    def _by_name(self, table: Table, listing: Listing, sink: Sink, _after: Callable[[Page], bool] | None) -> Read:
        """Suppliers do not sort by id, by a typing error in Snipe-IT; rows of one name may change places."""
        seen: set[int] = set()
        total = 0
        for page in self._paged(table.path, {**listing.params, "sort": table.sort, "order": "asc"}, PAGE_SIZE):
            total = page.total
            seen.update(row["id"] for row in page.rows)
            sink.put(page.rows)
        if len(seen) != total:
            raise _Moved(f"{len(seen)} rows came instead of {total}")
        return Read(total, whole=True)

    def _latest(self, table: Table, listing: Listing, first: Page) -> str:
        """Return the latest update before the list is read on; what is updated meanwhile is later and is read next time.

        Only that of the list that is read first counts: what is in the others is read after it.
        """
        if table.changes != "updated" or listing is not table.lists[0]:
            return ""
        if first.total <= len(first.rows):
            return max(map(_updated, first.rows), default="")
        newest: dict[str, str | int] = {**listing.params, "sort": "updated_at", "order": "desc", "limit": 1, "offset": 0}
        return max(map(_updated, self._client.page(table.path, newest).rows), default="")

    def _by_update(self, table: Table, listing: Listing, sink: Sink, since: str) -> Read:
        params: dict[str, str | int] = {**listing.params, "sort": "updated_at", "order": "desc", "limit": PAGE_SIZE}
        offset, total, latest, edge = 0, 0, "", ""
        while True:
            page = self._client.page(table.path, {**params, "offset": offset})
            updates = [_updated(row) for row in page.rows]
            if offset and (page.total < total or updates[:1] < [edge]):
                raise _Moved("rows went while it was read")
            total, latest = page.total, latest or max(updates, default="")
            sink.put([row for row in page.rows if _updated(row) >= since])
            if not updates or offset + len(updates) >= total or updates[-1] < since:
                return Read(total, latest)
            edge = updates[-1]
            start = updates.index(edge)
            if start == 0:
                raise TooManyAtOnce
            # Rows of one second are dealt anew at a page's end: the next page begins where their group begins.
            offset += start

    def _from_the_end(self, table: Table, sink: Sink, last_id: int) -> Read:
        total = 0
        for page in self._paged(table.path, {"sort": "id", "order": "desc"}, PAGE_SIZE):
            new = [row for row in page.rows if row["id"] > last_id]
            sink.put(new)
            total = page.total
            if len(new) < len(page.rows):
                break
        return Read(total)


def _updated(row: Row) -> str:
    """Return the text that Snipe-IT sorts by; rows without come last in descending order."""
    moment = row.get("updated_at")
    return str(moment.get("datetime") or "") if isinstance(moment, dict) else ""
