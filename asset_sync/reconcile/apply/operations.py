"""Operations: writes on their way to the target, and what the target's answers make of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from asset_sync.reconcile.plan import Changes
from asset_sync.reconcile.target import (
    ALREADY,
    APPLIED,
    CONFLICT,
    DEFERRED,
    FAILED,
    Answer,
    Declined,
    Deferred,
    Outcome,
    Refused,
    Write,
    Written,
)


@dataclass(frozen=True, slots=True)
class Operation:
    """A write and the changes that it carries, old values and all.

    It is `unsure` once it was sent and nobody knows whether it was stored. `about` is what made the object that object before
    the write, JSON as in the plan; missing where nobody told.
    """

    write: Write
    changes: Changes
    unsure: bool = False
    about: str | None = None

    @property
    def found_done(self) -> str:
        """What it is called where the target says the new values: this plan's doing only where it was sent before."""
        return APPLIED if self.unsure else ALREADY


def as_unsure(operations: Iterable[Operation]) -> list[Operation]:
    """Return the operations of a batch of unknown fate."""
    return [replace(operation, unsure=True) for operation in operations]


def seqs(operations: Iterable[Operation]) -> list[int]:
    """Return the operations' row numbers in the plan."""
    return [operation.write.seq for operation in operations]


def ended(write: Write, answers: Mapping[int, Answer]) -> Outcome:
    """Return what became of a write that the target took."""
    match answers.get(write.seq):
        case None:
            return Outcome(write.seq, CONFLICT, "gone from the target since the plan")
        case Declined(reason):
            return Outcome(write.seq, FAILED, reason)
        case Deferred(detail):
            return Outcome(write.seq, DEFERRED, detail)
        case Written(target_id, version, created, instead, detail):
            return Outcome(write.seq, APPLIED, detail, target_id, version, created, instead)


def split(
    operations: Sequence[Operation], refusal: Refused, again: Callable[[Sequence[Operation]], Iterator[Outcome]]
) -> Iterator[Outcome]:
    """Part the bad rows of a refused batch from the good ones: by what the target said of each, else by halves."""
    sent = set(seqs(operations))
    bad = {seq: why for seq, why in refusal.rows.items() if seq in sent}
    if not bad and len(operations) == 1:
        bad = {operations[0].write.seq: str(refusal)}
    yield from (Outcome(seq, FAILED, why) for seq, why in bad.items())
    good = [operation for operation in operations if operation.write.seq not in bad]
    half = 0 if bad else len(good) // 2
    yield from again(good[:half])
    yield from again(good[half:])
