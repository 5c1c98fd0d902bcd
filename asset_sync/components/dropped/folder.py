"""The folder that files are dropped into: what lies in it, and where a refused file goes."""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import PurePath, PurePosixPath
from typing import Any, BinaryIO, Final

from upath import UPath

from asset_sync import settings
from asset_sync.components import config
from asset_sync.reconcile.errors import SourceError
from asset_sync.systems.pdq_export import is_candidate as is_export

QUARANTINE: Final = "quarantine"
_NAME_BYTES: Final = 255 - len("-9999.crdownload.error.txt")

# What the file systems call the mark that changes with a file's content, the surest first.
_VERSIONS: Final = ("ETag", "etag", "md5Hash", "mtime", "LastModified", "last_modified", "created")


def place(written: str) -> UPath:
    """Return the folder that the YAML names: any fsspec URL, else a path that counts from ASSET_SYNC_HOME."""
    return UPath(written) if "://" in written else UPath(settings.home() / written)


def check_place(at: config.Place, written: str) -> None:
    """Raise `ConfigurationError`, with file and line, where the folder that the YAML names there is no folder of its own."""
    if "://" not in written and not PurePath(written).name:
        raise at.error(f"{written!r} is no folder of its own: name one below ASSET_SYNC_HOME")


@dataclass(frozen=True, slots=True)
class Dropped:
    """A file as the listing of its folder shows it; `version` is the time of its last change, or the store's mark for that."""

    name: str
    size: int
    version: str

    @property
    def digest(self) -> bytes:
        """Eight bytes that are others as soon as the file is."""
        return blake2b(f"{self.name}\0{self.size}\0{self.version}".encode(errors="surrogateescape"), digest_size=8).digest()


class DropFolder:
    """A folder on any file system that fsspec knows. Folders in it are not looked into, and links are not followed.

    `is_candidate` tells by a file's name and size in bytes whether it can be one of those that are waited for: an export.
    """

    def __init__(self, path: UPath, is_candidate: Callable[[str, int], bool] = is_export) -> None:
        self.path = path
        self._is_candidate = is_candidate

    def files(self) -> list[Dropped]:
        """Return the files that are waited for, the one changed first first. One listing, whatever their number."""
        self.path.mkdir(parents=True, exist_ok=True)
        files = self.path.fs
        files.invalidate_cache(self.path.path)
        found = (_dropped(entry) for entry in files.ls(self.path.path, detail=True) if _is_file(entry))
        return sorted((f for f in found if self._is_candidate(f.name, f.size)), key=lambda f: (f.version, f.name))

    def open(self, file: Dropped) -> BinaryIO:
        """Open a file for reading."""
        return self._path(file.name).open("rb")

    def holds(self, file: Dropped) -> bool:
        """Tell whether a file is still there as it was listed."""
        files = self.path.fs
        files.invalidate_cache(self.path.path)
        try:
            # Listed, as before: some file systems tell the time in another form where they are asked for one file.
            return file in [_dropped(entry) for entry in files.ls(self._path(file.name).path, detail=True)]
        except FileNotFoundError:
            return False

    def quarantine(self, file: Dropped, line: str, content: Iterable[bytes] | None) -> UPath:
        """Put a refused file aside, with the line that says why beside it; return where it is now.

        Where the file was overwritten or taken away since, its kept content is written there instead. Nothing is overwritten.
        """
        aside = self.path / QUARANTINE
        aside.mkdir(parents=True, exist_ok=True)
        there = _free(aside, self._path(file.name).name)
        if self.holds(file):
            self.path.fs.mv(self._path(file.name).path, there.path)
        elif content is not None:
            with there.open("wb") as opened:
                opened.writelines(content)
        (aside / f"{there.name}.error.txt").write_text(f"{line}\n", encoding="utf-8")
        return there

    def _path(self, name: str) -> UPath:
        """A name is one file in the folder, and never a way out of it."""
        if PurePath(name).name != name or name in {"", ".", ".."}:
            raise SourceError(f"{name!r} is no name of a file in {self.path}")
        return self.path / name


def _is_file(entry: Mapping[str, Any]) -> bool:
    return entry["type"] == "file" and not entry.get("islink", False)


def _dropped(entry: Mapping[str, Any]) -> Dropped:
    version = next((entry[name] for name in _VERSIONS if entry.get(name) is not None), "")
    return Dropped(PurePosixPath(entry["name"]).name, int(entry["size"] or 0), str(version))


def _free(folder: UPath, name: str) -> UPath:
    """Return the first of "a.csv", "a-2.csv", "a-3.csv" … that is not there yet."""
    stem, suffix = _short(PurePath(name).stem), PurePath(name).suffix
    path, number = folder / f"{stem}{suffix}", 2
    while path.exists() or (folder / f"{path.name}.error.txt").exists():
        path, number = folder / f"{stem}-{number}{suffix}", number + 1
    return path


def _short(stem: str) -> str:
    """Return a name that leaves room for what is put behind it, as file systems count: in bytes."""
    return os.fsdecode(os.fsencode(stem)[:_NAME_BYTES]) if len(os.fsencode(stem)) > _NAME_BYTES else stem
