"""Runs that somebody asked for by REST, by a hook or on the command line, handed to Dagster's queue by its daemon."""

from collections.abc import Sequence
from typing import Any, Final

import dagster as dg

from asset_sync.components import run_tags
from asset_sync.components.failures import told_in_one_line
from asset_sync.components.resources import open_asks
from asset_sync.ledger import Asked

SENSOR: Final = "asked_runs"
_MOST: Final = 20
"""So many are taken at a tick: each is a run that Dagster makes within it."""


def op_name(sync: str, step: str) -> str:
    """Return the name of the op of one of the sync's own steps, or of an asset that is named with the key that it has."""
    return (step if "/" in step else f"{sync}/{step}").replace("/", "__")


def asked_sensor(jobs: Sequence[Any]) -> dg.SensorDefinition:
    """Return the sensor that starts what was asked for, given the jobs of all syncs. It runs from the beginning."""

    @dg.sensor(
        name=SENSOR,
        jobs=jobs,
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=1,
        description="Hands the runs that were asked for by REST, by a hook or by `asset-sync trigger` to Dagster's queue.",
    )
    def sensor() -> dg.SensorResult | dg.SkipReason:
        try:
            with told_in_one_line():
                taken = open_asks().take("daemon", _MOST)
        except dg.Failure as failure:
            # A database that is away is no reason for the sensor to be given up: the next tick asks again.
            return dg.SkipReason(failure.description or "")
        if not taken:
            return dg.SkipReason("nothing is asked for")
        return dg.SensorResult(run_requests=[_request(each) for each in taken])

    return sensor


def _request(asked: Asked) -> dg.RunRequest:
    ops = {op_name(asked.sync, step): {"config": dict(values)} for step, values in asked.config.items()}
    return dg.RunRequest(
        run_key=asked.id,
        job_name=asked.sync,
        run_config={"ops": ops},
        tags={**asked.tags, run_tags.ASKED: asked.id},
        partition_key=asked.partition,
        asset_selection=[dg.AssetKey([asked.sync, step]) for step in asked.steps] or None,
    )
