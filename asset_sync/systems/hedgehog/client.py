"""One fabric's Kubernetes API, request by request, read-only: every way of saying no is told apart from an empty list.

Source: facts/hedgehog.md §7. Refusals are Status objects; a definition that is not installed is a 404 in plain text. The
official client is used by its calls for custom objects, which need no discovery: what is read is known (`kinds`).
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

import orjson
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    SSLError,
)

from asset_sync import traces
from asset_sync.reconcile.errors import SourceError, SourceUnavailable
from asset_sync.systems.hedgehog.connection import tally_of
from asset_sync.systems.hedgehog.kinds import VERSION, Kind
from asset_sync.systems.http.heard import Heard
from asset_sync.systems.http.masking import Secrets
from asset_sync.systems.http.transport import LONGEST_ANSWER_S
from asset_sync.systems.http.wording import detail

if TYPE_CHECKING:
    from kubernetes import client

Row = dict[str, Any]

PAGE_SIZE: Final = 500
_NO_SUCH_PATH: Final = b"404 page not found"
_TOO_LARGE: Final = "Too large resource version"
_MOST_BYTES: Final = 256 << 20
_CHUNK: Final = 1 << 16
_REVIEWS: Final = ("authorization.k8s.io", "v1", "selfsubjectaccessreviews")
_WATCH_S: Final = 3
"""A server sends a bookmark two seconds before a watch ends: with this one after a second, and with a shorter one never."""


class NotInstalled(SourceError):
    """The cluster has no definition of a kind."""


class NotAllowed(SourceError):
    """The token has no right to a kind."""


class NotKnown(NotAllowed):
    """The token is nobody's, or nobody's any more: it has no right to any kind."""


class Expired(SourceError):
    """A continue token or a resourceVersion is too old; the list is to be read from its beginning."""


class Restored(Expired):
    """A resourceVersion is none of a cluster's past, which came back from a backup: nor is what was read of other kinds."""


