"""Snipe-IT's API, read-only: pages and single rows, and every known way of saying no told apart from an empty answer.

Sources: facts/snipeit.md, "Auth, envelope, errors": an error may come with status 200 and `{"status": "error"}`; a bad token
leads to a login page where JSON was not asked for; newer rows have a key `status` of their own, which holds an object.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from asset_sync.reconcile.errors import SourceError, SourceUnavailable
from asset_sync.systems.http import Answered, Client, HttpError, SystemClient, may_pass
from asset_sync.systems.snipeit.throttle import LONGEST_WAIT_S, shared
from asset_sync.systems.snipeit.values import Row

NAME: Final = "Snipe-IT"
PAGE_SIZE: Final = 500
_BASE: Final = "/api/v1"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, and how many rows the list has."""

    total: int
    rows: list[Row]


class SnipeItClient(SystemClient):
    """A context manager: inside it a Snipe-IT can be read. `url` may end in `/api/v1` or not.

    Raises `ConfigurationError` for an address or a token that cannot be right; the methods raise `SourceUnavailable` for what
    may pass by itself and `SourceError` for everything else that is no answer.
    """

    def __init__(self, url: str, token: str, *, ca_file: str | None = None, verify: bool = True) -> None:
        base = url.strip().rstrip("/").removesuffix(_BASE) + _BASE
        http = Client(
            base,
            name=NAME,
            headers={"Authorization": f"Bearer {token.strip()}"},
            ca_file=ca_file,
            verify=verify,
            longest_wait=LONGEST_WAIT_S,
            throttle=shared(base, token.strip()),
            writable=False,
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

    def row(self, path: str, row_id: int) -> Row | None:
        """Return one row; None where there is none (any more)."""
        body = self._get(f"{path}/{row_id}", {})
        if _is_error(body):
            return None
        if not isinstance(body, dict) or body.get("id") != row_id:
            raise SourceError(f"{NAME}: /{path}/{row_id} is not the row that was asked for; nothing was changed")
        return body

    def _get(self, path: str, params: Mapping[str, str | int]) -> Any:
        try:
            return self._http.get_json(f"/{path}", params)
        except HttpError as error:
            raise (SourceUnavailable if may_pass(error) else SourceError)(_refusal(error, path)) from None


def _is_error(body: object) -> bool:
    return isinstance(body, dict) and body.get("status") == "error"


def _refusal(error: HttpError, path: str) -> str:
    status = error.status if isinstance(error, Answered) else None
    if status == 401:
        return f"{error}; SNIPEIT_TOKEN is not accepted: make a new API key in Snipe-IT"
    if status == 403:
        return f"{error}; the owner of SNIPEIT_TOKEN may not see /{path}: give that user the right; nothing was changed"
    what = "run again later" if may_pass(error) else "check SNIPEIT_API_URL"
    return f"{error}; nothing was changed; {what}"
