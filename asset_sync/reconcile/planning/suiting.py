"""Suiting: references that the target takes only to objects which suit the one that refers to them (see `Kind.suitings`).

A change that would not suit is held by itself, and the record goes on without it. Where what stands in the target does not
suit, as after a person's edit, no write of that object is taken, whatever it is about: all that is to be written to it waits,
for to take away what stands there would lose what is true.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

import numpy as np
import pyarrow as pa

from asset_sync.reconcile.kinds import Suiting
from asset_sync.reconcile.planning.drafts import Drafts, together
from asset_sync.reconcile.planning.ending import Ending, ending, tokens, writing
from asset_sync.reconcile.planning.fields import part
from asset_sync.reconcile.planning.sides import Sides
from asset_sync.reconcile.planning.waiting import Why, without_held
from asset_sync.reconcile.sets import Members, listed, members
from asset_sync.reconcile.tables import filled, take, text


def suited(
    sides: Mapping[str, Sides], written: Mapping[str, Drafts], given: Drafts, others: Iterable[Drafts]
) -> tuple[Drafts, list[Drafts]]:
    """Return the operations of a kind, and its other ones, with those held that the target would not take.

    `written` has the operations of the kinds before, as they stay.
    """
    kind = given.kind
    own = _Suited(sides, written, kind.facet_of or kind.name)
    if kind.facet_of is None:
        given = own.without_unsuited(given)
    last = written[kind.facet_of] if kind.facet_of else given
    return own.hold(given, last), [own.hold(each, last) for each in others]


class _Suited:
    """Which objects of one kind suit what they refer to, once a plan is carried out."""

    def __init__(self, sides: Mapping[str, Sides], written: Mapping[str, Drafts], name: str) -> None:
        self._sides, self._written, self._own = sides, written, sides[name]
        self._suitings = [each for each in self._own.kind.suitings if self._is_known(each)]

    def _is_known(self, suiting: Suiting) -> bool:
        """Tell whether this sync reads all that decides it."""
        read = {field.name for field in self._own.kind.fields}
        if not {suiting.reference, suiting.here[0]} <= read:
            return False
        needed = [(suiting.reference, suiting.there), *zip(suiting.here, suiting.here[1:], strict=False)]
        return all(name in self._referred(by).observed for by, name in needed)

    def _referred(self, reference: str) -> Sides:
        return self._sides[str(self._own.kind.field(reference).to)]

    def without_unsuited(self, given: Drafts) -> Drafts:
        """Part the changes that would not suit from operations that go on without them: return these, and the held ones.

        Of a set, its members that would not.
        """
        held: list[Drafts] = []
        for suiting in self._suitings:
            if self._own.kind.field(suiting.reference).type == "references":
                given, apart = without_held(given, suiting.reference, self._coming(suiting, given))
                held.append(apart)
            for name in (suiting.reference, suiting.here[0]):
                changed = given.changed(name)
                why = {row: reason for row, reason in self._unsuited(suiting, given, given).items() if changed[row]}
                given, apart = part(given, name, why)
                held.append(apart)
        return together(given.kind, [given, *held])

    def _coming(self, suiting: Suiting, given: Drafts) -> dict[int, Why]:
        """Return the members that operations add to a set and that do not suit, by row."""
        changed = given.changed(suiting.reference)
        found = {row: why for row, why in self._unsuited_members(suiting, given, given).items() if changed[row]}
        there = take(text(self._own.observed[suiting.reference]), given.objects)
        stays = {row: set(listed(there[row].as_py())) for row in found}
        return {row: {one: told for one, told in why.items() if one not in stays[row]} for row, why in found.items()}

    def hold(self, given: Drafts, last: Drafts) -> Drafts:
        """Hold what is written to objects that do not suit after the `last` operations on them."""
        for suiting in self._suitings:
            given = given.hold(self._unsuited(suiting, given, last))
        return given

    def _unsuited(self, suiting: Suiting, given: Drafts, last: Drafts) -> dict[int, str]:
        """Return, by row, why the object of an operation does not suit."""
        return {row: next(iter(why.values())) for row, why in self._unsuited_members(suiting, given, last).items()}

    def _unsuited_members(self, suiting: Suiting, given: Drafts, last: Drafts) -> dict[int, dict[str, str]]:
        """Return, by row and by what is referred to, why the object of an operation does not suit."""
        rows = np.flatnonzero(writing(given))
        if not rows.size:
            return {}
        objects = take(tokens(given), rows)
        holders, here = self._here(suiting, objects, last)
        found = self._referring(suiting, ending(self._own, last, suiting.reference).of(objects))
        there = self._said(self._referred(suiting.reference), suiting.there).of(found.values)
        here, holders = take(here, found.rows), take(holders, found.rows)
        known = np.flatnonzero(filled(there) & filled(here))
        why: dict[int, dict[str, str]] = defaultdict(dict)
        columns = (take(each, known).to_pylist() for each in (found.values, there, here, holders))
        for row, reference, said, own, holder in zip(rows[found.rows[known]].tolist(), *columns, strict=True):
            if not suiting.suits(said, own):
                why[row].setdefault(reference, self._words(suiting, reference, said, own, holder))
        return why

    def _here(self, suiting: Suiting, objects: pa.Array, last: Drafts) -> tuple[pa.Array, pa.Array]:
        """Return what each object is held against, and before that, whose it is."""
        first, *further = suiting.here
        holders, here = objects, ending(self._own, last, first).of(objects)
        for name in further:
            holders, here = here, self._said(self._referred(first), name).of(here)
        return holders, here

    def _said(self, side: Sides, name: str) -> Ending:
        return ending(side, self._written[side.kind.name], name)

    def _referring(self, suiting: Suiting, references: pa.Array) -> Members:
        """Return each reference, with its row."""
        if self._own.kind.field(suiting.reference).type == "references":
            return members(references)
        return Members(np.arange(len(references)), references).where(filled(references))

    def _words(self, suiting: Suiting, reference: str, there: str, here: str, holder: str) -> str:
        other, last = self._referred(suiting.reference), self._own
        if suiting.here[1:]:
            last = self._referred(suiting.here[0])
        said, own = other.called(suiting.there, there), last.called(suiting.here[-1], here)
        ways = [way_out(other, suiting.there, reference), way_out(last, suiting.here[-1], holder)]
        return (
            f"the target takes {suiting.reference} {self._own.called(suiting.reference, reference)} only where {suiting.rule}: "
            f"its {suiting.there} is {said}, {'.'.join(suiting.here)} here is {own}; {', or '.join(ways)}"
        )


def way_out(side: Sides, name: str, holder: str) -> str:
    """Return what a person may do about a field of an object."""
    key, kind = side.source_key_of(holder), side.kind.name
    if name not in side.owners:
        return f"change that {kind}'s {name} in the target"
    if key is None or side.owners[name].owner == "source":
        return f"change that {kind}'s {name} in the source"
    return f"let the source say it (take-source {kind} {key} {name})"
