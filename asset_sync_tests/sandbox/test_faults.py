import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from asset_sync.sandbox.faults import DATA, KNOWN, WIRE, WRITES, FaultMiddleware, Faults
from asset_sync.sandbox.server import Server


class Desk:
    """A small simulator: it stores what is posted, and refuses a token that is not `good`."""

    def __init__(self) -> None:
        self.faults = Faults(seed=1)
        self.stored: list[str] = []
        app = Starlette(routes=[Route("/things", self.show), Route("/things", self.store, methods=["POST"])])
        self.server = Server(FaultMiddleware(app, self.faults))

    async def show(self, request: Request) -> Response:
        if request.headers.get("authorization") != "Bearer good":
            return JSONResponse({"mine": "unknown token"}, 403)
        return JSONResponse({"things": self.stored})

    async def store(self, request: Request) -> Response:
        self.stored.append((await request.body()).decode())
        return Response(status_code=204)

    def get(self, path: str = "/things", timeout: float = 5) -> requests.Response:
        return requests.get(self.server.url + path, headers={"Authorization": "Bearer good"}, timeout=timeout)

    def post(self, body: str, timeout: float = 5) -> requests.Response:
        return requests.post(f"{self.server.url}/things", data=body, timeout=timeout)


@pytest.fixture(scope="module")
def running() -> Iterator[Desk]:
    desk = Desk()
    with desk.server:
        yield desk


@pytest.fixture
def desk(running: Desk) -> Iterator[Desk]:
    running.stored.clear()
    yield running
    running.faults.clear()


def test_without_faults_nothing_happens(desk: Desk) -> None:
    assert desk.get().json() == {"things": []}
    assert desk.post("a").status_code == 204


@pytest.mark.parametrize("retry_after", [7, 367946340, "Wed, 21 Oct 2037 07:28:00 GMT"])
def test_429_says_when_to_come_again(desk: Desk, retry_after: object) -> None:
    desk.faults.set("http_429", retry_after=retry_after)
    answer = desk.post("a")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, str(retry_after))
    assert desk.stored == []


def test_429_may_keep_that_to_itself(desk: Desk) -> None:
    desk.faults.set("http_429", retry_after=None)
    assert "Retry-After" not in desk.get().headers


@pytest.mark.parametrize(("name", "status"), [("http_500", 500), ("http_503", 503)])
def test_server_errors_come_before_anything_is_stored(desk: Desk, name: str, status: int) -> None:
    desk.faults.set(name, times=1)
    assert desk.post("a").status_code == status
    assert desk.stored == []
    assert desk.post("a").status_code == 204


def test_timeout_before_stores_nothing(desk: Desk) -> None:
    desk.faults.set("timeout_before", times=1)
    with pytest.raises(requests.ReadTimeout):
        desk.post("a", timeout=0.2)
    assert desk.stored == []


def test_timeout_after_write_has_stored(desk: Desk) -> None:
    desk.faults.set("timeout_after_write", method="post")
    with pytest.raises(requests.ReadTimeout):
        desk.post("a", timeout=0.2)
    assert desk.get().json() == {"things": ["a"]}


def test_a_timeout_can_end_as_a_proxy_ends_it(desk: Desk) -> None:
    desk.faults.set("timeout_after_write", seconds=0.05)
    assert desk.post("a").status_code == 504
    assert desk.stored == ["a"]


def test_cut_breaks_off_inside_the_body(desk: Desk) -> None:
    desk.faults.set("cut")
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        desk.get()
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        desk.post("a")
    assert desk.stored == ["a"]


def test_html_login_is_a_200_that_is_no_json(desk: Desk) -> None:
    desk.faults.set("html_login")
    answer = desk.post("a")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "password" in answer.text
    assert desk.stored == []


def test_slow_is_late_but_right(desk: Desk) -> None:
    desk.faults.set("slow", seconds=0.2)
    started = time.monotonic()
    assert desk.get().status_code == 200
    assert time.monotonic() - started >= 0.2


def test_an_expired_token_is_refused_in_the_simulators_own_words(desk: Desk) -> None:
    desk.faults.set("expired_token")
    answer = desk.get()
    assert (answer.status_code, answer.json()) == (403, {"mine": "unknown token"})


def test_a_path_can_name_one_page(desk: Desk) -> None:
    desk.faults.set("http_500", path=r"/things\?page=2$")
    assert [desk.get(f"/things?page={page}").status_code for page in (1, 2, 3)] == [200, 500, 200]


def test_a_rate_is_kept_and_comes_out_the_same_again() -> None:
    runs = []
    for _ in range(2):
        faults = Faults(seed=5)
        faults.set("http_500", rate=0.3)
        runs.append([faults.fires("http_500") is not None for _ in range(1000)])
    assert runs[0] == runs[1]
    assert 250 < sum(runs[0]) < 350


def test_the_picked_share_is_right_and_does_not_waver() -> None:
    faults = Faults(seed=5)
    picked = {key for key in range(5000) if faults.picks("junk_serials", str(key), 0.2)}
    assert 900 < len(picked) < 1100
    assert picked == {key for key in range(5000) if Faults(5).picks("junk_serials", str(key), 0.2)}
    assert all(faults.picks("junk_serials", str(key), 0.4) for key in picked)
    assert not any(faults.picks("junk_serials", str(key), 0.0) for key in range(100))


def test_strikes_are_limited_and_counted_across_threads() -> None:
    faults = Faults()
    faults.set("http_500", times=50)
    with ThreadPoolExecutor(8) as pool:
        fired = list(pool.map(lambda _: faults.fires("http_500") is not None, range(400)))
    assert sum(fired) == 50
    assert faults.counts() == {"http_500": 50}


def test_clear_takes_one_or_all() -> None:
    faults = Faults()
    faults.set("http_500")
    faults.set("cut", rate=0.5, path="x")
    faults.clear("http_500")
    assert faults.active() == [{"name": "cut", "rate": 0.5, "times": None, "path": "x", "method": None}]
    faults.clear()
    assert faults.active() == []


def test_a_share_is_told_while_it_lasts() -> None:
    faults = Faults()
    faults.set("shrunken_source", rate=0.4, times=1, path="/devices")
    assert faults.share("shrunken_source", "/groups") is None
    assert faults.share("shrunken_source", "/devices") == 0.4
    assert faults.share("shrunken_source", "/devices") is None


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="http_429") as told:
        Faults().set("http_418")
    assert all(name in str(told.value) for name in KNOWN)
    with pytest.raises(ValueError, match="no fault"):
        Faults().clear("http_418")
    assert len({*WIRE, *DATA, *WRITES}) == len(WIRE) + len(DATA) + len(WRITES)


def test_what_the_simulator_cannot_play_is_refused() -> None:
    with pytest.raises(ValueError, match="no fault"):
        Faults(known=WIRE).set("short_page")


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "cut", "rate": 1.5},
        {"name": "cut", "times": 0},
        {"name": "cut", "path": "("},
        {"name": "cut", "seconds": 3},
        {"name": "slow", "seconds": "long"},
    ],
)
def test_what_cannot_be_meant_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"rate|times|regular expression|option|number"):
        Faults().set(**wrong)  # type: ignore[arg-type]
