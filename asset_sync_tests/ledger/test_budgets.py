"""Budgets of requests that runs share, in a real PostgreSQL: each object here stands for a run in a process of its own."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Lock

import pytest
from sqlalchemy import Engine, create_engine

from asset_sync.ledger import SharedBudgets
from asset_sync_tests.processes import end

ACCOUNT = "NetBox 12ab"
Run = Callable[[str], SharedBudgets]


@pytest.fixture
def run(database_url: str) -> Iterator[Run]:
    """Return what begins runs of a name, each with connections of its own; all end with the test."""
    with ExitStack() as begun:

        def begin(name: str) -> SharedBudgets:
            engine = create_engine(database_url)
            begun.callback(engine.dispose)
            return begun.enter_context(SharedBudgets(engine, name))

        yield begin


def under_way(runs: list[SharedBudgets], at_once: int, accounts: list[str]) -> int:
    """Have each run send six requests on each account, by threads; return how many were under way at most."""
    lock, now, most = Lock(), 0, 0

    def send(one: SharedBudgets, account: str) -> None:
        nonlocal now, most
        with one.turn(account, None, at_once):
            with lock:
                now += 1
                most = max(most, now)
            # The first ones stay until the others have come, however busy the machine is.
            time.sleep(0.02 if most >= at_once * len(accounts) else 0.5)
            with lock:
                now -= 1

    with ThreadPoolExecutor(24) as pool:
        list(pool.map(lambda each: send(*each), [(one, account) for one in runs for account in accounts] * 6))
    return most


@pytest.mark.parametrize("most", [1, 3])
def test_the_requests_of_all_runs_are_under_way_in_so_many_places(run: Run, most: int) -> None:
    assert under_way([run("run a"), run("run b")], most, [ACCOUNT]) == most


def test_each_account_has_places_of_its_own(run: Run) -> None:
    assert under_way([run("run a")], 1, [ACCOUNT, "NetBox 34cd"]) == 2


def test_the_requests_of_all_runs_leave_evenly_spread(run: Run) -> None:
    runs = [run("run a"), run("run b")]
    began = time.monotonic()
    for one in runs * 10:
        with one.turn(ACCOUNT, 6000, None):
            pass
    assert time.monotonic() - began >= 19 * 0.01
    assert [[*one.waits()] for one in runs] == [["run b"], ["run a"]]


def test_what_was_not_used_is_not_saved_up(run: Run) -> None:
    one = run("run a")
    with one.turn(ACCOUNT, 600, None):
        time.sleep(0.3)
    began = time.monotonic()
    for _ in range(3):
        with one.turn(ACCOUNT, 600, None):
            pass
    assert time.monotonic() - began >= 0.2


def test_who_waits_is_told_for_whom(run: Run) -> None:
    holder, waiting = run("run 1"), run("run 2")
    with ThreadPoolExecutor(1) as pool, holder.turn(ACCOUNT, None, 1):
        done = pool.submit(lambda: under_way([waiting], 1, [ACCOUNT]))
        # On a busy machine it takes a while until it asks at all.
        time.sleep(0.8)
        assert not done.done()
        holder.__exit__()
        done.result()
    told = waiting.waits()
    assert [*told] == ["run 1"]
    assert told["run 1"] >= 0.1
    assert waiting.waits() == {}


def test_what_a_server_asks_of_one_run_holds_for_all(run: Run) -> None:
    one, other = run("run a"), run("run b")
    one.postpone(ACCOUNT, 0.3)
    one.postpone(ACCOUNT, 0.01)
    began = time.monotonic()
    with other.turn("Snipe-IT 12ab", None, 2):
        assert time.monotonic() - began < 0.3
    with other.turn(ACCOUNT, None, 2):
        assert time.monotonic() - began >= 0.2
    assert [*other.waits()] == ["run a"]


@pytest.mark.slow
def test_a_killed_run_holds_no_place(run: Run, database_url: str) -> None:
    held = (
        "import sys, time; from sqlalchemy import create_engine; from asset_sync.ledger import SharedBudgets\n"
        f"with SharedBudgets(create_engine(sys.argv[1]), 'killed').turn({ACCOUNT!r}, None, 1):\n"
        "    print('held', flush=True); time.sleep(600)"
    )
    process = subprocess.Popen([sys.executable, "-c", held, database_url], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        process.kill()
        with run("next").turn(ACCOUNT, None, 1):
            pass
    finally:
        end(process)


def test_a_run_that_sends_nothing_asks_nothing(engine: Engine) -> None:
    with SharedBudgets(engine, "quiet"):
        assert engine.pool.status().count("Connections in pool: 0")
