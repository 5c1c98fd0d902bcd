"""The HTTP server: from a request to the part of the simulated Snipe-IT that it is for.

What is known of v8.1.4 is done as it is done there (sources: recorded answers of it, to which a contract test holds this;
routes, controllers and transformers of snipe/snipe-it at 5aa5c480). Where nothing is known, this is assumed: a path outside the
API leads to the login page, but for `/health`; only reading is possible (any other method is a 405); a row that belongs to
another company is as one that does not exist. Trashed rows can be read singly in `/hardware` only.
"""

import time
from collections.abc import Callable, Mapping
from datetime import UTC
from email.utils import format_datetime

import orjson
from starlette.applications import Starlette
from starlette.datastructures import Headers, QueryParams
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from asset_sync.sandbox.faults import DATA, WIRE, FaultMiddleware, Faults, path_and_query
from asset_sync.sandbox.snipeit.assets import hardware
from asset_sync.sandbox.snipeit.auth import Token, find_token
from asset_sync.sandbox.snipeit.endpoints import ENDPOINTS, Endpoint
from asset_sync.sandbox.snipeit.filters import Filters
from asset_sync.sandbox.snipeit.listing import Lists
from asset_sync.sandbox.snipeit.records import Asset
from asset_sync.sandbox.snipeit.serialize import SERIALIZERS, SINGLE
from asset_sync.sandbox.snipeit.settings import Formats, Json, Settings
from asset_sync.sandbox.snipeit.shown_people import oneself
from asset_sync.sandbox.snipeit.state import SnipeState
from asset_sync.sandbox.snipeit.store import is_trashed
from asset_sync.sandbox.snipeit.throttle import Refusal, Throttle
from asset_sync.sandbox.snipeit.view import View
from asset_sync.sandbox.snipeit.words import message

BASE = "/api/v1"
FAULTS = WIRE | {
    name: DATA[name] for name in ("short_page", "missing_page", "shuffled_pages", "empty_source", "shrunken_source")
}
"""What can go wrong here: all faults of the wire, and these of the data, the last two with assets."""

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
_LOST = (
    "404 endpoint not found. {}"
    "Please check the API reference at https://snipe-it.readme.io/reference to find a valid API endpoint."
)
_BASE_ASKED = "This is the base URL for the API and does not return anything itself. "
_PAGE = "<!DOCTYPE html><html><head><title>Snipe-IT</title></head><body><h1>{}</h1></body></html>"


def create_app(
    state: SnipeState,
    *,
    tokens: Mapping[str, Token],
    faults: Faults | None = None,
    throttle: int | None = 120,
    refusal: Refusal = "message",
    settings: Settings | None = None,
    clock: Callable[[], float] = time.time,
) -> Starlette:
    """The simulator as an ASGI application, below `/api/v1`, with all of `FAULTS` in it.

    `tokens` maps the secret to what it may see, and is looked at anew with each request, so that rights can be taken
    away while it runs. `throttle` is requests a minute and user (None: any number), `refusal` the form of its 429s (see
    `Throttle`), `clock` its time in seconds since 1970.
    """
    shown = faults or Faults(known=FAULTS)
    server = _Server(state, tokens, shown, Throttle(throttle, refusal, clock), settings or Settings())
    return Starlette(
        routes=[Route("/{path:path}", server.serve, methods=_METHODS)],
        middleware=[Middleware(FaultMiddleware, faults=shown)],
    )


class _Refused(Exception):
    """A request that ends here, with that answer."""

    def __init__(self, answer: Response) -> None:
        super().__init__(answer.status_code)
        self.answer = answer


