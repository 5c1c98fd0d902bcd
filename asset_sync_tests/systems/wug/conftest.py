"""A running WhatsUp Gold simulator, empty at the start of each test, with faults that tests switch on."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pandas as pd
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.apply import Known, Settling, apply, known_objects
from asset_sync.reconcile.kinds import Kinds
from asset_sync.reconcile.merge import Ownership
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.planning import Policy, Snapshot, make_plan
from asset_sync.reconcile.references import match_all
from asset_sync.reconcile.tables import Tables, desired_table
from asset_sync.reconcile.target import Outcome, Write
from asset_sync.sandbox.faults import Faults
from asset_sync.sandbox.server import Server
from asset_sync.sandbox.wug import FAULTS, Device, WugState, create_app
from asset_sync.systems.wug import WugClient, WugTarget, declared, observe

ROOT = "NetBox"
USER = "sync user"
PASSWORD = "p&ss=wörd+1"
AT_ONCE = Settling(total=0.0, every=0.0)
MAPPED: dict[str, list[str]] = {
    "group": ["path", "description"],
    "device": ["name", "host_name", "address", "group", "role", "brand", "os", "note", "maintenance"],
}
KINDS = declared({"group": MAPPED["group"], "device": [*MAPPED["device"], "attr_netbox_id", "attr_site"]})
DEVICE = KINDS["device"]
GROUP = KINDS["group"]


@dataclass
class Lab:
    """A simulator, its state, and a client that may write."""

    url: str
    state: WugState
    faults: Faults
    client: WugClient
    stage: "Stage"
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    known: Known = field(default_factory=dict)

    def connect(self, username: str = USER, password: str = PASSWORD, *, writable: bool = True) -> WugClient:
        return WugClient(self.url, username, password, writable=writable, timeout=(2, 2), longest_wait=0.01)

    @property
    def target(self) -> WugTarget:
        return WugTarget(self.client, root=ROOT)

    def groups(self, *paths: str) -> None:
        """Make groups by their paths, parents first."""
        for path in paths:
            above, _, name = path.rpartition("/")
            self.state.add_group(name, self.group_id(above) if above else "0")

    def group_id(self, path: str) -> str:
        *parents, name = path.split("/")
        found = self.state.groups.find(name, ["My Network", *parents])
        assert found is not None
        return found.id

    def fill(self, count: int, group: str = "") -> list[Device]:
        """Make that many devices: d0 at 10.0.0.0, d1 at 10.0.0.1, …"""
        groups = (self.group_id(group),) if group else ()
        return [
            self.state.add_device(f"d{n}", ip(n), groups=groups, attributes={"netbox_id": str(n), "site": "A"})
            for n in range(count)
        ]

    def named(self, name: str) -> Device:
        (found,) = (device for device in self.state.devices.values() if device.name == name)
        return found

    def names(self) -> list[str]:
        return sorted(device.name for device in self.state.devices.values())

    def paths(self, device: Device) -> list[str]:
        return ["/".join(one.name for one in self.state.groups.lineage(number)[1:]) for number in device.groups]

    def plan(self, desired: Tables, kinds: Kinds = KINDS) -> Plan:
        """Plan what makes the server what is desired."""
        with self.connect(writable=False) as client:
            observed = observe(client, kinds, root=ROOT)
        self.known = known_objects(observed, {})
        given = {name: desired.get(name, rows(kinds, name)) for name in kinds}
        own = {"source_key", "key", "refused"}
        owners = {name: {str(one): Ownership("source") for one in given[name] if one not in own} for name in kinds}
        wanted = {name: desired_table(kinds[name], table) for name, table in given.items()}
        matches = match_all(kinds, wanted, observed, {})
        now = Snapshot(wanted, observed, {})
        return make_plan("test", kinds, Policy(owners), now, matches, now=datetime(2026, 11, 21, tzinfo=UTC))

    def apply(self, plan: Plan, target: WugTarget | None = None, *, workers: int = 4, settling: Settling = AT_ONCE) -> None:
        """Carry a plan out, keeping the outcomes."""
        self.outcomes = apply(
            plan,
            KINDS,
            target or self.target,
            done={},
            known=self.known,
            intend=lambda _: None,
            record=lambda _: None,
            workers=workers,
            settling=settling,
        )

    def ended(self, plan: Plan) -> dict[str, list[str]]:
        """Return the keys by outcome."""
        found: dict[str, list[str]] = {}
        for row in p.records(plan.writes):
            found.setdefault(self.outcomes[row["seq"]].outcome, []).append(row["key"])
        return found

    def details(self) -> list[str | None]:
        return [outcome.detail for outcome in self.outcomes.values()]


def ip(number: int) -> str:
    return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def rows(kinds: Kinds, kind: str, *given: Mapping[str, str | None]) -> pd.DataFrame:
    """Return a desired table of what is given, with the fields that any row names and those that identify."""
    identifying = {name for rule in kinds[kind].identity for name in rule.fields}
    named = identifying.union(*given)
    names = [one.name for one in kinds[kind].fields if one.name in named]
    own = {
        "source_key": [str(row.get("path") or row.get("address")) for row in given],
        "key": [str(row.get("path") or row.get("name") or row.get("address")) for row in given],
        "refused": [None] * len(given),
    }
    columns = own | {name: [row.get(name) for row in given] for name in names}
    return pd.DataFrame({name: pd.Series(values, dtype="str") for name, values in columns.items()})


def devices(*given: Mapping[str, str | None]) -> Tables:
    return {"device": rows(KINDS, "device", *given)}


def fleet(count: int, **more: str | None) -> Tables:
    """Return desired devices that are numbered as `Lab.fill` does."""
    return devices(*({"name": f"d{n}", "address": ip(n), "attr_netbox_id": str(n), **more} for n in range(count)))


def creates(*given: Mapping[str, str | None], first: int = 0) -> list[Write]:
    return [Write(first + n, str(row.get("name") or n), None, None, dict(row)) for n, row in enumerate(given)]


def updates(*given: tuple[Device | str, Mapping[str, str | None]]) -> list[Write]:
    """Return a write for each part of the devices that changes, as a plan has them."""
    pairs: Sequence[tuple[str, Mapping[str, str | None]]] = [
        (one if isinstance(one, str) else one.id, values) for one, values in given
    ]
    parts = [(number, {name: values[name] for name in part}) for number, values in pairs for part in DEVICE.parted(values)]
    return [Write(n, f"#{number}", number, None, values) for n, (number, values) in enumerate(parts)]


class Stage:
    """A server that is kept for all tests, in front of the simulator of the test that runs; `before` is called first."""

    def __init__(self) -> None:
        self.app: ASGIApp
        self.before: Callable[[], None] = lambda: None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.before()
        await self.app(scope, receive, send)


@pytest.fixture(scope="session")
def stage() -> Iterator[tuple[Stage, str]]:
    made = Stage()
    with Server(made) as server:
        yield made, server.url


@pytest.fixture
def lab(stage: tuple[Stage, str]) -> Iterator[Lab]:
    state, faults = WugState(scan_seconds=0.0), Faults(1, FAULTS)
    server, url = stage
    server.before = lambda: None
    server.app = create_app(state, users={USER: PASSWORD}, faults=faults)
    with WugClient(url, USER, PASSWORD, writable=True, timeout=(2, 2), longest_wait=0.01) as client:
        yield Lab(url, state, faults, client, server)
