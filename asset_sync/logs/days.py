"""A log file a day, which several processes of a machine write to at once."""

import os
import re
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

_NAME: Final = re.compile(r"sync_(\d{8})\.log")


class DayFiles:
    """Files `sync_YYYYMMDD.log` in a folder, by the machine's date; of them, those of the last `days` are kept.

    `now` is the clock. Safe to share between threads, and each line is whole whoever else writes.
    """

    def __init__(self, folder: Path, days: int, now: Callable[[], datetime] = datetime.now) -> None:
        self._folder = folder
        self._days = days
        self._now = now
        self._day = ""
        self._lock = threading.Lock()

    def write(self, line: str) -> None:
        """Put a line at the end of the day's file. Raises OSError where that is not possible."""
        now = self._now()
        with self._lock:
            day = f"{now:%Y%m%d}"
            if day != self._day:
                self._folder.mkdir(parents=True, exist_ok=True)
                self._remove_older(now)
                self._day = day
            # Opened for the line alone, and written in one go at the end: so lines of several processes do not mix.
            file = os.open(self._folder / f"sync_{day}.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
            try:
                os.write(file, f"{line}\n".encode(errors="replace"))
            finally:
                os.close(file)

    def _remove_older(self, now: datetime) -> None:
        oldest = f"{now - timedelta(days=self._days - 1):%Y%m%d}"
        for file in self._folder.iterdir():
            found = _NAME.fullmatch(file.name)
            if found and found.group(1) < oldest:
                # Another process may be faster.
                file.unlink(missing_ok=True)
