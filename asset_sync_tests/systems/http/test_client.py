import gzip
import time
from collections.abc import Mapping

import pytest

from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.systems.http import Answered, Client, HttpError, NotSettled, SystemClient, Unreachable
from asset_sync_tests.ports import refusing
from asset_sync_tests.systems.http.clients import SECRET, client
from asset_sync_tests.systems.scripted import Reply, scripted


def test_reads_json_with_the_headers_and_counts_it() -> None:
    with scripted(Reply({"rows": [1]})) as script:
        system = client(script)
        assert system.get_json("/things", {"a": "b c"}) == {"rows": [1]}
    assert script.seen[0].headers["authorization"] == f"Bearer {SECRET}"
    assert script.seen[0].url.endswith("/things?a=b+c")
    assert (system.tally.read, system.tally.write) == (1, 0)


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


def test_what_the_server_asks_to_wait_is_counted() -> None:
    with scripted(Reply({}, 429, {"Retry-After": "9"}), Reply({}, 503, {"Retry-After": "9"}), Reply([1])) as script:
        system = client(script, longest_wait=0.05)
        assert system.get_json("/things") == [1]
    assert system.tally.waited >= 0.1


def test_what_its_own_throttle_holds_back_is_counted() -> None:
    class Slow:
        def wait(self) -> None:
            time.sleep(0.02)

        def learn(self, status: int, headers: Mapping[str, str]) -> None:
            """It learns nothing."""

    with scripted(Reply([1])) as script:
        system = client(script, throttle=Slow())
        for _ in range(2):
            system.get_json("/things")
    assert system.tally.waited >= 0.04


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
    with refusing() as port, pytest.raises(HttpError, match="no connection") as caught:
        Client(f"http://127.0.0.1:{port}", name="System", longest_wait=0.01).send_json("POST", "/things", {})
    assert not isinstance(caught.value, NotSettled)


def test_a_proxy_that_is_away_never_had_a_write(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    system = Client("http://things.example", name="System", longest_wait=0.01)
    with pytest.raises(HttpError, match="no connection") as caught:
        system.send_json("POST", "/things", {})
    assert not isinstance(caught.value, NotSettled)
    assert system.tally.write == 5


def test_what_speaks_no_tls_is_told() -> None:
    with scripted(Reply({})) as script, pytest.raises(Unreachable, match="TLS"):
        Client(script.url.replace("http:", "https:"), name="System", longest_wait=0.01).get_json("/things")


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


def test_cookies_are_not_kept() -> None:
    with scripted(Reply({}, headers={"Set-Cookie": "sessionid=1; Path=/"})) as script:
        system = client(script)
        system.get_json("/things")
        system.get_json("/things")
    assert "cookie" not in script.seen[1].headers


def test_a_client_that_may_not_write_sends_no_write() -> None:
    with scripted(Reply({"id": 1})) as script:
        reader = client(script, writable=False)
        with pytest.raises(HttpError, match="read-only, so POST /things was not sent") as caught:
            reader.send_json("POST", "/things", {})
        assert not isinstance(caught.value, NotSettled)
        assert reader.ask_form("/token", {}) == reader.get_json("/things") == {"id": 1}
    assert reader.tally.write == 0
    assert [seen.url.rpartition("/")[2] for seen in script.seen] == ["token", "things"]


class Noted(Client):
    """A client that notes that it was closed."""

    closed = False

    def close(self) -> None:
        super().close()
        self.closed = True


def test_a_client_of_a_system_closes_its_connections_and_tells_its_requests() -> None:
    with scripted(Reply({})) as script:
        http = Noted(script.url, name="System", writable=False)
        with SystemClient(http) as system:
            http.get_json("/things")
            assert system.tally.read == 1
            assert not http.closed
    assert http.closed
    assert repr(system) == f"SystemClient({script.url!r}, writable=False)"


@pytest.mark.parametrize("body", [{"a": 1}, b"[" + b"1," * 99_999 + b"1]"], ids=["short", "long"])
def test_connections_are_kept_for_the_next_request(body: object) -> None:
    with scripted(Reply(body)) as script:
        system = client(script)
        for _ in range(3):
            system.get_json("/things")
            system.send_json("POST", "/things", {})
    assert len({seen.port for seen in script.seen}) == 1


def test_compressed_answers_are_read() -> None:
    body = gzip.compress(b"[" + b"1," * 199_999 + b"1]")
    with scripted(Reply(body, headers={"Content-Encoding": "gzip"})) as script:
        assert client(script).get_json("/things") == [1] * 200_000
