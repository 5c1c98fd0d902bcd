"""What links remember of their objects, and whether what stands under an object's id is that object still.

A target that comes back from a backup gives ids away again: a link then points at a stranger. An object is the one that was
linked as long as one of the values that made it so stands; where none does and another one is in its place, it is not. An
object that sits on the same parent and was made at the same time is the same under another name; one whose name counts only
within another object, and that was made at another time, is another one. So is one that has but the name of what was linked and
was made at another time, unless the record itself still has that name.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa

from asset_sync.reconcile import forms
from asset_sync.reconcile.kinds import Form, Kind
from asset_sync.reconcile.tables import (
    Mask,
    Positions,
    base_column,
    cell,
    equal,
    filled,
    glance,
    identity_column,
    known_to_differ,
    made_apart,
    take,
    text,
)
from asset_sync.reconcile.threads import side_by_side

_TEXT = pa.large_string()


@dataclass(frozen=True)
class ChangedObjects:
    """Which of the links' objects are others than those that were linked, and why that is thought.

    `by_name` are those that say nothing decisive and still have the name that was linked: a record that has it may be that.
    """

    changed: Mask
    by_name: Mask
    words: pa.Array


@dataclass(frozen=True)
class _Linked:
    """Links and their objects, side by side: row `at` of the links has row `objects` of the observed table; -1: none."""

    links: pd.DataFrame
    observed: pd.DataFrame
    at: Positions
    objects: Positions

    def __len__(self) -> int:
        return len(self.at)

    def among(self, rows: Positions) -> "_Linked":
        """Return some of them."""
        return _Linked(self.links, self.observed, self.at[rows], self.objects[rows])

    def remembered(self, column: str) -> pa.Array:
        """Return what the links say in a column; missing where they have no such column."""
        return take(text(self.links[column]), self.at) if column in self.links else pa.nulls(len(self), _TEXT)

    def standing(self, column: str) -> pa.Array:
        """Return what the objects say in a column."""
        return take(text(self.observed[column]), self.objects)

    def both(self, remembered: str, standing: str) -> tuple[pa.Array, pa.Array]:
        """Return what the links say in a column, and the objects in another, to be compared."""
        there = glance(text(self.observed[standing]), self.objects)
        known = glance(text(self.links[remembered]), self.at) if remembered in self.links else pa.nulls(len(self), _TEXT)
        return known, there


def changed_objects(
    kind: Kind,
    links: pd.DataFrame,
    observed: pd.DataFrame,
    at: Positions,
    objects: Positions,
    *,
    strictly: bool = False,
    meant: str = "what was linked",
) -> ChangedObjects:
    """Return which objects (rows of `observed`) are not what the links at those rows remember; -1 stands for none.

    `strictly` counts as another one what was made at another time, whatever it says: no record says it of itself there, as in
    a match. `meant` says, for the words, what the objects are not any more.
    """
    linked = _Linked(links, observed, at, objects)
    values = side_by_side(len(linked), [partial(_Value, name, form, linked) for name, form in _decisive(kind)])
    stands, differs = _any((v.stands for v in values), len(at)), _any((v.differs for v in values), len(at))
    apart = made_apart(*linked.both("created", "created"))
    # A tag or a name goes from one machine to the next: of what was made at another time it does not outweigh another serial,
    # nor one that was not known.
    changed = (~stands | apart) & differs & ~_in_its_place(kind, linked, apart)
    changed |= _tell_more(kind, linked, apart)
    unknown = ~stands & ~differs & apart & ~changed
    if strictly or is_scoped(kind):
        changed |= apart
    # The name alone does not say that it is still the same: another machine may have got it since, as it may have the id.
    changed |= unknown
    hints = [_Value(name, "folded", linked) for name in kind.identifying] if unknown.any() else []
    by_name = unknown & _any((v.stands for v in hints), len(at))
    return ChangedObjects(changed, by_name, _words(kind, [*values, *hints], changed, linked, meant))


def telling(kind: Kind) -> tuple[str, ...]:
    """Return the fields that tell of an object which one it is: those that identify it, and what it sits on."""
    parent = (kind.parent,) if kind.parent and not kind.facet_of else ()
    return tuple(dict.fromkeys((*parent, *kind.identifying)))


def as_links(kind: Kind, told: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return what was told of objects (`created`, and `values` by field) as links remember it, to be compared."""
    columns = {"created": [each["created"] for each in told]}
    for name in telling(kind):
        column = base_column(name) if name == kind.parent else identity_column(name)
        values = [(each["values"] or {}).get(name) for each in told]
        columns[column] = [None if value is None else str(value) for value in values]
    return pd.DataFrame({name: pd.array(values, dtype="str") for name, values in columns.items()})


