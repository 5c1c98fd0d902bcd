"""Counting: the order of writes whose objects a target counts by what they refer to (see `Kind.counted_by`).

A write holds the count that it moves until its request ends. Requests that come to the same counts in one order wait for each
other; in another order, each may wait for the other, and the target gives one of them up.
"""

from collections.abc import Sequence

from asset_sync.reconcile.apply.operations import Operation
from asset_sync.reconcile.kinds import Kind


def by_count(kind: Kind, creates: Sequence[Operation]) -> Sequence[Operation]:
    """Return creates in the order of the counts that they move, so that neighbours in a batch share theirs."""
    name = kind.counted_by
    if name is None:
        return creates
    return sorted(creates, key=lambda operation: str(operation.write.values.get(name)))


def apart_from_moving(kind: Kind, updates: Sequence[Operation]) -> tuple[Sequence[Operation], Sequence[Operation]]:
    """Return the updates that move no count, and those that do: two each, so that no order is right for all of them."""
    name = kind.counted_by
    if name is None:
        return updates, []
    staying = [operation for operation in updates if name not in operation.write.values]
    return staying, [operation for operation in updates if name in operation.write.values]