class _Server:
    def __init__(
        self, state: SnipeState, tokens: Mapping[str, Token], faults: Faults, throttle: Throttle, settings: Settings
    ) -> None:
        self._state = state
        self._tokens = tokens
        self._throttle = throttle
        self._settings = settings
        self._formats = Formats(settings)
        self._filters = Filters(state, settings, self._formats)
        self._lists = Lists(state, self._filters, faults)

    async def serve(self, request: Request) -> Response:
        body = await request.body()
        with self._state.lock:
            self._state.requests[f"{request.method} {request.url.path}"] += 1
            try:
                answer = self._serve(request, body)
            except _Refused as refused:
                answer = refused.answer
            # By the register's clock, which need not be this machine's.
            answer.headers["Date"] = format_datetime(self._state.now.astimezone(UTC), usegmt=True)
            return answer

    def _serve(self, request: Request, body: bytes) -> Response:
        path = request.url.path
        if not self._settings.set_up:
            return _page("Setup") if path == "/setup" else _redirect("/setup")
        if path != BASE and not path.startswith(f"{BASE}/"):
            return _outside(path)
        token = self._authenticate(request.headers)
        verdict = self._throttle.hit(token.user_id)
        if verdict.refusal is not None:
            return _json(verdict.refusal, 429, verdict.headers)
        view = View(self._state, self._settings, self._formats, token)
        try:
            answer = self._answer(request, view, path.removeprefix(BASE).strip("/"), body)
        except _Refused as refused:
            answer = refused.answer
        answer.headers.update(verdict.headers)
        return answer

    def _authenticate(self, headers: Headers) -> Token:
        token = find_token(self._tokens, headers.get("authorization"))
        if token is not None:
            return token
        # Laravel takes who does not ask for JSON for a browser.
        if "/json" in headers.get("accept", "") or "+json" in headers.get("accept", ""):
            raise _Refused(_json({"error": "Unauthorized or unauthenticated."}, 401))
        raise _Refused(_redirect("/login"))

    def _answer(self, request: Request, view: View, path: str, body: bytes) -> Response:
        if body and not _is_json(body):
            return _error("Invalid JSON", 422)
        found = self._find(request, view, path)
        if request.method not in ("GET", "HEAD"):
            return _error("Method not allowed", 405)
        answer = _json(found())
        if path == "reports/activity":
            answer.headers["Content-Type"] = "application/json;charset=utf8"
        return answer

    def _find(self, request: Request, view: View, path: str) -> Callable[[], Json]:
        """What a path is for. Raises _Refused where it is for nothing."""
        where, query = path_and_query(request.scope), request.query_params
        match path.split("/"):
            case ["version"]:
                return lambda: {"version": f"v{self._settings.version}"}
            case ["users", "me"]:
                return lambda: oneself(view)
            case ["hardware", ("bytag" | "byserial") as by, value]:
                return lambda: self._look_up(view, by, value, trashed=query.get("deleted") == "true")
            case ["licenses", license_id, "seats", *seat]:
                return lambda: self._seats(view, license_id, seat, query, where)
            case [*_] if path in ENDPOINTS:
                return lambda: self._lists.page(_allowed(view, path), query, view, where)
            case [name, row_id] if name in ENDPOINTS:
                return lambda: self._one(view, _allowed(view, name), row_id)
        lost = _LOST.format("" if path else _BASE_ASKED)
        raise _Refused(_json({"status": "error", "message": lost, "payload": None}, 404))

    def _one(self, view: View, endpoint: Endpoint, row_id: str) -> Json:
        row = self._state.tables[endpoint.table].rows.get(_number(row_id))
        hidden = is_trashed(row) and endpoint.table != "hardware" if row else True
        if row is None or hidden or not self._filters.visible(endpoint, row, view.token):
            raise _Refused(_error(message(endpoint.missing, view.token.locale)))
        return SINGLE[endpoint.table](view, row)

    def _look_up(self, view: View, by: str, value: str, *, trashed: bool) -> Json:
        """By serial always a list; by tag one asset, but a list where trashed ones are asked for too."""
        column = "asset_tag" if by == "bytag" else "serial"
        rows = [hardware(view, asset) for asset in self._assets(view, column, value, trashed=trashed)]
        return rows[0] if by == "bytag" and not trashed else {"total": len(rows), "rows": rows}

    def _assets(self, view: View, column: str, value: str, *, trashed: bool) -> list[Asset]:
        """The assets with that tag or serial, the trashed ones too if they are asked for; at least one."""
        endpoint = _allowed(view, "hardware")
        found = [
            asset
            for asset in self._state.hardware.rows.values()
            if getattr(asset, column) == value
            and (trashed or not is_trashed(asset))
            and self._filters.visible(endpoint, asset, view.token)
        ]
        if not found:
            raise _Refused(_error(message(endpoint.missing, view.token.locale)))
        return found

    def _license(self, view: View, text: str) -> int:
        endpoint = _allowed(view, "licenses")
        row = self._state.licenses.rows.get(_number(text))
        if row is None or is_trashed(row) or not self._filters.visible(endpoint, row, view.token):
            raise _Refused(_error("License does not exist or you do not have permission to view it."))
        return row.id

    def _seats(self, view: View, license_id: str, seat_id: list[str], query: QueryParams, where: str) -> Json:
        """A licence's seats, or one of them."""
        known = self._license(view, license_id)
        if not seat_id:
            return self._lists.seats(known, query, view, where)
        seat = self._state.license_seats.rows.get(_number("/".join(seat_id)))
        if seat is None or is_trashed(seat) or seat.license_id != known:
            raise _Refused(_error("Seat not found"))
        return SERIALIZERS["license_seats"](view, seat)


def _allowed(view: View, path: str) -> Endpoint:
    if path in view.token.denied:
        raise _Refused(_json({"message": "This action is unauthorized."}, 403))
    return ENDPOINTS[path]


def _number(text: str) -> int:
    """The id in a path; nought, which no row has, where it is none."""
    return int(text) if text.isascii() and text.isdigit() else 0


def _is_json(body: bytes) -> bool:
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    return True


def _outside(path: str) -> Response:
    if path == "/health":
        return _json({"status": "ok"})
    return _page("Sign in") if path == "/login" else _redirect("/login")


def _page(title: str) -> Response:
    return HTMLResponse(_PAGE.format(title))


def _redirect(path: str) -> Response:
    """Laravel sends a page along for who does not follow by himself."""
    return HTMLResponse(_PAGE.format(f"Redirecting to {path}"), 302, {"Location": path})


def _error(messages: str, status: int = 200) -> Response:
    """Errors of the application are told with 200."""
    return _json({"status": "error", "messages": messages, "payload": None}, status)


def _json(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status, headers, "application/json")
