from datetime import timedelta
from itertools import product

import pytest

from asset_sync.tracking.lifecycle import COMES_FROM, DELAYS, PAST, STATUSES, Status, overtaken, reason
from asset_sync_tests.tracking.matrix import LATE, MATRIX, REFUSED, TAKEN


@pytest.mark.parametrize(("status", "to"), list(product(STATUSES, STATUSES)))
def test_each_step_is_taken_late_or_refused(status: Status, to: Status) -> None:
    told = {(True, False): TAKEN, (False, True): LATE, (False, False): REFUSED}
    assert told[status in COMES_FROM[to], status in PAST[to]] == MATRIX[status, to]


def test_delays_double_up_to_a_day() -> None:
    assert [delay / timedelta(minutes=1) for delay in DELAYS] == [15, 30, 60, 120, 240, 480, 960, 1440]


@pytest.mark.parametrize(
    ("last_address", "by_hand", "expected"),
    [
        (None, True, "new_device"),
        (None, False, "new_device"),
        ("10.0.0.2", True, "ip_change"),
        ("10.0.0.2", False, "ip_change"),
        ("10.0.0.1", True, "manual"),
        ("10.0.0.1", False, "scheduled"),
    ],
)
def test_reason(last_address: str | None, by_hand: bool, expected: str) -> None:
    assert reason(last_address, "10.0.0.1", by_hand=by_hand) == expected


def test_what_is_there_has_arrived_even_where_nobody_wants_it() -> None:
    unfinished: list[tuple[str, str, Status]] = [("1", "10.0.0.1", "pending"), ("2", "10.0.0.2", "pending")]
    found = overtaken(unfinished, {"1": ("10.0.0.1", "77")}, {})
    assert found == {
        "exported": {("1", "10.0.0.1"): "77"},
        "scan_completed": {},
        "error": {("2", "10.0.0.2"): "no longer to be exported"},
    }
