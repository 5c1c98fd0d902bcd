"""Taking documents in: what lies in the folder is read once it rests, and kept, or put aside with the line that says why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePath

from asset_sync.components.dropped import looking
from asset_sync.components.dropped.cursor import Cursor
from asset_sync.components.dropped.folder import DropFolder, Dropped
from asset_sync.components.dropped.looking import Log
from asset_sync.reconcile.errors import SourceError
from asset_sync.systems.hosts.document import MAX_BYTES, DocumentRefused, Parsed, check_size, parse
from asset_sync.systems.hosts.kept import Kept, KeptHosts
from asset_sync.systems.pdq_export import is_candidate
from asset_sync.systems.shown import shown

_SUFFIX = ".json"


def is_document(name: str, size: int) -> bool:
    """Return whether a file of that name and size in bytes can be a host's document."""
    return is_candidate(name, size) and PurePath(name.lower()).suffix == _SUFFIX


class NotKept(SourceError):
    """A document could not be written to where documents are kept; the reason in words, to follow its name."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A document that was taken in: the file's name, what is known of its host now and was before, and what was left out."""

    name: str
    kept: Kept
    before: Kept | None
    notes: Sequence[str]


@dataclass(frozen=True)
class Look:
    """What one look at the folder came to: what was taken in, what was refused (a line each), and the next look's cursor.

    `unfinished`: time ran out, and the next look goes on.
    """

    taken: Sequence[Taken]
    refused: Sequence[str]
    cursor: Cursor
    unfinished: bool


@dataclass(frozen=True)
class HostWatch:
    """Looks at a drop folder. A look that takes longer than `seconds` ends there, and the next one goes on."""

    folder: DropFolder
    kept: KeptHosts
    seconds: float = 20.0

    def look(self, cursor: Cursor, *, log: Log) -> Look:
        """Take in what is new since the cursor: what rested from one look to the next.

        A file stays where it is, for its host to write the next one in its place; one that is refused goes into quarantine.
        """
        taken: list[Taken] = []
        refused: list[str] = []

        def take(file: Dropped) -> bool:
            """Take one document in, or tell why not; return whether it is done with."""
            content = None
            try:
                check_size(file.size)
                content = self._content(file)
                parsed = parse(content)
                kept, before = self._put(content, parsed)
            except DocumentRefused as refusal:
                line = f"{shown(file.name)} {refusal}"
                refused.append(line)
                self.folder.quarantine(file, line, None if content is None else [content])
                log(line)
            except NotKept as error:
                log(f"{shown(file.name)} {error}")
                return False
            except SourceError as error:
                log(f"{shown(file.name)}: {error}")
            else:
                taken.append(Taken(file.name, kept, before, parsed.notes))
            return True

        looked = looking.look(self.folder, cursor, take, seconds=self.seconds, log=log)
        return Look(taken, refused, looked.cursor, unfinished=looked.left > 0)

    def _put(self, content: bytes, parsed: Parsed) -> tuple[Kept, Kept | None]:
        try:
            return self.kept.put(content, parsed, datetime.now(UTC))
        except OSError as error:
            raise NotKept(f"cannot be kept ({error.strerror or error}); it is tried again") from error

    def _content(self, file: Dropped) -> bytes:
        with self.folder.open(file) as opened:
            return opened.read(MAX_BYTES + 1)
