"""Match: which desired row is which observed object, decided with evidence or not at all.

Ordered rules (DESIGN §3): the link remembered from earlier runs, then the kind's own rules. Each answer is one of three:
same, different, unknown. Sameness needs every field of a rule; difference needs one decisive field. Where the evidence is
split (several candidates, two rows for one object, a link and a serial that point to different objects), the row is held
with what is known, and the rest goes on.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile import forms
from asset_sync.reconcile.kinds import IdentityRule, Kind
from asset_sync.reconcile.tables import Mask, Positions, cell, composed, filled, index, mask, picked, taken, text

SAME: Final = "same"
NEW: Final = "new"
HELD: Final = "held"
LINK: Final = "link"

_VERDICTS: Final = (SAME, NEW, HELD)


def match(kind: Kind, desired: pd.DataFrame, observed: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """Decide for each desired row which observed object it is, or that it is new, or that nobody can tell.

    References in `desired` must be resolved already (see `asset_sync.reconcile.references`). Returns a row for each desired
    row, in the same order: source_key, key, verdict (same, new, held), rule (what matched it), target_id, evidence (why held).
    """
    matching = _Matching(kind, desired, observed)
    if kind.facet_of:
        matching.by_parent()
    else:
        if not kind.natural:
            matching.by_link(links)
        for rule in kind.identity:
            matching.by_rule(rule)
        matching.settle_rest()
    matching.hold_locked()
    return matching.table()


def match_decisively(kind: Kind, desired: pd.DataFrame, observed: pd.DataFrame) -> pd.DataFrame:
    """Match by the decisive rules alone; a row that none of them speaks of is new."""
    matching = _Matching(kind, desired, observed)
    for rule in kind.identity:
        if rule.decisive:
            matching.by_rule(rule)
    matching.hold_locked()
    return matching.table()


def hold_back(matches: pd.DataFrame, waiting: Mapping[str, str]) -> pd.DataFrame:
    """Return the matches with those new rows held that must not be created now; `waiting` says why, by source key."""
    why = matches["source_key"].map(waiting).where(matches["verdict"] == NEW)
    held = why.notna()
    if not held.any():
        return matches
    return matches.assign(verdict=matches["verdict"].mask(held, HELD), evidence=matches["evidence"].where(~held, why))


def suspects(kind: Kind, held: pd.DataFrame, objects: pd.DataFrame) -> list[str | None]:
    """Return for each object the source key of a held record that shares a decisive value with it, None where none does."""
    found: list[str | None] = [None] * len(objects)
    held = held.sort_values("source_key")
    for rule in kind.identity:
        if rule.decisive:
            at = index(_values(kind, objects, rule), _values(kind, held, rule))
            keys = picked(text(held["source_key"]), at).to_pylist()
            found = [known or key for known, key in zip(found, keys, strict=True)]
    return found


def _values(kind: Kind, table: pd.DataFrame, rule: IdentityRule) -> pa.Array:
    """Return what a rule compares: references as they are, other fields in the rule's normal form."""
    return forms.joined(
        [
            text(table[name]) if kind.field(name).type == "reference" else forms.normal(text(table[name]), rule.form)
            for name in rule.fields
        ]
    )


