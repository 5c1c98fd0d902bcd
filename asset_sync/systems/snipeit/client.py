"""Snipe-IT's API, read-only: pages and single rows, and every known way of saying no told apart from an empty answer.

Sources: facts/snipeit.md, "Auth, envelope, errors": an error may come with status 200 and `{"status": "error"}`; a bad token
leads to a login page where JSON was not asked for; newer rows have a key `status` of their own, which holds an object. That
a row does not exist is said in the language of the token's user, and differently for each kind of rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from asset_sync import settings
from asset_sync.reconcile.errors import SourceError, SourceUnavailable
from asset_sync.systems.http import Answered, Budget, Client, HttpError, SystemClient, may_pass
from asset_sync.systems.snipeit.throttle import LONGEST_WAIT_S, shared
from asset_sync.systems.snipeit.values import Row

NAME: Final = "Snipe-IT"
PAGE_SIZE: Final = 500
BASE: Final = "/api/v1"
_CONNECT_TIMEOUT_S: Final = 5.0
READ_TIMEOUT_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, and how many rows the list has."""

    total: int
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Owner:
    """Whom the token belongs to. Who is no superuser may see the rows of the own company alone."""

    username: str
    superuser: bool
    company: str | None = None


class SnipeItClient(SystemClient):
    """A context manager: inside it a Snipe-IT can be read. `url` may end in `/api/v1` or not.

    Raises `ConfigurationError` for an address or a token that cannot be right; the methods raise `SourceUnavailable` for what
    may pass by itself and `SourceError` for everything else that is no answer.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        ca_file: str | None = None,
        verify: bool = True,
        read_timeout: float = READ_TIMEOUT_S,
        connection: str = "",
    ) -> None:
        base = url.strip().rstrip("/").removesuffix(BASE) + BASE
        self._absent: dict[str, object] = {}
        http = Client(
            base,
            name=NAME,
            headers={"Authorization": f"Bearer {token.strip()}"},
            ca_file=ca_file,
            verify=verify,
            longest_wait=LONGEST_WAIT_S,
            throttle=shared(base, token.strip()),
            budget=Budget.of("SNIPEIT", connection),
            timeout=(_CONNECT_TIMEOUT_S, read_timeout),
            writable=False,
            address_variable=settings.of_connection("SNIPEIT", connection, "API_URL"),
            ca_told=settings.ca_told("SNIPEIT", connection),
        )
        super().__init__(http)

    def page(self, path: str, params: Mapping[str, str | int]) -> Page:
        """Return a page of a list."""
        body = self._get(path, params)
        if _is_error(body):
            raise SourceError(f"{NAME}: /{path} was refused: {self._http.masked(body.get('messages'))}; nothing was changed")
        rows, total = (body.get("rows"), body.get("total")) if isinstance(body, dict) else (None, None)
        if not isinstance(rows, list) or not isinstance(total, int):
            raise SourceError(f"{NAME}: /{path} has no list of rows; nothing was changed")
        if not all(isinstance(row, dict) and isinstance(row.get("id"), int) for row in rows):
            raise SourceError(f"{NAME}: /{path} has rows without an id; nothing was changed")
        return Page(total, rows)

    @property
    def answered_at(self) -> datetime:
        """When the server answered last, by its own clock; by this machine's where it did not say."""
        heard = self._http.heard
        return (heard.sent_at if heard else None) or datetime.now(UTC)

    def owner(self) -> Owner:
        """Return whom the token belongs to. `superuser` comes as a number or as text (measured on Snipe-IT 8.1.4)."""
        body = self._get("users/me", {})
        if not isinstance(body, dict) or _is_error(body):
            raise SourceError(f"{NAME}: /users/me does not say whom the token belongs to; nothing was changed")
        rights, company = body.get("permissions"), body.get("company")
        superuser = isinstance(rights, dict) and rights.get("superuser") in (1, "1")
        return Owner(str(body.get("username")), superuser, str(company["name"]) if isinstance(company, dict) else None)

    def version(self) -> str:
        """Return the version of the server, such as `v8.1.4`."""
        body = self._get("version", {})
        found = body.get("version") if isinstance(body, dict) else None
        if not isinstance(found, str):
            raise SourceError(f"{NAME}: /version does not say which it is; check SNIPEIT_API_URL")
        return found

    def row(self, path: str, row_id: int) -> Row | None:
        """Return one row; None where Snipe-IT says of it what it says of a row that there cannot be.

        Raises `SourceError` for any other error: that says nothing of the row.
        """
        body = self._single(path, row_id)
        if _is_error(body):
            if (told := body.get("messages")) == self._said_of_none(path):
                return None
            raise SourceError(f"{NAME}: /{path}/{row_id} was refused: {self._http.masked(told)}; nothing was changed")
        if not isinstance(body, dict) or body.get("id") != row_id:
            raise SourceError(f"{NAME}: /{path}/{row_id} is not the row that was asked for; nothing was changed")
        return body

    def _said_of_none(self, path: str) -> object:
        """Return what is said of a row with the id 0, which no row has."""
        if path not in self._absent:
            body = self._single(path, 0)
            told = body.get("messages") if _is_error(body) else None
            if not isinstance(told, str) or not told:
                raise SourceError(f"{NAME}: /{path}/0 does not say that there is no such row; nothing was changed")
            self._absent[path] = told
        return self._absent[path]

    def _single(self, path: str, row_id: int) -> Any:
        """Return what is answered for one row; that there is none may come with a 404."""
        try:
            return self._http.get_json(f"/{path}/{row_id}")
        except HttpError as error:
            if isinstance(error, Answered) and error.status == 404 and _is_error(error.body) and "messages" in error.body:
                return error.body
            raise _told(error, f"{path}/{row_id}") from None

    def _get(self, path: str, params: Mapping[str, str | int]) -> Any:
        try:
            return self._http.get_json(f"/{path}", params)
        except HttpError as error:
            raise _told(error, path) from None


def _is_error(body: object) -> bool:
    return isinstance(body, dict) and body.get("status") == "error"


def _told(error: HttpError, path: str) -> SourceError:
    return (SourceUnavailable if may_pass(error) else SourceError)(_refusal(error, path))


def _refusal(error: HttpError, path: str) -> str:
    status = error.status if isinstance(error, Answered) else None
    if status == 401:
        return f"{error}; SNIPEIT_TOKEN is not accepted: make a new API key in Snipe-IT"
    if status == 403:
        return f"{error}; the owner of SNIPEIT_TOKEN may not see /{path}: give that user the right; nothing was changed"
    what = "run again later" if may_pass(error) else "check SNIPEIT_API_URL"
    return f"{error}; nothing was changed; {what}"
