"""Standing: what the target has in the place of objects that are to be created, and whose it can be.

An object that the plan knew is never taken for one that the plan was to make, nor is one that it made for another operation,
whatever they look like: two machines without a serial may be the same in every value.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from threading import Lock
from typing import Any

import pandas as pd

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.apply.operations import Operation
from asset_sync.reconcile.identity.values import compared
from asset_sync.reconcile.kinds import Kind
from asset_sync.reconcile.tables import Tables, by_id, text
from asset_sync.reconcile.target import CONFLICT, Outcome

Row = Mapping[str, Any]
_Values = list[list[str | None]]
"""What rows are compared by, rule by rule and row by row; None where a row has nothing to compare."""


Known = Mapping[str, Mapping[str, str | None]]
"""Objects that are not a plan's own making: by kind and id when they were made, None where the target does not tell."""


def known_objects(observed: Tables, links: Tables) -> Known:
    """Return the objects that a plan saw and those that are linked."""
    return {name: {**made_at(links.get(name), "target_id"), **made_at(observed.get(name), "id")} for name in observed | links}


def made_at(table: pd.DataFrame | None, ids: str) -> dict[str, str | None]:
    """Return when the objects of a table were made, by id; None where the target does not tell."""
    return {} if table is None else dict(zip(table[ids], text(table["created"]).to_pylist(), strict=True))


class OwnObjects:
    """The objects that an operation cannot have made: those that the plan knew, and those that other operations made.

    Safe to share between threads.
    """

    def __init__(self, known: Known) -> None:
        self._known = known
        self._made: dict[str, set[str]] = defaultdict(set)
        self._lock = Lock()

    def add(self, kind: str, target_id: str) -> bool:
        """Note that an operation made that object; return False where another one did."""
        with self._lock:
            new = target_id not in self._made[kind]
            self._made[kind].add(target_id)
            return new

    def strangers(self, kind: str, found: pd.DataFrame) -> list[dict[str, Any]]:
        """Return the other objects of an observed table, each as plain values by column."""
        known = self._known.get(kind, {})
        with self._lock:
            made = frozenset(self._made[kind])
        moments = made_at(found, "id")
        other = [one not in made and not is_known(known, one, at) for one, at in moments.items()]
        return list(by_id(found[other]).values()) if any(other) else []


def own_objects(known: Known, rows: Iterable[Row], outcomes: Mapping[int, Outcome]) -> OwnObjects:
    """Return what the operations of a plan cannot have made, of which those `outcomes` are known so far."""
    own = OwnObjects(known)
    for row in rows:
        outcome = outcomes.get(row["seq"]) if row["op"] == p.CREATE else None
        if outcome and outcome.target_id:
            own.add(row["kind"], outcome.target_id)
    return own


def is_known(known: Mapping[str, str | None], target_id: str, created: str | None) -> bool:
    """Return whether an object is a known one: a target that came back from a backup gives the ids of later ones again."""
    return target_id in known and (None in (known[target_id], created) or known[target_id] == created)


class Standing:
    """Objects that nobody is known to have made, looked up by what identifies them."""

    def __init__(self, kind: Kind, strangers: Sequence[Row], own: OwnObjects) -> None:
        self._kind = kind
        self._own = own
        self._rows = dict(enumerate(strangers))
        self._evidence = Evidence(kind, strangers)

    def judge(self, operations: Sequence[Operation]) -> Iterator[Outcome]:
        """Tell of the operations whose objects stand there, or others in their place; those that may go on are left out."""
        wanted = Evidence(self._kind, [operation.write.values for operation in operations])
        alike = self._alike()
        left: list[int] = []
        # What was sent before comes first: it is the likelier maker of what looks the same.
        for at in sorted(range(len(operations)), key=lambda at: not operations[at].unsure):
            outcome = self._paired(operations[at], alike[wanted.identity(at)])
            if outcome:
                yield outcome
            else:
                left.append(at)
        for at in left:
            same = [one for one in self._evidence.same(wanted, at) if one in self._rows]
            if same and (outcome := self._judged(operations[at], same)):
                yield outcome

    def _alike(self) -> dict[Hashable, dict[int, None]]:
        """Return the objects that may be written to, by what identifies them."""
        found: dict[Hashable, dict[int, None]] = defaultdict(dict)
        for at, row in self._rows.items():
            if row["locked"] is None:
                found[self._evidence.identity(at)][at] = None
        return found

    def _paired(self, operation: Operation, alike: dict[int, None]) -> Outcome | None:
        """Give the operation an object that is all that it would make; each object is given once."""
        equal = next((at for at in alike if not _differing(operation, self._rows[at])), None)
        if equal is None:
            return None
        del alike[equal]
        return self._taken(operation, equal)

    def _taken(self, operation: Operation, at: int) -> Outcome | None:
        row = self._rows.pop(at)
        if not self._own.add(self._kind.name, row["id"]):
            return None
        return Outcome(operation.write.seq, operation.found_done, None, row["id"], row["version"], row["created"])

    def _judged(self, operation: Operation, same: Sequence[int]) -> Outcome | None:
        """Tell what comes of objects that have the values which identify the new one."""
        seq, row = operation.write.seq, self._rows[same[0]]
        named = ", ".join(f"{self._kind.name} #{self._rows[at]['id']}" for at in same)
        if len(same) > 1:
            return Outcome(seq, CONFLICT, f"made by somebody since the plan, and nothing tells which it is: {named}")
        if row["locked"] is not None:
            return Outcome(seq, CONFLICT, f"made by somebody since the plan: {named} {row['locked']}")
        different = _differing(operation, row)
        if not different:
            return self._taken(operation, same[0])
        told = f"with {different[0]} {row[different[0]]!r} in place of {operation.write.values[different[0]]!r}"
        return Outcome(seq, CONFLICT, f"exists since the plan as #{row['id']}, {told}")


