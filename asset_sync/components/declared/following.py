"""What goes on in the target after an apply is followed by an asset, a job and a sensor of its own (see `Following`)."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import dagster as dg

from asset_sync import database
from asset_sync.components.failures import told_in_one_line
from asset_sync.components.history import free_at, last_mode, past_runs
from asset_sync.components.pausing import paused, refuse_paused
from asset_sync.components.sync import Sync
from asset_sync.systems.steps import Following, Run

_MOST: Final = timedelta(hours=1)
_TICK_S: Final = 30


def following_asset(sync: Sync, following: Following, run_of: Callable[[dg.AssetExecutionContext], Run]) -> dg.AssetsDefinition:
    """Return the asset whose materialisation is a look."""

    @dg.asset(
        key=sync.key(following.name),
        deps=[sync.key("applied")],
        partitions_def=sync.partitions,
        required_resource_keys={sync.target},
        owners=list(sync.owners),
        group_name=sync.name,
        kinds={"postgres"},
        description=following.words,
        code_version="1",
    )
    def look(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        with told_in_one_line():
            refuse_paused(sync.name)
            return dg.MaterializeResult(metadata=dict(following.look(run_of(context))))

    return look


# Dagster has no public name for the type of a job that is defined by its assets.
def following_job(sync: Sync, following: Following) -> Any:
    """Return the job that takes a look."""
    selection = dg.AssetSelection.keys(sync.key(following.name))
    return dg.define_asset_job(f"{sync.name}_{following.name}", selection=selection, description=following.words)


def following_sensor(following: Following, sync: Any, looks: Any, connections: Mapping[str, bool]) -> dg.SensorDefinition:
    """Return the sensor that has looks taken when they are due, and runs the sync again for what they found and what failed.

    `sync` and `looks` are the two jobs. It is on from the start: it only follows what was begun, in the mode of the last run.
    `connections` says by name which ones are enabled; what was begun is followed to its end on the others, too.
    """

    @dg.sensor(
        name=f"{looks.name}_sensor",
        jobs=[sync, looks],
        minimum_interval_seconds=_TICK_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=following.sensor,
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        try:
            if why := paused(sync.name):
                return dg.SkipReason(why)
            now = datetime.now(UTC)
            due = {name: following.due(name, now) for name in connections}
            again = {name: following.again(name, now) for name, enabled in connections.items() if enabled}
        except database.ERRORS as error:
            return dg.SkipReason(database.in_one_line(error))
        wanted = [*_looks(context.instance, looks.name, due), *_syncs(context.instance, sync.name, again)]
        return dg.SensorResult(run_requests=wanted) if wanted else dg.SkipReason("nothing to follow, or it is under way")

    return sensor


def _looks(instance: dg.DagsterInstance, job: str, due: Mapping[str, str]) -> Iterator[dg.RunRequest]:
    for connection, look in due.items():
        if look and (began := _free(instance, job, connection)):
            yield dg.RunRequest(run_key=f"{connection} {look} {began}", partition_key=connection, job_name=job)


def _syncs(instance: dg.DagsterInstance, sync: str, again: Mapping[str, str]) -> Iterator[dg.RunRequest]:
    for connection, why in again.items():
        if why and _free(instance, sync, connection):
            config = {"ops": {f"{sync}__plan": {"config": {"mode": last_mode(instance, sync, connection)}}}}
            yield dg.RunRequest(run_key=f"{connection} again {why}", partition_key=connection, job_name=sync, run_config=config)


def _free(instance: dg.DagsterInstance, job: str, connection: str) -> str | None:
    """Return when the job last began for a connection, if it may run now; None while it runs or waits after a failure."""
    past = past_runs(instance, job, connection)
    free = free_at(past, _MOST)
    if free is None or free > datetime.now(UTC):
        return None
    return past[0].began.isoformat() if past else "never"
