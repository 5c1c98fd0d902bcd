import asyncio
import threading
import time
from contextlib import suppress

import pytest
import requests
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from asset_sync.sandbox.server import Server


async def hello(_request: Request) -> Response:
    return PlainTextResponse("hello")


async def hang(_request: Request) -> Response:
    await asyncio.sleep(3600)
    return PlainTextResponse("never")


APP = Starlette(routes=[Route("/", hello), Route("/hang", hang)])


def test_it_answers_as_soon_as_it_is_entered() -> None:
    with Server(APP) as server:
        assert requests.get(server.url, timeout=5).text == "hello"


def test_it_no_longer_listens_once_left() -> None:
    with Server(APP) as server:
        url = server.url
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=5)


def test_it_stops_quickly_while_requests_hang_and_connections_are_kept() -> None:
    with Server(APP) as server, requests.Session() as session:
        session.get(server.url, timeout=5)
        caller = threading.Thread(target=_give_up_on, args=(f"{server.url}/hang",))
        caller.start()
        time.sleep(0.2)
        started = time.monotonic()
        server.__exit__(None, None, None)
        assert time.monotonic() - started < 2
        caller.join(5)
        assert not caller.is_alive()


def _give_up_on(url: str) -> None:
    with suppress(requests.RequestException):
        requests.get(url, timeout=10)


def test_a_server_is_for_one_use() -> None:
    server = Server(APP)
    with server, pytest.raises(RuntimeError, match="one use"):
        server.__enter__()
    with pytest.raises(RuntimeError, match="one use"):
        server.__enter__()


def test_a_taken_port_is_refused() -> None:
    with Server(APP) as server:
        port = int(server.url.rsplit(":", 1)[1])
        with pytest.raises(OSError, match="use"):
            Server(APP, port=port).__enter__()


def test_there_is_no_url_before_the_start() -> None:
    with pytest.raises(RuntimeError, match="not been started"):
        _ = Server(APP).url


def test_an_application_that_fails_to_start_is_told() -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed"})

    with pytest.raises(RuntimeError, match="did not start"):
        Server(broken).__enter__()
