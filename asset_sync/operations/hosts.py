"""Documents of hosts taken in from a sync's drop folder by hand, for a process without Dagster's daemon."""

import logging
from collections.abc import Sequence

from asset_sync.components import HostDocuments
from asset_sync.components.dropped.cursor import Cursor
from asset_sync.components.hosts import documents
from asset_sync.operations.definitions import component_of, instance

_LOG = logging.getLogger(__name__)


def take_documents(sync: str) -> Sequence[str]:
    """Take in what lies in the drop folder, as the sensor would; return why what was refused was, a line each.

    Nothing for a sync that has no such folder.
    """
    component = component_of(sync)
    if not isinstance(component, HostDocuments):
        return ()
    watch = component.watch()
    resting = watch.look(Cursor(), log=_LOG.info).cursor
    look = watch.look(resting, log=_LOG.info)
    there, gone = documents.partitions(look.taken)
    name = str(documents.PARTITIONS.name)
    with instance() as dagster:
        dagster.add_dynamic_partitions(name, there)
        for each in gone:
            dagster.delete_dynamic_partition(name, each)
        for event in documents.events(look.taken):
            dagster.report_runless_asset_event(event)
    return look.refused
