"""Writing to a NetBox beside a bare loop of the same batches by the same number of workers: the share of its speed.

pytest -o addopts="" -s asset_sync_tests/bench/test_netbox.py -m bench

Against the NetBox that ASSET_SYNC_TEST_NETBOX_URL and ASSET_SYNC_TEST_NETBOX_TOKEN name (what is made there is deleted at the
end), else a simulator in a process of its own that takes a real server's times: 45 assets a second and worker, 100 ms for any
request. Ours is the whole apply: look, intent, write, and what is recorded in the ledger.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import pytest
import requests
from sqlalchemy import Engine

from asset_sync.ledger import Ledger
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.apply import apply
from asset_sync.reconcile.plan import Plan
from asset_sync.sandbox.netbox import DEFAULT_TOKEN
from asset_sync.systems.netbox import KINDS, NetBoxClient, NetBoxTarget

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1800)]

BATCH: Final = 100
WORKERS: Final = 4
LEAST_SHARE: Final = 0.9
REAL_URL: Final = os.environ.get("ASSET_SYNC_TEST_NETBOX_URL", "")
ENDPOINT: Final = "plugins/inventory/assets"
SIMULATOR: Final = """
import time
from asset_sync.sandbox.netbox import Times, create_app
from asset_sync.sandbox.server import Server
with Server(create_app(times=Times(request=0.1, row=1 / 45))) as server:
    print(server.url, flush=True)
    time.sleep(3600)
"""


class Bare:
    """A NetBox by `requests` alone."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self._headers = {"Authorization": f"{'Bearer' if token.startswith('nbt_') else 'Token'} {token}"}

    def post(self, endpoint: str, body: Any) -> Any:
        answer = requests.post(f"{self.url}/api/{endpoint}/", json=body, headers=self._headers, timeout=120)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def delete(self, endpoint: str, ids: Sequence[int]) -> None:
        """Delete objects, in batches."""
        for at in range(0, len(ids), BATCH):
            body = [{"id": one} for one in ids[at : at + BATCH]]
            requests.delete(f"{self.url}/api/{endpoint}/", json=body, headers=self._headers, timeout=120).raise_for_status()


@pytest.fixture(scope="module")
def netbox() -> Iterator[tuple[str, str]]:
    """The address of the NetBox, and a token."""
    if REAL_URL:
        yield REAL_URL, os.environ["ASSET_SYNC_TEST_NETBOX_TOKEN"]
        return
    with subprocess.Popen([sys.executable, "-c", SIMULATOR], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip(), DEFAULT_TOKEN
        process.terminate()


@pytest.mark.parametrize("assets", [500, 2_000, 20_000])
def test_writes_are_hardly_slower_than_a_bare_loop(netbox: tuple[str, str], engine: Engine, assets: int) -> None:
    bare, prefix = Bare(*netbox), uuid4().hex[:8]
    maker = bare.post("dcim/manufacturers", {"name": prefix, "slug": prefix})["id"]
    item_type = bare.post("plugins/inventory/inventory-item-types", {"manufacturer": maker, "model": prefix, "slug": prefix})[
        "id"
    ]
    made: list[int] = []
    try:
        bodies = [{**_values(f"{prefix}B", n), "inventoryitem_type": item_type} for n in range(assets)]
        alone = _seconds(lambda: made.extend(_looped(bare, bodies)))
        ours = _seconds(lambda: made.extend(_applied(netbox, engine, f"{prefix}A", str(item_type), assets)))
    finally:
        bare.delete(ENDPOINT, made)
        bare.delete("plugins/inventory/inventory-item-types", [item_type])
        bare.delete("dcim/manufacturers", [maker])
    assert len(made) == 2 * assets
    print(f"\n{assets:,} assets: a bare loop {alone:.1f} s, asset_sync {ours:.1f} s: {alone / ours:.2f} of its speed")
    assert alone / ours >= LEAST_SHARE


def _values(prefix: str, number: int) -> dict[str, str]:
    serial = f"{prefix}{number:05}"
    return {"name": f"PC-{serial}", "serial": serial, "status": "used", "description": "Windows 11 Pro"}


def _looped(bare: Bare, bodies: Sequence[dict[str, Any]]) -> list[int]:
    batches = [bodies[at : at + BATCH] for at in range(0, len(bodies), BATCH)]
    with ThreadPoolExecutor(WORKERS) as pool:
        return [row["id"] for rows in pool.map(lambda batch: bare.post(ENDPOINT, batch), batches) for row in rows]


def _applied(netbox: tuple[str, str], engine: Engine, prefix: str, item_type: str, assets: int) -> list[int]:
    plan = Plan("bench", "normal", p.operations_table([_operation(prefix, n, item_type) for n in range(assets)]))
    ledger, run = Ledger(engine), "bench"
    ledger.save(plan, run, datetime.now(UTC))
    with NetBoxClient(*netbox, writable=True) as client:
        outcomes = apply(
            plan,
            KINDS,
            NetBoxTarget(client),
            done={},
            known={},
            intend=lambda seqs: ledger.intend(plan.id, seqs, run, datetime.now(UTC)),
            record=lambda ended: ledger.record(plan, ended, run, datetime.now(UTC)),
            workers=WORKERS,
        )
    assert {outcome.outcome for outcome in outcomes.values()} == {"applied"}
    return [int(str(outcome.target_id)) for outcome in outcomes.values()]


def _operation(prefix: str, number: int, item_type: str) -> tuple[str | None, ...]:
    values = {**_values(prefix, number), "inventoryitem_type": {"kind": "inventory_item_type", "key": prefix, "id": item_type}}
    told = {name: {"old": None, "new": value, "owner": "source", "reason": "new"} for name, value in values.items()}
    key = f"k{number:05}"
    return ("asset", p.CREATE, key, key, None, None, p.encode(told), "not in the target", None, None, None, None)


def _seconds(work: Any) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
