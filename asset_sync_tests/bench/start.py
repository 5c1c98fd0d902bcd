"""What a run costs that finds nothing to do, beside a job of Dagster as long that does nothing: seconds of CPU.

    uv run python -m asset_sync_tests.bench.start [--machines N] [--rounds N]

prints a table: the best and the middle of so many rounds. They take turns, for a machine is not as fast in one minute as in the
next. Python keeps bytecode, which is made before.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from asset_sync_tests.bench.beside.race import Times, metered, served

_SYNC: Final = "pdq_to_netbox"
_BARE: Final = "asset_sync_tests.bench.bare_job"
_BARE_HOME: Final = """
telemetry: {enabled: false}
compute_logs: {module: dagster._core.storage.noop_compute_log_manager, class: NoOpComputeLogManager}
"""
_DAGSTER: Final = str(Path(sys.executable).with_name("dagster"))
_OURS: Final = str(Path(sys.executable).with_name("asset-sync"))
_COMMANDS: Final[Mapping[str, Sequence[str]]] = {
    "a bare job, in process": [sys.executable, "-m", _BARE],
    f"`asset-sync run {_SYNC}`": [_OURS, "run", _SYNC],
    "a bare job, `dagster job execute`": [_DAGSTER, "job", "execute", "-m", _BARE, "-j", "bare"],
    f"`dagster job execute -j {_SYNC}`": [_DAGSTER, "job", "execute", "-m", "asset_sync.definitions", "-j", _SYNC],
}


def main() -> None:
    """Measure all commands, so many times each."""
    parser = argparse.ArgumentParser(prog="start", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--machines", type=int, default=500, metavar="N")
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="asset_sync_bench_", ignore_cleanup_errors=True) as folder:
        spent = measured(Path(folder), given.machines, given.rounds)
    print("| command | best | median |\n|---|---:|---:|")
    for name, seconds in spent.items():
        print(f"| {name} | {min(seconds):.2f} | {statistics.median(seconds):.2f} |")


def measured(folder: Path, machines: int, rounds: int) -> dict[str, list[float]]:
    """Return the seconds of CPU of each command by its name, turn by turn, after runs that found all that there is."""
    bare = folder / "bare"
    bare.mkdir()
    (bare / "dagster.yaml").write_text(_BARE_HOME, encoding="utf-8")
    with served(machines, Times(0, 0)) as estate:
        environment = {**estate.environment, "ASSET_SYNC_HOME": str(folder)}
        for _ in range(2):
            metered(_COMMANDS[f"`asset-sync run {_SYNC}`"], environment, folder / "log")
        homes = {name: str(bare if "bare" in name else folder / "dagster") for name in _COMMANDS}
        spent: dict[str, list[float]] = {name: [] for name in _COMMANDS}
        for _ in range(rounds + 1):
            for name, command in _COMMANDS.items():
                spent[name].append(metered(command, {**environment, "DAGSTER_HOME": homes[name]}, folder / "log")["cpu"])
    return {name: seconds[1:] for name, seconds in spent.items()}


if __name__ == "__main__":
    main()
