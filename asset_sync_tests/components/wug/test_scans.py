"""Where WhatsUp Gold will not add a device: a scan through every state, in the table of exports and in WhatsUp Gold."""

from datetime import UTC, datetime
from typing import Any

import pytest

from asset_sync_tests.components.wug.lab import EXPORT, IMPORT, SCANS, Lab
from asset_sync_tests.components.wug.test_connections import tick
from asset_sync_tests.components.wug.test_netbox_to_wug import enter, held, one, readdress, site_of
from asset_sync_tests.pipeline import Run

SENSOR = "netbox_to_wug_scans_sensor"


def refused(lab: Lab) -> Any:
    """A device that WhatsUp Gold will not add directly."""
    device = one(lab)
    lab.wug().refuse.add(str(device.ip))
    return device


def row(lab: Lab, device: Any) -> dict[str, Any]:
    return lab.tracked()[str(device.ip)]


def end_scans(lab: Lab) -> None:
    """Wait until no scan is active any more: the simulator's scans take a fraction of a second an address."""
    while any(scan.active for scan in lab.wug().scans):
        pass


@pytest.mark.slow
def test_a_device_that_is_not_added_is_scanned_for_found_and_given_its_metadata(lab: Lab) -> None:
    device = refused(lab)
    run = lab.run()
    assert run.success
    assert run.metadata(f"{EXPORT}/applied")["outcome/deferred"] == 1
    triggered = row(lab, device)
    assert triggered["status"] == "scan_triggered"
    assert triggered["scan_id"]
    assert triggered["scan_triggered_at"] >= triggered["pending_at"]
    assert tick(lab, SENSOR) == []
    lab.pass_time(0.01)
    assert tick(lab, SENSOR) == [(SCANS, "main")]
    end_scans(lab)
    looked = lab.follow_scans()
    assert looked.success
    assert looked.metadata(f"{EXPORT}/scans")["scan_completed"] == 1
    completed = row(lab, device)
    found = lab.wug().devices_at(str(device.ip))
    assert (completed["status"], completed["wug_device_id"]) == ("scan_completed", found[0].id)
    assert tick(lab, SENSOR) == [(EXPORT, "main")]
    assert lab.run().success
    assert lab.monitored()[str(device.id)].id == found[0].id
    assert row(lab, device)["settled_at"] is not None
    assert tick(lab, SENSOR) == []
    assert not any(lab.run().planned.values())


def test_declined_devices_of_a_group_are_scanned_for_at_once_however_many_batches_they_were_sent_in(lab: Lab) -> None:
    site = site_of(lab)["id"]
    for number in range(1, 61):
        enter(lab, f"declined-{number}", f"172.28.7.{number}/24", site)
        lab.wug().refuse.add(f"172.28.7.{number}")
    assert lab.run().success
    assert len(lab.wug().scans) == 1
    scanned = [row for address, row in lab.tracked().items() if address.startswith("172.28.7.")]
    assert len(scanned) == 60
    assert {row["scan_id"] for row in scanned} == {lab.wug().scans[0].id}


@pytest.mark.slow
def test_what_a_scan_found_is_asked_for_once_also_where_the_device_left_netbox_meanwhile(lab: Lab) -> None:
    device = refused(lab)
    lab.run()
    end_scans(lab)
    lab.follow_scans()
    lab.world.netbox.patch("dcim/devices", device.id, {"status": "offline"})
    assert tick(lab, SENSOR) == [(EXPORT, "main")]
    assert lab.run().success
    assert tick(lab, SENSOR) == []


@pytest.mark.slow
def test_a_dry_run_settles_nothing(lab: Lab) -> None:
    device = refused(lab)
    lab.run()
    end_scans(lab)
    lab.follow_scans()
    assert lab.run(mode="dry_run").success
    assert row(lab, device)["settled_at"] is None
    assert str(device.id) not in lab.monitored()
    assert lab.run().success
    assert lab.monitored()[str(device.id)].name == device.name
    assert row(lab, device)["settled_at"] is not None


@pytest.mark.slow
def test_a_server_that_cannot_be_asked_is_not_waited_for_for_ever(lab: Lab) -> None:
    lab.wug().fail_scans = 1
    device = refused(lab)
    lab.run()
    lab.pass_time(2)
    lab.world.wug_faults.set("http_500")
    assert not lab.follow_scans().success
    assert row(lab, device)["status"] == "error"
    assert "cannot be asked" in row(lab, device)["error"]


def test_a_failure_is_tried_again_when_its_time_has_come(lab: Lab) -> None:
    device = refused(lab)
    del lab.wug().hosts[str(device.ip)]
    lab.run()
    end_scans(lab)
    lab.follow_scans()
    assert tick(lab, SENSOR) == []
    lab.pass_time(1)
    assert tick(lab, SENSOR) == [(EXPORT, "main")]


@pytest.mark.slow
def test_while_a_scan_is_under_way_the_device_is_neither_sent_nor_scanned_for_again(lab: Lab) -> None:
    lab.wug().fail_scans = 1
    device = refused(lab)
    lab.run()
    scans = len(lab.wug().scans)
    again = lab.run()
    assert not any(again.planned.values())
    assert "is under way" in held(again, lab)[device.name]
    assert len(lab.wug().scans) == scans


