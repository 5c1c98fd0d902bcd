from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from asset_sync.sandbox.wug import Device, Host
from asset_sync_tests.sandbox.wug_desk import COUNTED, Desk, Row

BARE = {"success": True}
WRAPPED = {"data": {"success": True}}


@pytest.fixture
def desk() -> Iterator[Desk]:
    """Two devices, in the group 1, "Discovered Devices"."""
    with Desk() as desk:
        desk.state.add_device("one", "10.0.0.1", host_name="one.net", attributes={"Colour": "red", "Empty": ""})
        desk.state.add_device("two", "10.0.0.2")
        yield desk


def device(desk: Desk, device_id: str = "1") -> Device:
    return desk.state.device(device_id)


def attributes(desk: Desk) -> list[tuple[str, str]]:
    return [(row["name"], row["value"]) for row in desk.get("devices/1/attributes/-")]


def counted(result: Row, done: int, failed: list[str]) -> None:
    assert result.keys() == COUNTED
    assert (result["successfulOperations"], result["resourcesWithErros"]) == (done, failed)
    assert result["success"] is not bool(failed)
    assert len(result["errors"]) == len(failed)


def test_a_device_has_an_ascending_id_as_text(desk: Desk) -> None:
    assert list(desk.state.devices) == ["1", "2"]
    assert desk.get("devices/2")["id"] == "2"
    desk.do("DELETE", "devices/2")
    assert desk.state.add_device("three", "10.0.0.3").id == "3"


def test_states_are_of_the_device_and_its_monitors(desk: Desk) -> None:
    one = device(desk)
    one.state = "Up"
    desk.state.add_monitor(one, "HTTP")
    one.monitors[1].down = True
    card = desk.get("devices/1")
    assert (card["bestState"], card["worstState"]) == ("Up", "Down")
    assert (card["totalActiveMonitors"], card["totalActiveMonitorsDown"]) == (2, 1)
    (down,) = card["downActiveMonitors"]
    assert (down["state"], down["monitorTypeName"], down["enabled"]) == ("Down", "HTTP", True)
    assert desk.get("devices/1/status").keys() == {"bestState", "worstState", "lastChangeUtc"}
    listed = desk.get("device-groups/0/devices/-", state="UpWithDownMonitors")["devices"]
    assert [row["id"] for row in listed] == ["1"]


def test_a_device_is_up_where_a_host_answers_and_unknown_elsewhere(desk: Desk) -> None:
    desk.state.hosts["10.0.0.9"] = Host("10.0.0.9", "nine")
    desk.state.add_device("nine", "10.0.0.9")
    assert [desk.get(f"devices/{key}/status")["bestState"] for key in ("1", "3")] == ["Unknown", "Up"]


def test_devices_can_be_deleted_singly_and_in_bulk(desk: Desk) -> None:
    desk.state.add_device("three", "10.0.0.3")
    assert desk.do("DELETE", "devices/1") == WRAPPED
    assert desk.refused(404, "GET", "devices/1")
    result = desk.do("PATCH", "devices/-", {"operation": "delete", "devices": ["2", "1"]})
    counted(result["data"], 1, ["1"])
    assert list(desk.state.devices) == ["3"]
    assert desk.refused(400, "PATCH", "devices/-", {"operation": "remove", "devices": ["3"]})


def test_properties_are_changed_singly_with_the_name(desk: Desk) -> None:
    assert (
        desk.do("PUT", "devices/1/properties", {"displayName": "uno", "note": "n", "actionPolicy": {"name": "mail"}}) == WRAPPED
    )
    desk.do("PUT", "devices/1/properties", {"keepDetailsCurrent": False})
    found = desk.get("devices/1/properties")
    assert found == {
        "id": "1",
        "displayName": "uno",
        "isWireless": False,
        "collectWireless": False,
        "keepDetailsCurrent": False,
        "note": "n",
        "snmpOid": "",
        "actionPolicy": {"id": "", "name": "mail", "description": ""},
    }
    assert (desk.get("devices/1")["name"], desk.get("devices/1")["notes"]) == ("uno", "n")
    desk.do("PUT", "devices/1/properties", {"note": ""})
    assert desk.get("devices/1/properties")["note"] == ""
    for name in ("", "x" * 151):
        assert desk.refused(400, "PUT", "devices/1/properties", {"displayName": name})


def test_properties_are_changed_in_bulk_without_the_name(desk: Desk) -> None:
    body = {"devices": ["1", "9", "2"], "note": "both"}
    assert desk.refused(400, "PATCH", "devices/-/properties", {**body, "displayName": "same"})
    counted(desk.do("PATCH", "devices/-/properties", body)["data"], 2, ["9"])
    assert [(one.name, one.note) for one in desk.state.devices.values()] == [("one", "both"), ("two", "both")]


