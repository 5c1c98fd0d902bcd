"""The state of one matching: what each desired row was decided to be so far, and why; and its words."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile.identity.values import also, compared, emptied, twins
from asset_sync.reconcile.kinds import IdentityRule, Kind
from asset_sync.reconcile.resolutions import Resolutions
from asset_sync.reconcile.tables import Mask, Positions, cell, equal, mask, said_column, take, text

SAME: Final = "same"
NEW: Final = "new"
HELD: Final = "held"
LINK: Final = "link"
DECISION: Final = "decision"
RETURN: Final = "what it was before a decision that is over"
LEFT: Final = "an end of what is left of a record that is gone"
IGNORED: Final = "ignored: "

_VERDICTS: Final = (SAME, NEW, HELD)


class Compared(NamedTuple):
    """What a decisive rule compares: of records, of those records alone that tell it by themselves, and of objects."""

    wanted: pa.Array
    telling: pa.Array
    there: pa.Array


class Matching:
    """The state of one matching: what each desired row was decided to be so far, and why.

    `unsettled` has, by row, evidence that told of several: it holds the row, unless something else identifies it. `usable` are
    the rows of which anything is known that a rule asks for, `decisive` those with a decisive value of their own. `sealed` are
    rows that are not asked about any more, `ignored` those that somebody decided to leave alone: they count for nothing.
    `kept` are the objects of records that are held by what people decided: nobody is one of them by its name alone. `doubted`
    has the records, by the objects that they may still be, but that is not sure: who has the name of such an object is held.
    `confirmed` are the linked rows whose object has one of their decisive values, by the rules asked so far. `moves` are rows
    that want a value of an object whose own record stays what it is: they wait where that one is held.
    """

    def __init__(
        self,
        kind: Kind,
        desired: pd.DataFrame,
        observed: pd.DataFrame,
        links: pd.DataFrame,
        resolutions: Resolutions,
    ) -> None:
        self.kind = kind
        self.desired = desired
        self.observed = observed
        self.links = links
        self.resolutions = resolutions
        self.link_of: Positions = np.full(len(desired), -1, dtype=np.int64)
        self.observed_of: Positions = np.full(len(desired), -1, dtype=np.int64)
        self.claimant: Positions = np.full(len(observed), -1, dtype=np.int64)
        self.held: Mask = np.zeros(len(desired), dtype=bool)
        self.ignored: Mask = np.zeros(len(desired), dtype=bool)
        self.kept: Mask = np.zeros(len(observed), dtype=bool)
        self.doubted: dict[int, int] = {}
        self.sealed: Mask = np.zeros(len(desired), dtype=bool)
        self.usable: Mask = np.zeros(len(desired), dtype=bool)
        self.decisive: Mask = np.zeros(len(desired), dtype=bool)
        self.names = list(
            dict.fromkeys([LINK, DECISION, RETURN, LEFT, str(kind.parent), *(rule.name for rule in kind.identity)])
        )
        self.rule = np.full(len(desired), -1, dtype=np.int16)
        self.evidence: dict[int, str] = {}
        self.candidates: dict[int, list[int]] = {}
        self.unsettled: dict[int, tuple[str, list[int]]] = {}
        self.confirmed: Mask = np.zeros(len(desired), dtype=bool)
        self.known: dict[str, Compared] = {}
        self.parted: set[tuple[int, int]] = set()
        self.moves: list[tuple[int, int, IdentityRule]] = []

    def undecided(self) -> Mask:
        """Return the rows about which nothing is decided."""
        return (self.observed_of < 0) & ~self.held & ~self.sealed

    def claim_all(self, objects: Positions, rule: str) -> None:
        """Take what was remembered (an object for each row, -1 for none); an object that two rows remember is nobody's."""
        rows = np.flatnonzero(objects >= 0)
        rows = rows[self.claimant[objects[rows]] < 0]
        self.claim(rows, objects[rows], rule)
        many = np.bincount(objects[rows], minlength=len(self.observed)) > 1
        crowded = rows[many[objects[rows]]]
        if not crowded.size:
            return
        others = self.also({int(row): int(objects[row]) for row in crowded})
        for row in crowded.tolist():
            why = f"{rule} says {self.named(int(objects[row]))}, and so it does for {others[row]}"
            self.hold(row, why, [int(objects[row])])

    def claim(self, rows: Positions, objects: Positions, rule: str) -> None:
        """Decide that rows are those objects."""
        self.observed_of[rows] = objects
        self.claimant[objects] = rows
        self.rule[rows] = self.names.index(rule)

    def hold(self, row: int, why: str, others: Iterable[int] = ()) -> None:
        """Hold a row, with the objects that it may be; the first evidence stays."""
        if not self.held[row]:
            self.held[row] = True
            self.evidence[row] = why
            self.candidates[row] = list(others)

    def told_alike(self, rows: Positions, objects: Positions) -> Mask:
        """Return which records say of themselves what those objects say, by a decisive rule."""
        alike = np.zeros(len(rows), dtype=bool)
        if not rows.size:
            return alike
        records, things = self.desired.take(rows), self.observed.take(objects)
        for rule in [rule for rule in self.kind.identity if rule.decisive] or self.kind.identity:
            alike |= mask(pc.equal(compared(self.kind, records, rule), compared(self.kind, things, rule)))
        return alike

    def called_alike(self, rows: Positions, objects: Positions) -> Mask:
        """Return which records and objects have one name, as a rule goes by it (in one site, of one maker), and alone."""
        alike = np.zeros(len(rows), dtype=bool)
        for rule in self.kind.identity if rows.size else ():
            as_written = replace(rule, form="folded")
            wanted = emptied(compared(self.kind, self.desired, as_written), np.flatnonzero(self.ignored))
            there = compared(self.kind, self.observed, as_written)
            several = np.isin(rows, list(twins(wanted, rows))) | np.isin(objects, list(twins(there, objects)))
            alike |= equal(take(wanted, rows), take(there, objects)) & ~several
        return alike

    def alike(self, row: int, objects: Positions) -> Positions:
        """Return those of the objects that a record may be, by any rule."""
        record, things = self.desired.take([row]), self.observed.take(objects)
        found = np.zeros(len(objects), dtype=bool)
        for rule in self.kind.identity:
            found |= mask(pc.equal(compared(self.kind, things, rule), compared(self.kind, record, rule)[0]))
        return objects[found]

    def table(self) -> pd.DataFrame:
        """Return the verdicts as `match` gives them."""
        matched = np.where(self.held, -1, self.observed_of)
        verdict = np.where(self.held, 2, np.where(matched >= 0, 0, 1))
        return pd.DataFrame(
            {
                "source_key": self.desired["source_key"].array,
                "key": self.desired["key"].array,
                "verdict": pd.Categorical.from_codes(verdict, categories=pd.Index(_VERDICTS)),
                "rule": pd.Categorical.from_codes(np.where(matched >= 0, self.rule, -1), categories=pd.Index(self.names)),
                "target_id": pd.array(take(text(self.observed["id"]), matched), dtype="str"),
                "evidence": self._as_column(self.evidence),
                "candidates": self._as_column({row: self._ids(others) for row, others in self.candidates.items() if others}),
                "link_row": self.link_of,
                "object_row": matched,
            }
            | {said_column(rule): pd.array(known.wanted, dtype="str") for rule, known in self.known.items()}
        )

    def _as_column(self, by_row: Mapping[int, str]) -> Any:
        at = np.full(len(self.desired), -1, dtype=np.int64)
        at[list(by_row)] = np.arange(len(by_row))
        return pd.array(take(pa.array(by_row.values(), pa.large_string()), at), dtype="str")

    # Words.

    def also(self, group_of: dict[int, int]) -> dict[int, str]:
        """Name for each row the others of its group (see `asset_sync.reconcile.identity.values.also`)."""
        return also(self.desired, group_of)

    def by_id(self, found: pd.DataFrame) -> dict[int, list[int]]:
        """Return the objects of each row, in the order of their ids, so that the evidence is the same at every run."""
        if found.empty:
            return {}
        others: dict[int, list[int]] = {}
        ids = take(text(self.observed["id"]), found["observed"].to_numpy()).to_pylist()
        for _, row, other in sorted(zip(ids, found["row"].tolist(), found["observed"].tolist(), strict=True)):
            others.setdefault(row, []).append(other)
        return others

    def _ids(self, others: Iterable[int]) -> str:
        return " ".join(dict.fromkeys(str(cell(self.observed["id"], other)) for other in others))

    def claimed_by(self, other: int) -> str:
        """Return in brackets whose an object is; nothing where it is nobody's."""
        row = int(self.claimant[other])
        return f" (is {cell(self.desired['source_key'], row)})" if row >= 0 else ""

    def named(self, other: int) -> str:
        """Return what an object is called in evidence."""
        return f"{self.kind.name} #{cell(self.observed['id'], other)}"

    def shown(self, row: int, rule: IdentityRule) -> str:
        """Return the value of a row by which a rule goes."""
        return repr(cell(self.desired[rule.fields[-1]], row))
