import logging
import socket
import threading
from pathlib import Path

import pytest

from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.systems.http import Answered, Client, HttpError, NotSettled, Tally, detail
from asset_sync_tests.systems.scripted import Reply, Script, scripted

SECRET = "very-secret-token"


def client(script: Script, **options: object) -> Client:
    settings: dict[str, object] = {"longest_wait": 0.01, "timeout": (2, 5)} | options
    return Client(script.url, name="System", headers={"Authorization": f"Bearer {SECRET}"}, **settings)  # type: ignore[arg-type]


def test_reads_json_with_the_headers_and_counts_it() -> None:
    with scripted(Reply({"rows": [1]})) as script:
        system = client(script)
        assert system.get_json("/things", {"a": "b c"}) == {"rows": [1]}
    assert script.seen[0].headers["authorization"] == f"Bearer {SECRET}"
    assert script.seen[0].url.endswith("/things?a=b+c")
    assert (system.tally.read, system.tally.write) == (1, 0)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
@pytest.mark.parametrize("retry_after", ["367946340", "0", "rubbish", "Fri, 31 Dec 9999 23:59:59 GMT", None])
def test_reads_are_repeated_and_no_wait_is_longer_than_allowed(status: int, retry_after: str | None) -> None:
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    busy = Reply({"error": "busy"}, status, headers)
    with scripted(busy, busy, Reply([7])) as script:
        system = client(script)
        assert system.get_json("/things") == [7]
    assert len(script.seen) == 3
    assert system.tally.read == 3


def test_a_read_that_stays_refused_ends_in_an_error() -> None:
    with scripted(Reply({"error": "busy"}, 429)) as script, pytest.raises(Answered, match="answered 429") as caught:
        client(script).get_json("/things")
    assert caught.value.status == 429
    assert len(script.seen) == 5


def test_a_read_whose_answer_breaks_off_is_repeated() -> None:
    with scripted(Reply([1], cut=True), Reply([1])) as script:
        assert client(script).get_json("/things") == [1]


def test_a_read_whose_answer_always_breaks_off_is_an_error() -> None:
    with scripted(Reply([1], cut=True)) as script, pytest.raises(HttpError, match="broke off"):
        client(script).get_json("/things")


def test_a_read_without_an_answer_in_time_is_an_error() -> None:
    with scripted(Reply([], hang=2)) as script, pytest.raises(HttpError, match="no answer in time"):
        client(script, timeout=(1, 0.05)).get_json("/things")


def test_an_error_answer_is_told_in_one_line_without_the_secret() -> None:
    body = {"detail": f"token {SECRET}\nis bad"}
    with scripted(Reply(body, 403)) as script, pytest.raises(Answered) as caught:
        client(script).get_json("/things")
    words = str(caught.value)
    assert "System: GET" in words
    assert "403 token *** is bad" in words
    assert "\n" not in words
    assert caught.value.body == body


@pytest.mark.parametrize("body", [b"<html><title>Sign in</title></html>", b"", b"no JSON"])
def test_what_is_no_json_is_an_error_even_with_200(body: bytes) -> None:
    with scripted(Reply(body)) as script, pytest.raises(HttpError, match="instead of JSON"):
        client(script).get_json("/things")


def test_an_answer_that_is_too_large_is_an_error() -> None:
    with scripted(Reply(b'"' + b"x" * 5000 + b'"')) as script, pytest.raises(HttpError, match="larger than"):
        client(script, max_bytes=4000).get_json("/things")


def test_redirects_within_the_host_are_followed_for_reads() -> None:
    with scripted(Reply(b"", 301, {"Location": "/things/"}), Reply([1])) as script:
        assert client(script).get_json("/things") == [1]
    assert script.seen[1].url.endswith("/things/")


def test_redirects_to_another_host_are_refused_and_get_no_token() -> None:
    with scripted(Reply([1])) as other, scripted(Reply(b"", 302, {"Location": f"{other.url}/login"})) as script:
        with pytest.raises(HttpError, match="redirects to"):
            client(script).get_json("/things")
        with pytest.raises(HttpError, match="redirects to"):
            client(script).send_json("POST", "/things", {})
    assert not other.seen


def test_redirects_in_a_circle_end() -> None:
    with scripted(Reply(b"", 302, {"Location": "/things"})) as script, pytest.raises(HttpError, match="redirects"):
        client(script).get_json("/things")


