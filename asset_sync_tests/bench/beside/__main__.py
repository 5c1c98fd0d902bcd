"""Four ways to bring PDQ Connect's machines into NetBox, and two mirrors of Snipe-IT, in one run.

    uv run --group bench python -m asset_sync_tests.bench.beside [--assets N] [--plot FILE]

prints the tables of the README, a row as soon as a run has ended, and draws them.
"""

import argparse
import sys
from pathlib import Path
from typing import Final

from asset_sync.sandbox.company import LARGEST, SMALLEST
from asset_sync_tests.bench.beside.plot import draw
from asset_sync_tests.bench.beside.race import RaceError, Times, Took, into_netbox, mirrors

_HEAD: Final = (
    "| | run | reads | writes | seconds | of CPU | peak MiB | of it imports |\n|---|---|---:|---:|---:|---:|---:|---:|"
)
_MIRROR_HEAD: Final = "| | run | requests | seconds | of CPU | peak MiB | of it imports |\n|---|---|---:|---:|---:|---:|---:|"


def main() -> None:
    """Run everything."""
    parser = argparse.ArgumentParser(prog="beside", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--assets", type=_assets, default=10_000, metavar="N")
    parser.add_argument("--plot", type=Path, default=Path("docs/beside.svg"), metavar="FILE")
    given = parser.parse_args()
    try:
        _run(given.assets, given.plot)
    except RaceError as error:
        sys.exit(f"beside: {error}")


def _assets(told: str) -> int:
    if not told.isdecimal() or not SMALLEST <= int(told) <= LARGEST:
        raise argparse.ArgumentTypeError(f"{told!r} is no number from {SMALLEST} to {LARGEST}")
    return int(told)


def _run(assets: int, plot: Path) -> None:
    mirrored, took = _Told(), _Told()
    print(_MIRROR_HEAD, flush=True)
    mirrors(assets, mirrored.mirror)
    print(f"\n{_HEAD}", flush=True)
    into_netbox(assets, Times(), took.sync)
    draw(took.runs, assets, plot)


class _Told:
    """Prints each run as it ends, and keeps it."""

    def __init__(self) -> None:
        self.runs: list[Took] = []

    def mirror(self, took: Took) -> None:
        """Print a run of a mirror, which writes nothing to its source."""
        self._print(took, f"{took.reads:,}")

    def sync(self, took: Took) -> None:
        """Print a run into NetBox."""
        self._print(took, f"{took.reads:,} | {took.writes:,}")

    def _print(self, took: Took, requests: str) -> None:
        self.runs.append(took)
        spent = f"{took.seconds:,.1f} | {took.cpu:,.1f} | {took.mib:.0f} | {took.imported:.0f}"
        print(f"| {took.contestant} | {took.run} | {requests} | {spent} |", flush=True)


if __name__ == "__main__":
    main()
