"""Runs the contestants one after the other, each in processes of its own, and tells what each run took."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.request import Request, urlopen

from sqlalchemy import create_engine

from asset_sync import database
from asset_sync_tests.bench.beside import meter

FIRST, CHANGED, SETTLED, UNCHANGED = "first run", "1 % changed", "the one after", "no change"
OURS: Final = "asset_sync"
_HERE: Final = "asset_sync_tests.bench.beside"
_LOG_SHOWN: Final = 3_000


@dataclass(frozen=True, slots=True)
class Contestant:
    """Who does the work: the command, what of it are only imports, and the runs that it is looked at in."""

    name: str
    command: Sequence[str]
    imports: str
    runs: Sequence[str] = (FIRST, CHANGED, UNCHANGED)


@dataclass(frozen=True, slots=True)
class Took:
    """What one run took: requests, seconds, and those of its own CPU, and its peak of memory in MiB.

    `imported` is the peak of a process that only imports what this one does.
    """

    contestant: str
    run: str
    reads: int
    writes: int
    seconds: float
    cpu: float
    mib: float
    imported: float


@dataclass(frozen=True, slots=True)
class Times:
    """What the simulated NetBox takes, in seconds: for a request, and for each object that is written."""

    request: float = 0.01
    row: float = 0.02


def _module(name: str, title: str, **more: Any) -> Contestant:
    return Contestant(title, [sys.executable, "-m", f"{_HERE}.{name}"], f"import {_HERE}.{name}", **more)


def _asset_sync(sync: str, runs: Sequence[str]) -> Contestant:
    program = str(Path(sys.executable).with_name("asset-sync"))
    return Contestant(
        OURS, [program, "run", sync], "import asset_sync.cli.run; from asset_sync.definitions import defs; defs()", runs
    )


INTO_NETBOX: Final = (
    # It looks once more at what it wrote itself the last time; the others remember nothing from run to run.
    _asset_sync("pdq_to_netbox", (FIRST, CHANGED, SETTLED, UNCHANGED)),
    _module("bulk_diffsync", "diffsync, bulk writes"),
    _module("get_and_save", "get and save"),
    _module("one_call", "a call an object"),
)
MIRRORS: Final = (
    _asset_sync("snipeit_to_postgres", (FIRST, UNCHANGED)),
    _module("mirror_dlt", "dlt", runs=(FIRST, UNCHANGED)),
)


class RaceError(Exception):
    """A contestant failed, or two of them did not come to the same."""


def into_netbox(assets: int, times: Times, tell: Callable[[Took], None]) -> None:
    """Have every contestant bring that many assets into a NetBox of its own, and tell of each run as it ends.

    Raises `RaceError` where one fails, leaves a machine behind, or another NetBox than the first did, after any of its runs.
    """
    ends: dict[str, Any] = {}
    for contestant in INTO_NETBOX:
        with served(assets, times) as estate, _Runner(contestant, estate.environment) as runner:
            for run in contestant.runs:
                estate.post("hour")
                if run == CHANGED:
                    estate.post("change")
                spent = runner.run()
                counts, state = estate.get("counts"), estate.get("state")
                check_alike(f"{contestant.name}, {run}", state, ends.setdefault(run, state))
                tell(Took(contestant.name, run, counts["reads"], counts["writes"], *spent))


def check_alike(who: str, state: Mapping[str, Any], first: Mapping[str, Any]) -> None:
    """Raise `RaceError` where a state lacks a machine as it is, or holds anything else than the state of the first does."""
    if state["behind"]:
        raise RaceError(f"{who}: {state['behind']} machines are not in NetBox as they are")
    for endpoint, objects in state["held"].items():
        if objects != first["held"][endpoint]:
            odd = sorted(set(objects) ^ set(first["held"][endpoint]))[:4]
            raise RaceError(f"{who}: NetBox does not hold what the first contestant left in {endpoint}: {odd}")


def mirrors(assets: int, tell: Callable[[Took], None]) -> None:
    """Have each mirror load the same Snipe-IT into the same PostgreSQL, and tell of each run as it ends.

    Raises `RaceError` where one fails, or where they do not hold the same assets.
    """
    with tempfile.TemporaryDirectory() as folder, served(assets, Times()) as estate:
        server = database.embedded(Path(folder) / "postgres")
        try:
            for contestant in MIRRORS:
                with _Runner(contestant, {**estate.environment, "DATABASE_URL": server.url()}) as runner:
                    for run in contestant.runs:
                        estate.post("hour")
                        spent = runner.run()
                        tell(Took(contestant.name, run, estate.get("counts")["snipeit"], 0, *spent))
            _check_mirrors(server.url())
        finally:
            server.stop()


def _check_mirrors(url: str) -> None:
    asked = "SELECT id, asset_tag FROM {}.hardware ORDER BY id"
    with create_engine(url).connect() as connection:
        ours, theirs = (connection.exec_driver_sql(asked.format(name)).all() for name in ("snipeit", "snipeit_dlt"))
    if ours != theirs:
        raise RaceError(f"the mirrors hold other assets: {len(ours)} and {len(theirs)}")


@dataclass(frozen=True, slots=True)
class Estate:
    """The simulators: the variables that lead a contestant there, and what the race does and asks (see `estate`)."""

    control: str
    environment: Mapping[str, str]

    def post(self, what: str) -> None:
        """Make something happen: hour, change."""
        urlopen(Request(f"{self.control}/{what}", method="POST")).close()

    def get(self, what: str) -> Any:
        """Return what is asked for: counts, state."""
        with urlopen(f"{self.control}/{what}") as answer:
            return json.load(answer)


@contextmanager
def served(assets: int, times: Times) -> Iterator[Estate]:
    """Serve the simulators with that many machines in a process of their own, and give the way to them."""
    command = [sys.executable, "-m", f"{_HERE}.estate", str(assets), str(times.request), str(times.row)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Estate(**json.loads(process.stdout.readline()))
        finally:
            process.stdin.close()
            process.wait()


class _Runner:
    """Runs a contestant again and again in one home of its own."""

    def __init__(self, contestant: Contestant, environment: Mapping[str, str]) -> None:
        self._contestant = contestant
        self._given = environment
        self._files = ExitStack()
        self._imported = 0.0

    def __enter__(self) -> "_Runner":
        self._home = Path(self._files.enter_context(tempfile.TemporaryDirectory()))
        # Nobody pays for what is compiled at the first start alone.
        self._imported = self._metered([sys.executable, "-c", self._contestant.imports])["mib"]
        return self

    def __exit__(self, *_: object) -> None:
        self._files.close()

    def run(self) -> tuple[float, float, float, float]:
        """Run it once; return its seconds, those of the CPU, its peak and that of its imports alone in MiB."""
        spent = self._metered(self._contestant.command)
        return spent["seconds"], spent["cpu"], spent["mib"], self._imported

    def _metered(self, command: Sequence[str]) -> dict[str, float]:
        return metered(command, {**self._given, "ASSET_SYNC_HOME": str(self._home)}, self._home / "log")


def metered(command: Sequence[str], environment: Mapping[str, str], log: Path) -> dict[str, float]:
    """Run a command with these variables besides; return its `seconds`, those of its `cpu`, and its peak in `mib`.

    What it says is appended to the log. Python keeps bytecode. Raises `RaceError` where it fails.
    """
    told = {**os.environ, **environment, "PYTHONPYCACHEPREFIX": _bytecode(), "RUNTIME__DLTHUB_TELEMETRY": "false"}
    told.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [sys.executable, "-S", str(meter.__file__), str(log), *command], env=told, stdout=subprocess.PIPE, text=True, check=True
    )
    spent: dict[str, float] = json.loads(done.stdout)
    if spent["status"]:
        raise RaceError(f"{' '.join(command)} failed with status {spent['status']:g}:\n{log.read_text()[-_LOG_SHOWN:]}")
    return spent


def _bytecode() -> str:
    return str(Path(tempfile.gettempdir()) / "asset_sync_bench_bytecode")
