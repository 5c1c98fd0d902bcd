"""A NetBox over real HTTP, a real ledger, and hosts whose documents are dropped and synced, day after day."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import dagster as dg
import pytest

from asset_sync.components.dropped.cursor import Cursor
from asset_sync.components.hosts.component import HostDocuments
from asset_sync.components.hosts.taking import Look
from asset_sync.components.resources import LedgerResource
from asset_sync.components.snapshots import Snapshots
from asset_sync.sandbox.netbox import DEFAULT_TOKEN, NetBoxState, create_app
from asset_sync.sandbox.server import Server
from asset_sync.systems.netbox import NetBox
from asset_sync_tests.components.probe import ROOT, load_of
from asset_sync_tests.pipeline import Run
from asset_sync_tests.systems.hosts.example import address, container, document, interface, written

SYNC: Final = "hosts_to_netbox"
YAML: Final = (ROOT / "asset_sync" / "defs" / SYNC / "defs.yaml").read_text(encoding="utf-8")
NOTHING: Final = {"create": 0, "update": 0, "retire": 0, "restore": 0}
SERIAL: Final = "7XYZ123"
Row = dict[str, Any]


def host(**changed: Any) -> Row:
    """A server with a port and a bridge of people's own, two addresses, two containers of a project."""
    return document(
        **{
            "fqdn": "web-1.example.org",
            "interfaces": [
                interface("lo", kind="loopback", mac=None),
                interface("eth0", speed=1000),
                interface("br0", kind="bridge", mac=None),
            ],
            "addresses": [address("127.0.0.1/8", "lo", scope="host"), IPV4, IPV6],
            "default_routes": [route(4), route(6)],
            "containers": [
                container(),
                container("shop-db-1", image="postgres:17", ports=[], compose=compose("db"), id="cd" * 32),
            ],
            "services": None,
        }
        | changed
    )


def route(family: int, interface: str = "eth0", **told: Any) -> Row:
    return {"family": family, "gateway": None, "interface": interface, "metric": 0, "preferred_source": None} | told


def compose(service: str, project: str = "shop", number: int = 1) -> Row:
    return {"project": project, "service": service, "number": number, "working_dir": f"/srv/{project}"}


BRIDGE: Final = interface("br0", kind="bridge", mac=None)
IPV4: Final = address("192.0.2.10/24")
IPV6: Final = address("2001:db8::10/64")
DATABASE: Final = container("shop-db-1", image="postgres:17", ports=[], compose=compose("db"), id="cd" * 32)


class HostLab:
    """Runs the sync, and looks at NetBox."""

    def __init__(self, netbox: NetBoxState, definitions: dg.Definitions, instance: dg.DagsterInstance, home: Path) -> None:
        self.netbox = netbox
        self.definitions = definitions
        self.job = definitions.resolve_job_def(SYNC)
        self.instance = instance
        self.home = home
        self.seen = Cursor()

    def register(self, name: str = "web-1", serial: str = SERIAL, **told: Any) -> Row:
        """Enter a device as a person would."""
        own = {"site": self.of("dcim/sites", "Berlin"), "role": self.of("dcim/device-roles", "Server", color="607d8b")}
        maker = self.of("dcim/manufacturers", "Dell")
        kinds = self.netbox.objects("dcim/device-types")
        kind = (
            kinds[0]
            if kinds
            else self.netbox.create("dcim/device-types", {"manufacturer": maker, "model": "R640", "slug": "r640"})
        )
        return self.netbox.create("dcim/devices", {"name": name, "serial": serial, "device_type": kind["id"], **own, **told})

    def of(self, endpoint: str, name: str, **told: Any) -> int:
        found = [row["id"] for row in self.netbox.objects(endpoint) if row["name"] == name]
        return int(found[0] if found else self.netbox.create(endpoint, {"name": name, "slug": name.lower(), **told})["id"])

    def drop(self, *documents: Mapping[str, Any]) -> Look:
        """Drop documents, and take them in."""
        folder = self.home / "hosts"
        folder.mkdir(parents=True, exist_ok=True)
        for each in documents:
            (folder / f"{each['hostname']}.json").write_bytes(written(each))
        watch = HostDocuments(mapping={}).watch()
        look = watch.look(watch.look(self.seen, log=print).cursor, log=print)
        self.seen = look.cursor
        return look

    def run(self, *documents: Mapping[str, Any], mode: str = "normal") -> Run:
        """Drop documents and run the sync; it must succeed."""
        run = self._run(*documents, mode=mode)
        assert run.success, run.errors()
        return run

    def failed(self, *documents: Mapping[str, Any]) -> Run:
        """Drop documents and run the sync; it must fail."""
        run = self._run(*documents)
        assert not run.success
        return run

    def apply(self) -> None:
        """Materialise `applied` alone, as a person does in the UI after an approval."""
        selected = [dg.AssetKey([SYNC, "applied"])]
        assert self.job.execute_in_process(instance=self.instance, asset_selection=selected).success

    def _run(self, *documents: Mapping[str, Any], mode: str = "normal") -> Run:
        self.drop(*documents)
        config = {"ops": {f"{SYNC}__plan": {"config": {"mode": mode}}}}
        return Run(self.job.execute_in_process(instance=self.instance, run_config=config, raise_on_error=False), SYNC)

    def settled(self, *documents: Mapping[str, Any]) -> bool:
        """Tell whether a run has nothing to do."""
        return self.run(*documents).planned == NOTHING

    # What NetBox has.

    def device(self, name: str = "web-1") -> Row:
        return next(row for row in self.netbox.objects("dcim/devices") if row["name"] == name)

    def interfaces(self) -> dict[str, Row]:
        return {row["name"]: row for row in self.netbox.objects("dcim/interfaces")}

    def addresses(self) -> dict[str, str | None]:
        """On which interface each address is."""
        names = {row["id"]: row["name"] for row in self.netbox.objects("dcim/interfaces")}
        return {row["address"]: names.get(row["assigned_object_id"]) for row in self.netbox.objects("ipam/ip-addresses")}

    def primary(self, version: int = 4) -> str | None:
        number = self.device()[f"primary_ip{version}"]
        return next((row["address"] for row in self.netbox.objects("ipam/ip-addresses") if row["id"] == number), None)

    def machines(self) -> dict[str, Row]:
        return {row["name"]: row for row in self.netbox.objects("virtualization/virtual-machines")}

    def journal(self) -> list[str]:
        return [row["comments"] for row in self.netbox.objects("extras/journal-entries")]


@contextmanager
def lab_of(folder: Path, monkeypatch: pytest.MonkeyPatch, database_url: str, yaml: str = YAML) -> Iterator[HostLab]:
    """A lab with the shipped YAML, or another one."""
    state, home = NetBoxState(), folder / "home"
    with Server(create_app(state)) as netbox, dg.DagsterInstance.ephemeral() as instance:
        variables = {"NETBOX_URL": netbox.url, "NETBOX_TOKEN": DEFAULT_TOKEN, "DATABASE_URL": database_url}
        for name, value in {**variables, "ASSET_SYNC_HOME": str(home)}.items():
            monkeypatch.setenv(name, value)
        shared = dg.Definitions(
            resources={"ledger": LedgerResource(), "snapshots": Snapshots(), "netbox": NetBox()},
            executor=dg.in_process_executor,
        )
        yield HostLab(state, dg.Definitions.merge(load_of(folder, SYNC, yaml, monkeypatch), shared), instance, home)
