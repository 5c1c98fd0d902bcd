"""Faults that are switched on by name and rate, in front of any simulator.

Faults of the wire are played by `FaultMiddleware`. Faults of the data and of writes are known here too, so that they are set
and counted in the same way, but only a simulator can play them: it asks `Faults` while it answers.
"""

import asyncio
import random
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

WIRE = {
    "slow": "the answer comes `seconds` late (1.0)",
    "http_429": "429, with Retry-After: `retry_after` (1; null leaves the header off)",
    "http_500": "500, before the request is handled",
    "http_500_after_write": "500, after the request was handled",
    "http_503": "503, before the request is handled, with Retry-After: `retry_after` (null leaves the header off)",
    "timeout_before": "the request is not handled; nothing comes for `seconds` (null is for ever), then 504",
    "timeout_after_write": "the request is handled; nothing comes for `seconds` (null is for ever), then 504",
    "cut": "the request is handled; the connection closes in the middle of the answer's body",
    "html_login": "200 with a login page; the request is not handled",
    "expired_token": "the simulator is shown a token that it does not know, and refuses it in its own way",
}
DATA = {
    "short_page": "a page lacks its last `rows` rows (1)",
    "missing_page": "a page comes empty",
    "shuffled_pages": "the rows are in another order at each request",
    "junk_serials": "the share `rate` of the machines has a placeholder for a serial",
    "duplicate_serials": "in the share `rate` of the pairs of neighbours, both have the same serial",
    "empty_source": "there are no machines at all",
    "shrunken_source": "only the share `rate` of the machines is left",
    "lost_rights": "the machines of the share `rate` of the sites are no longer to be seen",
}
WRITES = {
    "refused_interface": "the address and the host name of a device are not changed",
    "refused_properties": "a device's name and note are not changed; `property`: only where that one is among them (null)",
    "refused_role": "the role, the brand and the system of a device are not changed",
    "refused_attributes": "attributes are not added, while those in their place are deleted; `attribute`: only that one (null)",
    "refused_groups": "a device comes into no group, while it leaves those that it is to leave",
    "refused_maintenance": "the share `rate` of the devices are neither put into maintenance nor taken out of it",
}
CLUSTER = {
    "throttled": "429 as a Kubernetes API server words it, with Retry-After: `retry_after` (1)",
    "expired_continue": "a list's continue token is too old: 410, with a token that goes on in another snapshot",
    "expired_watch": "the resourceVersion that a watch begins at is too old: 410 at once, not in the stream",
    "moved_list": "a page is of another resourceVersion than it says that the list is of",
    "repeated_continue": "the token for the next page is the one for this page",
    "silent_watch": "a watch ends at once, without a word",
}
KNOWN = WIRE | DATA | WRITES | CLUSTER

_OPTIONS: dict[str, dict[str, object]] = {
    "slow": {"seconds": 1.0},
    "http_429": {"retry_after": 1},
    "http_503": {"retry_after": None},
    "throttled": {"retry_after": 1},
    "timeout_before": {"seconds": None},
    "timeout_after_write": {"seconds": None},
    "short_page": {"rows": 1},
    "refused_properties": {"property": None},
    "refused_attributes": {"attribute": None},
}
_LOGIN_PAGE = """<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Sign in</h1>
<form method="post" action="/login"><input name="username"><input name="password" type="password"></form>
</body></html>"""


@dataclass(slots=True)
class Fault:
    """A fault that is switched on. `times` is how many requests it may still touch, None being any number."""

    name: str
    rate: float
    times: int | None
    path: str | None
    method: str | None
    options: dict[str, object]
    draws: random.Random = field(repr=False)

    def covers(self, path: str, method: str) -> bool:
        """Whether the fault is for such a request."""
        return (
            self.times != 0
            and (self.method is None or self.method == method)
            and (self.path is None or re.search(self.path, path) is not None)
        )

    def number(self, option: str) -> float | None:
        """The value of an option that is a number, or None where it is null."""
        value = self.options[option]
        return value if isinstance(value, int | float) else None


