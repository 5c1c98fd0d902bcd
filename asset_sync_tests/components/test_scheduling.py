"""Turns: what a run does to its connection's schedule, whoever starts it, and who waits for whom."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import Engine

from asset_sync.components import run_tags
from asset_sync.components.abandoned import KILLED, end_abandoned
from asset_sync.components.due import ScheduledConnection
from asset_sync.components.leasing import leased_executor
from asset_sync.components.processes import this_process
from asset_sync.components.scheduling import due_sensor, tick_seconds
from asset_sync.ledger import Leases, Schedule, Schedules
from asset_sync.ledger.leases import Holder
from asset_sync_tests.ledger.test_schedules import lapse

SYNC, LAB = "fabrics", "lab"
MINUTE = timedelta(minutes=1)


@dg.op(
    name=f"{SYNC}__plan",
    config_schema={"mode": dg.Field(str, default_value="normal"), "fails": dg.Field(str, default_value="")},
)
def plan(context: dg.OpExecutionContext) -> None:
    """Fail as told."""
    if context.op_config["fails"]:
        raise dg.Failure(context.op_config["fails"])


@dg.job(name=SYNC, executor_def=leased_executor, tags={run_tags.SYNC: SYNC, run_tags.CONNECTIONS: "true"})
def fabrics() -> None:
    """Have one step."""
    plan()


@dg.repository
def repository() -> list[Any]:
    """Have that job."""
    return [fabrics]


@pytest.fixture(scope="module")
def storage() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as instance:
        yield instance


@pytest.fixture
def dagster(monkeypatch: pytest.MonkeyPatch, database_url: str, storage: dg.DagsterInstance) -> dg.DagsterInstance:
    monkeypatch.setenv("DATABASE_URL", database_url)
    for run in storage.get_runs():
        storage.delete_run(run.run_id)
    return storage


@pytest.fixture
def schedules(dagster: dg.DagsterInstance, engine: Engine) -> Schedules:
    return Schedules(engine)


def run(dagster: dg.DagsterInstance, mode: str = "normal", fails: str = "", **tags: str) -> str:
    """Run the job for a connection, as Dagster does; the run's status."""
    config = {"ops": {f"{SYNC}__plan": {"config": {"mode": mode, "fails": fails}}}}
    told = {run_tags.PARTITION: LAB, **tags}
    with dg.execute_job(dg.reconstructable(fabrics), dagster, run_config=config, tags=told, raise_on_error=False) as result:
        return str(dagster.get_run_by_id(result.run_id).status.value)  # type: ignore[union-attr]


def found(schedules: Schedules) -> Schedule:
    return schedules.of(SYNC)[LAB]


def dead() -> Holder:
    """A process of this machine that is over."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    gone = replace(this_process(), process=process.pid)
    process.communicate(b"\n")
    return gone


# What a run does.


def test_a_run_that_succeeds_is_remembered_from_its_beginning_to_its_end(
    dagster: dg.DagsterInstance, schedules: Schedules
) -> None:
    assert run(dagster) == "SUCCESS"
    told = found(schedules)
    assert told.last_sync is not None
    assert told.last_success is not None
    assert told.last_sync < told.last_success
    assert (told.owner, told.failures, told.last_error) == (None, 0, None)


def test_a_run_that_fails_leaves_its_reason_in_a_line(dagster: dg.DagsterInstance, schedules: Schedules) -> None:
    run(dagster, fails="the fabric does not answer\nand more")
    run(dagster, fails="401")
    told = found(schedules)
    assert (told.owner, told.failures, told.last_success, told.last_error) == (None, 2, None, "401")
    run(dagster, fails="the fabric does not answer\nand more")
    assert found(schedules).last_error == "the fabric does not answer"


@pytest.mark.parametrize("fails", ["", "as told"])
@pytest.mark.parametrize("mode", ["dry_run", "review"])
def test_a_look_at_what_would_be_done_is_no_turn(
    dagster: dg.DagsterInstance, schedules: Schedules, mode: str, fails: str
) -> None:
    run(dagster, mode=mode, fails=fails)
    told = found(schedules)
    assert (told.last_sync, told.last_success, told.failures, told.owner) == (None, None, 0, None)


def test_a_run_of_no_connection_has_no_schedule(dagster: dg.DagsterInstance, schedules: Schedules) -> None:
    config = {"ops": {f"{SYNC}__plan": {"config": {"mode": "normal", "fails": ""}}}}
    with dg.execute_job(dg.reconstructable(fabrics), dagster, run_config=config) as result:
        assert result.success
    assert schedules.of(SYNC) == {}


def test_a_run_waits_for_the_one_that_has_its_connection(dagster: dg.DagsterInstance, schedules: Schedules) -> None:
    Leases(schedules._engine).beat("other", this_process())
    schedules.begin(SYNC, LAB, "other", request=None, counted=True)
    words = f"waits for run other: one run at a time has {SYNC}/{LAB}"
    freeing = threading.Thread(daemon=True, target=lambda: _when_said(dagster, words, lambda: schedules.succeeded("other")))
    freeing.start()
    before = found(schedules).last_sync
    assert run(dagster) == "SUCCESS"
    freeing.join()
    after = found(schedules).last_sync
    assert before is not None
    assert after is not None
    assert after > before


def _when_said(dagster: dg.DagsterInstance, words: str, then: Callable[[], None]) -> None:
    """Wait until a run said so; if none does, the test's own time is up first."""
    while not any(words == entry.user_message for run in dagster.get_runs() for entry in dagster.all_logs(run.run_id)):
        time.sleep(0.2)
    then()


