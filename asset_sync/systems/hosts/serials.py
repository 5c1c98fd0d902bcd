"""Which hosts may have a serial, found without reading what is kept of every host."""

from collections.abc import Callable, Iterable
from hashlib import blake2b
from pathlib import Path


class Serials:
    """A folder with a file for each serial, which names the hosts that had it, a line each: it may be another's by now.

    `write` replaces a file's content as a whole.
    """

    def __init__(self, folder: Path, write: Callable[[Path, bytes], None]) -> None:
        self._folder = folder
        self._write = write

    def fill(self, known: Callable[[], Iterable[tuple[str | None, str]]]) -> None:
        """Note the serials and ids that are known, where there is no such folder yet."""
        if not self._folder.is_dir():
            self._folder.mkdir()
            for serial, host in known():
                self.note(serial, host)

    def note(self, serial: str | None, host: str) -> None:
        """Note that a host has a serial."""
        if serial is not None and host not in (hosts := self.of(serial)):
            self._write(self._file(serial), "\n".join([*hosts, host]).encode())

    def of(self, serial: str | None) -> list[str]:
        """Return the ids of the hosts that had a serial, the first one first."""
        file = self._file(serial or "")
        return file.read_text(encoding="utf-8", errors="replace").splitlines() if serial and file.is_file() else []

    def _file(self, serial: str) -> Path:
        return self._folder / blake2b(serial.encode(), digest_size=16).hexdigest()
