"""2,000 hosts, one in twenty of them changed: one run for all documents that came, beside a run for each of them alone.

pytest -o addopts="" -s asset_sync_tests/bench/test_hosts.py -m bench
"""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from asset_sync.operations.hosts import take_documents
from asset_sync.operations.runs import RunReport, run_sync
from asset_sync.sandbox.hosts import Fleet
from asset_sync.sandbox.world import World

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]

SYNC = "hosts_to_netbox"
HOSTS = 2_000
ALONE = 5
"""So many of the changed hosts are synced one by one; the others would take as long each."""
BATCH = 100
PAGE = 1_000


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, database_url: str, tmp_path: Path) -> Iterator[World]:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("ASSET_SYNC_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    with World(10, 7) as made:
        for name, value in made.environment().items():
            monkeypatch.setenv(name, value)
        yield made


def test_one_run_for_all_that_changed_beside_one_for_each(world: World, tmp_path: Path) -> None:
    fleet = Fleet(HOSTS, 7)
    fleet.register(world.netbox)
    first = synced(fleet, tmp_path)
    told("first, all", first)
    told("again", again := synced(fleet, tmp_path))
    assert again[0].requests.write == 0
    changed = fleet.day()
    before = rows_of(world)
    report, seconds = synced(fleet, tmp_path)
    told(f"{len(changed)} changed, one run", (report, seconds))
    assert report.plan is not None
    writes = sum(report.plan.counts.values())
    groups = 13  # kinds of writes, each of which takes a request however few there are of it
    pages = 2 * sum(rows // PAGE + 1 for rows in before)  # the inventory, and what is read back
    print(f"{writes} writes: {report.requests.write} requests; at most {writes // BATCH + 2 * groups}")
    print(f"read: {report.requests.read} requests; {pages} pages twice")
    assert report.requests.write <= writes // BATCH + 2 * groups
    alone = [one_alone(fleet, tmp_path, number) for number in fleet.day()[:ALONE]]
    each = sum(s for _, s in alone) / len(alone)
    asked = sum(r.requests.read + r.requests.write for r, _ in alone) / len(alone)
    print(f"one at a time: {each:.1f} s and {asked:.0f} requests a host, {each * len(changed) / seconds:.0f} times as long")


def synced(fleet: Fleet, tmp_path: Path) -> tuple[RunReport, float]:
    fleet.write(tmp_path / "home" / "hosts")
    began = time.perf_counter()
    assert not take_documents(SYNC)
    report = run_sync(SYNC)
    assert report.succeeded, report.reasons
    return report, time.perf_counter() - began


def one_alone(fleet: Fleet, tmp_path: Path, number: int) -> tuple[RunReport, float]:
    only = Fleet(0, 7)
    only.documents = [fleet.documents[number]]
    return synced(only, tmp_path)


def rows_of(world: World) -> Sequence[int]:
    endpoints = (
        "dcim/devices",
        "dcim/interfaces",
        "dcim/mac-addresses",
        "ipam/ip-addresses",
        "virtualization/virtual-machines",
    )
    return [len(world.netbox.objects(endpoint)) for endpoint in endpoints]


def told(what: str, ran: tuple[RunReport, float]) -> None:
    report, seconds = ran
    counts = report.plan.counts if report.plan else {}
    print(f"\n{what}: {seconds:.1f} s, {report.requests.read} requests read, {report.requests.write} wrote, {counts}")
