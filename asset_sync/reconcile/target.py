"""What a target system must be able to do, so that a plan can be applied to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import pandas as pd

from asset_sync.reconcile.errors import TargetError
from asset_sync.reconcile.kinds import Kind

APPLIED: Final = "applied"
ALREADY: Final = "already"
CONFLICT: Final = "conflict"
FAILED: Final = "failed"
SKIPPED: Final = "skipped"
DEFERRED: Final = "deferred"


@dataclass(frozen=True, slots=True)
class Write:
    """One operation on its way to the target, its references resolved.

    `seq` is the operation's row number in the plan. `values` maps each field to its new value (text, int, float, bool, None;
    a reference is the target's id as text). `version` is the object's version that the write is based on, None for a create.
    """

    seq: int
    key: str
    target_id: str | None
    version: str | None
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Written:
    """What the target said of a write that it stored: the object's id, its version since, when it was made where it tells.

    A create may be stored without some of its fields: `instead` has what stands in those, and `detail` says why.
    """

    target_id: str
    version: str | None
    created: str | None = None
    instead: Mapping[str, Any] = field(default_factory=dict)
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Declined:
    """What the target said of a write that it did not store, of a batch whose other writes it did."""

    reason: str


@dataclass(frozen=True, slots=True)
class Deferred:
    """What the target said of a write that it will carry out by itself, later: a scan that may find the device."""

    detail: str


Answer = Written | Declined | Deferred
"""What a target says of one write of a batch that it took."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one operation, and why.

    applied (by this plan, also where that was only seen afterwards), already (it was so before the plan came to it), conflict,
    failed, skipped, or deferred (the target does it later; the next plan sees what came of it). `instead` has what stands in
    fields that were not stored: of a create that the target took without them, or for want of what they refer to. Of a set
    that was stored without some members, it has the others as in a plan, a list.
    """

    seq: int
    outcome: str
    detail: str | None = None
    target_id: str | None = None
    version: str | None = None
    created: str | None = None
    instead: Mapping[str, Any] = field(default_factory=dict)

    @property
    def unstored(self) -> frozenset[str]:
        """The fields that were not stored at all."""
        return frozenset(name for name, value in self.instead.items() if not isinstance(value, list))


class Refused(TargetError):
    """The target refused a batch and stored nothing of it. `rows`: what it said of single writes, by `seq`; may be empty."""

    def __init__(self, message: str, rows: dict[int, str] | None = None) -> None:
        super().__init__(message)
        self.rows = rows or {}


class Stale(TargetError):
    """An object of the batch is no longer of the version that its write is based on; nothing of the batch was stored."""


class OutcomeUnknown(TargetError):
    """The connection broke or timed out after a batch was sent: it may or may not have been stored, or may be later."""


class Target(Protocol):
    """A system of record. Every method may raise `TargetError`.

    A batch is stored whole, or not at all (`Refused`), or in part: then what was not stored is `Declined`.
    """

    def batch_size(self, kind: Kind) -> int:
        """Return how many writes of that kind one request should carry."""
        ...

    def read(self, kind: Kind, ids: Sequence[str]) -> pd.DataFrame:
        """Return the observed table of those objects as they are now; objects that are gone are missing from it."""
        ...

    def find(self, kind: Kind, writes: Sequence[Write]) -> pd.DataFrame:
        """Return the observed table of all objects that could be what those creates would have made (same natural keys)."""
        ...

    def create(self, kind: Kind, writes: Sequence[Write], message: str) -> Mapping[int, Answer]:
        """Create objects, telling the target's change log the message; return what became of them by `seq`."""
        ...

    def update(self, kind: Kind, writes: Sequence[Write], message: str) -> Mapping[int, Answer]:
        """Update objects that are still of their write's version (`Stale` otherwise); return what became of them by `seq`.

        An object that is gone from the target is missing from what is returned.
        """
        ...
