"""A container engine's API over a real Unix socket: it answers what it is told, or does not."""

import json
import socketserver
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

Answer = Any
"""What is answered as JSON; a number is a status; a function is called first."""


@contextmanager
def engine(socket: Path, answers: Mapping[str, Answer]) -> Iterator[list[str]]:
    """Serve these answers by path, and what is not there with 404; yields the paths that were asked for."""
    socket.parent.mkdir(parents=True, exist_ok=True)
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked.append(self.path)
            answer = answers.get(self.path, 404)
            answer = answer(self) if callable(answer) else answer
            if answer is None:
                return
            content = json.dumps({"message": "no"} if isinstance(answer, int) else answer).encode()
            self.send_response(answer if isinstance(answer, int) else 200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def address_string(self) -> str:
            return "socket"

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    class Server(socketserver.ThreadingUnixStreamServer):
        daemon_threads = True
        block_on_close = False

    with Server(str(socket), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield asked
        server.shutdown()


def hangs(seconds: float = 30) -> Callable[[BaseHTTPRequestHandler], None]:
    """Never answers."""
    return lambda _: time.sleep(seconds)


def drips(handler: BaseHTTPRequestHandler) -> None:
    """Answers so slowly that no single wait is long."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    with suppress(OSError):
        for _ in range(1000):
            handler.wfile.write(b" ")
            time.sleep(0.05)


def floods(handler: BaseHTTPRequestHandler) -> None:
    """Answers without an end."""
    handler.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"')
    with suppress(OSError):
        while True:
            handler.wfile.write(b"x" * 2**16)
