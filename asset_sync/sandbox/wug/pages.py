"""Pages: the size, the opaque page id, and the faults that spoil a listing of devices.

A page id belongs to one path and one set of the other query parameters but for `limit`; with any other it is refused (WhatsUp
Gold API 2026.0: all of them are to be repeated; public clients send the limit with later pages alone). That it holds a
position, and what a wrong one answers, is assumed. A plain number is the number of rows before the page, as clients send it.
"""

import random
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Generic, TypeVar

from starlette.datastructures import QueryParams

from asset_sync.sandbox.faults import DATA, WIRE, WRITES, Faults
from asset_sync.sandbox.wug.errors import bad_request
from asset_sync.sandbox.wug.records import Device

FAULTS = (
    WIRE
    | {
        name: DATA[name]
        for name in ("short_page", "missing_page", "shuffled_pages", "empty_source", "shrunken_source", "lost_rights")
    }
    | WRITES
)
"""What can go wrong here: all faults of the wire, these of the data in the device listings and templates of groups, and those
of writes; attributes and groups are refused where templates are applied, too, as a warning.

The last three of the data are in the status of a group too, so that its count agrees; a fault's `path` can keep them apart.
`lost_rights` takes its share of the groups for sites; a device is of its first group. `size` of a spoilt page is still
what it ought to be.
"""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """The rows of a page, and the `paging` part of its envelope."""

    rows: Sequence[T]
    paging: dict[str, Any]

    def envelope(self, data: object) -> dict[str, Any]:
        """`{"paging": ..., "data": ...}`."""
        return {"paging": self.paging, "data": data}


class Pages:
    """Cuts lists into pages of at most `size` rows."""

    def __init__(self, size: int, faults: Faults) -> None:
        self._size = size
        self._faults = faults
        self._shuffles = 0

    def cut(self, rows: Sequence[T], path: str, query: QueryParams) -> Page[T]:
        """The page that a query asks for. Raises ApiError (400) for a wrong limit or page id."""
        asked, limit = query.get("pageId", ""), _limit(query.get("limit"), self._size)
        seal = _seal(path, query)
        start = _position(asked, seal) if asked else 0
        end = start + limit
        shown = rows[start:end]
        paging: dict[str, Any] = {"size": len(shown)}
        if asked:
            paging["pageId"] = asked
        if end < len(rows):
            paging["nextPageId"] = _page_id(end, seal)
        return Page(shown, paging)

    def devices(self, devices: Sequence[Device], path: str, query: QueryParams, where: str) -> Page[Device]:
        """A page of devices, spoilt by the faults that are on for `where`, the path with its query."""
        left = self.hide(devices, where)
        if self._faults.fires("shuffled_pages", where):
            self._shuffles += 1
            left = random.Random(self._shuffles).sample(left, len(left))  # noqa: S311 - any order will do
        page = self.cut(left, path, query)
        return Page(self._spoil(page.rows, where), page.paging)

    def hide(self, devices: Sequence[Device], where: str) -> Sequence[Device]:
        """The devices without those that a fault takes away."""
        if self._faults.fires("empty_source", where):
            return []
        left, lost = self._faults.share("shrunken_source", where), self._faults.share("lost_rights", where)
        if left is not None:
            devices = [one for one in devices if self._faults.picks("shrunken_source", one.id, left)]
        if lost is not None:
            devices = [one for one in devices if not self._faults.picks("lost_rights", one.groups[0], lost)]
        return devices

    def _spoil(self, rows: Sequence[Device], where: str) -> Sequence[Device]:
        if self._faults.fires("missing_page", where):
            return []
        if fault := self._faults.fires("short_page", where):
            return rows[: max(len(rows) - int(fault.number("rows") or 0), 0)]
        return rows


def _limit(text: str | None, size: int) -> int:
    """The number of rows; it can only be less than the server's, and nought is the server's."""
    try:
        limit = int(text or 0)
    except ValueError:
        raise bad_request(f"limit {text!r} is no number") from None
    return min(limit, size) if limit > 0 else size


def _seal(path: str, query: QueryParams) -> str:
    others = sorted((name, value) for name, value in query.multi_items() if name not in ("pageId", "limit"))
    return blake2b(repr((path, others)).encode(), digest_size=9).hexdigest()


def _page_id(start: int, seal: str) -> str:
    return urlsafe_b64encode(f"{start}.{seal}".encode()).decode()


def _position(page_id: str, seal: str) -> int:
    if page_id.isdecimal():
        return int(page_id)
    try:
        start, _, found = urlsafe_b64decode(page_id).decode().partition(".")
        position = int(start)
    except ValueError:
        raise bad_request(f"pageId {page_id!r} is not one of this server") from None
    if found != seal or position < 0:
        raise bad_request("pageId belongs to a request with other parameters")
    return position