class Evidence:
    """What identifies objects, or creates, of a kind: in each rule's normal form, row by row.

    The decisive rules speak first; where a row has no decisive value, the others do.
    """

    def __init__(self, kind: Kind, rows: Sequence[Row]) -> None:
        self._rows = rows
        self._names = tuple(dict.fromkeys(name for rule in kind.identity for name in rule.fields))
        table = _identifying(self._names, rows)
        self._decisive: _Values = [compared(kind, table, rule).to_pylist() for rule in kind.identity if rule.decisive]
        self._hints: _Values = [compared(kind, table, rule).to_pylist() for rule in kind.identity if not rule.decisive]

    def identity(self, at: int) -> Hashable:
        """Return all that identifies a row, as it stands."""
        return tuple(self._rows[at].get(name) for name in self._names)

    def keys(self, at: int) -> list[Hashable]:
        """Return what a row may be mistaken by."""
        rules = self._speaking(at)
        return [(number, values[at]) for number, values in enumerate(rules) if values[at] is not None] or [None]

    def same(self, wanted: "Evidence", at: int) -> list[int]:
        """Return which of these rows are what the other's row is, as far as one can tell."""
        if wanted.is_decided(at):
            candidates = _holders(self._decisive_index, wanted._decisive, at)
            return [one for one in candidates if self._agrees(one, wanted, at)]
        return [one for one in _holders(self._hints_index, wanted._hints, at) if not self.is_decided(one)]

    def is_decided(self, at: int) -> bool:
        """Return whether a row has a decisive value."""
        return any(values[at] is not None for values in self._decisive)

    def _speaking(self, at: int) -> _Values:
        return self._decisive if self.is_decided(at) else self._hints

    def _agrees(self, one: int, wanted: "Evidence", at: int) -> bool:
        """Return what the first decisive rule says that both rows have a value for."""
        both = zip(self._decisive, wanted._decisive, strict=True)
        return next((own[one] == other[at] for own, other in both if None not in (own[one], other[at])), False)

    @cached_property
    def _decisive_index(self) -> list[dict[str, list[int]]]:
        return [_positions(values) for values in self._decisive]

    @cached_property
    def _hints_index(self) -> list[dict[str, list[int]]]:
        return [_positions(values) for values in self._hints]


def parted(kind: Kind, operations: Sequence[Operation]) -> tuple[list[Operation], list[Operation]]:
    """Return the creates apart from those, coming second, whose objects could be mistaken for one another's.

    While one of these is under way nobody can tell whose an object is that just appeared.
    """
    evidence = Evidence(kind, [operation.write.values for operation in operations])
    keys = [evidence.keys(at) for at in range(len(operations))]
    counts = Counter(key for own in keys for key in own)
    twins = [any(counts[key] > 1 for key in own) for own in keys]
    apart = [operation for operation, twin in zip(operations, twins, strict=True) if not twin]
    return apart, [operation for operation, twin in zip(operations, twins, strict=True) if twin]


def _differing(operation: Operation, row: Row) -> list[str]:
    return [name for name, new in operation.write.values.items() if row[name] != new]


def _identifying(names: Iterable[str], rows: Sequence[Row]) -> pd.DataFrame:
    columns = {name: [None if row.get(name) is None else str(row[name]) for row in rows] for name in names}
    return pd.DataFrame({name: pd.array(values, dtype="str") for name, values in columns.items()})


def _positions(values: Sequence[str | None]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for at, value in enumerate(values):
        if value is not None:
            found[value].append(at)
    return found


def _holders(indexes: Sequence[Mapping[str, list[int]]], wanted: _Values, at: int) -> dict[int, None]:
    """Return the rows that have a value of the other's row by any of the rules."""
    values = ((index, own[at]) for index, own in zip(indexes, wanted, strict=True))
    return dict.fromkeys(one for index, value in values if value is not None for one in index.get(value, ()))
