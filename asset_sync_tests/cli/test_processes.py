"""The commands as processes of their own: what goes to which stream, and how they stop."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from asset_sync.cli.demo_exports import EXPORTS
from asset_sync.cli.demo_fabric import FABRICS
from asset_sync.cli.demo_hosts import HOSTS
from asset_sync.cli.demo_mirror import MIRROR
from asset_sync.mirror.runs import load_of_run
from asset_sync.sandbox.world import PDQ_TOKEN, World
from asset_sync_tests.cli.lab import SYNC, SYSTEMS

PROGRAM = [sys.executable, "-c", "from asset_sync.cli.main import main; main()"]
PASSES = ["first", "again", "changed"]
MONITORING = ["wug_to_netbox", "netbox_to_wug"]
Popen = subprocess.Popen[str]


@pytest.fixture
def environment(open_folder: Path) -> dict[str, str]:
    """The environment of a person who has set nothing but where things are kept."""
    unset = {*SYSTEMS, "DATABASE_URL", "DAGSTER_HOME", "ASSET_SYNC_API_TOKEN"}
    kept = {name: value for name, value in os.environ.items() if name not in unset}
    return {**kept, "ASSET_SYNC_HOME": str(open_folder / "home")}


@pytest.mark.slow
def test_demo_prints_one_json_object_and_nothing_else(environment: dict[str, str], open_folder: Path) -> None:
    # A database of the user's is left alone: this one would not even answer.
    given = {**environment, "DATABASE_URL": "postgresql://pat:hunter2@127.0.0.1:9/db", "NETBOX_TOKEN": "the-real-one"}
    ran = subprocess.run(
        [*PROGRAM, "demo", "--size", "30", "--json"], env=given, cwd=open_folder, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.count("\n") == 1
    told = json.loads(ran.stdout)
    assert list(told) == ["syncs"]
    assert list(told["syncs"]) == [SYNC, *MONITORING, MIRROR, EXPORTS, HOSTS, FABRICS]
    for sync in (*MONITORING, HOSTS, FABRICS):
        assert [entry["pass"] for entry in told["syncs"][sync]] == PASSES
        first, again, changed = told["syncs"][sync]
        assert first["applied"] == sum(first["planned"].values()) > 0
        assert again["requests"]["write"] == again["applied"] == sum(again["planned"].values()) == 0
        assert changed["applied"] > 0
        assert all(entry["converged"] and not entry["failed"] for entry in (first, again, changed))
    _check_mirror(told["syncs"][MIRROR])
    _check_exports(told["syncs"][EXPORTS])
    entries = told["syncs"][SYNC]
    assert [entry["pass"] for entry in entries] == PASSES
    for entry in entries:
        _check_entry(entry)
    first, again, changed = entries
    assert first["source_rows"] == 30
    assert first["applied"] == first["planned"]["create"] > 30
    assert again["planned"] == {"create": 0, "update": 0, "retire": 0, "restore": 0}
    assert again["requests"]["write"] == again["applied"] == 0
    assert changed["applied"] > 0
    assert "first: pdq/devices" in ran.stderr
    assert "DEBUG" not in ran.stderr
    everything = ran.stdout + ran.stderr + (open_folder / "home/demo/asset-sync.log").read_text()
    assert not [secret for secret in (PDQ_TOKEN, "hunter2", "the-real-one") if secret in everything]


@pytest.mark.slow
def test_plan_makes_a_plan_that_waits(environment: dict[str, str], world: World, open_folder: Path) -> None:
    given = {**environment, **world.environment(), "ASSET_SYNC_HOME": str(open_folder / "home")}
    ran = subprocess.run([*PROGRAM, "plan", SYNC], env=given, cwd=open_folder, capture_output=True, text=True, check=False)
    assert (ran.returncode, "Nothing was written yet" in ran.stdout) == (0, True), ran.stderr
    assert world.netbox.objects("plugins/inventory/assets") == []
    plan_id = ran.stdout.split("asset-sync approve ")[1].split()[0]
    for words in (["approve", plan_id], ["apply", plan_id]):
        done = subprocess.run([*PROGRAM, *words], env=given, cwd=open_folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert len(world.netbox.objects("plugins/inventory/assets")) == len(list(world.company))


def _check_mirror(entries: list[dict[str, Any]]) -> None:
    """Loads all, then nothing in a request a table, then what a day changed."""
    assert [entry["pass"] for entry in entries] == ["first", "again", "changed"]
    first, again, changed = entries
    assert first["applied"] == first["source_rows"] == first["planned"]["create"]
    assert again["applied"] == 0
    assert again["requests"]["read"] <= 20
    assert changed["applied"] > 0
    assert all(entry["converged"] and not entry["failed"] for entry in entries)


def _check_exports(entries: Sequence[Mapping[str, Any]]) -> None:
    first, changed, broken = entries
    assert [entry["pass"] for entry in entries] == ["first", "changed", "broken"]
    # All machines of PDQ Connect are in the file, too; only the few others are new.
    assert 0 < first["planned"]["create"] < 10 < first["source_rows"]
    assert changed["planned"] == {"create": 0, "update": 1, "retire": 0, "restore": 0}
    assert first["converged"] is changed["converged"] is True
    assert (first["refused"], changed["refused"]) == (None, None)
    assert broken["refused"].startswith("devices.csv: is cut off")
    assert broken["applied"] == broken["requests"]["write"] == 0


def _check_entry(entry: Mapping[str, object]) -> None:
    assert list(entry) == [
        *("pass", "source_rows", "planned", "held", "applied", "failed", "requests", "seconds", "converged"),
    ]
    assert entry["failed"] == 0
    assert entry["converged"] is True
    assert isinstance(entry["requests"], dict)
    assert entry["requests"]["read"] > 0


@pytest.mark.slow
def test_run_keeps_results_and_progress_apart(world: World, environment: dict[str, str], database_url: str, home: Path) -> None:
    given = {**environment, **world.environment(), "DATABASE_URL": database_url, "DAGSTER_HOME": str(home)}
    ran = subprocess.run([*PROGRAM, "run", SYNC], env=given, cwd=home, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert len(ran.stdout.splitlines()) == 3
    assert "Outcome: " in ran.stdout
    assert f"{SYNC}/applied" in ran.stderr
    assert "DEBUG" not in ran.stderr
    secrets = [value for name, value in world.environment().items() if name.endswith("_TOKEN")]
    assert not [secret for secret in secrets if secret in ran.stdout + ran.stderr]


@pytest.mark.slow
def test_dagster_executes_the_mirrors_job(world: World, environment: dict[str, str], database_url: str, home: Path) -> None:
    given = {**environment, **world.environment(), "DATABASE_URL": database_url, "DAGSTER_HOME": str(home)}
    command = [sys.executable, "-m", "dagster", "job", "execute", "-m", "asset_sync.definitions", "-j", MIRROR]
    loads = []
    for _ in range(2):
        ran = subprocess.run(command, env=given, cwd=home, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        assert world.environment()["SNIPEIT_TOKEN"] not in ran.stdout + ran.stderr
        [(run_id,)] = _rows(database_url, "SELECT run_id FROM snipeit.sync_runs ORDER BY id DESC LIMIT 1")
        loads.append(load_of_run(create_engine(database_url), run_id))
    first, again = loads
    assert first is not None
    assert again is not None
    assert first.written.inserted == first.written.read > 30
    assert (again.written.writes, again.requests <= 20) == (0, True)
    living = [asset for asset in world.snipeit.truth("hardware") if asset["deleted_at"] is None]
    assert _rows(database_url, "SELECT count(*) FROM snipeit.asset") == [(len(living),)]


@pytest.mark.slow
def test_dagster_tells_in_a_line_why_the_mirrors_job_failed(
    world: World, environment: dict[str, str], database_url: str, home: Path
) -> None:
    given = {**environment, **world.environment(), "DATABASE_URL": database_url, "DAGSTER_HOME": str(home)}
    command = [sys.executable, "-m", "dagster", "job", "execute", "-m", "asset_sync.definitions", "-j", MIRROR]
    given["SNIPEIT_TOKEN"] = "not-the-right-one"
    ran = subprocess.run(command, env=given, cwd=home, capture_output=True, text=True, check=False)
    assert ran.returncode != 0
    assert "SNIPEIT_TOKEN is not accepted: make a new API key in Snipe-IT" in ran.stderr
    assert "not-the-right-one" not in ran.stdout + ran.stderr


def _rows(database_url: str, query: str) -> list[tuple[Any, ...]]:
    with create_engine(database_url).connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


@pytest.fixture
def started(environment: dict[str, str], open_folder: Path) -> Iterator[Callable[..., Popen]]:
    """Starts commands that run until they are stopped."""
    running: list[Popen] = []

    def start(*args: str) -> Popen:
        process = subprocess.Popen(
            [*PROGRAM, *args],
            env=environment,
            cwd=open_folder,
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
def test_sandbox_prints_exports_and_stops_cleanly(started: Callable[..., Popen]) -> None:
    process = started("sandbox", "--size", "10")
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(len(SYSTEMS) + 1)]
    exported = dict(line.removeprefix("export ").strip().split("=", 1) for line in lines[:-1])
    assert set(exported) == set(SYSTEMS)
    control = lines[-1].split()[1]
    with urllib.request.urlopen(urllib.request.Request(f"{control}/day", method="POST"), timeout=10) as answer:
        assert json.load(answer)["day"] == 1
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    assert process.communicate()[1] == ""


@pytest.mark.slow
def test_serve_answers_and_stops_cleanly(started: Callable[..., Popen], environment: dict[str, str]) -> None:
    environment["ASSET_SYNC_API_TOKEN"] = "the-services-token"
    port = _free_port()
    process = started("serve", "--port", str(port))
    assert process.stderr is not None
    log = iter(process.stderr.readline, "")
    assert any("Uvicorn running" in line for line in log)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=10) as answer:
        assert json.load(answer)["status"] == "ok"
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert "Traceback" not in process.communicate()[1]


@pytest.mark.slow
def test_demo_stops_cleanly_by_ctrl_c(started: Callable[..., Popen]) -> None:
    process = started("demo", "--size", "30", "--json")
    assert process.stderr is not None
    line = process.stderr.readline()
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    stdout, stderr = process.communicate()
    assert (stdout, "Traceback" in line + stderr) == ("", False)
    assert stderr.splitlines()[-1] == "asset-sync: stopped"


@pytest.mark.slow
def test_dev_shows_everything_and_takes_its_children_along(started: Callable[..., Popen], open_folder: Path) -> None:
    port = _free_port()
    process = started("dev", "--size", "10", "--port", str(port))
    assert process.stdout is not None
    lines = list(takewhile(lambda line: line not in {"", "Ctrl-C stops everything.\n"}, iter(process.stdout.readline, None)))
    assert f"http://127.0.0.1:{port}" in lines[0], process.communicate()[1]
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/server_info", timeout=10) as answer:
        assert "dagster_version" in json.load(answer)
    control = next(line.split()[2] for line in lines if line.startswith("Sandbox control"))
    with urllib.request.urlopen(control, timeout=10) as answer:
        assert b"POST" in answer.read()
    assert _processes_of(str(open_folder))
    process.send_signal(signal.SIGTERM)
    assert process.wait(40) == 0
    deadline = time.monotonic() + 10
    while _processes_of(str(open_folder)) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert _processes_of(str(open_folder)) == []


def _processes_of(folder: str) -> list[str]:
    """The command lines of the processes that have this folder in their environment or command, where that can be told."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if folder.encode() in (entry / "environ").read_bytes() and int(entry.name) != os.getpid():
                found.append((entry / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@pytest.mark.slow
def test_ctrl_c_while_the_database_is_first_made_leaves_nothing_half_made(
    started: Callable[..., Popen], environment: dict[str, str], open_folder: Path
) -> None:
    process = started("plans")
    making = open_folder / "home/postgres.making"
    deadline = time.monotonic() + 60
    while not making.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130
    stdout, stderr = process.communicate()
    assert (stdout, stderr.splitlines()[-1]) == ("", "asset-sync: stopped")
    assert "Traceback" not in stderr
    again = subprocess.run([*PROGRAM, "plans"], env=environment, cwd=open_folder, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert "There are no plans yet" in again.stdout
