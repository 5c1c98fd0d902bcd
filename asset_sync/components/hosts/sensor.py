"""The sensor: a tick takes documents in, and asks for one run where any of them said something new."""

from collections.abc import Callable
from typing import Final

import dagster as dg

from asset_sync.components.dropped.cursor import Cursor
from asset_sync.components.hosts import documents
from asset_sync.components.hosts.taking import HostWatch
from asset_sync.components.pausing import held_back

_WAITING: Final = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED]
_LINE: Final = "\n"


def hosts_sensor(sync: str, watch: Callable[[], HostWatch], every_seconds: int) -> dg.SensorDefinition:
    """Return the sensor of a sync; it is on from the start, since nothing happens before a document comes.

    However many documents come, one run waits at most: it is about all that are there when it begins.
    """

    @dg.sensor(
        name=f"{sync}_sensor",
        job_name=sync,
        minimum_interval_seconds=every_seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Takes in the documents of hosts that are dropped, and runs the sync where any says something new.",
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        asked, _, seen = (context.cursor or _LINE).partition(_LINE)
        watching = watch()
        try:
            look = watching.look(Cursor.of(seen), log=context.log.info)
        except OSError as error:
            context.log.warning(f"the drop folder cannot be listed: {error}")
            return dg.SkipReason(f"the drop folder cannot be listed ({error.strerror or error}); it is tried again")
        version = watching.kept.version()
        why = held_back(sync)
        due = why is None and version not in ("", asked) and not _waits(context.instance, sync)
        there, gone = documents.partitions(look.taken)
        return dg.SensorResult(
            run_requests=[dg.RunRequest(run_key=f"{sync}-{version}")] if due else [],
            skip_reason=None if due else why or f"nothing new in {len(look.taken)} documents, {len(look.refused)} refused",
            dynamic_partitions_requests=[
                *([documents.PARTITIONS.build_add_request(there)] if there else []),
                *([documents.PARTITIONS.build_delete_request(gone)] if gone else []),
            ],
            asset_events=list(documents.events(look.taken)),
            cursor=f"{version if due else asked}{_LINE}{look.cursor}",
        )

    return sensor


def _waits(instance: dg.DagsterInstance, sync: str) -> bool:
    """Tell whether a run of the sync has yet to begin: it will read what is there by then."""
    return instance.get_runs_count(dg.RunsFilter(job_name=sync, statuses=_WAITING)) > 0
