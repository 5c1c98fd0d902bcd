"""Explaining: what a plan made of one record, and why, asked of the same tables and functions that the plan was made by.

Nothing is decided here. What a match, a merge or a plan decided is looked up in what it left, and put beside what it saw.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.identity import HELD, IGNORED, SAME, compared
from asset_sync.reconcile.kinds import Kind
from asset_sync.reconcile.merge import Owner
from asset_sync.reconcile.plan import Mode
from asset_sync.reconcile.planning import Policy, Snapshot
from asset_sync.reconcile.planning.changes import CONFLICT, Changes
from asset_sync.reconcile.planning.retiring import returning
from asset_sync.reconcile.planning.sides import Sides
from asset_sync.reconcile.resolutions import describe
from asset_sync.reconcile.tables import Tables, cell, differs, filled, index, take, text

Decision = Literal["write", "equal", "keep", "initial", "silent", "guess", "conflict", "held", "ignored"]
"""write: the target takes the source's value. equal: it has it. keep: what stands in the target stays, for a person set it or
decided so. initial: it is set when the object is made, and never again. silent: the source says nothing, which empties nothing.
guess: the source only guesses, and the target says something. conflict: both sides changed it. held: the value, or the record,
waits. ignored: somebody decided to leave the record alone."""
Answer = Literal["same", "different", "unknown"]
"""What a rule says of a record and an object."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What one identity rule says of a record and an object: the values that it goes by, by field, and whether they are one.

    A decisive rule speaks against, too. `object` is None where there is none to compare with.
    """

    rule: str
    decisive: bool
    record: Mapping[str, Any]
    object: Mapping[str, Any] | None
    answer: Answer


@dataclass(frozen=True, slots=True)
class Candidate:
    """An object that a record may be: `name` is its natural key, `locked` says why no sync may write to it."""

    target_id: str
    name: str | None
    locked: str | None
    compared: tuple[Compared, ...]


@dataclass(frozen=True, slots=True)
class Identity:
    """Which object a record was found to be: `verdict` is same, new or held, `rule` what matched it.

    `why` says why nobody can tell (`held`), or what was decided. `compared` is by each rule with that object; of a record that
    is new, what it was looked for by.
    """

    verdict: str
    rule: str | None
    target_id: str | None
    why: str | None
    compared: tuple[Compared, ...]
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class FieldMerge:
    """What was decided about one field. Values are as plans have them: a reference is {"kind", "key", "id"}.

    `base` is the value last applied, where one is remembered (`has_base`). `why` tells what counted beside owner and values.
    """

    field: str
    owner: Owner
    desired: Any
    observed: Any
    base: Any
    has_base: bool
    decision: Decision
    why: str | None = None


class Explaining:
    """One kind of a plan that was made: what both sides say, the matches, and what was remembered; see `make_plan`."""

    def __init__(self, kind: Kind, policy: Policy, snapshot: Snapshot, matches: Tables, mode: Mode) -> None:
        self._sides = Sides(kind, policy, snapshot, matches)
        self._changes = Changes(self._sides, returning(self._sides), mode)
        self._kind = kind

    def row(self, source_key: str) -> int | None:
        """Return the row of a record in the desired table; None where the source did not tell of it."""
        found = index(pa.array([source_key], pa.large_string()), self._sides.source_keys)
        return int(found[0]) if found[0] >= 0 else None

    def key(self, row: int) -> str:
        """Return what a record is called."""
        return str(cell(self._sides.matches["key"], row))

    def value(self, row: int, name: str) -> Any:
        """Return what the source says of a field, as plans have it."""
        return self._told(name, take(self._sides.desired[name], np.array([row])))

    # Which object it is.

    def identity(self, row: int) -> Identity:
        """Return which object a record was found to be, with the evidence."""
        matches = self._sides.matches
        rule, why, target_id, candidates = (_text(matches[n], row) for n in ("rule", "evidence", "target_id", "candidates"))
        at = int(self._sides.object_of[row])
        return Identity(
            verdict=str(cell(matches["verdict"], row)),
            rule=rule,
            target_id=target_id,
            why=why,
            compared=tuple(self._compared(row, at)),
            candidates=tuple(self._candidate(row, each) for each in (candidates or "").split()),
        )

    def _candidate(self, row: int, target_id: str) -> Candidate:
        observed = self._sides.observed
        at = int(index(pa.array([target_id], pa.large_string()), text(observed["id"]))[0])
        if at < 0:
            return Candidate(target_id, None, None, ())
        return Candidate(target_id, _text(observed["key"], at), _text(observed["locked"], at), tuple(self._compared(row, at)))

    def _compared(self, row: int, at: int) -> Iterable[Compared]:
        sides = self._sides
        record = sides.desired.iloc[[row]]
        thing = sides.observed.iloc[[at]] if at >= 0 else None
        for rule in self._kind.identity:
            there = None if thing is None else compared(self._kind, thing, rule)
            yield Compared(
                rule.name,
                rule.decisive,
                {name: self._one(name, record) for name in rule.fields},
                None if thing is None else {name: self._one(name, thing) for name in rule.fields},
                _answer(compared(self._kind, record, rule), there),
            )

    def _one(self, name: str, table: pd.DataFrame) -> Any:
        return self._told(name, take(table[name], np.array([0])))

    # What is done to its fields.

    def merges(self, row: int) -> list[FieldMerge]:
        """Return what was decided about each of a record's fields, by its owner, people's decisions and both sides."""
        return [self._merge(name, row) for name in self._sides.owners]

    def _merge(self, name: str, row: int) -> FieldMerge:
        sides = self._sides
        at = sides.object_of[[row]] if sides.same[row] else np.array([-1])
        base, has_base = self._base(name, row)
        decision, why = self._decision(name, row)
        return FieldMerge(
            name,
            sides.owners[name].owner,
            self._told(name, take(sides.desired[name], np.array([row]))),
            self._told(name, take(sides.observed[name], at)),
            base,
            has_base,
            decision,
            why,
        )

    def _base(self, name: str, row: int) -> tuple[Any, bool]:
        sides, link = self._sides, self._sides.remembered[[row]]
        values = sides.base(name, link) if sides.is_remembered(name) else None
        if values is None:
            return None, False
        return self._told(name, values), bool(filled(values)[0] or sides.emptied(name, link)[0])

    def _decision(self, name: str, row: int) -> tuple[Decision, str | None]:
        sides = self._sides
        verdict = cell(sides.matches["verdict"], row)
        if verdict == HELD:
            why = str(cell(sides.matches["evidence"], row))
            return ("ignored" if why.startswith(IGNORED) else "held"), why
        refused = self._refused(name, row)
        if refused is not None:
            return "held", refused
        if verdict == SAME:
            return self._decided(name, row)
        return ("write" if filled(sides.desired[name])[row] else "silent"), None

    def _refused(self, name: str, row: int) -> str | None:
        refused = self._sides.refused
        if refused is None:
            return None
        told = refused.loc[
            (refused["source_key"] == self._sides.source_keys[row].as_py()) & (refused["field"] == name), "reason"
        ]
        return None if told.empty else str(told.iloc[0])

    def _decided(self, name: str, row: int) -> tuple[Decision, str | None]:
        """Return what was decided about a field that both sides have."""
        merged = self._changes.merges[name]
        person = next((r for r in self._sides.resolved("keep_target", "take_source").get(row, ()) if r.field == name), None)
        by = None if person is None else describe(person)
        if merged.write[row]:
            return "write", by
        if merged.conflict[row]:
            return "conflict", None
        if not self._is_otherwise(name, row):
            return "equal", None
        return ("keep" if by else self._left_alone(name, row)), by

    def _is_otherwise(self, name: str, row: int) -> bool:
        """Return whether the target has another value than the source wants."""
        at = np.array([row])
        there = take(self._sides.observed[name], self._sides.object_of[at])
        return bool(differs(take(self._changes.wanted(name), at), there)[0])

    def _left_alone(self, name: str, row: int) -> Decision:
        """Return why the target keeps another value than the source's, where nobody decided so."""
        sides, ownership = self._sides, self._sides.owners[name]
        if name in sides.beaten and sides.beaten[name][row]:
            return "guess"
        if not filled(sides.desired[name])[row] and not ownership.clears:
            return "silent"
        return "initial" if ownership.owner == "initial" else "keep"

    def _told(self, name: str, values: pa.Array) -> Any:
        told = self._sides.words(name, values)[0].as_py()
        return None if told is None else orjson.loads(told)


