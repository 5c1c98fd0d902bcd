"""Lines as a real syslog server gets them, and that nobody waits for one that takes none."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from asset_sync.logs import syslog
from asset_sync.logs.lines import Line
from asset_sync.logs.syslog import Syslog, address
from asset_sync.reconcile.errors import ConfigurationError
from asset_sync_tests.logs.receivers import Receiver, by_tcp, by_udp, certificate, hanging
from asset_sync_tests.ports import refusing

LINE = Line(datetime(2026, 3, 1, 12, 0, 0, 5_000, UTC), logging.ERROR, "run failed", event="run_ended")


def waited_for(it: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not it():
        assert time.monotonic() < deadline
        time.sleep(0.01)


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
    with refusing() as port, by_tcp() as receiver:
        server = Syslog(address(f"tcp://127.0.0.1:{port}", None))
        server.send(LINE, "first")
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


@pytest.mark.parametrize("given", ["tcp://a..b:601", f"udp://{'x' * 70}.example"])
def test_a_host_that_no_resolver_takes_is_no_address(given: str) -> None:
    with pytest.raises(ConfigurationError, match="ASSET_SYNC_SYSLOG is no address"):
        address(given, None)


def test_a_file_without_a_certificate_is_told_before_any_line_is_lost(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"ASSET_SYNC_SYSLOG_CA_FILE: .*ca\.pem holds no certificate"):
        address("tls://logs", str(tmp_path / "ca.pem"))


@pytest.mark.parametrize("how", ["tcp", "tls"])
def test_a_server_that_was_started_anew_misses_no_line(how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syslog, "_PAUSE_S", 0.05)
    file, context = certificate(tmp_path) if how == "tls" else (None, None)
    ca_file = str(file) if file else None
    with by_tcp(context, messages=1) as receiver:
        server = Syslog(address(f"{how}://localhost:{receiver.port}", ca_file))
        server.send(LINE, "first")
        assert receiver.next()["said"] == "first"
        receiver.ended.wait(60)
    with by_tcp(context) as receiver:
        server._to = address(f"{how}://localhost:{receiver.port}", ca_file)
        server.send(LINE, "second")
        server.send(LINE, "third")
        assert [receiver.next()["said"] for _ in range(2)] == ["second", "third"]


def test_that_a_server_takes_nothing_is_told_once_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(syslog, "_PAUSE_S", 0.01)
    with refusing() as port, by_tcp() as receiver:
        server = Syslog(address(f"tcp://127.0.0.1:{port}", None))
        server.send(LINE, "first")
        waited_for(lambda: "takes no lines" in caplog.text)
        server._to = address(f"tcp://127.0.0.1:{receiver.port}", None)
        receiver.next()
    assert [each.getMessage() for each in caplog.records if each.name == syslog.__name__] == [
        f"the syslog server tcp://127.0.0.1:{port} takes no lines (Connection refused); they are kept for it"
    ]
