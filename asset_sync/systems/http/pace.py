"""How many requests were sent, and when the next one may leave."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""The methods that store nothing."""


@dataclass(slots=True)
class Tally:
    """How many requests were sent, repeated ones included. Safe to share between threads.

    `waited` is for how many seconds they were held back, by their own throttle, by the budget that all runs share, or because
    the server asked for it: those of all threads together.
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
