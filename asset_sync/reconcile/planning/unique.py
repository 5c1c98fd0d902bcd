"""Unique values: what the target would refuse because another object has it.

A value is free before it is taken (`steps`); what an object of this sync's own has may make way (`making_way`); what nobody
gives up is held, that field alone.
"""

from collections import defaultdict
from collections.abc import Mapping

from asset_sync.reconcile.kinds import Unique
from asset_sync.reconcile.planning.drafts import Drafts, together
from asset_sync.reconcile.planning.fields import part
from asset_sync.reconcile.planning.holders import Values
from asset_sync.reconcile.planning.making_way import Asked, making_way
from asset_sync.reconcile.planning.sides import Sides
from asset_sync.reconcile.planning.steps import stepped


def free_before_taken(sides: Sides, given: Drafts) -> Drafts:
    """Return the operations with those held that would clash, those added that make way, and each in its step."""
    if not sides.kind.unique or not len(given):
        return given
    given, held = _without_clashes(sides, given)
    return together(sides.kind, [stepped(sides, given), *held])


def _without_clashes(sides: Sides, given: Drafts) -> tuple[Drafts, list[Drafts]]:
    """Part the values that another object has, and goes on having, from the operations that would write them."""
    held: list[Drafts] = []
    asked: Asked = set()
    found = True
    while found:
        # An object that is held keeps what it has, so that who wanted that is held too.
        found = False
        for unique in sides.kind.unique:
            values = Values(sides, unique, given)
            way = list(making_way(values, asked))
            if way:
                given = together(sides.kind, [given, *way])
                values = Values(sides, unique, given)
            clashes = values.clashes()
            for name, why in _by_field(unique, given, clashes).items():
                found = True
                given, apart = part(given, name, why)
                held.append(apart)
    return given, held


def _by_field(unique: Unique, given: Drafts, clashes: Mapping[int, str]) -> dict[str, dict[int, str]]:
    """Return the clashes by the field that is held of each: the last one that its operation changes."""
    changed = {name: given.changed(name) for name in unique.fields}
    found: dict[str, dict[int, str]] = defaultdict(dict)
    for row, why in clashes.items():
        found[[name for name in unique.fields if changed[name][row]][-1]][row] = why
    # One at a time: whoever goes on without a field has another row number afterwards.
    return dict(list(found.items())[:1])