class _Matching:
    """The state of one matching: what each desired row was decided to be so far, and why."""

    def __init__(self, kind: Kind, desired: pd.DataFrame, observed: pd.DataFrame) -> None:
        self.kind = kind
        self.desired = desired
        self.observed = observed
        self.observed_of: Positions = np.full(len(desired), -1, dtype=np.int64)
        self.claimant: Positions = np.full(len(observed), -1, dtype=np.int64)
        self.held: Mask = np.zeros(len(desired), dtype=bool)
        self.usable: Mask = np.zeros(len(desired), dtype=bool)
        self.decisive: Mask = np.zeros(len(desired), dtype=bool)
        self.names = list(dict.fromkeys([LINK, str(kind.parent), *(rule.name for rule in kind.identity)]))
        self.rule = np.full(len(desired), -1, dtype=np.int16)
        self.evidence: dict[int, str] = {}
        self.known: list[tuple[pa.Array, pa.Array]] = []

    def by_link(self, links: pd.DataFrame) -> None:
        """The link remembered from earlier runs comes first; one whose object is gone from the target says nothing."""
        link_of = index(text(self.desired["source_key"]), text(links["source_key"]))
        object_of = index(text(links["target_id"]), text(self.observed["id"]))
        self._claim_all(composed(link_of, object_of), LINK)

    def by_rule(self, rule: IdentityRule) -> None:
        """Match the undecided rows by one rule; a decisive one also holds what contradicts it."""
        if rule.decisive:
            self._by_decisive(rule)
        else:
            self._by_hint(rule)

    def by_parent(self) -> None:
        """A facet is its parent's own object: there, or about to be created with it."""
        parent = text(self.desired[str(self.kind.parent)])
        self._claim_all(index(parent, text(self.observed["id"])), str(self.kind.parent))
        for row in np.flatnonzero(~filled(parent)):
            self._hold(int(row), f"its {self.kind.parent} is not known")

    def settle_rest(self) -> None:
        """Rows that no rule matched are new, unless they have nothing good to be recognised by next time."""
        rest = self._undecided()
        refused = self.desired["refused"].notna().to_numpy() if "refused" in self.desired else np.zeros(len(rest), dtype=bool)
        for row in np.flatnonzero(rest & refused & ~self.decisive):
            self._hold(int(row), f"{cell(self.desired['refused'], row)}, and nothing else identifies the record")
        for row in np.flatnonzero(self._undecided() & ~self.usable):
            names = ", ".join(rule.name for rule in self.kind.identity)
            self._hold(int(row), f"nothing identifies the record ({names} all empty)")

    def hold_locked(self) -> None:
        """An object that no sync may write to is recognised, so that it is not made twice, and left alone."""
        if not self.observed["locked"].notna().any():
            return
        locked = taken(self.observed["locked"], self.observed_of)
        for row in np.flatnonzero(locked.notna().to_numpy()):
            self._hold(int(row), f"{self._named(int(self.observed_of[row]))} {cell(locked, row)}")

    def table(self) -> pd.DataFrame:
        """Return the verdicts as `match` gives them."""
        matched = np.where(self.held, -1, self.observed_of)
        verdict = np.where(self.held, 2, np.where(matched >= 0, 0, 1))
        told = pa.array(self.evidence.values(), pa.large_string())
        told_at = np.full(len(verdict), -1, dtype=np.int64)
        told_at[list(self.evidence)] = np.arange(len(told))
        return pd.DataFrame(
            {
                "source_key": self.desired["source_key"].array,
                "key": self.desired["key"].array,
                "verdict": pd.Categorical.from_codes(verdict, categories=pd.Index(_VERDICTS)),
                "rule": pd.Categorical.from_codes(np.where(matched >= 0, self.rule, -1), categories=pd.Index(self.names)),
                "target_id": pd.array(picked(text(self.observed["id"]), matched), dtype="str"),
                "evidence": pd.array(picked(told, told_at), dtype="str"),
            }
        )

    def _undecided(self) -> Mask:
        return (self.observed_of < 0) & ~self.held

    def _claim_all(self, objects: Positions, rule: str) -> None:
        """Take what was remembered (an object for each row, -1 for none); an object that two rows remember is nobody's."""
        rows = np.flatnonzero(objects >= 0)
        self._claim(rows, objects[rows], rule)
        many = np.bincount(objects[rows], minlength=len(self.observed)) > 1
        crowded = rows[many[objects[rows]]]
        if not crowded.size:
            return
        told = self._also({int(row): int(objects[row]) for row in crowded})
        for row in crowded.tolist():
            self._hold(row, f"{rule} says {self._named(int(objects[row]))}, and so it does for {told[row]}")

    def _claim(self, rows: Positions, objects: Positions, rule: str) -> None:
        self.observed_of[rows] = objects
        self.claimant[objects] = rows
        self.rule[rows] = self.names.index(rule)

    # Rules.

    def _by_decisive(self, rule: IdentityRule) -> None:
        wanted, there = _values(self.kind, self.desired, rule), _values(self.kind, self.observed, rule)
        self._hold_contradicted(rule, wanted, there)
        undecided = np.flatnonzero(self._undecided())
        rows = undecided[filled(picked(wanted, undecided))]
        self.usable[rows] = True
        self.decisive[rows] = True
        rows = self._hold_twins(rule, rows, wanted)
        self._decide(rule, self._not_contradicted(_pairs(rows, picked(wanted, rows), there)))
        self.known.append((wanted, there))

    def _by_hint(self, rule: IdentityRule) -> None:
        """A rule that is not decisive is asked last, about objects that nobody was recognised as."""
        rows, free = np.flatnonzero(self._undecided()), np.flatnonzero(self.claimant < 0)
        names = list(rule.fields)
        wanted = _values(self.kind, self.desired[names].take(rows), rule)
        self.usable[rows[filled(wanted)]] = True
        pairs = _pairs(rows, wanted, _values(self.kind, self.observed[names].take(free), rule))
        self._decide(rule, self._not_contradicted(pairs.assign(observed=free[pairs["observed"].to_numpy()])))

    def _hold_contradicted(self, rule: IdentityRule, wanted: pa.Array, there: pa.Array) -> None:
        """Hold the rows that were recognised as one object and have the decisive value of another one."""
        same = pc.equal(wanted, picked(there, self.observed_of))
        apart = np.flatnonzero((self.observed_of >= 0) & filled(wanted) & ~mask(same))
        pairs = _pairs(apart, picked(wanted, apart), there)
        for row, others in self._by_id(pairs).items():
            found = f"{self.names[self.rule[row]]} says {self._named(int(self.observed_of[row]))}"
            self._hold(row, f"{found}, but {rule.name} {self._shown(row, rule)} is on {self._named(others[0])}")

    def _decide(self, rule: IdentityRule, pairs: pd.DataFrame) -> None:
        """Decide the rows of those pairs: one candidate that nobody else wants is a match."""
        if pairs.empty:
            return
        rows, objects = pairs["row"].to_numpy(), pairs["observed"].to_numpy()
        candidates, wanting = np.bincount(rows, minlength=1), np.bincount(objects, minlength=1)
        plain = (candidates[rows] == 1) & (wanting[objects] == 1) & (self.claimant[objects] < 0)
        self._accept(rule, rows[plain], objects[plain])
        for row, others in self._by_id(pairs[~plain]).items():
            told = ", ".join(self._named(other) + self._claimed_by(other) for other in others[:5])
            self._hold(row, f"{rule.name} {self._shown(row, rule)} does not tell which: {told}")

    def _hold_twins(self, rule: IdentityRule, rows: Positions, wanted: pa.Array) -> Positions:
        """One decisive value on two records of the source: those without a link are held, whatever the target has."""
        if not rows.size:
            return rows
        ours = picked(wanted, rows)
        every = np.flatnonzero(mask(pc.is_in(wanted, value_set=ours, skip_nulls=True)))
        codes = pc.dictionary_encode(picked(wanted, every)).indices.to_numpy(zero_copy_only=False)
        many = np.bincount(codes, minlength=1)[codes] > 1
        told = self._also(dict(zip(every[many].tolist(), codes[many].tolist(), strict=True)))
        twins = rows[np.isin(rows, every[many])]
        for row in twins.tolist():
            self._hold(row, f"{rule.name} {self._shown(row, rule)} is also on {told[row]}")
        return rows[~np.isin(rows, twins)]

    def _also(self, group_of: dict[int, int]) -> dict[int, str]:
        """Name for each row the others of its group, by source key, five at most."""
        members: dict[int, list[str]] = {}
        for row, group in group_of.items():
            members.setdefault(group, []).append(cell(self.desired["source_key"], row))
        for keys in members.values():
            keys.sort()
        own = {row: cell(self.desired["source_key"], row) for row in group_of}
        return {row: ", ".join([k for k in members[g][:6] if k != own[row]][:5]) for row, g in group_of.items()}

    def _not_contradicted(self, pairs: pd.DataFrame) -> pd.DataFrame:
        """Two known and different values of a decisive rule: different objects, whatever a later rule says."""
        if pairs.empty:
            return pairs
        for wanted, there in self.known:
            left, right = picked(wanted, pairs["row"].to_numpy()), picked(there, pairs["observed"].to_numpy())
            pairs = pairs[~mask(pc.not_equal(left, right))]
        return pairs

    def _accept(self, rule: IdentityRule, rows: Positions, objects: Positions) -> None:
        """Take the objects, but not one that sits on something else already: it is not ours to move."""
        elsewhere = np.zeros(len(rows), dtype=bool)
        if self.kind.parent is not None:
            now = picked(text(self.observed[self.kind.parent]), objects)
            elsewhere = filled(now) & ~mask(pc.equal(now, picked(text(self.desired[self.kind.parent]), rows)))
        self._claim(rows[~elsewhere], objects[~elsewhere], rule.name)
        for row, other in zip(rows[elsewhere].tolist(), objects[elsewhere].tolist(), strict=True):
            where = f"{self.kind.parent} {cell(self.observed[str(self.kind.parent)], other)}"
            told = f"{self._named(other)} is assigned to another object ({where}), and this sync did not put it there"
            self._hold(row, told)

    # Words.

    def _by_id(self, pairs: pd.DataFrame) -> dict[int, list[int]]:
        """Return the objects of each row, in the order of their ids, so that the evidence is the same at every run."""
        if pairs.empty:
            return {}
        found: dict[int, list[int]] = {}
        ids = picked(text(self.observed["id"]), pairs["observed"].to_numpy()).to_pylist()
        for _, row, other in sorted(zip(ids, pairs["row"].tolist(), pairs["observed"].tolist(), strict=True)):
            found.setdefault(row, []).append(other)
        return found

    def _claimed_by(self, other: int) -> str:
        row = int(self.claimant[other])
        return f" (is {cell(self.desired['source_key'], row)})" if row >= 0 else ""

    def _hold(self, row: int, why: str) -> None:
        if not self.held[row]:
            self.held[row] = True
            self.evidence[row] = why

    def _named(self, other: int) -> str:
        return f"{self.kind.name} #{cell(self.observed['id'], other)}"

    def _shown(self, row: int, rule: IdentityRule) -> str:
        return repr(cell(self.desired[rule.fields[-1]], row))


def _pairs(rows: Positions, ours: pa.Array, there: pa.Array) -> pd.DataFrame:
    """Return every pair of one of the rows and an object of the same value, as `row` and `observed`."""
    near = np.flatnonzero(mask(pc.is_in(there, value_set=ours, skip_nulls=True))) if rows.size else rows
    if not near.size:
        return pd.DataFrame({"row": near, "observed": near})
    left = pd.DataFrame({"row": rows, "value": pd.array(ours, dtype="str")}).dropna()
    right = pd.DataFrame({"observed": near, "value": pd.array(picked(there, near), dtype="str")})
    return left.merge(right, on="value")[["row", "observed"]]
