from datetime import datetime

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.exc import StatementError

from asset_sync.tracking import Change, Export, Scanned, Statistics, Tracking, TrackingError
from asset_sync.tracking.schema import export as table
from asset_sync_tests.tracking.conftest import START, WUG, at, export

A = ("1", "10.0.0.1")
MOVED = ("1", "10.0.0.9")
SAME_ADDRESS = ("2", "10.0.0.1")
B = ("2", "10.0.0.2")
C = ("3", "2001:db8::3")


class Column:
    """One column of the table by key."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __call__(self, name: str) -> dict[tuple[str, str], object]:
        with self._engine.connect() as db:
            rows = db.execute(select(table.c.netbox_device_id, table.c.address, table.c[name]).where(table.c.connection == WUG))
            return {(device_id, address): value for device_id, address, value in rows}


@pytest.fixture
def column(engine: Engine) -> Column:
    return Column(engine)


# Beginning.


def test_reason_tells_why_a_device_is_sent(tracking: Tracking, column: Column) -> None:
    tracking.begin(WUG, [export(A), export(B)], at(0), by_hand=False)
    assert column("reason") == {A: "new_device", B: "new_device"}
    tracking.begin(WUG, [export(A)], at(1), by_hand=True)
    tracking.begin(WUG, [export(B)], at(1), by_hand=False)
    assert column("reason") == {A: "manual", B: "scheduled"}
    tracking.begin(WUG, [export(MOVED)], at(2), by_hand=True)
    assert column("reason")[MOVED] == "ip_change"
    tracking.begin(WUG, [export(A)], at(3), by_hand=False)
    assert column("reason")[A] == "ip_change", "back to an address that it had before the last one"
    tracking.begin(WUG, [export(A)], at(4), by_hand=False)
    assert column("reason")[A] == "scheduled"


def test_reason_is_one_of_the_connection_and_device(tracking: Tracking, column: Column) -> None:
    tracking.begin("hamburg", [export(A)], at(0), by_hand=False)
    tracking.begin(WUG, [export(A)], at(1), by_hand=False)
    tracking.begin(WUG, [export(SAME_ADDRESS)], at(2), by_hand=False)
    assert column("reason") == {A: "new_device", SAME_ADDRESS: "new_device"}


def test_row_begins_pending_and_follows_the_name(tracking: Tracking, column: Column) -> None:
    assert tracking.begin(WUG, [export(A, "old"), export(B)], at(0), by_hand=False) == {A, B}
    assert tracking.begin(WUG, [export(A, "new")], at(1), by_hand=False) == {A}
    assert column("device_name") == {A: "new", B: "sw-01"}
    assert column("status") == {A: "pending", B: "pending"}
    assert column("created_at") == {A: at(0), B: at(0)}
    assert column("pending_at") == {A: at(1), B: at(0)}


def test_device_given_twice_is_sent_once(tracking: Tracking, column: Column) -> None:
    assert tracking.begin(WUG, [export(A), export(A)], at(0), by_hand=False) == {A}
    assert column("attempts") == {A: 1}


def test_nothing_is_nothing(tracking: Tracking) -> None:
    assert tracking.begin(WUG, [], at(0), by_hand=False) == set()
    tracking.exported(WUG, {}, at(0))
    tracking.failed(WUG, {}, at(0))
    tracking.scan_triggered(WUG, [], "s", at(0))
    tracking.settled(WUG, [], at(0))
    tracking.reconcile(WUG, {}, {}, at(0))
    assert tracking.statistics(WUG) == Statistics(0, 0, 0, 0, 0, 0, None, ())


def test_row_with_a_scan_under_way_is_not_sent(tracking: Tracking, column: Column) -> None:
    tracking.begin(WUG, [export(A)], at(0), by_hand=False)
    tracking.scan_triggered(WUG, [A], "s1", at(1))
    assert tracking.begin(WUG, [export(A, "new"), export(B)], at(2), by_hand=True) == {B}
    assert column("status")[A] == "scan_triggered"
    assert column("pending_at")[A] == at(0)
    assert column("device_name")[A] == "sw-01"


def test_moment_without_a_time_zone_is_refused(tracking: Tracking) -> None:
    naive = datetime(2025, 3, 1)
    with pytest.raises(StatementError, match="no time zone"):
        tracking.begin(WUG, [export(A)], naive, by_hand=False)
    with pytest.raises(StatementError, match="no time zone"):
        tracking.waiting(WUG, naive)
    with pytest.raises(StatementError, match="no time zone"):
        tracking.recent(WUG, naive)


# Arriving and failing.


def test_exported_device_has_its_id(tracking: Tracking, column: Column) -> None:
    tracking.begin(WUG, [export(A), export(B)], at(0), by_hand=False)
    tracking.exported(WUG, {A: "2367"}, at(1))
    assert column("wug_device_id") == {A: "2367", B: None}
    assert column("exported_at") == {A: at(1), B: None}


def test_other_connections_are_left_alone(tracking: Tracking) -> None:
    for connection in (WUG, "hamburg"):
        tracking.begin(connection, [export(A)], at(0), by_hand=False)
    tracking.exported(WUG, {A: "1"}, at(1))
    tracking.reconcile(WUG, {}, {}, at(2))
    assert tracking.statistics("hamburg").pending == 1


@pytest.mark.parametrize(
    ("attempts", "hours"), [(1, 0.25), (2, 0.5), (3, 1), (4, 2), (5, 4), (6, 8), (7, 16), (8, 24), (9, 24), (40, 24)]
)
def test_failed_row_is_tried_again_later_each_time(tracking: Tracking, attempts: int, hours: float) -> None:
    for number in range(attempts):
        tracking.begin(WUG, [export(A)], at(100 * number), by_hand=False)
        tracking.failed(WUG, {A: "no route"}, at(100 * number))
    last = 100 * (attempts - 1)
    assert A in tracking.waiting(WUG, at(last + hours - 0.001))
    assert tracking.waiting(WUG, at(last + hours)) == {}


def test_attempts_start_again_once_a_device_arrived(tracking: Tracking, column: Column) -> None:
    for hours in (0, 1):
        tracking.begin(WUG, [export(A)], at(hours), by_hand=False)
        tracking.failed(WUG, {A: "no route"}, at(hours))
    tracking.begin(WUG, [export(A)], at(3), by_hand=False)
    assert column("attempts") == {A: 3}
    tracking.exported(WUG, {A: "1"}, at(3))
    tracking.begin(WUG, [export(A)], at(4), by_hand=False)
    assert column("attempts") == {A: 1}


def test_why_a_row_waits_is_told(tracking: Tracking) -> None:
    tracking.begin(WUG, [export(A), export(B), export(C)], at(0), by_hand=False)
    tracking.scan_triggered(WUG, [A], "b2cf2d31", at(0))
    tracking.failed(WUG, {B: "HTTP 500: no licence"}, at(0))
    assert tracking.waiting(WUG, at(0.1)) == {
        A: "scan b2cf2d31 is under way since 2025-03-01 12:30 UTC",
        B: "failed once, tried again after 2025-03-01 12:45 UTC: HTTP 500: no licence",
    }
    tracking.begin(WUG, [export(B)], at(1), by_hand=False)
    tracking.failed(WUG, {B: "HTTP 500: no licence"}, at(1))
    assert tracking.waiting(WUG, at(1.1))[B].startswith("failed 2 times, tried again after 2025-03-01 14:00 UTC")


def test_what_failed_or_is_pending_is_not_recent(tracking: Tracking) -> None:
    tracking.begin(WUG, [export(A), export(B), export(C), export(MOVED)], at(0), by_hand=False)
    tracking.exported(WUG, {A: "1", B: "2", MOVED: "1"}, at(1))
    tracking.scan_triggered(WUG, [C], "s", at(1.5))
    tracking.begin(WUG, [export(B), export(MOVED)], at(2), by_hand=False)
    tracking.failed(WUG, {B: "no route"}, at(2))
    assert tracking.recent(WUG, at(0)) == {A: at(1), C: at(1.5)}
    tracking.scan_completed(WUG, {C: "3"}, at(3))
    assert tracking.recent(WUG, at(1)) == {A: at(1), C: at(3)}
    assert tracking.recent(WUG, at(1.001)) == {C: at(3)}


# What cannot be.


def test_late_news_changes_nothing(tracking: Tracking, column: Column) -> None:
    tracking.begin(WUG, [export(A)], at(0), by_hand=False)
    tracking.scan_triggered(WUG, [A], "s1", at(1))
    tracking.scan_completed(WUG, {A: "7"}, at(2))
    tracking.scan_triggered(WUG, [A], "s2", at(3))
    tracking.exported(WUG, {A: "8"}, at(3))
    tracking.failed(WUG, {A: "too late"}, at(3))
    tracking.looked(WUG, "s1", "99 %", at(3))
    names = ("status", "scan_id", "scan_triggered_at", "exported_at", "wug_device_id", "error", "looked_at")
    assert [column(name)[A] for name in names] == ["scan_completed", "s1", at(1), None, "7", None, None]


def test_step_that_cannot_be_is_refused_and_nothing_of_the_call_kept(tracking: Tracking, column: Column) -> None:
    tracking.begin(WUG, [export(A), export(B)], at(0), by_hand=False)
    tracking.scan_triggered(WUG, [B], "s1", at(1))
    with pytest.raises(
        TrackingError, match=r"^device 2 at 10\.0\.0\.2 on berlin is scan_triggered: it cannot become exported$"
    ):
        tracking.exported(WUG, {A: "1", B: "2"}, at(2))
    with pytest.raises(TrackingError, match=r"device 1 at 10\.0\.0\.1 .* pending"):
        tracking.scan_completed(WUG, {A: "1", B: "2"}, at(2))
    with pytest.raises(TrackingError, match=r"device 3 .* not tracked: it cannot become error"):
        tracking.failed(WUG, {A: "no route", C: "no route"}, at(2))
    assert column("status") == {A: "pending", B: "scan_triggered"}


# Scans.


def test_open_scans_have_their_rows(tracking: Tracking) -> None:
    tracking.begin(WUG, [export(key) for key in (A, SAME_ADDRESS, B, C)], at(0), by_hand=False)
    tracking.scan_triggered(WUG, [SAME_ADDRESS, A], "s1", at(1))
    tracking.scan_triggered(WUG, [B], "s2", at(2))
    tracking.looked(WUG, "s1", "40 %", at(3))
    assert tracking.open_scans(WUG) == {
        "s1": (Scanned(*A, at(1), at(3)), Scanned(*SAME_ADDRESS, at(1), at(3))),
        "s2": (Scanned(*B, at(2), None),),
    }
    tracking.failed(WUG, {A: "nothing answered there"}, at(4))
    tracking.scan_completed(WUG, {B: "2"}, at(4))
    assert tracking.open_scans(WUG) == {"s1": (Scanned(*SAME_ADDRESS, at(1), at(3)),)}
    assert tracking.open_scans("hamburg") == {}


def test_what_a_scan_found_is_settled_once(tracking: Tracking) -> None:
    tracking.begin(WUG, [export(A), export(B)], at(0), by_hand=False)
    tracking.scan_triggered(WUG, [A, B], "s1", at(1))
    tracking.scan_completed(WUG, {A: "1", B: "2"}, at(2))
    assert tracking.to_settle(WUG) == {A: "1", B: "2"}
    tracking.settled(WUG, [A], at(3))
    assert tracking.to_settle(WUG) == {B: "2"}


def test_next_attempt_knows_nothing_of_the_scan_before(tracking: Tracking, column: Column) -> None:
    tracking.begin(WUG, [export(A)], at(0), by_hand=False)
    tracking.scan_triggered(WUG, [A], "s1", at(1))
    tracking.looked(WUG, "s1", "40 %", at(2))
    tracking.scan_completed(WUG, {A: "1"}, at(2))
    tracking.settled(WUG, [A], at(3))
    tracking.begin(WUG, [export(A)], at(4), by_hand=False)
    tracking.settled(WUG, [A], at(5))
    assert [column(name)[A] for name in ("scan_id", "scan_state", "looked_at", "settled_at")] == [None] * 4
    assert column("scan_completed_at") == {A: at(2)}
    tracking.scan_triggered(WUG, [A], "s2", at(5))
    tracking.scan_completed(WUG, {A: "1"}, at(6))
    assert tracking.to_settle(WUG) == {A: "1"}


# Reconciling.


def test_what_was_stored_by_a_run_that_was_killed_is_exported(tracking: Tracking, column: Column) -> None:
    tracking.begin(WUG, [export(A), export(B)], at(0), by_hand=False)
    tracking.reconcile(WUG, {"1": (A[1], "77")}, {"1": A[1], "2": B[1]}, at(1))
    assert column("status") == {A: "exported", B: "pending"}
    assert column("wug_device_id")[A] == "77"
    assert column("exported_at")[A] == at(1)


def test_device_that_is_there_under_another_address_has_not_arrived(tracking: Tracking, column: Column) -> None:
    tracking.begin(WUG, [export(A)], at(0), by_hand=False)
    tracking.reconcile(WUG, {"1": (MOVED[1], "77")}, {"1": A[1]}, at(1))
    assert column("status") == {A: "pending"}


@pytest.mark.parametrize(
    ("desired", "error"),
    [({}, "no longer to be exported"), ({"1": "10.0.0.9"}, "the device's address is 10.0.0.9 now")],
)
def test_pending_row_that_nobody_wants_ends(tracking: Tracking, column: Column, desired: dict[str, str], error: str) -> None:
    tracking.begin(WUG, [export(A)], at(0), by_hand=False)
    tracking.reconcile(WUG, {}, desired, at(1))
    assert [column(name)[A] for name in ("status", "error", "failed_at", "next_attempt_at")] == ["error", error, at(1), None]
    assert tracking.waiting(WUG, at(1)) == {}, "it may be sent at once when it is wanted again"


def test_error_of_a_device_that_somebody_added_is_over(tracking: Tracking, column: Column) -> None:
    tracking.begin(WUG, [export(A), export(B)], at(0), by_hand=False)
    tracking.failed(WUG, {A: "no route", B: "no route"}, at(0))
    tracking.reconcile(WUG, {"1": (A[1], "77")}, {}, at(1))
    assert column("status") == {A: "exported", B: "error"}
    assert column("error") == {A: None, B: "no route"}
    assert column("next_attempt_at") == {A: None, B: at(0.25)}


def test_scan_whose_device_is_there_is_completed(tracking: Tracking, column: Column) -> None:
    tracking.begin(WUG, [export(A), export(B)], at(0), by_hand=False)
    tracking.scan_triggered(WUG, [A, B], "s1", at(0))
    tracking.reconcile(WUG, {"1": (A[1], "77")}, {}, at(1))
    assert column("status") == {A: "scan_completed", B: "scan_triggered"}
    assert tracking.to_settle(WUG) == {A: "77"}


def test_what_arrived_stays_as_it_is(tracking: Tracking, column: Column) -> None:
    tracking.begin(WUG, [export(A)], at(0), by_hand=False)
    tracking.exported(WUG, {A: "1"}, at(0))
    tracking.reconcile(WUG, {"1": (A[1], "77")}, {}, at(1))
    assert column("exported_at") == {A: at(0)}
    assert column("wug_device_id") == {A: "1"}


# Statistics.


def test_statistics_tell_how_a_connection_stands(tracking: Tracking) -> None:
    keys = [(str(number), f"10.0.0.{number}") for number in range(12)]
    for number, key in enumerate(keys):
        tracking.begin(WUG, [export(key, f"sw-{number}")], at(number), by_hand=False)
    tracking.exported(WUG, {keys[0]: "1", keys[1]: "2"}, at(20))
    tracking.scan_triggered(WUG, keys[2:5], "s1", at(21))
    tracking.scan_completed(WUG, {keys[2]: "3"}, at(22))
    tracking.failed(WUG, {keys[3]: "nothing answered there"}, at(23))
    tracking.begin("hamburg", [Export("1", "other", "10.0.0.1")], at(30), by_hand=False)
    told = tracking.statistics(WUG)
    counts = (told.total, told.pending, told.exported, told.scan_triggered, told.scan_completed, told.error)
    assert counts == (12, 7, 2, 1, 1, 1)
    assert told.last_export == at(22)
    assert told.recent[:4] == (
        Change("10.0.0.3", "sw-3", "error", at(23), "nothing answered there"),
        Change("10.0.0.2", "sw-2", "scan_completed", at(22), None),
        Change("10.0.0.4", "sw-4", "scan_triggered", at(21), None),
        Change("10.0.0.0", "sw-0", "exported", at(20), None),
    )
    assert [change.at for change in told.recent[4:]] == [at(20), at(11), at(10), at(9), at(8), at(7)]


def test_last_export_outlives_a_failure_after_it(tracking: Tracking) -> None:
    tracking.begin(WUG, [export(A)], at(0), by_hand=False)
    tracking.exported(WUG, {A: "1"}, at(1))
    tracking.begin(WUG, [export(A)], at(2), by_hand=False)
    tracking.failed(WUG, {A: "no route"}, at(3))
    assert tracking.statistics(WUG).last_export == at(1)


def test_moments_come_back_in_utc(tracking: Tracking, engine: Engine) -> None:
    tracking.begin(WUG, [export(A)], at(0), by_hand=False)
    tracking.exported(WUG, {A: "1"}, at(0))
    with engine.begin() as db:
        db.exec_driver_sql(f"ALTER DATABASE \"{engine.url.database}\" SET timezone TO 'Asia/Tokyo'")
    engine.dispose()
    told = [tracking.recent(WUG, at(0))[A], tracking.statistics(WUG).last_export, tracking.statistics(WUG).recent[0].at]
    assert [moment and moment.isoformat() for moment in told] == [START.isoformat()] * 3
