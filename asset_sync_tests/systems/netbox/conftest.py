"""A running NetBox simulator of each version, empty at the start of each test, with faults that tests switch on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from asset_sync.reconcile.target import Answer, Write, Written
from asset_sync.sandbox.faults import FaultMiddleware, Faults
from asset_sync.sandbox.netbox import DEFAULT_TOKEN, NetBoxState, create_app
from asset_sync.sandbox.server import Server
from asset_sync.systems.netbox import KINDS, NetBoxClient, NetBoxTarget
from asset_sync.systems.netbox.client import Row


class OldClient(NetBoxClient):
    """A client that takes the server for one that has neither cursors nor ETags."""

    @property
    def version(self) -> tuple[int, int]:
        return (4, 5)


@dataclass
class Lab:
    """A simulator, its state, and a client that may write."""

    url: str
    state: NetBoxState
    faults: Faults
    client: NetBoxClient

    @property
    def target(self) -> NetBoxTarget:
        return NetBoxTarget(self.client)

    def connect(
        self, token: str = DEFAULT_TOKEN, *, writable: bool = True, old: bool = False, read_timeout: float = 5
    ) -> NetBoxClient:
        """Return another client; where an answer is to be late, one that waits less long than a busy machine may take."""
        make = OldClient if old else NetBoxClient
        return make(self.url, token, writable=writable, timeout=(2, read_timeout), longest_wait=0.01)

    def create(self, kind: str, *rows: Row) -> list[Written]:
        """Create objects through the target, in order."""
        written = self.target.create(KINDS[kind], writes(*rows), "made by a test")
        return [stored(written)[seq] for seq in range(len(rows))]

    def an_item_type(self) -> str:
        """Return the id of an inventory item type."""
        (maker,) = self.create("manufacturer", {"name": "HP", "slug": "hp"})
        model = {"manufacturer": maker.target_id, "model": "EliteBook", "slug": "elitebook"}
        return self.create("inventory_item_type", model)[0].target_id

    def assets(self, count: int) -> list[Written]:
        """Create that many assets, with serials S0, S1, …"""
        item_type = self.an_item_type()
        return self.create("asset", *(asset(item_type, number) for number in range(count)))

    def an_interface(self) -> str:
        """Return the id of an interface of a device, with all that it needs."""
        (maker,) = self.create("manufacturer", {"name": "HP", "slug": "hp"})
        (model,) = self.create("device_type", {"manufacturer": maker.target_id, "model": "M", "slug": "m"})
        (role,) = self.create("device_role", {"name": "PC", "slug": "pc"})
        (site,) = self.create("site", {"name": "Home", "slug": "home", "status": "active"})
        device = {"name": "pc1", "device_type": model.target_id, "role": role.target_id, "site": site.target_id}
        (made,) = self.create("device", {**device, "serial": "D1", "status": "active"})
        interface = {"device": made.target_id, "name": "eth0", "type": "other", "enabled": True}
        return self.create("interface", interface)[0].target_id


def stored(answers: Mapping[int, Answer]) -> dict[int, Written]:
    """Return the answers to writes that were all stored."""
    written = {seq: answer for seq, answer in answers.items() if isinstance(answer, Written)}
    assert len(written) == len(answers)
    return written


def writes(*rows: Row) -> list[Write]:
    """Return creates of those values."""
    return [Write(seq, str(row.get("name", seq)), None, None, row) for seq, row in enumerate(rows)]


def update(seq: int, there: Written, **values: object) -> Write:
    """Return an update of an object that was written before."""
    return Write(seq, f"#{there.target_id}", there.target_id, there.version, values)


def asset(item_type: str, number: int) -> Row:
    """Return the values of an asset."""
    return {"name": f"PC {number}", "serial": f"S{number}", "status": "used", "inventoryitem_type": item_type}


class Stage:
    """A server that is kept for all tests, in front of the simulator of the test that runs."""

    def __init__(self) -> None:
        self.app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@pytest.fixture(scope="session")
def stage() -> Iterator[tuple[Stage, str]]:
    made = Stage()
    with Server(made) as server:
        yield made, server.url


@pytest.fixture(params=["4.6", pytest.param("4.7", marks=pytest.mark.slow)])
def lab(request: pytest.FixtureRequest, stage: tuple[Stage, str]) -> Lab:
    state, faults = NetBoxState(version=request.param), Faults(1)
    server, url = stage
    server.app = FaultMiddleware(create_app(state, version=request.param), faults)
    return Lab(url, state, faults, NetBoxClient(url, DEFAULT_TOKEN, writable=True, timeout=(2, 5), longest_wait=0.01))