class Unproven(SourceError):
    """A watch ended without a word of how far it went."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list: objects, the resourceVersion of the whole list, and the token of the next page ("" for none)."""

    rows: list[Row] = field(repr=False)
    resource_version: str
    token: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What was written since a resourceVersion, in order: the object as it became, None in its place where it was removed."""

    rows: list[tuple[str, Row | None]] = field(repr=False)
    resource_version: str


class HedgehogClient:
    """A context manager: inside it a fabric can be read. `name` is the fabric's, in errors. Safe to share between threads.

    `timeout` is seconds to connect and seconds between two bytes; `ca_told` and `address_told` say what holds the file of its
    CA and its address. Methods raise `SourceUnavailable` for what may pass by itself, `SourceError` (of which `NotInstalled`,
    `NotAllowed` and `Expired` are) for everything else that is no answer.
    """

    def __init__(
        self,
        configuration: "client.Configuration",
        *,
        name: str = "",
        namespace: str = "default",
        timeout: tuple[float, float] = (5, 60),
        ca_told: str = "HEDGEHOG_CA_FILE",
        address_told: str = "HEDGEHOG_SERVER",
    ) -> None:
        from kubernetes import client  # noqa: PLC0415 - as in `connection`

        self._name = f"Hedgehog {name}".rstrip()
        self._namespace = namespace
        self._timeout = timeout
        self._ca_told = ca_told
        self._address_told = address_told
        self._secrets = Secrets(key.removeprefix("Bearer ") for key in configuration.api_key.values())
        self._host: str = configuration.host
        self.trust: bool | str = configuration.verify_ssl and (configuration.ssl_ca_cert or True)
        self.ca_told = ca_told
        self.heard: Heard | None = None
        """The last headers of an answer that was looked at whole; None before there was one."""
        self.requests = 0
        """How many were sent, tries again not counted."""
        self.tally = tally_of(configuration)
        """For how long the server had requests wait, those of all threads together."""
        self._counting = Lock()
        self._api = client.ApiClient(configuration)
        self._objects = client.CustomObjectsApi(self._api)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._api.close()

    @property
    def base_url(self) -> str:
        """The address of the Kubernetes API."""
        return self._host

    @property
    def place(self) -> str:
        """What is read, in one text: the address of the API and the namespace."""
        return f"{self._host} {self._namespace}"

    def version(self) -> str:
        """Return the version of the Kubernetes server, such as `v1.33.4+k3s1`."""
        from kubernetes import client  # noqa: PLC0415 - as in `connection`

        asked: Any = client.VersionApi(self._api).get_code
        with self._told("/version"):
            # Unread: the client's own model has no words for an answer that is of something else.
            response = asked(_preload_content=False, _request_timeout=self._timeout)
            self.heard = Heard.now(response.headers)
            body = self._body(response, "/version")
        version = _parsed(body).get("gitVersion")
        if not isinstance(version, str):
            raise self._none_of("version of Kubernetes", "/version", body)
        return version

    def may_list(self, kind: Kind) -> bool:
        """Return whether the token may list a kind, by the server's own word; nothing is read."""
        attributes = {"verb": "list", "group": kind.group, "resource": kind.plural, "namespace": self._namespace}
        review = {
            "apiVersion": f"{_REVIEWS[0]}/{_REVIEWS[1]}",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }
        what = f"the right to {kind.resource}"
        with self._told(what):
            # As a custom object: the client's own models for it take a second to load.
            asked: Any = self._objects.create_cluster_custom_object
            body = self._body(asked(*_REVIEWS, review, _preload_content=False, _request_timeout=self._timeout), what)
        status = _parsed(body).get("status")
        allowed = status.get("allowed") if isinstance(status, dict) else None
        if not isinstance(allowed, bool):
            raise self._none_of("review of a right", what, body)
        return allowed

    def page(self, kind: Kind, token: str = "") -> Page:
        """Return a page of a list: the first, or the one that a token is of."""
        options = {"limit": PAGE_SIZE, **({"_continue": token} if token else {})}
        with self._told(kind.resource), self._asked(kind, **options) as response:
            body = self._body(response, kind.resource)
        found = _parsed(body)
        rows, version = found.get("items"), _meta(found, "resourceVersion")
        if found.get("kind") != f"{kind.name}List" or not version or not isinstance(rows, list):
            raise self._no_list(kind, body)
        if not all(_meta(row, "name") for row in rows):
            raise self._no_list(kind, body)
        return Page(rows, version, _meta(found, "continue"))

    def changes(self, kind: Kind, since: str) -> Changes:
        """Return what was written to a kind since a resourceVersion, which costs one request, up to a bookmark's.

        Raises `Expired` where that is too old, `Restored` where it is yet to come, and `Unproven` where no bookmark says how
        far the server looked.
        """
        options = {"watch": True, "resource_version": since, "allow_watch_bookmarks": True, "timeout_seconds": _WATCH_S}
        rows: list[tuple[str, Row | None]] = []
        with self._told(kind.resource), self._asked(kind, **options) as response:
            for event in _events(response):
                given, what = event.get("object"), event.get("type")
                if what == "ERROR":
                    raise self._refused(kind.resource, _code(given), orjson.dumps(given))
                if what == "BOOKMARK" and (now := _meta(given, "resourceVersion")):
                    if _is_before(now, since):
                        raise Restored(f"{self._name}: {kind.resource}: the server is at {now}, before {since}")
                    return Changes(rows, now)
                if what not in ("ADDED", "MODIFIED", "DELETED") or not _meta(given, "name"):
                    raise self._no_list(kind, orjson.dumps(event))
                rows.append((_meta(given, "name"), None if what == "DELETED" else given))
        raise Unproven(f"{self._name}: the watch of {kind.resource} ended without a bookmark")

    @contextmanager
    def _asked(self, kind: Kind, **options: Any) -> Iterator[Any]:
        """Yield the answer as it comes, without having read it."""
        response: Any = self._objects.list_namespaced_custom_object(
            *(kind.group, VERSION, self._namespace, kind.plural),
            **options,
            _preload_content=False,
            # A watch may well be silent for all of its time.
            _request_timeout=(self._timeout[0], self._timeout[1] + options.get("timeout_seconds", 0)),
        )
        try:
            yield response
        finally:
            # What is left of a stream is not waited for; of a list nothing is left.
            response.close()

    def _body(self, response: Any, what: str) -> bytes:
        """Return an answer whole. Raises `SourceError` where it is too large, and where it does not come to an end."""
        end, body = time.monotonic() + LONGEST_ANSWER_S, bytearray()
        # Whatever is there already, where a whole chunk would be waited for without a look at the clock.
        while chunk := response.read1(_CHUNK, decode_content=True):
            body += chunk
            if len(body) > _MOST_BYTES:
                raise SourceError(f"{self._name}: {what}: what {self._host} answers is larger than {_MOST_BYTES >> 20} MB")
            if time.monotonic() > end:
                raise SourceUnavailable(f"{self._name}: {what} at {self._host}: no whole answer in time")
        return bytes(body)

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """Count a request, and turn what the official client raises into an error of one line without secrets."""
        from kubernetes.client.exceptions import ApiException  # noqa: PLC0415 - as in `connection`

        with self._counting:
            self.requests += 1
        try:
            with traces.request(self._name, "GET", f"{self._host}/{what}"):
                yield
        except ApiException as error:
            self.heard = Heard.now(error.headers or {})
            raise self._refused(what, error.status or 0, (error.body or "").encode()) from None
        except HTTPError as error:
            raise SourceUnavailable(f"{self._name}: {what} at {self._host}: {self._why(error)}") from None

    def _refused(self, what: str, status: int, body: bytes) -> SourceError:
        said = detail(body, self._secrets)
        message = _parsed(body).get("message")
        said = self._secrets.masked(message)[:300] if isinstance(message, str) and message else said
        words = f"{self._name}: {what}: answered {status} {said}".rstrip()
        match status:
            case 404 if body.strip() == _NO_SUCH_PATH:
                return NotInstalled(f"{self._name}: the cluster has no {what}")
            case 401:
                return NotKnown(f"{words}; the token is not known or has expired")
            case 403:
                return NotAllowed(f"{words}; give the token the right to get, list and watch {what}")
            case 410:
                return Expired(words)
            case 504 if _TOO_LARGE in said:
                return Restored(words)
        return SourceUnavailable(words) if status >= 500 or status == 429 else SourceError(words)

    def _no_list(self, kind: Kind, body: bytes) -> SourceError:
        return self._none_of(f"{kind.name}List", kind.resource, body)

    def _none_of(self, wanted: str, what: str, body: bytes) -> SourceError:
        said = detail(body[:2000], self._secrets)
        return SourceError(f"{self._name}: {what}: what {self._host} answered is no {wanted}: {said}")

    def _why(self, error: Exception) -> str:
        cause = error.reason if isinstance(error, MaxRetryError) and error.reason is not None else error
        if isinstance(cause, SSLError) and "certificate" not in str(cause).lower():
            return f"no TLS connection (does it speak https?); {self._address_told} holds the address"
        if isinstance(cause, SSLError):
            return f"its certificate is not trusted; name the file of its CA's certificates in {self._ca_told}"
        if isinstance(cause, ConnectTimeoutError):
            return f"{_unreached(cause)}; {self._address_told} holds the address"
        if isinstance(cause, ProtocolError):
            return "the connection broke"
        return "no connection, or no answer in time"


