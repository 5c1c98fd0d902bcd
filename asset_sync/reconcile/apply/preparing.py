"""Preparing: a plan's rows made ready to be sent, or skipped where something that they need was not done."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.apply.groups import Record
from asset_sync.reconcile.apply.operations import Operation
from asset_sync.reconcile.identity import telling
from asset_sync.reconcile.kinds import Kind
from asset_sync.reconcile.sets import listed, one_set
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
        self._short: dict[int, tuple[dict[str, list[Record]], str]] = {}
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

    def noted(self, outcome: Outcome) -> Outcome:
        """Return what became of an operation, with what its object has in the place of sets that lack members."""
        if outcome.seq not in self._short or outcome.outcome not in DONE:
            return outcome
        stands, why = self._short[outcome.seq]
        return replace(outcome, instead={**outcome.instead, **stands}, detail="; ".join(filter(None, (outcome.detail, why))))

    def _prepared(self, kind: Kind, row: Record) -> Operation:
        seq, changes = row["seq"], p.decode(row["changes"])
        self._check_earlier(seq)
        values = {name: self._resolved(new) for name, new in {**_news(changes), **self._short_sets(seq, changes)}.items()}
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
        return p.stored(new, self._created)

    def _short_sets(self, seq: int, changes: p.Changes) -> dict[str, list[Record]]:
        """Return the sets that lack members which were not made: what stands there stays until these are. They are noted.

        Raises `LookupError` where nothing else is changed.
        """
        sets = {name: [self._as_made(each) for each in new] for name, new in _news(changes).items() if isinstance(new, list)}
        unmade = {name: [each for each in members if each["id"] is None] for name, members in sets.items()}
        short = {name: _with_old(sets[name], changes[name]) for name, missing in unmade.items() if missing}
        if not short:
            return {}
        told = "; ".join(f"{each['kind']} {each['key']!r}, which was not created" for own in unmade.values() for each in own)
        if changes.keys() == short.keys() and all(stands == changes[name]["old"] for name, stands in short.items()):
            raise LookupError(f"needs {told}")
        self._short[seq] = (short, f"stored without {told}")
        return short

    def _as_made(self, member: Record) -> Record:
        """Return a member of a set with the id that it was given, if it was made."""
        outcome = self._outcomes.get(self._creates.get((member["kind"], member["key"]), -1))
        return member if member["id"] is not None or outcome is None else {**member, "id": outcome.target_id}

    def _created(self, kind: str, key: str) -> str:
        outcome = self._outcomes.get(self._creates.get((kind, key), -1))
        if outcome is None or outcome.target_id is None:
            raise LookupError(f"needs {kind} {key!r}, which was not created")
        return outcome.target_id


def _news(changes: p.Changes) -> dict[str, Any]:
    return {name: change["new"] for name, change in changes.items()}


def _with_old(members: Sequence[Record], change: Mapping[str, Any]) -> list[Record]:
    """Return those members that have an id and those that a set had before, in the order of a plan."""
    known = {str(member["id"]): member for member in [*(change["old"] or []), *members] if member["id"] is not None}
    return [known[one] for one in listed(one_set(known))]


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
