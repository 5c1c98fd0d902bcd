"""The throttle is never exceeded, and a 429 in each of its forms is waited out."""

from collections import Counter
from typing import Any

import pytest

from asset_sync.reconcile.errors import SourceUnavailable
from asset_sync.sandbox.company import Company
from asset_sync.sandbox.server import Server
from asset_sync.sandbox.snipeit import SnipeState, Token, create_app
from asset_sync.systems.snipeit import SnipeItClient
from asset_sync.systems.snipeit.throttle import LONGEST_WAIT_S, Throttle


class Clock:
    """Time that passes when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Bench:
    """A throttled Snipe-IT and clients of it, on a clock of their own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **options: Any) -> None:
        self.clock = Clock()
        self.state = SnipeState(Company(20, 1), 1)
        self.answers: Counter[int] = Counter()
        app = create_app(self.state, tokens={"t": Token()}, clock=self.clock, **options)

        async def counted(scope: Any, receive: Any, send: Any) -> None:
            async def noted(message: Any) -> None:
                if message["type"] == "http.response.start":
                    self.answers[message["status"]] += 1
                await send(message)

            await app(scope, receive, noted)

        class Counted:
            async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
                await counted(scope, receive, send)

        self.server = Server(Counted())
        self.throttle = Throttle(self.clock, self.clock.sleep)
        monkeypatch.setattr("asset_sync.systems.snipeit.client.shared", lambda _url, _token: self.throttle)

    def read(self, times: int, client: SnipeItClient) -> None:
        for _ in range(times):
            client.page("companies", {"limit": 1})
            self.clock.now += 0.05


@pytest.mark.parametrize("limit", [5, 60, 120])
def test_the_limit_is_found_and_never_exceeded(monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    bench = Bench(monkeypatch, throttle=limit)
    began = bench.clock.now
    with bench.server, SnipeItClient(bench.server.url, "t") as client:
        bench.read(3 * limit, client)
    assert bench.answers == {200: 3 * limit}
    # It is made use of, too: nine tenths a minute.
    assert bench.clock.now - began < 60 * (3 / 0.9 + 1)


def test_others_on_the_same_token_are_seen_and_left_some(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(monkeypatch, throttle=60)
    with bench.server, SnipeItClient(bench.server.url, "t") as client:
        bench.read(10, client)
        mine, bench.throttle = bench.throttle, Throttle(bench.clock, bench.clock.sleep)
        with SnipeItClient(bench.server.url, "t") as other:
            bench.read(30, other)
            bench.throttle = mine
            bench.read(40, client)
    assert bench.answers[429] == 0


@pytest.mark.parametrize("refusal", ["message", "number", "retry"])
def test_a_refusal_is_waited_out_whatever_it_looks_like(monkeypatch: pytest.MonkeyPatch, refusal: str) -> None:
    bench = Bench(monkeypatch, throttle=3, refusal=refusal)
    with bench.server, SnipeItClient(bench.server.url, "t") as client:
        for _ in range(3):
            # Somebody else takes all that there is.
            SnipeItClient(bench.server.url, "t").page("companies", {})
        bench.throttle._left = None
        bench.read(1, client)
    assert bench.answers[429] == 1
    assert 0 < sum(bench.clock.slept) <= 61


def test_no_wait_is_longer_than_the_cap() -> None:
    clock = Clock()
    throttle = Throttle(clock, clock.sleep)
    throttle.learn(429, {"Retry-After": "367946340"})
    throttle.wait()
    assert clock.slept == [LONGEST_WAIT_S]


def test_refusals_without_end_are_an_error_that_may_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(monkeypatch, throttle=0)
    with bench.server, SnipeItClient(bench.server.url, "t") as client, pytest.raises(SourceUnavailable, match="429"):
        bench.read(1, client)
    assert bench.answers == {429: 5}