def test_a_run_whose_request_lapsed_is_not_carried_out_beside_another(
    dagster: dg.DagsterInstance, schedules: Schedules, engine: Engine
) -> None:
    schedules.claim(SYNC, LAB, "slow", None)
    lapse(engine)
    Leases(engine).beat("other", this_process())
    assert schedules.begin(SYNC, LAB, "other", request=None, counted=True)
    assert run(dagster, **{run_tags.REQUEST: "slow"}) == "CANCELED"
    owner = found(schedules).owner
    assert owner is not None
    assert owner.name == "other"


def test_a_run_goes_on_where_the_one_before_was_killed(
    dagster: dg.DagsterInstance, schedules: Schedules, engine: Engine
) -> None:
    Leases(engine).beat("killed", dead())
    schedules.begin(SYNC, LAB, "killed", request=None, counted=True)
    assert run(dagster) == "SUCCESS"
    assert found(schedules).failures == 0


def test_who_ends_a_killed_run_frees_its_connection(dagster: dg.DagsterInstance, schedules: Schedules, engine: Engine) -> None:
    killed = dagster.create_run_for_job(fabrics, status=dg.DagsterRunStatus.STARTED).run_id
    Leases(engine).beat(killed, dead())
    schedules.begin(SYNC, LAB, killed, request=None, counted=True)
    assert end_abandoned(dagster) == [killed]
    told = found(schedules)
    assert (told.owner, told.failures, told.last_error) == (None, 1, KILLED)


# The sensor.

ON = ScheduledConnection(LAB, MINUTE, enabled=True, variables=[])


def tick(dagster: dg.DagsterInstance, *connections: ScheduledConnection) -> list[str] | str:
    """What the sensor asks for: the connections; or in words why nothing."""
    sensor = due_sensor(SYNC, connections or [ON])
    with dg.build_sensor_context(dagster, repository_def=repository) as context:
        told = sensor(context)
    if isinstance(told, dg.SkipReason):
        return told.skip_message or ""
    assert isinstance(told, dg.SensorResult)
    return [str(request.partition_key) for request in told.run_requests or []]


def ask(dagster: dg.DagsterInstance) -> dg.RunRequest:
    """The one run that the sensor asks for."""
    with dg.build_sensor_context(dagster, repository_def=repository) as context:
        told = due_sensor(SYNC, [ON])(context)
    assert isinstance(told, dg.SensorResult)
    (request,) = told.run_requests or []
    return request


def pass_time(engine: Engine, by: timedelta) -> None:
    """Let what was, have been so much earlier."""
    with engine.begin() as connection:
        names = ("last_sync", "last_success", "failed_at", "expires_at")
        moved = ", ".join(f"{name} = {name} - make_interval(secs => {by.total_seconds()})" for name in names)
        connection.exec_driver_sql(f"UPDATE asset_sync.schedule SET {moved}")


def test_a_connection_is_asked_for_once_until_it_is_due_again(
    dagster: dg.DagsterInstance, schedules: Schedules, engine: Engine
) -> None:
    assert tick(dagster) == [LAB]
    assert tick(dagster) == f"{LAB} is under way"
    owner = found(schedules).owner
    assert owner is not None
    assert run(dagster, **{run_tags.REQUEST: owner.name}) == "SUCCESS"
    assert str(tick(dagster)).startswith(f"{LAB} is due at 2")
    pass_time(engine, MINUTE)
    assert tick(dagster) == [LAB]


def test_missed_ticks_do_not_pile_up(dagster: dg.DagsterInstance, schedules: Schedules, engine: Engine) -> None:
    run(dagster)
    pass_time(engine, 50 * MINUTE)
    assert tick(dagster) == [LAB]
    assert tick(dagster) == f"{LAB} is under way"


def test_one_that_failed_is_tried_again_later_each_time_and_never_given_up(
    dagster: dg.DagsterInstance, schedules: Schedules, engine: Engine
) -> None:
    for failures, seconds in ((1, 60), (2, 120), (3, 240), (4, 300), (5, 300)):
        run(dagster, fails="no answer")
        assert found(schedules).failures == failures
        pass_time(engine, timedelta(seconds=0.8 * seconds - 20))
        assert "is due at" in tick(dagster)
        pass_time(engine, timedelta(seconds=0.2 * seconds + 21))
        assert tick(dagster) == [LAB]
        schedules.give_back(_owner(schedules))


