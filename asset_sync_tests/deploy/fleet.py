"""A fleet: workers of Celery as processes of their own, each with a home, a daemon, a broker, and what they share.

One PostgreSQL has the ledger and, in a database of its own, Dagster's history; the tables of runs are in an object store. The
simulated NetBox, which counts what it is asked, and the registers are in the process that asks.
"""

import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from configparser import RawConfigParser
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import dagster as dg
import psutil
import redis
import requests
import yaml
from sqlalchemy import make_url
from starlette.types import ASGIApp, Receive, Scope, Send

from asset_sync.sandbox.company import SMALLEST, Company
from asset_sync.sandbox.faults import FaultMiddleware, Faults
from asset_sync.sandbox.netbox import DEFAULT_TOKEN, NetBoxState
from asset_sync.sandbox.netbox import create_app as create_netbox
from asset_sync.sandbox.server import Server
from asset_sync.sandbox.snipeit import DEFAULT_TOKEN as REGISTER_TOKEN
from asset_sync.sandbox.snipeit import SnipeState, Token
from asset_sync.sandbox.snipeit import create_app as create_register
from asset_sync_tests.components.probe import ROOT
from asset_sync_tests.own_project import write_project
from asset_sync_tests.processes import end

Popen = subprocess.Popen[bytes]
CELERY: Final = ROOT / "deploy" / "celery"
REDIS: Final = "redis-server"
INSTALLED: Final = "/opt/asset_sync/.venv/bin/"
SYNC: Final = "registers"
YAML: Final = """
type: asset_sync.components.SyncComponent
attributes:
  source: snipeit
  target: netbox
  connections: []
  tables: {manufacturer: manufacturers, inventory_item_type: models}
  mapping:
    manufacturer: {name: {from: name}, slug: {}}
    inventory_item_type:
      manufacturer: {from: manufacturer_id}
      model: {from: name}
      slug: {}
    asset:
      name: {from: name}
      serial: {from: serial, transform: serial, owner: source}
      asset_tag: {from: asset_tag, transform: tag, owner: source}
      inventoryitem_type: {from: model_id, owner: initial}
      status: {value: stored}
"""
"""Many registers, with makers and models that all of them have, into one NetBox."""
_BACKFILL: Final = """
mutation($backfillParams: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $backfillParams) { __typename } }
"""
NETBOX_S: Final = 0.01
"""What a request to NetBox takes, beside the work that it is."""


class Meter:
    """What a server was asked: when each request came, and how many were under way at once at most."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._under_way = 0
        self.most = 0
        self.came: list[float] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with self._lock:
            self.came.append(time.monotonic())
            self._under_way += 1
            self.most = max(self.most, self._under_way)
        try:
            await self._app(scope, receive, send)
        finally:
            with self._lock:
                self._under_way -= 1


class Worker:
    """A worker, with all of its processes."""

    def __init__(self, process: Popen, home: Path) -> None:
        self.process = process
        self.home = home

    def processes(self) -> set[int]:
        """Return the numbers of its processes."""
        try:
            return {self.process.pid, *(each.pid for each in psutil.Process(self.process.pid).children(recursive=True))}
        except psutil.NoSuchProcess:
            return set()

    def kill(self) -> None:
        """Kill all of it at once, as a machine dies."""
        for number in self.processes():
            psutil.Process(number).kill()
        self.process.wait()

    def cpu_s(self) -> float:
        """Return the seconds of CPU that it took so far."""
        spent = [psutil.Process(number).cpu_times() for number in self.processes()]
        return float(sum(each.user + each.system for each in spent))


class Fleet:
    """What the processes share, and the way to start them."""

    def __init__(
        self,
        folder: Path,
        netbox: NetBoxState,
        faults: Faults,
        registers: Mapping[str, SnipeState],
        meter: Meter,
        environment: Mapping[str, str],
    ) -> None:
        self.folder = folder
        self.netbox = netbox
        self.faults = faults
        self.registers = registers
        self.meter = meter
        self.environment = environment

    @contextmanager
    def instance(self) -> Iterator[dg.DagsterInstance]:
        """Yield the Dagster that all of them share."""
        with _variables(self.environment), dg.DagsterInstance.from_config(str(self._home("daemon"))) as opened:
            yield opened

    @contextmanager
    def worker(self, name: str) -> Iterator[Worker]:
        """Run a worker by the command of its unit."""
        program, *arguments = shlex.split(worker_command())
        command = [str(Path(sys.executable).parent / program), *arguments, "--hostname", f"{name}@%h"]
        with self._started(command, name) as process:
            yield Worker(process, self._home(name))

    @contextmanager
    def daemon(self) -> Iterator[None]:
        """Run the daemon, which loads the syncs by itself."""
        command = [str(Path(sys.executable).parent / "dagster-daemon"), "run", "-m", "own.definitions"]
        with self._started(command, "daemon"):
            yield

    def backfill(self) -> None:
        """Ask for a run of every register, as the UI does: of what the command line asks for, Dagster tries no run again."""
        selector = {
            "partitionSetName": f"{SYNC}_partition_set",
            "repositorySelector": {"repositoryName": "__repository__", "repositoryLocationName": "own.definitions"},
        }
        told = {"backfillParams": {"selector": selector, "partitionNames": list(self.registers)}}
        command = [
            str(Path(sys.executable).parent / "dagster-graphql"),
            "-m",
            "own.definitions",
            "-t",
            _BACKFILL,
            "-v",
            json.dumps(told),
        ]
        done = subprocess.run(
            command, env=self._environment("daemon"), cwd=self.folder, capture_output=True, text=True, check=False
        )
        assert "LaunchBackfillSuccess" in done.stdout, f"{done.stdout}\n{done.stderr}"

    def wait(self, done: Callable[[], Any], told: str, seconds: float = 300) -> None:
        """Wait until something is so."""
        until = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < until, f"{told}:\n{self.logs()}"
            time.sleep(0.5)

    def logs(self) -> str:
        """Return the ends of what the processes said."""
        return "\n".join(f"{file.name}: {file.read_text()[-3000:]}" for file in sorted(self.folder.glob("*.log")))

    @contextmanager
    def _started(self, command: Sequence[str], name: str) -> Iterator[Popen]:
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                command, env=self._environment(name), cwd=self.folder, stdout=log, stderr=log, start_new_session=True
            )
            try:
                yield process
            finally:
                end(process)

    def _environment(self, name: str) -> dict[str, str]:
        home = str(self._home(name))
        return {**os.environ, **self.environment, "ASSET_SYNC_HOME": home, "DAGSTER_HOME": home}

    def _home(self, name: str) -> Path:
        home = self.folder / name
        if not home.exists():
            home.mkdir()
            # The queue is looked at more often than by default, for the sake of the tests' time alone.
            shipped = (CELERY / "dagster.yaml").read_text(encoding="utf-8")
            (home / "dagster.yaml").write_text(f"{shipped}\nrun_queue:\n  dequeue_interval_seconds: 1\n", encoding="utf-8")
        return home


def worker_command() -> str:
    """Return the command of a worker's unit, without where it is installed."""
    unit = RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(CELERY / "asset-sync-worker.service", encoding="utf-8")
    return unit["Service"]["ExecStart"].removeprefix(INSTALLED)


