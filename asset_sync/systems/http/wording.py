"""What came of a request in one line for people, without anything secret in it."""

import re
from typing import Any, Final
from urllib.parse import SplitResult, urljoin, urlsplit

import orjson

from asset_sync.reconcile.visible import ACTING
from asset_sync.systems.http.masking import Secrets
from asset_sync.systems.http.transport import NoAnswer, Request, Response

NO_JSON: Final = object()

_PORTS: Final = {"http": 80, "https": 443}
_MEBIBYTE: Final = 1 << 20
_DETAIL_LENGTH: Final = 300
_LOOKED_AT: Final = 1 << 16
"""So much of an error is read for its 300 characters."""
_NOT_PRINTED: Final = re.compile(rf"[\s{re.escape(ACTING)}]+")
"""Blanks, and what would act on the terminal."""


class Wording:
    """Words about the requests to one system: what was asked where, and what came of it."""

    def __init__(self, name: str, base_url: str, secrets: Secrets, address_variable: str = "", ca_told: str = "") -> None:
        self._name = name
        self._address_variable = address_variable
        self._ca_told = ca_told
        self._base_url = base_url
        self._secrets = secrets

    def no_answer(self, request: Request, outcome: NoAnswer) -> str:
        """Say why no answer came."""
        return f"{self._where(request)}: {outcome.why}"

    def never_reached(self, outcome: NoAnswer) -> str:
        """Say why a system was not reached at all: where it was looked for, and who said that it is there."""
        parts = urlsplit(self._base_url)
        at = f"{parts.hostname}:{parts.port or _PORTS[parts.scheme]}"
        variable = f"{self._address_variable} holds the address" if self._address_variable else "check the address"
        words = f"{self._name}: {outcome.why}; {at} was asked, {variable}"
        if outcome.failed != "certificate":
            return words
        return f"{words}; to trust it, name the file of its CA's certificates: {self._ca_told}"

    def refused(self, request: Request, response: Response) -> str:
        """Say that the answer is an error, and what that says."""
        large = f"with more than {response.limit // _MEBIBYTE} MB"
        said = large if response.body is None else detail(response.body, self._secrets)
        return f"{self._where(request)}: answered {response.status} {said}".rstrip()

    def too_large(self, request: Request, response: Response) -> str:
        """Say that the answer is larger than is allowed."""
        return f"{self._where(request)}: the answer is larger than {response.limit // _MEBIBYTE} MB"

    def no_json(self, request: Request, response: Response) -> str:
        """Say what came in place of JSON."""
        page = _is_page(response.body or b"")
        found = "a web page (a login page, or a wrong address?)" if page else "something else"
        return f"{self._where(request)}: answered {response.status} with {found} instead of JSON"

    def redirected(self, request: Request, response: Response) -> str:
        """Say where a redirect leads that is not followed."""
        there = location(response)
        host = self._secrets.masked(f"{there.scheme}://{there.hostname}") if there else "an address that cannot be read"
        return f"{self._where(request)}: redirects to {host}, which is not followed; set the final address"

    def read_only(self, request: Request) -> str:
        """Say that a write was not sent, because nothing may be written."""
        return f"{self._name}: this run is read-only, so {request.method} {request.path} was not sent"

    def elsewhere(self, url: str) -> str:
        """Say that an address is not this system's, so that nothing was sent there."""
        parts = urlsplit(url)
        host = self._secrets.masked(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}")
        return f"{self._name}: {host} is not below {self._base_url}, so nothing was sent"

    def _where(self, request: Request) -> str:
        return f"{self._name}: {request.method} {self._base_url}{request.path}"


def detail(body: bytes, secrets: Secrets) -> str:
    """Return what an error answer says, in at most 300 characters of one line: its JSON, or a web page's title.

    What is secret is masked before anything is cut.
    """
    content = parsed(body)
    if content is NO_JSON:
        said = _text(body)
    elif isinstance(content, dict) and isinstance(content.get("detail"), str) and len(content) == 1:
        said = content["detail"]
    else:
        said = orjson.dumps(secrets.masked_json(content)).decode()
    # In one line before, so that blanks do not count, and after, because masking may undo escapes.
    said = _in_one_line(secrets.masked(_in_one_line(said)[:_LOOKED_AT]))
    return said if len(said) <= _DETAIL_LENGTH else said[: _DETAIL_LENGTH - 1] + "…"


def location(response: Response) -> SplitResult | None:
    """Return the address that a redirect leads to, None where it is none."""
    try:
        there = urlsplit(urljoin(response.url, response.headers.get("Location", "")))
        port = there.port
    except ValueError:
        return None
    return None if port == 0 else there


def parsed(body: bytes) -> Any:
    """Return the JSON of a body, `NO_JSON` where it is something else."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return NO_JSON


def _text(body: bytes) -> str:
    """Return a text as it is, of a web page its title."""
    if not _is_page(body):
        return body.decode(errors="replace")
    page = body[:_LOOKED_AT]
    opened = page.lower().find(b"<title")
    _, _, title = page[opened:].partition(b">") if opened >= 0 else (b"", b"", b"")
    return title[: max(title.lower().find(b"</title"), 0)].decode(errors="replace")


def _in_one_line(text: str) -> str:
    return _NOT_PRINTED.sub(" ", text).strip()


def _is_page(body: bytes) -> bool:
    return body.lstrip()[:1] == b"<"