def test_attributes_are_added_by_query_parameters(desk: Desk) -> None:
    made = desk.do("POST", "devices/1/attributes/-", name="netbox_id", value="42")["data"]
    assert made == {"attributeId": "3", "id": "3", "name": "netbox_id", "value": "42", "discovered": ""}
    assert desk.get("devices/1/attributes/3") == made
    assert desk.do("POST", "devices/1/attributes/-", name="netbox_id", value="43")["data"]["attributeId"] == "4"
    assert attributes(desk) == [("Colour", "red"), ("Empty", ""), ("netbox_id", "42"), ("netbox_id", "43")]
    assert desk.refused(400, "POST", "devices/1/attributes/-", {"name": "in the body"})


@pytest.mark.parametrize(
    ("name", "value", "status"), [("n" * 150, "v" * 3000, 200), ("n" * 151, "", 400), ("n", "v" * 3001, 400)]
)
def test_attributes_have_limits(desk: Desk, name: str, value: str, status: int) -> None:
    assert desk.ask("POST", "devices/1/attributes/-", name=name, value=value).status_code == status
    body = {"attributesToAdd": [{"name": name, "value": value}]}
    assert desk.do("PATCH", "devices/1/attributes/-", body)["data"]["success"] is (status == 200)


def test_an_attribute_can_be_changed_and_deleted(desk: Desk) -> None:
    assert desk.do("PUT", "devices/1/attributes/1", name="Color", value="blue") == WRAPPED
    assert desk.do("DELETE", "devices/1/attributes/2") == WRAPPED
    assert attributes(desk) == [("Color", "blue")]
    assert desk.refused(404, "DELETE", "devices/1/attributes/2")
    assert desk.refused(404, "GET", "devices/2/attributes/1")


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"names": "colour"}, ["Colour"]),
        ({"names": ["colour", "EMPTY"]}, ["Colour", "Empty"]),
        ({"nameContains": "mpt"}, ["Empty"]),
        ({"valueContains": "RE"}, ["Colour"]),
        ({"valueContains": "re", "names": "Empty"}, []),
    ],
)
def test_attributes_can_be_narrowed(desk: Desk, params: dict[str, Any], found: list[str]) -> None:
    assert [row["name"] for row in desk.get("devices/1/attributes/-", **params)] == found


@pytest.mark.parametrize(
    ("params", "left"),
    [({}, []), ({"names": "colour"}, ["Empty"]), ({"valueContains": ""}, ["Colour"]), ({"nameContains": "o"}, ["Empty"])],
)
def test_attributes_can_be_deleted_at_once(desk: Desk, params: dict[str, str], left: list[str]) -> None:
    counted(desk.do("DELETE", "devices/1/attributes/-", **params)["data"], 2 - len(left), [])
    assert [name for name, _ in attributes(desk)] == left


@pytest.mark.parametrize(
    ("body", "left"),
    [
        ({"deleteAllAttributes": True, "attributesToAdd": [{"name": "n", "value": "v"}]}, [("n", "v")]),
        ({"attributesToDelete": ["1", "99"], "attributesToAdd": [{"name": "Colour"}]}, [("Empty", ""), ("Colour", "")]),
        ({"attributeNamesToDelete": ["COLOUR"]}, [("Empty", "")]),
        ({"attributeNameContainsToDelete": ["mpt"]}, [("Colour", "red")]),
        ({"attributeValueContainsToDelete": ["ed"]}, [("Empty", "")]),
        (
            {"attributeToModify": [{"attributeId": "1", "name": "n", "value": "v"}], "attributeNamesToDelete": ["n"]},
            [("n", "v"), ("Empty", "")],
        ),
        ({"attributeToModify": [{"attributeId": "2", "value": "full"}]}, [("Colour", "red"), ("Empty", "full")]),
    ],
)
def test_attributes_are_patched_in_the_documented_order(desk: Desk, body: Row, left: list[tuple[str, str]]) -> None:
    assert desk.do("PATCH", "devices/1/attributes/-", body)["data"]["success"] is True
    assert attributes(desk) == left


def test_a_step_of_a_patch_that_fails_is_told_and_the_rest_is_done(desk: Desk) -> None:
    body = {
        "attributeNamesToDelete": ["Empty"],
        "attributeToModify": [{"attributeId": "2", "value": "gone"}],
        "attributesToAdd": [{"name": "n"}],
    }
    counted(desk.do("PATCH", "devices/1/attributes/-", body)["data"], 2, ["2"])
    assert attributes(desk) == [("Colour", "red"), ("n", "")]


def interface(address: str, **more: Any) -> Row:
    return {"address": address, "hostName": f"h{address}", **more}


