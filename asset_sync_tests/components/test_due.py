"""When a connection is due, and how it stands: the truth tables."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from asset_sync.components.due import ScheduledConnection, Status, due_at, retry_after, status_of
from asset_sync.ledger import Schedule
from asset_sync.ledger.schedules import Owner

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECONDS_5 = timedelta(seconds=5)


def minutes(count: float) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=count)


def known(now: float = 0, **told: Any) -> Schedule:
    """A schedule of which nothing is known but what is told, as of so many minutes after noon."""
    nothing = {"last_sync": None, "last_success": None, "failures": 0, "failed_at": None, "last_error": None, "owner": None}
    return Schedule("fabrics", "lab", minutes(now), **{**nothing, **told})


def failed(failures: int, *, began: float = 0, ended: float = 2) -> Schedule:
    return known(now=ended, last_sync=minutes(began), failed_at=minutes(ended), failures=failures, last_error="no answer")


def test_what_never_ran_is_due_at_once() -> None:
    assert due_at(None, HOUR) is None
    assert due_at(known(), HOUR) is None


def test_what_was_claimed_and_never_began_is_due_at_once() -> None:
    lapsed = Owner("request", counted=True, lease=None, expires_at=minutes(1))
    assert due_at(known(now=2, last_sync=minutes(0), owner=lapsed), HOUR) is None


def test_what_ran_while_the_clock_was_ahead_is_due_at_once() -> None:
    ahead = minutes(60 * 24 * 30)
    assert due_at(known(now=0, last_sync=ahead, last_success=ahead), SECONDS_5) is None
    assert due_at(known(now=0, last_sync=minutes(-1), failed_at=ahead, failures=99), SECONDS_5) is None


@pytest.mark.parametrize("ended", [1, 50, 200])
def test_after_a_success_the_interval_counts_from_the_claim_however_long_the_run_took(ended: float) -> None:
    assert due_at(known(last_sync=minutes(0), last_success=minutes(ended)), HOUR) == minutes(60)


def test_a_run_that_somebody_stopped_was_a_turn() -> None:
    assert due_at(known(last_sync=minutes(0)), HOUR) == minutes(60)
    stopped_after_failures = replace(failed(3), now=minutes(31), last_sync=minutes(30))
    assert due_at(stopped_after_failures, HOUR) == minutes(90)


@pytest.mark.parametrize(("failures", "wait"), [(1, 5), (2, 10), (3, 20), (4, 40), (5, 80), (6, 160), (7, 180), (99, 180)])
def test_one_of_hours_is_tried_again_after_5_minutes_and_twice_as_long_each_time_up_to_its_interval(
    failures: int, wait: float
) -> None:
    _check(failures, timedelta(hours=3), wait * 60)


@pytest.mark.parametrize(("failures", "wait"), [(1, 5), (2, 10), (3, 20), (4, 40), (6, 160), (7, 300), (99, 300)])
def test_one_of_5_seconds_is_tried_again_within_seconds_and_never_later_than_in_5_minutes(failures: int, wait: float) -> None:
    _check(failures, SECONDS_5, wait)


@pytest.mark.parametrize(("failures", "wait"), [(1, 60), (2, 120), (3, 240), (4, 300)])
def test_one_of_a_minute_is_tried_again_less_and_less_often(failures: int, wait: float) -> None:
    _check(failures, timedelta(seconds=60), wait)


def _check(failures: int, interval: timedelta, wait: float) -> None:
    """The wait is that one, or up to a fifth less."""
    at = due_at(failed(failures), interval)
    assert at is not None
    assert timedelta(seconds=0.8 * wait) <= at - minutes(2) <= timedelta(seconds=wait)


def test_connections_that_failed_together_are_not_tried_again_together() -> None:
    waits = {retry_after(replace(failed(3), connection=f"lab-{number}"), HOUR) for number in range(20)}
    assert len(waits) == 20
    assert max(waits) - min(waits) > timedelta(minutes=2)


OK: dict[str, Any] = {"last_sync": minutes(0), "last_success": minutes(1)}
FAILED: dict[str, Any] = {**OK, "failures": 1, "failed_at": minutes(30), "last_error": "no answer"}


@pytest.mark.parametrize(
    ("schedule", "missing", "enabled", "under_way", "status"),
    [
        (None, ["HEDGEHOG_LAB_TOKEN"], False, True, "not_configured"),
        (known(**FAILED), ["HEDGEHOG_LAB_TOKEN"], True, False, "not_configured"),
        (known(**FAILED), [], False, True, "disabled"),
        (None, [], True, True, "syncing"),
        (known(**FAILED), [], True, True, "syncing"),
        (None, [], True, False, "never_synced"),
        (known(last_sync=minutes(0)), [], True, False, "never_synced"),
        (known(last_sync=minutes(0), failures=1, failed_at=minutes(1)), [], True, False, "error"),
        (known(30, **FAILED), [], True, False, "error"),
        (known(500, **FAILED), [], True, False, "error"),
        (known(59, **OK), [], True, False, "in_sync"),
        (known(121, **OK), [], True, False, "in_sync"),
        (known(122, **OK), [], True, False, "out_of_sync"),
    ],
)
def test_the_status_is_the_first_that_fits(
    schedule: Schedule | None, missing: list[str], *, enabled: bool, under_way: bool, status: Status
) -> None:
    connection = ScheduledConnection("lab", HOUR, enabled, ["HEDGEHOG_LAB_TOKEN"])
    assert status_of(connection, schedule, missing=missing, under_way=under_way) == status
