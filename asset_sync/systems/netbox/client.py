"""The wire to one NetBox: pages, bulk writes, what this version can do, and its errors in the words of `reconcile.target`."""

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from hashlib import sha256
from typing import Any, Final, Literal

import orjson
import pynetbox
import requests
from pynetbox.core.endpoint import Endpoint

from asset_sync import settings
from asset_sync.reconcile.errors import ConfigurationError, TargetError
from asset_sync.reconcile.target import OutcomeUnknown, Refused
from asset_sync.systems.http import Answered, Budget, Client, HttpError, NotSettled, SystemClient, session
from asset_sync.systems.netbox.refusing import NAME, Forbidden, refusal, undid, unreadable
from asset_sync.systems.progress import Count

Row = dict[str, Any]
Query = Sequence[tuple[str, str]]

Right = Literal["add", "change"]
_METHODS: Final[Mapping[Right, str]] = {"add": "POST", "change": "PUT"}
"""The method by which the answer to OPTIONS shows a right; it shows those alone that the token has."""
CONNECT_TIMEOUT_S: Final = 5.0
READ_TIMEOUT_S: Final = 120.0
"""A bulk write of 100 devices may take 10 s on a small server (measured), and a server that wakes up longer."""
PAGE_SIZE: Final = 1000
"""What a NetBox gives at most, unless it was configured otherwise."""
READERS: Final = 4
"""Requests at a time that read: twice the speed of one on the server measured, and no gain beyond its cores."""
_LISTINGS: Final = 2
"""So often a listing that falls short of the server's count is read."""

CHANGE_LOG: Final = "core/object-changes"
"""Where NetBox keeps what was changed, by whom and when."""

_BODY_BYTES_MOST = 2_500_000
"""4.7 answers 500 to a body over 2,621,440 bytes (measured)."""
_MESSAGE_LENGTH = 200
_CUSTOM_FIELD: Final = (
    *("name", "type", "object_types", "required", "unique", "default", "choice_set", "related_object_type"),
    *("validation_minimum", "validation_maximum", "validation_regex"),
)
_PLAIN: Final = ("exclude", "config_context")
"""3,200 devices a second instead of 2,260 (measured); other endpoints and 4.7 ignore it."""
_CHANGELOG_SINCE = (4, 4)
_CURSOR_SINCE = (4, 6)
_ETAGS_SINCE = (4, 6)


