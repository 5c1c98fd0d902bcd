"""Scans: state machines that move on by the clock whenever somebody looks."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import uuid4

from asset_sync.sandbox.wug.records import ScanModel

Fate = Literal["ends", "sticks", "vanishes"]


@dataclass(slots=True)
class Scan:
    """A scan of `targets`, which are addresses or host names, taking `seconds` for each of them.

    `group` is where new devices go; None makes no device. `found` are the ids of the devices that answered, `devices`
    those of them that the server still remembers. One that `sticks` stands at half of its way for ever.
    """

    id: str
    name: str
    model: ScanModel
    targets: Sequence[str]
    group: str | None
    started: float
    utc: datetime
    seconds: float
    role: str = ""
    fate: Fate = "ends"
    looked: int = 0
    elapsed: float = 0.0
    cancelled: bool = False
    found: list[str] = field(default_factory=list)
    devices: list[str] = field(default_factory=list)

    @property
    def progress(self) -> float:
        """How much is done, from 0 to 100."""
        if self.complete:
            return 100.0
        whole = len(self.targets) * self.seconds
        return 100.0 * self.elapsed / whole if whole else 50.0

    @property
    def complete(self) -> bool:
        """Whether every target was looked at."""
        return self.looked == len(self.targets)

    @property
    def active(self) -> bool:
        """Whether there is still something in progress."""
        return not (self.complete or self.cancelled)

    def due(self, now: float) -> int:
        """How many targets are to have been looked at by then; moves `elapsed` on."""
        whole = len(self.targets) * self.seconds
        self.elapsed = min(now - self.started, whole / 2 if self.fate == "sticks" else whole)
        if self.fate == "sticks":
            return len(self.targets) // 2
        return len(self.targets) if self.elapsed >= whole else int(self.elapsed / self.seconds)


class Scans:
    """All scans, oldest first. `look` is asked for the device at a target, None being that nothing answers there."""

    def __init__(self, clock: Callable[[], float], seconds: float, look: Callable[[Scan, str], str | None]) -> None:
        self._clock = clock
        self._seconds = seconds
        self._look = look
        self._scans: dict[str, Scan] = {}

    def __iter__(self) -> Iterator[Scan]:
        return (scan for scan in self._scans.values() if scan.fate != "vanishes")

    def get(self, scan_id: str) -> Scan | None:
        """The scan of that id, None where there is none or it has vanished."""
        return next((scan for scan in self if scan.id == scan_id), None)

    def start(
        self, targets: Sequence[str], utc: datetime, *, model: ScanModel, group: str | None, role: str = "", fate: Fate = "ends"
    ) -> Scan:
        """A new scan, of which nothing is done yet."""
        name = f"discovery-{utc:%Y-%m-%d %H:%M:%S}"
        scan = Scan(str(uuid4()), name, model, tuple(targets), group, self._clock(), utc, self._seconds, role=role, fate=fate)
        self._scans[scan.id] = scan
        return scan

    def record(self, targets: Sequence[str], utc: datetime, found: Sequence[str]) -> Scan:
        """A scan that has ended already, for devices that were added without one."""
        scan = self.start(targets, utc, model="newDevice", group=None)
        scan.looked, scan.found, scan.devices = len(targets), list(found), list(found)
        return scan

    def advance(self) -> None:
        """Bring all scans to where they are by now."""
        now = self._clock()
        for scan in self:
            if not scan.active:
                continue
            due = scan.due(now)
            for target in scan.targets[scan.looked : due]:
                scan.looked += 1
                device_id = self._look(scan, target)
                if device_id is not None and device_id not in scan.found:
                    scan.found.append(device_id)
                    scan.devices.append(device_id)

    def forget(self) -> None:
        """Age out the devices of the scans that have ended."""
        for scan in self:
            if not scan.active:
                scan.devices.clear()
