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

    Nothing for a sync that has no such folder. What was looked at before is not read again.
    """
    component = component_of(sync)
    if not isinstance(component, HostDocuments):
        return ()
    watch = component.watch()
    seen = watch.kept.folder / f".{sync}.seen"
    before = Cursor.of(seen.read_text(encoding="utf-8") if seen.is_file() else None)
    look = watch.look(watch.look(before, log=_LOG.info).cursor, log=_LOG.info)
    seen.parent.mkdir(parents=True, exist_ok=True)
    seen.write_text(str(look.cursor), encoding="utf-8")
    there, gone = documents.partitions(look.taken)
    name = str(documents.PARTITIONS.name)
    with instance() as dagster:
        dagster.add_dynamic_partitions(name, there)
        for each in gone:
            dagster.delete_dynamic_partition(name, each)
        for event in documents.events(look.taken):
            dagster.report_runless_asset_event(event)
    return look.refused
