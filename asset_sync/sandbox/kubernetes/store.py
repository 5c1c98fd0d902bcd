"""What the cluster holds: objects, the revision that each write makes, and for some minutes what was before."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4, uuid5

from asset_sync.sandbox.kubernetes import schema, statuses
from asset_sync.sandbox.kubernetes.admission import admitted
from asset_sync.sandbox.kubernetes.kinds import Json, Kind, known, named

_BEGIN: Final = datetime(2026, 7, 1, 10, tzinfo=UTC)

Key = tuple[str, str]
"""Namespace and name: the order of a list."""


@dataclass(frozen=True, slots=True)
class Event:
    """A write: what an object became, and what it was before. At a removal, `object` is its last state."""

    revision: int
    at: float
    type: str
    resource: str
    key: Key
    object: Json = field(repr=False)
    before: Json | None = field(repr=False)


class Cluster:
    """The state of a simulated cluster. Safe to use from several threads under its `lock`.

    `installed` are the kinds whose definitions are there, by `resource`; by default all. `clock` gives seconds; what is
    older than `kept_seconds` by it is forgotten, and then resourceVersions from before are too old. `requests` counts what
    was asked, by method, resource and whether it was a watch. Stored objects are never changed in place.
    """

    def __init__(
        self,
        *,
        installed: Iterable[str] | None = None,
        clock: Callable[[], float] = time.monotonic,
        kept_seconds: float = 300.0,
    ) -> None:
        self.lock = threading.RLock()
        self.installed = set(known() if installed is None else installed)
        self.requests: Counter[str] = Counter()
        self.revision = 10_000
        self.oldest = self.revision
        # No two clusters have a uid in common, whatever is in them.
        self._uids = uuid4()
        self._clock = clock
        self._kept_seconds = kept_seconds
        self._objects: dict[str, dict[Key, Json]] = {resource: {} for resource in known()}
        self._events: list[Event] = []

    # Reading.

    def objects(self, kind: Kind) -> Mapping[Key, Json]:
        """All objects of a kind as they are."""
        return self._objects[kind.resource]

    def get(self, kind: Kind, name: str, namespace: str = "default") -> Json:
        """One object. Raises ApiError (404)."""
        found = self._objects[kind.resource].get((namespace, name))
        if found is None:
            raise statuses.not_found(kind, name)
        return found

    def objects_at(self, kind: Kind, revision: int) -> dict[Key, Json]:
        """All objects of a kind as they were. Raises ApiError: 410 for what is forgotten, 504 for what has not been yet."""
        self.check(revision)
        found = dict(self._objects[kind.resource])
        for event in reversed(self._events):
            if event.revision <= revision:
                break
            if event.resource != kind.resource:
                continue
            if event.before is None:
                del found[event.key]
            else:
                found[event.key] = event.before
        return found

    def events_after(self, kind: Kind, revision: int) -> Sequence[Event]:
        """The writes to a kind since a revision, the oldest first. Raises ApiError as `objects_at` does."""
        self.check(revision)
        return [event for event in self._events if event.revision > revision and event.resource == kind.resource]

    def check(self, revision: int) -> None:
        """Raise ApiError: 410 for a revision that is forgotten, 504 for one that has not been yet."""
        self._forget()
        if revision < self.oldest:
            raise statuses.too_old(revision, self.oldest)
        if revision > self.revision:
            raise statuses.too_large(revision, self.revision)

    def compact(self) -> None:
        """Forget all that was before now."""
        with self.lock:
            self._events.clear()
            self.oldest = self.revision

    # Writing.

    def create(self, kind: Kind, given: Json) -> Json:
        """Store a new object, but its status. Raises ApiError: 409, 422, or what an admission webhook says."""
        return self._add(kind, {name: value for name, value in given.items() if name != "status"})

    def update(self, kind: Kind, given: Json, part: str = "spec") -> Json:
        """Replace an object but its status, or its status alone where `part` is that.

        An update without a resourceVersion is of what is there. Raises ApiError: 404, 409, 422, or an admission webhook's.
        """
        meta = given["metadata"]
        with self.lock:
            before = self.get(kind, meta["name"], meta["namespace"])
            if meta.get("resourceVersion", before["metadata"]["resourceVersion"]) != before["metadata"]["resourceVersion"]:
                raise statuses.conflict(kind, meta["name"])
            after = self._merged(kind, before, given, part)
            return before if after == before else self._stored(kind, "MODIFIED", after, before)

    def delete(self, kind: Kind, name: str, namespace: str = "default") -> Json:
        """Remove an object, and return its last state. Raises ApiError (404)."""
        with self.lock:
            before = self.get(kind, name, namespace)
            return self._stored(kind, "DELETED", before, before)

    def load(self, objects: Iterable[Json]) -> None:
        """Store objects as another cluster had them, status, uid and generation too. Raises ApiError (403, 409, 422)."""
        for given in objects:
            self._add(named(given["kind"]), given)

    def apply(self, name: str, change: Callable[[Json], object], kind: str, part: str = "spec") -> Json:
        """Change an object of that kind and name by a function that gets a copy of it. Raises ApiError as `update` does."""
        with self.lock:
            changed = deepcopy(self.get(named(kind), name))
            change(changed)
            return self.update(named(kind), changed, part)

    def _add(self, kind: Kind, given: Json) -> Json:
        new = admitted(kind, schema.conformed(kind, {"apiVersion": kind.api_version, "kind": kind.name, **given}))
        meta = new["metadata"]
        with self.lock:
            if (meta["namespace"], meta["name"]) in self._objects[kind.resource]:
                raise statuses.already_exists(kind, meta["name"])
            self._validate(kind, new)
            meta.setdefault("uid", str(uuid5(self._uids, f"{kind.resource}/{meta['name']}/{self.revision}")))
            meta.setdefault("creationTimestamp", f"{_BEGIN:%Y-%m-%dT%H:%M:%SZ}")
            meta.setdefault("generation", 1)
            return self._stored(kind, "ADDED", new, None)

    def _merged(self, kind: Kind, before: Json, given: Json, part: str) -> Json:
        """The object with the new status, or with all that is new but the status and what only a server sets."""
        if part == "status":
            after = schema.conformed(kind, {**before, "status": given.get("status", {})})
        else:
            own = {name: before["metadata"][name] for name in ("uid", "creationTimestamp", "generation", "resourceVersion")}
            content = {name: value for name, value in given.items() if name != "status"}
            state = {"status": before["status"]} if "status" in before else {}
            after = admitted(kind, schema.conformed(kind, {**content, **state}))
            after["metadata"] |= own
            if after.get("spec") != before.get("spec"):
                after["metadata"]["generation"] += 1
        self._validate(kind, after)
        return after

    def _validate(self, kind: Kind, given: Json) -> None:
        # A Go server writes an empty status for an object that has none yet, whatever the status would have to have.
        content = {name: value for name, value in given.items() if name != "status" or value}
        if found := schema.causes(kind, content):
            raise statuses.invalid(kind, given["metadata"]["name"], found)

    def _stored(self, kind: Kind, change: str, after: Json, before: Json | None) -> Json:
        self._forget()
        self.revision += 1
        stored = {**after, "metadata": {**after["metadata"], "resourceVersion": str(self.revision)}}
        key = (stored["metadata"]["namespace"], stored["metadata"]["name"])
        if change == "DELETED":
            del self._objects[kind.resource][key]
        else:
            self._objects[kind.resource][key] = stored
        self._events.append(Event(self.revision, self._clock(), change, kind.resource, key, stored, before))
        return stored

    def _forget(self) -> None:
        end = self._clock() - self._kept_seconds
        count = next((at for at, event in enumerate(self._events) if event.at > end), len(self._events))
        if count:
            self.oldest = self._events[count - 1].revision
            del self._events[:count]
