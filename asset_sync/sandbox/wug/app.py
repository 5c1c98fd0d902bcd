"""The HTTP server: from a request to the part of the simulated WhatsUp Gold that it is for.

What the published description of the REST API says (WhatsUp Gold API 2026.0) is done as it says: paths, methods, bodies,
envelopes, paging, the order of bulk operations, limits and fallbacks. Names in bodies and queries count whatever their case,
and truth values may be text, as public clients send them. Assumed, because nothing is known of it: the status and words of
errors other than those of `/token` (400, 404, 405 and 500 with the documented error body, 401 with the framework's own, and
TokenExpired for a token at its end, as clients look for it); that unknown names in a query or a body are refused (400), or
told of a template, where the real server may pass them over; that tokens are looked at before the path; the position in a
page id; devices and groups in the order of their ids; what a scan does to devices that are there already (they are found,
not added again, not moved); the progress from 0 to 100 and the words of a phase; that `forceAdd` answers the id of a scan
that has ended; that a device without polling is Unknown, or Up where a host answers; the order of the states in a status;
that absent and null leave properties as they are; that attributes may share a name. Monitors, credentials, refreshing,
schedules, reports and the changing of group definitions are not played: such paths and methods are as ones that do not
exist. Dynamic and layer 2 groups can be made, and stay empty.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from urllib.parse import parse_qs

import orjson
from starlette.applications import Starlette
from starlette.datastructures import QueryParams
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from asset_sync.sandbox.faults import FaultMiddleware, Faults, path_and_query
from asset_sync.sandbox.wug.call import Answer, Call
from asset_sync.sandbox.wug.errors import ApiError, bad_request
from asset_sync.sandbox.wug.pages import FAULTS, Pages
from asset_sync.sandbox.wug.routes import find, queries
from asset_sync.sandbox.wug.state import WugState

BASE = "/api/v1"
_DESCRIPTION = "/swagger/docs/v1"
DEFAULT_USERS: Mapping[str, str] = MappingProxyType({"admin": "admin"})
"""Who may sign in where nobody is named: user name to password."""

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_DENIED = Answer({"Message": "Authorization has been denied for this request."}, 401)
_BAD_GRANT = Answer(
    {
        "error": "invalid_grant",
        "error_description": "Invalid username/password or not allowed to sign on from this location.",
    },
    400,
)
_UNKNOWN_GRANT = Answer({"error": "unsupported_grant_type"}, 400)


def create_app(
    state: WugState,
    *,
    users: Mapping[str, str] = DEFAULT_USERS,
    faults: Faults | None = None,
    page_size: int = 250,
    token_seconds: float = 86399,
) -> Starlette:
    """The simulator as an ASGI application, below `/api/v1`, with all of `FAULTS` in it.

    `users` maps names to passwords, and is looked at anew with each request. `page_size` is the most rows that a page
    has, `token_seconds` how long an access token is good for by the state's clock.
    """
    shown = faults or Faults(known=FAULTS)
    server = _Server(state, users, Pages(page_size, shown), shown, token_seconds)
    return Starlette(
        routes=[Route("/{path:path}", server.serve, methods=_METHODS)],
        middleware=[Middleware(FaultMiddleware, faults=shown)],
    )


class _Server:
    def __init__(self, state: WugState, users: Mapping[str, str], pages: Pages, faults: Faults, token_seconds: float) -> None:
        self._state = state
        self._users = users
        self._pages = pages
        self._faults = faults
        self._token_seconds = token_seconds

    async def serve(self, request: Request) -> Response:
        raw_body = await request.body()
        with self._state.lock:
            self._state.requests[f"{request.method} {request.url.path}"] += 1
            try:
                answer = self._answer(request, raw_body)
            except ApiError as error:
                answer = Answer(error.body, error.status)
        return _response(answer)

    def _answer(self, request: Request, raw_body: bytes) -> Answer:
        path = request.url.path
        if path == _DESCRIPTION:
            return Answer({"swagger": "2.0", "info": {"title": "WhatsUp Gold API", "version": "2026.0"}, "basePath": BASE})
        if not path.startswith(f"{BASE}/"):
            raise ApiError(404, f"there is no {path}")
        inner = path.removeprefix(f"{BASE}/").rstrip("/")
        if inner == "token":
            return self._token(request.method, raw_body)
        user = self._user(request.headers.get("authorization", ""))
        if user is None:
            return self._denied(request.headers.get("authorization", ""))
        found = find(inner)
        if found is None:
            raise ApiError(404, f"there is no {path}")
        methods, ids = found
        if request.method not in methods:
            raise ApiError(405, f"{request.method} is not possible with {path}")
        call = Call(
            self._state,
            self._pages,
            self._faults,
            user,
            request.method,
            inner,
            ids,
            _canonical(request.query_params, queries(methods[request.method])),
            raw_body,
            path_and_query(request.scope),
        )
        return methods[request.method](call)

    def _user(self, header: str) -> str | None:
        """The user whose token is shown; None for nobody, also if the user is gone."""
        scheme, _, token = header.partition(" ")
        user = self._state.tokens.user(token.strip()) if scheme.casefold() == "bearer" else None
        return user if user in self._users else None

    def _denied(self, header: str) -> Answer:
        if self._state.tokens.has_ended(header.partition(" ")[2].strip()):
            raise ApiError(401, "the token has expired", "TokenExpired")
        return _DENIED

    def _token(self, method: str, raw_body: bytes) -> Answer:
        """Sign in or refresh. The body is a form, whatever its content type says."""
        if method != "POST":
            raise ApiError(405, f"{method} is not possible with {BASE}/token")
        form = {name: values[0] for name, values in parse_qs(raw_body.decode("utf-8", "replace")).items()}
        match form.get("grant_type"):
            case "password":
                name, password = form.get("username", ""), form.get("password", "")
                user = name if name in self._users and self._users[name] == password else None
            case "refresh_token":
                user = self._state.tokens.use_refresh(form.get("refresh_token", ""))
            case _:
                return _UNKNOWN_GRANT
        return self._tokens(user) if user is not None and user in self._users else _BAD_GRANT

    def _tokens(self, user: str) -> Answer:
        access, refresh = self._state.tokens.issue(user, self._token_seconds)
        seconds = int(self._token_seconds)
        return Answer({"access_token": access, "token_type": "bearer", "expires_in": seconds, "refresh_token": refresh})


def _canonical(query: QueryParams, known: Sequence[str]) -> QueryParams:
    """The query with its names as they are known, whatever their case. Raises ApiError (400) for others."""
    names = {name.casefold(): name for name in known}
    if unknown := [name for name in query if name.casefold() not in names]:
        raise bad_request(f"unknown in the query: {', '.join(unknown)}; there are {', '.join(known) or 'none'}")
    return QueryParams([(names[name.casefold()], value) for name, value in query.multi_items()])


def _response(answer: Answer) -> Response:
    if answer.body is None:
        return Response(status_code=answer.status)
    return Response(orjson.dumps(answer.body), answer.status, media_type="application/json")
