"""What public clients of WhatsUp Gold send and expect, as far as the simulator plays it."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from asset_sync_tests.sandbox.wug_desk import Desk


@pytest.fixture
def desk() -> Iterator[Desk]:
    """Three devices, one in a group of its own; pages of two rows."""
    with Desk(page_size=2) as desk:
        lab = desk.state.add_group("Lab")
        for number in (1, 2, 3):
            desk.state.add_device(f"pc-{number}", f"10.0.0.{number}", groups=[lab.id] if number == 1 else ())
        yield desk


def test_names_and_truth_values_of_a_body_are_taken_as_clients_send_them(desk: Desk) -> None:
    interface = {"defaultInterface": "true", "networkAddress": "10.1.0.2", "pollUsingNetworkName": "False"}
    row = {"templateId": "a", "DisplayName": "sw", "interfaces": [interface], "activeMonitors": [{"Name": "Ping"}]}
    made = desk.do("PATCH", "devices/-/config/template", {"options": ["all"], "templates": [row]})["data"]
    assert made["errors"] == []
    device = desk.state.device(made["idMap"][0]["resultId"])
    assert (device.name, device.address, [one.name for one in device.monitors]) == ("sw", "10.1.0.2", ["Ping"])
    desk.do("PUT", "devices/1/properties", {"displayname": "other", "keepdetailscurrent": False})
    assert (desk.state.device("1").name, desk.state.device("1").keep_current) == ("other", False)


def test_names_and_choices_of_a_query_are_taken_whatever_their_case(desk: Desk) -> None:
    first = desk.do("GET", "device-groups/0/devices/-", View="Overview")
    second = desk.do("GET", "device-groups/0/devices/-", View="Overview", pageID=first["paging"]["nextPageId"])
    assert [row["name"] for row in second["data"]["devices"]] == ["pc-3"]


def test_pages_can_be_asked_for_by_their_first_row_and_with_a_limit_from_the_second_on(desk: Desk) -> None:
    path = "device-groups/0/devices/-"
    assert [row["id"] for row in desk.do("GET", path, pageId="0")["data"]["devices"]] == ["1", "2"]
    assert [row["id"] for row in desk.do("GET", path, pageId="2")["data"]["devices"]] == ["3"]
    following = desk.do("GET", path)["paging"]["nextPageId"]
    assert [row["id"] for row in desk.do("GET", path, pageId=following, limit="1")["data"]["devices"]] == ["3"]


def test_a_token_at_its_end_is_told_by_its_code(desk: Desk) -> None:
    desk.state.expire_tokens()
    answer = desk.ask("GET", "product/whoAmI")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "TokenExpired")


def test_a_status_has_all_four_states(desk: Desk) -> None:
    summaries = desk.get("device-groups/0/status")["stateSummaries"]
    assert {row["state"]: row["deviceCount"] for row in summaries} == {"Unknown": 3, "Up": 0, "Down": 0, "Maintenance": 0}


def test_groups_of_a_template_are_told_from_my_network_on(desk: Desk) -> None:
    (template,) = desk.get("devices/1/config/template")["templates"]
    assert template["groups"] == [{"parents": ["My Network"], "name": "Lab"}]


def test_a_group_is_emptied_without_a_body(desk: Desk) -> None:
    lab = desk.state.device("1").groups[0]
    other = desk.state.add_group("Other").id
    for device_id in ("1", "2"):
        desk.do("PUT", f"devices/{device_id}/group/-", other)
    assert desk.do("DELETE", f"device-groups/{other}/devices/-")["successfulOperations"] == 2
    assert desk.state.device("1").groups == [lab]
    assert not desk.state.members(other)


def test_what_is_not_set_is_told_in_words(desk: Desk) -> None:
    shown = desk.get("devices/1", view="overview")
    assert (shown["brand"], shown["os"]) == ("Not set", "Not set")


def test_the_product_tells_of_itself(desk: Desk) -> None:
    assert desk.get("product/timezone") == "UTC"
    assert len(desk.get("product/installationId")) == 36
    description = requests.get(f"{desk.server_url}/swagger/docs/v1", timeout=5)
    assert (description.status_code, description.json()["swagger"]) == (200, "2.0")


@pytest.mark.parametrize(
    ("method", "path", "body", "query"),
    [
        ("PUT", "devices/1/properties", {"displayNme": "x"}, {}),
        ("PATCH", "devices/1/attributes/-", {"attributesToAdd": [{"nme": "a", "value": "b"}]}, {}),
        ("PATCH", "devices/-/config/maintenance", {"devices": ["1"], "enable": True}, {}),
        ("GET", "device-groups/0/devices/-", None, {"veiw": "card"}),
        ("PUT", "device-groups/0/newDevice", {"forceAd": True}, {"ipOrName": "10.0.0.9"}),
    ],
)
def test_nothing_that_it_does_not_know_is_passed_over_in_silence(
    desk: Desk, method: str, path: str, body: dict[str, Any] | None, query: dict[str, str]
) -> None:
    assert "unknown" in str(desk.refused(400, method, path, body, **query))


def test_a_template_is_made_and_what_is_unknown_in_it_is_told(desk: Desk) -> None:
    row = {"templateId": "a", "displayName": "sw", "pollIntervalSeconds": 60, "interfaces": [{"networkAddress": "10.1.0.2"}]}
    made = desk.do("PATCH", "devices/-/config/template", {"options": ["all"], "templates": [row]})["data"]
    assert made["errors"] == [{"templateId": "a", "messages": ["there is no 'pollIntervalSeconds' in a template"]}]
    assert len(made["idMap"]) == 1
