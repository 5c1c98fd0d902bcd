"""Playing many histories: until enough were played, the time is over, or none is left; and what came of all of them."""

import re
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from hypothesis import HealthCheck, Phase, given, seed, settings

from asset_sync_tests.reconcile.histories.play import Played, play
from asset_sync_tests.reconcile.histories.script import History, Switches, histories
from asset_sync_tests.reconcile.histories.smaller import smaller

_SHRINKING_SHARE: Final = 0.25
"""How much of the time is left for making failures smaller."""


@dataclass
class Failure:
    """A history that broke a promise, what it said, and how often something like it was seen."""

    history: History
    words: str
    seen: int = 1


@dataclass
class Summary:
    """What came of many histories."""

    worlds: int = 0
    histories: int = 0
    records: int = 0
    held: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)
    failures: dict[str, Failure] = field(default_factory=dict)

    @property
    def share_held(self) -> float:
        return self.held / self.records if self.records else 0.0

    def add(self, played: Played) -> None:
        """Add what came of one world."""
        self.records += played.records
        self.held += played.held
        self.seen += played.seen
        self.reasons.update(re.sub(r"\d+", "N", reason) for reason in played.reasons)

    def fail(self, history: History, error: Exception) -> None:
        """Note a failure; those of one sort are one."""
        sort = sort_of(error)
        if sort in self.failures:
            self.failures[sort].seen += 1
        else:
            self.failures[sort] = Failure(history, f"{type(error).__name__}: {error}")


def sort_of(error: Exception) -> str:
    """Return an error's words without what is but one history's."""
    words = re.sub(r"Thing\([^)]*\)|'[^']*'|\{.*", "…", str(error), flags=re.DOTALL)
    return f"{type(error).__name__}: {re.sub(r'(c[0-9]+m)?[0-9]+', 'N', words)[:80]}"


def play_many(switches: Switches, examples: int, minutes: float, start: int = 0) -> Summary:
    """Play histories, as many as hypothesis finds different ones, within that time; failures are made smaller in the rest."""
    summary = Summary()
    end = time.monotonic() + minutes * 60 * (1 - _SHRINKING_SHARE)

    @seed(start)
    @settings(
        max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), database=None, phases=[Phase.generate]
    )
    @given(histories(switches))
    def played(history: History) -> None:
        if summary.histories >= examples or time.monotonic() > end:
            return
        summary.worlds += 1
        summary.histories += history.companies
        try:
            summary.add(play(history))
        except Exception as error:  # noqa: BLE001, a crash is a failure too, and the others go on
            summary.fail(history, error)

    played()
    for sort, failure in summary.failures.items():
        share = minutes * 60 * _SHRINKING_SHARE / len(summary.failures)
        failure.history = smaller(failure.history, lambda history, sort=sort: _fails(history, sort), share)  # type: ignore[misc]
    return summary


def _fails(history: History, sort: str) -> bool:
    try:
        play(history)
    except Exception as error:  # noqa: BLE001, see above
        return sort_of(error) == sort
    return False