@pytest.mark.slow
def test_a_scan_that_finds_nothing_is_an_error_that_is_tried_again_later(lab: Lab) -> None:
    device = refused(lab)
    del lab.wug().hosts[str(device.ip)]
    lab.run()
    end_scans(lab)
    lab.follow_scans()
    failed = row(lab, device)
    assert (failed["status"], failed["error"]) == ("error", "the scan found nothing at the address")
    assert failed["next_attempt_at"] > failed["failed_at"]
    assert "tried again" in held(lab.run(), lab)[device.name]
    lab.wug().refuse.clear()
    lab.pass_time(1)
    assert lab.run().planned["create"] == 1
    assert (row(lab, device)["status"], row(lab, device)["attempts"]) == ("exported", 2)


@pytest.mark.parametrize("lab", [{"target_options": {"scan_timeout_minutes": 30}}], indirect=True)
@pytest.mark.slow
def test_a_scan_that_never_ends_is_given_up_after_its_time(lab: Lab) -> None:
    lab.wug().fail_scans = 1
    device = refused(lab)
    lab.run()
    lab.follow_scans()
    assert row(lab, device)["status"] == "scan_triggered"
    lab.pass_time(0.6)
    lab.follow_scans()
    assert row(lab, device)["status"] == "error"
    assert "did not end within 30 minutes" in row(lab, device)["error"]


@pytest.mark.slow
def test_a_scan_of_which_nobody_knows_whether_it_was_started_is_told_as_such_and_its_find_is_taken(lab: Lab) -> None:
    device = refused(lab)
    lab.world.wug_faults.set("cut", times=1, path="newDevice")
    run = lab.run()
    assert not run.success
    assert "nobody knows whether a scan for it was started" in row(lab, device)["error"]
    end_scans(lab)
    assert lab.run().success
    (found,) = lab.wug().devices_at(str(device.ip))
    assert lab.monitored()[str(device.id)].id == found.id
    assert row(lab, device)["status"] == "exported"


@pytest.mark.slow
def test_a_scan_that_vanishes_is_an_error(lab: Lab) -> None:
    lab.wug().lose_scans = 1
    device = refused(lab)
    lab.run()
    lab.follow_scans()
    assert row(lab, device)["error"] == "WhatsUp Gold does not know the scan any more"


@pytest.mark.parametrize(
    "lab", [{"connections": {"main": {"target_options": {"auto_scan_exported_ips": False}}}}], indirect=True
)
@pytest.mark.slow
def test_where_scans_are_switched_off_the_refusal_is_the_error_and_the_run_says_so(lab: Lab) -> None:
    device = refused(lab)
    run = lab.run()
    assert not run.success
    assert lab.wug().scans == []
    assert row(lab, device)["status"] == "error"
    assert row(lab, device)["error"] in told(run)
    assert len(lab.monitored()) > 10, "the other devices are monitored all the same"


def told(run: Run) -> str:
    return str(run.checks()["every_write_applied"].description)


def test_the_statistics_of_a_connection_tell_how_it_stands(lab: Lab) -> None:
    device = refused(lab)
    lab.run()
    statistics = lab.tracking.statistics("main")
    assert statistics.total == len(lab.monitored()) + 1
    assert (statistics.exported, statistics.scan_triggered, statistics.pending) == (len(lab.monitored()), 1, 0)
    assert statistics.last_export is not None
    assert len(statistics.recent) == 10
    assert statistics.recent[0].device_name == device.name


@pytest.mark.slow
def test_what_a_scan_found_takes_the_name_and_the_description_of_netbox_and_follows_later_changes(lab: Lab) -> None:
    device = refused(lab)
    lab.world.netbox.patch("dcim/devices", device.id, {"description": "in the attic"})
    lab.run()
    end_scans(lab)
    lab.follow_scans()
    (found,) = lab.wug().devices_at(str(device.ip))
    assert (found.name, found.note) == (f"{device.name.lower()}.net.example", "This device was scanned by discovery.")
    run = lab.run()
    assert run.success
    assert "the scan that was asked for" in str(lab.ledger.plan(run.plan_id).operations["reason"].tolist())
    there = lab.monitored()[str(device.id)]
    assert (there.name, there.note) == (device.name, "in the attic")
    lab.world.netbox.patch("dcim/devices", device.id, {"name": "another name"})
    run = lab.run()
    assert held(run, lab) == {name: why for name, why in held(run, lab).items() if "link-local" in why}
    assert lab.monitored()[str(device.id)].name == "another name"


@pytest.mark.slow
def test_an_address_that_changes_during_a_scan_makes_no_double_in_either_system(lab: Lab) -> None:
    lab.wug().fail_scans = 1
    device = refused(lab)
    lab.run()
    before = len(lab.world.netbox.objects("dcim/devices"))
    readdress(lab, device, "172.29.1.9/24")
    assert "which it had before, is under way" in held(lab.run(), lab)[device.name]
    found = lab.wug().add_device("found.net.example", str(device.ip))
    lab.run(IMPORT)
    assert len(lab.world.netbox.objects("dcim/devices")) == before + 2, "what monitoring found by itself"
    lab.tracking.scan_completed("main", {(str(device.id), str(device.ip)): found.id}, datetime.now(UTC))
    lab.run(IMPORT)
    assert len(lab.world.netbox.objects("dcim/devices")) == before + 2
    run = lab.run()
    assert run.success, run.errors()
    there = lab.monitored()[str(device.id)]
    assert (there.id, there.address, there.name) == (found.id, "172.29.1.9", device.name)
    lab.run()
    assert lab.tracked()[str(device.ip)]["status"] == "superseded"
    assert lab.tracked()["172.29.1.9"]["status"] == "exported"
    assert max(lab.wug().address_counts().values()) == 1
