"""The part of the demo in which Snipe-IT is mirrored: what a load did, as the demo tells it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from asset_sync import database
from asset_sync.mirror.runs import load_of_run
from asset_sync.mirror.switching import Written
from asset_sync.operations.definitions import component_of
from asset_sync.operations.runs import RunReport
from asset_sync.systems.snipeit import TABLES
from asset_sync.systems.snipeit.client import PAGE_SIZE

MIRROR: Final = "snipeit_to_postgres"
_ASKED_AGAIN: Final = 1 + len(TABLES)
"""Requests to find nothing new, besides the further pages of what was written so lately that it is read once more."""


@dataclass(frozen=True, slots=True)
class Mirrored:
    """What one load wrote, and in what the mirror differs from Snipe-IT afterwards; `written` is None where it failed.

    `pages` are those that it read besides the first one of each table.
    """

    written: Written | None = None
    pages: int = 0
    differences: Sequence[str] = ()
    counted: bool = False

    def shown(self) -> Mapping[str, Any]:
        """Return the load in the words of the other syncs: what goes is retired, since no row is ever removed."""
        written = self.written or Written()
        return {
            "source_rows": written.read,
            "planned": {"create": written.inserted, "update": written.updated, "retire": written.deleted, "restore": 0},
            "applied": written.writes,
            "failed": 0 if self.written else 1,
            "converged": self.converged,
        }

    @property
    def converged(self) -> bool:
        """Whether the run's own checks counted as many rows as Snipe-IT has, and all of it, read again, is what is mirrored."""
        return self.written is not None and self.counted and not self.differences

    def problems(self, requests: int | None = None) -> list[str]:
        """Return what is not as it has to be; `requests` are those of a load that follows another at once."""
        writes, most = self.written.writes if self.written else 0, _ASKED_AGAIN + self.pages
        found = [f"it did not converge: {difference}" for difference in self.differences]
        if not self.counted:
            found.append("it did not converge: the mirror has not as many rows as Snipe-IT says")
        if requests is None:
            return found if writes else [*found, "nothing was loaded"]
        if writes:
            found.append(f"nothing had changed, and yet {writes} rows were written")
        if requests > most:
            found.append(f"{requests} requests to find nothing new are more than {most}")
        return found


def mirrored(report: RunReport) -> Mirrored:
    """Return what the load of a run did, with Snipe-IT read again beside it."""
    load = load_of_run(database.engine(), report.run_id) if report.succeeded else None
    if load is None:
        return Mirrored()
    component: Any = component_of(MIRROR)
    pages = sum(table.read // PAGE_SIZE for table in load.tables.values())
    return Mirrored(load.written, pages, component.differences(), report.converged is True)
