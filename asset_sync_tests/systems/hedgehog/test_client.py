"""Answers that are no answers, and words without secrets."""

import logging
from typing import Any

import orjson
import pytest

from asset_sync.reconcile.errors import ConfigurationError, SourceError, SourceUnavailable
from asset_sync.systems.hedgehog import KINDS, HedgehogClient, client
from asset_sync.systems.hedgehog.connection import by_token
from asset_sync_tests.ports import refusing
from asset_sync_tests.systems.hedgehog.conftest import Lab
from asset_sync_tests.systems.scripted import Reply, scripted

TOKEN = "eyJhbGciOiJSUzI1NiJ9.secret-part.signature"
(SERVER,) = (kind for kind in KINDS if kind.name == "Server")
ROW: dict[str, Any] = {"metadata": {"name": "server-1"}, "spec": {}}


def of(url: str) -> HedgehogClient:
    return HedgehogClient(by_token(url, TOKEN, None), name="lab", timeout=(2, 2), address_told="HEDGEHOG_LAB_SERVER")


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"kind": "ServerList", "items": [ROW]},
        {"kind": "ServerList", "metadata": {"resourceVersion": ""}, "items": [ROW]},
        {"kind": "ServerList", "metadata": {"resourceVersion": 5}, "items": [ROW]},
        {"kind": "ServerList", "metadata": {"resourceVersion": "5"}},
        {"kind": "ServerList", "metadata": {"resourceVersion": "5"}, "items": {"server-1": ROW}},
        {"kind": "ServerList", "metadata": {"resourceVersion": "5"}, "items": [ROW, {"metadata": {}}]},
        {"kind": "ServerList", "metadata": {"resourceVersion": "5"}, "items": [None]},
        {"kind": "SwitchList", "metadata": {"resourceVersion": "5"}, "items": []},
        {"kind": "Status", "status": "Failure", "code": 403},
        [],
    ],
)
def test_what_is_no_list_is_never_an_empty_one(answer: Any) -> None:
    with scripted(Reply(answer)) as script, of(script.url) as fabric, pytest.raises(SourceError, match="no ServerList"):
        fabric.page(SERVER)


@pytest.mark.parametrize("body", ["<html>404</html>", "not here", '{"kind":"Status","code":404,"message":"not found"}'])
def test_only_the_api_server_says_that_a_definition_is_missing(body: str) -> None:
    with scripted(Reply(body.encode(), 404)) as script, of(script.url) as fabric, pytest.raises(SourceError) as told:
        fabric.page(SERVER)
    assert not isinstance(told.value, client.NotInstalled)


def test_redirects_are_not_followed() -> None:
    with scripted(Reply({}, 302, {"Location": "http://127.0.0.1:9/"})) as script, of(script.url) as fabric:
        with pytest.raises(SourceError, match="answered 302"):
            fabric.page(SERVER)
        assert len(script.seen) == 1


def test_a_server_that_is_not_there_is_told() -> None:
    with refusing() as port, of(f"http://127.0.0.1:{port}") as fabric, pytest.raises(SourceUnavailable) as told:
        fabric.page(SERVER)
    at = f"Hedgehog lab: servers.wiring.githedgehog.com at http://127.0.0.1:{port}"
    assert str(told.value) == f"{at}: no connection: it is refused; HEDGEHOG_LAB_SERVER holds the address"


def test_a_server_that_does_not_speak_tls_is_not_told_as_one_of_a_wrong_certificate() -> None:
    with (
        scripted(Reply({})) as script,
        of(script.url.replace("http:", "https:")) as fabric,
        pytest.raises(SourceUnavailable, match="no TLS connection") as told,
    ):
        fabric.version()
    assert "certificate" not in str(told.value)


def test_a_server_whose_name_nobody_knows_is_told() -> None:
    words = "the name of the host is not known; HEDGEHOG_LAB_SERVER holds the address"
    with of("https://fabric.invalid") as fabric, pytest.raises(SourceUnavailable, match=words):
        fabric.page(SERVER)


@pytest.mark.parametrize(
    "answer", [b"<html>login</html>", {}, [], b"null", {"gitVersion": 5}, b"\xff", {"status": {"allowed": "yes"}}]
)
def test_what_is_no_answer_to_a_test_of_the_connection_is_told(answer: Any) -> None:
    with scripted(Reply(answer)) as script, of(script.url) as fabric:
        with pytest.raises(SourceError, match="answered is no version of Kubernetes"):
            fabric.version()
        with pytest.raises(SourceError, match="answered is no review of a right"):
            fabric.may_list(SERVER)


@pytest.mark.parametrize("status", [400, 401, 403, 500])
def test_words_of_the_server_are_told_without_secrets(status: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    said = {"kind": "Status", "message": f"who is Bearer {TOKEN}?", "code": status}
    with scripted(Reply(said, status)) as script, of(script.url) as fabric, pytest.raises(SourceError) as told:
        fabric.page(SERVER)
    assert script.seen[0].headers["authorization"] == f"Bearer {TOKEN}"
    shown = str(told.value) + repr(fabric) + repr(fabric.__dict__) + caplog.text
    assert "who is Bearer" in shown
    assert "secret-part" not in shown


@pytest.mark.parametrize(
    "event",
    ["nonsense", '{"type":"MODIFIED","object":{}}', '{"type":"MOVED","object":{"metadata":{"name":"x"}}}', "<html></html>"],
)
def test_an_event_that_nobody_knows_is_refused(event: str) -> None:
    with (
        scripted(Reply(f"{event}\n".encode())) as script,
        of(script.url) as fabric,
        pytest.raises(SourceError, match="no ServerList"),
    ):
        fabric.changes(SERVER, "5")


@pytest.mark.parametrize(("bookmark", "restored"), [("999", True), ("5000", False), ("5001", False), ("opaque", False)])
def test_a_server_that_is_before_what_was_read_of_it_came_back_from_a_backup(bookmark: str, *, restored: bool) -> None:
    event = {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": bookmark}}}
    with scripted(Reply(orjson.dumps(event) + b"\n")) as script, of(script.url) as fabric:
        if restored:
            with pytest.raises(client.Restored, match="the server is at 999, before 5000"):
                fabric.changes(SERVER, "5000")
        else:
            assert fabric.changes(SERVER, "5000") == client.Changes([], bookmark)


def test_a_connection_can_be_tested(lab: Lab) -> None:
    lab.accounts["some"] = lab.accounts["reader-token"]
    with lab.connect() as fabric:
        assert fabric.version().startswith("v1.")
        assert fabric.may_list(SERVER)
    lab.accounts["reader-token"] = type(lab.accounts["some"])("sa", {"*": frozenset({"get"})})
    with lab.connect() as fabric:
        assert not fabric.may_list(SERVER)


@pytest.mark.parametrize(
    ("server", "token", "ca_file"),
    [
        ("fabric.example.com:6443", TOKEN, None),
        ("https://user:pass@fabric.example.com", TOKEN, None),
        ("https://fabric.example.com", "two\nlines", None),
        ("https://fabric.example.com", TOKEN, "/no/such/file.pem"),
    ],
)
def test_what_cannot_be_right_is_told_before_anything_is_asked(server: str, token: str, ca_file: str | None) -> None:
    with pytest.raises(ConfigurationError) as told:
        by_token(server, token, ca_file)
    assert token not in str(told.value)
    assert "pass@" not in str(told.value)
