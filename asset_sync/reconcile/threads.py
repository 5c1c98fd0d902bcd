"""Work on whole columns in threads: Arrow lets go of the interpreter while it works, so two columns take the time of one."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

Result = TypeVar("Result")

_WORTH_THREADS: Final = 1_000_000
"""Rows of all columns together; with fewer, starting the threads costs more than they spare."""


def side_by_side(rows: int, works: Sequence[Callable[[], Result]]) -> list[Result]:
    """Return what each of the functions returns, in their order; `rows` is how many rows each works on."""
    if rows * len(works) < _WORTH_THREADS or len(works) < 2:
        return [work() for work in works]
    with ThreadPoolExecutor(min(len(works), os.cpu_count() or 1)) as threads:
        return list(threads.map(_called, works))


def _called(work: Callable[[], Result]) -> Result:
    return work()
