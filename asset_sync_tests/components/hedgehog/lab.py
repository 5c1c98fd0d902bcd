"""A NetBox and fabrics over real HTTP, a real ledger, and the shipped sync, run after run."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import dagster as dg
import pytest
import yaml

from asset_sync.components.resources import LedgerResource
from asset_sync.components.snapshots import Snapshots
from asset_sync.sandbox.kubernetes import Cluster, create_app, named
from asset_sync.sandbox.netbox import DEFAULT_TOKEN, NetBoxState
from asset_sync.sandbox.netbox import create_app as create_netbox
from asset_sync.sandbox.server import Server
from asset_sync.systems.netbox import NetBox
from asset_sync_tests.components.probe import ROOT, load_of
from asset_sync_tests.pipeline import Run
from asset_sync_tests.systems.hedgehog import conftest
from asset_sync_tests.systems.hedgehog.told import Object, listings, objects_of

SYNC: Final = "hedgehog_to_netbox"
TRUTH: Final = {
    path.stem: yaml.safe_load(path.read_text()) for path in sorted((conftest.AGENTS.parent / "truth").glob("*.yaml"))
}
"""What the real fabrics are to be in NetBox, written by hand."""
NOTHING: Final = {"create": 0, "update": 0, "retire": 0, "restore": 0}
TOKEN: Final = "sandbox-reader"
Row = dict[str, Any]


class FabricLab:
    """Runs the sync for a fabric, and looks at NetBox. `clusters` are the fabrics' by name."""

    def __init__(self, netbox: NetBoxState, clusters: Mapping[str, Cluster], definitions: dg.Definitions) -> None:
        self.netbox = netbox
        self.clusters = clusters
        self.job = definitions.resolve_job_def(SYNC)
        self.instance = dg.DagsterInstance.ephemeral()

    def run(self, fabric: str, mode: str = "normal") -> Run:
        """Run the whole sync; it must succeed."""
        run = self.tried(fabric, mode)
        assert run.success, run.errors()
        return run

    def tried(self, fabric: str, mode: str = "normal") -> Run:
        """Run the whole sync, whatever comes of it."""
        config = {"ops": {f"{SYNC}__plan": {"config": {"mode": mode}}}}
        told: Any = {"partition_key": fabric, "run_config": config, "raise_on_error": False}
        return Run(self.job.execute_in_process(instance=self.instance, **told), SYNC)

    def asked(self, fabric: str) -> Counter[str]:
        """What a fabric's API was asked since the last time."""
        found = Counter(self.clusters[fabric].requests)
        self.clusters[fabric].requests.clear()
        return found

    # What NetBox has, of one site.

    def devices(self, fabric: str) -> dict[str, Row]:
        site = next(row["id"] for row in self.netbox.objects("dcim/sites") if row["name"] == fabric)
        return {row["name"]: row for row in self.netbox.objects("dcim/devices") if row["site"] == site}

    def interfaces(self, fabric: str) -> dict[str, Row]:
        """By the names of the device and of the interface, with a slash between."""
        names = {row["id"]: name for name, row in self.devices(fabric).items()}
        found = (row for row in self.netbox.objects("dcim/interfaces") if row["device"] in names)
        return {f"{names[row['device']]}/{row['name']}": row for row in found}

    def cables(self, fabric: str) -> dict[frozenset[str], Row]:
        """By what is at both ends."""
        names = {row["id"]: name for name, row in self.interfaces(fabric).items()}
        found = {frozenset(self._ends(row, names)): row for row in self.netbox.objects("dcim/cables")}
        return {ends: row for ends, row in found.items() if ends}

    @staticmethod
    def _ends(cable: Row, names: Mapping[int, str]) -> Iterator[str]:
        for side in ("a_terminations", "b_terminations"):
            yield from (names[number] for _, number in cable[side] if number in names)

    def addresses(self, fabric: str, vrf: str = "underlay") -> dict[str, str | None]:
        """On which interface each address of a VRF is."""
        names = {row["id"]: name for name, row in self.interfaces(fabric).items()}
        wanted = next(row["id"] for row in self.netbox.objects("ipam/vrfs") if row["name"] == f"{fabric}/{vrf}")
        found = (row for row in self.netbox.objects("ipam/ip-addresses") if row["vrf"] == wanted)
        return {row["address"]: names.get(row["assigned_object_id"]) for row in found}


def cluster_of(objects: Iterable[Object]) -> Cluster:
    """A cluster that has these objects."""
    cluster = Cluster(kept_seconds=3600)
    for kind, listing in listings(objects).items():
        cluster.load({"apiVersion": named(kind).api_version, **each} for each in listing.objects.values())
    return cluster


def real_cluster(name: str) -> Cluster:
    """A cluster of one of the real fabrics of the tests."""
    agents = dict(conftest.real_agents())
    return cluster_of(each for agent in TRUTH[name]["agents"] for each in objects_of(agents[agent]))


@contextmanager
def lab_of(
    folder: Path, monkeypatch: pytest.MonkeyPatch, database_url: str, clusters: Mapping[str, Cluster], source: str = "hedgehog"
) -> Iterator[FabricLab]:
    """A lab with the shipped YAML, but for its connections, those are the given clusters, and maybe for its source."""
    told = yaml.safe_load((ROOT / "asset_sync" / "defs" / SYNC / "defs.yaml").read_text(encoding="utf-8"))
    told["attributes"] |= {"source": source, "connections": [{"name": name} for name in clusters]}
    netbox = NetBoxState()
    with ExitStack() as running:
        server = running.enter_context(Server(create_netbox(netbox)))
        variables = {"NETBOX_URL": server.url, "NETBOX_TOKEN": DEFAULT_TOKEN, "DATABASE_URL": database_url}
        for name, cluster in clusters.items():
            fabric = running.enter_context(Server(create_app(cluster, bookmark_lead=2.95)))
            variables |= {f"HEDGEHOG_{name.upper()}_SERVER": fabric.url, f"HEDGEHOG_{name.upper()}_TOKEN": TOKEN}
        for name, value in {**variables, "ASSET_SYNC_HOME": str(folder / "home")}.items():
            monkeypatch.setenv(name, value)
        shared = dg.Definitions(
            resources={"ledger": LedgerResource(), "snapshots": Snapshots(), "netbox": NetBox()},
            executor=dg.in_process_executor,
        )
        lab = FabricLab(
            netbox, clusters, dg.Definitions.merge(load_of(folder, SYNC, yaml.safe_dump(told), monkeypatch), shared)
        )
        running.enter_context(lab.instance)
        yield lab