def register_of(name: str, number: int) -> SnipeState:
    """Return a small register of which no other one has an asset tag or a serial number."""
    register = SnipeState(Company(SMALLEST, number), number)
    for asset in register.hardware.rows.values():
        asset.asset_tag, asset.serial = f"{name}-{asset.asset_tag}", f"{name}{asset.id:06}"
    return register


@contextmanager
def fleet_of(folder: Path, ledger_url: str, history_url: str, registers: Sequence[str], **limits: str) -> Iterator[Fleet]:
    """Serve all that a fleet needs but its processes; `limits` are variables that the syncs ask for."""
    _project(folder, registers)
    netbox, faults = NetBoxState(), Faults()
    faults.set("slow", seconds=NETBOX_S)
    meter = Meter(FaultMiddleware(create_netbox(netbox), faults))
    with ExitStack() as running:
        server = running.enter_context(Server(meter))
        history = make_url(history_url).set(drivername="postgresql+psycopg2").render_as_string(hide_password=False)
        variables = {"NETBOX_URL": server.url, "NETBOX_TOKEN": DEFAULT_TOKEN, **limits}
        variables |= {"DATABASE_URL": ledger_url, "DAGSTER_POSTGRES_URL": history, "PYTHONWARNINGS": "ignore"}
        variables |= {"CELERY_BROKER_URL": running.enter_context(broker(folder))}
        variables |= running.enter_context(object_store())
        made = {name: register_of(name, number) for number, name in enumerate(registers)}
        for name, register in made.items():
            app = create_register(register, tokens={REGISTER_TOKEN: Token()}, throttle=None)
            api = running.enter_context(Server(app, dated=True))
            variables |= {f"SNIPEIT_{name.upper()}_API_URL": api.url, f"SNIPEIT_{name.upper()}_TOKEN": REGISTER_TOKEN}
        variables["PYTHONPATH"] = os.pathsep.join([str(folder), str(ROOT), str(CELERY)])
        yield Fleet(folder, netbox, faults, made, meter, variables)


def _project(folder: Path, registers: Sequence[str]) -> None:
    """Write a project that holds the sync with these registers alone."""
    told = yaml.safe_load(YAML)
    told["attributes"]["connections"] = [{"name": name} for name in registers]
    write_project(folder, SYNC, told)


@contextmanager
def broker(folder: Path) -> Iterator[str]:
    """Run Redis on a free port, its files in that folder; yield its URL."""
    program = shutil.which(REDIS)
    assert program is not None
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    url = f"redis://127.0.0.1:{port}/0"
    try:
        until = time.monotonic() + 20
        while not _answers(url):
            assert time.monotonic() < until, "Redis does not answer"
            time.sleep(0.05)
        yield url
    finally:
        end(process)


def _answers(url: str) -> bool:
    with redis.Redis.from_url(url) as client:
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False


@contextmanager
def object_store() -> Iterator[dict[str, str]]:
    """Serve an object store with an empty bucket; yield the variables that lead the tables of runs there."""
    from moto.server import ThreadedMotoServer
    from s3fs import S3FileSystem

    # What was made for another store would go on to that one's port, whatever the environment says.
    S3FileSystem.clear_instance_cache()
    store = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    store.start()
    try:
        host, port = store.get_host_and_port()
        requests.put(f"http://{host}:{port}/inventory", timeout=10).raise_for_status()
        keys = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"), "us-east-1")
        yield {**keys, "AWS_ENDPOINT_URL": f"http://{host}:{port}", "ASSET_SYNC_SNAPSHOTS": "s3://inventory/snapshots"}
    finally:
        store.stop()


@contextmanager
def _variables(told: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in told}
    os.environ.update(told)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
