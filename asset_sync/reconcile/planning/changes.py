"""Changes: what is created, updated and remembered of the records that the source has, by the merge of each field."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile import forms
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.merge import Merge, Owner, Ownership, merge
from asset_sync.reconcile.plan import Mode
from asset_sync.reconcile.planning.about import identities
from asset_sync.reconcile.planning.drafts import Change, Drafts, as_text, either, together
from asset_sync.reconcile.planning.fields import fitting
from asset_sync.reconcile.planning.sides import Sides, stood_in
from asset_sync.reconcile.references import HeldMember
from asset_sync.reconcile.resolutions import describe
from asset_sync.reconcile.set_merge import SetMerge, Sets, merge_sets
from asset_sync.reconcile.sets import are_pending
from asset_sync.reconcile.tables import (
    Column,
    Mask,
    Positions,
    differs,
    filled,
    glance,
    identity_column,
    index,
    take,
    text,
)
from asset_sync.reconcile.threads import side_by_side

CONFLICT: Final = "changed on both sides since the last sync: decide which value stays"
_TEXT = pa.large_string()


class Changes:
    """The operations on one kind's records. `returning` are the rows whose object this sync retired."""

    def __init__(self, sides: Sides, returning: Mask, mode: Mode) -> None:
        self.sides = sides
        self.kind = sides.kind
        self.returning = returning
        self.mode = mode
        self.sets = {field.name: self._merged_set(field.name) for field in sides.kind.sets if field.name in sides.owners}
        self.merges = self._merges()

    def _merges(self) -> dict[str, Merge]:
        # Whole columns as they stand, those rows too that are on no other side: to leave them out first costs more.
        sides = self.sides
        there, links = stood_in(sides.object_of, sides.same), stood_in(sides.remembered, sides.same)
        works = [partial(self._merge, name, ownership, links) for name, ownership in sides.owners.items()]
        merges = dict(zip(sides.owners, side_by_side(len(sides.desired), works), strict=True))
        merges = self._as_decided(merges, there)
        # A guess that was beaten says nothing; it does not say that there is nothing. No decision makes it say so.
        merges |= {name: merges[name].among(~beaten) for name, beaten in sides.beaten.items()}
        return self._without_refused(merges)

    def _merge(self, name: str, ownership: Ownership, links: Positions) -> Merge:
        sides = self.sides
        if name in self.sets:
            return self.sets[name].merge.among(self._open(name))
        if sides.is_status(name):
            # A status that a person set is never forced back, whoever owns the field; one that this sync set is restored.
            ownership = Ownership("shared", ownership.clears) if ownership.owner == "source" else ownership
        base = sides.base(name, links, read=glance) if ownership.owner == "shared" else None
        emptied = sides.emptied(name, links) if base is not None and ownership.clears else None
        return merge(ownership, sides.desired[name], sides.standing(name), base, emptied).among(self._open(name))

    def _merged_set(self, name: str, owner: Owner | None = None) -> SetMerge:
        """Return what comes of a set by its owner's word, or another's."""
        sides, ownership = self.sides, self.sides.owners[name]
        desired = text(sides.desired[name])
        observed = take(text(sides.observed[name]), np.where(sides.same, sides.object_of, -1))
        base = sides.base(name, sides.remembered)
        last = pa.nulls(len(desired), desired.type) if base is None else base
        known = filled(last) | sides.emptied(name, sides.remembered)
        partly = np.zeros(len(desired), dtype=bool)
        partly[[member.row for member in sides.left_out if member.field == name]] = True
        return merge_sets(replace(ownership, owner=owner or ownership.owner), Sets(desired, observed, last, known, partly))

    def _open(self, name: str) -> Mask:
        """Return the records of which a field may be written: a status that is restored is not written twice."""
        return self.sides.same & ~self.returning if self.sides.is_status(name) else self.sides.same

    def _without_refused(self, merges: dict[str, Merge]) -> dict[str, Merge]:
        """Leave alone what the source says in a way that cannot be written: it is not the same as saying nothing."""
        refused = self.sides.refused
        if refused is None or refused.empty:
            return merges
        for name, rows in refused.groupby("field"):
            if name in merges:
                at = index(text(rows["source_key"]), self.sides.source_keys)
                spoken = np.ones(len(self.sides.desired), dtype=bool)
                spoken[at[at >= 0]] = False
                merges[str(name)] = merges[str(name)].among(spoken)
        return merges

    def _as_decided(self, merges: dict[str, Merge], there: Positions) -> dict[str, Merge]:
        """Let people's decisions about single fields count before the owner's word does."""
        for row, resolutions in self.sides.resolved("keep_target", "take_source").items():
            only = np.zeros(len(self.sides.desired), dtype=bool)
            only[row] = True
            for resolution in resolutions:
                name = str(resolution.field)
                if name in merges and resolution.verb == "keep_target":
                    merges[name] = merges[name].among(~only)
                elif name in self.sets:
                    self.sets[name] = self.sets[name].of(only, self._merged_set(name, "source"))
                    merges[name] = self.sets[name].merge.among(self._open(name))
                elif name in merges:
                    ownership = Ownership("source", self.sides.owners[name].clears)
                    observed = take(self.sides.observed[name], there)
                    taken = merge(ownership, self.sides.desired[name], observed, None).among(self._open(name))
                    merges[name] = merges[name].of(only, taken)
        return merges

    # What stands on both sides.

    def updates(self) -> Iterator[Drafts]:
        """Operations for each matched object with fields to write, and held ones for what waits."""
        chosen = {name: m.unedited if self.mode == "full" else m.write for name, m in self.merges.items()}
        rows, changes = self._changed(chosen)
        for names in self.kind.parted(changes):
            part = {name: changes[name] for name in names}
            drafted = self.sides.draft(rows, p.UPDATE, part, reason=self._reason(rows, part))
            yield from fitting(drafted.where(drafted.says_something()))
        rows, changes = self._changed({name: m.conflict for name, m in self.merges.items()})
        yield self.sides.draft(rows, p.UPDATE, changes, hold=CONFLICT)
        yield self._blocked()

    def _changed(self, chosen: Mapping[str, Mask]) -> tuple[Positions, dict[str, Change]]:
        rows = np.flatnonzero(either(chosen.values(), len(self.sides.desired)))
        return rows, {name: self._updated(name, where, rows) for name, where in chosen.items() if where.any()}

    def _updated(self, name: str, where: Mask, rows: Positions) -> Change:
        sides, changed = self.sides, np.flatnonzero(where)
        old, new = take(sides.observed[name], sides.object_of[changed]), take(self.wanted(name), changed)
        otherwise = pc.if_else(pc.is_null(old), "empty so far", "the source says otherwise")
        reasons = pc.if_else(differs(old, new), otherwise, "equal, written again")
        at = np.full(len(sides.desired), -1, dtype=np.int64)
        at[changed] = np.arange(len(changed))
        said = take(self.sets[name].said, changed) if name in self.sets else None
        return sides.change(name, old, new, reasons, said=said).take(at[rows])

    def wanted(self, name: str) -> Column:
        """Return what a field of the recognised objects is to be: of a set, all that is to stand there."""
        return self.sets[name].wanted if name in self.sets else self.sides.desired[name]

    def _reason(self, rows: Positions, changes: Mapping[str, Change]) -> pa.Array | None:
        """Return why the objects are written to, where a person decided it."""
        decided = self.sides.resolved("take_source")
        if not decided:
            return None
        words = self.sides.matched_by(rows).to_pylist()
        made = {name: change.made for name, change in changes.items()}
        for at, row in enumerate(rows.tolist()):
            own = [describe(each) for each in decided.get(row, ()) if each.field in made and made[each.field][at]]
            words[at] = "; ".join(dict.fromkeys([words[at], *own]))
        return pa.array(words, _TEXT)

    def _blocked(self) -> Drafts:
        """A held row for each recognised record that refers to something held: the rest of it goes on."""
        rows = np.array(sorted(row for row in self.sides.blocked if self.sides.same[row]), dtype=np.int64)
        return self.sides.draft(rows, p.UPDATE, hold=self.sides.blocked_at(rows))

    def left_out(self) -> Drafts:
        """A held row for each member that a set goes on without."""
        if not self.sides.left_out:
            return together(self.kind, ())
        undecided = self.sides.are_undecided
        told = [each for each in self.sides.left_out if not undecided[each.row]]
        return together(self.kind, (self._left_out(name, [each for each in told if each.field == name]) for name in self.sets))

    def _left_out(self, name: str, told: list[HeldMember]) -> Drafts:
        sides, rows = self.sides, np.array([each.row for each in told], dtype=np.int64)
        old = sides.words(name, take(text(sides.observed[name]), sides.object_of[rows]))
        keys = pa.array([each.member for each in told], _TEXT)
        named = p.reference(str(self.kind.field(name).to), keys, pa.nulls(len(rows), _TEXT))
        new = p.references(np.arange(len(rows)), named, len(rows))
        words = p.change(name, old, new, sides.owners[name].owner, "is held")
        return sides.draft(rows, p.UPDATE, {name: Change(keys, words)}, hold=pa.array([each.why for each in told], _TEXT))

    def refused(self) -> Drafts:
        """A held row for each value of the source that cannot be written."""
        refused = self.sides.refused
        if refused is None or refused.empty:
            return self.sides.draft(np.array([], dtype=np.int64), p.UPDATE)
        at = index(text(refused["source_key"]), self.sides.source_keys)
        told_of = refused[(at >= 0) & refused["field"].isin(list(self.sides.owners)).to_numpy()]
        return together(self.kind, (self._refused(str(name), rows) for name, rows in told_of.groupby("field")))

    def _refused(self, name: str, rows: pd.DataFrame) -> Drafts:
        sides = self.sides
        at = index(text(rows["source_key"]), sides.source_keys)
        old = sides.words(name, take(sides.observed[name], sides.object_of[at]))
        value = text(rows["value"])
        why = forms.concat(f"{name}: ", text(rows["reason"]), like=value)
        words = p.change(name, old, p.or_null(p.encoded(value)), sides.owners[name].owner, "cannot be written")
        return sides.draft(at, p.UPDATE, {name: Change(value, words)}, hold=why)

    # What the target lacks.

    def creates(self) -> Iterator[Drafts]:
        """An operation for each record that the target does not have, with every field that has a value."""
        sides, kind, rows = self.sides, self.kind, self.sides.new
        # A facet is written to its parent's own object, once that is there.
        names = [name for name in sides.owners if not (kind.facet_of and name == kind.parent)]
        changes = {name: self._created(name, rows) for name in names}
        op = p.UPDATE if kind.facet_of else p.CREATE
        created = sides.draft(rows, op, changes, reason=self._new_because(rows), hold=sides.blocked_at(rows))
        # Of a facet nothing may be left but what holds it.
        yield from fitting(created.where(created.says_something() | ~created.open))

    def _created(self, name: str, rows: Positions) -> Change:
        wanted = take(self.sides.desired[name], rows)
        return self.sides.change(name, "null", wanted, "new").among(filled(wanted))

    def _new_because(self, rows: Positions) -> pa.Array:
        linked = take(text(self.sides.links["target_id"]), self.sides.link_of[rows])
        # Of kinds whose objects are what their values say, a record may be another object now while the first one stands.
        lost = pc.if_else(pa.array(index(linked, text(self.sides.observed["id"])) < 0), linked, pa.scalar(None, linked.type))
        gone = forms.concat(f"{self.kind.name} #", lost, ", linked so far, is gone from the target", like=lost)
        words = pc.fill_null(gone, "nothing in the target is recognised as it")
        decided = self.sides.resolved("create", "never_link")
        by = pa.array([describe(decided[row][0]) if row in decided else None for row in rows.tolist()], _TEXT)
        return pc.coalesce(forms.concat("made as a new object: ", by, like=by), words) if decided else words

    # What is remembered.

    def claims(self, *, rebased: Mapping[str, Mask] | None = None, older: Mask | None = None) -> Drafts:
        """What is to be remembered without a write: new links, values that both sides agree on, what makes an object itself.

        `rebased` says, by field, where the target's own value is to be remembered in the place of the source's; `older` are
        records whose objects' versions are remembered whatever else is.
        """
        sides = self.sides
        remembered = {name: m for name, m in self.merges.items() if sides.is_remembered(name)}
        # A link that comes with a restore is made by that, so that a restore that fails is tried again.
        unlinked = sides.same & ~sides.linked & ~self.returning
        agreed = {name: self._agreed(name, m) for name, m in remembered.items()}
        renewed = (self._renewed() | self._decided_first()) & ~self.returning
        base = rebased or {}
        chosen = either([unlinked, renewed, *agreed.values(), *base.values()], len(sides.desired))
        rows = np.flatnonzero(chosen if older is None else chosen | older)
        if not rows.size:
            return sides.draft(rows, p.CLAIM)
        changes = {name: self._claimed(name, m, agreed[name], unlinked, rows) for name, m in remembered.items()}
        changes |= {name: self._rebased(name, changes.get(name), where, rows) for name, where in base.items()}
        now = identities(sides, sides.object_of[rows]) if sides.knows_identity() else None
        return sides.draft(rows, p.CLAIM, changes, identity=now)

    def _decided_first(self) -> Mask:
        """The records that are what they are by a decision that no plan has gone by yet: it is to say what that object is."""
        first = np.zeros(len(self.sides.desired), dtype=bool)
        if not self.sides.knows_identity():
            return first
        first[[row for row, own in self.sides.resolved("link").items() if own[0].about is None]] = True
        return first & self.sides.same

    def _agreed(self, name: str, merged: Merge) -> Mask:
        if name != self.kind.parent or self.sides.owners[name].owner == "shared":
            return merged.agreed
        # Who put an object where it is decides later who may move it, so it is remembered whoever owns the field.
        base = self.sides.base(name, self.sides.remembered)
        there = take(self.sides.observed[name], self.sides.object_of)
        if base is None:
            return merged.agreed
        stands = self.sides.same & ~merged.write & filled(there) & ~differs(there, self.sides.desired[name])
        return stands & differs(there, base)

    def _claimed(self, name: str, merged: Merge, agreed: Mask, unlinked: Mask, rows: Positions) -> Change:
        """Return what to remember of a field: what the source says; for what is still to be written or decided, what was."""
        sides = self.sides
        is_open = (merged.write | merged.conflict)[rows]
        says = self.sets[name].said if name in self.sets else sides.desired[name]
        wanted, was = take(says, rows), sides.base(name, sides.remembered[rows])
        value = pc.if_else(is_open, pa.scalar(None, wanted.type) if was is None else was, wanted)
        worth = (agreed[rows] & ~is_open) | (unlinked[rows] & filled(value))
        return self._remembered(name, value, worth)

    def _remembered(self, name: str, value: pa.Array, worth: Mask) -> Change:
        if self.kind.field(name).to is not None:
            worth = worth & ~are_pending(value)
        words = p.remembered(name, p.or_null(self.sides.words(name, value)))
        return Change(as_text(value), words).among(worth)

    def _rebased(self, name: str, change: Change | None, where: Mask, rows: Positions) -> Change:
        there = take(self.sides.observed[name], self.sides.object_of[rows])
        own = self._remembered(name, there, where[rows])
        if change is None:
            return own
        at = pa.array(where[rows])
        return Change(pc.if_else(at, own.new, change.new), pc.if_else(at, own.words, change.words))

    def _renewed(self) -> Mask:
        """The linked records whose objects are the same still, by other values than are remembered."""
        sides = self.sides
        if not (sides.knows_identity() and sides.linked.any()):
            return np.zeros(len(sides.desired), dtype=bool)
        objects, links = stood_in(sides.object_of, sides.linked), stood_in(sides.link_of, sides.linked)
        works = [partial(self._stands_otherwise, name, links) for name in self.kind.identifying]
        changed = either(side_by_side(len(sides.desired), works), len(sides.desired))
        # Of what is linked, nothing says that it was made at another time than is remembered.
        changed |= filled(sides.observed["created"])[objects] & ~filled(sides.links["created"])[links]
        return changed & sides.linked

    def _stands_otherwise(self, name: str, links: Positions) -> Mask:
        return differs(self.sides.standing(name), glance(self.sides.links[identity_column(name)], links))


def without_kept(sides: Sides, given: Drafts) -> Drafts:
    """Leave out the fields held that people decided to leave as the target has them: nothing is asked of those."""
    decided = sides.resolved("keep_target")
    if not decided:
        return given
    asked = given.open | ~given.are(p.UPDATE) | ~given.says_something()
    for name in given.changes:
        kept = [row for row, resolutions in decided.items() if any(each.field == name for each in resolutions)]
        asked |= given.changed(name) & ~np.isin(given.records, kept)
    return given.where(asked)
