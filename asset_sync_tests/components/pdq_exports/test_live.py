"""Dagster as people run it, webserver and daemon, beside a drop folder: a dropped file becomes a run, old files run again."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import create_engine, make_url, text
from upath import UPath

from asset_sync.components.dropped.cursor import Cursor
from asset_sync.components.dropped.folder import DropFolder
from asset_sync.components.pdq_exports.kept import KeptExports
from asset_sync.components.pdq_exports.watch import Watch
from asset_sync.operations.definitions import DAGSTER_YAML
from asset_sync.sandbox.exports import Headers, write_export
from asset_sync.sandbox.world import World
from asset_sync.systems.pdq_export import Limits
from asset_sync_tests.pipeline import ASSETS
from asset_sync_tests.processes import end

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("live")]

SYNC = "pdq_exports"
REPOSITORY = {"repositoryName": "__repository__", "repositoryLocationName": "asset_sync.definitions"}
RUNS = """query($filter: RunsFilter) { runsOrError(filter: $filter) { ... on Runs { results {
  runId status startTime endTime tags { key value } } } } }"""
BACKFILL = """mutation($backfillParams: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $backfillParams) {
  __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""


class Live:
    """A running Dagster with a home and a world of its own."""

    def __init__(self, world: World, home: Path, port: int) -> None:
        self.world = world
        self.home = home
        self.url = f"http://127.0.0.1:{port}"

    def ask(self, query: str, **variables: Any) -> Any:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"{self.url}/graphql", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            told = json.load(answer)
        assert "errors" not in told, told
        return told["data"]

    def runs(self, **filtered: Any) -> list[dict[str, Any]]:
        """The runs, the oldest first, each with its partition."""
        runs: list[dict[str, Any]] = self.ask(RUNS, filter=filtered)["runsOrError"]["results"]
        for run in runs:
            run["partition"] = next((tag["value"] for tag in run["tags"] if tag["key"] == "dagster/partition"), None)
        return runs[::-1]


@pytest.fixture(scope="module")
def live(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    name = f"asset_sync_live_{uuid.uuid4().hex[:12]}"
    execute(server_url, f"CREATE DATABASE {name}")
    home = tmp_path_factory.mktemp("live")
    # The queue is looked at more often than by default, for the sake of the tests' time alone.
    (home / "dagster.yaml").write_text(f"{DAGSTER_YAML}run_queue:\n  dequeue_interval_seconds: 1\n")
    with World(30, 7) as world, socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        listener.close()
        url = make_url(server_url).set(database=name).render_as_string(hide_password=False)
        homes = {"ASSET_SYNC_HOME": str(home), "DAGSTER_HOME": str(home), "PYTHONWARNINGS": "ignore"}
        environment = {**os.environ, **world.environment(), **homes, "DATABASE_URL": url}
        with (home / "log.txt").open("wb") as log:
            command = [
                sys.executable,
                "-m",
                "dagster",
                "dev",
                "-m",
                "asset_sync.definitions",
                "-h",
                "127.0.0.1",
                "-p",
                str(port),
            ]
            process = subprocess.Popen(command, env=environment, cwd=home, stdout=log, stderr=log, start_new_session=True)
        try:
            made = Live(world, home, port)
            wait(lambda: is_up(made), 90, home / "log.txt")
            yield made
        finally:
            end(process)
    execute(server_url, f"DROP DATABASE {name} WITH (FORCE)")


def is_up(live: Live) -> bool:
    try:
        return bool(live.ask("{ version }"))
    except OSError:
        return False


def execute(server_url: str, statement: str) -> None:
    engine = create_engine(server_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def wait(done: Callable[[], bool], seconds: float, log: Path) -> float:
    """Wait until it is done; the seconds that it took."""
    begun = time.monotonic()
    while not done():
        assert time.monotonic() - begun < seconds, log.read_text()[-4000:]
        time.sleep(0.2)
    return time.monotonic() - begun


def test_a_dropped_file_makes_a_run_within_thirty_seconds_without_a_click(live: Live) -> None:
    folder = live.home / "exports"
    wait(folder.exists, 60, live.home / "log.txt")
    write_export(live.world.company, folder / "devices.csv")
    log = live.home / "log.txt"
    began = wait(lambda: bool(live.runs(pipelineName=SYNC)), 30, log)
    ended = began + wait(lambda: live.runs(pipelineName=SYNC)[0]["status"] in {"SUCCESS", "FAILURE"}, 60, log)
    print(f"a dropped file: its run was there after {began:.1f} s and had ended after {ended:.1f} s")
    assert live.runs(pipelineName=SYNC)[0]["status"] == "SUCCESS"
    assert len(live.world.netbox.objects(ASSETS)) == len(list(live.world.company))


@pytest.mark.parametrize("from_the", ["job", pytest.param("asset graph", marks=pytest.mark.long)])
def test_a_backfill_of_five_partitions_runs_them_in_their_order(live: Live, tmp_path: Path, from_the: str) -> None:
    keys = five_partitions(live, tmp_path, from_the)
    if from_the == "job":
        params: dict[str, Any] = {"selector": {"partitionSetName": f"{SYNC}_partition_set", "repositorySelector": REPOSITORY}}
    else:
        steps = [[SYNC, step] for step in ("inventory", "desired", "match", "plan", "applied")]
        params = {"assetSelection": [{"path": path} for path in [["pdq_export", "devices"], *steps]]}
    told = live.ask(BACKFILL, backfillParams={**params, "partitionNames": keys})["launchPartitionBackfill"]
    assert told["__typename"] == "LaunchBackfillSuccess", told
    mine = {"key": "dagster/backfill", "value": told["backfillId"]}

    def ended() -> bool:
        runs = live.runs(tags=[mine])
        return len(runs) == 5 and all(run["endTime"] for run in runs)

    took = wait(ended, 400, live.home / "log.txt")
    runs = sorted(live.runs(tags=[mine]), key=lambda run: run["startTime"])
    print(f"a backfill of 5 partitions from the {from_the}: {took:.0f} s")
    assert [(run["partition"], run["status"]) for run in runs] == [(key, "SUCCESS") for key in keys]
    assert all(before["endTime"] <= after["startTime"] for before, after in pairwise(runs))


def five_partitions(live: Live, folder: Path, seed: str) -> list[str]:
    """Five files, taken as the sensor takes them; no runs are asked for."""
    headers: Headers = "plain" if seed == "job" else "computer"
    for number, machine in enumerate(list(live.world.company)[:5]):
        write_export(live.world.company, folder / f"{seed} {number}.csv", machines=[machine], headers=headers)
    with dg.DagsterInstance.from_config(str(live.home)) as instance:
        watch = Watch(DropFolder(UPath(folder)), KeptExports(UPath(live.home / "exports_kept")), Limits())
        looked = watch.look(Cursor(), list, log=print)
        keys = list(watch.look(looked.cursor, lambda: instance.get_dynamic_partitions(SYNC), log=print).accepted)
        instance.add_dynamic_partitions(SYNC, keys)
    assert len(keys) == 5
    return keys
