"""The REST service over real HTTP, on a simulated NetBox and a real PostgreSQL."""

import time
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import httpx
import pytest

from asset_sync.ledger import Ledger
from asset_sync.sandbox.world import World
from asset_sync_tests.api.serving import serving
from asset_sync_tests.cli.lab import SIZE, SYNC, assets

TOKEN = "the-services-token"
Json = dict[str, Any]


@pytest.fixture
def anybody(world: World) -> Iterator[httpx.Client]:
    """A client without a token."""
    with serving(TOKEN) as server, httpx.Client(base_url=server.url, timeout=60) as client:
        yield client


@pytest.fixture
def client(anybody: httpx.Client) -> httpx.Client:
    """A client with the right token."""
    anybody.headers["Authorization"] = f"Bearer {TOKEN}"
    return anybody


def ended(client: httpx.Client, started: httpx.Response) -> Json:
    """Follow a run to its end."""
    assert started.status_code == 202, started.text
    run: Json = started.json()
    deadline = time.monotonic() + 60
    while run["status"] in {"queued", "running"} and time.monotonic() < deadline:
        time.sleep(0.05)
        run = client.get(f"/runs/{run['id']}").json()
    return run


def assert_problem(answer: httpx.Response) -> None:
    """It is a problem as RFC 9457 has it, and of the answer's own status."""
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert set(told) == {"type", "title", "status", "detail"}
    assert (told["type"], told["status"]) == ("about:blank", answer.status_code)
    assert told["title"] == HTTPStatus(answer.status_code).phrase


def synced(client: httpx.Client, mode: str = "normal") -> Json:
    run = ended(client, client.post(f"/sync/{SYNC}", json={"mode": mode}))
    assert run["status"] == "succeeded", run
    return run


CLOSED = [
    ("GET", "/plans"),
    ("GET", "/plans/abc"),
    ("GET", "/plans/abc/report"),
    ("POST", "/plans/abc/approve"),
    ("POST", "/plans/abc/reject"),
    ("POST", "/plans/abc/apply"),
    ("POST", "/plans/abc/undo"),
    ("POST", f"/sync/{SYNC}"),
    ("GET", "/runs/abc"),
    ("GET", "/history"),
    ("GET", "/connections"),
    ("GET", "/connections/abc"),
    ("GET", "/connections/abc/export-status"),
    ("POST", "/connections/abc/export"),
    ("GET", "/runs"),
    ("POST", "/runs/abc/undo"),
    ("GET", "/ip-exports"),
    ("POST", "/ip-exports/bulk-export"),
    ("GET", "/fabrics"),
    ("POST", "/fabrics/abc/sync"),
    ("POST", "/hosts"),
    ("GET", "/sync/schedule"),
    ("POST", "/sync/scheduler/start"),
    ("POST", "/sync/scheduler/stop"),
    ("POST", "/sync/pause"),
    ("POST", "/sync/resume"),
    ("GET", "/metrics"),
]


def test_only_health_is_open(anybody: httpx.Client) -> None:
    health = anybody.get("/health").json()
    assert (health["status"], health["daemon"]) == ("ok", False)
    assert {"sync": SYNC, "last_success": None, "age_seconds": None, "paused": None} in health["syncs"]
    for method, path in CLOSED:
        answer = anybody.request(method, path)
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer"), path
        for wrong in (b"Bearer wrong", f"Bearer {TOKEN}x".encode(), "Bearer ä".encode("latin-1")):
            answer = anybody.request(method, path, headers={b"Authorization": wrong})
            assert answer.status_code == 403, path
            assert_problem(answer)
        assert anybody.request(method, path, headers={"Authorization": "Basic Zm9v"}).status_code == 401


