"""The budget is spread over the calls of all threads, and every request is counted."""

import threading

import pytest

from asset_sync.systems.http.pace import Pace, Tally


def test_the_budget_spreads_the_calls_of_all_threads() -> None:
    slept: list[float] = []
    pace = Pace(60, clock=lambda: 100.0, sleep=slept.append)
    threads = [threading.Thread(target=pace.wait) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(slept) == [0.0, 1.0, 2.0, 3.0]


def test_a_budget_that_was_not_used_is_not_saved_up() -> None:
    now, slept = [0.0], list[float]()
    pace = Pace(120, clock=lambda: now[0], sleep=slept.append)
    for moment in (0.0, 0.0, 60.0, 60.0):
        now[0] = moment
        pace.wait()
    assert slept == [0.0, 0.5, 0.0, 0.5]


@pytest.mark.parametrize("budget", [None, 0])
def test_without_a_budget_calls_leave_as_they_come(budget: float | None) -> None:
    pace = Pace(budget, sleep=lambda _: pytest.fail("nothing to wait for"))
    for _ in range(3):
        pace.wait()


def test_tally_tells_reads_from_writes() -> None:
    tally = Tally()
    for method in ("GET", "OPTIONS", "POST", "PATCH", "DELETE"):
        tally.add(method)
    assert tally == Tally(2, 3)
