"""Progress: how far long work with a system is, told to whoever watches the step that does it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, Protocol

Count = Callable[[int], None]
"""Is told how many more are done; safe to share between threads."""


class Progress(Protocol):
    """Whoever watches."""

    def counting(self, what: str, total: int | None = None) -> Count:
        """Return what is told of each part of some work, such as a page; `total` is how many there are, where that is known."""
        ...


class _Unwatched:
    def counting(self, what: str, total: int | None = None) -> Count:  # noqa: ARG002 - nobody listens
        return lambda _: None


_WATCHING: Final[ContextVar[Progress]] = ContextVar("progress", default=_Unwatched())  # noqa: B039 - it holds nothing


def current_progress() -> Progress:
    """Return who watches the work that is under way here."""
    return _WATCHING.get()


@contextmanager
def watched(progress: Progress) -> Iterator[None]:
    """Have the work that is done meanwhile told to somebody."""
    token = _WATCHING.set(progress)
    try:
        yield
    finally:
        _WATCHING.reset(token)
