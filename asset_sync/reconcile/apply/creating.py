"""Creating: objects made once, whatever happens to the answer."""

from collections.abc import Callable, Generator, Iterator, Sequence

from asset_sync.reconcile.apply.operations import Operation, as_unsure, ended, seqs, split
from asset_sync.reconcile.apply.settling import Settling, lost
from asset_sync.reconcile.apply.standing import OwnObjects, Standing
from asset_sync.reconcile.kinds import Kind
from asset_sync.reconcile.target import Outcome, OutcomeUnknown, Refused, Target


class Creator:
    """Creates objects in a target; `own` is told of each. Safe to share between threads."""

    def __init__(
        self, target: Target, message: str, settling: Settling, own: OwnObjects, intend: Callable[[Sequence[int]], None]
    ) -> None:
        self._target = target
        self._message = message
        self._settling = settling
        self._own = own
        self._intend = intend

    def recover(self, kind: Kind, operations: Sequence[Operation]) -> Iterator[Outcome]:
        """Tell what became of creates that an interrupted apply sent, where they were stored, waiting for those that come late.

        No create of the kind may be under way elsewhere.
        """
        found, absent = self._look(kind, operations)
        yield from found
        yield from self._awaited(kind, absent)

    def create(self, kind: Kind, operations: Sequence[Operation]) -> Iterator[Outcome]:
        """Create what is not there yet. What somebody made since the plan is a conflict, or done already if it is the same."""
        found, absent = self._look(kind, operations)
        yield from found
        if absent:
            self._intend(seqs(absent))
            yield from self._send(kind, absent)

    def _send(self, kind: Kind, operations: Sequence[Operation]) -> Iterator[Outcome]:
        if not operations:
            return
        try:
            outcomes = self._sent(kind, operations)
        except Refused as refusal:
            yield from split(operations, refusal, lambda part: self._send(kind, part))
        except OutcomeUnknown as why:
            yield from self._settle(kind, as_unsure(operations), why)
        else:
            yield from outcomes

    def _sent(self, kind: Kind, operations: Sequence[Operation]) -> list[Outcome]:
        answers = self._target.create(kind, [operation.write for operation in operations], self._message)
        outcomes = [ended(operation.write, answers) for operation in operations]
        for outcome in outcomes:
            if outcome.target_id:
                self._own.add(kind.name, outcome.target_id)
        return outcomes

    def _settle(self, kind: Kind, operations: Sequence[Operation], why: OutcomeUnknown) -> Iterator[Outcome]:
        absent = yield from self._awaited(kind, operations)
        if not absent:
            return
        try:
            outcomes = self._sent(kind, absent)
        except Refused as refusal:
            late, absent = self._look(kind, absent)
            yield from late
            yield from split(absent, refusal, lambda part: self._send(kind, part))
        except OutcomeUnknown:
            absent = yield from self._awaited(kind, absent)
            yield from (Outcome(seq, *lost(why)) for seq in seqs(absent))
        else:
            yield from outcomes

    def _awaited(self, kind: Kind, operations: Sequence[Operation]) -> Generator[Outcome, None, Sequence[Operation]]:
        """Look for what may have been stored until the time of settling is over; return what was not."""
        if operations:
            for _ in self._settling.looks():
                found, operations = self._look(kind, operations)
                yield from found
                if not operations:
                    break
        return operations

    def _look(self, kind: Kind, operations: Sequence[Operation]) -> tuple[list[Outcome], Sequence[Operation]]:
        """Tell which of the objects exist, with the same values or with others, and which operations may go on."""
        if not operations:
            return [], []
        strangers = self._own.strangers(kind.name, self._target.find(kind, [operation.write for operation in operations]))
        if not strangers:
            return [], operations
        found = list(Standing(kind, strangers, self._own).judge(operations))
        told = {outcome.seq for outcome in found}
        return found, [operation for operation in operations if operation.write.seq not in told]
