"""The throttle: so many requests a minute for each user, and the three ways in which servers in use refuse more.

Sources: RouteServiceProvider and the exception handler of v8.1.4 and of newer code; issues 17047 and 17464 of
grokability/snipe-it. The window is that of Laravel's ThrottleRequests.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Literal

from asset_sync.sandbox.snipeit.settings import Json

Refusal = Literal["message", "number", "retry"]
WINDOW_S = 60


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the throttle says of a request. `headers` are for the answer, whichever it is; `refusal` is None or the body."""

    headers: dict[str, str]
    refusal: Json | None = None


class Throttle:
    """A window of 60 s a user, opened by the first request in it, as Laravel's limiter has it.

    `limit` is requests a window, None for no throttle. `refusal` chooses the form of a 429's body:
    `message` is `"messages": "Too many requests"` and `number` is `"messages": 429`, both without any header;
    `retry` is `"messages": "Too many requests. Try again in N seconds."` with `retryAfter` and all headers.
    `clock` gives seconds since 1970.
    """

    def __init__(self, limit: int | None, refusal: Refusal, clock: Callable[[], float]) -> None:
        self._limit = limit
        self._refusal = refusal
        self._clock = clock
        self._windows: dict[int, tuple[float, int]] = {}

    def hit(self, user_id: int) -> Verdict:
        """Count a request of that user, or refuse it; refused ones do not count."""
        if self._limit is None:
            return Verdict({})
        now = self._clock()
        opened, used = self._windows.get(user_id, (now, 0))
        if now >= opened + WINDOW_S:
            opened, used = now, 0
        if used >= self._limit:
            return self._refuse(self._limit, opened + WINDOW_S, now)
        self._windows[user_id] = (opened, used + 1)
        return Verdict(_figures(self._limit, self._limit - used - 1))

    def _refuse(self, limit: int, end: float, now: float) -> Verdict:
        if self._refusal == "message":
            return Verdict({}, _body("Too many requests"))
        if self._refusal == "number":
            return Verdict({}, _body(429))
        wait = max(ceil(end - now), 1)
        headers = {**_figures(limit, 0), "Retry-After": str(wait), "X-RateLimit-Reset": str(int(now) + wait)}
        text = f"Too many requests. Try again in {wait} seconds."
        return Verdict(headers, {"status": "error", "messages": text, "status_code": 429, "retryAfter": wait})


def _figures(limit: int, remaining: int) -> dict[str, str]:
    return {"X-RateLimit-Limit": str(limit), "X-RateLimit-Remaining": str(remaining)}


def _body(messages: str | int) -> Json:
    return {"status": "error", "messages": messages, "payload": None}
