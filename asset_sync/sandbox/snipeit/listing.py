"""Lists: order, pages and the faults that spoil them.

Snipe-IT orders by one column and by nothing else. Rows that are equal in it come as the database happens to find them,
which may differ from page to page (issue 18376 of grokability/snipe-it); here it does differ wherever a page ends
among equal rows. A row is never lost from a page that holds all of its equals.
"""

import random
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import QueryParams

from asset_sync.sandbox.faults import Faults
from asset_sync.sandbox.snipeit.endpoints import Endpoint
from asset_sync.sandbox.snipeit.filters import Filters
from asset_sync.sandbox.snipeit.records import Asset, Seat
from asset_sync.sandbox.snipeit.serialize import SERIALIZERS
from asset_sync.sandbox.snipeit.settings import Json
from asset_sync.sandbox.snipeit.shown_places import assets_in_category
from asset_sync.sandbox.snipeit.store import Store
from asset_sync.sandbox.snipeit.view import View, display_name

MAX_RESULTS = 500

_KEPT = 16
_NO_FILTERS = frozenset({"limit", "offset"})
_RELATIONS = frozenset({"model", "category", "manufacturer", "company", "location", "rtd_location", "status_label", "supplier"})
Key = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Ordered:
    """All rows of a list in order, and what they were ordered by."""

    rows: list[Any]
    keys: list[Any]


class Lists:
    """Answers lists. The order of a list is kept until something is written, so that its pages sort once."""

    def __init__(self, store: Store, filters: Filters, faults: Faults) -> None:
        self._store = store
        self._filters = filters
        self._faults = faults
        self._kept: OrderedDict[Hashable, _Ordered] = OrderedDict()
        self._revision = -1
        self._shuffles = 0

    def page(self, endpoint: Endpoint, query: QueryParams, view: View, where: str) -> Json:
        """`{"total": all, "rows": [page]}`. `where` is the path and query, for the faults."""
        ordered = self._ordered(endpoint, query, view)
        if endpoint.path == "hardware":
            ordered = self._hide(ordered, where)
        if not endpoint.pages:
            return _answer(len(ordered.rows), ordered.rows, endpoint.table, view)
        if self._faults.fires("shuffled_pages", where):
            ordered = self._shuffle(ordered)
        rows = _cut(ordered, _offset(query.get("offset"), len(ordered.rows)), _limit(query.get("limit")))
        return _answer(len(ordered.rows), self._spoil(rows, where), endpoint.table, view)

    def seats(self, license_id: int, query: QueryParams, view: View, where: str) -> Json:
        """The seats of a licence, by update or by department. An offset behind the last one begins again at the first."""
        seats = self._store.seats_of(license_id)
        key = self._department if query.get("sort") == "department" else _updated_at
        ordered = _order(seats, key, ascending=query.get("order") == "asc")
        offset = _offset(query.get("offset"), len(seats))
        rows = _cut(ordered, offset if offset < len(seats) else 0, _limit(query.get("limit")))
        return _answer(len(seats), self._spoil(rows, where), "license_seats", view)

    def _ordered(self, endpoint: Endpoint, query: QueryParams, view: View) -> _Ordered:
        if self._store.revision != self._revision:
            self._kept, self._revision = OrderedDict(), self._store.revision
        asked = tuple(sorted((name, value) for name, value in query.multi_items() if name not in _NO_FILTERS))
        key = (endpoint.path, view.token.scope, asked)
        if key not in self._kept:
            rows = self._filters.select(endpoint, query, view.token)
            self._kept[key] = _order(rows, self._key(endpoint, query, view), ascending=_ascends(endpoint, query))
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]

    def _key(self, endpoint: Endpoint, query: QueryParams, view: View) -> Key:
        asked = query.get("sort", "")
        name = asked if asked in endpoint.sorts else endpoint.default
        if name == "assets_count":
            return lambda row: assets_in_category(view, row)
        if endpoint.path == "hardware" and name in _RELATIONS:
            # Upstream falls through from location to the default location.
            relation = "rtd_location" if name == "location" else name
            return lambda row: _comparable(self._filters.text(row, relation))
        if endpoint.path == "hardware" and name == "model_number":
            return lambda row: _comparable(self._store.models.rows[row.model_id].model_number)
        return lambda row: _comparable(getattr(row, name))

    def _department(self, seat: Seat) -> Any:
        user = self._store.users.rows.get(seat.assigned_user_id or 0)
        department = user.department_id if user else None
        return _comparable(department and display_name(self._store, "departments", department))

    def _hide(self, ordered: _Ordered, where: str) -> _Ordered:
        """Leave out the assets that a fault takes away."""
        if self._faults.fires("empty_source", where):
            return _Ordered([], [])
        share = self._faults.share("shrunken_source", where)
        if share is None:
            return ordered
        left = [position for position, asset in enumerate(ordered.rows) if self._stays(asset, share)]
        return _Ordered([ordered.rows[one] for one in left], [ordered.keys[one] for one in left])

    def _stays(self, asset: Asset, share: float) -> bool:
        return self._faults.picks("shrunken_source", str(asset.id), share)

    def _shuffle(self, ordered: _Ordered) -> _Ordered:
        self._shuffles += 1
        rows = list(ordered.rows)
        random.Random(self._shuffles).shuffle(rows)  # noqa: S311 - any order will do
        return _Ordered(rows, list(range(len(rows))))

    def _spoil(self, rows: list[Any], where: str) -> list[Any]:
        if self._faults.fires("missing_page", where):
            return []
        if fault := self._faults.fires("short_page", where):
            return rows[: max(len(rows) - int(fault.number("rows") or 0), 0)]
        return rows


