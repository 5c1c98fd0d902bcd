"""List requests: filters, order and the two ways of paging."""

import ipaddress
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from asset_sync.sandbox.netbox.errors import ApiError
from asset_sync.sandbox.netbox.filters import Condition, conditions, select
from asset_sync.sandbox.netbox.http import Answer, Context, is_number
from asset_sync.sandbox.netbox.registry import SCALARS, ObjectType
from asset_sync.sandbox.netbox.serialize import Serializer, field_names
from asset_sync.sandbox.netbox.store import Store
from asset_sync.sandbox.netbox.table import Row

DEFAULT_LIMIT = 50
MAX_LIMIT = 1000
_PARTS = re.compile(r"(\d+|[\W_]+)")
_KEPT_LISTS = 16


class Lists:
    """Sorted selections, kept until something changes: the pages of one listing sort once."""

    def __init__(self) -> None:
        self._revision = -1
        self._kept: dict[tuple[str, ...], list[Row]] = {}

    def answer(self, context: Context, kind: ObjectType) -> Answer:
        """One page of a list."""
        wanted = conditions(context.store, kind, context.call.params)
        limits = context.token.only.get(kind.endpoint)
        if limits:
            wanted.append(Condition(lambda row: context.token.covers(kind.endpoint, row)))
        if context.call.param("start") is not None:
            return self._cursor_page(context, kind, wanted)
        return self._offset_page(context, kind, wanted)

    def _cursor_page(self, context: Context, kind: ObjectType, wanted: list[Condition]) -> Answer:
        call = context.call
        start, limit = _start(call.param("start") or ""), _limit(call.param("limit"))
        if call.param("offset") is not None:
            raise ApiError(400, ["'start' and 'offset' are mutually exclusive."])
        if call.param("ordering") is not None:
            raise ApiError(400, ["Ordering cannot be specified in conjunction with cursor-based pagination."])
        rows = list(islice(select(context.store, kind, wanted, start), limit))
        following = None
        if len(rows) == limit:
            following = call.link({"limit": limit, "start": rows[-1]["id"] + 1})
        return _page(context, kind, rows, {"count": None, "next": following, "previous": None})

    def _offset_page(self, context: Context, kind: ObjectType, wanted: list[Condition]) -> Answer:
        call = context.call
        limit, offset = _limit(call.param("limit")), _offset(call.param("offset"))
        rows = self._sorted(context, kind, wanted)
        count = len(rows)
        following = previous = None
        if offset + limit < count:
            following = call.link({"limit": limit, "offset": offset + limit})
        if offset > 0:
            earlier = offset - limit
            previous = call.link({"limit": limit, "offset": earlier if earlier > 0 else None})
        shown = rows[offset : offset + limit]
        return _page(context, kind, shown, {"count": count, "next": following, "previous": previous})

    def _sorted(self, context: Context, kind: ObjectType, wanted: list[Condition]) -> list[Row]:
        store, call = context.store, context.call
        if store.revision != self._revision:
            self._kept, self._revision = {}, store.revision
        asked = [f"{name}={value}" for name, value in call.params if name not in ("limit", "offset")]
        key = (context.token.secret, kind.endpoint, *asked)
        rows = self._kept.get(key)
        if rows is None:
            rows = in_order(store, kind, select(store, kind, wanted, None), _ordering(kind, call.param("ordering")))
            if len(self._kept) < _KEPT_LISTS:
                self._kept[key] = rows
        return rows


def wanted_fields(context: Context, kind: ObjectType, *, reading: bool) -> list[str]:
    """The fields an answer is asked to have; names that do not exist are ignored."""
    call = context.call
    names = field_names(kind)
    if asked := call.param("fields"):
        chosen = asked.split(",")
        return [name for name in names if name in chosen]
    if omitted := call.param("omit"):
        left_out = omitted.split(",")
        return [name for name in names if name not in left_out]
    if reading and call.param("brief"):
        return list(kind.brief)
    if context.store.version == "4.6" and "config_context" in (call.param("exclude") or "").split(","):
        return [name for name in names if name != "config_context"]
    return names


def in_order(store: Store, kind: ObjectType, rows: Iterable[Row], ordering: tuple[str, ...]) -> list[Row]:
    """The rows sorted by some fields, then by id."""
    found = list(rows)
    keys = _SortKeys(store)
    for term in reversed(ordering):
        name = term.removeprefix("-")
        found.sort(key=lambda row, name=name: keys.key(kind, row, name), reverse=term.startswith("-"))  # type: ignore[misc]
    return found


class _SortKeys:
    """The sort keys of fields; those of referenced objects are made once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._made: dict[tuple[str, int], tuple[Any, ...]] = {}

    def key(self, kind: ObjectType, row: Row, name: str) -> tuple[Any, ...]:
        value = row.get(name)
        if value is None:
            return (1,)
        field = kind.field(name)
        if field is not None and field.kind == "ref":
            return (0, *self._of_target(field.to, value))
        if field is None or isinstance(value, int | float):
            return (0, value)
        if field.kind in ("ip", "prefix"):
            address = ipaddress.ip_interface(value)
            return (0, address.version, int(address.ip), address.network.prefixlen)
        return (0, _natural(str(value)) if field.natural else str(value))

    def _of_target(self, endpoint: str, row_id: int) -> tuple[Any, ...]:
        made = self._made.get((endpoint, row_id))
        if made is None:
            table = self._store.tables[endpoint]
            made = tuple(self.key(table.kind, table.rows[row_id], name) for name in table.kind.ordering)
            self._made[endpoint, row_id] = made
        return made


def _natural(text: str) -> list[tuple[int, int, str]]:
    """Numbers inside texts sort as numbers, letters without case; marks come before digits, and digits before letters."""
    return [_natural_part(part) for part in _PARTS.split(text.casefold()) if part]


def _natural_part(part: str) -> tuple[int, int, str]:
    if part.isdigit() and part.isascii():
        return 1, int(part), ""
    return (2 if part[0].isalnum() else 0), 0, part


def _page(context: Context, kind: ObjectType, rows: list[Row], frame: dict[str, Any]) -> Answer:
    made = Serializer(context.store, context.call.base_url)
    results = made.objects(kind, rows, wanted_fields(context, kind, reading=True))
    return Answer(200, frame | {"results": results})


def _ordering(kind: ObjectType, asked: str | None) -> tuple[str, ...]:
    known = {"id", *(field.name for field in kind.fields if field.kind in SCALARS or field.kind == "time")}
    terms = tuple(term for term in (asked or "").split(",") if term.removeprefix("-") in known)
    return terms or kind.ordering


def _start(value: str) -> int:
    if not is_number(value):
        raise ApiError(400, ["Invalid 'start' parameter: must be a non-negative integer."])
    return int(value)


def _limit(value: str | None) -> int:
    if value is None or not is_number(value):
        return DEFAULT_LIMIT
    return min(int(value) or MAX_LIMIT, MAX_LIMIT)


def _offset(value: str | None) -> int:
    return int(value) if value is not None and is_number(value) else 0


def rows_of(store: Store, kind: ObjectType, ids: Iterable[int]) -> Iterator[Row]:
    """The rows with those ids."""
    table = store.tables[kind.endpoint]
    return (table.rows[one] for one in ids)
