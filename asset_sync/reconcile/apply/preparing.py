"""Preparing: a plan's rows made ready to be sent, or skipped where something that they need was not done."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

import orjson

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.apply.groups import Record
from asset_sync.reconcile.apply.operations import Operation
from asset_sync.reconcile.identity import telling
from asset_sync.reconcile.kinds import Kind
from asset_sync.reconcile.target import ALREADY, APPLIED, SKIPPED, Outcome, Write

DONE = frozenset({APPLIED, ALREADY})


class Preparer:
    """Makes the rows of one plan ready. `outcomes` is read for what was done so far, `unsure` are rows of unknown fate."""

    def __init__(self, rows: Sequence[Record], outcomes: Mapping[int, Outcome], unsure: Collection[int]) -> None:
        self._outcomes = outcomes
        self._unsure = frozenset(unsure)
        self._creates = {(row["kind"], row["key"]): row["seq"] for row in rows if row["op"] == p.CREATE}
        several = [own for own in _by_object(rows) if len(own) > 1]
        self._earlier = _earlier_changes(several)
        self._before = {row["seq"]: own[:at] for own in several for at, row in enumerate(own) if at}

    def prepare(self, kind: Kind, rows: Iterable[Record]) -> tuple[list[Operation], list[Outcome]]:
        """Resolve what the rows refer to; what needs something that was not done is skipped, and says so."""
        ready: list[Operation] = []
        skipped: list[Outcome] = []
        for row in rows:
            try:
                ready.append(self._prepared(kind, row))
            except LookupError as missing:
                skipped.append(Outcome(row["seq"], SKIPPED, str(missing.args[0])))
        return ready, skipped

    def _prepared(self, kind: Kind, row: Record) -> Operation:
        seq, changes = row["seq"], p.decode(row["changes"])
        self._check_earlier(seq)
        values = {name: self._resolved(change["new"]) for name, change in changes.items()}
        target_id = row["target_id"] or (self._created(kind.facet_of, row["key"]) if kind.facet_of else None)
        write = Write(seq, row["key"], target_id, row["version"], values)
        return Operation(write, changes, seq in self._unsure, self._about(kind, row))

    def _about(self, kind: Kind, row: Record) -> str | None:
        """Return what makes the object that object by now: by the plan, and by what this plan wrote to it before."""
        told: str | None = row["about"]
        if told is None or row["seq"] not in self._before:
            return told
        about = orjson.loads(told)
        for earlier in self._before[row["seq"]]:
            outcome = self._outcomes.get(earlier["seq"])
            if outcome is not None and outcome.outcome in DONE:
                news = {name: change["new"] for name, change in p.decode(earlier["changes"]).items() if name in telling(kind)}
                about["values"] |= {name: self._resolved(new) for name, new in news.items()}
        return orjson.dumps(about).decode()

    def _check_earlier(self, seq: int) -> None:
        for name, earlier in self._earlier.get(seq, {}).items():
            outcome = self._outcomes.get(earlier)
            if outcome is None or outcome.outcome not in DONE:
                why = f": {outcome.detail}" if outcome and outcome.detail else ""
                raise LookupError(f"needs an earlier change of {name}, which was not made{why}")

    def _resolved(self, new: object) -> object:
        if not isinstance(new, dict):
            return new
        return new["id"] if new["id"] is not None else self._created(new["kind"], new["key"])

    def _created(self, kind: str, key: str) -> str:
        outcome = self._outcomes.get(self._creates.get((kind, key), -1))
        if outcome is None or outcome.target_id is None:
            raise LookupError(f"needs {kind} {key!r}, which was not created")
        return outcome.target_id


def _earlier_changes(several: Iterable[Sequence[Record]]) -> dict[int, dict[str, int]]:
    """Return, for the rows of objects that have several, the row before that changes the same field, by field.

    A value that goes through a temporary one goes on from that; other fields do not wait for each other.
    """
    found: dict[int, dict[str, int]] = {}
    for own in several:
        last: dict[str, int] = {}
        for row in own:
            seq: int = row["seq"]
            names = p.decode(row["changes"]).keys()
            found[seq] = {name: last[name] for name in names if name in last}
            last |= dict.fromkeys(names, seq)
    return found


def _by_object(rows: Iterable[Record]) -> Iterable[list[Record]]:
    """Return the rows of each object, but for those that are created."""
    by_object: dict[tuple[str, str | None, str | None], list[Record]] = defaultdict(list)
    for row in rows:
        if row["op"] != p.CREATE:
            by_object[row["kind"], row["target_id"], None if row["target_id"] else row["key"]].append(row)
    return by_object.values()