def as_planned(merges: Iterable[FieldMerge], operations: Iterable[Mapping[str, Any]]) -> list[FieldMerge]:
    """Return the decisions with what the plan's operations on the record came to: they have the last word.

    `operations` are as `asset_sync.reconcile.plan.records` gives them. What was to be written and is in none of them waits.
    """
    rows = list(operations)
    held_whole = next((row["hold"] for row in rows if row["hold"] and row["op"] != p.UPDATE), None)
    return [_as_planned(each, rows, held_whole) for each in merges]


def _as_planned(merge: FieldMerge, rows: list[Mapping[str, Any]], held_whole: str | None) -> FieldMerge:
    changed = [row for row in rows if row["op"] in p.WRITES and merge.field in p.decode(row["changes"])]
    held = next((row["hold"] for row in changed if row["hold"]), None)
    if any(not row["hold"] for row in changed):
        return replace(merge, decision="write")
    if held is not None:
        return replace(merge, decision="conflict" if held == CONFLICT else "held", why=None if held == CONFLICT else held)
    if merge.decision == "write":
        return replace(merge, decision="held", why=held_whole or _LEFT_OUT)
    return merge


_LEFT_OUT: Final = "the plan leaves it out"


def _answer(one: pa.Array, other: pa.Array | None) -> Answer:
    ours, theirs = one[0].as_py(), None if other is None else other[0].as_py()
    if ours is None or theirs is None:
        return "unknown"
    return "same" if ours == theirs else "different"


def _text(column: pd.Series, row: int) -> str | None:
    value = cell(column, row)
    return None if pd.isna(value) else str(value)
