"""The accepted files: their bytes and where they came from, one folder a partition, until they are pruned.

A key is "<name>-<time of acceptance>-<start of the fingerprint>": what people know comes first, and `accepted` tells the order.
Keys of earlier versions begin with the time. The name is only for people; no name of a file is ever part of a path here.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import PurePath
from typing import BinaryIO, Final

import pandas as pd
from upath import UPath

from asset_sync.components.dropped.folder import Dropped
from asset_sync.reconcile.errors import SourceError
from asset_sync.systems.pdq_export import fingerprint, with_known_ids

_TIME: Final = "%Y%m%dT%H%M%S"
# In capitals, which no name in a key has.
_ACCEPTED: Final = re.compile(r"(?:^|-)(\d{8}T\d{6})(\d{3})Z-")
_CONTENT, _ORIGIN, _REFUSED, _MACHINES = "content", "origin.json", "refused.txt", "machines.parquet"
_IDENTITY: Final = ["id", "serialNumber", "name"]
_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a partition came from. `kept` says whether its bytes are; those of a file over the size limit are not."""

    name: str
    size: int
    version: str
    fingerprint: str
    kept: bool

    @property
    def file(self) -> Dropped:
        """The file as it lay in the folder."""
        return Dropped(self.name, self.size, self.version)


def new_key(keys: Collection[str], origin: Origin, now: datetime) -> str:
    """Return a key that was accepted after all others, whatever the clock says."""
    at = now.astimezone(UTC)
    if keys:
        at = max(at, max(map(accepted, keys)) + timedelta(milliseconds=1))
    named = re.sub(r"[^a-z0-9]+", "-", PurePath(origin.name).stem.lower())[:40].strip("-") or "export"
    return f"{named}-{at:{_TIME}}{at.microsecond // 1000:03d}Z-{origin.fingerprint[:12]}"


def accepted(key: str) -> datetime:
    """Return when the file of a key was accepted, to the millisecond; before all others for a key that somebody made up."""
    written = _ACCEPTED.search(key)
    if written is None:
        return datetime.min.replace(tzinfo=UTC)
    try:
        return datetime.strptime(written[1], _TIME).replace(tzinfo=UTC) + timedelta(milliseconds=int(written[2]))
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)


class KeptExports:
    """The kept files below a folder on any file system that fsspec knows."""

    def __init__(self, path: UPath) -> None:
        self.path = path

    def add(self, key: str, origin: Origin, opened: BinaryIO | None) -> bool:
        """Keep a file; return False where its content is not what the fingerprint says, since it changed meanwhile."""
        folder = self.path / key
        folder.mkdir(parents=True, exist_ok=True)
        if opened is not None:
            opened.seek(0)
            with (folder / _CONTENT).open("wb") as copy:
                copy.writelines(_blocks(opened))
        # By the module that can write names that are no UTF-8. Last, since a folder with an origin counts as whole.
        (folder / _ORIGIN).write_text(json.dumps(asdict(origin)), encoding="utf-8")
        if opened is None or self._fingerprint(key) == origin.fingerprint:
            return True
        self.remove(key)
        return False

    def origin(self, key: str) -> Origin:
        """Return where a partition came from. Raises `SourceError` where it is not kept (any more)."""
        file = self.path / key / _ORIGIN
        if not file.exists():
            raise SourceError(f"{key}: its file is not kept; drop the export once more")
        return Origin(**json.loads(file.read_bytes()))

    @contextmanager
    def open(self, key: str) -> Iterator[BinaryIO]:
        """Open the kept bytes. Raises `SourceError` where they are not those that were accepted."""
        if self._fingerprint(key) != self.origin(key).fingerprint:
            raise SourceError(f"{key}: the kept bytes are not those that were accepted; drop the export once more")
        with (self.path / key / _CONTENT).open("rb") as opened:
            yield opened

    def blocks(self, key: str) -> Iterator[bytes]:
        """Yield the kept bytes of a partition, a megabyte at a time."""
        with (self.path / key / _CONTENT).open("rb") as opened:
            yield from _blocks(opened)

    def refused(self, key: str) -> bool:
        """Tell whether a file was refused when it was read last."""
        return (self.path / key / _REFUSED).exists()

    def refuse(self, key: str, line: str) -> None:
        """Remember that a file was refused."""
        (self.path / key / _REFUSED).write_text(line, encoding="utf-8")

    def accept(self, key: str) -> None:
        """Remember that a file could be read, perhaps since the YAML says more than it did."""
        (self.path / key / _REFUSED).unlink(missing_ok=True)

    def taken(self, key: str) -> Origin | None:
        """Return where a partition came from; None where it is not kept, or was refused."""
        return self.origin(key) if (self.path / key / _ORIGIN).exists() and not self.refused(key) else None

    def newest(self, keys: Iterable[str]) -> str | None:
        """Return the last of the keys whose file was not refused."""
        return next((key for key in sorted(keys, key=accepted, reverse=True) if not self.refused(key)), None)

    def prune(self, doomed: Collection[str], present: Collection[str]) -> None:
        """Remove the doomed ones, and what an accident left behind that is older than all the present ones' last."""
        newest = max(map(accepted, present), default=None)
        for folder in [each for each in self.path.iterdir() if each.is_dir() and _ACCEPTED.search(each.name)]:
            orphan = folder.name not in present and newest is not None and accepted(folder.name) < newest
            if folder.name in doomed or orphan:
                self.remove(folder.name)

    def remove(self, key: str) -> None:
        """Remove a file and what is known of it."""
        for file in (self.path / key).iterdir():
            file.unlink()
        (self.path / key).rmdir()

    def _fingerprint(self, key: str) -> str:
        with (self.path / key / _CONTENT).open("rb") as opened:
            return fingerprint(opened)

    # The machines of all files so far.

    def with_known_ids(self, devices: pd.DataFrame, api: pd.DataFrame | None) -> pd.DataFrame:
        """Return the devices of a file under the ids of the API or of earlier files, and remember them for later ones."""
        known = self._known(api)
        named = with_known_ids(devices, known)
        machines = pd.concat([named[_IDENTITY], known]).drop_duplicates("id")
        with (self.path / _MACHINES).open("wb") as file:
            machines.to_parquet(file, compression="zstd", index=False)
        return named

    def _known(self, api: pd.DataFrame | None) -> pd.DataFrame:
        file = self.path / _MACHINES
        tables = [] if api is None else [api[_IDENTITY]]
        if file.exists():
            with file.open("rb") as opened:
                earlier = pd.read_parquet(opened)
            # A machine that the API has come to know since is known by the API's id alone.
            tables.append(earlier if api is None else with_known_ids(earlier, api[_IDENTITY]))
        if not tables:
            return pd.DataFrame({name: pd.Series(dtype="str") for name in _IDENTITY})
        return pd.concat(tables).drop_duplicates("id", ignore_index=True)


def _blocks(opened: BinaryIO) -> Iterator[bytes]:
    while block := opened.read(_BLOCK):
        yield block
