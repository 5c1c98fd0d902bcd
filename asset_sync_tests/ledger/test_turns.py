"""Who applies a plan is alone with the links that it goes by, whichever process that is; on a real PostgreSQL."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from threading import Event

import pytest
from sqlalchemy import Engine, create_engine, text

from asset_sync.ledger import Ledger
from asset_sync.ledger.locks import being_applied
from asset_sync.reconcile.errors import PlanError
from asset_sync_tests.ledger.conftest import START, make, row

LINKS = "pdq_to_netbox"
HOLD = """
import sys, time
from sqlalchemy import create_engine
from asset_sync.ledger import Ledger
from asset_sync.ledger.locks import being_applied
with Ledger(create_engine(sys.argv[1])).alone("pdq_to_netbox"):
    print("mine", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def another(database_url: str) -> Iterator[Ledger]:
    """The ledger as another process has it."""
    engine = create_engine(database_url)
    yield Ledger(engine)
    engine.dispose()


@contextmanager
def held(ledger: Ledger, links: str = LINKS) -> Iterator[Callable[[], None]]:
    """Have the turn in a thread until what is given is called."""
    begun, over = Event(), Event()

    def hold() -> None:
        with ledger.alone(links):
            begun.set()
            over.wait(20)

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(hold)
        try:
            assert begun.wait(20)
            yield over.set
        finally:
            over.set()
            holding.result()


def wait_for_a_waiter(engine: Engine) -> None:
    """Return once somebody waits for the turn."""
    waiting = text(
        "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database"
        " WHERE locktype = 'advisory' AND NOT granted AND d.datname = current_database()"
    )

    def somebody_waits() -> bool:
        with engine.connect() as connection:
            return bool(connection.scalar(waiting))

    wait_until(somebody_waits)


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline, "it never was so"
        time.sleep(0.02)


def test_one_waits_until_the_other_has_ended(ledger: Ledger, another: Ledger, engine: Engine) -> None:
    order = []

    def second() -> None:
        with another.alone(LINKS):
            order.append("second begins")

    with held(ledger) as end, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(second)
        wait_for_a_waiter(engine)
        order.append("first ends")
        end()
        waiting.result(20)
    assert order == ["first ends", "second begins"]


def test_other_links_and_whoever_writes_about_the_same_ones_do_not_wait(ledger: Ledger, another: Ledger) -> None:
    with held(ledger), another.alone("wug_to_netbox/main"):
        another.save(make(row("create", "1")), "run", START)


def test_no_transaction_idles_meanwhile(ledger: Ledger, engine: Engine) -> None:
    with held(ledger), engine.connect() as connection:
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'"
        assert connection.scalar(text(query)) == 0


def test_those_who_wait_leave_connections_for_the_one_who_works(database_url: str) -> None:
    engine = create_engine(database_url, pool_size=1, max_overflow=0, pool_timeout=1)
    ledger = Ledger(engine)
    with ThreadPoolExecutor(2) as pool:
        with ledger.alone(LINKS):
            waiting = [pool.submit(_take_turn, ledger) for _ in range(2)]
            for _ in range(20):
                assert ledger.plans() == []
                time.sleep(0.02)
        for each in waiting:
            each.result(20)
    engine.dispose()


def test_a_plan_that_was_begun_is_interrupted_unless_somebody_applies_it(ledger: Ledger, another: Ledger) -> None:
    plan = make(row("create", "1"))
    ledger.save(plan, "run", START)
    with held(another, "other"), held(ledger):
        assert ledger.header(plan.id).state == "planned"
        ledger.start(plan.id, "run", START)
        assert [header.state for header in another.plans()] == ["applying"]
    # PostgreSQL hears of the end of a connection a moment later.
    wait_until(lambda: [header.state for header in another.plans()] == ["interrupted"])
    assert (ledger.waits(plan.id), ledger.last_applied(LINKS)) == (None, plan.id)
    with pytest.raises(PlanError, match="is interrupted: only a plan that is yet to be applied"):
        ledger.reject(plan.id, "anna", START)
    with held(another, "other"):
        assert ledger.header(plan.id).state == "interrupted"
    with held(another):
        assert ledger.header(plan.id).state == "applying"
    ledger.finish(plan.id, START)
    assert ledger.header(plan.id).state == "applied"


def test_an_interrupted_plan_is_stale_once_another_was_begun(ledger: Ledger) -> None:
    interrupted = make(row("create", "1"))
    ledger.save(interrupted, "run 1", START)
    ledger.start(interrupted.id, "run 1", START)
    ended = make(row("create", "2"), after=interrupted.id)
    ledger.save(ended, "run 2", START)
    assert ledger.header(interrupted.id).state == "interrupted"
    with held(ledger):
        ledger.start(ended.id, "run 2", START + timedelta(hours=1))
        assert [header.state for header in ledger.plans()] == ["applying", "stale"]
    with pytest.raises(PlanError, match=f"is stale: plan {ended.id} was applied since"):
        ledger.start(interrupted.id, "run 3", START)


def _take_turn(ledger: Ledger) -> None:
    with ledger.alone(LINKS):
        ledger.plans()


def test_an_error_gives_the_turn_away(ledger: Ledger, another: Ledger) -> None:
    def break_off() -> None:
        with ledger.alone(LINKS):
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        break_off()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(_take_turn, another).result(20)


def test_a_killed_process_gives_the_turn_away(ledger: Ledger, database_url: str) -> None:
    process = subprocess.Popen([sys.executable, "-c", HOLD, database_url], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "mine\n"
    finally:
        process.kill()
        process.communicate()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(_take_turn, ledger).result(20)


def test_a_turn_that_is_over_is_over_at_once(ledger: Ledger, engine: Engine) -> None:
    with engine.connect() as connection:
        for _ in range(100):
            with ledger.alone(LINKS):
                assert being_applied(connection, [LINKS])
            assert not being_applied(connection, [LINKS])
