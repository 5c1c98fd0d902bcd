"""A Kubernetes API server with Hedgehog's kinds, simulated as an ASGI application (facts/hedgehog.md §6 and §7)."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import orjson
from starlette.applications import Starlette
from starlette.datastructures import QueryParams
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from asset_sync.sandbox.faults import CLUSTER, WIRE, FaultMiddleware, Faults, path_and_query
from asset_sync.sandbox.kubernetes import discovery, statuses
from asset_sync.sandbox.kubernetes.access import DEFAULT_ACCOUNTS, Account, account_of
from asset_sync.sandbox.kubernetes.kinds import VERSION, Json, Kind, known
from asset_sync.sandbox.kubernetes.listing import Lists
from asset_sync.sandbox.kubernetes.statuses import ApiError, NoSuchPath
from asset_sync.sandbox.kubernetes.store import Cluster
from asset_sync.sandbox.kubernetes.watching import Watch

FAULTS: Final = WIRE | CLUSTER
_METHODS: Final = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_MERGE: Final = "application/merge-patch+json"
_REVIEWS: Final = ["apis", "authorization.k8s.io", "v1", "selfsubjectaccessreviews"]


@dataclass(frozen=True, slots=True)
class _Call:
    """A request for a kind: of all its objects, of those of a namespace, of one object or of its status."""

    account: Account
    method: str
    kind: Kind
    namespace: str | None
    name: str | None
    part: str
    query: QueryParams
    content_type: str
    raw_body: bytes
    where: str

    @property
    def is_watch(self) -> bool:
        return self.method == "GET" and not self.name and self.query.get("watch", "").casefold() in ("1", "true")

    @property
    def verb(self) -> str:
        if self.method == "GET":
            return "watch" if self.is_watch else "get" if self.name else "list"
        return {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}[self.method]

    def body(self) -> Json:
        """The body, an object. Raises ApiError (400)."""
        try:
            found = orjson.loads(self.raw_body)
        except orjson.JSONDecodeError as error:
            raise statuses.bad_request(f"the object provided is unrecognized: {error}") from None
        if not isinstance(found, dict) or not isinstance(found.get("metadata", {}), dict):
            raise statuses.bad_request("the object provided is unrecognized")
        return found


def create_app(
    cluster: Cluster,
    *,
    accounts: Mapping[str, Account] = DEFAULT_ACCOUNTS,
    faults: Faults | None = None,
    token_seconds: float = 300.0,
    bookmark_lead: float = 2.0,
    clock: Callable[[], float] = time.monotonic,
) -> Starlette:
    """The simulator as an ASGI application, with all of `FAULTS` in it.

    `accounts` are looked at anew with each request. A continue token is good for `token_seconds` by `clock`. A watch that asks
    for bookmarks has one `bookmark_lead` seconds before its end.
    """
    shown = faults or Faults(known=FAULTS)
    server = _Server(cluster, accounts, shown, Lists(cluster, shown, token_seconds, clock), bookmark_lead)
    return Starlette(
        routes=[Route("/{path:path}", server.serve, methods=_METHODS)],
        middleware=[Middleware(FaultMiddleware, faults=shown)],
    )


class _Server:
    def __init__(
        self, cluster: Cluster, accounts: Mapping[str, Account], faults: Faults, lists: Lists, bookmark_lead: float
    ) -> None:
        self._cluster = cluster
        self._accounts = accounts
        self._faults = faults
        self._lists = lists
        self._bookmark_lead = bookmark_lead

    async def serve(self, request: Request) -> Response:
        raw_body = await request.body()
        with self._cluster.lock:
            try:
                return self._answer(request, raw_body)
            except NoSuchPath:
                self._cluster.requests[f"{request.method} {request.url.path}"] += 1
                return PlainTextResponse("404 page not found\n", 404)
            except ApiError as error:
                headers = {"Retry-After": str(error.retry_after)} if error.retry_after is not None else None
                return Response(orjson.dumps(error.body), error.status, headers, "application/json")

    def _answer(self, request: Request, raw_body: bytes) -> Response:
        account = account_of(request.headers.get("authorization", ""), self._accounts)
        where = path_and_query(request.scope)
        if fault := self._faults.fires("throttled", where, request.method):
            raise statuses.throttled(int(fault.number("retry_after") or 0))
        parts = [part for part in request.url.path.split("/") if part]
        if (about := self._about(account, request, parts, raw_body)) is not None:
            self._cluster.requests[f"{request.method} {request.url.path}"] += 1
            return _json(about, 201 if request.method == "POST" else 200)
        call = self._call(account, request, parts, raw_body, where)
        self._cluster.requests[f"{call.verb} {call.kind.resource}"] += 1
        return self._watched(call) if call.is_watch else self._done(call)

    def _about(self, account: Account, request: Request, parts: list[str], raw_body: bytes) -> Json | None:
        """What the server says of itself; None where something else is asked for."""
        if parts == ["api", "v1", "namespaces"]:
            account.check("list", "namespaces", "at the cluster scope")
        if request.method == "POST":
            return discovery.access_review(account, raw_body) if parts == _REVIEWS else None
        return discovery.about(self._cluster, parts)

    def _call(self, account: Account, request: Request, parts: list[str], raw_body: bytes, where: str) -> _Call:
        """The request as one for a kind. Raises NoSuchPath, and ApiError (403) before it: rights are looked at first."""
        group, plural, namespace, name, part = _place(parts)
        kind = known().get(f"{plural}.{group}")
        content_type = request.headers.get("content-type", "").partition(";")[0].strip()
        call = _Call(
            *(account, request.method, kind or Kind(group, "", plural, "", (), {}), namespace, name, part),
            *(request.query_params, content_type, raw_body, where),
        )
        scope = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
        account.check(call.verb, call.kind.resource, scope)
        if kind is None or kind.resource not in self._cluster.installed:
            raise NoSuchPath
        return call

    def _watched(self, call: _Call) -> Response:
        if self._faults.fires("expired_watch", call.where, call.method):
            raise statuses.too_old(self._cluster.oldest - 1, self._cluster.oldest)
        silent = self._faults.fires("silent_watch", call.where, call.method) is not None
        watch = Watch(self._cluster, call.kind, call.namespace, call.query, self._bookmark_lead, silent=silent)
        return StreamingResponse(watch.lines(), media_type="application/json")

    def _done(self, call: _Call) -> Response:
        kind, namespace, name = call.kind, call.namespace, call.name
        if call.method == "GET" and name is None:
            return _json(self._lists.page(kind, namespace, call.query, call.where))
        if namespace is None:
            raise ApiError(405, "the server does not allow this method on the requested resource")
        match call.method, name:
            case "GET", str():
                return _json(self._cluster.get(kind, name, namespace))
            case "POST", None:
                return _json(self._cluster.create(kind, _placed(call.body(), namespace)), 201)
            case "PUT", str():
                return _json(self._cluster.update(kind, _placed(call.body(), namespace, name), call.part))
            case "PATCH", str():
                return _json(self._patched(call, namespace, name))
            case "DELETE", str() if call.part == "spec":
                return _json(self._cluster.delete(kind, name, namespace))
        raise ApiError(405, "the server does not allow this method on the requested resource")

    def _patched(self, call: _Call, namespace: str, name: str) -> Json:
        if call.content_type != _MERGE:
            message = f"the body of the request was in an unknown format - accepted media types include: {_MERGE}"
            raise ApiError(415, message)
        merged = _merge(self._cluster.get(call.kind, name, namespace), call.body())
        return self._cluster.update(call.kind, _placed(merged, namespace, name), call.part)


def _place(parts: list[str]) -> tuple[str, str, str | None, str | None, str]:
    """The group, the plural, the namespace, the name and the part that a path is of. Raises NoSuchPath."""
    namespace: str | None
    match parts:
        case ["apis", group, version, "namespaces", namespace, plural, *rest] if version == VERSION:
            pass
        case ["apis", group, version, plural, *rest] if version == VERSION:
            namespace = None
        case _:
            raise NoSuchPath
    match rest:
        case []:
            return group, plural, namespace, None, "spec"
        case [name] if namespace:
            return group, plural, namespace, name, "spec"
        case [name, "status"] if namespace:
            return group, plural, namespace, name, "status"
    raise NoSuchPath


def _placed(body: Json, namespace: str, name: str | None = None) -> Json:
    """The body with the namespace and the name of its path. Raises ApiError (400) where it says others."""
    meta = body.get("metadata", {})
    for what, wanted in (("namespace", namespace), ("name", name)):
        if wanted is not None and meta.get(what, wanted) != wanted:
            raise statuses.bad_request(
                f"the {what} of the object ({meta[what]}) does not match the {what} on the URL ({wanted})"
            )
    named = {"name": name} if name is not None else {}
    return {**body, "metadata": {**meta, "namespace": namespace, **named}}


def _merge(target: object, patch: object) -> Json:
    """A JSON merge patch (RFC 7396)."""
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items() if isinstance(patch, dict) else ():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merge(merged.get(name), value) if isinstance(value, dict) else value
    return merged


def _json(body: Json, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")
