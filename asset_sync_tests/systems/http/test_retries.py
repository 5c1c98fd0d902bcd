"""The policy as a table: which attempts are followed by another one, and how long is waited before it."""

import pytest

from asset_sync.systems.http.retries import ATTEMPTS, Retries, asks_to_wait
from asset_sync.systems.http.transport import NoAnswer, Request, Response

READ = Request("GET", "/things", "https://x/things", only_asks=True)
FORM = Request("POST", "/token", "https://x/token", only_asks=True)
WRITE = Request("POST", "/things", "https://x/things", only_asks=False)

NEVER_CONNECTED = NoAnswer("no connection", sent=False)
BROKE_OFF = NoAnswer("the connection broke off", sent=True)
UNTRUSTED = NoAnswer("not trusted", sent=False, may_pass=False)


def answer(status: int, retry_after: str | None = None) -> Response:
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return Response(status, "https://x/things", headers, b"{}", 1 << 20)


@pytest.mark.parametrize(
    ("outcome", "asked_again", "written_again"),
    [
        *((answer(status), False, False) for status in (200, 201, 204, 301, 400, 401, 403, 404, 409, 412, 413, 500, 501)),
        (answer(429), True, True),
        (answer(502), True, False),
        (answer(503), True, True),
        (answer(504), True, False),
        (NEVER_CONNECTED, True, True),
        (BROKE_OFF, True, False),
        (UNTRUSTED, False, False),
    ],
)
def test_who_is_sent_again(outcome: Response | NoAnswer, *, asked_again: bool, written_again: bool) -> None:
    retries = Retries(longest_wait=60)
    assert (retries.wait(READ, 1, outcome) is not None) == asked_again
    assert (retries.wait(FORM, 1, outcome) is not None) == asked_again
    assert (retries.wait(WRITE, 1, outcome) is not None) == written_again


@pytest.mark.parametrize("outcome", [answer(503), answer(429), NEVER_CONNECTED])
def test_waits_double_and_end(outcome: Response | NoAnswer) -> None:
    waits = [Retries(longest_wait=3).wait(WRITE, attempt, outcome) for attempt in range(1, ATTEMPTS + 1)]
    assert waits == [0.5, 1, 2, 3, None]


@pytest.mark.parametrize(
    ("asked", "waited"),
    [
        ("7", 7),
        (" 7 ", 7),
        ("61", 60),
        ("367946340", 60),
        ("9" * 5000, 0.5),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 60),
        ("0", 0.5),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.5),
        ("Fri, 99 Foo 99999 99:99:99 GMT", 0.5),
        ("-3", 0.5),
        ("1e9", 0.5),
        ("nan", 0.5),
        ("", 0.5),
        ("rubbish", 0.5),
        (None, 0.5),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured_and_capped(status: int, asked: str | None, waited: float) -> None:
    for request in (READ, FORM, WRITE):
        assert Retries(longest_wait=60).wait(request, 1, answer(status, asked)) == waited


def test_a_throttle_waits_after_a_429_by_itself_and_after_nothing_else() -> None:
    retries = Retries(longest_wait=60, waits_for_429=False)
    for request in (READ, FORM, WRITE):
        assert retries.wait(request, 1, answer(429, "7")) == 0
        assert retries.wait(request, 1, answer(503, "7")) == 7
        assert retries.wait(request, ATTEMPTS, answer(429)) is None


@pytest.mark.parametrize(("outcome", "asks"), [(answer(429), True), (answer(503, "1"), True), (answer(503), False)])
def test_who_asks_to_be_sent_less(outcome: Response, *, asks: bool) -> None:
    assert asks_to_wait(outcome) is asks
