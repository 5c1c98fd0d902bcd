"""What is known of a WhatsUp Gold while a plan is applied: listings that several batches share, and no stale row in them.

WhatsUp Gold gives no versions and no bulk read by ids, so that each look at a few devices would cost a request a device, and
each look at many of them a whole listing.
"""

import math
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from asset_sync.systems.wug.client import WugClient
from asset_sync.systems.wug.records import Device, Group, group_path

_KEPT_S: Final = 30.0
_FEW: Final = 10
_PAGE: Final = 250
"""About how many devices a page has (facts/wug.md §2)."""


@dataclass(frozen=True, slots=True)
class Listing:
    """All devices by id and the ids of those in maintenance, as they were at `started` or since."""

    started: float
    devices: dict[str, Device]
    maintenance: frozenset[str]


class Known:
    """The devices and groups of one WhatsUp Gold. Safe to share between threads; all reads may raise `TargetError`."""

    def __init__(self, client: WugClient, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._listing: Listing | None = None
        self._singles: dict[str, tuple[float, Device]] = {}
        self._written: dict[str, float] = {}
        self._unsure: set[str] = set()
        self._groups: tuple[float, dict[str, Group]] | None = None
        self._reading = threading.Lock()
        self._reading_groups = threading.Lock()

    def listing(self, since: float | None = None) -> Listing:
        """Return all devices, as they were at that time of the clock or later; by default at most 30 s ago."""
        oldest = self._clock() - _KEPT_S if since is None else since
        with self._reading:
            if self._listing is None or self._listing.started < oldest:
                started = self._clock()
                devices = {device.id: device for device in self._client.devices()}
                self._listing = Listing(started, devices, self._client.in_maintenance())
            return self._listing

    def now(self) -> float:
        """Return the time of the clock that `listing` goes by."""
        return self._clock()

    def devices(self, ids: Sequence[str]) -> Listing:
        """Return those devices; ones that were written, or may have been, are as they are since. Those gone are missing.

        A listing that is there is used again; what it cannot tell is read device by device, or with all others where that
        takes fewer requests.
        """
        listing = self._listing
        recent = listing is not None and self._is_recent(listing.started)
        stale = [one for one in ids if not (listing and recent and self._is_told(listing, one))]
        if len(stale) > self._few(listing):
            listing, stale = self.listing(self._since(stale, recent=recent)), []
        known = listing.devices if listing else {}
        maintenance = listing.maintenance if listing else frozenset()
        found = {one: known[one] for one in ids if one in known and one not in stale}
        if stale:
            read = {one: device for one in dict.fromkeys(stale) if (device := self._single(one))}
            found = {one: read.get(one) or found[one] for one in ids if one in read or one in found}
            maintenance = maintenance.difference(stale) | self._client.in_maintenance().intersection(stale)
        return Listing(self._clock(), found, maintenance)

    def told(self, device_id: str) -> Device | None:
        """Return a device as it was read at most 30 s ago and not written since; None where it was not. Nothing is read."""
        listing = self._listing
        if listing and self._is_recent(listing.started) and self._is_told(listing, device_id):
            return listing.devices[device_id]
        started, device = self._singles.get(device_id, (-math.inf, None))
        return device if self._is_recent(started) and self._is_good(started, device_id) else None

    def wrote(self, ids: Iterable[str]) -> None:
        """Note that those devices were written just now: what was read before is not to be used for them."""
        self._written |= dict.fromkeys(ids, self._clock())

    def doubt(self, ids: Iterable[str]) -> None:
        """Note that those devices may be written at any time from now on: no listing is good for them."""
        self._unsure |= set(ids)

    def groups(self, *, anew: bool = False) -> dict[str, Group]:
        """Return the groups by path, as they were at most 30 s ago with those made here since; or anew."""
        oldest = self._clock() - (0 if anew else _KEPT_S)
        with self._reading_groups:
            if self._groups is None or self._groups[0] < oldest:
                started = self._clock()
                found: dict[str, Group] = {}
                for group in self._client.groups():
                    found.setdefault(group_path(group.path), group)
                self._groups = (started, found)
            return dict(self._groups[1])

    def made(self, group: Group) -> None:
        """Note a group that was made just now."""
        with self._reading_groups:
            if self._groups is not None:
                self._groups[1][group_path(group.path)] = group

    def _single(self, device_id: str) -> Device | None:
        started, device = self._clock(), self._client.device(device_id)
        if device:
            self._singles[device_id] = (started, device)
        return device

    def _is_recent(self, started: float) -> bool:
        return started >= self._clock() - _KEPT_S

    def _is_told(self, listing: Listing, device_id: str) -> bool:
        """Return whether a listing is good for a device: has it, as it was after it was written."""
        return device_id in listing.devices and self._is_good(listing.started, device_id)

    def _is_good(self, started: float, device_id: str) -> bool:
        """Return whether what was read of a device from then on is as it was after it was written."""
        return started > self._written.get(device_id, -math.inf) and device_id not in self._unsure

    def _since(self, stale: Sequence[str], *, recent: bool) -> float:
        """Return from when on a listing must be to tell of those devices, which the present one cannot."""
        now = self._clock()
        if recent or not self._unsure.isdisjoint(stale):
            return now
        return max(now - _KEPT_S, *(self._written.get(one, -math.inf) for one in stale))

    @staticmethod
    def _few(listing: Listing | None) -> int:
        """Return how many devices cost as many requests one by one as a listing of all of them does."""
        return len(listing.devices) // _PAGE + 1 if listing else _FEW
