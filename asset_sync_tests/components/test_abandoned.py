"""Whose runs are ended by those that come next, and what is said to whoever waits."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import dagster as dg
import pytest
from sqlalchemy import Engine, func, update

from asset_sync.components.abandoned import SILENT_S, end_abandoned, in_the_way
from asset_sync.components.leasing import leased, leased_executor
from asset_sync.components.processes import lives, this_process
from asset_sync.ledger import Leases
from asset_sync.ledger.leases import Holder
from asset_sync.ledger.schema import lease

POOL = "netbox"
ELSEWHERE = Holder("another machine", os.getpid(), "then")


@pytest.fixture(scope="module")
def storage() -> Iterator[dg.DagsterInstance]:
    """A Dagster whose pools have one slot each."""
    with dg.instance_for_test() as instance:
        instance.event_log_storage.set_concurrency_slots(POOL, 1)
        yield instance


@pytest.fixture
def dagster(monkeypatch: pytest.MonkeyPatch, database_url: str, storage: dg.DagsterInstance) -> Iterator[dg.DagsterInstance]:
    """That Dagster, nobody having the slot, beside an empty ledger: of runs of other tests nobody can tell."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    yield storage
    for run_id in storage.event_log_storage.get_concurrency_run_ids():
        storage.event_log_storage.free_concurrency_slots_for_run(run_id)


@pytest.fixture
def leases(dagster: dg.DagsterInstance, engine: Engine) -> Leases:
    """The leases beside that Dagster."""
    return Leases(engine)


@dg.op(pool=POOL)
def write() -> None:
    """Do nothing."""


@dg.job(executor_def=leased_executor)
def sync() -> None:
    """Have one step."""
    write()


def begun(dagster: dg.DagsterInstance, status: dg.DagsterRunStatus = dg.DagsterRunStatus.STARTED) -> str:
    """A run that has, or asks for, the slot of the pool; its id."""
    run = dagster.create_run_for_job(sync, status=status)
    dagster.event_log_storage.claim_concurrency_slot(POOL, run.run_id, "write")
    return run.run_id


def dead() -> Holder:
    """A process of this machine that is over."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    found = replace(this_process(), process=process.pid)
    process.communicate(b"\n")
    return found


def status_of(dagster: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    run = dagster.get_run_by_id(run_id)
    assert run is not None
    return run.status


def silence(engine: Engine, run_id: str, seconds: float) -> None:
    """Let the holder of a run's lease have been heard of for the last time so long ago."""
    with engine.begin() as connection:
        earlier = func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 0, seconds)
        connection.execute(update(lease).where(lease.c.run_id == run_id).values(beat_at=earlier))


def test_a_run_whose_process_is_dead_is_ended_and_its_slot_is_free(dagster: dg.DagsterInstance, leases: Leases) -> None:
    run_id = begun(dagster)
    leases.beat(run_id, dead())
    assert end_abandoned(dagster) == [run_id]
    assert status_of(dagster, run_id) is dg.DagsterRunStatus.FAILURE
    assert dagster.event_log_storage.get_concurrency_info(POOL).claimed_slots == []
    assert leases.of([run_id]) == {}
    assert end_abandoned(dagster) == []


def test_a_run_that_lives_keeps_its_slot(dagster: dg.DagsterInstance, leases: Leases, engine: Engine) -> None:
    run_id = begun(dagster)
    with leased(dagster, run_id) as ended:
        assert ended == []
        # A process of this machine is looked at, however long it has been silent.
        silence(engine, run_id, 10 * SILENT_S)
        assert end_abandoned(dagster) == []
    assert leases.of([run_id]) == {}
    assert status_of(dagster, run_id) is dg.DagsterRunStatus.STARTED


def test_another_process_of_the_same_number_is_not_the_one_that_died() -> None:
    me = this_process()
    assert lives(me)
    assert not lives(replace(me, began="before the machine was started anew"))


def test_a_machine_that_is_silent_for_long_is_given_up(dagster: dg.DagsterInstance, leases: Leases, engine: Engine) -> None:
    run_id = begun(dagster)
    leases.beat(run_id, ELSEWHERE)
    silence(engine, run_id, SILENT_S / 2)
    assert end_abandoned(dagster) == []
    silence(engine, run_id, SILENT_S + 1)
    assert end_abandoned(dagster) == [run_id]


def test_a_beat_is_heard_of_again(dagster: dg.DagsterInstance, leases: Leases, engine: Engine) -> None:
    run_id = begun(dagster)
    leases.beat(run_id, ELSEWHERE)
    silence(engine, run_id, 2 * SILENT_S)
    leases.beat(run_id, ELSEWHERE)
    assert end_abandoned(dagster) == []


def test_a_run_of_which_nobody_can_tell_is_left_alone(dagster: dg.DagsterInstance) -> None:
    run_id = begun(dagster)
    assert end_abandoned(dagster) == []
    assert status_of(dagster, run_id) is dg.DagsterRunStatus.STARTED


def test_a_run_that_is_over_keeps_no_slot(dagster: dg.DagsterInstance) -> None:
    run_id = begun(dagster, dg.DagsterRunStatus.FAILURE)
    assert end_abandoned(dagster) == [run_id]
    assert dagster.event_log_storage.get_concurrency_info(POOL).claimed_slots == []


def test_who_waits_hears_for_whom(dagster: dg.DagsterInstance) -> None:
    first = begun(dagster)
    second, third = begun(dagster), begun(dagster)
    for waiting in (second, third):
        told = in_the_way(dagster, POOL, waiting)
        assert told is not None
        assert told.startswith(f"waits for run {first} of sync, since 2")
    assert in_the_way(dagster, POOL, first) is None
    dagster.event_log_storage.free_concurrency_slots_for_run(first)
    # The turn of one of them has come, though it has not taken its slot yet; the other one waits for it.
    said = {waiting: in_the_way(dagster, POOL, waiting) for waiting in (second, third)}
    (next_one,) = [waiting for waiting, words in said.items() if words is None]
    (words,) = [words for words in said.values() if words is not None]
    assert words.startswith(f"waits for run {next_one} of sync, since 2")


def test_what_is_stopped_keeps_no_slot(dagster: dg.DagsterInstance) -> None:
    run_id = begun(dagster)
    with pytest.raises(KeyboardInterrupt), leased(dagster, run_id):
        raise KeyboardInterrupt
    assert dagster.event_log_storage.get_concurrency_run_ids() == set()


def test_a_run_that_dagster_starts_frees_what_a_dead_one_holds(dagster: dg.DagsterInstance, leases: Leases) -> None:
    killed = begun(dagster)
    leases.beat(killed, dead())
    with dg.execute_job(dg.reconstructable(sync), dagster) as result:
        assert result.success
    assert status_of(dagster, killed) is dg.DagsterRunStatus.FAILURE
    assert leases.of([result.run_id]) == {}


@pytest.mark.slow
def test_a_run_that_dagster_starts_waits_and_says_for_whom(dagster: dg.DagsterInstance, leases: Leases) -> None:
    holder = begun(dagster)
    leases.beat(holder, this_process())
    freeing = threading.Timer(3, dagster.event_log_storage.free_concurrency_slots_for_run, [holder])
    freeing.start()
    cpu = time.process_time()
    with dg.execute_job(dg.reconstructable(sync), dagster) as result:
        assert result.success
    assert time.process_time() - cpu < 2
    said = [entry.user_message for entry in dagster.all_logs(result.run_id)]
    assert [words for words in said if words.startswith(f"waits for run {holder} of sync, since 2")]
    freeing.join()
