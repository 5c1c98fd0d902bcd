"""One fabric's Kubernetes API, request by request, read-only: every way of saying no is told apart from an empty list.

Source: facts/hedgehog.md §7. Refusals are Status objects; a definition that is not installed is a 404 in plain text. The
official client is used by its calls for custom objects, which need no discovery: what is read is known (`kinds`).
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Lock
from types import TracebackType
from typing import Any, Final, Self

import orjson
from kubernetes import client
from kubernetes.client.exceptions import ApiException
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
from asset_sync.systems.hedgehog.kinds import VERSION, Kind
from asset_sync.systems.http.masking import Secrets
from asset_sync.systems.http.wording import detail

Row = dict[str, Any]

PAGE_SIZE: Final = 500
_NO_SUCH_PATH: Final = b"404 page not found"
_TOO_LARGE: Final = "Too large resource version"
_MOST_BYTES: Final = 256 << 20
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
        configuration: client.Configuration,
        *,
        name: str = "",
        namespace: str = "default",
        timeout: tuple[float, float] = (5, 60),
        ca_told: str = "HEDGEHOG_CA_FILE",
        address_told: str = "HEDGEHOG_SERVER",
    ) -> None:
        self._name = f"Hedgehog {name}".rstrip()
        self._namespace = namespace
        self._timeout = timeout
        self._ca_told = ca_told
        self._address_told = address_told
        self._secrets = Secrets(key.removeprefix("Bearer ") for key in configuration.api_key.values())
        self._host = configuration.host
        self.requests = 0
        """How many were sent, tries again not counted."""
        self._counting = Lock()
        self._api = client.ApiClient(configuration)
        self._objects = client.CustomObjectsApi(self._api)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._api.close()  # type: ignore[no-untyped-call]

    @property
    def place(self) -> str:
        """What is read, in one text: the address of the API and the namespace."""
        return f"{self._host} {self._namespace}"

    def version(self) -> str:
        """Return the version of the Kubernetes server, such as `v1.33.4+k3s1`."""
        with self._told("/version"):
            return str(client.VersionApi(self._api).get_code(_request_timeout=self._timeout).git_version)

    def may_list(self, kind: Kind) -> bool:
        """Return whether the token may list a kind, by the server's own word; nothing is read."""
        attributes = {"verb": "list", "group": kind.group, "resource": kind.plural, "namespace": self._namespace}
        review = {
            "apiVersion": f"{_REVIEWS[0]}/{_REVIEWS[1]}",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }
        with self._told(f"the right to {kind.resource}"):
            # As a custom object: the client's own models for it take a second to load.
            answer = self._objects.create_cluster_custom_object(*_REVIEWS, review, _request_timeout=self._timeout)
        status = answer.get("status") if isinstance(answer, dict) else None
        return isinstance(status, dict) and status.get("allowed") is True

    def page(self, kind: Kind, token: str = "") -> Page:
        """Return a page of a list: the first, or the one that a token is of."""
        options = {"limit": PAGE_SIZE, **({"_continue": token} if token else {})}
        with self._told(kind.resource), self._asked(kind, **options) as response:
            body = response.read(_MOST_BYTES + 1)
        if len(body) > _MOST_BYTES:
            raise SourceError(f"{self._name}: the list of {kind.resource} is larger than {_MOST_BYTES >> 20} MB")
        found = _parsed(body)
        rows, version = found.get("items"), _meta(found, "resourceVersion")
        if found.get("kind") != f"{kind.name}List" or not version or not isinstance(rows, list):
            raise self._no_list(kind, body)
        if not all(_meta(row, "name") for row in rows):
            raise self._no_list(kind, body)
        return Page(rows, version, _meta(found, "continue"))

    def changes(self, kind: Kind, since: str) -> Changes:
        """Return what was written to a kind since a resourceVersion, which costs one request, up to a bookmark's.

        Raises `Expired` where that is too old, and `Unproven` where no bookmark says how far the server looked.
        """
        options = {"watch": True, "resource_version": since, "allow_watch_bookmarks": True, "timeout_seconds": _WATCH_S}
        rows: list[tuple[str, Row | None]] = []
        with self._told(kind.resource), self._asked(kind, **options) as response:
            for event in _events(response):
                given, what = event.get("object"), event.get("type")
                if what == "ERROR":
                    raise self._refused(kind.resource, _code(given), orjson.dumps(given))
                if what == "BOOKMARK" and _meta(given, "resourceVersion"):
                    return Changes(rows, _meta(given, "resourceVersion"))
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

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """Count a request, and turn what the official client raises into an error of one line without secrets."""
        with self._counting:
            self.requests += 1
        try:
            with traces.request(self._name, "GET", f"{self._host}/{what}"):
                yield
        except ApiException as error:
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
                # The cluster came back from a backup: what was read of it is none of its past.
                return Expired(words)
        return SourceUnavailable(words) if status >= 500 or status == 429 else SourceError(words)

    def _no_list(self, kind: Kind, body: bytes) -> SourceError:
        said = detail(body[:2000], self._secrets)
        return SourceError(f"{self._name}: {kind.resource}: what {self._host} answered is no {kind.name}List: {said}")

    def _why(self, error: Exception) -> str:
        cause = error.reason if isinstance(error, MaxRetryError) and error.reason is not None else error
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
    """Yield the events of a watch; what is no line of JSON is an event of no type. A stream that breaks ends."""
    rest, size = b"", 0
    # Whoever cuts a watch, a proxy perhaps, may well answer a list: there is no bookmark then, which tells.
    with suppress(HTTPError):
        for chunk in response.stream(1 << 16, decode_content=True):
            size += len(chunk)
            if size > _MOST_BYTES:
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


def _code(status: Any) -> int:
    code = status.get("code") if isinstance(status, dict) else None
    return code if isinstance(code, int) else 0
