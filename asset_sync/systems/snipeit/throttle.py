"""The throttle of a Snipe-IT, found from what it answers and never exceeded.

Snipe-IT counts requests by user in windows of a minute, 120 unless set otherwise, and tells with each success how many are
left (`X-RateLimit-Limit`, `X-RateLimit-Remaining`). That is the server's own count of all who share the user: other jobs,
other processes, and the user's browser. So it is what is kept to, and a tenth of it is left to the others. The start of the
window is not told; it is the first answer after which more is left than before. Sources: facts/snipeit.md, "Throttle".
"""

import threading
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

WINDOW_S: Final = 60.0
LONGEST_WAIT_S: Final = 90.0
_RESERVE: Final = 10


class Throttle:
    """Lets requests pass while the server has some left. Safe to share between threads, and meant to be.

    `clock` gives seconds that only grow, `sleep` waits for some.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], object] = time.sleep) -> None:
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._left: int | None = None
        self._limit = 0
        self._opened = 0.0
        self._closed_until = 0.0

    def wait(self) -> None:
        """Return as soon as a request may leave."""
        while (seconds := self._take()) > 0:
            self._sleep(seconds)

    def learn(self, status: int, headers: Mapping[str, str]) -> None:
        """Learn from an answer."""
        with self._lock:
            if status == 429:
                self._refused(headers)
            else:
                self._counted(headers)

    def _take(self) -> float:
        """Take one of what is left and return 0, or return the seconds to wait before asking again."""
        with self._lock:
            now = self._clock()
            if now < self._closed_until:
                return self._closed_until - now
            if self._left is None:
                return 0
            if self._left <= self._limit // _RESERVE:
                end = self._opened + WINDOW_S
                if now < end:
                    return end - now
                # A new window; when it opened and how much of it is left, the next answer tells.
                self._left = None
                return 0
            self._left -= 1
            return 0

    def _refused(self, headers: Mapping[str, str]) -> None:
        """A 429, two of whose three forms say nothing of how long: a window is the longest that it can be."""
        asked = _number(headers.get("Retry-After"))
        wait = WINDOW_S if asked is None else asked
        self._closed_until = self._clock() + min(max(wait, 1), LONGEST_WAIT_S)
        self._left = None

    def _counted(self, headers: Mapping[str, str]) -> None:
        limit, left = _number(headers.get("X-RateLimit-Limit")), _number(headers.get("X-RateLimit-Remaining"))
        if limit is None or left is None or limit <= 0:
            return
        if self._left is None or left > self._left:
            # More is left than was known: somebody's request opened a window, at the latest now.
            self._opened = self._clock()
        self._limit, self._left = limit, left


@cache
def shared(url: str, token: str) -> Throttle:  # noqa: ARG001 - the two are the key
    """Return the throttle of that token at that address: one in this process, whoever asks."""
    return Throttle()


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.strip().isdigit() else None
