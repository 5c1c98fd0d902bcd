"""Lines as a real syslog server gets them, and that nobody waits for one that takes none."""

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from asset_sync.logs import syslog
from asset_sync.logs.lines import Line
from asset_sync.logs.syslog import Syslog, address
from asset_sync.reconcile.errors import ConfigurationError
from asset_sync_tests.logs.receivers import Receiver, by_tcp, by_udp, certificate, hanging

LINE = Line(datetime(2026, 3, 1, 12, 0, 0, 5_000, UTC), logging.ERROR, "run failed", event="run_ended")


@contextmanager
def receiving(how: str, folder: Path) -> Iterator[tuple[Receiver, str | None]]:
    if how == "udp":
        with by_udp() as receiver:
            yield receiver, None
        return
    file, context = certificate(folder) if how == "tls" else (None, None)
    with by_tcp(context) as receiver:
        yield receiver, str(file) if file else None


@pytest.mark.parametrize("how", ["udp", "tcp", "tls"])
def test_each_line_comes_as_one_message(how: str, tmp_path: Path) -> None:
    with receiving(how, tmp_path) as (receiver, ca_file):
        server = Syslog(address(f"{how}://localhost:{receiver.port}", ca_file))
        server.send(LINE, "run failed: Größe")
        server.send(Line(LINE.at, logging.INFO, "more"), "more")
        first, second = receiver.next(), receiver.next()
    # daemon (3) × 8, and error (3) or informational (6)
    assert (first["priority"], first["event"], first["said"]) == ("27", "run_ended", "run failed: Größe")
    assert (second["priority"], second["event"], second["said"]) == ("30", "-", "more")


def test_a_certificate_that_nobody_knows_gets_no_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, context = certificate(tmp_path)
    with by_tcp(context) as receiver:
        server = Syslog(address(f"tls://localhost:{receiver.port}", None))
        server.send(LINE, "secret")
        server.flush(1)
        assert receiver.messages.empty()


@pytest.mark.parametrize("how", ["tcp", "tls"])
def test_nobody_waits_for_a_server_that_hangs(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syslog, "_ROOM", 100)
    with hanging() as receiver:
        server = Syslog(address(f"{how}://127.0.0.1:{receiver.port}", None))
        # More than there is room for, in the sockets and before them.
        for _ in range(300):
            server.send(LINE, "x" * 200_000)
        assert server._dropped > 0
        server.flush(0.1)
        assert server._waiting.unfinished_tasks


def test_a_server_that_comes_back_gets_what_waited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syslog, "_PAUSE_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    server = Syslog(address(f"tcp://127.0.0.1:{port}", None))
    server.send(LINE, "first")
    with by_tcp() as receiver:
        server._to = address(f"tcp://127.0.0.1:{receiver.port}", None)
        assert receiver.next()["said"] == "first"


@pytest.mark.parametrize(
    "given", ["logs.example.com", "http://logs:514", "udp://", "tcp://u:hunter2@logs:1", "tcp://logs:many", "udp://logs/x"]
)
def test_what_is_no_address_is_told_in_a_line_without_it(given: str) -> None:
    with pytest.raises(ConfigurationError, match="ASSET_SYNC_SYSLOG is no address") as raised:
        address(given, None)
    assert "hunter2" not in str(raised.value)
    with pytest.raises(ConfigurationError, match=r"there is no file /nowhere\.pem"):
        address("tls://logs", "/nowhere.pem")


def test_the_usual_ports_need_not_be_said() -> None:
    assert [address(f"{how}://logs", None).port for how in ("udp", "tcp", "tls")] == [514, 601, 6514]
