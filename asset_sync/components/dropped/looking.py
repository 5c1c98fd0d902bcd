"""One look at a folder: the files that rested since the last one are taken, one after the other."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from asset_sync.components.dropped.cursor import Cursor
from asset_sync.components.dropped.folder import DropFolder, Dropped
from asset_sync.reconcile.errors import SourceError

Log = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Looked:
    """What the next look begins with, and for how many files there was no time."""

    cursor: Cursor
    left: int


def look(folder: DropFolder, cursor: Cursor, take: Callable[[Dropped], bool], *, seconds: float, log: Log) -> Looked:
    """Take each file that is new since the cursor; `take` returns whether that file is done with.

    A new or changed file must rest from one look to the next before it is taken. One that cannot be read is told of and
    tried again at the next look. A look that takes longer than `seconds` ends there, and the next one goes on.
    """
    files = {file.digest: file for file in folder.files()}
    fresh = files.keys() - cursor.settled
    resting = [file for digest, file in files.items() if digest in fresh & cursor.seen]
    done, left, end = set[bytes](), 0, time.monotonic() + seconds
    for at, file in enumerate(resting):
        if time.monotonic() > end:
            left = len(resting) - at
            log(f"{left} files are left for the next look")
            break
        try:
            if take(file):
                done.add(file.digest)
        except (OSError, ValueError, SourceError) as error:
            # Names too can be what a file system, a path or a format does not take: the other files go on.
            log(f"{file.name!r} cannot be read ({getattr(error, 'strerror', None) or error}); it is tried again")
    settled = frozenset((cursor.settled & files.keys()) | done)
    return Looked(Cursor(settled, frozenset(files.keys() - settled)), left)
