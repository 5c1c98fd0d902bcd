"""The shipped sync with connections of one's own, under real daemons and commands, each a process of its own."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import dagster as dg
import yaml
from sqlalchemy import create_engine

from asset_sync.ledger import Schedules
from asset_sync.operations.definitions import DAGSTER_YAML
from asset_sync.sandbox.faults import FaultMiddleware, Faults
from asset_sync.sandbox.kubernetes import Cluster, create_app
from asset_sync.sandbox.netbox import DEFAULT_TOKEN, NetBoxState
from asset_sync.sandbox.netbox import create_app as create_netbox
from asset_sync.sandbox.server import Server
from asset_sync_tests.components.hedgehog.lab import SYNC, TOKEN
from asset_sync_tests.components.probe import ROOT
from asset_sync_tests.own_project import write_project, write_sync
from asset_sync_tests.processes import end

Popen = subprocess.Popen[str]
COMMAND: Final = """
import own.definitions

from asset_sync.cli.main import main

main()
"""
UNIQUE: Final[Mapping[str, tuple[str, ...]]] = {
    "dcim/devices": ("site", "name"),
    "dcim/interfaces": ("device", "name"),
    "dcim/cables": ("a_terminations", "b_terminations"),
    "dcim/mac-addresses": ("mac_address", "assigned_object_id"),
    "ipam/vrfs": ("name",),
    "ipam/vlan-groups": ("name",),
    "ipam/vlans": ("group", "vid"),
    "ipam/prefixes": ("vrf", "prefix"),
    "ipam/ip-ranges": ("vrf", "start_address"),
    "ipam/ip-addresses": ("vrf", "address"),
    "extras/tags": ("name",),
}
"""What of which there is to be one, by the fields that say what it is; not all of it does NetBox keep so by itself."""


class Live:
    """A folder with the sync's YAML, and a NetBox and fabrics over HTTP; what runs there are processes."""

    def __init__(self, folder: Path, netbox: NetBoxState, faults: Faults, environment: dict[str, str]) -> None:
        self.folder = folder
        self.netbox = netbox
        self.faults = faults
        self.environment = environment
        self.schedules = Schedules(create_engine(environment["DATABASE_URL"]))
        self._commands: list[Popen] = []

    def configure(self, connections: Sequence[Mapping[str, Any]]) -> None:
        """Write the shipped YAML with these connections."""
        told = yaml.safe_load((ROOT / "asset_sync" / "defs" / SYNC / "defs.yaml").read_text(encoding="utf-8"))
        told["attributes"]["connections"] = list(connections)
        write_sync(self.folder, SYNC, told)

    def command(self, *arguments: str) -> Popen:
        """Start a command."""
        command = [sys.executable, "-c", COMMAND, *arguments]
        self._commands.append(self._process(command, "home0", stdout=subprocess.PIPE, stderr=subprocess.PIPE))
        return self._commands[-1]

    def stop(self) -> None:
        """Kill the commands that have not ended."""
        for process in self._commands:
            process.kill()
            process.communicate()

    def told(self, *arguments: str, status: int = 0) -> str:
        """What a command says once it has ended so; the errors, where it failed."""
        process = self.command(*arguments)
        out, errors = process.communicate(timeout=600)
        assert process.returncode == status, errors
        assert "Traceback" not in errors
        return errors if status else out

    @contextmanager
    def daemon(self, number: int = 0) -> Iterator[Popen]:
        """Run a daemon, with a Dagster of its own, whose sensor is on."""
        home = self._home(f"home{number}")
        on = [sys.executable, "-m", "dagster", "sensor", "start", f"{SYNC}_sensor", "-m", "own.definitions"]
        switching = self._process(on, home.name, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        _, errors = switching.communicate(timeout=120)
        assert switching.returncode == 0, errors
        command = [str(Path(sys.executable).parent / "dagster-daemon"), "run", "-m", "own.definitions"]
        with (home / "daemon.txt").open("wb") as log:
            process = self._process(command, home.name, stdout=log, stderr=log, start_new_session=True)
            try:
                yield process
            finally:
                end(process)

    def runs(self, number: int = 0) -> list[dg.DagsterRun]:
        """The runs of the sync that one Dagster has, the oldest first."""
        with dg.DagsterInstance.from_config(str(self.folder / f"home{number}")) as instance:
            return list(instance.get_runs(dg.RunsFilter(job_name=SYNC)))[::-1]

    def wait(self, done: Callable[[], Any], told: str, seconds: float = 600) -> None:
        deadline = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < deadline, f"{told}: {self._logs()}"
            time.sleep(0.2)

    def succeeded(self, name: str) -> bool:
        known = self.schedules.of(SYNC).get(name)
        return known is not None and known.last_success is not None

    def kill_run_of(self, name: str) -> None:
        """Kill the process of the run that has a connection, as the kernel does."""
        owner = self.schedules.of(SYNC)[name].owner
        assert owner is not None
        assert owner.lease is not None
        os.kill(owner.lease.holder.process, signal.SIGKILL)

    def doubles(self) -> dict[str, list[Any]]:
        """What NetBox has more than once."""
        found = {}
        for endpoint, names in UNIQUE.items():
            counted = Counter(tuple(str(row[name]) for name in names) for row in self.netbox.objects(endpoint))
            if twice := [key for key, number in counted.items() if number > 1]:
                found[endpoint] = twice
        return found

    def _home(self, name: str) -> Path:
        home = self.folder / name
        home.mkdir(exist_ok=True)
        (home / "dagster.yaml").write_text(f"{DAGSTER_YAML}run_queue:\n  dequeue_interval_seconds: 1\n")
        return home

    def _process(self, command: list[str], home: str, **options: Any) -> Popen:
        folder = str(self._home(home))
        environment = {**self.environment, "ASSET_SYNC_HOME": folder, "DAGSTER_HOME": folder}
        return subprocess.Popen(command, env=environment, cwd=self.folder, text=True, **options)

    def _logs(self) -> str:
        return "\n".join(file.read_text()[-3000:] for file in self.folder.glob("home*/daemon.txt"))


@contextmanager
def live_of(folder: Path, database_url: str, clusters: Mapping[str, Cluster]) -> Iterator[Live]:
    """A lab with those fabrics, each a connection that runs at intervals of 60 s until it is configured otherwise."""
    write_project(folder, SYNC, {})
    netbox, faults = NetBoxState(), Faults()
    with ExitStack() as running:
        server = running.enter_context(Server(FaultMiddleware(create_netbox(netbox), faults)))
        variables = {"NETBOX_URL": server.url, "NETBOX_TOKEN": DEFAULT_TOKEN, "DATABASE_URL": database_url}
        for name, cluster in clusters.items():
            fabric = running.enter_context(Server(create_app(cluster, bookmark_lead=2.95)))
            variables |= {f"HEDGEHOG_{name.upper()}_SERVER": fabric.url, f"HEDGEHOG_{name.upper()}_TOKEN": TOKEN}
        path = os.pathsep.join([str(folder), str(ROOT)])
        lab = Live(folder, netbox, faults, {**os.environ, **variables, "PYTHONPATH": path, "PYTHONWARNINGS": "ignore"})
        lab.configure([{"name": name, "interval_seconds": 60} for name in clusters])
        running.callback(lab.stop)
        yield lab