def test_an_interface_has_five_fields(desk: Desk) -> None:
    only = {"interfaceId": "1", "hostName": "one.net", "address": "10.0.0.1", "defaultInterface": True, "pollUsingName": False}
    assert desk.get("devices/1/interfaces/-") == [only]
    assert desk.get("devices/1/interfaces/default") == desk.get("devices/1/interfaces/1") == only


def test_one_interface_and_no_more_is_the_default(desk: Desk) -> None:
    made = desk.do("POST", "devices/1/interfaces/-", interface("10.0.1.1", defaultInterface=True))["data"]
    assert made["defaultInterface"] is True
    assert [row["defaultInterface"] for row in desk.get("devices/1/interfaces/-")] == [False, True]
    assert desk.get("devices/1")["networkAddress"] == "10.0.1.1"
    desk.do("PUT", f"devices/1/interfaces/{made['interfaceId']}", {"defaultInterface": False})
    assert desk.get("devices/1/interfaces/default")["address"] == "10.0.1.1"
    assert desk.refused(400, "DELETE", f"devices/1/interfaces/{made['interfaceId']}")
    assert desk.do("DELETE", "devices/1/interfaces/1") == WRAPPED


@pytest.mark.parametrize("body", [interface("10.0.0.1"), interface("10.0.0.256"), interface(""), {"address": "10.0.1.1"}])
def test_an_interface_that_is_not_right_is_refused(desk: Desk, body: Row) -> None:
    assert desk.refused(400, "POST", "devices/1/interfaces/-", body)
    assert len(desk.get("devices/1/interfaces/-")) == 1


def test_an_address_can_be_changed_to_one_that_the_device_does_not_have(desk: Desk) -> None:
    desk.do("POST", "devices/1/interfaces/-", interface("10.0.1.1"))
    changed = desk.do("PUT", "devices/1/interfaces/1", {"address": "10.0.0.2", "hostName": ""})["data"]
    assert (changed["address"], changed["hostName"]) == ("10.0.0.2", "one.net")
    assert desk.refused(400, "PUT", "devices/1/interfaces/1", {"address": "10.0.1.1"})
    assert desk.state.address_counts() == {"10.0.0.2": 2}


def test_interfaces_are_patched_and_the_default_stays(desk: Desk) -> None:
    for number in (1, 2, 3):
        desk.do("POST", "devices/1/interfaces/-", interface(f"10.0.1.{number}"))
    body = {
        "interfacesToDelete": ["1", "3", "99"],
        "addressOrHostNameToDelete": ["1.2"],
        "interfaceToModify": [{"interfaceId": "5", "defaultInterface": True}],
        "interfacesToAdd": [interface("10.0.1.1"), interface("10.0.1.3")],
    }
    counted(desk.do("PATCH", "devices/1/interfaces/-", body)["data"], 4, ["1", "10.0.1.3"])
    rows = [(row["address"], row["defaultInterface"]) for row in desk.get("devices/1/interfaces/-")]
    assert rows == [("10.0.0.1", False), ("10.0.1.3", True), ("10.0.1.1", False)]
    assert desk.do("DELETE", "devices/1/interfaces/-") == WRAPPED
    assert [row["address"] for row in desk.get("devices/1/interfaces/-")] == ["10.0.1.3"]


def test_roles_are_assigned_by_name_and_by_id(desk: Desk) -> None:
    linux = desk.do("GET", "device-role/-", name="linux", kind="os")["data"][0]
    assert desk.do("PUT", "devices/1/roles/primary", primary="switch") == BARE
    assert desk.do("PUT", "devices/1/roles/brand", brand="Cisco") == BARE
    assert desk.do("PUT", "devices/1/roles/os", osName=linux["id"]) == BARE
    shown = desk.get("devices/1")
    assert (shown["role"], shown["brand"], shown["os"]) == ("Switch", "Cisco", "Linux")
    rows = desk.get("devices/1/roles/-")
    assert [(row["kind"], row["name"]) for row in rows] == [("role", "Switch"), ("brandModel", "Cisco"), ("os", "Linux")]
    assert [row["name"] for row in desk.get("devices/1/roles/-", kind="brand")] == ["Cisco"]
    assert rows[0].keys() == {
        *("id", "name", "description", "kind"),
        *("isNetworkDevice", "addedByUser", "lastSeenUtc", "alternateName"),
    }
    assert desk.refused(400, "PUT", "devices/1/roles/primary", primary="Toaster")
    assert desk.do("DELETE", "devices/1/roles/-", kind="brand") == BARE
    assert desk.get("devices/1")["brand"] == "Not set"