def test_writes_are_sent_as_json_and_counted() -> None:
    with scripted(Reply({"id": 1}, 201), Reply(b"", 204)) as script:
        system = client(script)
        assert system.send_json("POST", "/things", {"a": 1}, {"If-Match": "x"}) == {"id": 1}
        assert system.send_json("PATCH", "/things", {"a": 1}) is None
    assert (script.seen[0].body, script.seen[0].headers["if-match"]) == (b'{"a":1}', "x")
    assert script.seen[0].headers["content-type"] == "application/json"
    assert (system.tally.read, system.tally.write) == (0, 2)


@pytest.mark.parametrize("status", [429, 503])
def test_writes_that_were_surely_not_taken_are_repeated(status: int) -> None:
    with scripted(Reply({}, status, {"Retry-After": "367946340"}), Reply({"id": 1}, 201)) as script:
        assert client(script).send_json("POST", "/things", {}) == {"id": 1}


def test_writes_that_are_never_taken_end_in_an_error() -> None:
    with scripted(Reply({}, 429)) as script, pytest.raises(Answered):
        client(script).send_json("POST", "/things", {})
    assert len(script.seen) == 5


@pytest.mark.parametrize(
    "reply",
    [Reply({}, 502), Reply({}, 504), Reply([1], cut=True), Reply([1], hang=2), Reply(b"<html>Sign in</html>")],
    ids=["502", "504", "cut", "timeout", "page"],
)
def test_writes_that_may_have_been_stored_are_never_repeated(reply: Reply) -> None:
    with scripted(reply) as script, pytest.raises(NotSettled):
        client(script, timeout=(1, 0.2)).send_json("POST", "/things", {})
    assert len(script.seen) == 1


def test_writes_that_never_left_are_plain_errors() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(HttpError, match="no connection") as caught:
        Client(f"http://127.0.0.1:{port}", name="System", longest_wait=0.01).send_json("POST", "/things", {})
    assert not isinstance(caught.value, NotSettled)


def test_a_refused_write_carries_its_body() -> None:
    with scripted(Reply([{}, {"slug": ["taken"]}], 400)) as script, pytest.raises(Answered) as caught:
        client(script).send_json("POST", "/things", [])
    assert caught.value.body == [{}, {"slug": ["taken"]}]


@pytest.mark.parametrize(
    "url", ["", "things.example", "ftp://things.example", "https://", f"https://me:{SECRET}@things.example", "https://x/?a=b"]
)
def test_an_address_that_cannot_be_right_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="address") as caught:
        Client(url, name="System")
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("token", [f"{SECRET}\n", f"{SECRET}\x00", f"{SECRET}…"])
def test_a_token_that_cannot_be_right_is_refused_without_being_shown(token: str) -> None:
    with pytest.raises(ConfigurationError, match="Authorization") as caught:
        Client("https://things.example", name="System", headers={"Authorization": f"Bearer {token}"})
    assert SECRET not in str(caught.value)


def test_the_secret_is_in_no_repr_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with scripted(Reply({}, 429), Reply({})) as script:
        system = client(script)
        system.get_json("/things")
    assert SECRET not in repr(system)
    assert SECRET not in caplog.text


def test_a_netrc_does_not_replace_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password wrong\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with scripted(Reply({})) as script:
        client(script).get_json("/things")
    assert script.seen[0].headers["authorization"] == f"Bearer {SECRET}"


def test_cookies_are_not_kept() -> None:
    with scripted(Reply({}, headers={"Set-Cookie": "sessionid=1; Path=/"})) as script:
        system = client(script)
        system.get_json("/things")
        system.get_json("/things")
    assert "cookie" not in script.seen[1].headers


def test_the_budget_spreads_the_calls_of_all_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("asset_sync.systems.http.time.sleep", slept.append)
    monkeypatch.setattr("asset_sync.systems.http.time.monotonic", lambda: 100.0)
    with scripted(Reply({})) as script:
        system = client(script, calls_per_minute=60)
        threads = [threading.Thread(target=system.get_json, args=("/things",)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert {0.0, 1.0, 2.0, 3.0} <= set(slept)


def test_tally_tells_reads_from_writes() -> None:
    tally = Tally()
    for method in ("GET", "OPTIONS", "POST", "PATCH", "DELETE"):
        tally.add(method)
    assert tally == Tally(2, 3)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", ""),
        (None, ""),
        (b'{"detail": "no"}', "no"),
        (b'{"a": ["b"]}', '{"a":["b"]}'),
        (b"<html><title> Not\n Found </title>", "Not Found"),
        (b"x" * 999, "x" * 299 + "…"),
    ],
)
def test_detail_is_one_short_line(body: bytes | None, said: str) -> None:
    assert detail(body) == said
