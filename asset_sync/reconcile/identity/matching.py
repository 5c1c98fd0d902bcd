"""The matching of one kind: decisions and links first, then rule after rule, and what is left over."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile.identity.remembered import changed_objects
from asset_sync.reconcile.identity.values import compared, pairs
from asset_sync.reconcile.kinds import IdentityRule, Kind
from asset_sync.reconcile.resolutions import NONE, Resolution, Resolutions, describe, fingerprints
from asset_sync.reconcile.tables import (
    Mask,
    Positions,
    base_column,
    cell,
    composed,
    filled,
    index,
    mask,
    take,
    take_series,
    text,
)

SAME: Final = "same"
NEW: Final = "new"
HELD: Final = "held"
LINK: Final = "link"
DECISION: Final = "decision"
IGNORED: Final = "ignored: "

_VERDICTS: Final = (SAME, NEW, HELD)
_CANDIDATES_TOLD: Final = 5


def match(
    kind: Kind, desired: pd.DataFrame, observed: pd.DataFrame, links: pd.DataFrame, resolutions: Resolutions = NONE
) -> pd.DataFrame:
    """Decide for each desired row which observed object it is, or that it is new, or that nobody can tell.

    References in `desired` must be resolved already (see `asset_sync.reconcile.references`). Returns a row for each desired
    row, in the same order: source_key, key, verdict (same, new, held), rule (what matched it), target_id, evidence (why held),
    candidates (the ids of the objects that a held row may be, parted by blanks).
    """
    matching = _Matching(kind, desired, observed, links, resolutions)
    if kind.facet_of:
        matching.by_parent()
    else:
        matching.by_decision()
        if not kind.natural:
            matching.by_link()
        for rule in kind.identity:
            matching.by_rule(rule)
        matching.settle_rest()
    matching.hold_locked()
    matching.hold_what_stays()
    return matching.table()


def hold_back(matches: pd.DataFrame, waiting: Mapping[str, str]) -> pd.DataFrame:
    """Return the matches with those new rows held that must not be created now; `waiting` says why, by source key."""
    why = matches["source_key"].map(waiting).where(matches["verdict"] == NEW)
    held = why.notna()
    if not held.any():
        return matches
    return matches.assign(verdict=matches["verdict"].mask(held, HELD), evidence=matches["evidence"].where(~held, why))


class _Matching:
    """The state of one matching: what each desired row was decided to be so far, and why.

    `unsettled` has, by row, evidence that told of several: it holds the row, unless something else identifies it. `usable` are
    the rows of which anything is known that a rule asks for, `decisive` those with a decisive value of their own. `sealed` are
    rows that are not asked about any more.
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
        self.observed_of: Positions = np.full(len(desired), -1, dtype=np.int64)
        self.claimant: Positions = np.full(len(observed), -1, dtype=np.int64)
        self.held: Mask = np.zeros(len(desired), dtype=bool)
        self.sealed: Mask = np.zeros(len(desired), dtype=bool)
        self.usable: Mask = np.zeros(len(desired), dtype=bool)
        self.decisive: Mask = np.zeros(len(desired), dtype=bool)
        self.names = list(dict.fromkeys([LINK, DECISION, str(kind.parent), *(rule.name for rule in kind.identity)]))
        self.rule = np.full(len(desired), -1, dtype=np.int16)
        self.evidence: dict[int, str] = {}
        self.candidates: dict[int, list[int]] = {}
        self.unsettled: dict[int, tuple[str, list[int]]] = {}
        self.known: list[tuple[pa.Array, pa.Array]] = []
        self.parted: set[tuple[int, int]] = set()
        self.moves: list[tuple[int, int, IdentityRule]] = []

    # What is known beforehand.

    def by_decision(self) -> None:
        """What people decided comes first: this object, none that there is, or nothing at all."""
        decided = self.resolutions.of(self.kind.name, "link", "never_link", "create", "ignore")
        if not decided:
            return
        rows = index(pa.array([r.source_key for r in decided], pa.large_string()), text(self.desired["source_key"])).tolist()
        ids = pa.array([r.target_id for r in decided], pa.large_string())
        objects = index(ids, text(self.observed["id"])).tolist()
        for row, other, resolution in zip(rows, objects, decided, strict=True):
            if row >= 0:
                self._decide_by(resolution, row, other)

    def _decide_by(self, resolution: Resolution, row: int, other: int) -> None:
        if resolution.verb == "ignore":
            # Without a fingerprint yet, the next plan is the first to see the record since.
            unchanged = resolution.fingerprint in (None, fingerprints(self.kind, self.desired, [row])[0])
            if unchanged or not resolution.until_changed:
                self._hold(row, f"{IGNORED}{describe(resolution)}")
        elif resolution.verb == "never_link":
            self.parted.add((row, other))
        elif resolution.verb == "create":
            self.sealed[row] = not self._is_linked(row)
        elif other < 0:
            self._hold(row, f"{self.kind.name} #{resolution.target_id}, {describe(resolution)}, is gone from the target")
        else:
            self._claim(np.array([row]), np.array([other]), DECISION)

    def _is_linked(self, row: int) -> bool:
        """Return whether a record has been made already: it is linked to an object that is there still."""
        own = pc.equal(text(self.links["source_key"]), cell(self.desired["source_key"], row))
        found = text(self.links["target_id"]).filter(own)
        return bool((index(found, text(self.observed["id"])) >= 0).any())

    def by_link(self) -> None:
        """The link remembered from earlier runs; one whose object is gone says nothing, one whose object changed is doubted."""
        links = self.links
        link_of = index(text(self.desired["source_key"]), text(links["source_key"]))
        object_of = index(text(links["target_id"]), text(self.observed["id"]))
        objects = np.where(self._undecided(), composed(link_of, object_of), -1)
        for row, other in self.parted:
            objects[row] = -1 if objects[row] == other else objects[row]
        rows = np.flatnonzero(objects >= 0)
        found = changed_objects(self.kind, links, self.observed, link_of[rows], objects[rows])
        for at in np.flatnonzero(found.changed).tolist():
            if not self._told_alike(int(rows[at]), int(objects[rows[at]])):
                self.unsettled[int(rows[at])] = (found.words[at].as_py(), [int(objects[rows[at]])])
                objects[rows[at]] = -1
        self._claim_all(objects, LINK)

    def _told_alike(self, row: int, other: int) -> bool:
        """Return whether a record says of itself what an object says, by a decisive rule."""
        record, thing = self.desired.iloc[[row]], self.observed.iloc[[other]]
        rules = [rule for rule in self.kind.identity if rule.decisive] or self.kind.identity
        values = [(compared(self.kind, record, rule), compared(self.kind, thing, rule)) for rule in rules]
        return any(mask(pc.equal(one, another)).any() for one, another in values)

    def by_parent(self) -> None:
        """A facet is its parent's own object: there, or about to be created with it."""
        parent = text(self.desired[str(self.kind.parent)])
        self._claim_all(index(parent, text(self.observed["id"])), str(self.kind.parent))
        for row in np.flatnonzero(~filled(parent)):
            self._hold(int(row), f"its {self.kind.parent} is not known")

    # Rules.

    def by_rule(self, rule: IdentityRule) -> None:
        """Match the undecided rows by one rule; a decisive one also holds what contradicts it."""
        if rule.decisive:
            self._by_decisive(rule)
        else:
            self._by_hint(rule)

    def _by_decisive(self, rule: IdentityRule) -> None:
        wanted, there = compared(self.kind, self.desired, rule), compared(self.kind, self.observed, rule)
        self._hold_contradicted(rule, wanted, there)
        undecided = np.flatnonzero(self._undecided())
        rows = undecided[filled(take(wanted, undecided))]
        self.usable[rows] = True
        rows = self._without_twins(rule, rows, wanted)
        self.decisive[rows] = True
        found = self._not_contradicted(pairs(rows, take(wanted, rows), there))
        self._decide(rule, self._not_given_up(rule, found, wanted))
        self.known.append((wanted, there))

    def _by_hint(self, rule: IdentityRule) -> None:
        """A rule that is not decisive is asked last, about objects that nobody was recognised as."""
        self.hold_unsettled()
        rows, free = np.flatnonzero(self._undecided()), np.flatnonzero(self.claimant < 0)
        names = list(rule.fields)
        wanted = compared(self.kind, self.desired[names].take(rows), rule)
        self.usable[rows[filled(wanted)]] = True
        found = pairs(rows, wanted, compared(self.kind, self.observed[names].take(free), rule))
        self._decide(rule, self._not_contradicted(found.assign(observed=free[found["observed"].to_numpy()])))

    def _hold_contradicted(self, rule: IdentityRule, wanted: pa.Array, there: pa.Array) -> None:
        """Hold the rows that were recognised as one object and have the decisive value of another one.

        Not those whose object is the linked one by what an earlier rule says, too, nor where the other one's own record gives
        the value up: then values move, and the records stay what they are.
        """
        same = pc.equal(wanted, take(there, self.observed_of))
        recognised = (self.observed_of >= 0) & (self.rule != self.names.index(DECISION)) & ~self._confirmed()
        apart = np.flatnonzero(recognised & filled(wanted) & ~mask(same))
        found = self._not_given_up(rule, pairs(apart, take(wanted, apart), there), wanted)
        for row, others in self._by_id(found).items():
            mine = f"{self.names[self.rule[row]]} says {self._named(int(self.observed_of[row]))}"
            why = f"{mine}, but {rule.name} {self._shown(row, rule)} is on {self._named(others[0])}"
            self._hold(row, why, [int(self.observed_of[row]), *others])

    def _confirmed(self) -> Mask:
        """The linked rows whose object has one of their decisive values, by a rule that was asked before."""
        found = np.zeros(len(self.desired), dtype=bool)
        for wanted, there in self.known:
            found |= mask(pc.equal(wanted, take(there, self.observed_of)))
        linked: Mask = self.rule == self.names.index(LINK)
        return linked & found

    def _not_given_up(self, rule: IdentityRule, found: pd.DataFrame, wanted: pa.Array) -> pd.DataFrame:
        """Leave out the objects whose own records, by a link or an earlier rule, say another value than they are asked for."""
        if found.empty:
            return found
        holder = self.claimant[found["observed"].to_numpy()]
        given_up = mask(pc.not_equal(take(wanted, holder), take(wanted, found["row"].to_numpy())))
        self.moves += [(row, other, rule) for row, other in zip(*_columns(found[given_up]), strict=True)]
        kept: pd.DataFrame = found[~given_up]
        return kept

    def _without_twins(self, rule: IdentityRule, rows: Positions, wanted: pa.Array) -> Positions:
        """Leave out the rows whose decisive value other records have too: it identifies none, whatever the target has."""
        if not rows.size:
            return rows
        ours = take(wanted, rows)
        every = np.flatnonzero(mask(pc.is_in(wanted, value_set=ours, skip_nulls=True)))
        codes = pc.dictionary_encode(take(wanted, every)).indices.to_numpy(zero_copy_only=False)
        many = np.bincount(codes, minlength=1)[codes] > 1
        others = self._also(dict(zip(every[many].tolist(), codes[many].tolist(), strict=True)))
        twins = rows[np.isin(rows, every[many])]
        for row in twins.tolist():
            self.unsettled.setdefault(row, (f"{rule.name} {self._shown(row, rule)} is also on {others[row]}", []))
        return rows[~np.isin(rows, twins)]

    def _decide(self, rule: IdentityRule, found: pd.DataFrame) -> None:
        """Decide the rows of those pairs: one candidate that nobody else wants is a match."""
        found = self._not_parted(found)
        if found.empty:
            return
        rows, objects = found["row"].to_numpy(), found["observed"].to_numpy()
        candidates, wanting = np.bincount(rows, minlength=1), np.bincount(objects, minlength=1)
        plain = (candidates[rows] == 1) & (wanting[objects] == 1) & (self.claimant[objects] < 0)
        self._accept(rule, rows[plain], objects[plain])
        for row, others in self._by_id(found[~plain]).items():
            told_of = ", ".join(self._named(other) + self._claimed_by(other) for other in others[:_CANDIDATES_TOLD])
            self._hold(row, f"{rule.name} {self._shown(row, rule)} does not tell which: {told_of}", others)

    def _not_parted(self, found: pd.DataFrame) -> pd.DataFrame:
        if not self.parted or found.empty:
            return found
        kept = [pair not in self.parted for pair in zip(found["row"].tolist(), found["observed"].tolist(), strict=True)]
        return found[np.array(kept, dtype=bool)]

    def _not_contradicted(self, found: pd.DataFrame) -> pd.DataFrame:
        """Two known and different values of a decisive rule: different objects, whatever a later rule says."""
        if found.empty:
            return found
        for wanted, there in self.known:
            left, right = take(wanted, found["row"].to_numpy()), take(there, found["observed"].to_numpy())
            found = found[~mask(pc.not_equal(left, right))]
        return found

    def _accept(self, rule: IdentityRule, rows: Positions, objects: Positions) -> None:
        """Take the objects, but not one that sits on something else already, unless this sync put it there."""
        elsewhere = np.zeros(len(rows), dtype=bool)
        if self.kind.parent is not None:
            now = take(text(self.observed[self.kind.parent]), objects)
            elsewhere = filled(now) & ~mask(pc.equal(now, take(text(self.desired[self.kind.parent]), rows)))
            elsewhere &= ~self._put_there(self.kind.parent, objects, now)
        self._claim(rows[~elsewhere], objects[~elsewhere], rule.name)
        for row, other in zip(rows[elsewhere].tolist(), objects[elsewhere].tolist(), strict=True):
            where = f"{self.kind.parent} {cell(self.observed[str(self.kind.parent)], other)}"
            why = f"{self._named(other)} is assigned to another object ({where}), and this sync did not put it there"
            self._hold(row, why, [other])

    def _put_there(self, parent: str, objects: Positions, now: pa.Array) -> Mask:
        """Return which objects sit where this sync put them, for a record that is gone or is another object now."""
        links = self.links
        if base_column(parent) not in links:
            return np.zeros(len(objects), dtype=bool)
        link_of = index(take(text(self.observed["id"]), objects), text(links["target_id"]))
        put = mask(pc.equal(take(text(links[base_column(parent)]), link_of), now))
        record = index(take(text(links["source_key"]), link_of), text(self.desired["source_key"]))
        stays = (record >= 0) & (self.observed_of[record] == objects)
        moved: Mask = put & ~stays
        return moved

    # What is left over.

    def settle_rest(self) -> None:
        """Rows that no rule matched are new, unless they have nothing good to be recognised by next time."""
        self.hold_unsettled()
        rest = self._undecided() | self.sealed & ~self.held
        refused = self.desired["refused"].notna().to_numpy() if "refused" in self.desired else np.zeros(len(rest), dtype=bool)
        for row in np.flatnonzero(rest & refused & ~self.decisive & ~self.sealed):
            self._hold(int(row), f"{cell(self.desired['refused'], row)}, and nothing else identifies the record")
        for row in np.flatnonzero(self._undecided() & ~self.usable):
            names = ", ".join(rule.name for rule in self.kind.identity)
            self._hold(int(row), f"nothing identifies the record ({names} all empty)")

    def hold_unsettled(self) -> None:
        """Hold the undecided rows that only told of several, or whose linked object is another one now.

        One with a decisive value of its own that nobody has is new, and says so; but not where its link is doubted.
        """
        undecided = self._undecided()
        for row, (why, others) in self.unsettled.items():
            if undecided[row] and (others or not self.decisive[row]):
                self._hold(row, why, others)

    def hold_locked(self) -> None:
        """An object that no sync may write to is recognised, so that it is not made twice, and left alone."""
        if not self.observed["locked"].notna().any():
            return
        locked = take_series(self.observed["locked"], self.observed_of)
        for row in np.flatnonzero(locked.notna().to_numpy()):
            other = int(self.observed_of[row])
            self._hold(int(row), f"{self._named(other)} {cell(locked, row)}", [other])

    def hold_what_stays(self) -> None:
        """Hold the rows that want a value of an object whose own record, held by now, will not give it up."""
        waiting = self.moves
        while True:
            stays = [move for move in waiting if self.held[self.claimant[move[1]]] and not self.held[move[0]]]
            if not stays:
                return
            for row, other, rule in stays:
                found = self._named(other) + self._claimed_by(other)
                self._hold(row, f"{rule.name} {self._shown(row, rule)} is on {found}, which is held", [other])

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
            }
        )

    def _as_column(self, by_row: Mapping[int, str]) -> Any:
        at = np.full(len(self.desired), -1, dtype=np.int64)
        at[list(by_row)] = np.arange(len(by_row))
        return pd.array(take(pa.array(by_row.values(), pa.large_string()), at), dtype="str")

    # State.

    def _undecided(self) -> Mask:
        return (self.observed_of < 0) & ~self.held & ~self.sealed

    def _claim_all(self, objects: Positions, rule: str) -> None:
        """Take what was remembered (an object for each row, -1 for none); an object that two rows remember is nobody's."""
        rows = np.flatnonzero(objects >= 0)
        rows = rows[self.claimant[objects[rows]] < 0]
        self._claim(rows, objects[rows], rule)
        many = np.bincount(objects[rows], minlength=len(self.observed)) > 1
        crowded = rows[many[objects[rows]]]
        if not crowded.size:
            return
        others = self._also({int(row): int(objects[row]) for row in crowded})
        for row in crowded.tolist():
            why = f"{rule} says {self._named(int(objects[row]))}, and so it does for {others[row]}"
            self._hold(row, why, [int(objects[row])])

    def _claim(self, rows: Positions, objects: Positions, rule: str) -> None:
        self.observed_of[rows] = objects
        self.claimant[objects] = rows
        self.rule[rows] = self.names.index(rule)

    def _hold(self, row: int, why: str, others: Iterable[int] = ()) -> None:
        if not self.held[row]:
            self.held[row] = True
            self.evidence[row] = why
            self.candidates[row] = list(others)

    # Words.

    def _also(self, group_of: dict[int, int]) -> dict[int, str]:
        """Name for each row the others of its group, by source key, five at most."""
        members: dict[int, list[str]] = {}
        for row, group in group_of.items():
            members.setdefault(group, []).append(cell(self.desired["source_key"], row))
        for keys in members.values():
            keys.sort()
        own = {row: cell(self.desired["source_key"], row) for row in group_of}
        return {row: ", ".join([k for k in members[g][:6] if k != own[row]][:5]) for row, g in group_of.items()}

    def _by_id(self, found: pd.DataFrame) -> dict[int, list[int]]:
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

    def _claimed_by(self, other: int) -> str:
        row = int(self.claimant[other])
        return f" (is {cell(self.desired['source_key'], row)})" if row >= 0 else ""

    def _named(self, other: int) -> str:
        return f"{self.kind.name} #{cell(self.observed['id'], other)}"

    def _shown(self, row: int, rule: IdentityRule) -> str:
        return repr(cell(self.desired[rule.fields[-1]], row))


def _columns(found: pd.DataFrame) -> tuple[list[int], list[int]]:
    return found["row"].tolist(), found["observed"].tolist()
