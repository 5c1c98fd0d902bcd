"""How many requests were sent, and when the next one may leave."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""The methods that store nothing."""


@dataclass(slots=True)
class Tally:
    """How many requests were sent, repeated ones included. Safe to share between threads.

    `waited` is for how many seconds they were held back, by their own throttle or because the server asked for it: those of all
    threads together.
    """

    read: int = 0
    write: int = 0
    waited: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def add(self, method: str) -> None:
        """Count a request of that HTTP method."""
        with self._lock:
            if method in READS:
                self.read += 1
            else:
                self.write += 1

    def wait(self, seconds: float) -> None:
        """Count the seconds for which a request was held back."""
        with self._lock:
            self.waited += seconds


class Throttle(Protocol):
    """Says when a request may leave, and learns from the answers. Safe to share between threads."""

    def wait(self) -> None:
        """Return as soon as a request may leave."""
        ...

    def learn(self, status: int, headers: Mapping[str, str]) -> None:
        """Learn from an answer."""
        ...


class Pace:
    """A request budget: calls leave evenly spread, whichever thread sends them; as they come where no budget is given.

    `clock` gives seconds that only grow, `sleep` waits for some.
    """

    def __init__(
        self,
        calls_per_minute: float | None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._gap = 60 / calls_per_minute if calls_per_minute else 0.0
        self._next = 0.0
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return when it is this call's turn."""
        if not self._gap:
            return
        with self._lock:
            now = self._clock()
            leaves = max(now, self._next)
            self._next = leaves + self._gap
        self._sleep(leaves - now)

    def learn(self, status: int, headers: Mapping[str, str]) -> None:
        """The pace is the same whatever is answered."""
