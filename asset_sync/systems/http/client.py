"""The client that all systems use: what is asked and sent, and which answer means what."""

import itertools
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import SplitResult, urlencode, urlsplit

import orjson

from asset_sync import traces
from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.systems.http.errors import Answered, HttpError, NeverReached, NotSettled, Unreachable
from asset_sync.systems.http.heard import Heard
from asset_sync.systems.http.masking import Secrets
from asset_sync.systems.http.pace import READS, Tally, Throttle
from asset_sync.systems.http.retries import Retries, asks_to_wait, never
from asset_sync.systems.http.sharing import Budget, current_sharing
from asset_sync.systems.http.transport import NoAnswer, Request, Response, Transport
from asset_sync.systems.http.wording import NO_JSON, Wording, location, parsed
from asset_sync.systems.progress import current_progress

Params = Mapping[str, str | int] | Iterable[tuple[str, str | int]]

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_REDIRECTS_MOST: Final = 3
_PASSED_ON: Final = frozenset({502, 504})
"""A proxy says that what is behind it gave no answer, and not whether it has the request."""


_REACHED: Final[set[tuple[str, str | None, int | None]]] = set()
"""The servers that answered in this process: one that did before may be restarting, whichever client asks it."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """An answer for a library that reads it by itself; the body of an error is without our secrets.

    `fault` is what the client would raise for it: an error, or no JSON.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    fault: HttpError | None


class Closing:
    """A context manager that closes itself."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of what is held."""
        raise NotImplementedError


