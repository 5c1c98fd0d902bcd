"""Match and plan beside diffsync: time and peak memory of each on the same tables, a process each.

    python -m asset_sync_tests.bench.contest [rows …]

prints the table of the README. What is timed starts with the tables in memory and ends with the plan and its id, or with
diffsync's models loaded and their diff; the best of three, of more where a run is short. Memory is that of the first run: the
highest resident size during it, less the resident size just before (imports done, tables loaded); where the kernel cannot
reset its high-water mark, less the highest so far. What was freed is handed back before.
"""

import ctypes
import gc
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow as pa
from diffsync import Adapter, DiffSyncModel

from asset_sync.reconcile.planning import make_plan
from asset_sync.reconcile.references import match_all
from asset_sync_tests.bench import worlds
from asset_sync_tests.bench.worlds import World

SIZES: Final = (1_000, 10_000, 100_000, 1_000_000)
DEADLINE: Final = 1800.0
RUNS: Final = 3
RUNS_FOR_S: Final = 3.0
_MIB: Final = 1024 * 1024


class Machine(DiffSyncModel):
    """The benchmark's kind as diffsync sees it: an identifier and eleven attributes."""

    _modelname = "machine"
    _identifiers = ("serial",)
    _attributes = tuple(name for name in worlds.FIELDS if name != "serial")

    serial: str
    asset_tag: str
    name: str
    model: str
    site: str
    room: str
    owner: str
    os: str
    status: str
    bought: str
    memory: int
    comments: str


class Machines(Adapter):
    """One side of the comparison."""

    machine = Machine
    top_level = ["machine"]  # noqa: RUF012, as diffsync declares it

    def fill(self, table: pd.DataFrame) -> None:
        """Load a record table, a model a row."""
        columns = [table[name].tolist() for name in worlds.FIELDS]
        for row in zip(*columns, strict=True):
            self.add(Machine(**dict(zip(worlds.FIELDS, row, strict=True))))


def plan(world: World) -> dict[str, int]:
    """Match and plan; return the counts of the plan."""
    snapshot = world.snapshot
    matches = match_all(worlds.KINDS, snapshot.desired, snapshot.observed, snapshot.links)
    made = make_plan("bench", worlds.KINDS, worlds.POLICY, snapshot, matches, now=worlds.NOW)
    assert made.id
    return made.counts


def diff(world: World) -> dict[str, int]:
    """Load both sides into diffsync and compare them; return the counts of the diff."""
    source, target = Machines(), Machines()
    source.fill(world.desired)
    target.fill(world.observed)
    return dict(target.diff_from(source).summary())


CONTESTANTS: Final[dict[str, Callable[[World], dict[str, int]]]] = {"asset_sync": plan, "diffsync": diff}


def measured(contestant: str, folder: Path) -> dict[str, Any]:
    """Run one contestant once in this process; return its seconds, MiB and counts."""
    world = worlds.load(folder)
    CONTESTANTS[contestant](worlds.world(200))  # whatever is imported or compiled at first use is no part of the race
    gc.collect()
    before = _forget_peak()
    seconds, counts = _timed(contestant, world)
    peak = _peak()
    times = [seconds]
    while len(times) < RUNS or sum(times) < RUNS_FOR_S:
        times.append(_timed(contestant, world)[0])
    return {"seconds": min(times), "mib": (peak - before) / _MIB, "counts": counts}


def _timed(contestant: str, world: World) -> tuple[float, dict[str, int]]:
    gc.collect()
    started = time.perf_counter()
    counts = CONTESTANTS[contestant](world)
    return time.perf_counter() - started, counts


def contest(rows: int, contestants: Iterable[str] = CONTESTANTS, deadline: float = DEADLINE) -> dict[str, dict[str, Any]]:
    """Run each contestant on the same world, in a process of its own; one that runs out of time or memory has no entry."""
    results: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        worlds.world(rows).save(Path(folder))
        for contestant in contestants:
            command = [sys.executable, "-m", __spec__.name, "--one", contestant, folder]
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=deadline, check=True)
            except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
                continue
            results[contestant] = json.loads(done.stdout.splitlines()[-1])  # diffsync logs to stdout
    return results


def line(rows: int, results: dict[str, dict[str, Any]]) -> str:
    """Return one row of the table."""
    ours, theirs = results["asset_sync"], results.get("diffsync")
    if theirs is None:
        return f"| {rows:,} | {ours['seconds']:.3f} | – | – | {ours['mib']:.0f} | – |"
    ratio = theirs["seconds"] / ours["seconds"]
    times = f"{ours['seconds']:.3f} | {theirs['seconds']:.2f} | {ratio:.0f}×"
    return f"| {rows:,} | {times} | {ours['mib']:.0f} | {theirs['mib']:.0f} |"


HEAD: Final = (
    "| rows | asset_sync, s | diffsync, s | ratio | asset_sync, MiB | diffsync, MiB |\n|---:|---:|---:|---:|---:|---:|"
)


def _forget_peak() -> int:
    """Reset the high-water mark of this process's memory; return what it holds now, in bytes.

    What was freed is handed back first: what takes its place again would not be seen in the mark.
    """
    pa.default_memory_pool().release_unused()
    with suppress(AttributeError):  # other C libraries than glibc have no such function
        ctypes.CDLL(None).malloc_trim(0)
    try:
        Path("/proc/self/clear_refs").write_text("5")
        return _status("VmRSS")
    except OSError:
        return _peak()


def _peak() -> int:
    try:
        return _status("VmHWM")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _status(name: str) -> int:
    for told in Path("/proc/self/status").read_text().splitlines():
        if told.startswith(f"{name}:"):
            return int(told.split()[1]) * 1024
    raise OSError(f"the kernel does not tell {name}")


def main(arguments: list[str]) -> None:
    """Run one contestant (`--one NAME FOLDER`), or all of them for each of the sizes."""
    if arguments[:1] == ["--one"]:
        print(json.dumps(measured(arguments[1], Path(arguments[2]))))
        return
    print(HEAD)
    for rows in [int(a.replace("_", "")) for a in arguments] or SIZES:
        print(line(rows, contest(rows)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