def test_every_path_is_described(anybody: httpx.Client) -> None:
    described = anybody.get("/openapi.json").json()["paths"]
    for method, path in CLOSED:
        template = path.replace("/plans/abc", "/plans/{plan_id}").replace(SYNC, "{name}").replace("/runs/abc", "/runs/{run_id}")
        template = template.replace("/connections/abc", "/connections/{name}").replace("/fabrics/abc", "/fabrics/{name}")
        operation = described[template][method.lower()]
        assert operation["security"]
        assert {"401", "403", "422"} <= operation["responses"].keys()
        success = next(answer for status, answer in operation["responses"].items() if status.startswith("2"))
        assert all(content["schema"] for content in success["content"].values())


def test_the_page_of_the_paths_is_as_open_as_their_description(anybody: httpx.Client) -> None:
    page = anybody.get("/docs", follow_redirects=True)
    assert (page.status_code, page.headers["content-type"].split(";")[0]) == (200, "text/html")
    assert "script-src 'self';" in page.headers["content-security-policy"]
    for needed in ("swagger-ui-bundle.js", "swagger-ui.css", "start.js", "../openapi.json"):
        assert anybody.get(f"/docs/{needed}").status_code == 200, needed


WRONG: list[tuple[str, str, Json | None, int, str]] = [
    ("GET", "/plans/abc", None, 404, "no plan 'abc'"),
    ("POST", "/plans/abc/apply", None, 404, "no plan 'abc'"),
    ("POST", "/plans/abc/undo", {"by": "pat"}, 404, "no plan 'abc'"),
    ("POST", "/held", None, 422, "body: "),
    ("POST", "/plans/abc/approve", {"by": "pat"}, 404, "no plan 'abc'"),
    ("GET", "/plans?limit=0", None, 422, "limit: "),
    ("GET", "/plans?sync=nonsense", None, 404, "there is no sync 'nonsense'"),
    ("GET", "/history?kind=asset", None, 422, "id: "),
    ("GET", "/history?kind=foo&id=1", None, 404, "no sync has a kind 'foo'; there are "),
    ("GET", "/history?kind=asset&id=abc", None, 404, "nothing is known of asset 'abc'"),
    ("POST", "/sync/nonsense", {}, 404, "there is no sync 'nonsense'"),
    ("POST", f"/sync/{SYNC}", {"mode": "loud"}, 422, "mode: "),
    ("POST", f"/sync/{SYNC}", {"mod": "dry_run"}, 422, "mod: "),
    ("POST", f"/sync/{SYNC}", None, 422, "body: "),
    ("POST", "/sync/snipeit_to_postgres", {"mode": "review"}, 422, "its modes are normal and full"),
    ("POST", "/resolutions/7/take-back", {"by": " "}, 422, "by: "),
    ("POST", f"/resolutions/{10**20}/take-back", {"by": "pat"}, 422, "number: "),
    ("POST", f"/sync/{SYNC}", {"partition": "main"}, 422, f"{SYNC} has no partitions: leave 'main' out"),
    ("POST", "/sync/netbox_to_wug", {"partition": "no"}, 422, "netbox_to_wug has no partition 'no'; there are main"),
    ("POST", "/sync/netbox_to_wug", {"partition": 7}, 422, "partition: "),
    ("POST", "/sync/netbox_to_wug", {"filters": {"colours": ["red"]}}, 422, "NetBox cannot be asked for some colours alone"),
    ("POST", "/sync/pdq_exports", {}, 422, "runs once for each file"),
    ("GET", "/connections/nonsense", None, 404, "there is no connection 'nonsense'; there are main"),
    ("POST", "/connections/nonsense/export", {}, 404, "there is no connection 'nonsense'; there are main"),
    ("POST", "/connections/main/export", {"device_filters": {"site": ["a"]}}, 422, "device_filters.site: "),
    ("POST", "/connections/main/export", {"exclude_recent_exports": 24}, 422, "exclude_recent_exports: "),
    ("POST", "/ip-exports/bulk-export", {"device_ids": []}, 422, "device_ids: "),
    ("GET", "/ip-exports?state=error", None, 422, "state: "),
    ("POST", "/hosts", {"host": 1}, 422, "the document "),
    ("POST", "/fabrics/nonsense/sync", None, 404, "nonsense not found"),
    ("POST", "/sync/scheduler/start", {"name": "nonsense"}, 404, "there is no schedule or sensor 'nonsense'"),
    ("POST", "/sync/resume", {}, 409, "nothing is paused"),
    ("GET", "/runs/00000000-0000-0000-0000-000000000000", None, 404, "there is no run"),
    ("GET", "/nonsense", None, 404, "Not Found"),
    ("DELETE", "/plans", None, 405, "Method Not Allowed"),
]


