"""Which files of the folder are new: by content, once they rest, at the cost of one listing where nothing changed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256

from asset_sync.components.dropped import looking
from asset_sync.components.dropped.cursor import Cursor
from asset_sync.components.dropped.folder import DropFolder, Dropped
from asset_sync.components.dropped.looking import Log
from asset_sync.components.pdq_exports.kept import KeptExports, Origin, accepted, new_key
from asset_sync.systems.pdq_export import Limits, fingerprint


@dataclass(frozen=True)
class Look:
    """What one look at the folder came to: the keys of the files that are new, in their order, and the cursor for the next."""

    accepted: Sequence[str]
    cursor: Cursor


@dataclass(frozen=True)
class Watch:
    """Looks at a drop folder. A look that takes longer than `seconds` ends there, and the next one goes on."""

    folder: DropFolder
    kept: KeptExports
    limits: Limits
    seconds: float = 20.0

    def look(self, cursor: Cursor, keys: Callable[[], Sequence[str]], *, log: Log) -> Look:
        """Return what is new since the cursor; `keys` gives the keys of the accepted files, asked for only where needed."""
        taking = _Taking(self, keys, log)
        looked = looking.look(self.folder, cursor, taking.take, seconds=self.seconds, log=log)
        return Look(taking.accepted, looked.cursor)


class _Taking:
    """One look's files, taken one after the other."""

    def __init__(self, watch: Watch, keys: Callable[[], Sequence[str]], log: Log) -> None:
        self.watch = watch
        self.log = log
        self.accepted: list[str] = []
        self._keys = keys

    @cached_property
    def keys(self) -> list[str]:
        """The keys of the files that were accepted, those of this look last."""
        return list(self._keys())

    @cached_property
    def taken(self) -> dict[str, Origin]:
        """The accepted files by their keys, the oldest first; what was refused may be dropped again, so it does not count."""
        return {key: origin for key in sorted(self.keys, key=accepted) if (origin := self.watch.kept.taken(key))}

    def take(self, file: Dropped) -> bool:
        """Take one file where its content is new; return False where it is still being written to."""
        if file.size > self.watch.limits.size:
            # It will be refused by its size, so nothing of it is read or kept.
            told = sha256(f"{file.name}/{file.size}/{file.version}".encode(errors="surrogateescape")).hexdigest()
            return self._keep(file, Origin(file.name, file.size, file.version, told, kept=False))
        with self.watch.folder.open(file) as opened:
            told = fingerprint(opened)
        return self._keep(file, Origin(file.name, file.size, file.version, told, kept=True))

    def _keep(self, file: Dropped, origin: Origin) -> bool:
        known = self._known(origin)
        if known is not None:
            self.log(f"{file.name!r} has the content of {known}, which was taken already")
            return self.watch.folder.holds(file)
        key = new_key(self.keys, origin, datetime.now(UTC))
        if not self._copied(key, file, origin):
            return False
        self.log(f"{file.name!r} is taken as {key}")
        self.keys.append(key)
        self.accepted.append(key)
        self.taken[key] = origin
        return True

    def _copied(self, key: str, file: Dropped, origin: Origin) -> bool:
        if not origin.kept:
            return self.watch.kept.add(key, origin, None)
        with self.watch.folder.open(file) as opened:
            kept = self.watch.kept.add(key, origin, opened)
        # A file that was overwritten between the reads of its beginning and its end is neither the old nor the new one.
        if kept and not self.watch.folder.holds(file):
            self.watch.kept.remove(key)
            return False
        return kept

    def _known(self, origin: Origin) -> str | None:
        """Return the key of the accepted file of that content; None where the file is to be taken."""
        same = [key for key, other in self.taken.items() if other.fingerprint == origin.fingerprint]
        if not same:
            return None
        # A file that held something else since then has changed back, which is a change.
        changed_back = any(other.name == origin.name for key, other in self.taken.items() if accepted(key) > accepted(same[-1]))
        return None if changed_back else same[-1]
