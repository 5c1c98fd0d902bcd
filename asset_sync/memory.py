"""What a process does with memory: Python's garbage collector and Arrow's allocator, set for programs that import much."""

import atexit
import gc
import os
from typing import Final

_YOUNG: Final = 50_000
_USUAL: Final = gc.get_threshold()
_ALLOCATOR: Final = {"MIMALLOC_PURGE_DELAY": "0", "MIMALLOC_ARENA_EAGER_COMMIT": "0"}


def collect_seldom() -> None:
    """Have the collector look after 50,000 new objects, not after 700, and pass over nothing as the process ends.

    A start imports more than 2,000 modules, which stay. To pass over them time and again took a third of it, and half a second
    more at the end, for memory that the system takes back anyway. See `collect_as_usual` for what comes after the start.
    """
    gc.set_threshold(_YOUNG, 20, 50)
    atexit.register(gc.freeze)


def collect_as_usual() -> None:
    """Have the collector look as often as it does by itself, and pass over what there is by now never again.

    A run makes tables: what is in a ring waits for the collector, and had 200 MiB more stand there with 100,000 machines.
    """
    gc.freeze()
    gc.set_threshold(*_USUAL)


def give_back_at_once() -> None:
    """Have Arrow's allocator give memory back at once and take none beforehand, unless the environment says otherwise.

    It reads that as it is loaded, so this comes first. By default it holds for a second what tables had: a sixth of the memory
    of a run over 100,000 machines.
    """
    for name, value in _ALLOCATOR.items():
        os.environ.setdefault(name, value)
