"""One accepted file, read; a refused one is put aside, and the run fails with the line that says why."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import BinaryIO

from asset_sync.components.pdq_exports.kept import Origin
from asset_sync.components.pdq_exports.watch import Watch
from asset_sync.reconcile.errors import SourceError
from asset_sync.systems.pdq_export import Export, ExportRefused, read
from asset_sync.systems.shown import shown


def read_export(watch: Watch, key: str, aliases: Mapping[str, Sequence[str]], *, complete: bool = False) -> Export:
    """Return what the file of a partition holds. Raises `ExportRefused`, the file being in quarantine then.

    Where every file is said to be `complete`, one that may not be is refused: what it lacks would count as gone.
    """
    origin = watch.kept.origin(key)
    try:
        with _opened(watch, key, origin) as opened:
            export = read(opened, origin.name, aliases=aliases, limits=watch.limits)
        if complete:
            _refuse_doubtful(export, origin.name)
    except ExportRefused as refusal:
        _put_aside(watch, key, origin, str(refusal))
        raise
    watch.kept.accept(key)
    return export


def _refuse_doubtful(export: Export, name: str) -> None:
    if export.doubts:
        raise ExportRefused(f"{shown(name)}: may not name every machine, as the YAML says (complete): {export.doubts[0]}")


@contextmanager
def _opened(watch: Watch, key: str, origin: Origin) -> Iterator[BinaryIO]:
    if origin.kept:
        with watch.kept.open(key) as opened:
            yield opened
        return
    if not watch.folder.holds(origin.file):
        raise SourceError(f"{origin.name}: was too large to be kept, and is no longer in the folder as it was")
    with watch.folder.open(origin.file) as opened:
        yield opened


def _put_aside(watch: Watch, key: str, origin: Origin, line: str) -> None:
    """Once: a refused file that is run again is in quarantine already."""
    if not watch.kept.refused(key):
        watch.folder.quarantine(origin.file, line, watch.kept.blocks(key) if origin.kept else None)
        watch.kept.refuse(key, line)
