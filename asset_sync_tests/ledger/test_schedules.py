"""Who has a connection, and what is remembered of its turns: in a real PostgreSQL, with several who want it at once."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, create_engine, func, text, update

from asset_sync.ledger import Leases, Schedule, Schedules, migrate
from asset_sync.ledger.leases import Holder
from asset_sync.ledger.schedules import START_WITHIN
from asset_sync.ledger.schema import schedule
from asset_sync_tests.ledger.revisions import insert, migrate_to

SYNC, LAB = "fabrics", "lab"
ME = Holder("this machine", 1, "then")


@pytest.fixture
def schedules(engine: Engine) -> Schedules:
    return Schedules(engine)


@pytest.fixture
def two(database_url: str) -> Iterator[list[Schedules]]:
    """Two schedulers, each with connections of its own to the database."""
    engines = [create_engine(database_url) for _ in range(2)]
    yield [Schedules(each) for each in engines]
    for each in engines:
        each.dispose()


def found(schedules: Schedules) -> Schedule:
    return schedules.of(SYNC)[LAB]


def lapse(engine: Engine) -> None:
    """Let what is requested have been so for a while."""
    with engine.begin() as connection:
        connection.execute(update(schedule).values(expires_at=func.clock_timestamp() - timedelta(seconds=1)))


def at_once(several: list[Schedules], ask: Callable[[Schedules, str], bool]) -> list[bool]:
    """Let 8 threads ask the schedulers in the same moment; what they were told."""
    gate = threading.Barrier(8)

    def one(number: int) -> bool:
        gate.wait()
        return ask(several[number % len(several)], f"request {number}")

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(one, range(8)))


@pytest.mark.parametrize("before", ["nothing", "a success", "a failure", "a lapsed request"])
def test_of_several_who_claim_at_once_one_wins(two: list[Schedules], engine: Engine, before: str) -> None:
    if before != "nothing":
        assert two[0].claim(SYNC, LAB, "earlier", None)
        if before == "a lapsed request":
            lapse(engine)
        elif before == "a success":
            two[0].succeeded("earlier")
        else:
            two[0].failed("earlier", "no answer")
    for _ in range(5):
        seen = two[0].of(SYNC).get(LAB)
        assert sum(at_once(two, lambda each, request: each.claim(SYNC, LAB, request, seen))) == 1  # noqa: B023
        owner = found(two[1]).owner
        assert owner is not None
        two[0].succeeded(owner.name)
        assert found(two[1]).owner is None


def test_who_saw_what_is_no_more_claims_nothing(schedules: Schedules) -> None:
    assert schedules.claim(SYNC, LAB, "first", None)
    schedules.succeeded("first")
    seen = found(schedules)
    assert schedules.claim(SYNC, LAB, "second", seen)
    schedules.succeeded("second")
    assert not schedules.claim(SYNC, LAB, "a tick that took long", seen)
    assert not schedules.claim(SYNC, LAB, "a tick that took longer", None)
    assert schedules.claim(SYNC, LAB, "third", found(schedules))


def test_a_claim_is_set_before_the_work_by_the_clock_of_the_database(schedules: Schedules) -> None:
    schedules.claim(SYNC, LAB, "request", None)
    claimed = found(schedules)
    assert claimed.last_sync is not None
    assert claimed.owner is not None
    assert claimed.owner.expires_at is not None
    assert timedelta(0) <= claimed.owner.expires_at - claimed.last_sync - START_WITHIN < timedelta(seconds=1)
    assert timedelta(0) <= claimed.now - claimed.last_sync < timedelta(seconds=20)
    assert claimed.now.tzinfo is UTC
    assert claimed.last_success is None


def test_the_run_of_a_request_takes_it_over_and_the_turn_stays_that_of_the_claim(schedules: Schedules) -> None:
    schedules.claim(SYNC, LAB, "request", None)
    claimed = found(schedules).last_sync
    assert schedules.begin(SYNC, LAB, "run", request="request", counted=True)
    begun = found(schedules)
    assert begun.last_sync == claimed
    assert begun.owner is not None
    assert (begun.owner.name, begun.owner.expires_at) == ("run", None)
    schedules.succeeded("run")
    ended = found(schedules)
    assert ended.last_success is not None
    assert claimed is not None
    assert ended.last_success > claimed
    assert (ended.owner, ended.last_sync) == (None, claimed)


def test_a_request_lapses_and_its_run_comes_too_late(schedules: Schedules, engine: Engine) -> None:
    schedules.claim(SYNC, LAB, "slow", None)
    assert not schedules.claim(SYNC, LAB, "other", found(schedules))
    lapse(engine)
    assert schedules.claim(SYNC, LAB, "other", found(schedules))
    assert not schedules.begin(SYNC, LAB, "slow run", request="slow", counted=True)
    assert schedules.begin(SYNC, LAB, "run", request="other", counted=True)
    schedules.succeeded("run")
    assert not schedules.begin(SYNC, LAB, "slow run", request="slow", counted=True)


def test_a_request_that_lapsed_is_still_its_runs_where_nobody_else_was_given_the_turn(
    schedules: Schedules, engine: Engine
) -> None:
    schedules.claim(SYNC, LAB, "slow", None)
    claimed = found(schedules).last_sync
    lapse(engine)
    assert schedules.begin(SYNC, LAB, "slow run", request="slow", counted=True)
    assert found(schedules).last_sync == claimed


def test_a_request_of_a_clock_that_was_an_hour_ahead_is_not_waited_for(schedules: Schedules, engine: Engine) -> None:
    assert schedules.claim(SYNC, LAB, "request", None)
    with engine.begin() as connection:
        ahead = func.clock_timestamp() + timedelta(hours=1)
        connection.execute(update(schedule).values(last_sync=ahead, expires_at=ahead + START_WITHIN))
    assert found(schedules).request_counts == timedelta(0)
    assert schedules.claim(SYNC, LAB, "the next one", found(schedules))
    assert timedelta(0) < found(schedules).request_counts <= START_WITHIN
    assert not schedules.begin(SYNC, LAB, "run", request="request", counted=True)


def test_a_request_that_is_renewed_does_not_lapse(schedules: Schedules, engine: Engine) -> None:
    schedules.claim(SYNC, LAB, "queued", None)
    lapse(engine)
    schedules.renew("queued")
    assert not schedules.claim(SYNC, LAB, "other", found(schedules))


def test_of_several_runs_that_begin_at_once_one_has_the_connection(two: list[Schedules]) -> None:
    begun = at_once(two, lambda each, run: each.begin(SYNC, LAB, run, request=None, counted=True))
    assert sum(begun) == 1
    owner = found(two[0]).owner
    assert owner is not None
    assert not two[1].claim(SYNC, LAB, "request", found(two[1]))
    two[1].succeeded(owner.name)
    assert two[1].begin(SYNC, LAB, "next", request=None, counted=True)


def test_a_run_has_its_connection_until_it_ends_however_long_that_takes(schedules: Schedules, engine: Engine) -> None:
    schedules.begin(SYNC, LAB, "long", request=None, counted=True)
    Leases(engine).beat("long", ME)
    seen = found(schedules)
    assert seen.owner is not None
    assert seen.owner.lease is not None
    assert seen.owner.lease.holder == ME
    assert not schedules.claim(SYNC, LAB, "request", seen)
    assert not schedules.begin(SYNC, LAB, "other", request=None, counted=True)


def test_failures_are_counted_with_the_last_ones_reason_until_a_success(schedules: Schedules) -> None:
    for number, words in enumerate(("no answer", "401"), start=1):
        schedules.begin(SYNC, LAB, f"run {number}", request=None, counted=True)
        schedules.failed(f"run {number}", words)
        told = found(schedules)
        assert (told.failures, told.last_error, told.last_success) == (number, words, None)
        assert told.failed_at is not None
        assert told.last_sync is not None
        assert told.failed_at >= told.last_sync
    schedules.begin(SYNC, LAB, "run 3", request=None, counted=True)
    assert found(schedules).last_error == "401"
    schedules.succeeded("run 3")
    told = found(schedules)
    assert (told.failures, told.last_error, told.failed_at) == (0, None, None)


def test_a_run_that_is_no_turn_has_the_connection_and_leaves_the_schedule_alone(schedules: Schedules) -> None:
    schedules.begin(SYNC, LAB, "run", request=None, counted=True)
    schedules.failed("run", "no answer")
    before = found(schedules)
    for end in (schedules.succeeded, schedules.give_back, lambda run: schedules.failed(run, "a dry run's own")):
        assert schedules.begin(SYNC, LAB, "dry run", request=None, counted=False)
        assert not schedules.claim(SYNC, LAB, "request", before)
        end("dry run")
        after = found(schedules)
        assert (after.last_sync, after.failures, after.failed_at, after.last_error, after.owner) == (
            before.last_sync,
            before.failures,
            before.failed_at,
            before.last_error,
            None,
        )


def test_a_first_run_that_is_no_turn_leaves_a_connection_that_never_synced(schedules: Schedules) -> None:
    schedules.begin(SYNC, LAB, "dry run", request=None, counted=False)
    schedules.succeeded("dry run")
    told = found(schedules)
    assert (told.last_sync, told.last_success) == (None, None)
    assert schedules.claim(SYNC, LAB, "request", told)


def test_only_the_owner_ends_a_turn(schedules: Schedules) -> None:
    schedules.begin(SYNC, LAB, "run", request=None, counted=True)
    for end in (schedules.succeeded, schedules.give_back, lambda run: schedules.failed(run, "no")):
        end("another one")
    told = found(schedules)
    assert told.owner is not None
    assert (told.owner.name, told.last_success, told.failures) == ("run", None, 0)


def test_what_plans_tell_of_earlier_runs_is_kept(empty_database_url: str) -> None:
    engine = create_engine(empty_database_url)
    migrate_to(engine, "0010")
    noon = datetime(2026, 11, 21, 12, tzinfo=UTC)
    plans = [
        ("p1", "wug_to_netbox", "wug_to_netbox/main", "normal", 0, 1),
        ("p2", "wug_to_netbox", "wug_to_netbox/main", "full", 3, None),
        ("p3", "wug_to_netbox", "wug_to_netbox/main", "dry_run", 9, None),
        ("p4", "pdq_to_netbox", "pdq_to_netbox", "normal", 9, 9),
    ]
    for plan_id, sync, link_set, mode, made, applied in plans:
        more = {"source_rows": "{}", "counts": "{}", "writes": 0, "held": 0, "created_at": noon, "state": "applied"}
        ended = None if applied is None else noon + timedelta(hours=applied)
        of_plan = {"id": plan_id, "sync": sync, "link_set": link_set, "mode": mode, "complete": True, "applied_at": ended}
        insert(engine, "plan", **of_plan, **more)
        insert(engine, "making", plan_id=plan_id, run_id=f"run of {plan_id}", at=noon + timedelta(hours=made))
    migrate(engine)
    with engine.connect() as connection:
        rows = connection.execute(text("select sync, connection, last_sync, last_success from asset_sync.schedule")).all()
    moment = noon + timedelta(hours=3), noon + timedelta(hours=1)
    assert [tuple(row) for row in rows] == [("wug_to_netbox", "main", *moment)]
    engine.dispose()
