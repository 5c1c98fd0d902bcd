"""Room: what an object has in the place of a value that it gives up, for the time being or for good.

A text is marked. A number goes to one that is free among those that count together with it, and that the target takes there
(see `Kind.suitings`); there may be none.
"""

from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile.kinds import Field, Suiting
from asset_sync.reconcile.planning.drafts import Drafts
from asset_sync.reconcile.planning.ending import ending
from asset_sync.reconcile.planning.fields import in_its_place
from asset_sync.reconcile.planning.sides import Sides
from asset_sync.reconcile.planning.suiting import way_out
from asset_sync.reconcile.tables import equal, take, text

_TEXT = pa.large_string()
_Place = tuple[int, str]
"""An object, by its row of the observed table, and one of its fields."""


class Room:
    """The room that the objects of one kind have. What was given to one object is no other's, and is the same if asked again.

    `written` has the operations of the kinds before.
    """

    def __init__(self, sides: Mapping[str, Sides], written: Mapping[str, Drafts], name: str) -> None:
        self._sides, self._written, self._own = sides, written, sides[name]
        self._given: dict[_Place, str | None] = {}

    def in_its_place(self, field: Field, row: int, mark: str) -> str | None:
        """Return what an object has in the place of a field's value; None for nothing, which only some fields take."""
        place = (row, field.name)
        if place not in self._given:
            old = str(self._at(self._own, field.name, row))
            self._given[place] = in_its_place(field, old, mark, self._refusing(field, row))
        return self._given[place]

    def is_there(self, field: Field, row: int) -> bool:
        """Tell whether there is something to have in its place, or nothing to be given up."""
        if field.type != "integer" or field.nullable or self._at(self._own, field.name, row) is None:
            return True
        return self.in_its_place(field, row, "") is not None

    def words(self, field: Field, row: int) -> str:
        """Return why there is nothing in its place, and what a person may do."""
        own = self._own
        for suiting, reference in self._suitings(field, row):
            other = self._referred(suiting)
            told = f"{own.called(suiting.reference, reference)} is {self._said(suiting, reference)}"
            return (
                f"no other {field.name} is free to go by, where {suiting.rule}: the {suiting.there} of {told}; "
                f"{way_out(other, suiting.there, reference)}, or free one by hand"
            )
        return f"no other {field.name} is free to go by: free one by hand"

    def _refusing(self, field: Field, row: int) -> Callable[[str], bool]:
        """Return what tells the numbers that an object cannot have: of others, or not to be had there."""
        if field.type != "integer":
            return _never
        taken = self._taken(field, row)
        said = [(suiting, self._said(suiting, reference)) for suiting, reference in self._suitings(field, row)]
        held_against = [(suiting, there) for suiting, there in said if there is not None]
        return lambda one: one in taken or any(not suiting.suits(there, one) for suiting, there in held_against)

    def _taken(self, field: Field, row: int) -> set[str | None]:
        """Return the numbers of those that a number is to be told apart from: all that have the same beside it."""
        own = self._own
        beside = [name for unique in own.kind.unique if field.name in unique.fields for name in unique.fields]
        same = {name: self._at(own, name, row) for name in beside if name != field.name}
        found = {given for (other, name), given in self._given.items() if name == field.name and other != row}
        for table in (own.observed, own.desired):
            near = np.ones(len(table), dtype=bool)
            for name, value in same.items():
                near &= equal(text(table[name]), pa.repeat(pa.scalar(value, _TEXT), len(table)))
            found |= set(pc.unique(text(table[field.name]).filter(pa.array(near))).to_pylist())
        return found

    def _suitings(self, field: Field, row: int) -> list[tuple[Suiting, str]]:
        """Return what a field is held against, as far as this sync reads it, with what the object refers to for that."""
        about = [each for each in self._own.kind.suitings if each.here == (field.name,)]
        known = [each for each in about if each.there in self._referred(each).observed]
        referring = [(each, self._at(self._own, each.reference, row)) for each in known]
        return [(each, reference) for each, reference in referring if reference is not None]

    def _referred(self, suiting: Suiting) -> Sides:
        return self._sides[str(self._own.kind.field(suiting.reference).to)]

    def _said(self, suiting: Suiting, reference: str) -> str | None:
        other = self._referred(suiting)
        said = ending(other, self._written[other.kind.name], suiting.there).of(pa.array([reference], _TEXT))
        found: str | None = said[0].as_py()
        return found

    def _at(self, sides: Sides, name: str, row: int) -> str | None:
        found: str | None = take(text(sides.observed[name]), np.array([row]))[0].as_py()
        return found


def _never(_value: str) -> bool:
    return False
