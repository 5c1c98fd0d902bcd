"""Export files taken from a sync's drop folder by hand, for a process without Dagster's daemon."""

import logging
from typing import Any

import dagster as dg

from asset_sync.components import PdqExports
from asset_sync.components.dropped.cursor import Cursor
from asset_sync.components.dropped.folder import place
from asset_sync.components.pdq_exports.kept import accepted
from asset_sync.components.run_tags import PARTITION
from asset_sync.operations.definitions import component_of, instance

_LOG = logging.getLogger(__name__)


def take_exports(sync: str) -> list[str]:
    """Take the files that lie in the drop folder, as the sensor would; return their partitions, which are yet to be run."""
    component: Any = component_of(sync)
    watch = component.watch()
    with instance() as dagster:
        resting = watch.look(Cursor(), list, log=_LOG.info).cursor
        taken = list(watch.look(resting, lambda: dagster.get_dynamic_partitions(sync), log=_LOG.info).accepted)
        dagster.add_dynamic_partitions(sync, taken)
    return taken


def takes_exports(sync: str) -> bool:
    """Tell whether what a sync reads comes as files that are dropped into a folder."""
    return isinstance(component_of(sync), PdqExports)


def export_folder(sync: str) -> str:
    """Return the folder that files are dropped into."""
    component: Any = component_of(sync)
    return str(place(component.folder))


def waiting_exports(sync: str) -> list[str]:
    """Take the files that lie in the drop folder; return the partitions that no run was started for, in their order."""
    take_exports(sync)
    with instance() as dagster:
        keys = sorted(dagster.get_dynamic_partitions(sync), key=accepted)
        return [key for key in keys if not dagster.get_run_records(_runs_of(sync, key), limit=1)]


def _runs_of(sync: str, key: str) -> dg.RunsFilter:
    return dg.RunsFilter(job_name=sync, tags={PARTITION: key})
