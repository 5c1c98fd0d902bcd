"""References between kinds: from the natural keys that a source speaks of to the objects that they turn out to be.

A resolved reference is the target's id, or `+key` for an object that the plan is about to create; it is missing where the
object it points to is held. Of a set, so is that member.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from asset_sync.reconcile import forms
from asset_sync.reconcile.ends import both_or_none, earlier_first
from asset_sync.reconcile.identity import HELD, IGNORED, NEW, Deleted, hold_back, hold_deleted, match
from asset_sync.reconcile.kinds import Kind, Kinds
from asset_sync.reconcile.resolutions import NONE, Resolutions
from asset_sync.reconcile.sets import UNKNOWN, Members, members, sets_of
from asset_sync.reconcile.tables import PENDING, Tables, cell, filled, index, no_links, take_series, text

Waiting = Mapping[str, Mapping[str, str]]
"""Records that must not be created now, by kind and source key, with the reason."""


def match_all(
    kinds: Kinds,
    desired: Tables,
    observed: Tables,
    links: Tables,
    waiting: Waiting | None = None,
    *,
    deleted: Deleted | None = None,
    resolutions: Resolutions = NONE,
) -> Tables:
    """Match every kind in the order of their references; see `asset_sync.reconcile.identity.match` for the tables returned.

    Records that are `waiting`, or whose objects were `deleted`, are held where they would be new. `resolutions` are what people
    decided about records.
    """
    matches: Tables = {}
    for name, kind in kinds.items():
        resolved = resolve(kind, desired[name], matches)
        matched = match(kind, resolved, observed[name], links[name] if name in links else no_links(), resolutions)
        told = _with_causes(matched, held_references(kind, desired[name], matches))
        matches[name] = hold_back(hold_deleted(told, (deleted or {}).get(name, {})), (waiting or {}).get(name, {}))
    return matches


def _with_causes(matched: pd.DataFrame, blocked: Mapping[int, str]) -> pd.DataFrame:
    """Return the matches with what a held record refers to as its evidence: without that, nothing could identify it.

    One that is ignored is so for that reason.
    """
    held = (matched["verdict"] == HELD).to_numpy()
    causes = {row: why for row, why in blocked.items() if held[row] and not cell(matched["evidence"], row).startswith(IGNORED)}
    if not causes:
        return matched
    evidence = matched["evidence"].tolist()
    for row, why in causes.items():
        evidence[row] = why
    return matched.assign(evidence=pd.array(evidence, dtype="str"))


def resolve(kind: Kind, desired: pd.DataFrame, matches: Tables) -> pd.DataFrame:
    """Return the desired table with its references resolved by the matches of the kinds that they point to, ends in order.

    Of two ends one of which is held, both are missing.
    """
    tokens = {field.name: _tokens(desired[field.name], matches[str(field.to)]).array for field in kind.references}
    sets = {field.name: _set_tokens(desired[field.name], matches[str(field.to)]) for field in kind.sets}
    return earlier_first(kind, both_or_none(kind, desired.assign(**tokens, **sets)))


def held_references(kind: Kind, desired: pd.DataFrame, matches: Tables) -> dict[int, str]:
    """Return, by row number, the reason why a row cannot go on: something that it refers to is held or unknown."""
    reasons: dict[int, str] = {}
    for field in kind.references:
        wanted, there = desired[field.name], matches[str(field.to)]
        found = index(text(wanted), text(there["key"]))
        bad = np.append((there["verdict"] == HELD).to_numpy(), True)  # the last one stands for what is not there at all
        for row in np.flatnonzero(bad[found] & filled(wanted)):
            why = cell(there["evidence"], found[row]) if found[row] >= 0 else "the source has no such record"
            reasons.setdefault(int(row), f"its {field.name} {cell(wanted, row)!r} is held: {why}")
    return reasons


class HeldMember(NamedTuple):
    """A member of a set that is left out: of which row and field, what the source calls it, and why."""

    row: int
    field: str
    member: str
    why: str


def held_members(kind: Kind, desired: pd.DataFrame, matches: Tables) -> Iterator[HeldMember]:
    """Yield the members of sets that are held or unknown: the others go on without them."""
    for field in kind.sets:
        wanted, there = members(text(desired[field.name])), matches[str(field.to)]
        found = index(wanted.values, text(there["key"]))
        bad = np.append((there["verdict"] == HELD).to_numpy(), True)  # as in held_references
        for at in np.flatnonzero(bad[found]).tolist():
            why = cell(there["evidence"], found[at]) if found[at] >= 0 else "the source has no such record"
            named = wanted.values[at].as_py().removeprefix(UNKNOWN)
            yield HeldMember(int(wanted.rows[at]), field.name, named, f"{named!r} of its {field.name} is held: {why}")


def _set_tokens(wanted: pd.Series, there: pd.DataFrame) -> pd.Series:
    found = members(text(wanted))
    tokens = _tokens(pd.Series(pd.array(found.values, dtype="str")), there)
    return pd.Series(pd.array(sets_of(Members(found.rows, text(tokens)), len(wanted)), dtype="str"), index=wanted.index)


def _tokens(wanted: pd.Series, there: pd.DataFrame) -> pd.Series:
    pending = forms.concat(PENDING, text(there["key"]), like=text(there["target_id"]))
    new = (there["verdict"] == NEW).to_numpy()
    tokens = pd.Series(pc.if_else(new, pending, text(there["target_id"])).to_pandas(), dtype="str")
    return take_series(tokens, index(text(wanted), text(there["key"])))
