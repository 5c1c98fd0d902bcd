"""What a look at a scan makes of the addresses that wait for it."""

from datetime import UTC, datetime, timedelta

from asset_sync.systems.wug import ScanDevice, ScanStatus
from asset_sync.systems.wug.monitoring.following import look
from asset_sync.tracking import Scanned

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
FIRST, SECOND = Scanned("1", "10.0.0.1", NOON, None), Scanned("2", "10.0.0.2", NOON, None)


def status(*, active: bool, progress: float = 50) -> ScanStatus:
    return ScanStatus("s", progress, "Scanning", 1, 1, 2, active)


def test_an_active_scan_is_waited_for_and_what_it_has_found_so_far_is_taken() -> None:
    found = look(status(active=True), [ScanDevice("77", "10.0.0.2")], [FIRST, SECOND], NOON + timedelta(minutes=5), HOUR)
    assert found.found == {("2", "10.0.0.2"): "77"}
    assert found.failed == {}
    assert "50" in found.state


def test_a_scan_that_ended_has_found_nothing_at_the_other_addresses() -> None:
    found = look(status(active=False), [ScanDevice("77", "10.0.0.2")], [FIRST, SECOND], NOON + timedelta(minutes=5), HOUR)
    assert found.found == {("2", "10.0.0.2"): "77"}
    assert found.failed == {("1", "10.0.0.1"): "the scan found nothing at the address"}


def test_a_scan_that_never_ends_is_given_up_when_its_time_is_over_and_not_before() -> None:
    before = look(status(active=True), [], [FIRST], NOON + HOUR - timedelta(seconds=1), HOUR)
    assert before.failed == {}
    after = look(status(active=True), [], [FIRST], NOON + HOUR, HOUR)
    assert after.failed.keys() == {("1", "10.0.0.1")}
    assert "60 minutes" in after.failed["1", "10.0.0.1"]


def test_a_scan_that_the_server_has_forgotten_is_an_error_for_what_was_not_found() -> None:
    found = look(None, [], [FIRST], NOON, HOUR)
    assert found.failed == {("1", "10.0.0.1"): "WhatsUp Gold does not know the scan any more"}


def test_a_device_without_an_address_is_nobodys() -> None:
    assert look(status(active=False), [ScanDevice("77", None)], [FIRST], NOON, HOUR).found == {}
