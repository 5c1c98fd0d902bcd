"""When a connection is due, from the runs that Dagster remembers."""

from datetime import UTC, datetime, timedelta

import pytest

from asset_sync.components.wug.due import Past, due_at, free_at

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
THREE_HOURS = timedelta(hours=3)


def minutes(count: float) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=count)


def ran(began: float, *, ok: bool, took: float = 2) -> Past:
    return Past(minutes(began), minutes(began + took), ok)


def test_a_connection_that_never_ran_is_due_at_once() -> None:
    due = due_at([], THREE_HOURS)
    assert due is not None
    assert due < NOON


def test_after_a_success_the_interval_counts_from_its_beginning() -> None:
    assert due_at([ran(0, ok=True, took=50)], THREE_HOURS) == minutes(180)


@pytest.mark.parametrize("past", [[Past(NOON, None, False)], [Past(NOON, None, False), ran(-500, ok=True)]])
def test_a_run_that_is_queued_or_under_way_is_waited_for(past: list[Past]) -> None:
    assert due_at(past, THREE_HOURS) is None
    assert free_at(past, THREE_HOURS) is None


@pytest.mark.parametrize(("failures", "wait"), [(1, 5), (2, 10), (3, 20), (4, 40), (5, 80), (6, 160), (7, 180), (10, 180)])
def test_after_failures_it_waits_twice_as_long_each_time_and_never_longer_than_its_interval(failures: int, wait: int) -> None:
    past = [ran(-10 * number, ok=False) for number in range(failures)] + [ran(-1000, ok=True)]
    assert due_at(past, THREE_HOURS) == minutes(2 + wait)


def test_a_success_ends_the_row_of_failures() -> None:
    past = [ran(0, ok=False), ran(-10, ok=True), ran(-20, ok=False), ran(-30, ok=False)]
    assert due_at(past, THREE_HOURS) == minutes(2 + 5)


def test_a_job_that_is_run_when_there_is_something_to_do_is_free_after_a_success() -> None:
    free = free_at([ran(0, ok=True)], THREE_HOURS)
    assert free is not None
    assert free < NOON
