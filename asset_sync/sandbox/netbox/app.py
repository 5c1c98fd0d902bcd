"""The HTTP server: from a request to the part of the simulated NetBox it is for."""

import re
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from asset_sync.sandbox.netbox.errors import ApiError
from asset_sync.sandbox.netbox.http import MAX_URL, Answer, Call, Context, html, is_number, line_too_long, to_response
from asset_sync.sandbox.netbox.listing import Lists
from asset_sync.sandbox.netbox.objects import READ_METHODS, handle, methods
from asset_sync.sandbox.netbox.registry import ObjectType
from asset_sync.sandbox.netbox.state import NetBoxState
from asset_sync.sandbox.netbox.transactions import Times, Transactions

_ALL_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_API_ROOTS = (
    *("circuits", "core", "dcim", "extras", "ipam", "plugins", "status"),
    *("tenancy", "users", "virtualization", "vpn", "wireless"),
)
_INSTALLED = {
    "4.6": {
        "django_filters": "26.1",
        "django_prometheus": "2.4.0",
        "django_rq": "4.1.1",
        "django_tables2": "2.8.0",
        "drf_spectacular": "0.30.0",
        "drf_spectacular_sidecar": "2026.8.1",
        "mptt": "0.18.0",
        "netbox_inventory": "2.6.1",
        "rest_framework": "3.17.1",
        "social_django": "5.9.0",
        "taggit": "6.1.0",
        "timezone_field": "7.2.2",
    },
    "4.7": {
        "django_filters": "26.1",
        "django_prometheus": "2.4.0",
        "django_rq": "4.1.1",
        "django_tables2": "3.0.0",
        "drf_spectacular": "0.30.0",
        "drf_spectacular_sidecar": "2026.8.1",
        "mptt": "0.18.0",
        "netbox_inventory": "2.7.1",
        "rest_framework": "3.18.0",
        "social_django": "6.0.1",
        "taggit": "6.1.0",
        "timezone_field": "7.2.2",
    },
}


def create_app(state: NetBoxState | None = None, *, version: str = "4.6", times: Times | None = None) -> Starlette:
    """The simulated NetBox as an ASGI application, which takes the `times` of a real one where they are given.

    A state brings its own version; `version` is for the state made when none is given.
    """
    if state is not None and version not in ("4.6", state.version):
        raise ValueError(f"the state is of version {state.version}, not {version}")
    server = _Server(state or NetBoxState(version=version), times or Times())
    app = Starlette(routes=[Route("/{path:path}", server.serve, methods=_ALL_METHODS)])
    app.state.netbox = server.state
    return app


@dataclass(frozen=True)
class _Target:
    """What a path is for: objects, or one of the few single resources."""

    kind: ObjectType | None = None
    row_id: int | None = None
    resource: str = ""


class _Server:
    def __init__(self, state: NetBoxState, times: Times) -> None:
        self.state = state
        self._lists = Lists()
        self._transactions = Transactions(times)

    async def serve(self, request: Request) -> Response:
        raw_path = request.scope.get("raw_path", b"").decode("ascii", "replace")
        query = request.scope["query_string"].decode("ascii", "replace")
        if len(raw_path) + len(query) + 1 > MAX_URL:
            return line_too_long(len(raw_path) + len(query))
        call = Call(
            method=request.method,
            path=request.url.path,
            query=query,
            headers=request.headers,
            raw_body=await request.body(),
            base_url=f"{request.url.scheme}://{request.url.netloc}",
            request_id=str(uuid4()),
        )
        self.state.requests.by_method[call.method] += 1
        target = self._resolve(call.path)
        try:
            async with self._transactions.transaction(self.state, target.kind if target else None, call):
                with self.state.lock:
                    return self._respond(call, target)
        except ApiError as deadlock:
            return to_response(call, Answer(deadlock.status, deadlock.body), self.state, ", ".join(READ_METHODS))

    def _respond(self, call: Call, target: _Target | None) -> Response:
        if target is None and call.method in ("GET", "HEAD") and self._resolve(f"{call.path}/"):
            location = f"{call.path}/?{call.query}" if call.query else f"{call.path}/"
            return Response(status_code=301, headers={"Location": location}, media_type="text/html; charset=utf-8")
        if target is None:
            return html(call, self.state, 404, "Page Not Found")
        allow = methods(target.kind, target.row_id) if target.kind else READ_METHODS
        self.state.begin()
        try:
            answer = self._answer(call, target)
        except ApiError as refusal:
            self.state.rollback()
            answer = Answer(refusal.status, refusal.body, refusal.headers)
        except Exception:
            self.state.rollback()
            raise
        return to_response(call, answer, self.state, ", ".join(allow))

    def _answer(self, call: Call, target: _Target) -> Answer:
        token = self.state.tokens.authenticate(call.headers.get("authorization"))
        context = Context(call, self.state, token)
        if target.kind:
            return handle(context, self._lists, target.kind, target.row_id)
        if call.method not in READ_METHODS:
            raise ApiError(405, {"detail": f'Method "{call.method}" not allowed.'})
        return Answer(200, self._resource(context, target.resource))

    def _resolve(self, path: str) -> _Target | None:
        match = re.fullmatch(r"/api/(?:(.+)/)?", path)
        if match is None:
            return None
        inner = match[1] or ""
        if inner in self.state.types:
            return _Target(self.state.types[inner])
        endpoint, _, last = inner.rpartition("/")
        if endpoint in self.state.types and is_number(last):
            return _Target(self.state.types[endpoint], int(last))
        if inner in ("", "status", "authentication-check", "plugins") or self._endpoints(inner):
            return _Target(resource=inner)
        return None

    def _endpoints(self, app: str) -> list[str]:
        return [endpoint for endpoint, kind in self.state.types.items() if kind.app == app]

    def _resource(self, context: Context, name: str) -> Any:
        base = f"{context.call.base_url}/api/"
        if name == "status":
            return self._status()
        if name == "authentication-check":
            return _whoami(context)
        if name == "":
            return {root: f"{base}{root}/" for root in _API_ROOTS}
        if name == "plugins":
            return {"inventory": f"{base}plugins/inventory/"}
        return {endpoint.removeprefix(f"{name}/"): f"{base}{endpoint}/" for endpoint in sorted(self._endpoints(name))}

    def _status(self) -> dict[str, Any]:
        versions = self.state.versions
        return {
            "django-version": versions["django"],
            "hostname": "sandbox",
            "installed_apps": _INSTALLED[self.state.version],
            "netbox-version": versions["netbox"],
            "netbox-full-version": versions["full"],
            "plugins": {"netbox_inventory": versions["plugin"]},
            "python-version": versions["python"],
            "rq-workers-running": 1,
        }


def _whoami(context: Context) -> dict[str, Any]:
    user, base = context.token.user, context.call.base_url
    return {
        "id": user.id,
        "url": f"{base}/api/users/users/{user.id}/",
        "display_url": f"{base}/users/users/{user.id}/",
        "display": user.username,
        "username": user.username,
        "first_name": "",
        "last_name": "",
        "email": user.email,
        "is_active": True,
        "date_joined": "2026-01-01T00:00:00.000001Z",
        "last_login": None,
        "groups": [],
        "permissions": [],
    }
