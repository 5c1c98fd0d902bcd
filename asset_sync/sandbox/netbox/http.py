"""Requests and answers of the simulated NetBox, apart from what they are about."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson
from starlette.responses import Response

from asset_sync.sandbox.netbox.auth import Token
from asset_sync.sandbox.netbox.errors import ApiError, server_error
from asset_sync.sandbox.netbox.store import Store
from asset_sync.sandbox.netbox.table import Row

MAX_BODY = 2_621_440
MAX_URL = 4_090


@dataclass(frozen=True)
class Call:
    """One request to the API."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    raw_body: bytes
    base_url: str
    request_id: str

    @property
    def params(self) -> list[tuple[str, str]]:
        """The query string, in order."""
        return parse_qsl(self.query, keep_blank_values=True)

    def param(self, name: str) -> str | None:
        """The last value of a parameter."""
        found: str | None = None
        for key, value in self.params:
            found = value if key == name else found
        return found

    def link(self, changes: Mapping[str, int | None]) -> str:
        """This URL with other values of some parameters, sorted as NetBox does."""
        kept = [(name, value) for name, value in self.params if name not in changes]
        added = [(name, str(value)) for name, value in changes.items() if value is not None]
        query = urlencode(sorted([*kept, *added], key=lambda pair: pair[0]))
        return f"{self.base_url}{self.path}?{query}" if query else f"{self.base_url}{self.path}"

    def etags(self) -> list[str]:
        """The ETags of If-Match; empty if there is none or any will do."""
        header = self.headers.get("if-match", "").strip()
        return [] if header in ("", "*") else [one.strip() for one in header.split(",")]


@dataclass(frozen=True)
class Answer:
    """What the API answers."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Context:
    """A call with what it is allowed to do, and where."""

    call: Call
    store: Store
    token: Token


def parse_body(call: Call, store: Store) -> Any:
    """The data of a write."""
    if store.version != "4.6" and len(call.raw_body) > MAX_BODY:
        message = "Request body exceeded settings.DATA_UPLOAD_MAX_MEMORY_SIZE."
        raise server_error(message, "RequestDataTooBig", store.versions)
    if not call.raw_body:
        return {}
    content_type = call.headers.get("content-type", "")
    if content_type.split(";")[0].strip().lower() != "application/json":
        raise ApiError(415, {"detail": f'Unsupported media type "{content_type}" in request.'})
    try:
        return json.loads(call.raw_body)
    except ValueError as error:
        raise ApiError(400, {"detail": f"JSON parse error - {error}"}) from None


def etag(row: Row) -> str:
    """The ETag of an object, made of its last_updated."""
    moment = row.get("last_updated") or row.get("created") or row.get("time") or ""
    return f'W/"{moment.replace("Z", "+00:00")}"' if moment else ""


def check_etag(context: Context, row: Row) -> None:
    """Refuse with 412 if If-Match does not name the current state of the row."""
    wanted = context.call.etags()
    if wanted and etag(row) not in wanted:
        raise ApiError(412, {"detail": "Precondition failed."}, {"ETag": etag(row)})


def is_number(value: str) -> bool:
    """Whether a parameter is a whole number without a sign."""
    return value.isascii() and value.isdigit()


def to_response(call: Call, answer: Answer, store: Store, allow: str) -> Response:
    """An answer as HTTP."""
    headers = _headers(call, store) | {"Allow": allow} | answer.headers
    if answer.body is None:
        return Response(status_code=answer.status, headers=headers)
    return Response(_json(answer.body), answer.status, headers, media_type="application/json")


def _json(body: Any) -> bytes:
    try:
        return orjson.dumps(body)
    except TypeError:  # a whole number of more than 64 bits, sent by the client
        return json.dumps(body).encode()


def html(call: Call, store: Store, status: int, title: str) -> Response:
    """One of NetBox's own error pages."""
    page = (
        f'<!DOCTYPE html>\n<html lang="en" data-netbox-version="{store.versions["full"]}">\n<head>\n'
        f"<title>{title} | NetBox</title>\n</head>\n<body><h1>{title}</h1></body>\n</html>\n"
    )
    return Response(page, status, _headers(call, store), media_type="text/html; charset=utf-8")


def line_too_long(size: int) -> Response:
    """What gunicorn says before NetBox sees the request."""
    page = (
        "<html>\n  <head>\n    <title>Bad Request</title>\n  </head>\n  <body>\n    <h1><p>Bad Request</p></h1>\n"
        f"    Request Line is too large ({size} &gt; 4094)\n  </body>\n</html>\n"
    )
    return Response(page, 400, media_type="text/html")


def _headers(call: Call, store: Store) -> dict[str, str]:
    return {
        "API-Version": store.version,
        "X-Request-ID": call.request_id,
        "Vary": "HX-Request, Accept-Language, Cookie, origin",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "X-Frame-Options": "SAMEORIGIN",
        "Content-Language": "en",
    }
