from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qsl, urlsplit

import pytest

from asset_sync.reconcile.errors import ConfigurationError, TargetError, TargetUnavailable
from asset_sync.reconcile.target import OutcomeUnknown, Refused
from asset_sync.systems.wug import WugClient
from asset_sync.systems.wug.wire import Failed, Gone, address, checked, failures
from asset_sync_tests.systems.scripted import Reply, Script, scripted
from asset_sync_tests.systems.wug.conftest import PASSWORD, USER, Lab, ip

TOKEN = Reply({"access_token": "t0ken-one", "token_type": "bearer", "expires_in": 86399, "refresh_token": "r-one"})
DENIED = Reply({"Message": "Authorization has been denied for this request."}, 401)
BAD_GRANT = Reply({"error": "invalid_grant", "error_description": f"{PASSWORD} is wrong"}, 400)
COUNT = Reply({"data": {"totalDevices": 0, "stateSummaries": []}})


def page(*ids: int, following: str | None = None, size: int | None = None) -> Reply:
    rows = [{"id": str(number)} for number in ids]
    paging = {"size": len(rows) if size is None else size, **({"nextPageId": following} if following else {})}
    return Reply({"paging": paging, "data": {"devices": rows}})


def client_of(script: Script) -> WugClient:
    return WugClient(script.url, USER, PASSWORD, writable=True, timeout=(2, 2), longest_wait=0.01)


def test_the_address_gets_the_port_and_the_path() -> None:
    assert address("https://wug.example.com") == "https://wug.example.com:9644/api/v1"
    assert address(" https://wug.example.com/ ") == "https://wug.example.com:9644/api/v1"
    assert address("https://wug.example.com:443/api/v1/") == "https://wug.example.com:443/api/v1"
    assert address("http://[::1]") == "http://[::1]:9644/api/v1"


@pytest.mark.parametrize("url", ["", "wug.example.com", "https://u:p@wug.example.com", "https://wug.example.com:x"])
def test_an_address_that_cannot_be_right_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError):
        WugClient(url, USER, PASSWORD)


@pytest.mark.parametrize(("username", "password"), [("", PASSWORD), (USER, "")])
def test_empty_credentials_are_refused(username: str, password: str) -> None:
    with pytest.raises(ConfigurationError, match="username or the password is empty"):
        WugClient("https://wug.example.com", username, password)


# The session.


def test_the_token_is_asked_for_as_a_form_with_the_first_request() -> None:
    with scripted(TOKEN, COUNT) as script, client_of(script) as client:
        assert client.tally.read == 0
        client.device_count()
        client.device_count()
    asked, first, second = script.seen
    form = {"grant_type": "password", "username": USER, "password": PASSWORD}
    assert (asked.method, urlsplit(asked.url).path) == ("POST", "/api/v1/token")
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert dict(parse_qsl(asked.body.decode())) == form
    assert first.headers["authorization"] == second.headers["authorization"] == "Bearer t0ken-one"
    assert (client.tally.read, client.tally.write) == (3, 0)


def test_a_token_near_its_end_is_refreshed_with_the_newest_refresh_token() -> None:
    short = [
        Reply({"access_token": f"t{n}", "token_type": "bearer", "expires_in": 0, "refresh_token": f"r{n}"}) for n in range(3)
    ]
    with scripted(short[0], COUNT, short[1], COUNT, short[2], COUNT) as script, client_of(script) as client:
        for _ in range(3):
            client.device_count()
    forms = [dict(parse_qsl(seen.body.decode())) for seen in script.seen if seen.method == "POST"]
    assert [form.get("refresh_token") for form in forms] == [None, "r0", "r1"]
    assert [seen.headers["authorization"] for seen in script.seen if seen.method == "GET"] == [
        "Bearer t0",
        "Bearer t1",
        "Bearer t2",
    ]


def test_a_refused_refresh_token_is_followed_by_the_password(lab: Lab) -> None:
    lab.client.device_count()
    lab.state.expire_tokens(refresh=True)
    assert lab.client.device_count() == 0
    assert lab.state.requests["POST /api/v1/token"] == 3


