from collections.abc import Iterator

import pytest
import requests

from asset_sync_tests.sandbox.wug_desk import Desk, Row

BAD_GRANT = {
    "error": "invalid_grant",
    "error_description": "Invalid username/password or not allowed to sign on from this location.",
}
DENIED = {"Message": "Authorization has been denied for this request."}


@pytest.fixture
def desk() -> Iterator[Desk]:
    with Desk() as desk:
        yield desk


@pytest.fixture(scope="module")
def many() -> Iterator[Desk]:
    """Seven devices and a page of three. To be read only, but for its faults."""
    with Desk(page_size=3) as desk:
        sites = [desk.state.add_group(name).id for name in ("North", "South")]
        below = desk.state.add_group("Cellar", sites[0]).id
        for number, group in enumerate([*sites, below] * 2 + sites[:1], 1):
            desk.state.add_device(f"pc-{number}", f"10.0.0.{number}", groups=(group,), host_name=f"h{number}.net")
        yield desk


@pytest.fixture
def spoiled(many: Desk) -> Iterator[Desk]:
    yield many
    many.faults.clear()


def names(pages: list[Row]) -> list[str]:
    return [device["name"] for page in pages for device in page["data"]["devices"]]


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded", "text/plain"])
def test_a_token_is_given_for_a_form_of_any_content_type(desk: Desk, content_type: str) -> None:
    answer = desk.grant(content_type, grant_type="password", username="ann", password="p&s s")
    given = answer.json()
    assert answer.status_code == 200
    assert given.keys() == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert (given["token_type"], given["expires_in"], len(given["access_token"])) == ("bearer", 86399, 278)
    assert desk.ask("GET", "product/whoAmI", header=f"Bearer {given['access_token']}").json() == {"data": "ann"}


@pytest.mark.parametrize(("user", "password"), [("ann", "wrong"), ("bob", "p&s s"), ("ann", ""), ("", "")])
def test_bad_credentials_are_a_400(desk: Desk, user: str, password: str) -> None:
    answer = desk.grant(grant_type="password", username=user, password=password)
    assert (answer.status_code, answer.json()) == (400, BAD_GRANT)


def test_a_refresh_token_is_good_for_once(desk: Desk) -> None:
    first = desk.refresh(desk.tokens["refresh_token"])
    assert first.status_code == 200
    assert first.json()["refresh_token"] != desk.tokens["refresh_token"]
    again = desk.refresh(desk.tokens["refresh_token"])
    assert (again.status_code, again.json()) == (400, BAD_GRANT)
    assert desk.refresh(first.json()["refresh_token"]).status_code == 200


@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer wrong", "Basic YTpi"])
def test_without_a_good_token_everything_is_denied(desk: Desk, header: str) -> None:
    answer = desk.ask("GET", "device-groups/-", header=header)
    assert (answer.status_code, answer.json()) == (401, DENIED)


def test_an_access_token_ends_by_the_clock_and_the_refresh_token_does_not() -> None:
    with Desk(token_seconds=60) as desk:
        assert desk.tokens["expires_in"] == 60
        desk.clock.now += 59
        assert desk.ask("GET", "product/whoAmI").status_code == 200
        desk.clock.now += 1
        assert desk.ask("GET", "product/whoAmI").status_code == 401
        assert desk.refresh(desk.tokens["refresh_token"]).status_code == 200


@pytest.mark.parametrize(("both", "status"), [(False, 200), (True, 400)])
def test_tokens_can_be_ended_at_once(desk: Desk, both: bool, status: int) -> None:
    desk.state.expire_tokens(refresh=both)
    assert desk.ask("GET", "product/whoAmI").status_code == 401
    assert desk.refresh(desk.tokens["refresh_token"]).status_code == status


