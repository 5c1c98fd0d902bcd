"""The part of the demo in which export files are dropped: one, a changed one, and a broken one."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from asset_sync.operations.definitions import component_of
from asset_sync.operations.exports import take_exports
from asset_sync.operations.runs import RunReport, Watch, run_sync
from asset_sync.sandbox.exports import write_broken, write_export
from asset_sync.sandbox.world import World

EXPORTS: Final = "pdq_exports"
FILE: Final = "devices.csv"
BROKEN: Final = "broken"
"""The name of the pass whose file is to be refused."""

_ONLY_IN_FILES: Final = 20
"""One machine in so many is known to PDQ Inventory alone."""


def run_exports(world: World, watching: Callable[[str], Watch]) -> Iterator[tuple[str, RunReport]]:
    """Yield the run of each file, by the name of its pass: all machines and a few more, one of these renamed, a cut file."""
    path = _folder() / FILE
    known = list(world.company)
    more = [world.company.new_machine() for _ in range(max(1, len(known) // _ONLY_IN_FILES))]
    renamed = [replace(more[0], name=f"{more[0].name}-B"), *more[1:]]
    drops: dict[str, Callable[[], None]] = {
        "first": lambda: write_export(world.company, path, machines=[*known, *more]),
        "changed": lambda: write_export(world.company, path, machines=[*known, *renamed]),
        BROKEN: lambda: write_broken(path, "cut_in_row.csv"),
    }
    for name, drop in drops.items():
        drop()
        (key,) = take_exports(EXPORTS)
        yield name, run_sync(EXPORTS, partition=key, watch=watching(f"{EXPORTS}, {name}"))


def refusal(report: RunReport) -> str | None:
    """Return the line with which a run refused its file; None where it did not."""
    told = (reason.partition("pdq_export/devices: ")[2] for reason in report.reasons)
    return next((line for line in told if line), None)


def _folder() -> Path:
    component: Any = component_of(EXPORTS)
    folder = Path(component.watch().folder.path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