@pytest.mark.parametrize(
    ("operation", "left"),
    [("clear", []), ("add", ["DNS Server", "Web Server"]), ("delete", ["DNS Server"]), ("replace", ["Web Server"])],
)
def test_sub_roles_have_four_operations(desk: Desk, operation: str, left: list[str]) -> None:
    device(desk).sub_roles = ["DNS Server"]
    assert desk.do("PUT", "devices/1/roles/sub-role", {"operation": operation, "subroles": ["web server"]}) == BARE
    assert device(desk).sub_roles == left


@pytest.mark.parametrize(
    ("last", "name", "field"), [("primary", "Router", "role"), ("brand", "HP", "brand"), ("os", "Windows", "os")]
)
def test_roles_are_assigned_in_bulk_and_the_answer_has_no_envelope(desk: Desk, last: str, name: str, field: str) -> None:
    counted(desk.do("PATCH", f"devices/-/roles/{last}", {"devices": ["2", "9"], "name": name}), 1, ["9"])
    assert (desk.get("devices/1")[field], desk.get("devices/2")[field]) == ("Device" if field == "role" else "Not set", name)
    assert desk.refused(400, "PATCH", f"devices/-/roles/{last}", {"devices": ["2"], "name": "Toaster"})


def test_sub_roles_are_assigned_in_bulk(desk: Desk) -> None:
    body = {"devices": ["1", "2"], "operation": "replace", "subroles": ["DNS Server"]}
    counted(desk.do("PATCH", "devices/-/roles/sub-role", body), 2, [])
    assert device(desk, "2").sub_roles == ["DNS Server"]


def test_the_role_library_has_views_and_kinds(desk: Desk) -> None:
    assert {row["kind"] for row in desk.get("device-role/-")} == {"role", "brandModel", "os", "subRole"}
    assert {row["kind"] for row in desk.get("device-role/-", kind="brand")} == {"brandModel"}
    rows = desk.get("device-role/-", view="id")
    assert all(row.keys() == {"id"} for row in rows)
    assert desk.get(f"device-role/{rows[0]['id']}")["id"] == rows[0]["id"]


def test_the_polling_interval_is_from_10_to_86400_seconds(desk: Desk) -> None:
    assert desk.get("devices/1/config/polling") == {
        "pollingIntervalSeconds": 60,
        "pollByHostName": False,
        "maintenance": {
            "enabled": False,
            "manual": {"enabled": False, "endUtc": None, "reason": "", "userId": "", "user": ""},
            "schedules": [],
        },
    }
    answer = desk.ask("PUT", "devices/1/config/polling", {"pollingIntervalSeconds": 86400})
    assert (answer.status_code, answer.content) == (204, b"")
    counted(desk.do("PATCH", "devices/-/config/polling", {"devices": ["2", "3"], "pollingIntervalSeconds": 10}), 1, ["3"])
    assert [one.poll_seconds for one in desk.state.devices.values()] == [86400, 10]
    for seconds in (9, 86401, "60", None):
        assert desk.refused(400, "PUT", "devices/1/config/polling", {"pollingIntervalSeconds": seconds})


def test_maintenance_ends_when_it_is_told_to(desk: Desk) -> None:
    end = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert desk.do("PUT", "devices/1/config/maintenance", {"enabled": True, "endUtc": end, "reason": "patch"}) == WRAPPED
    told = desk.get("devices/1/config/polling")["maintenance"]
    assert (told["enabled"], told["manual"]["reason"], told["manual"]["user"]) == (True, "patch", "ann")
    assert desk.get("devices/1/status")["worstState"] == "Maintenance"
    assert len(desk.get("device-groups/0/devices/-", state="Maintenance")["devices"]) == 1
    desk.clock.now += 3601
    assert desk.get("devices/1/status")["worstState"] == "Unknown"
    assert desk.get("devices/1/config/polling")["maintenance"]["enabled"] is False


def test_maintenance_can_be_set_in_bulk(desk: Desk) -> None:
    body = {"devices": ["1", "2", "7"], "enabled": True}
    counted(desk.do("PATCH", "devices/-/config/maintenance", body)["data"], 2, ["7"])
    desk.do("PUT", "devices/1/config/maintenance", {"enabled": False})
    desk.clock.now += 80000
    assert [desk.get(f"devices/{key}/status")["bestState"] for key in ("1", "2")] == ["Unknown", "Maintenance"]


@pytest.mark.parametrize(
    "body", [{}, {"enabled": "yes"}, {"enabled": True, "reason": "x" * 251}, {"enabled": True, "endUtc": "x"}]
)
def test_maintenance_that_is_not_right_is_refused(desk: Desk, body: Row) -> None:
    assert desk.refused(400, "PUT", "devices/1/config/maintenance", body)
