"""Runs that are killed or stopped: the next one goes on, who waits says for whom, and a stop takes seconds."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from asset_sync.cli.main import main
from asset_sync.operations.definitions import instance
from asset_sync.sandbox.world import World
from asset_sync_tests.cli.lab import SYNC

Popen = subprocess.Popen[str]


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def started(world: World, home: Path, silent: str) -> Iterator[Callable[[], Popen]]:
    """Starts runs of the sync that read from the silent server, in processes of their own."""
    running: list[Popen] = []
    environment = {**os.environ, "PDQ_URL": silent, "PYTHONUNBUFFERED": "1"}

    def start() -> Popen:
        process = subprocess.Popen(
            [sys.executable, "-c", f"from asset_sync.cli.main import main; main(['run', {SYNC!r}])"],
            env=environment,
            cwd=home.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


@pytest.mark.slow
def test_a_killed_run_is_out_of_the_way_of_the_next_one(started: Callable[[], Popen], monkeypatch: pytest.MonkeyPatch) -> None:
    first = started()
    holder = _holder_of_the_pool()
    second = started()
    assert second.stderr is not None
    told = next(line for line in iter(second.stderr.readline, "") if "waits for" in line)
    assert f"waits for run {holder} of {SYNC}, since 2" in told
    assert "one run at a time uses pdq" in told
    before = _cpu_seconds(second)
    time.sleep(2)
    assert _cpu_seconds(second) - before < 0.5
    _stop(second)
    first.kill()
    first.wait()
    result = CliRunner().invoke(main, ["run", SYNC])
    assert result.exit_code == 0, result.output
    assert f"run {holder} was killed, and counts as failed now" in result.stderr
    with instance() as dagster:
        run = dagster.get_run_by_id(holder)
        assert run is not None
        assert run.is_failure
        assert dagster.event_log_storage.get_concurrency_run_ids() == set()


@pytest.mark.slow
def test_sigterm_stops_a_run_that_waits_for_a_system(started: Callable[[], Popen]) -> None:
    process = started()
    _holder_of_the_pool()
    _stop(process)
    with instance() as dagster:
        assert [run.is_finished for run in dagster.get_runs()] == [True]
        assert dagster.event_log_storage.get_concurrency_run_ids() == set()


def _stop(process: Popen) -> None:
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 130
    assert time.monotonic() - began < 10
    stderr = process.communicate()[1]
    assert stderr.splitlines()[-1] == "asset-sync: stopped"
    assert "Traceback" not in stderr


def _holder_of_the_pool() -> str:
    """Wait until a run has the slot of PDQ's pool, and return its id."""
    deadline = time.monotonic() + 60
    with instance() as dagster:
        while time.monotonic() < deadline:
            holders = {slot.run_id for slot in dagster.event_log_storage.get_concurrency_info("pdq").claimed_slots}
            if holders:
                return holders.pop()
            time.sleep(0.2)
    raise TimeoutError("no run has the pool")


def _cpu_seconds(process: Popen) -> float:
    told = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")