def test_errors_are_one_line(client: httpx.Client) -> None:
    for method, path, body, status, told in WRONG:
        answer = client.request(method, path, json=body)
        assert answer.status_code == status, (path, answer.text)
        assert_problem(answer)
        assert told in answer.json()["detail"]
        assert "\n" not in answer.json()["detail"]
    form = client.post(f"/sync/{SYNC}", content='{"mode": "dry_run"}', headers={"content-type": "text/plain"})
    assert (form.status_code, "Content-Type: application/json; it came as text/plain" in form.json()["detail"]) == (422, True)
    cut = client.post(f"/sync/{SYNC}", content='{"mode"', headers={"content-type": "application/json"})
    assert (cut.status_code, cut.json()["detail"]) == (422, "body: JSON decode error")


TWICE = [
    (f"/sync/{SYNC}", '{"mode": "dry_run", "mode": "normal"}', "mode"),
    ("/sync/netbox_to_wug", '{"filters": {"ids": ["1"], "ids": ["2"]}}', "ids"),
    ("/plans/abc/approve", '{"by": "anna", "by": "\\u0062en"}', "by"),
    ("/hosts", '{"host": 1, "host": 2}', "host"),
]


def test_a_key_that_is_sent_twice_is_refused_by_name_and_starts_nothing(client: httpx.Client) -> None:
    for path, body, name in TWICE:
        answer = client.post(path, content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 422, (path, answer.text)
        assert_problem(answer)
        assert answer.json()["detail"] == f"{name}: it is there 2 times; send each key once"
    assert [client.get("/runs").json()[which] for which in ("runs", "waiting")] == [[], []]


def test_held_records_are_decided_about_where_they_are_listed_and_under_the_path_of_before(client: httpx.Client) -> None:
    deciding = {"by": "anna", "sync": SYNC, "verb": "ignore", "kind": "asset", "source_key": "nobody"}
    answers = [client.post(path, json=deciding, follow_redirects=True) for path in ("/held", "/resolutions")]
    assert {each.status_code for each in answers} == {409}
    assert ["knows no asset 'nobody'" in each.json()["detail"] for each in answers] == [True, True]
    assert client.post("/resolutions", json=deciding).headers["location"] == "/held"


NO_DECISIONS: list[tuple[str, Json]] = [
    ("/held", {"by": " "}),
    ("/held", {"by": "a\0"}),
    ("/held", {"verb": "link", "target_id": " "}),
    ("/held", {"verb": "link", "target_id": "\0"}),
    ("/held", {"until_changed": True}),
    (f"/resolutions/{10**20}/take-back", {}),
    ("/resolutions/0/take-back", {}),
    ("/plans/%00/approve", {}),
]


@pytest.mark.slow
def test_a_decision_that_is_none_is_told_to_whoever_made_it(client: httpx.Client, world: World) -> None:
    synced(client)
    about = {"sync": SYNC, "verb": "create", "kind": "asset", "source_key": next(iter(world.company)).id, "by": "anna"}
    for path, more in NO_DECISIONS:
        refused = client.post(path, json={**about, **more})
        assert refused.status_code == 422, (path, more, refused.text)
        assert client.get("/resolutions").json() == {"resolutions": []}, (path, more)


def test_a_database_that_is_gone_is_one_line(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://pat:hunter2@127.0.0.1:9/db")
    answer = client.get("/plans")
    assert answer.status_code == 503
    assert_problem(answer)
    assert "the database" in answer.json()["detail"]
    assert "hunter2" not in answer.text


def test_a_run_is_followed_to_its_plan(client: httpx.Client, world: World) -> None:
    run = synced(client)
    assert run["converged"] is True
    assert run["requests"]["write"] == world.netbox.requests.writes
    (listed,) = client.get("/plans", params={"sync": SYNC}).json()["plans"]
    assert (listed["id"], listed["state"], listed["run_id"]) == (run["plan_id"], "applied", run["id"])
    page = client.get(f"/plans/{run['plan_id'][:8]}", params={"offset": 2, "limit": 3}).json()
    assert [row["seq"] for row in page["operations"]] == [2, 3, 4]
    assert page["total"] == sum(listed["counts"].values())
    assert {row["outcome"] for row in page["operations"]} == {"applied"}
    chosen = client.get(f"/plans/{run['plan_id']}", params={"kind": "manufacturer", "op": "create", "limit": 1}).json()
    assert [row["kind"] for row in chosen["operations"]] == ["manufacturer"]
    assert 0 < chosen["total"] < page["total"]
    assert client.get(f"/plans/{run['plan_id']}", params={"outcome": "failed"}).json()["total"] == 0
    assert client.get(f"/plans/{run['plan_id']}", params={"field": "nonsense"}).json()["total"] == 0
    assert client.get(f"/plans/{run['plan_id']}").json()["connection"] is None
    (only,) = client.get("/runs", params={"sync": SYNC, "status": "succeeded"}).json()["runs"]
    assert (only["id"], only["plan_id"]) == (run["id"], run["plan_id"])
    metrics = client.get("/metrics").text
    for system in ("pdq", "netbox"):
        assert f'asset_sync_throttle_wait_seconds{{sync="{SYNC}",system="{system}"}} ' in metrics
    assert f'asset_sync_runs_total{{status="succeeded",sync="{SYNC}"}} 1.0' in metrics
    assert f'asset_sync_operations_total{{kind="asset",outcome="applied",sync="{SYNC}"}} {SIZE:.1f}' in metrics
    report = client.get(f"/plans/{run['plan_id']}/report")
    assert report.headers["content-type"].startswith("text/markdown")
    assert report.text.startswith(f"# Plan {run['plan_id']}")
    written = client.get("/history", params={"kind": "asset", "id": "1", "field": "name"}).json()["writes"]
    assert [(row["run_id"], row["field"]) for row in written] == [(run["id"], "name")]
    told = report.text + client.get("/plans").text + client.get(f"/plans/{run['plan_id']}").text
    assert not [secret for secret in (TOKEN, *world.environment().values()) if secret in told]


def test_a_review_is_approved_and_applied(client: httpx.Client, world: World) -> None:
    plan = synced(client, "review")["plan_id"]
    assert client.get(f"/plans/{plan}").json()["state"] == "waiting"
    refused = client.post(f"/plans/{plan}/apply")
    assert (refused.status_code, "waits for approval" in refused.json()["detail"]) == (409, True)
    assert client.post(f"/plans/{plan}/approve", json={"by": ""}).status_code == 422
    assert client.post(f"/plans/{plan}/reject", json={"by": "pat"}).json()["state"] == "rejected"
    assert "was rejected by pat" in client.post(f"/plans/{plan}/apply").json()["detail"]
    approved = client.post(f"/plans/{plan}/approve", json={"by": "sam"}).json()
    assert (approved["state"], approved["approved_by"]) == ("approved", ["sam"])
    assert [(decision["by"], decision["approved"]) for decision in approved["decisions"]] == [("pat", False), ("sam", True)]
    assert assets(world) == {}
    run = ended(client, client.post(f"/plans/{plan}/apply"))
    assert (run["status"], run["plan_id"]) == ("succeeded", plan)
    assert len(assets(world)) == SIZE
    late = client.post(f"/plans/{plan}/reject", json={"by": "pat"})
    assert (late.status_code, "is applied" in late.json()["detail"]) == (409, True)


@pytest.mark.slow
def test_an_approved_plan_that_went_stale_is_shown_and_refused_as_stale(client: httpx.Client, world: World) -> None:
    plan = synced(client, "review")["plan_id"]
    client.post(f"/plans/{plan}/approve", json={"by": "sam"})
    later = synced(client)["plan_id"]
    told = client.get(f"/plans/{plan}").json()
    assert (told["state"], told["stale_because"]) == ("stale", f"plan {later} was applied since it was made")
    assert f"make a new plan: asset-sync plan {SYNC}" in told["waits"]
    for asked in (client.post(f"/plans/{plan}/apply"), client.post(f"/plans/{plan}/approve", json={"by": "sam"})):
        assert (asked.status_code, "is stale" in asked.json()["detail"]) == (409, True)


@pytest.mark.slow
def test_a_plan_that_was_applied_before_the_last_one_waits_for_nothing(client: httpx.Client, world: World) -> None:
    first = synced(client)["plan_id"]
    world.day()
    assert synced(client)["plan_id"] != first
    told = client.get(f"/plans/{first}").json()
    assert (told["state"], told["waits"]) == ("applied", None)
    refused = client.post(f"/plans/{first}/apply")
    assert (refused.status_code, "make a new plan" in refused.json()["detail"]) == (409, True)


@pytest.mark.slow
def test_an_interrupted_plan_is_shown_as_interrupted_and_gone_on_with(
    client: httpx.Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*args: object, **more: object) -> None:
        raise RuntimeError("killed between NetBox's answer and the ledger")

    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "record", killed)
        failed = ended(client, client.post(f"/sync/{SYNC}", json={}))
    assert failed["status"] == "failed"
    told = client.get(f"/plans/{failed['plan_id']}").json()
    assert (told["state"], told["waits"]) == ("interrupted", None)
    assert ended(client, client.post(f"/plans/{failed['plan_id']}/apply"))["status"] == "succeeded"
    assert client.get(f"/plans/{failed['plan_id']}").json()["state"] == "applied"
    assert len(assets(world)) == SIZE


@pytest.mark.slow
def test_an_undo_brings_back_what_was(client: httpx.Client, world: World) -> None:
    synced(client)
    before = assets(world)
    world.day()
    plan = synced(client)["plan_id"]
    answer = client.post(f"/plans/{plan}/undo", json={"by": "kim"})
    if answer.status_code == 409:
        undo = client.get("/plans", params={"limit": 1}).json()["plans"][0]["id"]
        assert undo in answer.json()["detail"]
        client.post(f"/plans/{undo}/approve", json={"by": "kim"})
        answer = client.post(f"/plans/{undo}/apply")
    assert (undone := ended(client, answer))["status"] == "succeeded"
    assert [each["by"] for each in client.get(f"/plans/{undone['plan_id']}").json()["decisions"]] == ["kim"]
    after = assets(world)
    assert {number: after[number] for number in before} == before


@pytest.mark.slow
def test_an_undo_beyond_the_limits_waits(client: httpx.Client, world: World) -> None:
    plan = synced(client)["plan_id"]
    written = assets(world)
    answer = client.post(f"/plans/{plan}/undo", json={"by": "kim"})
    assert answer.status_code == 409
    assert "is stopped by its guards (retired: " in answer.json()["detail"]
    assert assets(world) == written


def test_a_failed_run_tells_why(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PDQ_TOKEN", "not-a-token\nat-all")
    run = ended(client, client.post(f"/sync/{SYNC}", json={"mode": "dry_run"}))
    assert run["status"] == "failed"
    assert run["reasons"][0].startswith("pdq/devices: ")
    assert "at-all" not in str(run)


@pytest.mark.slow
def test_a_run_of_somebody_else_is_known(client: httpx.Client, world: World) -> None:
    run = synced(client)
    with serving(TOKEN) as other:
        told = client.get(f"{other.url}/runs/{run['id']}").json()
    assert told == run
    assert (run["converged"], run["requests"]["write"] > 0) == (True, True)