class Faults:
    """The faults of one simulator. Safe to use from several threads; the same seed draws the same luck.

    `known` are those that the simulator can play: `WIRE` for one that has `FaultMiddleware` in front and no more.
    """

    def __init__(self, seed: int = 0, known: Mapping[str, str] = KNOWN) -> None:
        self._seed = seed
        self._known = known
        self._lock = threading.Lock()
        self._active: dict[str, Fault] = {}
        self._counts: dict[str, int] = {}

    def set(
        self,
        /,
        name: str,
        rate: float = 1.0,
        *,
        times: int | None = None,
        path: str | None = None,
        method: str | None = None,
        **options: object,
    ) -> None:
        """Switch a fault on, in place of what was set under that name.

        `rate`, from 0 to 1, is the share of the requests that it touches, or of the machines for faults that say
        so. `times` ends it after so many requests. `path` is a regular expression, searched for in the request's
        path and query string. `method` is an HTTP method. Raises ValueError for a name, rate, number
        of times, path or option that is not right, and tells which ones are.
        """
        fault = Fault(
            name=_known_name(name, self._known),
            rate=_checked_rate(rate),
            times=_checked_times(times),
            path=_checked_path(path),
            method=method.upper() if method else None,
            options=_merged_options(name, options),
            draws=random.Random(f"{self._seed} {name}"),  # noqa: S311 - luck that comes out the same again is the point
        )
        with self._lock:
            self._active[name] = fault

    def clear(self, name: str | None = None) -> None:
        """Switch one fault off, or all of them. Counts are kept. Raises ValueError for an unknown name."""
        with self._lock:
            if name is None:
                self._active.clear()
            else:
                self._active.pop(_known_name(name, KNOWN), None)

    def fires(self, name: str, path: str = "", method: str = "GET") -> Fault | None:
        """The fault if it strikes this request by its rate, else None; a strike is counted."""
        with self._lock:
            fault = self._covering(name, path, method)
            if fault is None or fault.draws.random() >= fault.rate:
                return None
            return self._struck(fault)

    def share(self, name: str, path: str = "", method: str = "GET") -> float | None:
        """For faults whose rate is a share of the machines: that share if the fault is on for this request, or None."""
        with self._lock:
            fault = self._covering(name, path, method)
            return None if fault is None else self._struck(fault).rate

    def picks(self, name: str, key: str, share: float) -> bool:
        """Whether `key` is in that share; always the same answer, so that the pages of one list agree."""
        digest = blake2b(f"{self._seed} {name} {key}".encode(), digest_size=8).digest()
        return int.from_bytes(digest) < share * 2**64

    def counts(self) -> dict[str, int]:
        """How many requests each fault has touched since the start."""
        with self._lock:
            return dict(self._counts)

    def active(self) -> list[dict[str, object]]:
        """The faults that are on, as plain data."""
        with self._lock:
            return [_plain(fault) for fault in self._active.values()]

    def _covering(self, name: str, path: str, method: str) -> Fault | None:
        fault = self._active.get(name)
        return fault if fault is not None and fault.covers(path, method) else None

    def _struck(self, fault: Fault) -> Fault:
        self._counts[fault.name] = self._counts.get(fault.name, 0) + 1
        if fault.times is not None:
            fault.times -= 1
        return fault


def path_and_query(scope: Scope) -> str:
    """What a fault's `path` is searched for in, such as `/v1/api/devices?page=2`."""
    query = scope["query_string"].decode("latin-1")
    return f"{scope['path']}?{query}" if query else str(scope["path"])


def _known_name(name: str, known: Mapping[str, str]) -> str:
    if name not in known:
        raise ValueError(f"no fault is called {name!r}; known: {', '.join(sorted(known))}")
    return name


def _checked_rate(rate: float) -> float:
    if not 0 <= rate <= 1:
        raise ValueError(f"a rate is from 0 to 1, not {rate}")
    return rate


def _checked_times(times: int | None) -> int | None:
    if times is not None and times < 1:
        raise ValueError(f"a number of times is 1 or more, not {times}")
    return times


