"""HTTP for all systems: one client with retries, limits, a request budget and errors of one line (DESIGN §8).

Reads are repeated when the network or the server stumbles; a write is only repeated where the server said that it did not
take it. What comes back is JSON or an error, never a login page taken for an empty answer.
"""

import re
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from types import TracebackType
from typing import Any, Protocol, Self
from urllib.parse import urlencode, urljoin, urlsplit

import orjson
import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    InvalidHeader,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
)
from urllib3.util.retry import Retry

from asset_sync.reconcile.errors import AssetSyncError, ConfigurationError

Params = Mapping[str, str | int] | Iterable[tuple[str, str | int]]

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_BUSY = frozenset({429, 502, 503, 504})
_NOT_TAKEN = frozenset({429, 503})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ATTEMPTS = 5
_REDIRECTS_MOST = 3
_CHUNK = 1 << 16
_MEBIBYTE = 1 << 20
_DETAIL_LENGTH = 300


class HttpError(AssetSyncError):
    """A system could not be asked or did not answer in a way that can be used; surely no write of ours was stored."""


class Unreachable(HttpError):
    """The system could not be reached, or the connection broke before a whole answer came."""


class Answered(HttpError):
    """The system answered with an error. `body` is the answer's JSON, None where it was not JSON."""

    def __init__(self, message: str, status: int, body: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = body


class NotSettled(HttpError):
    """A write was sent and no usable answer came: it may have been stored, or may be later. Read before trying again."""


@dataclass(slots=True)
class Tally:
    """How many requests were sent, repeated ones included. Safe to share between threads."""

    read: int = 0
    write: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def add(self, method: str, count: int = 1) -> None:
        """Count requests of that HTTP method."""
        with self._lock:
            if method in _READS:
                self.read += count
            else:
                self.write += count


class Throttle(Protocol):
    """Says when a request may leave, and learns from the answers. Safe to share between threads."""

    def wait(self) -> None:
        """Return as soon as a request may leave."""
        ...

    def told(self, status: int, headers: Mapping[str, str]) -> None:
        """Learn from an answer."""
        ...


class Client:
    """One system's HTTP API below `base_url`; safe to share between threads.

    `headers` go with every request and are secret: they appear in no error, log or repr. `timeout` is seconds to connect
    and seconds between two bytes; `longest_wait` seconds caps each wait before a repetition, whatever Retry-After asks for
    (367946340 has been seen); `max_bytes` bounds a decoded answer. `calls_per_minute` is shared by all threads;
    a `throttle` takes its place, and the waits after a 429 are then its own.
    Raises `ConfigurationError` for an address or a header that cannot be right.
    """

    def __init__(
        self,
        base_url: str,
        *,
        name: str,
        headers: Mapping[str, str] | None = None,
        calls_per_minute: float | None = None,
        timeout: tuple[float, float] = (5, 60),
        ca_file: str | None = None,
        verify: bool = True,
        max_bytes: int = 64 * _MEBIBYTE,
        longest_wait: float = 60,
        throttle: Throttle | None = None,
    ) -> None:
        self.name = name
        self.base_url = _checked_url(name, base_url)
        self.tally = Tally()
        self._headers = _checked_headers(name, headers or {})
        self._secrets = _secret_parts(self._headers)
        self._waits_itself = throttle is None
        self._throttle: Throttle = throttle or _Pace(calls_per_minute)
        self._timeout = timeout
        # Given with each request: a verify of the session would lose against REQUESTS_CA_BUNDLE.
        self._verify: bool | str = verify and (ca_file or True)
        self._max_bytes = max_bytes
        self._longest_wait = longest_wait
        self._session = self._open_session()

    def __repr__(self) -> str:
        return f"Client({self.name!r}, {self.base_url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._session.close()

    def authorize(self, value: str) -> None:
        """Send that Authorization with every request from now on; the one before stays as secret as it was."""
        self._headers = _checked_headers(self.name, {**self._headers, "Authorization": value})
        self._secrets |= _secret_parts(self._headers)
        self._session.auth = _Headers(self._headers)

    def ask_form(self, path: str, fields: Mapping[str, str]) -> Any:
        """Return the JSON that a form posted without the secret headers answers: a question for a token, nothing stored.

        Counted and repeated as a read is; raises `HttpError` for anything but JSON. The words of `Answered` are the server's,
        which may quote the form: they are not for people.
        """
        form = {"data": urlencode(fields), "headers": {"Content-Type": "application/x-www-form-urlencoded"}}
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                response = self._once("POST", self.base_url + path, counted="GET", auth=_Headers({}), **form)
            except (requests.RequestException, HTTPError, OSError) as error:
                if attempt == _ATTEMPTS or isinstance(error, requests.exceptions.SSLError):
                    raise Unreachable(f"{self._where('POST', path)}: {_why(error)}") from None
                time.sleep(min(0.5 * 2**attempt, self._longest_wait))
            else:
                if response.status not in _BUSY or attempt == _ATTEMPTS:
                    break
                time.sleep(self._wait(response, attempt))
        return self._json("POST", path, response)

    def get_json(self, path: str, params: Params | None = None) -> Any:
        """Return the JSON that a GET answers; raises `HttpError` for anything else."""
        return self._read("GET", path, params)

    def options_json(self, path: str) -> Any:
        """Return the JSON that an OPTIONS answers; raises `HttpError` for anything else."""
        return self._read("OPTIONS", path, None)

    def send_json(self, method: str, path: str, body: Any, headers: Mapping[str, str] | None = None) -> Any:
        """Send a write and return the JSON answered, None where the answer has no body.

        Repeated only where the server surely did not take it (429, 503, no connection). Raises `NotSettled` where nobody
        can tell, `HttpError` where it surely was not stored.
        """
        sent = {"Content-Type": "application/json", **(headers or {})}
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                response = self._once(method, self.base_url + path, data=orjson.dumps(body), headers=sent)
            except (requests.RequestException, HTTPError, OSError) as error:
                raise self._write_failed(method, path, error) from None
            if response.status not in _NOT_TAKEN or attempt == _ATTEMPTS:
                break
            time.sleep(self._wait(response, attempt))
        if response.status in (502, 504):
            raise NotSettled(self._words(method, path, response))
        if response.status in _REDIRECTS:
            raise HttpError(self._redirected(method, path, response))
        try:
            return self._json(method, path, response)
        except Answered:
            raise
        except HttpError as error:
            raise NotSettled(str(error)) from None

    def _open_session(self) -> requests.Session:
        session = requests.Session()
        # A callable: without an `auth`, requests would put the password of a .netrc in place of the token.
        session.auth = _Headers(self._headers)
        # A session cookie would make some servers ask for CSRF tokens.
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        retry = (_CappedRetry if self._waits_itself else _ThrottledRetry)(
            total=_ATTEMPTS - 1,
            redirect=0,
            allowed_methods=_READS,
            status_forcelist=_BUSY if self._waits_itself else _BUSY - {429},
            backoff_factor=0.5,
            backoff_jitter=0.1,
            backoff_max=self._longest_wait,
            raise_on_status=False,
            raise_on_redirect=False,
        )
        adapter = HTTPAdapter(max_retries=retry, pool_maxsize=16)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        return session

    def _read(self, method: str, path: str, params: Params | None) -> Any:
        query = list(params.items()) if isinstance(params, Mapping) else list(params or ())
        url = self.base_url + path
        for _ in range(_REDIRECTS_MOST):
            response = self._repeated(method, path, url, query)
            if response.status not in _REDIRECTS:
                return self._json(method, path, response)
            there = urljoin(response.url, response.headers.get("Location", ""))
            if _origin(there) != _origin(self.base_url):
                break
            url, query = there, []
        raise HttpError(self._redirected(method, path, response))

    def _repeated(self, method: str, path: str, url: str, query: list[tuple[str, str | int]]) -> "_Response":
        """Send a read; one whose answer breaks off in the body is sent again, which urllib3 does not do by itself."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                response = self._once(method, url, params=query)
                if response.status == 429 and not self._waits_itself and attempt < _ATTEMPTS:
                    continue
                return response  # noqa: TRY300 - a `continue` above, not an `else`
            except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError, HTTPError) as error:
                if attempt == _ATTEMPTS:
                    raise Unreachable(f"{self._where(method, path)}: {_why(error)}") from None
                time.sleep(min(0.5 * 2**attempt, self._longest_wait))
            except (requests.RequestException, OSError) as error:
                raise Unreachable(f"{self._where(method, path)}: {_why(error)}") from None
        raise AssertionError("unreachable")

    def _once(self, method: str, url: str, **sent: Any) -> "_Response":
        self._throttle.wait()
        counted = sent.pop("counted", method)
        self.tally.add(counted)
        headers = {"Accept": "application/json", **sent.pop("headers", {})}
        with self._session.request(
            method,
            url,
            headers=headers,
            timeout=self._timeout,
            verify=self._verify,
            allow_redirects=False,
            stream=True,
            **sent,
        ) as answer:
            self.tally.add(counted, _repetitions(answer))
            self._throttle.told(answer.status_code, answer.headers)
            return _Response(answer.status_code, answer.url, answer.headers, self._body(answer))

    def _body(self, answer: requests.Response) -> bytes | None:
        """Return the decoded body, None where it is larger than is allowed."""
        body = bytearray()
        for chunk in answer.iter_content(_CHUNK):
            body += chunk
            if len(body) > self._max_bytes:
                return None
        return bytes(body)

    def _json(self, method: str, path: str, response: "_Response") -> Any:
        if response.body is None:
            raise HttpError(f"{self._where(method, path)}: the answer is larger than {self._max_bytes // _MEBIBYTE} MB")
        content = _parsed(response.body)
        if response.status >= 400:
            raise Answered(self._words(method, path, response), response.status, None if content is _NO_JSON else content)
        if not response.body and method not in _READS:
            return None
        if content is _NO_JSON:
            found = "a web page (a login page, or a wrong address?)" if _is_page(response.body) else "something else"
            raise HttpError(f"{self._where(method, path)}: answered {response.status} with {found} instead of JSON")
        return content

    def _words(self, method: str, path: str, response: "_Response") -> str:
        """Return an error answer in one line, without anything secret in it."""
        words = f"{self._where(method, path)}: answered {response.status} {detail(response.body)}"
        for secret in self._secrets:
            words = words.replace(secret, "***")
        return words.rstrip()

    def _write_failed(self, method: str, path: str, error: Exception) -> HttpError:
        words = f"{self._where(method, path)}: {_why(error)}"
        if _never_sent(error):
            return HttpError(words)
        return NotSettled(f"{words}, after the request was sent")

    def _redirected(self, method: str, path: str, response: "_Response") -> str:
        there = urlsplit(urljoin(response.url, response.headers.get("Location", "")))
        host = f"{there.scheme}://{there.hostname}"
        return f"{self._where(method, path)}: redirects to {host}, which is not followed; set the final address"

    def _wait(self, response: "_Response", attempt: int) -> float:
        return min(_retry_after(response.headers.get("Retry-After")) or 0.5 * 2**attempt, self._longest_wait)

    def _where(self, method: str, path: str) -> str:
        return f"{self.name}: {method} {self.base_url}{path}"


def may_pass(error: HttpError) -> bool:
    """Return whether the same question may be answered later: no connection, a throttle, a server out of order."""
    return isinstance(error, Unreachable) or (isinstance(error, Answered) and (error.status >= 500 or error.status == 429))


def detail(body: bytes | None) -> str:
    """Return what an error answer says, in at most 300 characters of one line: its JSON, or a web page's title."""
    if not body:
        return ""
    content = _parsed(body)
    if content is _NO_JSON:
        title = re.search(rb"<title[^>]*>(.*?)</title>", body, re.IGNORECASE | re.DOTALL)
        said = (title.group(1) if title else b"" if _is_page(body) else body).decode(errors="replace")
    elif isinstance(content, dict) and isinstance(content.get("detail"), str) and len(content) == 1:
        said = content["detail"]
    else:
        said = orjson.dumps(content).decode()
    said = " ".join(said.split())
    return said if len(said) <= _DETAIL_LENGTH else said[: _DETAIL_LENGTH - 1] + "…"


@dataclass(frozen=True, slots=True)
class _Response:
    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes | None


class _Headers(AuthBase):
    """The secret headers, put on each request as it leaves."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers.update(self._headers)
        return request


class _CappedRetry(Retry):
    """A retry that never waits longer than `backoff_max`, whatever the server asks for."""

    def parse_retry_after(self, retry_after: str) -> float:
        """Return seconds; 0, which means the usual waits, for what nobody can read."""
        try:
            return min(super().parse_retry_after(retry_after), self.backoff_max)
        except (InvalidHeader, OverflowError, ValueError):
            return 0


class _ThrottledRetry(_CappedRetry):
    """A retry that leaves a 429 to the throttle, whether it says how long to wait or not."""

    RETRY_AFTER_STATUS_CODES = Retry.RETRY_AFTER_STATUS_CODES - {429}


class _Pace:
    """A request budget: calls leave evenly spread, whichever thread sends them."""

    def __init__(self, calls_per_minute: float | None) -> None:
        self._gap = 60 / calls_per_minute if calls_per_minute else 0.0
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        if not self._gap:
            return
        with self._lock:
            now = time.monotonic()
            leaves = max(now, self._next)
            self._next = leaves + self._gap
        time.sleep(leaves - now)

    def told(self, status: int, headers: Mapping[str, str]) -> None:
        """The pace is the same whatever is answered."""


_NO_JSON = object()


def _parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return _NO_JSON


def _is_page(body: bytes) -> bool:
    return body.lstrip()[:1] == b"<"


def _checked_url(name: str, url: str) -> str:
    parts = urlsplit(url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError(f"{name}: the address must start with http:// or https:// and name a host")
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


def _secret_parts(headers: Mapping[str, str]) -> frozenset[str]:
    return frozenset(part for value in headers.values() for part in (value, value.rpartition(" ")[2]) if part)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _retry_after(value: str | None) -> float:
    return _CappedRetry().parse_retry_after(value) if value else 0


def _repetitions(answer: requests.Response) -> int:
    retries = getattr(answer.raw, "retries", None)
    return len(retries.history) if retries else 0


def _never_sent(error: Exception) -> bool:
    if isinstance(error, requests.exceptions.SSLError):
        return "certificate" in str(error).lower()
    inner = error.args[0] if error.args else None
    reason = inner.reason if isinstance(inner, MaxRetryError) else inner
    return isinstance(reason, NewConnectionError | ConnectTimeoutError | NameResolutionError) or isinstance(
        error, requests.exceptions.ConnectTimeout | requests.exceptions.InvalidURL
    )


def _why(error: Exception) -> str:
    """Return a transport error in a few words; the libraries' own texts go on for lines."""
    if isinstance(error, requests.exceptions.SSLError):
        return "the TLS certificate or connection is not trusted; give the CA's file"
    if isinstance(error, requests.exceptions.ConnectTimeout) or _never_sent(error):
        return "no connection"
    if isinstance(error, requests.exceptions.Timeout) or "timed out" in str(error):
        return "no answer in time"
    return "the connection broke off"
