from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from asset_sync.sandbox.wug import Host
from asset_sync_tests.sandbox.wug_desk import Desk, Row

HOSTS = {
    "10.0.0.1": Host("10.0.0.1", "sw-1.net", "Switch", "Cisco", "IOS-XE"),
    "10.0.0.2": Host("10.0.0.2", "pc-2.net"),
    "10.0.0.4": Host("10.0.0.4", "odd.net", "Robot", "Acme", "RobotOS"),
}
STATUS_KEYS = {
    *("id", "name", "description", "isExport", "progress", "scanUtc", "devicesFound", "devicesComplete"),
    *("addressResponsive", "addressAttempts", "addressTotal", "model", "type", "phase", "phaseProgress"),
}


@pytest.fixture
def desk() -> Iterator[Desk]:
    """Hosts at .1, .2 and .4, a group 2, and scans of one second for each address."""
    with Desk(HOSTS) as desk:
        desk.state.add_group("Site")
        yield desk


def scan(desk: Desk, *targets: str, **options: Any) -> str:
    answer = desk.do("PATCH", "device-groups/2/newDevice", {"ipOrNames": targets, **options})["data"]
    assert answer.keys() == {"id", "name", "description", "success"}
    return str(answer["id"])


def status(desk: Desk, scan_id: str) -> Row:
    return dict(desk.get(f"device-scan/{scan_id}/status"))


def found(desk: Desk, scan_id: str) -> list[str]:
    return [row["networkAddress"] for row in desk.get(f"device-scan/{scan_id}/devices")["devices"]]


def active(desk: Desk, **params: str) -> list[str]:
    return [row["id"] for row in desk.get("device-scan/-/status", **params)]


def test_one_device_is_asked_for_by_a_query_parameter(desk: Desk) -> None:
    answer = desk.do("PUT", "device-groups/2/newDevice", {}, ipOrName="10.0.0.1")["data"]
    assert str(UUID(answer["id"])) == answer["id"]
    assert (answer["name"].startswith("discovery-"), answer["success"]) == (True, True)
    assert not desk.state.devices
    desk.clock.now += 1
    device = desk.get("devices/1")
    assert (device["name"], device["networkAddress"], device["bestState"]) == ("sw-1.net", "10.0.0.1", "Up")
    assert (device["role"], device["brand"], device["os"]) == ("Switch", "Cisco", "IOS-XE")
    assert desk.state.device("1").groups == ["2"]


def test_a_scan_moves_on_with_the_clock(desk: Desk) -> None:
    key = scan(desk, "10.0.0.1", "10.0.0.3", "10.0.0.2", "10.0.0.9")
    seen = []
    for _ in range(5):
        one = status(desk, key)
        seen.append((one["progress"], one["addressAttempts"], one["addressResponsive"], one["devicesFound"]))
        assert one["devicesFound"] == one["devicesComplete"] == len(found(desk, key)) == len(desk.state.devices)
        desk.clock.now += 1
    assert seen == [(0, 0, 0, 0), (25, 1, 1, 1), (50, 2, 1, 1), (75, 3, 2, 2), (100, 4, 2, 2)]
    last = status(desk, key)
    assert last.keys() == STATUS_KEYS
    assert (last["addressTotal"], last["model"], last["type"]) == (4, "newDevice", "runOnce")
    assert found(desk, key) == ["10.0.0.1", "10.0.0.2"]


def test_an_address_without_a_host_ends_with_nothing_found(desk: Desk) -> None:
    key = scan(desk, "10.0.0.3")
    desk.clock.now += 1
    assert (status(desk, key)["progress"], status(desk, key)["devicesFound"], found(desk, key)) == (100, 0, [])


def test_an_address_that_a_device_has_gives_no_second_one(desk: Desk) -> None:
    desk.state.add_device("old", "10.0.0.1")
    key = scan(desk, "10.0.0.1", "10.0.0.2", "10.0.0.2")
    desk.clock.now += 3
    assert desk.state.address_counts() == {"10.0.0.1": 1, "10.0.0.2": 1}
    assert found(desk, key) == ["10.0.0.1", "10.0.0.2"]
    assert desk.state.device("1").groups == ["1"]


def test_a_host_can_be_asked_for_by_name_and_the_network_can_change(desk: Desk) -> None:
    key = scan(desk, "PC-2.net", "10.0.0.8")
    desk.state.hosts["10.0.0.8"] = Host("10.0.0.8", "late.net")
    desk.clock.now += 2
    assert found(desk, key) == ["10.0.0.2", "10.0.0.8"]


def test_roles_that_a_scan_finds_are_in_the_library_then(desk: Desk) -> None:
    scan(desk, "10.0.0.4")
    desk.clock.now += 1
    assert (desk.get("devices/1")["role"], desk.get("devices/1")["os"]) == ("Robot", "RobotOS")
    assert desk.get("device-role/-", source="userDefined", kind="os")[0]["name"] == "RobotOS"


