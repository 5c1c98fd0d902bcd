"""A client lent to a library as a session of requests: what leaves, what comes back, and what does neither."""

import pytest
import requests

from asset_sync.systems.http import Answered, Client, HttpError, NotSettled, Unreachable, session
from asset_sync.systems.http.session import Answer
from asset_sync_tests.systems.http.clients import SECRET, client
from asset_sync_tests.systems.scripted import Reply, scripted


def test_a_library_reads_by_the_client_and_never_sees_the_secret() -> None:
    with scripted(Reply({"rows": [1]})) as script:
        system = client(script)
        answer = session(system).get(f"{system.base_url}/things", params={"a": "b c"}, headers={"Authorization": "Token other"})
    assert (answer.status_code, answer.json()) == (200, {"rows": [1]})
    assert script.seen[0].headers["authorization"] == f"Bearer {SECRET}"
    assert script.seen[0].url.endswith("/things?a=b+c")
    assert system.tally.read == 1
    assert SECRET not in str(answer.request.headers)


def test_a_library_writes_by_the_client() -> None:
    with scripted(Reply({"id": 1}, 201)) as script:
        system = client(script)
        assert session(system).post(f"{system.base_url}/things", json={"a": 1}).json() == {"id": 1}
    assert script.seen[0].body == b'{"a": 1}'
    assert script.seen[0].headers["content-type"] == "application/json"
    assert system.tally.write == 1


def test_reads_are_repeated_and_writes_only_where_nothing_was_taken() -> None:
    with scripted(Reply(status=503), Reply([1])) as script:
        system = client(script)
        assert session(system).get(f"{system.base_url}/things").json() == [1]
    with scripted(Reply(status=502)) as script:
        system = client(script)
        with pytest.raises(NotSettled):
            session(system).post(f"{system.base_url}/things", json={})
    assert len(script.seen) == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_is_written_by_a_client_that_may_not_write(method: str) -> None:
    with scripted(Reply([])) as script:
        system = client(script, writable=False)
        with pytest.raises(HttpError, match="read-only"):
            session(system).request(method, f"{system.base_url}/things", json={})
    assert script.seen == []


@pytest.mark.parametrize("url", ["http://elsewhere.example/things", "{url}x/things", "http://u:p@elsewhere.example/"])
def test_nothing_is_sent_to_another_place(url: str) -> None:
    with scripted(Reply([])) as script:
        system = Client(f"{script.url}/below", name="System")
        with pytest.raises(HttpError, match="so nothing was sent") as caught:
            session(system).get(url.format(url=system.base_url))
    assert script.seen == []
    assert "u:p" not in str(caught.value)


def test_an_error_is_returned_without_secrets_and_says_what_the_client_says() -> None:
    with scripted(Reply({"detail": f"no right for {SECRET}"}, 403)) as script:
        system = client(script)
        answer = session(system).get(f"{system.base_url}/things")
    assert (answer.status_code, answer.reason) == (403, "Forbidden")
    assert "no right for" in answer.text
    assert SECRET not in answer.text
    assert isinstance(answer, Answer)
    assert isinstance(answer.fault, Answered)
    assert "answered 403" in str(answer.fault)


def test_an_error_names_the_place_once_where_the_system_stands_below_a_path() -> None:
    with scripted(Reply({"detail": "no"}, 403)) as script:
        system = Client(f"{script.url}/below", name="System")
        answer = session(system).get(f"{system.base_url}/things", params={"a": 1})
    assert isinstance(answer, Answer)
    assert str(answer.fault) == f"System: GET {script.url}/below/things: answered 403 no"


def test_a_web_page_is_returned_with_a_fault() -> None:
    with scripted(Reply(b"<html><title>Log in</title>", headers={"Content-Type": "text/html"})) as script:
        system = client(script)
        answer = session(system).get(f"{system.base_url}/things")
    assert isinstance(answer, Answer)
    assert "web page" in str(answer.fault)
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def test_no_answer_is_an_error_of_the_clients() -> None:
    with scripted(Reply([], hang=2)) as script:
        system = client(script, timeout=(1, 0.05))
        with pytest.raises(Unreachable, match="no answer in time"):
            session(system).get(f"{system.base_url}/things")


def test_a_redirect_within_the_host_is_followed_and_another_is_not() -> None:
    with scripted(Reply(status=301, headers={"Location": "/things/"}), Reply([1])) as script:
        system = client(script)
        assert session(system).get(f"{system.base_url}/things").json() == [1]
    with scripted(Reply(status=301, headers={"Location": "http://evil.example/"})) as script:
        system = client(script)
        with pytest.raises(HttpError, match="not followed"):
            session(system).get(f"{system.base_url}/things")


def test_no_password_of_a_netrc_and_no_cookie_leaves(monkeypatch: pytest.MonkeyPatch, tmp_path: pytest.TempPathFactory) -> None:
    netrc = f"{tmp_path}/netrc"
    with open(netrc, "w", encoding="utf-8") as file:
        file.write("machine 127.0.0.1 login me password other\n")
    monkeypatch.setenv("NETRC", netrc)
    with scripted(Reply([], headers={"Set-Cookie": "a=b"})) as script:
        system = client(script)
        lent = session(system)
        lent.get(f"{system.base_url}/things")
        lent.get(f"{system.base_url}/things")
    assert {seen.headers["authorization"] for seen in script.seen} == {f"Bearer {SECRET}"}
    assert not any("cookie" in seen.headers for seen in script.seen)
