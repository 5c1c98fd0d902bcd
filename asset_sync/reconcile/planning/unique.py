"""Unique values: what the target would refuse because another object has it.

A value is free before it is taken (`steps`); what an object of this sync's own has may make way (`making_way`); what nobody
gives up is held, that field alone. Where it is what says that a record is a new object, that record is not made: it may be
the other one.
"""

from collections import defaultdict
from collections.abc import Mapping

import numpy as np

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.kinds import Unique
from asset_sync.reconcile.planning.drafts import Drafts, together
from asset_sync.reconcile.planning.fields import all_given, part
from asset_sync.reconcile.planning.holders import Values
from asset_sync.reconcile.planning.making_way import Asked, making_way
from asset_sync.reconcile.planning.room import Room
from asset_sync.reconcile.planning.sides import Sides
from asset_sync.reconcile.planning.steps import stepped
from asset_sync.reconcile.tables import Mask


def free_before_taken(sides: Sides, given: Drafts, room: Room) -> Drafts:
    """Return the operations with those held that would clash, those added that make way, and each in its step."""
    if not sides.kind.unique or not len(given):
        return given
    held: list[Drafts] = []
    asked: Asked = set()
    while True:
        given, clashing = _without_clashes(sides, given, asked, room)
        ordered = stepped(sides, given, room)
        if isinstance(ordered, Drafts):
            return together(sides.kind, [ordered, *held, *clashing])
        given, apart = part(given, ordered.field, ordered.why)
        held += [*clashing, apart]


def _without_clashes(sides: Sides, given: Drafts, asked: Asked, room: Room) -> tuple[Drafts, list[Drafts]]:
    """Part the values that another object has, and goes on having, from the operations that would write them."""
    held: list[Drafts] = []
    found = True
    while found:
        # An object that is held keeps what it has, so that who wanted that is held too.
        found = False
        for unique in sides.kind.unique:
            values = Values(sides, unique, given)
            way = list(making_way(values, asked, room))
            if way:
                given = together(sides.kind, [given, *way])
                values = Values(sides, unique, given)
            clashes = values.clashes()
            for name, why in _by_field(unique, given, clashes).items():
                found = True
                known_by = _known_by(sides, given, name)
                given, apart = part(given.hold({row: w for row, w in why.items() if known_by[row]}), name, why)
                held.append(apart)
    return given, held


def _known_by(sides: Sides, given: Drafts, name: str) -> Mask:
    """Return which records are new by a field alone: no decisive rule before that of the field tells them from what is there.

    Where a person decided that a record is new, that tells it.
    """
    told = ~given.are(p.CREATE) | np.isin(given.records, list(sides.resolved("create", "never_link")))
    for rule in sides.kind.identity:
        if rule.decisive and name in rule.fields:
            return ~told
        if rule.decisive:
            told |= all_given(given, rule.fields)
    return np.zeros(len(given), dtype=bool)


def _by_field(unique: Unique, given: Drafts, clashes: Mapping[int, str]) -> dict[str, dict[int, str]]:
    """Return the clashes by the field that is held of each: the last one that its operation changes."""
    changed = {name: given.changed(name) for name in unique.fields}
    found: dict[str, dict[int, str]] = defaultdict(dict)
    for row, why in clashes.items():
        found[[name for name in unique.fields if changed[name][row]][-1]][row] = why
    # One at a time: whoever goes on without a field has another row number afterwards.
    return dict(list(found.items())[:1])