def _owner(schedules: Schedules) -> str:
    owner = found(schedules).owner
    assert owner is not None
    return owner.name


def test_the_skip_reason_says_of_each_why_it_is_not_started(
    dagster: dg.DagsterInstance, schedules: Schedules, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FABRIC_SET", "x")
    schedules.claim(SYNC, "busy", "request", None)
    schedules.begin(SYNC, "later", "run", request=None, counted=True)
    schedules.succeeded("run")
    at = schedules.of(SYNC)["later"].last_sync
    assert at is not None
    told = tick(
        dagster,
        replace(ON, name="busy"),
        replace(ON, name="later"),
        replace(ON, name="off", enabled=False),
        replace(ON, name="bare", variables=["FABRIC_SET", "FABRIC_TOKEN"]),
    )
    due = f"{at + MINUTE:%Y-%m-%d %H:%M:%S} UTC"
    assert told == (
        f"busy is under way, later is due at {due}, off is not enabled, bare is not configured (FABRIC_TOKEN is not set)"
    )


def test_a_killed_run_is_free_at_the_next_tick_and_ended_in_dagster(
    dagster: dg.DagsterInstance, schedules: Schedules, engine: Engine
) -> None:
    killed = dagster.create_run_for_job(fabrics, status=dg.DagsterRunStatus.STARTED).run_id
    Leases(engine).beat(killed, dead())
    schedules.begin(SYNC, LAB, killed, request=None, counted=True)
    assert "is due at" in tick(dagster)
    told = found(schedules)
    assert (told.owner, told.failures, told.last_error) == (None, 1, KILLED)
    run_of = dagster.get_run_by_id(killed)
    assert run_of is not None
    assert run_of.is_failure
    pass_time(engine, MINUTE)
    assert tick(dagster) == [LAB]


def queued(dagster: dg.DagsterInstance, request: dg.RunRequest) -> dg.DagsterRun:
    """The run that the daemon makes of a request."""
    status = dg.DagsterRunStatus.NOT_STARTED
    return dagster.create_run_for_job(fabrics, tags={**request.tags, run_tags.PARTITION: LAB}, status=status)


def test_a_run_that_waits_in_the_queue_is_not_asked_for_again(
    dagster: dg.DagsterInstance, schedules: Schedules, engine: Engine
) -> None:
    queued(dagster, ask(dagster))
    for _ in range(3):
        pass_time(engine, 2 * MINUTE)
        assert tick(dagster) == f"{LAB} is under way"


def test_a_request_whose_run_was_never_made_lapses(dagster: dg.DagsterInstance, engine: Engine) -> None:
    assert tick(dagster) == [LAB]
    pass_time(engine, timedelta(seconds=30))
    assert tick(dagster) == f"{LAB} is under way"
    pass_time(engine, timedelta(seconds=31))
    assert tick(dagster) == [LAB]


@pytest.mark.parametrize("how", ["failed", "canceled"])
def test_a_run_that_never_began_frees_its_connection(
    dagster: dg.DagsterInstance, schedules: Schedules, engine: Engine, how: str
) -> None:
    first = ask(dagster)
    made = queued(dagster, first)
    if how == "failed":
        dagster.report_run_failed(made, "it could not be launched")
    else:
        dagster.report_run_canceled(made)
    pass_time(engine, timedelta(seconds=40))
    assert "is due at" in tick(dagster)
    assert found(schedules).failures == (1 if how == "failed" else 0)
    pass_time(engine, MINUTE)
    assert ask(dagster).run_key != first.run_key


def test_a_tick_at_which_nothing_is_due_does_not_ask_dagster(
    dagster: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(dagster)

    def asked(*_: Any, **__: Any) -> None:
        raise AssertionError("it asked for runs")

    for name in ("get_runs", "get_run_records", "get_run_by_id"):
        monkeypatch.setattr(dg.DagsterInstance, name, asked)
    assert "is due at" in tick(dagster)


def test_a_database_that_is_away_is_said_and_asked_again(dagster: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody:secret@127.0.0.1:1/nothing")
    told = tick(dagster)
    assert "the database does not answer" in told
    assert "secret" not in told


@pytest.mark.parametrize(("seconds", "tick"), [(5, 5), (60, 5), (300, 25), (3600, 60), (10800, 60)])
def test_short_intervals_are_looked_at_every_5_seconds(seconds: int, tick: int) -> None:
    assert (
        tick_seconds([replace(ON, interval=timedelta(seconds=seconds)), replace(ON, interval=3 * timedelta(hours=1))]) == tick
    )
    assert tick_seconds([]) == 60
