"""Which devices must not be created in WhatsUp Gold now, and why; on a real table of exports."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from sqlalchemy import create_engine

from asset_sync.reconcile.tables import desired_table
from asset_sync.systems.wug import DEVICE
from asset_sync.systems.wug.monitoring.waiting import (
    bring_in_line,
    own_finds,
    waiting_devices,
    with_owners,
    without_gone,
)
from asset_sync.tracking import Export, Key, Tracking, migrate

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
WUG = "main"
A, B, C = ("1", "10.0.0.1"), ("2", "10.0.0.2"), ("3", "2001:db8::3")
NOBODY = pd.DataFrame({"id": [], "key": [], "address": [], "attr_netbox_id": []}, dtype="str")


@pytest.fixture
def tracking(empty_database_url: str) -> Iterator[Tracking]:
    engine = create_engine(empty_database_url)
    migrate(engine)
    yield Tracking(engine)
    engine.dispose()


def hours(count: float) -> datetime:
    return NOON + timedelta(hours=count)


def wanted(*keys: Key, refused: dict[str, str] | None = None) -> pd.DataFrame:
    """The desired table of devices, those with another address than `keys` say being refused."""
    found = [{"source_key": number, "key": f"sw{number}", "address": address} for number, address in keys]
    found += [{"source_key": number, "key": f"sw{number}", "refused": why} for number, why in (refused or {}).items()]
    return desired_table(DEVICE, pd.DataFrame(found))


def there(*rows: tuple[str, str | None, str | None]) -> pd.DataFrame:
    """The observed devices: id, address and the id in NetBox that they carry."""
    made = [{"id": i, "key": f"device {i}", "address": address, "attr_netbox_id": number} for i, address, number in rows]
    return pd.DataFrame(made, columns=list(NOBODY), dtype="str")


def begin(tracking: Tracking, *keys: Key, at: datetime = NOON, connection: str = WUG) -> None:
    tracking.begin(connection, [Export(number, f"sw{number}", address) for number, address in keys], at, by_hand=False)


def waits(
    tracking: Tracking,
    desired: pd.DataFrame,
    observed: pd.DataFrame = NOBODY,
    *,
    at: datetime = NOON,
    exclude_recent: bool = True,
) -> dict[str, str]:
    bring_in_line(tracking, WUG, {"device": desired}, {"device": observed}, at)
    found = waiting_devices(tracking, WUG, {"device": desired}, at, exclude_recent=exclude_recent)
    assert list(found) == ["device"]
    return dict(found["device"])


def test_a_new_device_waits_for_nothing(tracking: Tracking) -> None:
    assert waits(tracking, wanted(A, B, C)) == {}
    assert waits(tracking, wanted(A, B, C), there(("70", "10.9.9.9", None))) == {}


def test_a_device_whose_address_is_refused_waits_with_the_reason(tracking: Tracking) -> None:
    assert waits(tracking, wanted(A, refused={"4": "loopback address"})) == {"4": "loopback address"}


def test_a_device_whose_record_is_gone_is_known_by_its_address_and_no_other_one() -> None:
    """What another sync wrote, or one that is forgotten, is not given away."""
    observed = {"device": there(("70", A[1], "1"), ("71", B[1], "99"), ("72", C[1], None), ("73", "10.9.9.9", "500"))}
    links = {"device": pd.DataFrame({"source_key": ["1", "99"]})}
    found = without_gone({"device": wanted(A, B)}, observed, links)["device"]["attr_netbox_id"].astype(object)
    assert found.where(found.notna(), None).tolist() == ["1", None, None, "500"]


def test_while_a_scan_is_under_way_its_device_waits(tracking: Tracking) -> None:
    begin(tracking, A, B)
    tracking.scan_triggered(WUG, [A], "s7", hours(1))
    told = waits(tracking, wanted(A, B), at=hours(30))
    assert told == {"1": "scan s7 is under way since 2026-11-21 13:00 UTC"}


def test_after_a_failure_a_device_waits_until_its_next_attempt(tracking: Tracking) -> None:
    begin(tracking, A)
    tracking.failed(WUG, {A: "no template"}, NOON)
    told = waits(tracking, wanted(A), at=NOON + timedelta(minutes=14))
    assert told == {"1": "failed once, tried again after 2026-11-21 12:15 UTC: no template"}
    assert waits(tracking, wanted(A), at=NOON + timedelta(minutes=15)) == {}


@pytest.mark.parametrize(("passed", "held"), [(0.5, True), (23.9, True), (24.1, False)])
def test_what_somebody_took_out_is_not_created_again_within_a_day_of_its_export(
    tracking: Tracking, passed: float, *, held: bool
) -> None:
    begin(tracking, A, B)
    tracking.exported(WUG, {A: "70"}, NOON)
    told = waits(tracking, wanted(A), at=hours(passed))
    assert list(told) == (["1"] if held else [])
    assert all(
        why == f"exported {passed} hours ago, and not there any more: not created again within 24" for why in told.values()
    )
    assert waits(tracking, wanted(A), at=hours(passed), exclude_recent=False) == {}


def test_a_device_with_another_address_than_was_exported_does_not_wait(tracking: Tracking) -> None:
    begin(tracking, A)
    tracking.exported(WUG, {A: "70"}, NOON)
    assert waits(tracking, wanted(("1", "10.0.0.99"), ("2", A[1])), at=hours(1)) == {}


def test_what_another_connection_does_holds_nothing_here(tracking: Tracking) -> None:
    begin(tracking, A, B, connection="branch")
    tracking.scan_triggered("branch", [A], "s1", NOON)
    tracking.exported("branch", {B: "70"}, NOON)
    assert waits(tracking, wanted(A, B), at=hours(1)) == {}


# What it makes of the table of exports.


def test_rows_follow_what_is_there_though_nobody_told(tracking: Tracking) -> None:
    begin(tracking, A, B, C)
    tracking.scan_triggered(WUG, [B], "s7", NOON)
    waits(tracking, wanted(A, B), there(("70", A[1], None), ("71", B[1], None)), at=hours(1))
    statistics = tracking.statistics(WUG)
    assert (statistics.exported, statistics.scan_completed, statistics.error, statistics.pending) == (1, 1, 1, 0)
    assert [change.address for change in statistics.recent if change.status == "error"] == [C[1]]


def test_what_a_scan_found_is_settled_once_it_has_its_metadata_or_is_not_there_any_more(tracking: Tracking) -> None:
    begin(tracking, A, B, C)
    tracking.scan_triggered(WUG, [A, B, C], "s7", NOON)
    tracking.scan_completed(WUG, {A: "70", B: "71", C: "72"}, NOON)
    waits(tracking, wanted(A, B, C), there(("70", A[1], None), ("71", "10.0.0.77", None), ("72", C[1], "3")), at=hours(1))
    assert tracking.to_settle(WUG) == {A: "70"}


# Addresses that change.


MOVED = ("1", "10.0.0.99")


def found(tracking: Tracking, *keys: Key) -> None:
    """A scan has found devices 70, 71 … at those addresses."""
    begin(tracking, *keys)
    tracking.scan_triggered(WUG, keys, "s7", NOON)
    tracking.scan_completed(WUG, {key: str(70 + number) for number, key in enumerate(keys)}, NOON)


def test_while_a_scan_for_its_former_address_is_under_way_a_device_waits(tracking: Tracking) -> None:
    begin(tracking, A)
    tracking.scan_triggered(WUG, [A], "s7", NOON)
    assert waits(tracking, wanted(MOVED)) == {"1": "a scan for 10.0.0.1, which it had before, is under way"}


def test_what_was_found_at_a_former_address_is_the_device_still(tracking: Tracking) -> None:
    found(tracking, A, B)
    desired, observed = {"device": wanted(MOVED, B)}, {"device": there(("70", A[1], None), ("71", B[1], "2"))}
    bring_in_line(tracking, WUG, desired, observed, NOON)
    assert own_finds(tracking, WUG, desired, observed) == {"70": "1"}
    assert with_owners(observed, {"70": "1"})["device"]["attr_netbox_id"].tolist() == ["1", "2"]
    assert tracking.to_settle(WUG) == {A: "70"}
    assert tracking.statistics(WUG).scan_completed == 2


def test_a_find_takes_part_where_addresses_are_swapped(tracking: Tracking) -> None:
    found(tracking, A)
    observed = {"device": there(("70", A[1], None), ("71", B[1], B[0]))}
    desired = {"device": wanted((A[0], B[1]), (B[0], A[1]))}
    bring_in_line(tracking, WUG, desired, observed, hours(1))
    assert own_finds(tracking, WUG, desired, observed) == {"70": A[0]}


@pytest.mark.parametrize(
    "others",
    [[("72", "10.0.0.50", "1")], [("72", MOVED[1], None)], []],
    ids=["monitored", "another device at its address", "somebody moved the find"],
)
def test_a_find_that_is_nobodys_any_more_is_superseded(
    tracking: Tracking, others: list[tuple[str, str | None, str | None]]
) -> None:
    found(tracking, A)
    observed = {"device": there(("70", A[1] if others else "10.0.0.60", None), *others)}
    desired = {"device": wanted(MOVED)}
    bring_in_line(tracking, WUG, desired, observed, hours(1))
    assert own_finds(tracking, WUG, desired, observed) == {}
    assert tracking.to_settle(WUG) == {}
    assert tracking.statistics(WUG).total == 0
    assert tracking.wug_devices(WUG) == {"70"}


def test_a_superseded_address_leaves_the_statistics_and_may_be_sent_again(tracking: Tracking) -> None:
    begin(tracking, A, B)
    tracking.exported(WUG, {A: "70", B: "71"}, NOON)
    waits(tracking, wanted(MOVED, B), there(("70", A[1], "1"), ("71", B[1], "2")), at=hours(1))
    statistics = tracking.statistics(WUG)
    assert (statistics.total, statistics.exported, [change.address for change in statistics.recent]) == (1, 1, [B[1]])
    assert "1" not in waits(tracking, wanted(A, B), there(("71", B[1], "2")), at=hours(2))
    begin(tracking, A, at=hours(2))
    assert tracking.statistics(WUG).pending == 1


def test_what_nobody_wants_is_not_tried_again(tracking: Tracking) -> None:
    begin(tracking, A, B)
    tracking.failed(WUG, {A: "no route", B: "no route"}, NOON)
    waits(tracking, wanted(B), at=NOON)
    assert tracking.retry_at(WUG, hours(1)) == NOON + timedelta(minutes=15)
    waits(tracking, wanted(C), at=hours(1))
    assert tracking.retry_at(WUG, hours(2)) is None
