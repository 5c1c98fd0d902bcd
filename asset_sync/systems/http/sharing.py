"""Sharing: what the requests of all runs on one account of a system keep to together, over processes and machines.

A client takes part that is made while a run is under way. What else asks a system, such as `asset-sync doctor`, asks little.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final, Protocol

from asset_sync import settings
from asset_sync.reconcile.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Budget:
    """How many requests may leave in a minute, evenly spread, and how many may be under way at once; None: any number."""

    per_minute: int | None = None
    at_once: int | None = None

    @classmethod
    def of(cls, system: str, connection: str = "", at_once: int | None = None) -> "Budget":
        """Return what the environment says of a connection of a system: NETBOX_REQUESTS_PER_MINUTE, NETBOX_REQUESTS_AT_ONCE.

        Raises `ConfigurationError` for anything but whole numbers from 1.
        """
        told = _number(settings.of_connection(system, connection, "REQUESTS_AT_ONCE"))
        return cls(_number(settings.of_connection(system, connection, "REQUESTS_PER_MINUTE")), told or at_once)


class Sharing(Protocol):
    """Gives requests their turn. Safe to share between threads."""

    def turn(self, account: str, per_minute: int | None, at_once: int | None) -> AbstractContextManager[None]:
        """Wait until a request on that account may leave; it is under way as long as the context is open."""
        ...

    def postpone(self, account: str, seconds: float) -> None:
        """Let nobody's request on that account leave for so many seconds: its server asked for that."""
        ...

    def waits(self) -> Mapping[str, float]:
        """Return for how many seconds requests waited for those of others, by their names, since this was asked last."""
        ...


_SHARING: Final[ContextVar[Sharing | None]] = ContextVar("sharing", default=None)


def current_sharing() -> Sharing | None:
    """Return what the requests of the run that is under way here go by; None where none is."""
    return _SHARING.get()


@contextmanager
def sharing(shared: Sharing) -> Iterator[None]:
    """Have the clients that are made meanwhile go by it."""
    token = _SHARING.set(shared)
    try:
        yield
    finally:
        _SHARING.reset(token)


def _number(variable: str) -> int | None:
    told = settings.optional(variable)
    if told is None:
        return None
    if not (told.isascii() and told.isdigit() and int(told)):
        raise ConfigurationError(f"{variable} is {told!r}: it takes a whole number from 1, or is left out")
    return int(told)