def test_ended_scans_leave_the_list_of_active_ones(desk: Desk) -> None:
    first, second = scan(desk, "10.0.0.1"), scan(desk, "10.0.0.2", "10.0.0.3")
    assert active(desk) == [first, second]
    desk.clock.now += 1
    assert active(desk) == [second]
    assert active(desk, activeOnly="false") == [first, second]
    assert active(desk, activeOnly="false", model="refresh") == []


def test_a_cancelled_scan_finds_no_more(desk: Desk) -> None:
    key = scan(desk, "10.0.0.1", "10.0.0.2")
    desk.clock.now += 1
    assert desk.do("PUT", f"device-scan/{key}/cancel") == {"success": True}
    desk.clock.now += 5
    assert (active(desk), status(desk, key)["progress"], found(desk, key)) == ([], 50, ["10.0.0.1"])


def test_a_scan_can_stand_still_for_good(desk: Desk) -> None:
    desk.state.fail_scans = 1
    stuck, good = scan(desk, "10.0.0.1"), scan(desk, "10.0.0.2")
    desk.clock.now += 80000
    assert status(desk, stuck)["progress"] < 100
    assert (active(desk), found(desk, stuck), found(desk, good)) == ([stuck], [], ["10.0.0.2"])
    desk.do("PUT", f"device-scan/{stuck}/cancel")
    assert active(desk) == []


def test_a_scan_can_vanish(desk: Desk) -> None:
    desk.state.lose_scans = 1
    lost, good = scan(desk, "10.0.0.1"), scan(desk, "10.0.0.2")
    assert active(desk) == [good]
    desk.clock.now += 5
    for last in ("status", "devices"):
        assert desk.refused(404, "GET", f"device-scan/{lost}/{last}")
    assert desk.state.address_counts() == {"10.0.0.2": 1}


def test_the_devices_of_a_scan_age_out_and_the_devices_stay(desk: Desk) -> None:
    key, running = scan(desk, "10.0.0.1"), scan(desk, "10.0.0.2", "10.0.0.4")
    desk.clock.now += 1
    desk.state.forget_scans()
    assert (found(desk, key), found(desk, running)) == ([], ["10.0.0.2"])
    assert (status(desk, key)["progress"], status(desk, key)["devicesFound"]) == (100, 1)
    assert len(desk.state.devices) == 2


def test_a_deleted_device_is_not_among_those_of_a_scan(desk: Desk) -> None:
    key = scan(desk, "10.0.0.1")
    desk.clock.now += 1
    desk.do("DELETE", "devices/1")
    assert found(desk, key) == []


def test_force_add_adds_at_once_without_a_scan(desk: Desk) -> None:
    key = scan(desk, "10.0.0.3", forceAdd=True, forceRole="switch", setupAsPollByName=True)
    device = desk.get("devices/1")
    assert (device["name"], device["networkAddress"], device["role"]) == ("10.0.0.3", "10.0.0.3", "Switch")
    assert desk.get("devices/1/config/polling")["pollByHostName"] is True
    assert desk.state.device("1").groups == ["2"]
    assert (status(desk, key)["progress"], found(desk, key), active(desk)) == (100, ["10.0.0.3"], [])


@pytest.mark.parametrize(("force_create", "count"), [(False, 1), (True, 2)])
def test_force_add_matches_a_device_unless_creation_is_forced(desk: Desk, force_create: bool, count: int) -> None:
    for _ in range(2):
        scan(desk, "10.0.0.3", forceAdd=True, forceCreate=force_create)
    assert desk.state.address_counts() == {"10.0.0.3": count}


def test_force_add_can_be_refused_too(desk: Desk) -> None:
    desk.state.refuse.add("10.0.0.1")
    answer = desk.do("PATCH", "device-groups/2/newDevice", {"ipOrNames": ["10.0.0.1", "no.such.net"], "forceAdd": True})
    assert answer["data"]["success"] is False
    assert not desk.state.devices


def test_a_scan_is_not_a_direct_add(desk: Desk) -> None:
    desk.state.refuse.add("10.0.0.1")
    scan(desk, "10.0.0.1")
    desk.clock.now += 1
    assert desk.state.address_counts() == {"10.0.0.1": 1}


@pytest.mark.parametrize(
    ("method", "group", "body", "status_code"),
    [
        ("PUT", "2", {}, 400),
        ("PATCH", "2", {}, 400),
        ("PATCH", "2", {"ipOrNames": []}, 400),
        ("PATCH", "2", {"ipOrNames": ["10.0.0.1"], "forceRole": "Toaster"}, 400),
        ("PATCH", "3", {"ipOrNames": ["10.0.0.1"]}, 400),
        ("PATCH", "99", {"ipOrNames": ["10.0.0.1"]}, 404),
    ],
)
def test_a_new_device_needs_a_target_and_a_static_group(
    desk: Desk, method: str, group: str, body: Row, status_code: int
) -> None:
    desk.state.add_group("Dynamic", kind="dynamic_group")
    assert desk.refused(status_code, method, f"device-groups/{group}/newDevice", body)
    assert active(desk) == []
