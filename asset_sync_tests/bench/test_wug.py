"""NetBox → WhatsUp Gold with 5,000 devices on each of two connections: requests, seconds by step, and memory.

pytest -o addopts="" -s asset_sync_tests/bench/test_wug.py -m bench

Requests are those that the servers counted. Seconds and memory are with the simulators' part, which run in this process.
"""

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from asset_sync.reconcile import plan as p
from asset_sync_tests.bench.contest import _forget_peak, _peak
from asset_sync_tests.components.wug.lab import EXPORT, MAIN, Lab, running
from asset_sync_tests.pipeline import Run

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1800)]

DEVICES: Final = 5_000
NETWORK: Final = 5_900
"""So many devices that the export chooses 5,000 of them: some have no address, some are planned or offline."""
COMPANY: Final = 13_000
"""So many machines that the company has sites for that network: 26, with 253 IPv4 addresses each."""
CONNECTIONS: Final = (MAIN, "branch")
BATCH: Final = 50
EDITED: Final = 250
NEW: Final = 50
MIB: Final = 1 << 20


@dataclass(frozen=True)
class Requests:
    """What WhatsUp Gold and NetBox were asked, by their own counts; tokens are no reads here."""

    reads: int
    writes: int
    tokens: int
    netbox: int

    @property
    def to_wug(self) -> int:
        """All requests to WhatsUp Gold."""
        return self.reads + self.writes + self.tokens


@dataclass(frozen=True)
class Figures:
    """One pass of one connection. `steps` has the seconds of each step by its name, `peak` is in bytes."""

    run: Run
    operations: int
    fields: Counter[str]
    requests: Requests
    steps: Mapping[str, float]
    peak: int

    @property
    def devices(self) -> int:
        """How many devices of NetBox the connection monitors."""
        return int(self.run.metadata(f"{EXPORT}/devices")["dagster/row_count"])

    @property
    def bound(self) -> float:
        """The most requests that the pass may take."""
        return self.devices / BATCH + self.operations


def first(_lab: Lab) -> None:
    """Everything is new."""


def again(_lab: Lab) -> None:
    """Nothing has changed."""


def changed(lab: Lab) -> None:
    """A day of the sandbox; then 250 devices get another serial, and 50 are new."""
    lab.world.day()
    network, rng = lab.world.network, random.Random(7)
    assert network is not None
    for device in rng.sample(chosen(lab), EDITED):
        lab.world.netbox.patch("dcim/devices", device.id, {"serial": f"SWAP-{device.id}"})
    for _ in range(NEW):
        network.add("ipv4", "active", rng)


def moved(lab: Lab) -> None:
    """Nothing but addresses: 250 devices get another one, which no batch can carry."""
    netbox = lab.world.netbox
    owners = [device for device in chosen(lab) if device.ip.version == 4]
    for number, device in enumerate(random.Random(8).sample(owners, EDITED), 2):
        assigned = {"assigned_object_type": "dcim.interface", "assigned_object_id": device.interface_id}
        address = netbox.create("ipam/ip-addresses", {"address": f"172.22.0.{number}/24", **assigned})
        netbox.patch("dcim/devices", device.id, {"primary_ip4": address["id"]})


PASSES: Final[tuple[Callable[[Lab], None], ...]] = (first, again, changed, moved, again)


def test_requests_are_at_most_a_batch_each_and_one_a_change(
    monkeypatch: pytest.MonkeyPatch, empty_database_url: str, tmp_path: Path
) -> None:
    both: dict[str, dict[str, Any]] = {name: {} for name in CONNECTIONS}
    with running(monkeypatch, empty_database_url, tmp_path, network=NETWORK, company=COMPANY, connections=both) as lab:
        for change in PASSES:
            change(lab)
            found = {name: measured(lab, name) for name in CONNECTIONS}
            print(table(change.__name__, found))
            for name, figures in found.items():
                check(lab, name, figures, quiet=change is again)


def check(lab: Lab, connection: str, figures: Figures, *, quiet: bool) -> None:
    """The pass did all that it was to, within its bound."""
    assert figures.run.success, figures.run.errors()
    assert figures.devices >= DEVICES
    assert figures.requests.to_wug <= figures.bound
    assert bool(figures.operations) != quiet
    assert bool(figures.requests.writes) != quiet
    assert max(lab.wug(connection).address_counts().values()) == 1


def chosen(lab: Lab) -> list[Any]:
    """The devices that are monitored, as the sandbox knows them."""
    assert lab.world.network is not None
    return [one for one in lab.world.network.devices if one.status == "active" and one.address and not one.is_link_local]


def measured(lab: Lab, connection: str) -> Figures:
    """Run the whole job of a connection once."""
    before = asked(lab, connection)
    base = _forget_peak()
    run = lab.run(connection=connection)
    peak = _peak() - base
    after = asked(lab, connection)
    operations, fields = planned(lab, run)
    return Figures(run, operations, fields, requests(after - before), steps(run), max(peak, 0))


def asked(lab: Lab, connection: str) -> Counter[str]:
    """The requests so far, by what they are."""
    wug, netbox = lab.wug(connection), lab.world.netbox
    with wug.lock, netbox.lock:
        found = Counter({"netbox": sum(netbox.requests.by_method.values())})
        for request, count in wug.requests.items():
            found[sort(request)] += count
    return found


def sort(request: str) -> str:
    """Tell what a request to WhatsUp Gold is, such as `GET /api/v1/devices/7`."""
    if request.endswith("/token"):
        return "tokens"
    return "reads" if request.startswith("GET ") else "writes"


def requests(counted: Counter[str]) -> Requests:
    return Requests(**{name: counted[name] for name in ("reads", "writes", "tokens", "netbox")})


def planned(lab: Lab, run: Run) -> tuple[int, Counter[str]]:
    """How many operations the plan writes, and how many changes of a field, new records left out, by the field."""
    writes = lab.ledger.plan(run.plan_id).writes
    updates = writes.loc[writes["op"] != p.CREATE, "changes"]
    return len(writes), Counter(name for changes in updates for name in p.decode(changes))


def steps(run: Run) -> dict[str, float]:
    """The seconds that each step took."""
    ended = (event for event in run.result.all_events if event.is_step_success)
    return {str(event.step_key).removeprefix(f"{EXPORT}__"): event.step_success_data.duration_ms / 1000 for event in ended}


def table(name: str, found: Mapping[str, Figures]) -> str:
    """Return what is printed of a pass."""
    lines = [f"\n{name}"]
    for connection, one in found.items():
        sent, counts = one.requests, ", ".join(f"{n:,} {op}" for op, n in one.run.planned.items() if n)
        fields = ", ".join(f"{field} {n:,}" for field, n in one.fields.most_common())
        slowest = sorted(one.steps.items(), key=lambda step: -step[1])
        lines += [
            f"  {connection}: {one.devices:,} devices; planned {counts or 'nothing'}; fields changed: {fields or 'none'}",
            f"    WhatsUp Gold {sent.to_wug:,} of at most {one.bound:,.0f} requests: {sent.reads:,} reads, "
            f"{sent.writes:,} writes, {sent.tokens} tokens; NetBox {sent.netbox:,}",
            f"    {sum(one.steps.values()):.1f} s: {', '.join(f'{step} {seconds:.2f}' for step, seconds in slowest)}; "
            f"{one.peak / MIB:,.0f} MiB on top",
        ]
    return "\n".join(lines)
