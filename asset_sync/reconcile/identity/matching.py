"""The matching of one kind: decisions and links first, then rule after rule, and what is left over."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from asset_sync.reconcile.identity.beforehand import by_decision, by_link, by_parent, hold_made_since
from asset_sync.reconcile.identity.left import by_left_end
from asset_sync.reconcile.identity.returning import by_return
from asset_sync.reconcile.identity.rules import by_rule, hold_unsettled
from asset_sync.reconcile.identity.state import HELD, NEW, Matching
from asset_sync.reconcile.kinds import Kind
from asset_sync.reconcile.resolutions import NONE, Resolutions
from asset_sync.reconcile.tables import cell, take, take_series, text


def match(
    kind: Kind, desired: pd.DataFrame, observed: pd.DataFrame, links: pd.DataFrame, resolutions: Resolutions = NONE
) -> pd.DataFrame:
    """Decide for each desired row which observed object it is, or that it is new, or that nobody can tell.

    References in `desired` must be resolved already (see `asset_sync.reconcile.references`). Returns a row for each desired
    row, in the same order: source_key, key, verdict (same, new, held), rule (what matched it), target_id, evidence (why held),
    candidates (the ids of the objects that a held row may be, parted by blanks), link_row and object_row (in which rows of the
    other tables its link and its object stand, -1 for none), and for each decisive rule what the record says of itself by it
    (`asset_sync.reconcile.tables.said_column`; nothing where somebody decided to leave it alone).
    """
    state = Matching(kind, desired, observed, links, resolutions)
    if kind.facet_of:
        by_parent(state)
    else:
        by_decision(state)
        if not kind.natural:
            by_return(state)
            by_link(state)
        for rule in kind.identity:
            by_rule(state, rule)
        if kind.ends:
            by_left_end(state)
        hold_made_since(state)
        _settle_rest(state)
    _hold_locked(state)
    _hold_what_stays(state)
    return state.table()


def hold_back(matches: pd.DataFrame, waiting: Mapping[str, str]) -> pd.DataFrame:
    """Return the matches with those new rows held that must not be created now; `waiting` says why, by source key."""
    if not waiting:
        return matches
    why = matches["source_key"].map(waiting).where(matches["verdict"] == NEW)
    held = why.notna()
    if not held.any():
        return matches
    return matches.assign(verdict=matches["verdict"].mask(held, HELD), evidence=matches["evidence"].where(~held, why))


def hold_deleted(matches: pd.DataFrame, deleted: Mapping[str, tuple[str, str]]) -> pd.DataFrame:
    """Return the matches with those new rows held whose objects were deleted: by source key, the object's id and the reason."""
    held = hold_back(matches, {key: why for key, (_, why) in deleted.items()})
    if held is matches:
        return matches
    ids = matches["source_key"].map({key: target_id for key, (target_id, _) in deleted.items()})
    new = (matches["verdict"] == NEW) & ids.notna()
    return held.assign(candidates=held["candidates"].where(~new, ids))


def _settle_rest(state: Matching) -> None:
    """Rows that no rule matched are new, unless they have nothing good to be recognised by next time."""
    hold_unsettled(state)
    rest = np.flatnonzero(state.undecided() & ~state.usable)
    refused = text(state.desired["refused"]) if "refused" in state.desired else pa.nulls(len(state.desired), pa.large_string())
    names = ", ".join(rule.name for rule in state.kind.identity)
    for row, why in zip(rest.tolist(), take(refused, rest).to_pylist(), strict=True):
        told = f"{why}, and nothing else identifies the record" if why else f"nothing identifies the record ({names} all empty)"
        state.hold(row, told)


def _hold_locked(state: Matching) -> None:
    """An object that no sync may write to is recognised, so that it is not made twice, and left alone."""
    if not state.observed["locked"].notna().any():
        return
    locked = take_series(state.observed["locked"], state.observed_of)
    for row in np.flatnonzero(locked.notna().to_numpy()):
        other = int(state.observed_of[row])
        state.hold(int(row), f"{state.named(other)} {cell(locked, row)}", [other])


def _hold_what_stays(state: Matching) -> None:
    """Hold the rows that want a value of an object whose own record, held by now, will not give it up."""
    waiting = state.moves
    while True:
        stays = [move for move in waiting if state.held[state.claimant[move[1]]] and not state.held[move[0]]]
        if not stays:
            return
        for row, other, rule in stays:
            found = state.named(other) + state.claimed_by(other)
            state.hold(row, f"{rule.name} {state.shown(row, rule)} is on {found}, which is held", [other])