def test_a_token_that_expires_in_the_middle_is_renewed_once(lab: Lab) -> None:
    lab.client.device_count()
    lab.state.expire_tokens()
    assert lab.client.device_count() == 0
    assert lab.state.requests["POST /api/v1/token"] == 2


def test_a_500_that_is_an_expired_session_is_repeated_with_a_new_token(lab: Lab) -> None:
    (device,) = lab.fill(1)
    lab.faults.set("http_500", times=1, path="config/template")
    assert [one.name for one in lab.client.devices()] == ["d0"]
    lab.faults.set("http_500", times=1, path="properties")
    lab.client.set_properties(device.id, {"note": "seen"})
    assert device.note == "seen"
    assert lab.state.requests["POST /api/v1/token"] == 3


def test_a_500_for_new_devices_is_not_repeated() -> None:
    again = Reply({"access_token": "t2", "expires_in": 99999, "refresh_token": "r2"})
    with scripted(TOKEN, Reply(b"", 500), again) as script, pytest.raises(Failed, match="answered 500"):
        client_of(script).create_devices([{"templateId": "1"}])
    assert [urlsplit(seen.url).path[7:] for seen in script.seen] == ["/token", "/devices/-/config/template", "/token"]


def test_a_session_that_is_refused_twice_is_told() -> None:
    with scripted(TOKEN, DENIED, TOKEN, DENIED) as script, pytest.raises(TargetError, match="has no right"):
        client_of(script).device_count()


def test_threads_share_one_renewal(lab: Lab) -> None:
    devices = lab.fill(40)
    lab.client.device_count()

    def write(number: int) -> None:
        lab.client.change_attributes(devices[number].id, {"site": f"S{number}"})

    with ThreadPoolExecutor(4) as pool:
        # One expiry at a time: a request that meets two is refused.
        for first in range(0, 40, 10):
            lab.state.expire_tokens(refresh=first == 20)
            list(pool.map(write, range(first, first + 10)))
    assert [device.attribute("site") for device in devices] == [f"S{n}" for n in range(40)]
    assert lab.state.requests["POST /api/v1/token"] <= 6


def test_a_wrong_password_is_told_in_one_line_without_it(lab: Lab) -> None:
    with pytest.raises(TargetError, match="refuses the username or the password") as caught:
        lab.connect(password="wr0ng!secret").device_count()
    assert lab.url in str(caught.value)
    assert "wr0ng" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "reply", [BAD_GRANT, Reply({"error": PASSWORD}, 500), Reply(b"<html>hi</html>"), Reply({"x": PASSWORD}), Reply(b"")]
)
def test_no_token_is_an_error_that_quotes_nothing(reply: Reply) -> None:
    with scripted(reply) as script, pytest.raises(TargetError) as caught:
        client_of(script).device_count()
    assert PASSWORD not in str(caught.value)


def test_a_server_that_is_away_may_be_back_later() -> None:
    with pytest.raises(TargetUnavailable, match="no connection"):
        WugClient("http://127.0.0.1:1", USER, PASSWORD, longest_wait=0.01).device_count()
    with scripted(Reply({}, 503)) as script, pytest.raises(TargetUnavailable):
        client_of(script).device_count()


def test_a_token_is_asked_for_again_where_the_server_is_busy() -> None:
    with scripted(Reply({}, 503), Reply({"a": 1}, cut=True), TOKEN, COUNT) as script, client_of(script) as client:
        assert client.device_count() == 0


def test_nothing_is_written_unless_it_may(lab: Lab) -> None:
    (device,) = lab.fill(1)
    reader = lab.connect(writable=False)
    for write in (
        lambda: reader.create_devices([]),
        lambda: reader.create_group("0", "G", ""),
        lambda: reader.change_attributes(device.id, {"a": "b"}),
        lambda: reader.set_maintenance([device.id], on=True, reason=""),
        lambda: reader.scans.start("0", ["10.0.0.1"]),
    ):
        with pytest.raises(TargetError, match="read-only"):
            write()
    assert reader.tally.write == 0
    assert reader.device_count() == 1


# Reading.


def test_reads_every_page(lab: Lab) -> None:
    lab.fill(600)
    found = lab.client.devices()
    assert [one.address for one in found] == [ip(n) for n in range(600)]
    assert lab.client.tally.read == 1 + 3 + 1
    assert lab.client.states().keys() == {one.id for one in found}


