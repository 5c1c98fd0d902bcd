"""Keeping: what a new object is to be told apart by, and another object keeps, whatever that one's own record says.

The record says another value, which is held or cannot be written. No target refuses a serial that is there twice on two
models: the new object would be a twin. Where the change is open, and is not made in the end,
`asset_sync.reconcile.apply.giving_up` sees to the same.
"""

import numpy as np

from asset_sync.reconcile import forms
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.kinds import IdentityRule
from asset_sync.reconcile.planning.drafts import Drafts
from asset_sync.reconcile.planning.sides import Sides
from asset_sync.reconcile.tables import index, known_to_differ, take, text


def without_kept_values(sides: Sides, given: Drafts) -> Drafts:
    """Return the operations with those new objects held that would have what another one keeps."""
    for name, rule in sides.kind.telling_alone.items():
        given = given.hold(_kept(sides, given, name, rule))
    return given


def _kept(sides: Sides, given: Drafts, name: str, rule: IdentityRule) -> dict[int, str]:
    """Return, by row, who keeps the value that a new object is to be told apart by. Where a person said it is new, nobody."""
    changed = given.changed(name)
    rows = np.flatnonzero(given.are(p.CREATE) & given.open & changed)
    rows = rows[~np.isin(given.records[rows], list(sides.resolved("create", "never_link")))]
    if not rows.size:
        return {}
    holders = sides.object_of[sides.same & known_to_differ(sides.desired[name], sides.standing(name))]
    holders = holders[~np.isin(holders, given.objects[changed & given.open])]
    told = take(given.new(name), rows)
    there = forms.normal(take(text(sides.observed[name]), holders), rule.form)
    found = index(forms.normal(told, rule.form), there)
    ids = take(text(sides.observed["id"]), np.append(holders, -1)[found]).to_pylist()
    return {
        row: f"{name} {value!r} is on {sides.kind.name} #{other} still, which does not get another one"
        for row, value, other in zip(rows.tolist(), told.to_pylist(), ids, strict=True)
        if other is not None
    }
