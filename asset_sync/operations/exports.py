"""Export files taken from a sync's drop folder by hand, for a process without Dagster's daemon."""

import logging
from typing import Any

from asset_sync.components.pdq_exports.watch import Cursor
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
