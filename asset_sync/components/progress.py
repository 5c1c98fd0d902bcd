"""Progress of a step while it runs: observations of its asset, which Dagster's UI shows and plots, and a terminal tells."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import dagster as dg

from asset_sync.systems.progress import Count, watched

EVERY_S: Final = 5.0
"""Of work that takes longer than that, news come so often."""


class StepProgress:
    """Tells how far the works of a step are; `tell` hears words and metadata, `clock` gives seconds that only grow."""

    def __init__(self, tell: Callable[[str, dict[str, Any]], object], clock: Callable[[], float] = time.monotonic) -> None:
        self._tell = tell
        self._clock = clock
        self._lock = threading.Lock()
        self._told_at = clock()

    def counting(self, what: str, total: int | None = None) -> Count:
        """Return what is told of each part of a work."""
        began, done = self._clock(), 0

        def count(more: int) -> None:
            nonlocal done
            with self._lock:
                done += more
                now = self._clock()
                if now - self._told_at >= EVERY_S:
                    self._told_at = now
                    self._tell(*_news(what, done, total, now - began))

        return count


@contextmanager
def progress_of(context: dg.AssetExecutionContext) -> Iterator[StepProgress]:
    """Watch what is done meanwhile for the asset of a step."""
    partition = context.partition_key if context.has_partition_key else None
    key = next(iter(context.selected_asset_keys))

    def tell(words: str, numbers: dict[str, Any]) -> None:
        context.log_event(dg.AssetObservation(key, description=words, partition=partition, metadata=numbers))

    made = StepProgress(tell)
    with watched(made):
        yield made


def _news(what: str, done: int, total: int | None, seconds: float) -> tuple[str, dict[str, Any]]:
    """Return in words and numbers how far a work is, how fast it goes, and how long the rest takes at that rate."""
    rate = done / seconds if seconds > 0 else 0.0
    numbers: dict[str, Any] = {"progress/done": done, "progress/per_second": round(rate, 1)}
    words = [f"{done:,}{f' of {total:,}' if total else ''} {what}", f"{rate:,.0f} a second"]
    if total and total > done and rate:
        numbers |= {"progress/total": total, "progress/seconds_left": round((total - done) / rate)}
        words.append(f"{_duration((total - done) / rate)} left")
    return ", ".join(words), numbers


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 3600 else f"{seconds // 3600:.0f} h {seconds % 3600 / 60:.0f} min"
