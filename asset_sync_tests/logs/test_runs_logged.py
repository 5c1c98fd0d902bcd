"""Runs, and what of them is in the log, at the syslog server, and at the one who takes traces."""

import gzip
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from asset_sync import traces
from asset_sync.logs.handler import kept
from asset_sync.operations.definitions import instance
from asset_sync.operations.runs import run_sync
from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.sandbox.world import World
from asset_sync.systems.http.transport import Transport
from asset_sync_tests.logs.receivers import by_tcp, hanging

pytestmark = pytest.mark.slow

MIRROR = "snipeit_to_postgres"
PROGRAM = [sys.executable, "-c", "from asset_sync.cli.main import main; main()"]


def log_of_today(home: Path) -> list[str]:
    (file,) = (home / "logs").glob("sync_*.log")
    assert file.name == f"sync_{datetime.now():%Y%m%d}.log"
    return file.read_text().splitlines()


def test_a_process_writes_each_run_as_json_to_the_file_and_to_the_syslog_server(world: World, home: Path) -> None:
    with by_tcp() as receiver:
        more = {"ASSET_SYNC_LOG_FORMAT": "json", "ASSET_SYNC_SYSLOG": f"tcp://127.0.0.1:{receiver.port}"}
        ran = subprocess.run(
            [*PROGRAM, "run", MIRROR], env={**os.environ, **more}, cwd=home.parent, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stderr
        written = log_of_today(home)
        sent = [receiver.next() for _ in written]
    assert [each["said"] for each in sent] == written
    assert (sent[0]["event"], sent[-1]["event"]) == ("run_started", "run_ended")
    lines = [json.loads(line) for line in written]
    ended = lines[-1]
    with instance() as dagster:
        (record,) = dagster.get_run_records()
        steps = dagster.get_run_step_stats(record.dagster_run.run_id)
    assert {line["run_id"] for line in lines} == {record.dagster_run.run_id}
    assert (ended["sync"], ended["succeeded"], ended["level"]) == (MIRROR, True, "INFO")
    assert record.start_time is not None
    assert record.end_time is not None
    assert ended["seconds"] == pytest.approx(record.end_time - record.start_time, abs=1)
    assert ended["counts"]["inserted"] == ended["counts"]["read"] > 30
    assert [line["event"] for line in lines].count("step_started") == len(steps)
    secrets = [value for name, value in world.environment().items() if name.endswith(("_TOKEN", "_PASSWORD"))]
    assert not [secret for secret in secrets if secret in "".join(written)]


def test_a_run_that_fails_is_in_the_log_as_text_with_why(world: World, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNIPEIT_TOKEN", "not-the-right-one")
    with hanging() as receiver:
        # Nor does a server that takes nothing keep the run up.
        monkeypatch.setenv("ASSET_SYNC_SYSLOG", f"tcp://127.0.0.1:{receiver.port}")
        assert not run_sync(MIRROR).succeeded
    written = log_of_today(home)
    (failed,) = [line for line in written if "step failed" in line]
    assert " ERROR " in failed
    assert "SNIPEIT_TOKEN is not accepted" in failed
    assert "run failed; " in written[-1]
    assert "SNIPEIT_TOKEN is not accepted" in written[-1]
    assert "not-the-right-one" not in "".join(written)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("ASSET_SYNC_LOG_FORMAT", "xml", "write text or json"),
        ("ASSET_SYNC_LOG_DAYS", "0", "write a number of days"),
        ("ASSET_SYNC_SYSLOG", "logs:514", "is no address of a server"),
    ],
)
def test_a_wrong_setting_is_told_before_the_run(name: str, value: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=told), kept():
        pytest.fail("it was taken")


def test_a_log_that_cannot_be_written_to_is_told_of_once_and_stops_no_run(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "logs").write_text("a file in the way")
    with kept():
        logging.getLogger("asset_sync.some").warning("heard")
        logging.getLogger("asset_sync.some").warning("again")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"asset-sync: the log in {home / 'logs'} cannot be written: ")


def test_each_who_has_the_log_kept_has_each_line_in_it_once(home: Path) -> None:
    log = logging.getLogger("asset_sync.some")
    with kept():
        with kept():
            log.warning("both")
        log.warning("one")
    log.warning("nobody")
    assert [line.rpartition(": ")[2] for line in log_of_today(home)] == ["both", "one"]


class Collector:
    """Takes traces by OTLP; `spans` are those that came."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.received = b""
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                body = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
                collector.received += body
                for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                    collector.spans += [span for scope in resource.scope_spans for span in scope.spans]
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    made = Collector()
    threading.Thread(target=made.server.serve_forever, daemon=True).start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{made.server.server_port}")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
    traces._tracer.cache_clear()
    yield made
    traces._tracer.cache_clear()
    made.server.shutdown()
    made.server.server_close()


@pytest.mark.usefixtures("home")
def test_each_run_step_and_request_is_a_span(world: World, collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    send = Transport.send

    def counting(self: Transport, request: Any) -> Any:
        sent.append(request.url)
        return send(self, request)

    monkeypatch.setattr(Transport, "send", counting)
    report = run_sync(MIRROR)
    assert report.succeeded
    deadline = time.monotonic() + 60
    while not any(span.name == MIRROR for span in collector.spans) and time.monotonic() < deadline:
        time.sleep(0.05)
    with instance() as dagster:
        steps = {each.step_key.replace("__", "/") for each in dagster.get_run_step_stats(report.run_id)}
    (run,) = [span for span in collector.spans if span.name == MIRROR]
    of_steps = [span for span in collector.spans if span.parent_span_id == run.span_id and not span.name.startswith("GET ")]
    of_requests = [span for span in collector.spans if span.name == "GET Snipe-IT"]
    assert sorted(span.name for span in of_steps) == sorted(steps)
    assert len(of_requests) == len(sent) > 5
    assert {span.parent_span_id for span in of_requests} <= {span.span_id for span in of_steps}
    assert {span.trace_id for span in collector.spans} == {run.trace_id}
    assert all(span.end_time_unix_nano >= span.start_time_unix_nano > 0 for span in collector.spans)
    secrets = [value for name, value in world.environment().items() if name.endswith(("_TOKEN", "_PASSWORD"))]
    assert not [secret for secret in secrets if secret.encode() in collector.received]


def test_traces_by_another_protocol_are_told_of_before_the_run(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    with pytest.raises(ConfigurationError, match="http/protobuf alone"), kept():
        pytest.fail("it was taken")
    assert collector.spans == []


def test_opentelemetry_is_imported_only_where_it_is_asked_for() -> None:
    looking = """
import os, sys
from asset_sync.logs.handler import kept

def imported():
    return "opentelemetry.sdk.trace" in sys.modules

with kept():
    before = imported()
os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:9"
with kept():
    print(before, imported())
"""
    unset = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    ran = subprocess.run([sys.executable, "-c", looking], env=unset, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["False", "True"]


def test_dagster_takes_the_handler_from_its_own_yaml(home: Path, tmp_path: Path) -> None:
    @dg.op
    def speaks(context: dg.OpExecutionContext) -> None:
        context.log.info("heard")

    @dg.job
    def speaking() -> None:
        speaks()

    with instance() as dagster:
        assert speaking.execute_in_process(instance=dagster).success
    said = [line.partition(": ")[2] for line in log_of_today(home)]
    assert [each.partition(";")[0] for each in said] == [
        "run started",
        "step started",
        "heard",
        "step succeeded",
        "run succeeded",
    ]