def _checked_path(path: str | None) -> str | None:
    try:
        re.compile(path or "")
    except re.error as error:
        raise ValueError(f"path {path!r} is not a regular expression: {error}") from error
    return path


def _merged_options(name: str, options: Mapping[str, object]) -> dict[str, object]:
    defaults = _OPTIONS.get(name, {})
    unknown = options.keys() - defaults.keys()
    if unknown:
        raise ValueError(f"{name} has no option {sorted(unknown)}; known: {sorted(defaults)}")
    merged = {**defaults, **options}
    for option in merged.keys() & {"seconds", "rows"}:
        if not isinstance(merged[option], int | float | None):
            raise ValueError(f"{option} is a number or null, not {merged[option]!r}")  # noqa: TRY004 - as told
    return merged


def _plain(fault: Fault) -> dict[str, object]:
    return {
        "name": fault.name,
        "rate": fault.rate,
        "times": fault.times,
        "path": fault.path,
        "method": fault.method,
        **fault.options,
    }


class FaultMiddleware:
    """Plays the faults of the wire in front of an ASGI application, at most one of them a request besides `slow`."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self.app = app
        self.faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, or spoil it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if fault := self._fires("slow", scope):
            await asyncio.sleep(fault.number("seconds") or 0)
        if refusal := self._refusal(scope):
            await refusal(scope, receive, send)
        elif fault := self._fires("timeout_before", scope):
            await _hang(fault, scope, receive, send)
        elif fault := self._fires("timeout_after_write", scope):
            await self.app(scope, receive, _discard)
            await _hang(fault, scope, receive, send)
        elif self._fires("http_500_after_write", scope):
            await self.app(scope, receive, _discard)
            await PlainTextResponse("Internal Server Error", 500)(scope, receive, send)
        elif self._fires("cut", scope):
            await self._cut(scope, receive, send)
        elif self._fires("expired_token", scope):
            await self.app(_with_expired_token(scope), receive, send)
        else:
            await self.app(scope, receive, send)

    def _fires(self, name: str, scope: Scope) -> Fault | None:
        return self.faults.fires(name, path_and_query(scope), scope["method"])

    def _refusal(self, scope: Scope) -> Response | None:
        if fault := self._fires("http_429", scope):
            return JSONResponse({"error": "Too Many Requests"}, 429, _retry_after(fault))
        if self._fires("http_500", scope):
            return PlainTextResponse("Internal Server Error", 500)
        if fault := self._fires("http_503", scope):
            return PlainTextResponse("Service Unavailable", 503, _retry_after(fault))
        if self._fires("html_login", scope):
            return HTMLResponse(_LOGIN_PAGE)
        return None

    async def _cut(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Promise the whole body and send half of it; the server closes what the application leaves unfinished."""
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self.app(scope, receive, keep)
        body = b"".join(message.get("body", b"") for message in messages)
        await send(_promise(messages[0], max(len(body), 2)))
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})


def _promise(start: Message, length: int) -> Message:
    """A start that announces so many bytes; 204 cannot, so that it becomes 200."""
    headers = [(key, value) for key, value in start["headers"] if key.lower() != b"content-length"]
    headers.append((b"content-length", str(length).encode()))
    return {**start, "status": 200 if start["status"] == 204 else start["status"], "headers": headers}


def _retry_after(fault: Fault) -> dict[str, str]:
    value = fault.options["retry_after"]
    return {} if value is None else {"Retry-After": str(value)}


async def _discard(message: Message) -> None:
    """Throw an answer away."""


async def _hang(fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
    """Wait until the client leaves; if the time runs out before, answer as a proxy does."""
    try:
        await asyncio.wait_for(_left(receive), fault.number("seconds"))
    except TimeoutError:
        await PlainTextResponse("Gateway Timeout", 504)(scope, receive, send)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _with_expired_token(scope: Scope) -> Scope:
    headers = [
        (key, value.split(b" ")[0] + b" expired" if key == b"authorization" else value) for key, value in scope["headers"]
    ]
    return {**scope, "headers": headers}
