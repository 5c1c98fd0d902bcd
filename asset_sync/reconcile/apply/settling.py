"""Settling: how writes of unknown fate are waited for, and how one that never showed is told."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from asset_sync.reconcile.target import FAILED, Outcome, OutcomeUnknown

_LOST: Final = "unknown, and not there since"


@dataclass(frozen=True, slots=True)
class Settling:
    """How a write of unknown fate is waited for: looks at the target, `every` seconds apart, for `total` seconds.

    A NetBox commits a batch up to 25 s after its client gave up (measured on 4.6.8), so the wait is longer than that.
    """

    total: float = 60.0
    every: float = 5.0

    def looks(self) -> Iterator[None]:
        """Wait, then let the caller look, again and again until the time is over."""
        deadline = time.monotonic() + self.total
        while True:
            time.sleep(self.every)
            yield
            if time.monotonic() >= deadline:
                return


def lost(why: OutcomeUnknown) -> tuple[str, str]:
    """Return how a write of unknown fate ends that was never seen in the target."""
    return FAILED, f"{_LOST}: {why}"


def may_come_late(outcome: Outcome) -> bool:
    """Return whether a write that ended so may have been stored after all."""
    return outcome.outcome == FAILED and (outcome.detail or "").startswith(_LOST)
