from collections.abc import Iterator

import pytest

from asset_sync_tests.sandbox.wug_desk import COUNTED, Desk, Row

BARE = {"success": True}


@pytest.fixture
def desk() -> Iterator[Desk]:
    """My Network (0) > Discovered Devices (1), CH (2) > DC (3), a dynamic group (4); a device in DC."""
    with Desk() as desk:
        desk.state.add_group("CH", description="Swiss")
        desk.state.add_group("DC", "2")
        desk.state.add_group("Slow ones", kind="dynamic_group")
        desk.state.add_device("one", "10.0.0.1", groups=("3",))
        yield desk


def held(desk: Desk, device_id: str = "1") -> list[str]:
    return [row["id"] for row in desk.get(f"devices/{device_id}/group/-", view="id")]


def test_the_tree_starts_with_two_groups() -> None:
    with Desk() as desk:
        assert desk.get("device-groups/-")["groups"] == [
            {"id": "0", "parentGroupId": "", "name": "My Network", "description": ""},
            {"id": "1", "parentGroupId": "0", "name": "Discovered Devices", "description": ""},
        ]


@pytest.mark.parametrize(
    ("params", "ids"),
    [
        ({}, ["0", "1", "2", "3", "4"]),
        ({"search": "d"}, ["1", "3"]),
        ({"groupType": "dynamic_group"}, ["4"]),
        ({"groupType": "static_group", "search": "ch"}, ["2"]),
        ({"groupType": "layer2"}, []),
    ],
)
def test_groups_can_be_narrowed(desk: Desk, params: dict[str, str], ids: list[str]) -> None:
    assert [row["id"] for row in desk.get("device-groups/-", **params)["groups"]] == ids


def test_groups_have_pages(desk: Desk) -> None:
    pages = desk.pages("device-groups/-", limit=2)
    assert [[row["id"] for row in page["data"]["groups"]] for page in pages] == [["0", "1"], ["2", "3"], ["4"]]


def test_details_count_what_is_in_a_group(desk: Desk) -> None:
    assert "details" not in desk.get("device-groups/2")
    assert desk.get("device-groups/2", view="detail")["details"] == {
        "groupType": "static_group",
        "monitorState": "Unknown",
        "childrenCount": 1,
        "deviceChildrenCount": 0,
        "deviceDescendantCount": 1,
    }


def test_a_definition_has_the_type_by_its_short_name(desk: Desk) -> None:
    assert desk.get("device-groups/2/definition")["groupType"] == "static"
    assert desk.get("device-groups/4/definition")["groupType"] == "dynamic"


def test_children_are_the_direct_ones_unless_all_are_asked_for(desk: Desk) -> None:
    direct = desk.get("device-groups/0/children")
    assert (direct["parentGroupId"], [row["id"] for row in direct["groups"]]) == ("0", ["1", "2", "4"])
    all_below = desk.get("device-groups/0/children", returnHierarchy="true")["groups"]
    assert {row["id"] for row in all_below} == {"1", "2", "3", "4"}


def test_a_group_is_made_below_its_parent(desk: Desk) -> None:
    made = desk.do("POST", "device-groups/2/child", {"name": "Lab", "description": "d"})["data"]
    assert made == {"id": "5", "parentGroupId": "2", "name": "Lab", "description": "d"}
    assert desk.do("POST", "device-groups/-1/child", {"name": "Lab"})["data"]["parentGroupId"] == "0"
    layer2 = desk.do("POST", "device-groups/0/child", {"name": "L2", "groupType": "layer2"})["data"]
    assert desk.get(f"device-groups/{layer2['id']}/definition")["groupType"] == "layer2"


@pytest.mark.parametrize(
    ("parent", "body", "status"),
    [
        ("2", {"name": "dc"}, 400),
        ("2", {"name": " "}, 400),
        ("2", {}, 400),
        ("2", {"name": "x", "groupType": "static_group"}, 400),
        ("4", {"name": "x"}, 400),
        ("99", {"name": "x"}, 404),
    ],
)
def test_a_group_that_is_not_right_is_refused(desk: Desk, parent: str, body: Row, status: int) -> None:
    assert desk.refused(status, "POST", f"device-groups/{parent}/child", body)
    assert len(desk.get("device-groups/-")["groups"]) == 5


