"""The handler that writes the log, and where the environment says that it goes."""

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from asset_sync import settings, traces
from asset_sync.logs import spans, syslog
from asset_sync.logs.days import DayFiles
from asset_sync.logs.lines import FORMATS
from asset_sync.logs.runs import Runs
from asset_sync.reconcile.errors import ConfigurationError

_DAYS: Final = 30
_runs: Final = Runs()
_told: Final[set[str]] = set()
_using: Final = threading.Lock()
_own: Final[list[logging.Handler]] = []
"""The handlers of those who have the log kept; the first one's is in use."""


@dataclass(frozen=True, slots=True)
class _Where:
    """Where lines go, as the environment says."""

    format: str
    folder: Path
    days: int
    server: syslog.Address | None


class _Log(logging.Handler):
    """Writes what is said of runs to the day's file, and to the syslog server if there is one."""

    def __init__(self, level: int = logging.NOTSET) -> None:
        super().__init__(level)
        # What is wrong is said now, and not in the middle of a run.
        _where()
        traces.check()

    def emit(self, record: logging.LogRecord) -> None:
        """Write what a record says, if it is for the log; a log that cannot be written to is told of once."""
        line = _runs.line(record)
        if line is None:
            return
        spans.follow(line)
        where = _where()
        written = FORMATS[where.format](line)
        try:
            _files(where.folder, where.days).write(written)
        except OSError as error:
            _tell_once(f"asset-sync: the log in {where.folder} cannot be written: {error.strerror or error}")
        if where.server is not None:
            _server(where.server).send(line, written)


class RunLog(_Log):
    """The handler for `dagster.yaml`: Dagster makes one for each run, and all of them share files and server.

    Raises `ConfigurationError` where the environment says something wrong.
    """

    made = False
    """Whether Dagster made one in this process."""

    def __init__(self, level: int = logging.NOTSET) -> None:
        super().__init__(level)
        RunLog.made = True


class _OwnLog(_Log):
    """Of what goes through Python's loggers: all but what Dagster hands to its own handler."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether nobody else writes it."""
        return not (RunLog.made and hasattr(record, "dagster_meta"))


@contextmanager
def kept() -> Iterator[None]:
    """Write what Python's loggers say to the log meanwhile: for what runs outside of Dagster's processes.

    Raises `ConfigurationError` where the environment says something wrong.
    """
    mine, root = _OwnLog(), logging.getLogger()
    with _using:
        # One is enough for all that run at the same time.
        if not _own:
            root.addHandler(mine)
        _own.append(mine)
    try:
        yield
    finally:
        with _using:
            first = _own[0]
            _own.remove(mine)
            if first is mine:
                root.removeHandler(mine)
                for other in _own[:1]:
                    root.addHandler(other)


def _where() -> _Where:
    how = settings.optional("ASSET_SYNC_LOG_FORMAT") or "text"
    if how not in FORMATS:
        raise ConfigurationError(f"ASSET_SYNC_LOG_FORMAT is {how!r}: write {' or '.join(FORMATS)}")
    server = settings.optional("ASSET_SYNC_SYSLOG")
    known = syslog.address(server, settings.optional("ASSET_SYNC_SYSLOG_CA_FILE")) if server else None
    return _Where(how, settings.home() / "logs", _days(), known)


def _days() -> int:
    given = settings.optional("ASSET_SYNC_LOG_DAYS") or str(_DAYS)
    if not given.isdecimal() or int(given) < 1:
        raise ConfigurationError(f"ASSET_SYNC_LOG_DAYS is {given!r}: write a number of days, 1 or more")
    return int(given)


@lru_cache(maxsize=8)
def _files(folder: Path, days: int) -> DayFiles:
    return DayFiles(folder, days)


@lru_cache(maxsize=8)
def _server(to: syslog.Address) -> syslog.Syslog:
    return syslog.Syslog(to)


def _tell_once(words: str) -> None:
    if words not in _told:
        _told.add(words)
        sys.stderr.write(f"{words}\n")
