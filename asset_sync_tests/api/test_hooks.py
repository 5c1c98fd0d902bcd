"""What NetBox's event rules send: believed where it is signed, young and new, and followed by an export."""

import hashlib
import hmac
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest

from asset_sync.sandbox.world import World
from asset_sync_tests.api.serving import serving
from asset_sync_tests.api.test_app import TOKEN, Json, assert_problem
from asset_sync_tests.cli.test_connections import exported, wanted

pytestmark = pytest.mark.slow

SECRET = "the-hooks-secret"
WITHIN_S = 15.0


@pytest.fixture
def anybody(monitored: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    """A client without a token, of a service that knows the secret of the hook."""
    monkeypatch.setenv("ASSET_SYNC_HOOK_SECRET", SECRET)
    with serving(TOKEN) as server, httpx.Client(base_url=server.url, timeout=60) as client:
        yield client


def event(device: str, *, at: datetime | None = None, **more: Any) -> bytes:
    """What NetBox 4.5 sends of a device that was updated, told apart from others by its request's id."""
    told = {
        "event": "updated",
        "timestamp": (at or datetime.now(UTC)).isoformat(),
        "object_type": "dcim.device",
        "request": {"id": f"{time.monotonic_ns()}"},
        "data": {"id": int(device), "primary_ip": {"id": 1, "address": "10.0.0.1/24"}},
    }
    return orjson.dumps({**told, **more})


def sent(client: httpx.Client, body: bytes, *, secret: str = SECRET) -> httpx.Response:
    signature = hmac.new(secret.encode(), body, hashlib.sha512).hexdigest()
    return client.post("/hooks/netbox", content=body, headers={"X-Hook-Signature": signature})


def waiting_or_begun(client: httpx.Client) -> list[Json]:
    page = client.get("/runs", headers={"Authorization": f"Bearer {TOKEN}"}).json()
    found: list[Json] = [*page["waiting"], *page["runs"]]
    return found


def test_what_is_not_signed_young_and_new_is_refused_and_starts_nothing(anybody: httpx.Client) -> None:
    body = event("1")
    old = event("1", at=datetime.now(UTC) - timedelta(hours=2))
    refused = [
        (anybody.post("/hooks/netbox", content=body), 401),
        (sent(anybody, body, secret="another"), 401),
        (anybody.post("/hooks/netbox", content=body, headers={b"X-Hook-Signature": "ä".encode("latin-1")}), 401),
        (sent(anybody, old), 409),
        (sent(anybody, b"[]"), 422),
        (sent(anybody, b"no json"), 422),
        (sent(anybody, body.replace(b'{"event"', b'{"event":"deleted","event"')), 422),
        (sent(anybody, b" " * 1_100_000), 413),
    ]
    for answer, status in refused:
        assert answer.status_code == status, answer.text
        assert_problem(answer)
        assert SECRET not in answer.text
    deleted, unaddressed = event("1", event="deleted"), event("1", data={"id": 1, "primary_ip": None})
    for nothing in (deleted, unaddressed, event("1", object_type="dcim.site")):
        assert (sent(anybody, nothing).status_code, waiting_or_begun(anybody)) == (202, [])


@pytest.mark.slow
def test_a_hook_leads_to_one_export_within_15_seconds_and_is_taken_once(anybody: httpx.Client, monitored: World) -> None:
    device = next(iter(wanted(monitored)))
    number = next(row["id"] for row in monitored.netbox.objects("dcim/devices") if row["name"] == device.name)
    # `asset-sync serve` has loaded the syncs before it answers; this service loads them with its first answer.
    assert anybody.get("/health").status_code == 200
    began = time.monotonic()
    hooks = [event(str(number)) for _ in range(10)]
    with ThreadPoolExecutor(len(hooks)) as pool:
        runs = list(pool.map(lambda body: sent(anybody, body).json()["runs"], hooks))
    # Ten events of one device are one run.
    assert len({tuple(each) for each in runs}) == 1
    again = sent(anybody, hooks[0])
    assert (again.status_code, "taken before" in again.json()["detail"]) == (409, True)
    while not exported(monitored.wug) and time.monotonic() - began < WITHIN_S:
        time.sleep(0.1)
    assert set(exported(monitored.wug)) == {str(number)}
    assert len(waiting_or_begun(anybody)) == 1
