"""Checkups: what a system says of how it can be used, found without a write to it.

A system brings its own (`asset_sync.systems.system.System.checkup`): it yields what it finds, in order, and ends early where
nothing further can be found. What is asked of all systems alike is in `asset_sync.systems.http.checking`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from asset_sync.reconcile.kinds import Kind

Status = Literal["ok", "warn", "fail", "skipped"]
CHECKS: Final = ("variables", "tls", "reachable", "authorised", "rights", "version", "clock", "throttle")
"""What is looked at of each system, in order."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found, in a line without secrets, and what to do about it, where there is something to do."""

    check: str
    status: Status
    told: str
    to_do: str = ""


@dataclass(frozen=True)
class Needs:
    """What syncs need of a system: the tables that they read, the kinds that they write; `journal`: they tell of it there."""

    tables: frozenset[str] = frozenset()
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    journal: bool = False

    def __or__(self, other: "Needs") -> "Needs":
        """Return what both need."""
        return Needs(self.tables | other.tables, {**self.kinds, **other.kinds}, self.journal or other.journal)


Checkup = Callable[[Any, Needs], Iterable[Finding]]
"""Yields what is found of a system, given its resource; raises `AssetSyncError` where it cannot even be asked."""
