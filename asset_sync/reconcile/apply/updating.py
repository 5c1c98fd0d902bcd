"""Updating: values changed where the target still has those that the plan saw."""

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.apply.about import other_objects
from asset_sync.reconcile.apply.operations import Operation, as_unsure, ended, seqs, split
from asset_sync.reconcile.apply.settling import Settling, lost
from asset_sync.reconcile.kinds import Kind
from asset_sync.reconcile.sets import shown
from asset_sync.reconcile.tables import by_id
from asset_sync.reconcile.target import CONFLICT, Outcome, OutcomeUnknown, Refused, Stale, Target

_ATTEMPTS: Final = 5


@dataclass(frozen=True, slots=True)
class _Try:
    """How many tries are left, and what is said when none is."""

    left: int = _ATTEMPTS
    given_up: tuple[str, str] = (CONFLICT, "somebody keeps changing the object")


class Updater:
    """Changes objects of a target. Safe to share between threads."""

    def __init__(self, target: Target, message: str, settling: Settling, intend: Callable[[Sequence[int]], None]) -> None:
        self._target = target
        self._message = message
        self._settling = settling
        self._intend = intend

    def update(self, kind: Kind, operations: Sequence[Operation]) -> Iterator[Outcome]:
        """Write what the plan changes, where the old values are still those that the plan saw."""
        judged, writable = self._judge(kind, [o for o in operations if o.write.version is None or o.unsure])
        yield from judged
        sighted = [o for o in operations if o.write.version is not None and not o.unsure]
        ready = sorted([*sighted, *writable], key=lambda operation: operation.write.seq)
        if ready:
            self._intend(seqs(ready))
            yield from self._send(kind, ready, _Try())

    def _send(self, kind: Kind, operations: Sequence[Operation], this: _Try) -> Iterator[Outcome]:
        if not operations:
            return
        if this.left == 0:
            yield from (Outcome(seq, *this.given_up) for seq in seqs(operations))
            return
        try:
            answers = self._target.update(kind, [operation.write for operation in operations], self._message)
        except Stale:
            judged, writable = self._judge(kind, operations)
            yield from judged
            yield from self._send(kind, writable, replace(this, left=this.left - 1))
        except OutcomeUnknown as why:
            writable = yield from self._awaited(kind, as_unsure(operations))
            yield from self._send(kind, writable, _Try(this.left - 1, lost(why)))
        except Refused as refusal:
            yield from split(operations, refusal, lambda part: self._send(kind, part, this))
        else:
            yield from (ended(operation.write, answers) for operation in operations)

    def _awaited(self, kind: Kind, operations: Sequence[Operation]) -> Generator[Outcome, None, Sequence[Operation]]:
        """Look for what may have been stored until the time of settling is over; return what was not."""
        for _ in self._settling.looks():
            judged, operations = self._judge(kind, operations)
            yield from judged
            if not operations:
                break
        return operations

    def _judge(self, kind: Kind, operations: Sequence[Operation]) -> tuple[list[Outcome], Sequence[Operation]]:
        """Read the objects again: those that say the new values are done, those that say the old ones can be written."""
        if not operations:
            return [], []
        read = self._target.read(kind, [str(operation.write.target_id) for operation in operations])
        now, strange = by_id(read), other_objects(kind, operations, read)
        judged: list[Outcome] = []
        writable: list[Operation] = []
        for operation in operations:
            write, row = operation.write, now.get(str(operation.write.target_id))
            if row is None:
                judged.append(Outcome(write.seq, CONFLICT, f"{kind.name} #{write.target_id} is gone from the target"))
            elif conflict := strange.get(write.seq) or _conflict(operation, row):
                judged.append(Outcome(write.seq, CONFLICT, conflict))
            elif all(row[name] == new for name, new in write.values.items()):
                done = Outcome(write.seq, operation.found_done, None, write.target_id, row["version"], row["created"])
                judged.append(done)
            else:
                writable.append(replace(operation, write=replace(write, version=row["version"])))
        return judged, writable


def _conflict(operation: Operation, row: dict[str, Any]) -> str | None:
    """Return what stands in the target that is neither the old value that the plan saw nor the new one."""
    for name, change in operation.changes.items():
        old = p.stored(change["old"], lambda _kind, _key: None)
        if row[name] not in (old, operation.write.values[name]):
            return f"{name} is {shown(row[name])!r} now, the plan saw {shown(old)!r}"
    return None
