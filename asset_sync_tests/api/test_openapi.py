"""The service keeps what its OpenAPI says, whatever it is asked, and however many ask at once."""

import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from asset_sync.operations import automation
from asset_sync.sandbox.world import World
from asset_sync_tests.api.serving import serving
from asset_sync_tests.api.test_app import TOKEN
from asset_sync_tests.cli.lab import SYNC

pytestmark = pytest.mark.slow

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
HEADERS = {"Authorization": f"Bearer {TOKEN}"}
THREADS = 8
PATIENCE_S = 240


@pytest.fixture
def url(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A service in which nothing is switched: that would be a process of Dagster's each time."""
    monkeypatch.setattr(automation, "_told_dagster", lambda document: {"repositoriesOrError": {"nodes": []}})
    monkeypatch.setattr(automation, "_stopping", lambda wanted: "")
    monkeypatch.setenv("ASSET_SYNC_HOOK_SECRET", "a-secret")
    with serving(TOKEN) as server:
        yield server.url


def ask_everything(url: str, examples: int) -> Counter[int]:
    """Ask every path for what fits its description and for what does not; return how often each status was answered."""
    statuses: Counter[int] = Counter()
    for result in schemathesis.openapi.from_url(f"{url}/openapi.json").get_all_operations():
        operation: Any = result.ok()  # type: ignore[union-attr]  # an operation that is wrong fails here
        modes = [operation.as_strategy(generation_mode=mode) for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)]

        def ask(case: Case[Any]) -> None:
            response = case.call(headers=HEADERS, timeout=PATIENCE_S)
            case.validate_response(response, checks=CHECKS)
            statuses[response.status_code] += 1

        few = settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        few(given(case=st.one_of(modes))(ask))()
    return statuses


def test_what_is_answered_is_described(url: str) -> None:
    statuses = ask_everything(url, 3)
    assert {200, 404, 422} <= statuses.keys(), statuses


@pytest.mark.long
def test_what_is_answered_is_described_whatever_is_asked(url: str) -> None:
    statuses = ask_everything(url, 60)
    assert {200, 202, 404, 409, 422} <= statuses.keys(), statuses


CALLS = [
    *[("GET", path, None) for path in ("/plans", "/runs", "/held", "/resolutions", "/connections", "/connections/main")],
    *[("GET", path, None) for path in ("/ip-exports", "/fabrics", "/health", "/metrics", "/sync/schedule")],
    ("GET", "/runs/00000000-0000-0000-0000-000000000000", None),
    ("GET", "/history?kind=asset&id=1", None),
    ("POST", f"/sync/{SYNC}", {"mod": "normal"}),
    ("POST", "/sync/pause", {"reason": "a test", "by": "anna", "sync": "hosts_to_netbox"}),
    ("POST", "/resolutions/7/take-back", {"by": "anna"}),
]


def called(url: str, seed: int, calls: int) -> Counter[int]:
    chosen, statuses = random.Random(seed), Counter[int]()
    with httpx.Client(base_url=url, timeout=PATIENCE_S, headers=HEADERS) as client:
        if seed == 0:
            statuses[client.post(f"/sync/{SYNC}", json={"mode": "dry_run"}).status_code] += 1
        for _ in range(calls):
            method, path, body = chosen.choice(CALLS)
            statuses[client.request(method, path, json=body).status_code] += 1
    return statuses


@pytest.mark.parametrize("calls", [15, pytest.param(200, marks=pytest.mark.long)])
def test_many_who_ask_at_once_are_all_answered(url: str, calls: int) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        statuses = sum(pool.map(lambda seed: called(url, seed, calls), range(THREADS)), Counter[int]())
    assert statuses.total() == THREADS * calls + 1
    assert set(statuses) <= {200, 202, 404, 409, 422}, statuses
