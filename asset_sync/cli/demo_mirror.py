"""The part of the demo in which Snipe-IT is mirrored: what a load did, as the demo tells it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from asset_sync import database
from asset_sync.mirror.schema import sync_runs
from asset_sync.systems.snipeit import TABLES

MIRROR: Final = "snipeit_to_postgres"
_AGAIN_MOST: Final = 1 + len(TABLES)


@dataclass(frozen=True, slots=True)
class Mirrored:
    """What one load did; all is 0 where it failed."""

    read: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    succeeded: bool = False

    def shown(self) -> Mapping[str, Any]:
        """Return the load in the words of the other syncs: what goes is retired, since no row is ever removed."""
        return {
            "source_rows": self.read,
            "planned": {"create": self.inserted, "update": self.updated, "retire": self.deleted, "restore": 0},
            "applied": self.writes,
            "failed": 0 if self.succeeded else 1,
            "converged": self.succeeded,
        }

    @property
    def writes(self) -> int:
        """How many rows were written."""
        return self.inserted + self.updated + self.deleted

    def problems(self, requests: int | None = None) -> list[str]:
        """Return what is not as it has to be; `requests` are those of a load that follows another at once."""
        if requests is None:
            return [] if self.writes else ["nothing was loaded"]
        found = [f"nothing had changed, and yet {self.writes} rows were written"] if self.writes else []
        if requests > _AGAIN_MOST:
            found.append(f"{requests} requests to find nothing new are more than {_AGAIN_MOST}")
        return found


def mirrored(run_id: str) -> Mirrored:
    """Return what the load of a run did."""
    run = sync_runs.c
    query = select(run.read, run.inserted, run.updated, run.deleted, run.status == "succeeded").where(run.run_id == run_id)
    with database.engine().connect() as connection:
        found = connection.execute(query.order_by(run.id.desc())).first()
    return Mirrored(*found) if found else Mirrored()
