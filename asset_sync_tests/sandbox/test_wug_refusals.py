"""Writes that the simulated WhatsUp Gold refuses part by part, and what it stores all the same."""

from collections.abc import Iterator

import pytest

from asset_sync.sandbox.wug import Device
from asset_sync_tests.sandbox.wug_desk import Desk, Row


@pytest.fixture
def desk() -> Iterator[Desk]:
    """Two devices, in the group 1; below it are the groups 2 and 3."""
    with Desk() as desk:
        desk.state.add_group("A", "1")
        desk.state.add_group("B", "1")
        for number in ("1", "2"):
            desk.state.add_device(f"d{number}", f"10.0.0.{number}", groups=("2",), attributes={"site": "S", "rack": "R"})
        yield desk


def device(desk: Desk) -> Device:
    return desk.state.device("1")


def told(desk: Desk) -> tuple[object, ...]:
    one = device(desk)
    attributes = {each.name: each.value for each in one.attributes}
    return one.name, one.note, one.host_name, one.role, one.brand, attributes, one.groups, one.maintenance.enabled


@pytest.mark.parametrize(
    ("fault", "method", "path", "body", "params"),
    [
        ("refused_properties", "PUT", "devices/1/properties", {"displayName": "x", "note": "x"}, {}),
        ("refused_interface", "PUT", "devices/1/interfaces/1", {"hostName": "x"}, {}),
        ("refused_role", "PUT", "devices/1/roles/primary", None, {"primary": "Switch"}),
        ("refused_role", "PUT", "devices/1/roles/brand", None, {"brand": "Cisco"}),
    ],
)
def test_a_single_write_is_refused_before_anything_is_stored(
    desk: Desk, fault: str, method: str, path: str, body: Row | None, params: dict[str, str]
) -> None:
    before = told(desk)
    desk.faults.set(fault, times=1)
    desk.refused(400, method, path, body, **params)
    assert told(desk) == before
    assert desk.ask(method, path, body, **params).status_code == 200
    assert told(desk) != before


def test_one_property_is_refused_and_the_other_is_not(desk: Desk) -> None:
    desk.faults.set("refused_properties", property="displayName")
    desk.refused(400, "PUT", "devices/1/properties", {"displayName": "x"})
    desk.do("PUT", "devices/1/properties", {"note": "x"})
    assert told(desk)[:2] == ("d1", "x")


def test_one_attribute_is_not_added_and_what_was_in_its_place_is_deleted(desk: Desk) -> None:
    desk.faults.set("refused_attributes", attribute="site")
    added = [{"name": "site", "value": "T"}, {"name": "rack", "value": "Q"}]
    answer = desk.do("PATCH", "devices/1/attributes/-", {"attributeNamesToDelete": ["site", "rack"], "attributesToAdd": added})
    assert (answer["data"]["success"], answer["data"]["resourcesWithErros"]) == (False, ["site"])
    assert told(desk)[5] == {"rack": "Q"}


def test_a_device_leaves_its_group_and_comes_into_none(desk: Desk) -> None:
    device(desk).groups.append("1")
    desk.faults.set("refused_groups")
    answer = desk.do("PATCH", "devices/1/group/-", {"groupsToAdd": ["3"], "groupsToDelete": ["2"]})
    assert answer["data"]["resourcesWithErros"] == ["3"]
    assert told(desk)[6] == ["1"]


def test_maintenance_is_refused_for_a_share_of_the_devices(desk: Desk) -> None:
    made = [desk.state.add_device(f"n{number}", f"10.1.0.{number}").id for number in range(40)]
    desk.faults.set("refused_maintenance", rate=0.5)
    refused = desk.do("PATCH", "devices/-/config/maintenance", {"devices": made, "enabled": True})["data"]["resourcesWithErros"]
    assert 0 < len(refused) < len(made)
    assert {one for one in made if not desk.state.device(one).maintenance.enabled} == set(refused)


def test_a_template_warns_of_what_is_refused_and_the_device_is_made(desk: Desk) -> None:
    desk.faults.set("refused_attributes", attribute="site", path="template")
    desk.faults.set("refused_groups", path="template")
    template = {
        "templateId": "t",
        "displayName": "new",
        "interfaces": [{"networkAddress": "10.2.0.1"}],
        "attributes": [{"name": "site", "value": "S"}, {"name": "rack", "value": "R"}],
        "groups": [{"parents": ["Discovered Devices"], "name": "A"}],
    }
    answer = desk.do("PATCH", "devices/-/config/template", {"templates": [template]})["data"]
    assert len(answer["errors"][0]["messages"]) == 2
    made = desk.state.device(answer["idMap"][0]["resultId"])
    assert ([one.name for one in made.attributes], made.groups) == (["rack"], ["1"])


def test_a_500_can_come_after_the_write(desk: Desk) -> None:
    desk.faults.set("http_500_after_write", times=1)
    assert desk.ask("PUT", "devices/1/properties", {"note": "stored"}).status_code == 500
    assert device(desk).note == "stored"