@pytest.mark.parametrize("fault", ["short_page", "missing_page"])
def test_a_page_that_lacks_rows_is_refused(lab: Lab, fault: str) -> None:
    lab.fill(600)
    lab.faults.set(fault, times=1, path="pageId=")
    with pytest.raises(TargetError, match="says it has"):
        lab.client.devices()


@pytest.mark.parametrize("fault", ["empty_source", "shrunken_source"])
def test_a_listing_below_the_servers_own_count_is_refused(lab: Lab, fault: str) -> None:
    lab.fill(20)
    lab.faults.set(fault, 0.5, path="template")
    if fault == "empty_source":
        lab.faults.set(fault, path="template")
    with pytest.raises(TargetError, match="counts 20 devices but lists"):
        lab.client.devices()


def test_pages_in_another_order_each_time_are_refused(lab: Lab) -> None:
    lab.fill(600)
    lab.faults.set("shuffled_pages")
    with pytest.raises(TargetError, match="twice"):
        lab.client.devices()


def test_all_parameters_go_with_every_page() -> None:
    with scripted(TOKEN, page(1, 2, following="x="), page(3)) as script:
        assert client_of(script).in_maintenance() == {"1", "2", "3"}
    first, second = (dict(parse_qsl(urlsplit(seen.url).query)) for seen in script.seen[1:])
    assert second == {**first, "pageId": "x="}


@pytest.mark.parametrize(
    ("replies", "words"),
    [
        ([page(1, following="a"), page(2, following="a")], "circle"),
        ([page(1, following="a"), page(1)], "twice"),
        ([page(1, 2, size=3)], "says it has 3 rows, but has 2"),
        ([Reply({"data": {}})], "list of devices"),
        ([Reply({"data": {"devices": [1]}})], "list of devices"),
        ([Reply({"data": {"devices": [{}]}})], "without it"),
        ([Reply({"success": False})], "page"),
        ([Reply({"data": {"devices": [], "errors": ["device 7: broken"]}})], "device 7: broken"),
        ([Reply(b"<html><title>Sign in</title></html>")], "web page"),
    ],
)
def test_what_is_no_whole_listing_is_refused(replies: list[Reply], words: str) -> None:
    with scripted(TOKEN, *replies) as script, pytest.raises(TargetError, match=words):
        client_of(script).in_maintenance()


def test_one_device_or_none(lab: Lab) -> None:
    lab.groups("A", "A/B/C".replace("/", "-"), "A/B")
    made = lab.state.add_device("x", "2001:DB8:0::1", host_name="x.example", groups=(lab.group_id("A/B"),), note="n")
    found = lab.client.device(made.id)
    assert found
    assert (found.name, found.address, found.host_name, found.groups) == ("x", "2001:db8::1", "x.example", (("A", "B"),))
    assert lab.client.device("999") is None
    with scripted(TOKEN, Reply({"data": {"templates": []}})) as script, pytest.raises(TargetError, match="was not answered"):
        client_of(script).device("7")


def test_groups_have_their_paths(lab: Lab) -> None:
    lab.groups("A", "A/B", "A/B/A")
    lab.state.add_group("dynamic", kind="dynamic_group")
    assert [group.path for group in lab.client.groups()] == [("A",), ("Discovered Devices",), ("A", "B"), ("A", "B", "A")]
    orphan = Reply({"data": {"groups": [{"id": "7", "parentGroupId": "6", "name": "x"}]}})
    with scripted(TOKEN, orphan) as script, pytest.raises(TargetError, match="parent '6' is missing"):
        client_of(script).groups()


# What writes answer.


def test_successes_with_and_without_an_envelope_are_understood() -> None:
    answers = [
        Reply({"success": True}),
        Reply({"data": {"success": True}}),
        Reply(b"", 204),
        Reply({"data": {"successfulOperations": 2, "errors": []}}),
    ]
    with scripted(TOKEN, *answers) as script, client_of(script) as client:
        for _ in answers:
            client.change_attributes("7", {"a": "b"})


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"success": False}, "did not succeed"),
        ({"data": {"success": False}}, "did not succeed"),
        ({"error": {"status": 400, "code": "x", "message": "not like this"}}, "not like this"),
        ({"error": "x"}, "was answered with an error"),
        ({"data": {"success": True, "errors": ["value  too\nlong"]}}, "value too long"),
        ({"successfulOperations": 0, "resourcesNotAllowed": ["7"]}, "may not change it"),
        ({"successfulOperations": 0, "limitReached": True}, "limit"),
    ],
)
def test_a_success_that_is_none_is_refused(answer: dict[str, object], words: str) -> None:
    with scripted(TOKEN, Reply(answer)) as script, pytest.raises(Refused, match=words):
        client_of(script).set_role("7", "os", "b")


