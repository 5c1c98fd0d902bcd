"""Runs an ASGI application over real HTTP, in a thread of this process."""

import asyncio
import socket
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp

_START_S = 10.0
_STOP_S = 10.0


class Server:
    """A context manager: inside it the application answers at `url`, on a free port unless one is given.

    Raises OSError where the port is taken, and RuntimeError where the application does not start or where the same
    server is entered twice. Leaving stops at once: requests that hang are abandoned. A `dated` application sends its own Date.
    """

    def __init__(self, app: ASGIApp, host: str = "127.0.0.1", port: int = 0, *, dated: bool = False) -> None:
        self._address = (host, port)
        self._url: str | None = None
        config = uvicorn.Config(
            app,
            log_config=None,
            log_level="critical",
            access_log=False,
            timeout_graceful_shutdown=1,
            date_header=not dated,
            # Whoever asks is whom the connection is of, whatever they say.
            proxy_headers=False,
        )
        self._server = _PromptServer(config)
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Such as `http://127.0.0.1:40123`, without a slash at the end. Raises RuntimeError before the start."""
        if self._url is None:
            raise RuntimeError("the server has not been started")
        return self._url

    def __enter__(self) -> Self:
        """Listen, and wait until requests are accepted."""
        if self._url is not None:
            raise RuntimeError("a server is for one use; make another")
        listener = socket.create_server(self._address)
        host, port = listener.getsockname()[:2]
        self._url = f"http://{host}:{port}"
        self._thread = threading.Thread(target=self._run, args=(listener,), name="sandbox-server", daemon=True)
        self._thread.start()
        try:
            self._wait_until_started(self._thread)
        except RuntimeError:
            self._stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stop, and wait until the thread has ended."""
        self._stop()

    def begin_to_stop(self) -> None:
        """Stop soon; whoever leaves several servers asks all of them first, and so waits once."""
        self._server.stop()

    def _stop(self) -> None:
        self.begin_to_stop()
        if self._thread is not None:
            self._thread.join(_STOP_S)

    def _run(self, listener: socket.socket) -> None:
        # Uvicorn leaves by SystemExit where the application's startup fails; __enter__ tells of that.
        with listener, suppress(SystemExit):
            self._server.run(sockets=[listener])

    def _wait_until_started(self, thread: threading.Thread) -> None:
        deadline = time.monotonic() + _START_S
        while not self._server.started:
            if not thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("the application did not start")
            time.sleep(0.001)


class _PromptServer(uvicorn.Server):
    """Uvicorn without the fifth of a second that it takes to stop: it looks ten times a second whether it is to."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._asked = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def stop(self) -> None:
        """Stop at once, from any thread; a request that hangs is not waited for."""
        self.should_exit = self.force_exit = True
        if self._loop is not None:
            with suppress(RuntimeError):  # of a loop that has ended
                self._loop.call_soon_threadsafe(self._asked.set)

    async def main_loop(self) -> None:
        """Serve until it is to stop; the date that answers have is that of the second."""
        self._loop = asyncio.get_running_loop()
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._asked.wait(), 1)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close what listens and what is connected, after what is written already."""
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await asyncio.sleep(0)