def _answer(total: int, rows: list[Any], table: str, view: View) -> Json:
    show = SERIALIZERS[table]
    return {"total": total, "rows": [show(view, row) for row in rows]}


def _ascends(endpoint: Endpoint, query: QueryParams) -> bool:
    return not endpoint.pages or query.get("order") == "asc"


def _order(rows: list[Any], key: Key, *, ascending: bool) -> _Ordered:
    keyed = sorted(((key(row), row.id, row) for row in rows), reverse=not ascending)
    return _Ordered([row for _, _, row in keyed], [one for one, _, _ in keyed])


def _updated_at(row: Any) -> Any:
    return row.updated_at


def _comparable(value: object) -> tuple[bool, Any]:
    """Null before all else, text whatever its case, as MySQL has it."""
    if value is None:
        return (False, 0)
    if isinstance(value, str):
        return (True, value.casefold())
    return (True, value)


def _cut(ordered: _Ordered, offset: int, limit: int) -> list[Any]:
    """The rows of a page; equal rows on both sides of its ends are dealt anew for each offset and limit."""
    first, end = _ties(ordered.keys, offset)
    start, last = _ties(ordered.keys, offset + limit)
    rows = ordered.rows[first:last]
    for low, high in {(first, end), (start, last)}:
        tied = rows[low - first : high - first]
        random.Random(f"{offset} {limit}").shuffle(tied)  # noqa: S311 - any order will do
        rows[low - first : high - first] = tied
    return rows[offset - first : offset - first + limit]


def _ties(keys: list[Any], edge: int) -> tuple[int, int]:
    """The range of equal keys that has this edge between two of them; empty where the edge divides no equals."""
    edge = min(edge, len(keys))
    if edge == 0 or edge == len(keys) or keys[edge - 1] != keys[edge]:
        return edge, edge
    first, end = edge, edge
    while first > 0 and keys[first - 1] == keys[edge]:
        first -= 1
    while end < len(keys) and keys[end] == keys[edge]:
        end += 1
    return first, end


def _limit(value: str | None) -> int:
    """At most 500; nothing, nought and nonsense are 500 too. A negative one loses its sign and so slips past."""
    number = _whole(value)
    if number < 0:
        return -number
    return number if 0 < number <= MAX_RESULTS else MAX_RESULTS


def _offset(value: str | None, total: int) -> int:
    """Nonsense is behind the end."""
    try:
        return max(int(value or 0), 0)
    except ValueError:
        return total


def _whole(value: str | None) -> int:
    try:
        return int(value or 0)
    except ValueError:
        return 0
