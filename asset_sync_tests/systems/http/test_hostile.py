"""What a server may answer to wear us out, to lead us away, or to be believed."""

import gzip

import pytest

from asset_sync.systems.http import Answered, HttpError, NotSettled, Unreachable
from asset_sync_tests.systems.http.clients import client
from asset_sync_tests.systems.scripted import Reply, scripted


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


@pytest.mark.parametrize(
    "where", ["http://[::1", "//[", "http://127.0.0.1:99999/", "http://127.0.0.1:0/", "", "mailto:x", "//"]
)
def test_redirects_to_nowhere_are_refused(where: str) -> None:
    with scripted(Reply(b"", 302, {"Location": where})) as script:
        with pytest.raises(HttpError, match="redirects to"):
            client(script).get_json("/things")
        with pytest.raises(HttpError, match="redirects to"):
            client(script).send_json("POST", "/things", {})


def test_an_error_that_is_too_large_has_its_status() -> None:
    large = Reply(b'["' + b"x" * 5_000_000 + b'"]', 400)
    with scripted(large) as script:
        with pytest.raises(Answered, match="answered 400 with more than 4 MB") as read:
            client(script).get_json("/things")
        with pytest.raises(Answered, match="answered 400 with more than 4 MB") as written:
            client(script).send_json("POST", "/things", {})
    assert read.value.body is written.value.body is None


def test_a_small_answer_that_unpacks_to_a_large_one_is_an_error() -> None:
    bomb = Reply(gzip.compress(b"0" * 50_000_000), headers={"Content-Encoding": "gzip"})
    with scripted(bomb) as script, pytest.raises(HttpError, match="larger than 1 MB"):
        client(script, max_bytes=1 << 20).get_json("/things")


def test_an_answer_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asset_sync.systems.http.transport.LONGEST_ANSWER_S", 0.1)
    with scripted(Reply([1] * 40, drip=0.02)) as script:
        with pytest.raises(Unreachable, match="no whole answer in time"):
            client(script).get_json("/things")
        with pytest.raises(NotSettled, match="no whole answer in time"):
            client(script).send_json("POST", "/things", {})


def test_an_answer_that_drips_but_ends_is_read() -> None:
    with scripted(Reply([1], drip=0.01)) as script:
        assert client(script).get_json("/things") == [1]


def test_an_error_that_nests_without_end_is_told() -> None:
    with scripted(Reply(b'{"a":' * 900 + b"1" + b"}" * 900, 400)) as script, pytest.raises(Answered, match="answered 400"):
        client(script).get_json("/things")
