"""The connections to WhatsUp Gold over REST: runs of one of them, and how each stands."""

from collections.abc import Iterator

import httpx
import pytest

from asset_sync.sandbox.world import World
from asset_sync.sandbox.wug import WugState
from asset_sync_tests.api.serving import serving
from asset_sync_tests.api.test_app import TOKEN, Json, assert_problem, ended
from asset_sync_tests.cli.lab import BRANCH
from asset_sync_tests.cli.test_connections import exported, wanted
from asset_sync_tests.components.wug.lab import EXPORT, MAIN

RUNS = f"/sync/{EXPORT}"


@pytest.fixture
def client(monitored: World) -> Iterator[httpx.Client]:
    """A client with the right token."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with serving(TOKEN) as server, httpx.Client(base_url=server.url, timeout=60, headers=headers) as client:
        yield client


def standing(client: httpx.Client) -> dict[str, Json]:
    listed: list[Json] = client.get("/connections").json()["connections"]
    assert all(client.get(f"/connections/{each['connection']}").json() == each for each in listed)
    return {each["connection"]: each for each in listed}


@pytest.mark.slow
def test_one_connection_need_not_be_named_and_tells_how_it_stands(client: httpx.Client, monitored: World) -> None:
    counts = ("total", "pending", "exported", "scan_triggered", "scan_completed", "error")
    (before,) = standing(client).values()
    assert before == {
        "connection": MAIN,
        "sync": EXPORT,
        "enabled": True,
        "last_export": None,
        "recent": [],
        **dict.fromkeys(counts, 0),
    }
    run = ended(client, client.post(RUNS, json={}))
    assert run["status"] == "succeeded", run
    truth = {str(device.ip): device.name for device in wanted(monitored)}
    (now,) = standing(client).values()
    assert {name: now[name] for name in counts} == {**dict.fromkeys(counts, 0), "total": len(truth), "exported": len(truth)}
    assert len(now["recent"]) == 10
    assert {row["address"]: row["device_name"] for row in now["recent"]}.items() <= truth.items()
    assert {(row["status"], row["error"]) for row in now["recent"]} == {("exported", None)}
    assert max(row["at"] for row in now["recent"]) == now["last_export"]


@pytest.mark.slow
def test_of_several_connections_one_is_named_and_its_plan_goes_there(
    client: httpx.Client, monitored: World, branch: WugState
) -> None:
    for asked, told in (({}, "name one"), ({"partition": "no"}, "there are main, branch")):
        refused = client.post(RUNS, json=asked)
        assert refused.status_code == 422
        assert_problem(refused)
        assert told in refused.json()["detail"]
        assert "\n" not in refused.json()["detail"]
    run = ended(client, client.post(RUNS, json={"partition": BRANCH, "mode": "review"}))
    plan = run["plan_id"]
    client.post(f"/plans/{plan}/approve", json={"by": "sam"})
    assert ended(client, client.post(f"/plans/{plan}/apply"))["status"] == "succeeded"
    assert len(exported(branch)) == len(wanted(monitored))
    assert not exported(monitored.wug)
    assert {name: each["exported"] for name, each in standing(client).items()} == {MAIN: 0, BRANCH: len(exported(branch))}


@pytest.mark.slow
def test_whether_what_was_taken_out_is_exported_again_is_a_requests_own_choice(client: httpx.Client, monitored: World) -> None:
    assert ended(client, client.post(RUNS, json={}))["status"] == "succeeded"
    number, taken_out = next(iter(exported(monitored.wug).items()))
    export = f"/connections/{MAIN}/export"
    monitored.wug.delete_device(taken_out)
    asked: Json = {"device_filters": {"ids": [number]}}
    for more, is_there in (({}, False), ({"exclude_recent_exports": True}, False), ({"exclude_recent_exports": False}, True)):
        run = ended(client, client.post(export, json={**asked, **more}))
        assert run["status"] == "succeeded", run
        assert (number in exported(monitored.wug)) is is_there, more
