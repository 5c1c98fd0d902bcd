"""A watch: the writes to a kind since a resourceVersion, as they come, until its time is up."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from typing import Final

import orjson
from starlette.datastructures import QueryParams

from asset_sync.sandbox.kubernetes.kinds import Json, Kind
from asset_sync.sandbox.kubernetes.listing import revision_of
from asset_sync.sandbox.kubernetes.statuses import ApiError, bad_request
from asset_sync.sandbox.kubernetes.store import Cluster

_EVERY_S: Final = 0.01
_DEFAULT_S: Final = 1800.0
_BOOKMARK_EVERY_S: Final = 60.0


class Watch:
    """Yields lines of JSON. A bookmark comes `bookmark_lead` seconds before the end, and each minute, if that is asked for.
    A `silent` one ends at once, without a word.

    Raises ApiError (400) at the start for a query that is not right. A resourceVersion that is too old is an event.
    """

    def __init__(
        self, cluster: Cluster, kind: Kind, namespace: str | None, query: QueryParams, bookmark_lead: float, *, silent: bool
    ) -> None:
        self._cluster = cluster
        self._kind = kind
        self._namespace = namespace
        self._revision = revision_of(query)
        seconds = query.get("timeoutSeconds", "")
        if seconds and not seconds.isdigit():
            raise bad_request(f'strconv.ParseInt: parsing "{seconds}": invalid syntax')
        self._silent = silent
        now = time.monotonic()
        self._end = now + float(seconds or _DEFAULT_S)
        first = min(self._end - bookmark_lead, now + _BOOKMARK_EVERY_S)
        wanted = query.get("allowWatchBookmarks", "").casefold() in ("1", "true")
        # A watch that is shorter than the lead has none.
        self._bookmark = first if wanted and first > now else None

    async def lines(self) -> AsyncIterator[bytes]:
        """The events, each a line."""
        if self._silent:
            return
        if not self._revision:
            with self._cluster.lock:
                self._revision = self._cluster.revision
                present = list(self._cluster.objects(self._kind).values())
            yield _lines(("ADDED", one) for one in present if self._shows(one))
        while time.monotonic() < self._end:
            try:
                fresh = self._fresh()
            except ApiError as error:
                yield _lines([("ERROR", error.body)])
                return
            if fresh:
                yield fresh
            await asyncio.sleep(_EVERY_S)

    def _fresh(self) -> bytes:
        with self._cluster.lock:
            events = self._cluster.events_after(self._kind, self._revision)
            self._revision = self._cluster.revision
        found = [(event.type, event.object) for event in events if self._shows(event.object)]
        if self._bookmark is not None and time.monotonic() >= self._bookmark:
            self._bookmark += _BOOKMARK_EVERY_S
            found.append(("BOOKMARK", self._mark()))
        return _lines(found)

    def _mark(self) -> Json:
        meta = {"resourceVersion": str(self._revision), "creationTimestamp": None}
        return {"kind": self._kind.name, "apiVersion": self._kind.api_version, "metadata": meta}

    def _shows(self, one: Json) -> bool:
        return self._namespace in (None, one["metadata"]["namespace"])


def _lines(events: Iterable[tuple[str, Json]]) -> bytes:
    return b"".join(orjson.dumps({"type": kind, "object": content}) + b"\n" for kind, content in events)
