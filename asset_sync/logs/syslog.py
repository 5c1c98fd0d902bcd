"""A syslog server that is told of each line: RFC 5424 by UDP (RFC 5426), TCP (RFC 6587) or TLS (RFC 5425).

Nobody waits for it: lines are handed to a thread, and those of which there is no room are dropped and counted.
"""

import atexit
import logging
import os
import queue
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from functools import cache
from typing import Final
from urllib.parse import urlsplit

from asset_sync.logs.lines import Line
from asset_sync.reconcile.errors import ConfigurationError

_PORTS: Final = {"udp": 514, "tcp": 601, "tls": 6514}
_FACILITY_DAEMON: Final = 3
_SEVERITIES: Final = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (logging.NOTSET, 7))
_ROOM: Final = 10_000
"""Lines that wait for the server; an apply of days does not fill the memory while it is down."""
_DATAGRAM: Final = 8_192
_TIMEOUT_S: Final = 5.0
_PAUSE_S: Final = 5.0
"""How long a server that did not take a line is left alone."""
_LAST_S: Final = 2.0
"""How long the end of the process waits for what is still to be sent."""
_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens, and how it is spoken to; `ca_file` is that of a private CA."""

    how: str
    host: str
    port: int
    ca_file: str | None = None


def address(given: str, ca_file: str | None) -> Address:
    """Return the address that udp://HOST:PORT, tcp:// or tls:// says. Raises `ConfigurationError` for any other."""
    try:
        parts = urlsplit(given)
        port = parts.port
        # Whoever looks for its address would fail the same way, in a thread of which nobody hears.
        (parts.hostname or "").encode("idna")
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in _PORTS or not parts.hostname or parts.username or parts.path.strip("/"):
        raise ConfigurationError(
            "ASSET_SYNC_SYSLOG is no address of a server: write udp://HOST:514, tcp://HOST:601 or tls://HOST:6514"
        )
    if ca_file:
        _check_ca(ca_file)
    return Address(parts.scheme, parts.hostname, port or _PORTS[parts.scheme], ca_file)


@cache
def _check_ca(file: str) -> None:
    if not os.path.isfile(file):
        raise ConfigurationError(f"ASSET_SYNC_SYSLOG_CA_FILE: there is no file {file}")
    try:
        ssl.create_default_context(cafile=file)
    except OSError as error:
        why = "holds no certificate" if isinstance(error, ssl.SSLError) else f"cannot be read ({error.strerror})"
        raise ConfigurationError(f"ASSET_SYNC_SYSLOG_CA_FILE: {file} {why}") from None


class Syslog:
    """A server, and the thread that speaks to it; shared by all of the process."""

    def __init__(self, to: Address) -> None:
        self._to = to
        self._waiting: queue.Queue[bytes] = queue.Queue(_ROOM)
        self._dropped = 0
        self._socket: socket.socket | None = None
        self._takes = True
        threading.Thread(target=self._work, daemon=True, name="syslog").start()
        atexit.register(self.flush)

    def send(self, line: Line, written: str) -> None:
        """Have a line sent, and do not wait for it."""
        try:
            self._waiting.put_nowait(message(line, written))
        except queue.Full:
            self._dropped += 1

    def flush(self, seconds: float = _LAST_S) -> None:
        """Wait until all is sent, and no longer than that."""
        end = time.monotonic() + seconds
        while self._waiting.unfinished_tasks and time.monotonic() < end:
            time.sleep(0.01)

    def _work(self) -> None:
        while True:
            said = self._waiting.get()
            while not self._sent(said):
                time.sleep(_PAUSE_S)
            self._waiting.task_done()
            if self._dropped and not self._waiting.full():
                dropped, self._dropped = self._dropped, 0
                _log.warning("%d lines were not sent to the syslog server, which took none", dropped)

    def _sent(self, said: bytes) -> bool:
        try:
            if self._socket is not None and _is_closed(self._socket):
                self._let_go()
            if self._socket is None:
                self._socket = self._connected()
            if self._to.how == "udp":
                self._socket.send(said[:_DATAGRAM])
            else:
                self._socket.sendall(b"%d %b" % (len(said), said))
        except OSError as error:
            self._let_go()
            self._tell(error)
            return False
        self._takes = True
        return True

    def _let_go(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None

    def _tell(self, error: OSError) -> None:
        """Tell once, until it takes lines again, that the server takes none."""
        if self._takes:
            self._takes = False
            where = f"{self._to.how}://{self._to.host}:{self._to.port}"
            why = error.strerror or error
            _log.warning("the syslog server %s takes no lines (%s); they are kept for it", where, why)

    def _connected(self) -> socket.socket:
        to = self._to
        if to.how == "udp":
            family, kind, protocol, _, where = socket.getaddrinfo(to.host, to.port, type=socket.SOCK_DGRAM)[0]
            made = socket.socket(family, kind, protocol)
            made.connect(where)
            return made
        plain = socket.create_connection((to.host, to.port), timeout=_TIMEOUT_S)
        if to.how == "tcp":
            return plain
        try:
            return ssl.create_default_context(cafile=to.ca_file).wrap_socket(plain, server_hostname=to.host)
        except OSError:
            plain.close()
            raise


def _is_closed(connection: socket.socket) -> bool:
    """Tell whether a server has ended its connection: what is sent over it by then is lost without a word."""
    if connection.type is socket.SOCK_DGRAM:
        return False
    connection.settimeout(0)
    try:
        return connection.recv(1) == b""
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    except OSError:
        return True
    finally:
        connection.settimeout(_TIMEOUT_S)


def message(line: Line, written: str) -> bytes:
    """Return a line as RFC 5424 has it; its kind of event is the message's id."""
    severity = next(severity for level, severity in _SEVERITIES if line.level >= level)
    header = f"<{_FACILITY_DAEMON * 8 + severity}>1 {line.at.isoformat(timespec='milliseconds')} {_host()}"
    return f"{header} asset-sync {os.getpid()} {line.event or '-'} - {written}".encode(errors="replace")


def _host() -> str:
    name = socket.gethostname()[:255]
    return name if name.isascii() and name.isprintable() and name and " " not in name else "-"
