"""One request over the wire, and what came of it: an answer, or why there is none. Nothing is sent twice here."""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final, Literal

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
)

LONGEST_ANSWER_S: Final = 600.0
"""A body that drips is given up after that: each byte comes in time, and all of them never would."""

_ERROR_BYTES: Final = 4 << 20
"""What an error says is a few lines for each row that was sent."""
_CHUNK: Final = 1 << 16
_NOT_VERIFIED: Final = re.compile(r"certificate verify failed:? *([^()]*)")


@dataclass(frozen=True, slots=True)
class Request:
    """A request, which may be sent several times. `only_asks` says that it stores nothing, whatever its method is.

    `authorized` says that the secret headers go with it.
    """

    method: str
    path: str
    url: str
    only_asks: bool
    query: Sequence[tuple[str, str | int]] = ()
    data: bytes | str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    authorized: bool = True


@dataclass(frozen=True, slots=True)
class Response:
    """An answer. `body` is decoded, and None where it is larger than `limit` bytes."""

    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    limit: int


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """That no whole answer came, and why. `sent` says that the server may have the request, `may_pass` that it may yet work.

    `failed` says in which step there was no connection, None where one was made.
    """

    why: str
    sent: bool
    may_pass: bool = True
    failed: Literal["name", "connect", "tls", "proxy", "certificate"] | None = None


class Transport:
    """Sends requests, with connections that are kept open; safe to share between threads.

    `headers` are the secret ones; `timeout` is seconds to connect and seconds between two bytes; `verify` is the path of a
    CA's file, or whether certificates are verified; `max_bytes` bounds a decoded answer.
    """

    def __init__(self, headers: Mapping[str, str], *, timeout: tuple[float, float], verify: bool | str, max_bytes: int) -> None:
        self.headers = headers
        self._timeout = timeout
        # Given with each request: a verify of the session would lose against REQUESTS_CA_BUNDLE.
        self._verify = verify
        self._max_bytes = max_bytes
        self._session = _session()

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._session.close()

    def send(self, request: Request) -> Response | NoAnswer:
        """Send a request once; redirects are not followed."""
        try:
            with self._session.request(
                request.method,
                request.url,
                params=list(request.query),
                data=request.data,
                headers={"Accept": "application/json", **request.headers},
                # Never without: requests would put the password of a .netrc in its place.
                auth=_Headers(self.headers if request.authorized else {}),
                timeout=self._timeout,
                verify=self._verify,
                allow_redirects=False,
                stream=True,
            ) as answer:
                return self._read(answer)
        except (requests.RequestException, HTTPError, OSError) as error:
            return _no_answer(error)

    def _read(self, answer: requests.Response) -> Response | NoAnswer:
        limit = self._max_bytes if answer.status_code < 400 else min(self._max_bytes, _ERROR_BYTES)
        end = time.monotonic() + LONGEST_ANSWER_S
        body = bytearray()
        # Whatever is there already, where a whole chunk would be waited for without a look at the clock.
        while chunk := answer.raw.read1(_CHUNK, decode_content=True):
            body += chunk
            if len(body) > limit:
                return Response(answer.status_code, answer.url, answer.headers, None, limit)
            if time.monotonic() > end:
                return NoAnswer("no whole answer in time", sent=True)
        return Response(answer.status_code, answer.url, answer.headers, bytes(body), limit)


class _Headers(AuthBase):
    """Headers put on each request as it leaves."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers.update(self._headers)
        return request


class _Session(requests.Session):
    """A session that looks into no redirect: requests would read all of its body, and fail on a Location that is no address."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return no target, whatever the answer says."""


def _session() -> requests.Session:
    session = _Session()
    # A session cookie would make some servers ask for CSRF tokens.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    # urllib3 would repeat requests that nobody counts.
    adapter = HTTPAdapter(max_retries=0, pool_maxsize=16)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _no_answer(error: Exception) -> NoAnswer:
    """Return a transport error in a few words; the libraries' own texts go on for lines."""
    if isinstance(error, requests.exceptions.SSLError):
        return _no_tls(error)
    if isinstance(error, ValueError):
        # An address or a header that requests does not take.
        return NoAnswer("no connection", sent=False, may_pass=False)
    if (never := _never_connected(error)) is not None:
        return never
    if isinstance(error, requests.exceptions.Timeout) or "timed out" in str(error):
        return NoAnswer("no answer in time", sent=True)
    return NoAnswer("the connection broke off", sent=True)


def _no_tls(error: Exception) -> NoAnswer:
    found = _NOT_VERIFIED.search(str(error))
    if found or "certificate" in str(error).lower():
        why = f" ({found.group(1).strip()})" if found else ""
        return NoAnswer(f"the TLS certificate is not trusted{why}", sent=False, may_pass=False, failed="certificate")
    return NoAnswer("no TLS connection (does it speak https?)", sent=True, failed="tls")


def _never_connected(error: Exception) -> NoAnswer | None:
    inner: Any = error.args[0] if error.args else None
    reason = inner.reason if isinstance(inner, MaxRetryError) else inner
    if isinstance(reason, NameResolutionError):
        return NoAnswer("no connection: nobody knows that host name", sent=False, failed="name")
    if isinstance(reason, ProxyError):
        return NoAnswer("no connection: the proxy gives none", sent=False, failed="proxy")
    # Before the timeout, of which urllib3 makes it a kind.
    if isinstance(reason, NewConnectionError):
        refused = "refused" in str(reason).lower()
        return NoAnswer(f"no connection{': it is refused' if refused else ''}", sent=False, failed="connect")
    if isinstance(error, requests.exceptions.ConnectTimeout) or isinstance(reason, ConnectTimeoutError):
        return NoAnswer("no connection: the host does not answer in time", sent=False, failed="connect")
    return None
