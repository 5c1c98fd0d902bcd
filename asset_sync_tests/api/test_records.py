"""Records by REST over real HTTP: one that is there, by a key with a slash, and what there is not."""

from collections.abc import Iterator

import httpx
import pytest

from asset_sync.operations.runs import run_sync
from asset_sync.sandbox.world import World
from asset_sync_tests.api.serving import serving
from asset_sync_tests.cli.lab import SYNC

TOKEN = "the-services-token"


@pytest.fixture
def client(world: World) -> Iterator[httpx.Client]:
    token = {"Authorization": f"Bearer {TOKEN}"}
    with serving(TOKEN) as server, httpx.Client(base_url=server.url, timeout=60, headers=token) as made:
        yield made


def test_a_record_is_explained_by_rest(client: httpx.Client, world: World) -> None:
    assert client.get(f"/records/{SYNC}/x", headers={"Authorization": ""}).status_code in (401, 403)
    early = client.get(f"/records/{SYNC}/x")
    assert (early.status_code, "has made no plan yet" in early.json()["detail"]) == (409, True)
    run_sync(SYNC, "dry_run")
    machine = next(iter(world.company))
    told = client.get(f"/records/{SYNC}/{machine.id}").json()
    assert (told["state"], told["kind"], told["source_key"], told["key"]) == ("waiting", "asset", machine.id, machine.name)
    assert "dry run" in told["operations"][0]["waits"]
    model = next(row for row in told["operations"][0]["changes"].items() if row[0] == "inventoryitem_type")[1]["new"]["key"]
    assert "/" in model, "the key of a model has its maker before it"
    by_slash = client.get(f"/records/{SYNC}/{model}", params={"kind": "inventory_item_type"}).json()
    assert (by_slash["kind"], by_slash["source_key"], by_slash["state"]) == ("inventory_item_type", model, "waiting")
    for path, word in (
        (f"{SYNC}/nobody", "knows no record 'nobody'"),
        (f"nothing/{machine.id}", "no sync"),
        (f"{SYNC}/{machine.id}?kind=beamer", "has no kind 'beamer'"),
        (f"{SYNC}/{machine.id}?partition=x", "has no connections"),
    ):
        absent = client.get(f"/records/{path}")
        assert (absent.status_code, word in absent.json()["detail"]) == (404, True), absent.text
    described = client.get("/openapi.json").json()
    answer = described["paths"]["/records/{sync}/{key}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert answer == {"$ref": "#/components/schemas/Explanation"}
