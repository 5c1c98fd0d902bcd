"""What the ledger does beside an apply: `python -m asset_sync_tests.bench.ledger [ROWS …]`.

A plan that creates that many objects (100,000 where none is said) is saved and read, and its outcomes are recorded in batches
of a hundred, each with its intent before, as an apply does; then another sync claims them all. Of each step the seconds by the
clock are told, and those of CPU: this process's, and the embedded PostgreSQL's.
"""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from asset_sync import settings
from asset_sync.components.resources import open_ledger
from asset_sync.ledger import Ledger
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.planning import Snapshot, make_plan
from asset_sync.reconcile.references import match_all
from asset_sync.reconcile.target import APPLIED, Outcome
from asset_sync_tests.bench import worlds
from asset_sync_tests.bench.worlds import KINDS, MACHINE, World

ROWS: Final = 100_000
BATCH: Final = 100
RUN: Final = "the run"


class Meter:
    """Prints what each step took."""

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure a step."""
        began, own, server = time.perf_counter(), time.process_time(), _server_cpu()
        yield
        took = (time.perf_counter() - began, time.process_time() - own, _server_cpu() - server)
        print(f"| {name:32} | {' | '.join(f'{seconds:8.2f}' for seconds in took)} |", flush=True)


def creating(world: World) -> Plan:
    """Return the plan of a first run: nothing is there yet."""
    return _plan("first", world, there=False)


def claiming(world: World) -> Plan:
    """Return the plan of another sync's first run: everything is there already."""
    return _plan("second", world, there=True)


def _plan(sync: str, world: World, *, there: bool) -> Plan:
    observed = world.observed if there else world.observed.iloc[:0]
    seen = Snapshot({MACHINE.name: world.desired}, {MACHINE.name: observed}, {MACHINE.name: world.links.iloc[:0]})
    matches = match_all(KINDS, seen.desired, seen.observed, seen.links)
    return make_plan(sync, KINDS, worlds.POLICY, seen, matches, now=worlds.NOW, source_rows={"machines": len(world.desired)})


def measure(rows: int) -> None:
    """Measure one size, in an embedded ledger of its own."""
    meter, ledger, world = Meter(), open_ledger(), worlds.world(rows)
    print(f"{rows:,} rows\n| step | s | CPU s, process | CPU s, PostgreSQL |\n|---|---:|---:|---:|")
    with meter.step("plan of creates"):
        first = creating(world)
    _apply(ledger, first, meter)
    with meter.step("links read"):
        ledger.links("first", KINDS, {MACHINE.name: worlds.SHARED})
    with meter.step("plan of claims"):
        second = claiming(world)
    _apply(ledger, second, meter)


def _apply(ledger: Ledger, plan: Plan, meter: Meter) -> None:
    with meter.step("saved"):
        ledger.save(plan, RUN, _now())
        ledger.save_guards(plan.id, [])
    with meter.step("read and verified"):
        plan = ledger.plan(plan.id)
    with meter.step("sighting"):
        ledger.start(plan.id, RUN, _now())
        ledger.note_sighting(plan, RUN, _now())
    seqs = plan.writes.index.tolist()
    with meter.step(f"{len(seqs):,} outcomes recorded"):
        for at in range(0, len(seqs), BATCH):
            some = seqs[at : at + BATCH]
            ledger.intend(plan.id, some, RUN, _now())
            ledger.record(plan, [Outcome(seq, APPLIED, None, f"n{seq}", "v") for seq in some], RUN, _now())
        ledger.finish(plan.id, _now())
    with meter.step("outcomes read"):
        assert len(ledger.outcomes(plan.id)) == len(seqs)


def _now() -> datetime:
    return datetime.now(UTC)


def _server_cpu() -> float:
    """Return the CPU seconds of the processes that serve connections."""
    server = (settings.home() / "postgres" / "postmaster.pid").read_text().split()[0]
    told = [stat.read_text().rpartition(")")[2].split() for stat in Path("/proc").glob("[0-9]*/stat")]
    return sum(int(each[11]) + int(each[12]) for each in told if each[1] == server) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure each of the sizes."""
    for rows in [int(each) for each in sys.argv[1:]] or [ROWS]:
        with tempfile.TemporaryDirectory(prefix="asset_sync_bench_", ignore_cleanup_errors=True) as folder:
            os.environ["ASSET_SYNC_HOME"] = f"{folder}/home"
            os.environ.pop("DATABASE_URL", None)
            measure(rows)


if __name__ == "__main__":
    main()
