"""Python's garbage collector, as suits programs that import much and leave little garbage."""

import atexit
import gc
from typing import Final

_YOUNG: Final = 50_000


def collect_seldom() -> None:
    """Have the collector look after 50,000 new objects, not after 700, and pass over nothing as the process ends.

    A start imports more than 2,000 modules, which stay. To pass over them time and again took a third of it, and half a second
    more at the end, for memory that the system takes back anyway.
    """
    gc.set_threshold(_YOUNG, 20, 50)
    atexit.register(gc.freeze)
