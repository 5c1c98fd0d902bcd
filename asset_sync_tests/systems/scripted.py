"""A server that answers what a test tells it to, one answer a request."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from asset_sync.sandbox.server import Server

METHODS = ["GET", "POST", "PUT", "PATCH", "OPTIONS"]


@dataclass
class Reply:
    """One answer. `hang` seconds pass before it, `drip` seconds before each of its bytes; `cut` promises more than come."""

    body: bytes | object = field(default_factory=dict)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    hang: float = 0
    cut: bool = False
    drip: float = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(self.hang)
        body = self.body if isinstance(self.body, bytes) else orjson.dumps(self.body)
        headers = {"Content-Type": "application/json", **self.headers}
        if not self.cut and not self.drip:
            await Response(body, self.status, headers)(scope, receive, send)
            return
        raw = [(key.lower().encode(), value.encode()) for key, value in headers.items()]
        promised = [*raw, (b"content-length", str(len(body) + 10 * self.cut).encode())]
        await send({"type": "http.response.start", "status": self.status, "headers": promised})
        for at in range(len(body) if self.drip else 0):
            await asyncio.sleep(self.drip)
            await send({"type": "http.response.body", "body": body[at : at + 1], "more_body": at + 1 < len(body)})
        if self.cut:
            await send({"type": "http.response.body", "body": body, "more_body": True})


@dataclass
class Seen:
    """A request as it came, and the port at the other end of its connection."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    port: int


@dataclass
class Script:
    """The server's address, the answers still to come (the last one stays), and the requests so far."""

    url: str
    replies: list[Reply]
    seen: list[Seen] = field(default_factory=list)


class _Stage:
    """A running server and the script that it plays. It is used again by later tests, which saves most of their time."""

    def __init__(self) -> None:
        self.script = Script("", [])
        self.server = Server(Starlette(routes=[Route("/{path:path}", self, methods=METHODS)]))
        self.server.__enter__()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request, script = Request(scope, receive), self.script
        port = request.client.port if request.client else 0
        script.seen.append(Seen(request.method, str(request.url), dict(request.headers), await request.body(), port))
        reply = script.replies.pop(0) if len(script.replies) > 1 else script.replies[0]
        await reply(scope, receive, send)


_IDLE: list[_Stage] = []


@contextmanager
def scripted(*replies: Reply) -> Iterator[Script]:
    """Serve the replies in turn; the last one again and again."""
    stage = _IDLE.pop() if _IDLE else _Stage()
    stage.script = Script(stage.server.url, list(replies))
    yield stage.script
    _IDLE.append(stage)
