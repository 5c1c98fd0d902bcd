"""Connections with short intervals under real daemons: what runs when, that never two run at once, and what faults do to it."""

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from asset_sync.components.abandoned import KILLED
from asset_sync.ledger import Schedules
from asset_sync.operations.definitions import DAGSTER_YAML
from asset_sync_tests.processes import end

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("live"), pytest.mark.timeout(900)]

LOCATION = "asset_sync_tests.components.fabrics_location"
SYNC = "fabrics"
ROOT = Path(__file__).parents[2]
FIVE = {"a": 5, "b": 10, "c": 20, "d": 30, "e": 60}
WATCHED_S = 180
OUTAGE_S = 60
SLOW_S = 30
TICK_S = 5


@dataclass(frozen=True)
class Ran:
    """What a run noted: when it began, in which process, and when it ended; None while it has not."""

    began: float
    run_id: str
    process: int
    ended: float | None


class Lab:
    """What the connections noted, and what the ledger has of them."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        self.schedules = Schedules(create_engine(database_url))

    def runs(self, name: str) -> list[Ran]:
        file = self.folder / f"{name}.log"
        lines = [line.split() for line in file.read_text().splitlines()] if file.exists() else []
        ends = {line[2]: float(line[0]) for line in lines if line[1] == "end"}
        return [Ran(float(at), run, int(rest[0]), ends.get(run)) for at, what, run, *rest in lines if what == "begin"]

    def wait(self, done: Callable[[], bool], seconds: float, told: str) -> float:
        began = time.monotonic()
        while not done():
            assert time.monotonic() - began < seconds, f"{told}: {self._log()}"
            time.sleep(0.2)
        return time.monotonic() - began

    def claims_within(self, seconds: float) -> set[tuple[str, datetime]]:
        """Watch for so long; the turns that were claimed, each with its connection, by the clock of the database."""
        found: set[tuple[str, datetime]] = set()
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            found |= {(name, each.last_sync) for name, each in self.schedules.of(SYNC).items() if each.last_sync}
            time.sleep(0.5)
        return found

    def _log(self) -> str:
        return "\n".join(file.read_text()[-3000:] for file in self.folder.glob("daemon*.txt"))


@contextmanager
def daemons(count: int, folder: Path, database_url: str, intervals: dict[str, int]) -> Iterator[Lab]:
    """Run so many daemons, each with a Dagster of its own, on one ledger."""
    with ExitStack() as running:
        for number in range(count):
            home = folder / f"home{number}"
            home.mkdir()
            (home / "dagster.yaml").write_text(f"{DAGSTER_YAML}run_queue:\n  dequeue_interval_seconds: 1\n")
            homes = {"DAGSTER_HOME": str(home), "ASSET_SYNC_HOME": str(home), "PYTHONWARNINGS": "ignore"}
            own = {"FABRICS": json.dumps(intervals), "FABRICS_FOLDER": str(folder), "DATABASE_URL": database_url}
            environment = {**os.environ, **homes, **own}
            command = [sys.executable, "-m", "dagster", "sensor", "start", f"{SYNC}_sensor", "-m", LOCATION]
            subprocess.run(command, env=environment, cwd=ROOT, check=True, capture_output=True)
            daemon = [str(Path(sys.executable).parent / "dagster-daemon"), "run", "-m", LOCATION]
            log = running.enter_context((folder / f"daemon{number}.txt").open("wb"))
            process = subprocess.Popen(daemon, env=environment, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
            running.callback(_stop, process)
        yield Lab(folder, database_url)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    end(process)
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def check_one_at_a_time(lab: Lab, names: dict[str, int]) -> None:
    """No run of a connection began while another one of it was under way, and none ran twice."""
    for name in names:
        runs = lab.runs(name)
        assert len({run.run_id for run in runs}) == len(runs)
        ended = [run for run in runs if run.ended is not None]
        assert all(before.ended <= after.began for before, after in pairwise(ended) if before.ended is not None), name


@pytest.mark.long
def test_five_fabrics_run_at_their_intervals_and_an_outage_delays_only_one(tmp_path: Path, database_url: str) -> None:
    with daemons(1, tmp_path, database_url, FIVE) as lab:
        took = lab.wait(lambda: all(lab.runs(name) for name in FIVE), 300, "not all ran once")
        print(f"all five had begun {took:.0f} s after the daemon was started")
        (tmp_path / "b.down").touch()
        claims = lab.claims_within(OUTAGE_S)
        down = lab.schedules.of(SYNC)["b"]
        (tmp_path / "b.down").unlink()
        assert (down.last_error, down.failures > 0) == ("the API does not answer", True)
        recovered = lab.wait(lambda: not lab.schedules.of(SYNC)["b"].failures, 300, "b did not recover")
        print(f"b recovered {recovered:.0f} s after its API was up again, after {down.failures} failures")
        claims |= lab.claims_within(WATCHED_S - OUTAGE_S)
        check_one_at_a_time(lab, FIVE)
        gaps = {name: gaps_of(claims, name) for name in FIVE}
        # What a run costs here, which the shortest interval is spent waiting for.
        cost = statistics.median(gaps["a"] or [WATCHED_S])
        for name, interval in FIVE.items():
            print(
                f"{name}, every {interval} s: {len(gaps[name]) + 1} turns, {statistics.median(gaps[name] or [0]):.1f} s apart"
            )
        if cost > SLOW_S:
            pytest.skip(f"a run takes {cost:.0f} s on this machine now: intervals of seconds cannot be watched")
        assert recovered < 4 * FIVE["b"] + 2 * cost + TICK_S
        for name in FIVE.keys() - {"b"}:
            assert gaps[name], name
            assert min(gaps[name]) >= FIVE[name], name
            assert statistics.median(gaps[name]) < max(FIVE[name], cost) + 2 * TICK_S, name
            assert lab.schedules.of(SYNC)[name].failures == 0


def gaps_of(claims: set[tuple[str, datetime]], name: str) -> list[float]:
    """The seconds between the turns of a connection."""
    at = sorted(at for of, at in claims if of == name)
    return [(after - before).total_seconds() for before, after in pairwise(at)]


def test_a_run_that_is_killed_makes_way_for_the_next_one(tmp_path: Path, database_url: str) -> None:
    (tmp_path / "a.hangs").touch()
    with daemons(1, tmp_path, database_url, {"a": 5}) as lab:
        lab.wait(lambda: bool(lab.runs("a")), 120, "a did not run")
        time.sleep(15)
        (first,) = lab.runs("a")
        (tmp_path / "a.hangs").unlink()
        os.kill(first.process, signal.SIGKILL)
        lab.wait(lambda: lab.schedules.of(SYNC)["a"].last_error == KILLED, 60, "nobody saw it")
        took = lab.wait(lambda: len(lab.runs("a")) > 1, 120, "a did not run again")
        print(f"a killed run's connection ran again after {took:.0f} s")
        lab.wait(lambda: lab.schedules.of(SYNC)["a"].last_success is not None, 60, "a did not succeed")


def test_two_daemons_on_one_ledger_run_nothing_twice(tmp_path: Path, database_url: str) -> None:
    three = {"a": 5, "b": 10, "c": 30}
    with daemons(2, tmp_path, database_url, three) as lab:
        lab.wait(lambda: all(lab.runs(name) for name in three), 300, "not all ran once")
        claims = lab.claims_within(90)
        check_one_at_a_time(lab, three)
        for name, interval in three.items():
            print(f"{name}, every {interval} s: {len(gaps_of(claims, name)) + 1} turns in 90 s of two daemons")
            assert all(gap >= interval for gap in gaps_of(claims, name)), name
            # No turn has more than one run.
            turns = {at.timestamp() for of, at in claims if of == name}
            begun = [run for run in lab.runs(name) if run.began > min(turns)]
            assert len(begun) <= len(turns)
