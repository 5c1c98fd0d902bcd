"""Shared values: what is to tell one record from all others, and several records of the source say.

Nobody knows whose it is, so that it is written to none of them, also where the target would take it more than once; where it
stands already, it stays. The records' other fields go on.
"""

import numpy as np
import pyarrow.compute as pc

from asset_sync.reconcile import forms
from asset_sync.reconcile.identity import also, twins
from asset_sync.reconcile.kinds import IdentityRule
from asset_sync.reconcile.planning.drafts import Drafts, together
from asset_sync.reconcile.planning.fields import part
from asset_sync.reconcile.planning.sides import Sides
from asset_sync.reconcile.tables import Positions, mask, said_column, take, text


def without_shared(sides: Sides, given: Drafts) -> Drafts:
    """Return the operations without the decisive values that several records have, and those held."""
    held: list[Drafts] = []
    for rule in sides.kind.telling_alone.values():
        given, apart = part(given, rule.fields[0], _shared(sides, given, rule))
        held.append(apart)
    return together(sides.kind, [given, *held])


def _shared(sides: Sides, given: Drafts, rule: IdentityRule) -> dict[int, str]:
    """Return, by row, who else has the value that an operation would write."""
    rows = _writing(sides, given, rule)
    records = given.records[rows]
    rows, records = rows[records >= 0], records[records >= 0]
    if not rows.size:
        return {}
    groups = twins(text(sides.matches[said_column(rule.name)]), records)
    several, others = np.bincount(list(groups.values()), minlength=1), also(sides.desired, groups)
    values = take(given.new(rule.fields[0]), rows).to_pylist()
    return {
        row: f"{rule.name} {value!r} would stand on {several[groups[record]]} objects: it is also on {others[record]}"
        for row, record, value in zip(rows.tolist(), records.tolist(), values, strict=True)
        if record in groups
    }


def _writing(sides: Sides, given: Drafts, rule: IdentityRule) -> Positions:
    """Return the rows that give an object another value than it has, whatever it is written like."""
    name = rule.fields[0]
    rows = np.flatnonzero(given.changed(name) & given.open)
    if not rows.size:
        return rows
    there = take(text(sides.observed[name]), given.objects[rows])
    new, old = (forms.normal(values, rule.form) for values in (take(given.new(name), rows), there))
    return rows[~mask(pc.equal(new, old))]
