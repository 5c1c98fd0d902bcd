"""What a load did, as the mirror itself tells it: the row of `sync_runs`."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Engine, select

from asset_sync.mirror.schema import sync_runs
from asset_sync.mirror.switching import Written


@dataclass(frozen=True, slots=True)
class LoadRun:
    """A load that succeeded: the requests that it sent, and what it wrote, in all and by table."""

    requests: int
    written: Written
    tables: Mapping[str, Written]


def load_of_run(engine: Engine, run_id: str) -> LoadRun | None:
    """Return the load of a run of Dagster's; None where it did not succeed."""
    run = sync_runs.c
    query = select(sync_runs).where(run.run_id == run_id, run.status == "succeeded").order_by(run.id.desc())
    with engine.connect() as connection:
        found = connection.execute(query).first()
    if found is None:
        return None
    written = Written(found.read, found.inserted, found.updated, found.deleted)
    return LoadRun(found.requests, written, {name: Written(**counts) for name, counts in found.tables.items()})
