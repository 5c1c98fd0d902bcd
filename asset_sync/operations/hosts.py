"""Documents of hosts by hand: taken in from a sync's drop folder, for a process without Dagster's daemon, and forgotten."""

import logging
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from asset_sync.components import HostDocuments
from asset_sync.components.dropped.cursor import Cursor
from asset_sync.components.hosts import documents
from asset_sync.components.hosts.taking import HostWatch, Look, NotKept, Taken
from asset_sync.operations.definitions import component_of, instance
from asset_sync.systems.hosts.document import check_size, parse
from asset_sync.systems.hosts.resource import KeptDocuments

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
    looks = [*_looks(watch, before)]
    seen.parent.mkdir(parents=True, exist_ok=True)
    seen.write_text(str(looks[-1].cursor), encoding="utf-8")
    _tell([taken for look in looks for taken in look.taken])
    return [line for look in looks for line in look.refused]


def forget(host: str) -> str:
    """Put aside what is kept of a host, named by its name, partition or id; return its partition, which is gone.

    Raises `ConfigurationError` for a host that is not known, and where several are called so.
    """
    kept = KeptDocuments().kept().forget(host)
    with instance() as dagster:
        dagster.delete_dynamic_partition(str(documents.PARTITIONS.name), kept.partition)
    return kept.partition


def _looks(watch: HostWatch, before: Cursor) -> Iterator[Look]:
    """Yield looks at the folder until what lies there is taken in: what is new must rest from one to the next."""
    yield (look := watch.look(before, log=_LOG.info))
    yield (look := watch.look(look.cursor, log=_LOG.info))
    while look.unfinished:
        yield (look := watch.look(look.cursor, log=_LOG.info))


def _tell(taken: Sequence[Taken]) -> None:
    there, gone = documents.partitions(taken)
    name = str(documents.PARTITIONS.name)
    with instance() as dagster:
        dagster.add_dynamic_partitions(name, there)
        for each in gone:
            dagster.delete_dynamic_partition(name, each)
        for event in documents.events(taken):
            dagster.report_runless_asset_event(event)


def take_document(content: bytes) -> Taken:
    """Take in one document of a host, as it was collected; return what is known of the host now, and what was left out of it.

    The syncs of hosts read it in their next run. Raises `DocumentRefused` for what is none, and `NotKept` where it cannot be
    written.
    """
    check_size(len(content))
    parsed = parse(content)
    try:
        kept, before = KeptDocuments().kept().put(content, parsed, datetime.now(UTC))
    except OSError as error:
        raise NotKept(f"the document cannot be kept ({error.strerror or error})") from error
    taken = Taken(kept.partition, kept, before, parsed.notes)
    _tell([taken])
    return taken
