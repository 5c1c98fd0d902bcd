"""How much several workers of Celery carry out: a backfill of many registers into one NetBox, by 1, 2 and 4 of them.

    uv run python -m asset_sync_tests.bench.workers [--registers N] [WORKERS …]

prints the table of docs/scale.md, a row as soon as it is measured. Redis is needed (apt-get install redis-server).
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import dagster as dg
from sqlalchemy import create_engine, make_url, text

from asset_sync import database
from asset_sync_tests.deploy.fleet import REDIS, Fleet, Worker, fleet_of

_PATIENCE_S: Final = 3600


@dataclass(frozen=True, slots=True)
class Took:
    """What a number of workers took for all runs: seconds from the first start to the last end, and those of their CPU."""

    workers: int
    runs: int
    seconds: float
    cpu: float


def main() -> None:
    """Measure each number of workers."""
    parser = argparse.ArgumentParser(prog="workers", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("workers", type=_number, nargs="*", metavar="WORKERS")
    parser.add_argument("--registers", type=_number, default=40, metavar="N")
    given = parser.parse_args()
    if shutil.which(REDIS) is None:
        sys.exit(f"workers: {REDIS} is not installed: apt-get install {REDIS}")
    print("| workers | runs | seconds | runs a minute | CPU a run, s |\n|---:|---:|---:|---:|---:|", flush=True)
    for workers in given.workers or (1, 2, 4):
        took = measured(workers, given.registers)
        by_minute = f"{took.runs / took.seconds * 60:.0f}"
        print(f"| {took.workers} | {took.runs} | {took.seconds:.0f} | {by_minute} | {took.cpu / took.runs:.1f} |", flush=True)


def _number(told: str) -> int:
    if not told.isdecimal() or not 1 <= int(told) <= 999:
        raise argparse.ArgumentTypeError(f"{told!r} is no number from 1 to 999")
    return int(told)


def measured(workers: int, registers: int) -> Took:
    """Have so many workers carry out a run for each register, all of which are asked for before the first one begins."""
    names = [f"r{number:03}" for number in range(registers)]
    with tempfile.TemporaryDirectory() as folder, _databases(Path(folder)) as (ledger, history), ExitStack() as running:
        (Path(folder) / "fleet").mkdir()
        fleet = running.enter_context(fleet_of(Path(folder) / "fleet", ledger, history, names))
        running.enter_context(fleet.daemon())
        fleet.backfill()
        with fleet.instance() as dagster:
            fleet.wait(lambda: dagster.get_runs_count() == registers, "the runs are not asked for", _PATIENCE_S)
        started = [running.enter_context(fleet.worker(f"worker{number}")) for number in range(workers)]
        return _took(fleet, started, registers)


def _took(fleet: Fleet, workers: Sequence[Worker], registers: int) -> Took:
    with fleet.instance() as dagster:
        came = dg.RunsFilter(statuses=[dg.DagsterRunStatus.SUCCESS])
        fleet.wait(lambda: dagster.get_runs_count(came) == registers, "not all runs came through", _PATIENCE_S)
        cpu = sum(worker.cpu_s() for worker in workers)
        spans = [_span(record) for record in dagster.get_run_records()]
    return Took(len(workers), registers, max(end for _, end in spans) - min(began for began, _ in spans), cpu)


def _span(record: dg.RunRecord) -> tuple[float, float]:
    assert record.start_time is not None
    assert record.end_time is not None
    return record.start_time, record.end_time


@contextmanager
def _databases(folder: Path) -> Iterator[tuple[str, str]]:
    """Run a PostgreSQL; yield the URLs of two empty databases."""
    server = database.embedded(folder / "postgres")
    engine = create_engine(server.url(), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            for name in ("ledger", "history"):
                connection.execute(text(f"CREATE DATABASE {name}"))
        made = [make_url(server.url()).set(database=name) for name in ("ledger", "history")]
        ledger, history = (url.render_as_string(hide_password=False) for url in made)
        yield ledger, history
    finally:
        engine.dispose()
        server.stop()


if __name__ == "__main__":
    main()
