"""Preparing: a plan's rows made ready to be sent, or skipped where something that they need was not done.

What refers to something that was not created goes on without that reference, if the rest is worth something and the target
takes it; the next plan has the field again.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import orjson

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.apply.giving_up import awaited, givers
from asset_sync.reconcile.apply.groups import Record
from asset_sync.reconcile.apply.operations import Operation
from asset_sync.reconcile.apply.referents import Lost
from asset_sync.reconcile.identity import telling
from asset_sync.reconcile.kinds import Kind, Kinds
from asset_sync.reconcile.sets import listed, one_set
from asset_sync.reconcile.target import ALREADY, APPLIED, SKIPPED, Outcome, Write

DONE = frozenset({APPLIED, ALREADY})


class _LeftOut(NamedTuple):
    """Fields that an operation goes on without, what stands in them, and why."""

    instead: Mapping[str, Any]
    why: str


class _ShortSet(NamedTuple):
    """A set that lacks members: what is to stand there, and what it lacks in words."""

    stands: list[Record]
    lacks: str


class Preparer:
    """Makes the rows of one plan ready.

    `outcomes` is read for what was done so far, `unsure` are rows of unknown fate, nothing may refer to what is `lost`.
    """

    def __init__(
        self, rows: Sequence[Record], kinds: Kinds, outcomes: Mapping[int, Outcome], unsure: Collection[int], lost: Lost
    ) -> None:
        self._outcomes = outcomes
        self._unsure = frozenset(unsure)
        self._lost = lost
        self._left_out: dict[int, _LeftOut] = {}
        self._givers = givers(rows, kinds)
        self._creates = {(row["kind"], row["key"]): row["seq"] for row in rows if row["op"] == p.CREATE}
        several = [own for own in _by_object(rows) if len(own) > 1]
        self._earlier = _earlier_changes(several)
        self._before = {row["seq"]: own[:at] for own in several for at, row in enumerate(own) if at}

    def prepare(self, kind: Kind, rows: Sequence[Record]) -> tuple[list[Operation], list[Outcome]]:
        """Resolve what the rows refer to; what needs something that was not done is skipped, and says so."""
        ready: list[Operation] = []
        skipped: list[Outcome] = []
        waiting = awaited(self._givers, kind, [row for row in rows if row["op"] == p.CREATE and row["seq"] not in self._unsure])
        for row in rows:
            try:
                self._check_given_up(kind, waiting.get(row["seq"], {}))
                ready.append(self._prepared(kind, row))
            except LookupError as missing:
                skipped.append(Outcome(row["seq"], SKIPPED, str(missing.args[0])))
        return ready, skipped

    def completed(self, outcome: Outcome) -> Outcome:
        """Return an outcome with what its operation, if it was done, went on without."""
        left = self._left_out.get(outcome.seq)
        if left is None or outcome.outcome not in DONE:
            return outcome
        told = f"{outcome.detail}; {left.why}" if outcome.detail else left.why
        return replace(outcome, detail=told, instead={**left.instead, **outcome.instead})

    def _prepared(self, kind: Kind, row: Record) -> Operation:
        seq, changes = row["seq"], p.decode(row["changes"])
        self._check_earlier(seq)
        values = self._values(kind, row, changes)
        target_id = row["target_id"] or (self._created(kind.facet_of, row["key"]) if kind.facet_of else None)
        write = Write(seq, row["key"], target_id, row["version"], values)
        written = {name: changes[name] for name in values}
        return Operation(write, written, seq in self._unsure, self._about(kind, row))

    def _values(self, kind: Kind, row: Record, changes: p.Changes) -> dict[str, Any]:
        """Return what is to be written, without the references to what was not created, which are noted.

        Raises `LookupError` where nothing is left to be written, or the object cannot be made without them.
        """
        sets = self._short_sets(changes)
        values: dict[str, Any] = {}
        missing: dict[str, LookupError] = {}
        for name, change in changes.items():
            try:
                values[name] = self._resolved(sets[name].stands if name in sets else change["new"])
            except LookupError as error:
                missing[name] = error
        if not missing and not sets:
            return values
        idle = {name for name, short in sets.items() if short.stands == changes[name]["old"]}
        if values.keys() <= idle or (row["op"] == p.CREATE and missing and not _can_be_made(kind, values, missing)):
            raise next(iter(missing.values()), LookupError(f"needs {'; '.join(short.lacks for short in sets.values())}"))
        self._left_out[row["seq"]] = _left_out(changes, missing, sets)
        return values

    def _short_sets(self, changes: p.Changes) -> "dict[str, _ShortSet]":
        """Return the sets that lack members which were not made: what stands there stays until these are."""
        found: dict[str, _ShortSet] = {}
        for name, change in changes.items():
            members = [self._as_made(each) for each in change["new"]] if isinstance(change["new"], list) else []
            unmade = [f"{each['kind']} {each['key']!r}, which was not created" for each in members if each["id"] is None]
            lost = [_other(each["kind"], each["id"]) for each in members if self._is_lost(each)]
            if unmade or lost:
                stands = [each for each in _with_old(members, change) if not self._is_lost(each)]
                found[name] = _ShortSet(stands, "; ".join([*unmade, *lost]))
        return found

    def _is_lost(self, reference: Record) -> bool:
        return (reference["kind"], str(reference["id"])) in self._lost

    def _as_made(self, member: Record) -> Record:
        """Return a member of a set with the id that it was given, if it was made."""
        outcome = self._outcomes.get(self._creates.get((member["kind"], member["key"]), -1))
        return member if member["id"] is not None or outcome is None else {**member, "id": outcome.target_id}

    def _about(self, kind: Kind, row: Record) -> str | None:
        """Return what makes the object that object by now: by the plan, and by what this plan wrote to it before."""
        told: str | None = row["about"]
        if told is None or row["seq"] not in self._before:
            return told
        about = orjson.loads(told)
        for earlier in self._before[row["seq"]]:
            outcome = self._outcomes.get(earlier["seq"])
            if outcome is not None and outcome.outcome in DONE:
                news = {
                    name: change["new"]
                    for name, change in p.decode(earlier["changes"]).items()
                    if name in telling(kind) and name not in outcome.unstored
                }
                about["values"] |= {name: self._resolved(new) for name, new in news.items()}
        return orjson.dumps(about).decode()

    def _check_earlier(self, seq: int) -> None:
        for name, earlier in self._earlier.get(seq, {}).items():
            outcome = self._outcomes.get(earlier)
            # What somebody else had made so already is that one's edit: what comes after would be written over it.
            if outcome is not None and outcome.outcome == ALREADY:
                raise LookupError(f"needs an earlier change of {name}, which somebody else had made")
            if outcome is None or outcome.outcome != APPLIED or name in outcome.unstored:
                raise LookupError(f"needs an earlier change of {name}, which was not made{_because(outcome)}")

    def _check_given_up(self, kind: Kind, waiting: Mapping[int, str]) -> None:
        for giver, what in waiting.items():
            outcome = self._outcomes.get(giver)
            if outcome is None or outcome.outcome not in DONE:
                raise LookupError(f"needs another {kind.name} to give up {what}, which was not done{_because(outcome)}")

    def _resolved(self, new: object) -> object:
        if isinstance(new, dict) and self._is_lost(new):
            raise LookupError(f"needs {_other(new['kind'], new['id'])}")
        return p.stored(new, self._created)

    def _created(self, kind: str, key: str) -> str:
        outcome = self._outcomes.get(self._creates.get((kind, key), -1))
        if outcome is None or outcome.target_id is None:
            raise LookupError(f"needs {kind} {key!r}, which was not created")
        if (kind, outcome.target_id) in self._lost:
            raise LookupError(f"needs {_other(kind, outcome.target_id)}")
        return outcome.target_id


def _because(outcome: Outcome | None) -> str:
    return f": {outcome.detail}" if outcome and outcome.detail else ""


def _other(kind: str, target_id: str) -> str:
    return f"{kind} #{target_id}, which is gone or another object by now (did the target come back from a backup?)"


def _can_be_made(kind: Kind, values: Mapping[str, Any], without: Iterable[str]) -> bool:
    """Return whether an object can be made of those values, and be recognised by them, without some references."""
    return all(map(kind.is_made_without, without)) and any(values.keys() >= {*rule.fields} for rule in kind.identity)


def _left_out(changes: p.Changes, missing: Mapping[str, LookupError], sets: Mapping[str, _ShortSet]) -> _LeftOut:
    stands = {**{name: _id(changes[name]["old"]) for name in missing}, **{name: short.stands for name, short in sets.items()}}
    told = [f"without {name}: {why}" for name, why in missing.items()][:1]
    told += [f"stored without {'; '.join(short.lacks for short in sets.values())}"] if sets else []
    return _LeftOut(stands, "; ".join(told))


def _with_old(members: Sequence[Record], change: Mapping[str, Any]) -> list[Record]:
    """Return those members that have an id and those that a set had before, in the order of a plan."""
    known = {str(member["id"]): member for member in [*(change["old"] or []), *members] if member["id"] is not None}
    return [known[one] for one in listed(one_set(known))]


def _id(old: object) -> object:
    return old["id"] if isinstance(old, dict) else old


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