def is_another(kind: Kind, told: str, observed: pd.DataFrame, row: int) -> bool:
    """Return whether an object (a row of `observed`) is another one than was told of, as plans and decisions tell it: JSON."""
    links = as_links(kind, [orjson.loads(told)])
    return bool(changed_objects(kind, links, observed, np.array([0]), np.array([row])).changed[0])


def is_scoped(kind: Kind) -> bool:
    """Return whether a name tells an object from its siblings alone: every machine has an "eth0", several makers a "Pro 7"."""
    decisive = [rule for rule in kind.identity if rule.decisive] or kind.identity
    return all(any(kind.field(name).type == "reference" for name in rule.fields) for rule in decisive)


def _decisive(kind: Kind) -> Iterator[tuple[str, Form]]:
    """Yield the fields that make an object what it is: those of decisive rules; of lookups, that have none, of all rules."""
    decisive = [rule for rule in kind.identity if rule.decisive]
    forms_of: dict[str, Form] = {}
    for rule in decisive or kind.identity:
        for name in rule.fields:
            forms_of.setdefault(name, rule.form if decisive else "folded")
    return ((name, form) for name, form in forms_of.items() if kind.field(name).type != "reference")


class _Value:
    """One value of linked objects: what is remembered, what stands there, and whether they are the same."""

    def __init__(self, name: str, form: Form, linked: _Linked) -> None:
        self.name = name
        self._linked = linked
        # Neither column is kept: of a million rows they are a fifth of what a match needs.
        known, there = linked.both(identity_column(name), name)
        self.stands = equal(known, there)
        self.differs = np.zeros(len(linked), dtype=bool)
        # Most stand as they are: the normal form is asked for the few that do not.
        others = np.flatnonzero(known_to_differ(known, there))
        if others.size:
            few = linked.among(others)
            one, other = (forms.normal(v, form) for v in (few.remembered(identity_column(name)), few.standing(name)))
            self.stands[others] = equal(one, other)
            self.differs[others] = known_to_differ(one, other)

    def words(self, row: int) -> str:
        """Return what changed."""
        linked = self._linked
        now = cell(linked.observed[self.name], linked.objects[row])
        return f"{self.name} is {now!r}, was {cell(linked.links[identity_column(self.name)], linked.at[row])!r}"


def _tell_more(kind: Kind, linked: _Linked, rows: Mask) -> Mask:
    """Return which objects, of some of the links, have a decisive value where none is remembered."""
    found = np.zeros(len(linked), dtype=bool)
    few = linked.among(asked := np.flatnonzero(rows))
    for name, _ in _decisive(kind) if asked.size else ():
        found[asked] |= filled(few.standing(name)) & ~filled(few.remembered(identity_column(name)))
    return found


def _in_its_place(kind: Kind, linked: _Linked, apart: Mask) -> Mask:
    """Return which objects sit where this sync put them, and were made when they were linked.

    What is its key is another one under another, wherever it sits.
    """
    if kind.parent is None or kind.natural:
        return np.zeros(len(linked), dtype=bool)
    put = equal(*linked.both(base_column(kind.parent), kind.parent))
    remembered, there = linked.both("created", "created")
    return put & ~apart & filled(remembered) & filled(there)


def _any(masks: Iterable[Mask], rows: int) -> Mask:
    found = np.zeros(rows, dtype=bool)
    for one in masks:
        found |= one
    return found


def _words(kind: Kind, values: list[_Value], changed: Mask, linked: _Linked, meant: str) -> pa.Array:
    why: list[str | None] = [None] * len(changed)
    if not changed.any():
        return pa.array(why, _TEXT)
    now, then = linked.standing("created"), linked.remembered("created")
    for row in np.flatnonzero(changed).tolist():
        told = "; ".join(value.words(row) for value in values if value.differs[row]) or f"made {now[row]}, was {then[row]}"
        named = f"{kind.name} #{linked.observed['id'].iat[linked.objects[row]]}"
        why[row] = f"{named} is not {meant} (another object under its id?): {told}"
    return pa.array(why, _TEXT)