def test_of_several_steps_some_may_be_stored_where_there_are_errors() -> None:
    some = Reply({"data": {"success": False, "successfulOperations": 1, "errors": ["no"]}})
    with scripted(TOKEN, some) as script, pytest.raises(Failed, match="no"):
        client_of(script).change_attributes("7", {"a": "b"})
    with scripted(TOKEN, some) as script, pytest.raises(Failed, match="no"):
        client_of(script).change_groups("7", ["1"], [])
    with scripted(TOKEN, Reply({"error": {"message": "not like this"}})) as script, pytest.raises(Refused):
        client_of(script).change_attributes("7", {"a": "b"})


def test_a_500_says_of_no_write_whether_it_was_stored(lab: Lab) -> None:
    (device,) = lab.fill(1)
    lab.faults.set("http_500_after_write", path="properties")
    with pytest.raises(Failed, match="answered 500"):
        lab.client.set_properties(device.id, {"note": "stored"})
    assert device.note == "stored"


def test_bulk_answers_tell_the_single_resources() -> None:
    ids = ["1", "2", "3"]
    assert failures({"success": True, "successfulOperations": 3}, ids) == {}
    assert failures({"success": False, "resourcesWithErros": ["2", "9"], "errors": ["no"]}, ids) == {"2": "no"}
    assert failures({"success": False, "resourcesNotAllowed": ["1"]}, ids) == {"1": "the user may not change it"}
    assert failures({"success": False, "errors": ["all wrong"]}, ids) == dict.fromkeys(ids, "all wrong")
    checked({})


def test_refusals_have_the_servers_words(lab: Lab) -> None:
    (device,) = lab.fill(1)
    with pytest.raises(Refused, match=r"^displayName is of 1 to 150 characters$"):
        lab.client.set_properties(device.id, {"displayName": "x" * 151})
    with pytest.raises(Gone):
        lab.client.set_properties("999", {"note": "x"})
    with scripted(TOKEN, Reply({"Message": "Not  yours"}, 403)) as script, pytest.raises(Refused, match=r"^Not yours$"):
        client_of(script).change_attributes("7", {})


def test_a_write_without_an_answer_is_of_unknown_fate(lab: Lab) -> None:
    lab.client.device_count()
    lab.faults.set("cut", times=1, method="POST", path="child")
    with pytest.raises(OutcomeUnknown):
        lab.client.create_group("0", "G", "")
    assert [group.path for group in lab.client.groups()][-1] == ("G",)


@pytest.mark.parametrize("answer", [{"data": {}}, {"data": {"idMap": [{"x": 1}]}}, {"data": {"idMap": [7]}}, {"success": True}])
def test_an_answer_that_does_not_say_what_was_created_is_of_unknown_fate(answer: object) -> None:
    with scripted(TOKEN, Reply(answer)) as script, pytest.raises(OutcomeUnknown, match="does not say"):
        client_of(script).create_devices([{"templateId": "1"}])
    with scripted(TOKEN, Reply({"data": {"success": True}})) as script, pytest.raises(OutcomeUnknown, match="does not name it"):
        client_of(script).create_group("0", "G", "")


def test_devices_that_come_while_a_listing_is_read_make_it_no_shorter(lab: Lab) -> None:
    def come() -> None:
        lab.fill(1)

    lab.stage.before = come
    assert len(lab.client.devices()) == 3
    assert lab.state.requests["GET /api/v1/device-groups/0/status"] == 1


def test_roles_have_the_kinds_that_fields_have(lab: Lab) -> None:
    found = lab.client.roles()
    assert {("role", "Switch"), ("brand", "Cisco"), ("os", "IOS")} <= set(found)