def test_a_user_who_is_gone_is_denied(desk: Desk) -> None:
    del desk.users["ann"]
    assert desk.ask("GET", "product/whoAmI").status_code == 401
    assert desk.refresh(desk.tokens["refresh_token"]).json() == BAD_GRANT


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "devices"),
        ("POST", "devices"),
        ("GET", "groups"),
        ("POST", "scan/ip"),
        ("PUT", "devices/1/metadata"),
        ("GET", "device-groups/99"),
        ("GET", "device-groups/99/devices/-"),
        ("GET", "devices/99"),
        ("GET", "devices/99/attributes/-"),
        ("GET", "device-scan/99/status"),
        ("GET", "device-role/99"),
    ],
)
def test_what_does_not_exist_is_a_404(desk: Desk, method: str, path: str) -> None:
    assert desk.refused(404, method, path)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "device-groups/-"),
        ("GET", "devices/-"),
        ("POST", "devices/add-by-ip"),
        ("POST", "devices/bulk-add"),
        ("POST", "device-groups/0/newDevice"),
        ("GET", "device-scan/1/cancel"),
        ("GET", "token"),
        ("POST", "devices/-/config/template"),
    ],
)
def test_a_method_that_a_path_does_not_have_is_a_405(desk: Desk, method: str, path: str) -> None:
    assert desk.refused(405, method, path)


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("device-groups/-", {"view": "all"}),
        ("device-groups/-", {"groupType": "static"}),
        ("device-groups/0/devices/-", {"view": "summary"}),
        ("device-groups/0/devices/-", {"state": "upp"}),
        ("device-groups/0/devices/-", {"returnHierarchy": "yes"}),
        ("device-groups/0/devices/-", {"limit": "x"}),
        ("device-groups/0/devices/-", {"pageId": "x2"}),
        ("device-groups/0/devices/-/config/template", {"options": "everything"}),
    ],
)
def test_a_parameter_that_is_not_right_is_a_400(desk: Desk, path: str, params: dict[str, str]) -> None:
    assert desk.refused(400, "GET", path, **params)


def test_a_body_that_is_no_json_is_a_400(desk: Desk) -> None:
    desk.state.add_device("a", "10.0.0.1")
    assert desk.refused(400, "PUT", "devices/1/properties", ["no object"])
    assert desk.refused(400, "PUT", "devices/1/properties", {"note": {}})
    assert desk.refused(400, "PUT", "devices/1/properties", {"isWireless": "yes"})


def test_the_product_tells_of_itself(desk: Desk) -> None:
    for path in ("product/version", "product/api"):
        assert all(pair.keys() == {"name", "value"} for pair in desk.get(path)["values"])


@pytest.mark.parametrize(
    ("limit", "sizes"), [(None, [3, 3, 1]), (2, [2, 2, 2, 1]), (0, [3, 3, 1]), (500, [3, 3, 1]), (7, [3, 3, 1])]
)
def test_a_limit_can_only_make_pages_smaller(many: Desk, limit: int | None, sizes: list[int]) -> None:
    pages = many.pages("device-groups/0/devices/-", **({} if limit is None else {"limit": limit}))
    assert [page["paging"]["size"] for page in pages] == sizes
    assert [len(page["data"]["devices"]) for page in pages] == sizes
    assert names(pages) == [f"pc-{number}" for number in range(1, 8)]


def test_a_page_says_which_it_is_and_only_the_last_one_has_no_next(many: Desk) -> None:
    first, second, last = many.pages("device-groups/0/devices/-")
    assert first["paging"].keys() == {"size", "nextPageId"}
    assert second["paging"]["pageId"] == first["paging"]["nextPageId"]
    assert last["paging"].keys() == {"size", "pageId"}


@pytest.mark.parametrize("other", [{"view": "id"}, {"search": "pc"}, {"returnHierarchy": "false"}])
def test_a_page_id_is_for_the_same_parameters_alone(many: Desk, other: dict[str, str]) -> None:
    page_id = many.do("GET", "device-groups/0/devices/-", view="card")["paging"]["nextPageId"]
    assert many.do("GET", "device-groups/0/devices/-", view="card", pageId=page_id)
    assert many.refused(400, "GET", "device-groups/0/devices/-", **{"view": "card", **other}, pageId=page_id)
    assert many.refused(400, "GET", "device-groups/1/devices/-", view="card", pageId=page_id)


@pytest.mark.parametrize("group", ["0", "-1"])
def test_the_root_and_minus_one_are_all_devices(many: Desk, group: str) -> None:
    assert len(names(many.pages(f"device-groups/{group}/devices/-"))) == 7
    assert names(many.pages(f"device-groups/{group}/devices")) == names(many.pages(f"device-groups/{group}/devices/-"))


