"""The time that requests take, and the counters that they move while others do: where two wait for each other, one fails.

A NetBox counts the devices of a type, the interfaces of a device, the interfaces and disks of a virtual machine in the row of
the parent. A write takes the lock of that
row as it comes to it and holds it to its end (measured: bulk creates that overlap, with shared parents in another order, end in
`deadlock detected`; in one order none does).
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from asset_sync.sandbox.netbox.errors import ApiError, server_error
from asset_sync.sandbox.netbox.http import Call, parse_body
from asset_sync.sandbox.netbox.listing import in_order, rows_of
from asset_sync.sandbox.netbox.lookup import LookupFailed, resolve
from asset_sync.sandbox.netbox.registry import ObjectType
from asset_sync.sandbox.netbox.store import Store
from asset_sync.sandbox.netbox.table import Row

COUNTED_BY: Final = {
    "dcim/devices": "device_type",
    "dcim/interfaces": "device",
    "virtualization/interfaces": "virtual_machine",
    "virtualization/virtual-disks": "virtual_machine",
}
"""The reference whose object counts the objects of an endpoint."""

Counter = tuple[str, int]
"""A row that counts: its endpoint and id."""


@dataclass(frozen=True, slots=True)
class Times:
    """What a server takes: seconds for any request, and for each row that a write carries; so many requests at a time."""

    request: float = 0.0
    row: float = 0.0
    workers: int = 4


class Transactions:
    """The requests that are under way, and the counters that each of them holds."""

    def __init__(self, times: Times) -> None:
        self._times = times
        self._workers = asyncio.Semaphore(times.workers)
        self._holders: dict[Counter, _Transaction] = {}
        self._numbers = iter(range(1_000, 10**9))

    @asynccontextmanager
    async def transaction(self, store: Store, kind: ObjectType | None, call: Call) -> AsyncIterator[None]:
        """Take the time of a request, with the counters that it moves held to its end.

        Raises `ApiError` for the request that would wait for one that waits for it.
        """
        async with self._workers:
            own = _Transaction(next(self._numbers))
            try:
                await asyncio.sleep(self._times.request)
                if kind and (self._times.row or kind.endpoint in COUNTED_BY):
                    await self._come_to_rows(store, own, _rows(store, kind, call))
                yield
            finally:
                self._holders = {counter: holder for counter, holder in self._holders.items() if holder is not own}
                own.ended.set()

    async def _come_to_rows(self, store: Store, own: "_Transaction", rows: Iterable[Iterable[Counter]]) -> None:
        for counters in rows:
            await asyncio.sleep(self._times.row)
            for counter in counters:
                await self._take(store, own, counter)

    async def _take(self, store: Store, own: "_Transaction", counter: Counter) -> None:
        while (holder := self._holders.setdefault(counter, own)) is not own:
            if own in holder.waiting_line():
                raise _deadlock(store, own, holder, counter)
            own.waits_for = holder
            await holder.ended.wait()
            own.waits_for = None


@dataclass(eq=False, slots=True)
class _Transaction:
    number: int
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    waits_for: "_Transaction | None" = None

    def waiting_line(self) -> "Iterator[_Transaction]":
        """Yield the transaction that this one waits for, the one which that one waits for, and so on."""
        one = self.waits_for
        while one is not None:
            yield one
            one = one.waits_for


def _rows(store: Store, kind: ObjectType, call: Call) -> list[list[Counter]]:
    """Return the counters that a write moves, row by row, as the server comes to them; nothing for what it refuses anyway."""
    if call.method not in ("POST", "PATCH"):
        return []
    try:
        body = parse_body(call, store)
    except ApiError:
        return []
    bodies = [one for one in (body if isinstance(body, list) else [body]) if isinstance(one, dict)]
    if call.method == "POST":
        return [_moved(store, kind, one, None) for one in bodies]
    return [_moved(store, kind, one, row) for one, row in _in_order_of_model(store, kind, bodies)]


def _in_order_of_model(store: Store, kind: ObjectType, bodies: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], Row]]:
    by_id = {one.get("id"): one for one in bodies}
    there = [one for one in by_id if isinstance(one, int) and one in store.tables[kind.endpoint].rows]
    for row in in_order(store, kind, rows_of(store, kind, there), kind.ordering):
        yield by_id[row["id"]], row


def _moved(store: Store, kind: ObjectType, body: Mapping[str, Any], row: Row | None) -> list[Counter]:
    name = COUNTED_BY.get(kind.endpoint)
    if name is None or body.get(name) is None:
        return []
    endpoint = kind.by_name[name].to
    try:
        new = resolve(store, endpoint, body[name])
    except LookupFailed:
        return []
    old = row[name] if row else None
    return [] if new == old else [(endpoint, one) for one in (old, new) if one is not None]


def _deadlock(store: Store, own: _Transaction, holder: _Transaction, counter: Counter) -> ApiError:
    """Return what a NetBox on PostgreSQL says to the one of two that is given up."""
    relation = store.types[counter[0]].content_type.replace(".", "_")
    one, other = own.number, holder.number
    message = (
        "deadlock detected\n"
        f"DETAIL:  Process {one} waits for ShareLock on transaction {other}; blocked by process {other}.\n"
        f"Process {other} waits for ShareLock on transaction {one}; blocked by process {one}.\n"
        "HINT:  See server log for query details.\n"
        f'CONTEXT:  while updating tuple (0,{counter[1]}) in relation "{relation}"'
    )
    return server_error(message, "OperationalError", store.versions)