def test_only_an_empty_group_can_be_deleted(desk: Desk) -> None:
    for full in ("0", "2", "3"):
        assert desk.refused(400, "DELETE", f"device-groups/{full}")
    desk.do("DELETE", "devices/1")
    assert desk.do("DELETE", "device-groups/3") == BARE
    assert desk.do("DELETE", "device-groups/2") == BARE
    assert desk.refused(404, "GET", "device-groups/3")


@pytest.mark.parametrize(("group", "total"), [("-", 2), ("0", 2), ("2", 1), ("1", 1), ("4", 0)])
def test_the_status_of_a_group_counts_states(desk: Desk, group: str, total: int) -> None:
    desk.state.add_device("two", "10.0.0.2", state="Up")
    status = desk.get(f"device-groups/{group}/status")
    assert status.keys() == {"id", "lastStateChangeUtc", "totalDevices", "stateSummaries"}
    assert status["totalDevices"] == total == sum(row["deviceCount"] for row in status["stateSummaries"])


def test_a_device_is_put_in_a_group_by_a_json_string(desk: Desk) -> None:
    assert desk.do("PUT", "devices/1/group/-", "1") == BARE
    assert desk.do("PUT", "devices/1/group/-", "1") == BARE
    assert held(desk) == ["3", "1"]
    assert desk.refused(400, "PUT", "devices/1/group/-", {"id": "1"})
    assert desk.refused(400, "PUT", "devices/1/group/-", "4")
    assert desk.refused(404, "PUT", "devices/1/group/-", "99")
    assert desk.do("GET", "devices/1/group/1/is-member") == BARE
    assert desk.do("GET", "devices/1/group/2/is-member") == {"success": False}


def test_the_last_group_of_a_device_cannot_be_taken_away(desk: Desk) -> None:
    assert desk.refused(400, "DELETE", "devices/1/group/3")
    desk.do("PUT", "devices/1/group/-", "2")
    assert desk.do("DELETE", "devices/1/group/3") == BARE
    assert held(desk) == ["2"]
    assert desk.refused(404, "DELETE", "devices/1/group/3")


def test_the_groups_of_a_device_are_patched_with_an_envelope(desk: Desk) -> None:
    body = {"groupsToDelete": ["3", "2"], "groupsToAdd": ["1", "4", "99"]}
    result = desk.do("PATCH", "devices/1/group/-", body)["data"]
    assert (result["successfulOperations"], result["resourcesWithErros"]) == (2, ["4", "99"])
    assert held(desk) == ["1"]
    assert desk.refused(400, "PATCH", "devices/1/group/-", {"groupsToDelete": ["1"]})
    assert held(desk) == ["1"]


def test_the_members_of_a_group_are_changed_without_an_envelope(desk: Desk) -> None:
    desk.state.add_device("two", "10.0.0.2")
    added = desk.do("POST", "device-groups/2/devices/-", {"devices": ["1", "2", "9"]})
    assert added.keys() == COUNTED
    assert (added["successfulOperations"], added["resourcesWithErros"], added["success"]) == (2, ["9"], False)
    assert (held(desk), held(desk, "2")) == (["3", "2"], ["1", "2"])
    removed = desk.do("DELETE", "device-groups/3/devices/-", {"devices": ["1"]})
    assert (removed["successfulOperations"], removed["success"]) == (1, True)
    last = desk.do("DELETE", "device-groups/2/devices/1")
    assert (last["successfulOperations"], last["resourcesWithErros"]) == (0, ["1"])
    assert held(desk) == ["2"]
    assert desk.refused(400, "POST", "device-groups/4/devices/-", {"devices": ["1"]})


def test_the_groups_of_a_device_come_as_a_plain_list(desk: Desk) -> None:
    assert desk.get("devices/1/group/-") == [{"id": "3", "parentGroupId": "2", "name": "DC", "description": ""}]
    assert desk.get("devices/1/group/-", search="x") == []