def _unreached(cause: ConnectTimeoutError) -> str:
    # To urllib3 a connection that is refused and a name that nobody knows are sorts of those that took too long.
    if isinstance(cause, NameResolutionError):
        return "the name of the host is not known"
    if not isinstance(cause, NewConnectionError):
        return "it did not take the connection in time"
    return "no connection: it is refused" if isinstance(cause.__cause__, ConnectionRefusedError) else "no connection"


def _events(response: Any) -> Iterator[Row]:
    """Yield the events of a watch; what is no line of JSON is an event of no type. A stream that breaks, or drags on, ends."""
    rest, size, end = b"", 0, time.monotonic() + LONGEST_ANSWER_S
    # Whoever cuts a watch, a proxy perhaps, may well answer a list: there is no bookmark then, which tells.
    with suppress(HTTPError):
        while chunk := response.read1(_CHUNK, decode_content=True):
            size += len(chunk)
            if size > _MOST_BYTES or time.monotonic() > end:
                return
            *lines, rest = (rest + chunk).split(b"\n")
            yield from (_parsed(line) for line in lines if line.strip())


def _parsed(body: bytes) -> Row:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _meta(row: Any, what: str) -> str:
    """Return a text of an object's metadata, "" where there is none."""
    meta = row.get("metadata") if isinstance(row, dict) else None
    found = meta.get(what) if isinstance(meta, dict) else None
    return found if isinstance(found, str) else ""


def _is_before(version: str, other: str) -> bool:
    """Return whether a resourceVersion is surely of before another: such as are no numbers have no order."""
    numbers = all(each.isascii() and each.isdigit() for each in (version, other))
    return numbers and int(version) < int(other)


def _code(status: Any) -> int:
    code = status.get("code") if isinstance(status, dict) else None
    return code if isinstance(code, int) else 0
