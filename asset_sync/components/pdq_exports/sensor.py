"""The sensor: a tick looks at the folder, and every new file becomes a partition with a run of its own."""

from collections.abc import Callable

import dagster as dg

from asset_sync.components.dropped.cursor import Cursor
from asset_sync.components.pausing import held_back
from asset_sync.components.pdq_exports.watch import Watch


def export_sensor(sync: str, watch: Callable[[], Watch], every_seconds: int) -> dg.SensorDefinition:
    """Return the sensor of a sync; it is on from the start, since nothing happens before somebody drops a file."""
    partitions = dg.DynamicPartitionsDefinition(name=sync)

    @dg.sensor(
        name=f"{sync}_sensor",
        job_name=sync,
        minimum_interval_seconds=every_seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Looks for new and changed export files in the drop folder.",
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        if (why := held_back(sync)) is not None:
            # The cursor stays: what is dropped meanwhile is new once it goes on.
            return dg.SkipReason(why)
        try:
            before = Cursor.of(context.cursor)
            look = watch().look(before, lambda: context.instance.get_dynamic_partitions(sync), log=context.log.info)
        except OSError as error:
            context.log.warning(f"the drop folder cannot be listed: {error}")
            return dg.SkipReason(f"the drop folder cannot be listed ({error.strerror or error}); it is tried again")
        if not look.accepted:
            return dg.SensorResult(skip_reason=_nothing(look.cursor), cursor=str(look.cursor))
        return dg.SensorResult(
            run_requests=[dg.RunRequest(run_key=key, partition_key=key) for key in look.accepted],
            dynamic_partitions_requests=[partitions.build_add_request(list(look.accepted))],
            cursor=str(look.cursor),
        )

    return sensor


def _nothing(cursor: Cursor) -> str:
    resting = f"; {len(cursor.seen)} new or changed, looked at again once they rest" if cursor.seen else ""
    return f"no new content in {len(cursor.settled) + len(cursor.seen)} files{resting}"
