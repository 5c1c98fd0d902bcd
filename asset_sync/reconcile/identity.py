"""Match: which desired row is which observed object, decided with evidence or not at all.

Ordered rules (DESIGN §3): the link remembered from earlier runs, then the kind's own rules. Each answer is one of three:
same, different, unknown. Sameness needs every field of a rule; difference needs one decisive field. Where the evidence is
split (several candidates, two rows for one object, a link and a serial that point to different objects), the row is held
with what is known, and the rest goes on.
"""

from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile import forms
from asset_sync.reconcile.kinds import IdentityRule, Kind
from asset_sync.reconcile.tables import Mask, Positions, cell, index, taken, text

SAME: Final = "same"
NEW: Final = "new"
HELD: Final = "held"
LINK: Final = "link"


def match(kind: Kind, desired: pd.DataFrame, observed: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """Decide for each desired row which observed object it is, or that it is new, or that nobody can tell.

    References in `desired` must be resolved already (see `asset_sync.reconcile.references`). Returns a row for each desired
    row, in the same order: source_key, key, verdict (same, new, held), rule (what matched it), target_id, evidence (why held).
    """
    matching = _Matching(kind, desired, observed)
    if kind.facet_of:
        matching.by_parent()
        return matching.table()
    matching.by_link(links)
    for rule in kind.identity:
        matching.by_rule(rule)
    matching.settle_rest()
    matching.hold_locked()
    return matching.table()


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
        self.rules: dict[int, str] = {}
        self.evidence: dict[int, str] = {}
        self.known: list[tuple[pa.Array, pa.Array]] = []

    def by_link(self, links: pd.DataFrame) -> None:
        """The link remembered from earlier runs comes first; one whose object is gone from the target says nothing."""
        if links.empty or self.observed.empty:
            return
        link_of = index(text(self.desired["source_key"]), text(links["source_key"]))
        object_of = index(text(links["target_id"]), text(self.observed["id"]))
        linked = np.where(link_of >= 0, object_of[link_of], -1)
        self.observed_of = linked
        self.claimant[linked[linked >= 0]] = np.flatnonzero(linked >= 0)

    def by_rule(self, rule: IdentityRule) -> None:
        """Match the undecided rows by one rule, and hold what contradicts it."""
        undecided = self._undecided()
        if not rule.decisive and not undecided.any():
            return
        wanted = self._values(self.desired, rule)
        there = self._values(self.observed, rule)
        if rule.decisive:
            self._hold_contradicted_links(rule, wanted, there)
        undecided = self._undecided()
        self.usable |= undecided & _filled(wanted)
        if rule.decisive:
            self.decisive |= undecided & _filled(wanted)
        self._decide(rule, np.flatnonzero(undecided & _filled(wanted)), wanted, there)
        if rule.decisive:
            self.known.append((wanted, there))

    def by_parent(self) -> None:
        """A facet is its parent's own object: there, or about to be created with it."""
        self.observed_of = index(text(self.desired[str(self.kind.parent)]), text(self.observed["id"]))
        self.rules = dict.fromkeys(range(len(self.desired)), str(self.kind.parent))

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
        locked = taken(self.observed["locked"], self.observed_of)
        for row in np.flatnonzero(locked.notna().to_numpy()):
            self._hold(int(row), f"{self._named(int(self.observed_of[row]))} {cell(locked, row)}")

    def table(self) -> pd.DataFrame:
        """Return the verdicts as `match` gives them."""
        verdict = np.where(self.held, HELD, np.where(self.observed_of >= 0, SAME, NEW))
        matched = np.where(self.held, -1, self.observed_of)
        names = [LINK, *dict.fromkeys(self.rules.values())]
        codes: Positions = np.where(verdict == SAME, 0, -1)
        for row, rule in self.rules.items():
            codes[row] = names.index(rule) if verdict[row] == SAME else -1
        evidence = pd.Series(index=range(len(verdict)), dtype="str")
        evidence.iloc[list(self.evidence)] = list(self.evidence.values())
        return pd.DataFrame(
            {
                "source_key": self.desired["source_key"].array,
                "key": self.desired["key"].array,
                "verdict": pd.Categorical(verdict, categories=[SAME, NEW, HELD]),
                "rule": pd.Categorical.from_codes(codes, categories=pd.Index(names)),
                "target_id": taken(self.observed["id"], matched).array,
                "evidence": evidence.array,
            }
        )

    def _undecided(self) -> Mask:
        return (self.observed_of < 0) & ~self.held

    def _values(self, table: pd.DataFrame, rule: IdentityRule) -> pa.Array:
        return forms.joined(
            [
                text(table[name]) if self.kind.field(name).type == "reference" else forms.normal(text(table[name]), rule.form)
                for name in rule.fields
            ]
        )

    def _hold_contradicted_links(self, rule: IdentityRule, wanted: pa.Array, there: pa.Array) -> None:
        decided = np.flatnonzero(self.observed_of >= 0)
        same = pc.equal(wanted.take(pa.array(decided)), there.take(pa.array(self.observed_of[decided])))
        apart = decided[~_truth(pc.or_kleene(same, pc.is_null(wanted.take(pa.array(decided)))))]
        if not apart.size:
            return
        elsewhere = index(wanted.take(pa.array(apart)), there)
        for row, other in zip(apart[elsewhere >= 0], elsewhere[elsewhere >= 0], strict=True):
            found = f"{self.rules.get(int(row), LINK)} says {self._named(int(self.observed_of[row]))}"
            self._hold(int(row), f"{found}, but {rule.name} {self._shown(int(row), rule)} is on {self._named(int(other))}")

    def _decide(self, rule: IdentityRule, rows: Positions, wanted: pa.Array, there: pa.Array) -> None:
        """Decide the rows given: one candidate that nobody else wants is a match."""
        if rule.decisive:
            rows = self._hold_twins(rule, rows, wanted)
        pairs = self._pairs(rows, wanted, there)
        pairs = self._not_contradicted(pairs)
        if not rule.decisive:
            pairs = pairs[self.claimant[pairs["observed"].to_numpy()] < 0]
        per_row = pairs.groupby("row")["observed"]
        per_object = pairs.groupby("observed")["row"]
        crowd = per_row.transform("size").to_numpy() + per_object.transform("size").to_numpy()
        taken = self.claimant[pairs["observed"].to_numpy()] >= 0
        plain = (crowd == 2) & ~taken
        self._accept(rule, pairs[plain])
        self._hold_pairs(rule, pairs[~plain])

    def _hold_twins(self, rule: IdentityRule, rows: Positions, wanted: pa.Array) -> Positions:
        """One decisive value on two records of the source: those without a link are held, whatever the target has."""
        ours = wanted.take(pa.array(rows))
        if not rows.size:
            return rows
        counts = pc.value_counts(wanted.filter(pc.is_in(wanted, value_set=ours)))
        many = counts.field("values").filter(pc.greater(counts.field("counts"), 1))
        twin = _truth(pc.is_in(ours, value_set=many)) if len(many) else np.zeros(len(rows), dtype=bool)
        for row in rows[twin]:
            same = np.flatnonzero(_truth(pc.equal(wanted, wanted[int(row)])))
            others = [str(cell(self.desired["source_key"], other)) for other in same if other != row][:5]
            self._hold(int(row), f"{rule.name} {self._shown(int(row), rule)} is also on {', '.join(others)}")
        return rows[~twin]

    def _pairs(self, rows: Positions, wanted: pa.Array, there: pa.Array) -> pd.DataFrame:
        ours = wanted.take(pa.array(rows))
        near = np.flatnonzero(_truth(pc.is_in(there, value_set=ours)) & _filled(there)) if rows.size else rows
        left = pd.DataFrame({"row": rows, "value": pd.Series(ours.to_pandas(), dtype="str").array})
        right = pd.DataFrame({"observed": near, "value": pd.Series(there.take(pa.array(near)).to_pandas(), dtype="str").array})
        return left.merge(right, on="value")[["row", "observed"]]

    def _not_contradicted(self, pairs: pd.DataFrame) -> pd.DataFrame:
        """Two known and different values of a decisive rule: different objects, whatever a later rule says."""
        for wanted, there in self.known:
            left = wanted.take(pa.array(pairs["row"].to_numpy()))
            right = there.take(pa.array(pairs["observed"].to_numpy()))
            pairs = pairs[~_truth(pc.not_equal(left, right))]
        return pairs

    def _accept(self, rule: IdentityRule, pairs: pd.DataFrame) -> None:
        for row, other in zip(pairs["row"].tolist(), pairs["observed"].tolist(), strict=True):
            if not self._sits_elsewhere(row, other):
                self.observed_of[row] = other
                self.claimant[other] = row
                self.rules[row] = rule.name

    def _sits_elsewhere(self, row: int, other: int) -> bool:
        """Hold a row whose object already sits on something else: it is not ours to move."""
        parent = self.kind.parent
        if parent is None:
            return False
        now, wanted = cell(self.observed[parent], other), cell(self.desired[parent], row)
        if pd.isna(now) or now == wanted:
            return False
        self._hold(
            row,
            f"{self._named(other)} is assigned to another object ({parent} {now}), and this sync did not put it there",
        )
        return True

    def _hold_pairs(self, rule: IdentityRule, pairs: pd.DataFrame) -> None:
        for row in dict.fromkeys(pairs["row"].tolist()):
            others = pairs.loc[pairs["row"] == row, "observed"].tolist()[:5]
            told = ", ".join(self._named(other) + self._claimed_by(other) for other in others)
            self._hold(row, f"{rule.name} {self._shown(row, rule)} does not tell which: {told}")

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


def _filled(values: pa.Array) -> Mask:
    return _truth(pc.is_valid(values))


def _truth(values: pa.Array) -> Mask:
    """Return a mask, unknown counting as false."""
    return np.asarray(pc.fill_null(values, fill_value=False).to_numpy(zero_copy_only=False), dtype=bool)
