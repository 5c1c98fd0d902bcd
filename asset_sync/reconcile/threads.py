"""Work on whole columns in threads: Arrow lets go of the interpreter while it works, so two columns take the time of one."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import current_thread
from typing import Final, TypeVar

Result = TypeVar("Result")

_WORTH_THREADS: Final = 100_000
"""Rows of all columns together; with fewer, handing them over costs more than it spares."""
_NAME: Final = "columns"


def side_by_side(rows: int, works: Sequence[Callable[[], Result]]) -> list[Result]:
    """Return what each of the functions returns, in their order; `rows` is how many rows each works on."""
    # What waited in one of the threads for the others might wait for itself.
    if rows * len(works) < _WORTH_THREADS or len(works) < 2 or current_thread().name.startswith(_NAME):
        return [work() for work in works]
    return list(_threads(os.getpid()).map(_called, works))


@cache
def _threads(_process: int) -> ThreadPoolExecutor:
    """Return a process's threads, which stay: Arrow keeps memory by thread, and a new one has to ask the system for it."""
    return ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix=_NAME)


def _called(work: Callable[[], Result]) -> Result:
    return work()