class Client(Closing):
    """One system's HTTP API below `base_url`; safe to share between threads.

    `headers` go with every request. They and `secrets` appear in no error, log or repr. `timeout` is seconds to connect
    and seconds between two bytes; `longest_wait` seconds caps each wait before a repetition, whatever Retry-After asks for;
    `max_bytes` bounds a decoded answer. The `budget` is kept to by all runs on the same address and credentials together
    (`asset_sync.systems.http.sharing`); of a `throttle`, the waits after a 429 are its own; `undid` is as in `Retries`.
    `address_variable` is the variable of the environment that holds the address, and `ca_told` where a CA's file is named: the
    words about a system that is not reached say both.
    Unless it is `writable`, no write leaves it: that is how a dry run stays dry.
    Raises `ConfigurationError` for an address or a header that cannot be right.
    """

    def __init__(
        self,
        base_url: str,
        *,
        name: str,
        headers: Mapping[str, str] | None = None,
        secrets: Iterable[str] = (),
        budget: Budget = Budget(),  # noqa: B008 - it never changes
        timeout: tuple[float, float] = (5, 60),
        ca_file: str | None = None,
        verify: bool = True,
        max_bytes: int = 64 << 20,
        longest_wait: float = 60,
        throttle: Throttle | None = None,
        writable: bool = True,
        address_variable: str = "",
        ca_told: str = "ca_file in the sync's YAML",
        undid: Callable[[Response], bool] = never,
    ) -> None:
        self.name = name
        self.base_url = _checked_url(name, base_url, address_variable)
        self.writable = writable
        self.tally = Tally()
        self.heard: Heard | None = None
        """The last answer's headers; None before there was one."""
        sent = _checked_headers(name, headers or {})
        self._secrets = Secrets([*map(_credentials, sent.values()), *secrets])
        self._wording = Wording(name, self.base_url, self._secrets, address_variable, ca_told)
        self._origin = _origin(urlsplit(self.base_url))
        self._throttle = throttle
        self._budget = budget
        self.progress = current_progress()
        """Whoever watches what is read and written by this client."""
        self._sharing = current_sharing() if budget != Budget() else None
        self._account = f"{name} {sha256(' '.join([self.base_url, *sorted(sent.values())]).encode()).hexdigest()[:16]}"
        self._retries = Retries(longest_wait, waits_for_429=throttle is None, undid=undid)
        if ca_file and not Path(ca_file).is_file():
            raise ConfigurationError(f"{name}: there is no file {ca_file} of a CA's certificates: see {ca_told}")
        self.ca_told = ca_told
        self.trust: bool | str = verify and (ca_file or True)
        """The file of a CA, or whether certificates are verified."""
        self._transport = Transport(sent, timeout=timeout, verify=self.trust, max_bytes=max_bytes)

    def __repr__(self) -> str:
        return f"Client({self.name!r}, {self.base_url!r})"

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._transport.close()

    def authorize(self, value: str) -> None:
        """Send that Authorization with every request from now on; the one before stays as secret as it was."""
        headers = _checked_headers(self.name, {**self._transport.headers, "Authorization": value})
        self.hide(_credentials(value))
        self._transport.headers = headers

    def hide(self, secret: str) -> None:
        """Keep a secret of the session out of all words about this system, too."""
        self._secrets.add(secret)

    def masked(self, said: Any) -> Any:
        """Return a text or JSON of the server fit to be told: with `***` in place of what is secret."""
        return self._secrets.masked_json(said)

    def get_json(self, path: str, params: Params | None = None) -> Any:
        """Return the JSON that a GET answers; raises `HttpError` for anything else."""
        query = list(params.items()) if isinstance(params, Mapping) else list(params or ())
        return self._ask(Request("GET", path, self.base_url + path, only_asks=True, query=query))

    def options_json(self, path: str) -> Any:
        """Return the JSON that an OPTIONS answers; raises `HttpError` for anything else."""
        return self._ask(Request("OPTIONS", path, self.base_url + path, only_asks=True))

    def ask_form(self, path: str, fields: Mapping[str, str]) -> Any:
        """Return the JSON that a form posted without the secret headers answers: a question for a token, nothing stored.

        Counted and repeated as a read is; raises `HttpError` for anything but JSON. The words of `Answered` are the server's,
        which may quote the form: they are not for people.
        """
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        url = self.base_url + path
        request = Request("POST", path, url, only_asks=True, data=urlencode(fields), headers=form, authorized=False)
        return self._json(request, self._answered(request))

    def send_json(self, method: str, path: str, body: Any, headers: Mapping[str, str] | None = None) -> Any:
        """Send a write and return the JSON answered, None where the answer has no body.

        Repeated only where the server surely did not take it (429, 503, no connection, what it undid). Raises `NotSettled`
        where nobody can tell, `HttpError` where it surely was not stored, and where this client is not writable.
        """
        sent = {"Content-Type": "application/json", **(headers or {})}
        request = Request(method, path, self.base_url + path, only_asks=False, data=orjson.dumps(body), headers=sent)
        response = self._sent(request)
        try:
            return self._json(request, response)
        except Answered:
            raise
        except HttpError as error:
            raise NotSettled(str(error)) from None

    def exchange(self, method: str, url: str, body: str | bytes | None, headers: Mapping[str, str]) -> Exchange:
        """Send what a library put together and return the answer, whatever it says; repeated as other requests are.

        Raises `HttpError` for an address that is not below `base_url`, and where a read or a write raises it without an answer.
        """
        if not url.startswith(f"{self.base_url}/"):
            raise HttpError(self._wording.elsewhere(url))
        only_asks = method in READS
        path = url.removeprefix(self.base_url).partition("?")[0]
        request = Request(method, path, url, only_asks=only_asks, data=body, headers=headers)
        response = self._followed(request) if only_asks else self._sent(request)
        return self._exchange(request, response)

    def _exchange(self, request: Request, response: Response) -> Exchange:
        fault = None
        try:
            self._json(request, response)
        except HttpError as error:
            fault = error
        told = response.body or b""
        if response.status >= 400:
            told = orjson.dumps(fault.body) if isinstance(fault, Answered) and fault.body is not None else str(fault).encode()
        return Exchange(response.status, response.headers, told, fault)

    def _ask(self, request: Request) -> Any:
        """Ask, and return the JSON answered."""
        return self._json(request, self._followed(request))

    def _followed(self, request: Request) -> Response:
        """Ask, and follow redirects within the host."""
        asked = request
        for _ in range(_REDIRECTS_MOST):
            response = self._answered(asked)
            if response.status not in _REDIRECTS:
                return response
            there = location(response)
            if there is None or _origin(there) != _origin(urlsplit(self.base_url)):
                break
            asked = replace(request, url=there.geturl(), query=())
        raise HttpError(self._wording.redirected(request, response))

    def _answered(self, request: Request) -> Response:
        """Return the answer to what only asks."""
        outcome = self._outcome(request)
        if isinstance(outcome, NoAnswer):
            if outcome.failed is not None and not self._reached:
                raise NeverReached(self._wording.never_reached(outcome))
            raise Unreachable(self._wording.no_answer(request, outcome))
        return outcome

    def _sent(self, request: Request) -> Response:
        """Return the answer to a write, where it may be sent and nothing redirects it."""
        if not self.writable:
            raise HttpError(self._wording.read_only(request))
        response = self._written(request)
        if response.status in _REDIRECTS:
            raise HttpError(self._wording.redirected(request, response))
        return response

    def _written(self, request: Request) -> Response:
        """Return the answer to a write, where it says what became of it."""
        outcome = self._outcome(request)
        if isinstance(outcome, NoAnswer):
            never = outcome.failed is not None and not self._reached
            words = self._wording.never_reached(outcome) if never else self._wording.no_answer(request, outcome)
            raise NotSettled(f"{words}, after the request was sent") if outcome.sent else HttpError(words)
        if outcome.status in _PASSED_ON:
            raise NotSettled(self._wording.refused(request, outcome))
        return outcome

    def _outcome(self, request: Request) -> Response | NoAnswer:
        """Attempt a request until another attempt would be of no use."""
        for attempt in itertools.count(1):
            outcome = self._attempt(request)
            seconds = self._retries.wait(request, attempt, outcome, reached=self._reached)
            if seconds is None:
                break
            if isinstance(outcome, Response) and asks_to_wait(outcome):
                self.tally.wait(seconds)
                if self._sharing:
                    self._sharing.postpone(self._account, seconds)
            time.sleep(seconds)
        return outcome

    def _attempt(self, request: Request) -> Response | NoAnswer:
        """Send a request once, when its throttle and the budget of all runs allow it."""
        began = time.monotonic()
        if self._throttle:
            self._throttle.wait()
        with self._turn():
            self.tally.wait(time.monotonic() - began)
            self.tally.add("GET" if request.only_asks else request.method)
            with traces.request(self.name, request.method, self._secrets.masked(request.url)) as answered:
                outcome = self._transport.send(request)
                if isinstance(outcome, Response):
                    answered(outcome.status)
        if isinstance(outcome, Response):
            _REACHED.add(self._origin)
            self.heard = Heard.now(outcome.headers)
            if self._throttle:
                self._throttle.learn(outcome.status, outcome.headers)
        return outcome

    def _turn(self) -> AbstractContextManager[None]:
        if self._sharing is None:
            return nullcontext()
        return self._sharing.turn(self._account, self._budget.per_minute, self._budget.at_once)

    @property
    def _reached(self) -> bool:
        return self._origin in _REACHED

    def _json(self, request: Request, response: Response) -> Any:
        content = NO_JSON if response.body is None else parsed(response.body)
        if response.status >= 400:
            body = None if content is NO_JSON else self.masked(content)
            raise Answered(self._wording.refused(request, response), response.status, body)
        if response.body is None:
            raise HttpError(self._wording.too_large(request, response))
        if not response.body and not request.only_asks:
            return None
        if content is NO_JSON:
            raise HttpError(self._wording.no_json(request, response))
        return content


def _checked_url(name: str, url: str, variable: str) -> str:
    parts = urlsplit(url.strip())
    address = f"the address, which {variable} holds," if variable else "the address"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError(f"{name}: {address} must start with http:// or https:// and name a host")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigurationError(
            f"{name}: the address {parts.scheme}://{parts.hostname} must hold no password, query or fragment"
        )
    return url.strip().rstrip("/")


def _checked_headers(name: str, headers: Mapping[str, str]) -> Mapping[str, str]:
    for header, value in headers.items():
        # Said here, because the HTTP library would quote the value.
        if not value.isascii() or not value.isprintable():
            raise ConfigurationError(f"{name}: the value for {header} holds characters that no token has (a line break?)")
    return dict(headers)


def _credentials(value: str) -> str:
    """Return the secret of a header's value, without a scheme before it (Bearer, Token)."""
    scheme, _, credentials = value.strip().partition(" ")
    return credentials or scheme


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
