"""Syslog servers that take what is sent to them, by UDP, TCP and TLS."""

import queue
import re
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import BinaryIO

_HEADER = re.compile(
    r"<(?P<priority>\d{1,3})>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(?:Z|[+-]\d\d:\d\d) (?P<host>\S+)"
    r" asset-sync (?P<process>\d+) (?P<event>\S+) - (?P<said>.*)"
)


class Receiver:
    """A server on a free port; `messages` are what came, in order; `ended` once it has closed a connection."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.messages: queue.Queue[str] = queue.Queue()
        self.ended = threading.Event()

    def next(self) -> dict[str, str]:
        """Return the parts of the next message as RFC 5424 has them; wait for it."""
        said = self.messages.get(timeout=60)
        found = _HEADER.fullmatch(said)
        assert found, said
        return found.groupdict()


@contextmanager
def by_udp() -> Iterator[Receiver]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        receiver = Receiver(listener.getsockname()[1])

        def receive() -> None:
            while data := _received(listener):
                receiver.messages.put(data.decode())

        threading.Thread(target=receive, daemon=True).start()
        yield receiver
        # A socket that is closed wakes nobody who waits for it.
        listener.sendto(b"", ("127.0.0.1", receiver.port))


def _received(listener: socket.socket) -> bytes:
    try:
        return listener.recv(65_536)
    except OSError:
        return b""


@contextmanager
def by_tcp(context: ssl.SSLContext | None = None, messages: int | None = None) -> Iterator[Receiver]:
    """Take one connection, and close it after so many messages."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        receiver = Receiver(listener.getsockname()[1])

        def receive() -> None:
            try:
                plain, _ = listener.accept()
                with plain, context.wrap_socket(plain, server_side=True) if context else plain as connection:
                    _take(connection, receiver, messages)
                receiver.ended.set()
            except OSError:
                return

        threading.Thread(target=receive, daemon=True).start()
        yield receiver


def _take(connection: socket.socket, receiver: Receiver, most: int | None) -> None:
    """Take messages that are framed by their length, at most so many."""
    with connection.makefile("rb") as stream:
        for _ in count() if most is None else range(most):
            if not _taken(stream, receiver):
                return


def _taken(stream: BinaryIO, receiver: Receiver) -> bool:
    length = b""
    while (digit := stream.read(1)).isdigit():
        length += digit
    if not length:
        return False
    assert digit == b" "
    receiver.messages.put(stream.read(int(length)).decode())
    return True


@contextmanager
def hanging() -> Iterator[Receiver]:
    """A server that takes connections, and never reads."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield Receiver(listener.getsockname()[1])


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Return the file of a certificate for localhost that signs itself, and a server's context with it."""
    key, file = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(file)),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, key)
    return file, context