class NetBoxClient(SystemClient):
    """One NetBox. Writes raise `TargetError` unless it was opened with `writable=True`; that is how a dry run stays dry.

    `token` is a v1 token (40 hexadecimal digits) or a v2 token (`nbt_…`). `timeout` is seconds to connect and seconds
    between two bytes. Raises `ConfigurationError`
    for an address or a token that cannot be right, `TargetError` where NetBox cannot be read. Safe to share between threads.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        writable: bool = False,
        ca_file: str | None = None,
        verify: bool = True,
        timeout: tuple[float, float] = (CONNECT_TIMEOUT_S, READ_TIMEOUT_S),
        longest_wait: float = 60,
        connection: str = "",
    ) -> None:
        http = Client(
            _checked(url, "NETBOX_URL", "the address of NetBox"),
            name=NAME,
            headers={"Authorization": _authorization(_checked(token, "NETBOX_TOKEN", "an API token of NetBox"))},
            timeout=timeout,
            ca_file=ca_file,
            verify=verify,
            max_bytes=256 << 20,
            longest_wait=longest_wait,
            writable=writable,
            address_variable=settings.of_connection("NETBOX", connection, "URL"),
            ca_told=settings.ca_told("NETBOX", connection),
            undid=undid,
            budget=Budget.of("NETBOX", connection, at_once=READERS),
        )
        super().__init__(http)
        self.viewer = sha256(f"{url.strip()} {token.strip()}".encode()).hexdigest()[:16]
        """What tells this address and token from others, and says neither."""
        self._version: tuple[int, int] | None = None
        self._asking = threading.Lock()
        self._turns = threading.BoundedSemaphore(READERS)

    @cached_property
    def api(self) -> pynetbox.Api:
        """The whole API, by pynetbox: what it sends goes out by this client (`asset_sync.systems.http.session`).

        Raises pynetbox's own errors for what NetBox refuses, `HttpError` where it does not answer or nothing may be written.
        """
        api = pynetbox.Api(self._http.base_url)
        api.http_session = session(self._http)
        return api

    @property
    def version(self) -> tuple[int, int]:
        """Major and minor version, as (4, 6): as any answer had it in its headers, else asked once."""
        with self._asking:
            if self._version is None:
                heard = self._http.heard
                told = heard.headers.get("api-version") if heard else None
                found = re.match(r"(\d+)\.(\d+)", told or str(self.status().get("netbox-version")))
                if not found:
                    raise TargetError(f"{NAME}: {self._http.base_url} does not answer as a NetBox does; check NETBOX_URL")
                self._version = (int(found[1]), int(found[2]))
            return self._version

    def status(self) -> Row:
        """Return what NetBox says of itself: `netbox-version`, and the versions of `plugins` by name."""
        found = self._told(self.api.status)
        return found if isinstance(found, dict) else {}

    def user(self) -> str:
        """Return the name of the user whom the token is of."""
        found = self._get("authentication-check/", ())
        return str(found.get("username")) if isinstance(found, dict) else ""

    @property
    def has_etags(self) -> bool:
        """Whether If-Match is honoured (4.6 and later)."""
        return self.version >= _ETAGS_SINCE

    # Reading.

    def rows(self, endpoint: str, fields: Iterable[str], query: Query = (), *, counted: bool = False) -> list[Row]:
        """Return every object that the query names, by id, with `id`, `last_updated`, `created` and the given fields.

        Pages go by cursor where the server has it, several at a time, else by offset. A whole listing is counted against the
        server's own count and read once more where it falls short. Raises `TargetError` where it still does. What a query
        names is counted only where it is `counted`.
        """
        wanted = ("fields", ",".join(dict.fromkeys(("id", "last_updated", "created", *fields))))
        parameters = [wanted, _PLAIN, *query]
        if query and not counted:
            return self._all(endpoint, parameters)
        for _ in range(_LISTINGS):
            count, highest = self._extent(endpoint, query)
            counting = self._http.progress.counting(f"objects of {endpoint}", count)
            rows = self._all(endpoint, parameters, highest if count > READERS * PAGE_SIZE else 0, counting)
            if len(rows) >= count:
                return rows
        raise TargetError(f"{NAME}: {endpoint} counts {count} objects but lists {len(rows)}, twice; run again later")

    def _extent(self, endpoint: str, query: Query) -> tuple[int, int]:
        """Return how many objects the server counts there, of those that the query names, and their highest id."""
        page = self._first(endpoint, (), query)
        return _count(endpoint, page), max((row["id"] for row in page["results"]), default=0)

    def count(self, endpoint: str, query: Query = ()) -> int:
        """Return how many objects the server counts there, of those that the query names."""
        return _count(endpoint, self._page(endpoint, [("fields", "id"), ("limit", "1"), *query]))

    def newest(self, endpoint: str, fields: Iterable[str], query: Query = ()) -> Row | None:
        """Return the object of the greatest id, of those that the query names, with the given fields; None for none."""
        found: list[Row] = self._first(endpoint, fields, query)["results"]
        return found[0] if found else None

    def newest_first(self, endpoint: str, fields: Iterable[str], most: int) -> tuple[list[Row], int]:
        """Return the objects that changed last, by when, with `last_updated`, `created` and the given fields; and the count."""
        page = self._first(endpoint, ("last_updated", "created", *fields), (), "-last_updated", most)
        return page["results"], _count(endpoint, page)

    def few(self, endpoint: str, fields: Iterable[str], **query: Any) -> list[Row]:
        """Return the objects of a listing that is known to be short, by id, with `id` and the given fields, through pynetbox.

        Raises `TargetError` where NetBox counts more than it lists.
        """
        found: list[Row] = self._told(lambda: _listed(self._endpoint(endpoint), ["id", *fields], query))
        return sorted(found, key=lambda row: int(row["id"]))

    def choices(self, endpoint: str) -> dict[str, list[str]]:
        """Return the values that each choice field takes, by field; nothing for a token without the right to add objects."""
        try:
            choices = self._told(self._endpoint(endpoint).choices)
        except ValueError:
            # What pynetbox says where nothing is told of adding.
            return {}
        return {name: [str(choice["value"]) for choice in told] for name, told in choices.items() if told}

    def rights(self, endpoint: str) -> frozenset[Right]:
        """Return what the token may do with objects there, be it with some of them only."""
        try:
            body = self._http.options_json(_path(endpoint))
        except HttpError as error:
            raise unreadable(error) from None
        actions = body.get("actions", {}) if isinstance(body, dict) else {}
        return frozenset(right for right, method in _METHODS.items() if method in actions)

    def custom_fields(self) -> list[Row]:
        """Return the definitions of the custom fields; none for a token without the right to see them."""
        try:
            return self.few("extras/custom-fields", _CUSTOM_FIELD)
        except Forbidden:
            return []

    def _endpoint(self, endpoint: str) -> Endpoint:
        found: Any = self.api
        for name in endpoint.split("/"):
            found = getattr(found, name.replace("-", "_"))
        return found

    def _told(self, ask: Callable[[], Any]) -> Any:
        """Return what pynetbox is told, with its errors in our words."""
        try:
            return ask()
        except HttpError as error:
            raise unreadable(error) from None
        except (pynetbox.RequestError, pynetbox.ContentError) as error:
            raise unreadable(error.req.fault) from None
        except requests.JSONDecodeError:
            raise TargetError(f"{NAME}: {self._http.base_url} does not answer as a NetBox does; check NETBOX_URL") from None

    # Writing.

    def create(self, endpoint: str, objects: Sequence[Row], message: str) -> list[Row]:
        """Create objects, all or none, and return them as stored, in whatever order the server likes.

        Raises `Refused` (its `rows` numbered by place in `objects`), `OutcomeUnknown` or `TargetError`.
        """
        return self._write("POST", endpoint, objects, message, {})

    def patch(self, endpoint: str, objects: Sequence[Row], message: str, versions: Iterable[str] = ()) -> list[Row]:
        """Patch objects by their `id`, all or none, and return them as stored; on 4.6 without those that do not exist.

        `versions` are the values of `last_updated` that the objects must still have; `Stale` where one has not.
        Raises as `create` does.
        """
        etags = sorted({_etag(version) for version in versions})
        return self._write("PATCH", endpoint, objects, message, {"If-Match": ", ".join(etags)} if etags else {})

    def _write(self, method: str, endpoint: str, objects: Sequence[Row], message: str, headers: Mapping[str, str]) -> list[Row]:
        if self.version >= _CHANGELOG_SINCE:
            objects = [{**row, "changelog_message": message[:_MESSAGE_LENGTH]} for row in objects]
        size = len(orjson.dumps(objects))
        if size > _BODY_BYTES_MOST:
            raise Refused(f"{NAME}: {size:,} bytes are more than one request may carry")
        try:
            stored = self._http.send_json(method, _path(endpoint), objects, headers)
        except NotSettled as error:
            raise OutcomeUnknown(str(error)) from None
        except Answered as error:
            raise refusal(error, objects) from None
        except HttpError as error:
            raise TargetError(str(error)) from None
        if not isinstance(stored, list) or not all(isinstance(row, dict) and "id" in row for row in stored):
            raise OutcomeUnknown(f"{NAME}: {method} {endpoint} was accepted, but the answer does not say what was stored")
        return stored

    # Pages.

    def _first(self, endpoint: str, fields: Iterable[str], query: Query, ordering: str = "-id", most: int = 1) -> Row:
        """Return a page of the first objects in an order; by default that of the greatest id alone."""
        wanted = ("fields", ",".join(dict.fromkeys(("id", *fields))))
        return self._page(endpoint, [wanted, _PLAIN, ("ordering", ordering), ("limit", str(most)), *query])

    def _all(self, endpoint: str, query: Query, highest: int = 0, counting: Count = lambda _: None) -> list[Row]:
        """Return the objects of a listing, by id; up to a `highest` one in parts, side by side. `counting` is told of pages."""
        if self.version < _CURSOR_SINCE:
            pages = _counted(self._by_offset(endpoint, query), counting)
        else:
            starts = range(1, max(highest, 1) + 1, max(-(-highest // READERS), 1))
            ends = [*starts[1:], None]
            with ThreadPoolExecutor(len(starts), thread_name_prefix="netbox-pages") as pool:
                read = partial(self._by_cursor, endpoint, query)
                parts = pool.map(lambda start, end: _counted(read(start, end), counting), starts, ends)
                pages = [page for part in parts for page in part]
        rows = {row["id"]: row for page in pages for row in page}
        return [rows[number] for number in sorted(rows)]

    def _by_cursor(self, endpoint: str, query: Query, start: int, end: int | None) -> Iterator[list[Row]]:
        """Yield the pages from an id on, up to the one that has reached another; the last part has no end."""
        while end is None or start < end:
            page = self._page(endpoint, [*query, ("limit", str(PAGE_SIZE)), ("start", str(start))])
            ids = [row["id"] for row in page["results"]]
            if ids != sorted(set(ids)) or (ids and ids[0] < start):
                raise TargetError(f"{NAME}: a page of {endpoint} from id {start} is not in order; nothing was read")
            yield page["results"]
            # `next` is set even on a last page that is exactly full; an empty one follows then (measured).
            if not ids or not page["next"]:
                return
            start = ids[-1] + 1

    def _by_offset(self, endpoint: str, query: Query) -> Iterator[list[Row]]:
        offset = 0
        while True:
            page = self._page(endpoint, [*query, ("limit", str(PAGE_SIZE)), ("offset", str(offset)), ("ordering", "id")])
            yield page["results"]
            offset += len(page["results"])
            if not page["results"] or not page["next"]:
                return

    def _page(self, endpoint: str, query: Query) -> Row:
        with self._turns:
            body = self._get(f"{endpoint}/", query)
        rows = body.get("results") if isinstance(body, dict) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) and isinstance(row.get("id"), int) for row in rows):
            raise TargetError(f"{NAME}: {endpoint} did not answer with a page of objects; nothing was read")
        return {"results": rows, "next": body.get("next"), "count": body.get("count")}

    def _get(self, path: str, query: Query) -> Any:
        try:
            return self._http.get_json(f"/api/{path}", query)
        except HttpError as error:
            raise unreadable(error) from None


def _listed(endpoint: Endpoint, fields: Sequence[str], query: Mapping[str, Any]) -> list[Row]:
    found = endpoint.filter(fields=",".join(fields), **query)
    rows = [dict(record) for record in found]
    if len(rows) < len(found):
        raise TargetError(f"{NAME}: {endpoint.url} counts {len(found)} objects but lists {len(rows)}; run again later")
    return rows


def _count(endpoint: str, page: Row) -> int:
    """Return how many objects there are, by a page; those that go by cursor do not tell."""
    count = page["count"]
    if not isinstance(count, int):
        raise TargetError(f"{NAME}: {endpoint} did not say how many objects it has; nothing was read")
    return count


def _path(endpoint: str) -> str:
    return f"/api/{endpoint}/"


def _checked(value: str, variable: str, what: str) -> str:
    if not value.strip():
        raise ConfigurationError(f"{variable} is empty: set it to {what}")
    return value.strip()


def _authorization(token: str) -> str:
    """v2 tokens are recognised by their prefix; all others are v1."""
    return f"Bearer {token}" if token.startswith("nbt_") else f"Token {token}"


def _etag(last_updated: str) -> str:
    """Return the ETag of an object that was last changed then; lists carry none, but it is made of nothing else (measured)."""
    return f'W/"{last_updated.removesuffix("Z")}+00:00"' if last_updated.endswith("Z") else f'W/"{last_updated}"'


def _counted(pages: Iterable[list[Row]], counting: Count) -> list[list[Row]]:
    """Return pages as they come, each of them counted."""
    come: list[list[Row]] = []
    for page in pages:
        come.append(page)
        counting(len(page))
    return come