@pytest.mark.parametrize(
    ("group", "params", "numbers"),
    [
        ("2", {}, [1, 3, 4, 6, 7]),
        ("2", {"returnHierarchy": "true"}, [1, 3, 4, 6, 7]),
        ("2", {"returnHierarchy": "false"}, [1, 4, 7]),
        ("0", {"returnHierarchy": "false"}, []),
        ("0", {"search": "PC-3"}, [3]),
        ("0", {"search": "H5.net"}, [5]),
        ("0", {"search": "10.0.0.6"}, [6]),
        ("0", {"state": "Down"}, []),
        ("0", {"state": "Unknown"}, [1, 2, 3, 4, 5, 6, 7]),
    ],
)
def test_devices_of_a_group_can_be_narrowed(many: Desk, group: str, params: dict[str, str], numbers: list[int]) -> None:
    assert names(many.pages(f"device-groups/{group}/devices/-", **params)) == [f"pc-{number}" for number in numbers]


BASIC = {"id", "name", "os", "brand", "role", "networkAddress", "hostName", "notes"}
OVERVIEW = BASIC | {"description", "bestState", "worstState", "totalActiveMonitors", "totalActiveMonitorsDown"}


@pytest.mark.parametrize(
    ("view", "keys"), [("id", {"id"}), ("basic", BASIC), ("overview", OVERVIEW), ("card", OVERVIEW | {"downActiveMonitors"})]
)
def test_a_view_has_its_fields(many: Desk, view: str, keys: set[str]) -> None:
    assert many.get("devices/1", view=view).keys() == keys
    listed = many.get("device-groups/0/devices/-", view=view)["devices"][0]
    assert listed == many.get("devices/1", view=view)


def test_the_view_is_a_card_if_none_is_asked_for(many: Desk) -> None:
    assert many.get("devices/1") == many.get("devices/1", view="card")


def test_the_rows_of_a_page_can_be_spoilt_and_the_size_says_what_they_ought_to_be(spoiled: Desk) -> None:
    for path, key in (("device-groups/0/devices/-", "devices"), ("device-groups/0/devices/-/config/template", "templates")):
        params = {"includeHierarchy": "true"} if key == "templates" else {}
        spoiled.faults.set("short_page", rows=2, times=1)
        short = spoiled.do("GET", path, **params)
        assert (short["paging"]["size"], len(short["data"][key])) == (3, 1)
        spoiled.faults.set("missing_page", times=1)
        missing = spoiled.do("GET", path, **params)
        assert (missing["paging"]["size"], missing["data"][key]) == (3, [])
        assert missing["paging"]["nextPageId"]


def test_the_order_can_change_from_page_to_page(spoiled: Desk) -> None:
    spoiled.faults.set("shuffled_pages")
    seen = [tuple(names(spoiled.pages("device-groups/0/devices/-"))) for _ in range(5)]
    assert len(set(seen)) > 1
    assert any(len(set(found)) < 7 for found in seen)


def test_devices_can_vanish_from_the_listings(spoiled: Desk) -> None:
    spoiled.faults.set("shrunken_source", rate=0.5)
    left = names(spoiled.pages("device-groups/0/devices/-"))
    assert 0 < len(left) < 7
    assert names(spoiled.pages("device-groups/0/devices/-")) == left
    assert spoiled.get("device-groups/0/status")["totalDevices"] == len(left)
    spoiled.faults.set("empty_source", path="devices/-")
    assert spoiled.get("device-groups/0/status")["totalDevices"] == len(left)
    assert spoiled.do("GET", "device-groups/0/devices/-") == {"paging": {"size": 0}, "data": {"devices": []}}


def test_rights_are_lost_by_groups(spoiled: Desk) -> None:
    groups = {"2": {"pc-1", "pc-4", "pc-7"}, "3": {"pc-2", "pc-5"}, "4": {"pc-3", "pc-6"}}
    lost = {key for key in groups if spoiled.faults.picks("lost_rights", key, 0.5)}
    assert 0 < len(lost) < 3
    spoiled.faults.set("lost_rights", rate=0.5)
    seen = set(names(spoiled.pages("device-groups/0/devices/-")))
    assert seen == set().union(*(members for key, members in groups.items() if key not in lost))


def test_faults_of_the_wire_are_played_too(desk: Desk) -> None:
    desk.faults.set("http_503", times=1)
    assert desk.ask("GET", "product/whoAmI").status_code == 503
    desk.faults.set("expired_token", times=1)
    assert desk.ask("GET", "product/whoAmI").json() == DENIED
    desk.faults.set("cut", times=1)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        desk.ask("GET", "product/whoAmI")


def test_requests_are_counted_by_path(desk: Desk) -> None:
    desk.ask("GET", "device-groups/-", view="detail")
    assert desk.state.requests == {"POST /api/v1/token": 1, "GET /api/v1/device-groups/-": 1}
