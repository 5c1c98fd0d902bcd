"""Collecting on other machines: the system's ssh takes the collector there on standard input; nothing of it stays behind."""

import os
import re
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final, cast

from asset_sync.reconcile.errors import ConfigurationError, SourceError
from asset_sync.systems.hosts import collect as collector
from asset_sync.systems.hosts.document import MAX_BYTES
from asset_sync.systems.shown import shown

SECONDS: Final = 120.0
"""So long a host may take; the collector itself gives up on what hangs, all together within 100 s."""

_SSH: Final = ("ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=15", "--")
"""Without a terminal nobody answers questions, and what follows `--` is no option."""
_HOST: Final = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_.-]*@)?[A-Za-z0-9_][A-Za-z0-9_.:-]*(?:%[A-Za-z0-9_.-]+)?")
_ERROR_BYTES: Final = 2**16
_PATIENCE_S: Final = 5.0


def refuse_options(hosts: Sequence[str]) -> None:
    """Raise ConfigurationError where a host is none: ssh would take it for an option, or a shell for something else."""
    for host in hosts:
        if len(host) > 255 or not _HOST.fullmatch(host):
            raise ConfigurationError(f"'{shown(host)}' is no host; name HOST or USER@HOST, and a port in ~/.ssh/config")


def collect(host: str, words: Sequence[str], seconds: float = SECONDS) -> bytes:
    """Return what the collector, called with these words, prints on a host; SourceError in one line where it does not.

    The host is sound by `refuse_options`. Whatever it sends, no more is kept of it than a document may have.
    """
    deadline = time.monotonic() + seconds
    try:
        with Path(collector.__file__).open("rb") as script:
            process = subprocess.Popen(  # noqa: S603 - no shell on this side, and fixed words for the one on the other
                [*_SSH, host, "python3", "-", *words], stdin=script, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
    except FileNotFoundError:
        raise SourceError("there is no command ssh on this machine") from None
    try:
        return _answer(process, deadline, seconds)
    finally:
        _end(process)


def _answer(process: subprocess.Popen[bytes], deadline: float, seconds: float) -> bytes:
    content = _Kept(cast("IO[bytes]", process.stdout), MAX_BYTES + 1)
    errors = _Kept(cast("IO[bytes]", process.stderr), _ERROR_BYTES)
    for each in (content, errors):
        each.join(max(deadline - time.monotonic(), 0))
    try:
        status = process.wait(max(deadline - time.monotonic(), 0))
    except subprocess.TimeoutExpired:
        raise SourceError(f"did not answer within {seconds:g} s") from None
    if status:
        raise SourceError(_told(bytes(errors.kept)) or f"ssh ended with status {status}, and said nothing")
    return bytes(content.kept)


class _Kept(threading.Thread):
    """Reads a pipe to its end, and keeps the beginning. What never ends is left behind with the process."""

    def __init__(self, pipe: IO[bytes], most: int) -> None:
        super().__init__(daemon=True)
        self._pipe, self._most, self.kept = pipe, most, bytearray()
        self.start()

    def run(self) -> None:
        """Read."""
        with self._pipe:
            while block := os.read(self._pipe.fileno(), 2**16):
                self.kept += block[: self._most - len(self.kept)]


def _told(errors: bytes) -> str:
    """Return the last line: before it ssh may greet and warn, and Python tells where it was."""
    lines = [line for line in errors.decode("utf-8", "replace").splitlines() if line.strip()]
    return shown(lines[-1]) if lines else ""


def _end(process: subprocess.Popen[bytes]) -> None:
    # ssh ends what it started itself, such as a ProxyCommand, when it is asked to end.
    process.terminate()
    try:
        process.wait(_PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
