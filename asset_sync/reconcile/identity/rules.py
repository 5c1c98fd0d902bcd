"""Identity rules: what tells which object a record is, and what speaks against it."""

from collections.abc import Sequence
from functools import partial
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile.identity.state import DECISION, LINK, RETURN, Compared, Matching
from asset_sync.reconcile.identity.values import compared, emptied, pairs, twins
from asset_sync.reconcile.kinds import IdentityRule
from asset_sync.reconcile.tables import (
    Mask,
    Positions,
    base_column,
    called_at,
    cell,
    equal,
    filled,
    glance,
    index,
    mask,
    take,
    text,
    told_by_this_sync,
)
from asset_sync.reconcile.threads import side_by_side

_CANDIDATES_TOLD: Final = 5


def by_rule(state: Matching, rule: IdentityRule) -> None:
    """Match the undecided rows by one rule; a decisive one also holds what contradicts it."""
    if rule.decisive:
        _by_decisive(state, rule)
    else:
        _by_hint(state, rule)


def _by_decisive(state: Matching, rule: IdentityRule) -> None:
    tables = (state.desired, state.observed)
    wanted, there = side_by_side(len(state.desired), [partial(compared, state.kind, table, rule) for table in tables])
    wanted = emptied(wanted, np.flatnonzero(state.ignored))
    _hold_contradicted(state, rule, wanted, there)
    undecided = np.flatnonzero(state.undecided())
    told = undecided[filled(take(wanted, undecided))]
    state.usable[told] = True
    rows = _without_twins(state, rule, told, wanted)
    state.decisive[rows] = True
    found = _not_contradicted(pairs(rows, take(wanted, rows), there), _telling(state))
    _decide(state, rule, _not_given_up(state, rule, found, wanted))
    state.known[rule.name] = Compared(wanted, emptied(wanted, np.setdiff1d(told, rows)), there)


def _by_hint(state: Matching, rule: IdentityRule) -> None:
    """A rule that is not decisive is asked last, about objects that nobody was recognised as.

    What is known by its name alone is looked for under that, too, where another object has its id by now; but not under one
    that is but similar.
    """
    if rule != state.kind.identity[0]:
        hold_unsettled(state)
    rows, free = np.flatnonzero(state.undecided()), np.flatnonzero((state.claimant < 0) & ~state.kept)
    names = list(rule.fields)
    wanted = compared(state.kind, state.desired[names].take(rows), rule)
    state.usable[rows[filled(wanted)]] = True
    found = pairs(rows, wanted, compared(state.kind, state.observed[names].take(free), rule))
    found = found.assign(observed=free[found["observed"].to_numpy()])
    found = _not_contradicted(found, [(known.wanted, known.there) for known in state.known.values()])
    _decide(state, rule, _without_doubted(state, rule, _not_parted(state, found)))


def _without_doubted(state: Matching, rule: IdentityRule, found: pd.DataFrame) -> pd.DataFrame:
    """Hold the rows that have the name of an object that may be another record's still, and leave them out."""
    doubted = [other for other, record in state.doubted.items() if state.observed_of[record] < 0]
    doubtful = found[found["observed"].isin(doubted)]
    if doubtful.empty:
        return found
    is_doubtful = found["row"].isin(doubtful["row"])
    others = state.by_id(found[is_doubtful])
    for row, other in zip(*_columns(doubtful), strict=True):
        whose = called_at(state.desired, state.doubted[other])
        why = f"{rule.name} {state.shown(row, rule)} is on {state.named(other)}, which may be {whose} still"
        state.hold(row, why, others[row])
    kept: pd.DataFrame = found[~is_doubtful]
    return kept


def _hold_contradicted(state: Matching, rule: IdentityRule, wanted: pa.Array, there: pa.Array) -> None:
    """Hold the rows that were recognised as one object and have the decisive value of another one.

    Not those whose object is the linked one by what an earlier rule says, too, nor where the other one's own record gives
    the value up or says all else of it: then values move, and the records stay what they are. Nor where an earlier rule
    tells the other one from the record. Against what an earlier rule says, an object that is another record's by its link says
    nothing either: the value is its own, and not what it is known by. Nor does, of a record that is what it was before, what it
    was meanwhile.
    """
    alike = equal(wanted, glance(there, state.observed_of))
    recognised = (state.observed_of >= 0) & (state.rule != state.names.index(DECISION)) & ~state.confirmed
    apart = np.flatnonzero(recognised & filled(wanted) & ~alike)
    state.confirmed |= alike & (state.rule == state.names.index(LINK))
    found = _not_contradicted(pairs(apart, take(wanted, apart), there), _telling(state))
    found = _not_given_up(state, rule, _not_meanwhile(state, found), wanted)
    found = _not_shared(_not_parted(state, _not_anothers(state, rule, found)), wanted)
    found = _not_moved(state, rule, found)
    for row, others in state.by_id(found).items():
        mine = f"{state.names[state.rule[row]]} says {state.named(int(state.observed_of[row]))}"
        why = f"{mine}, but {rule.name} {state.shown(row, rule)} is on {state.named(others[0])}"
        state.hold(row, why, [int(state.observed_of[row]), *others])


def _not_shared(found: pd.DataFrame, wanted: pa.Array) -> pd.DataFrame:
    """Leave out the rows whose value other records have too: it says of none of them which object it is."""
    shared = list(twins(wanted, np.unique(found["row"].to_numpy())))
    kept: pd.DataFrame = found[~found["row"].isin(shared)] if shared else found
    return kept


def _not_anothers(state: Matching, rule: IdentityRule, found: pd.DataFrame) -> pd.DataFrame:
    """Leave out, for rows that a rule recognised, the objects that are linked to other records, here or gone.

    For rows that are linked, those alone whose records are gone, and not where the first rule of all finds them: what is gone
    gives up what people number things by, but hardware that is seen again is that hardware.
    """
    if found.empty:
        return found
    rows, objects = found["row"].to_numpy(), found["observed"].to_numpy()
    link_of = index(take(text(state.observed["id"]), objects), text(state.links["target_id"]))
    holder = take(text(state.links["source_key"]), link_of)
    source_keys = text(state.desired["source_key"])
    others = mask(pc.not_equal(holder, take(source_keys, rows)))
    by_rule = state.rule[rows] != state.names.index(LINK)
    own = np.append(told_by_this_sync(state.links), False)[link_of]  # the last one stands for no link at all
    gone = own & (index(holder, source_keys) < 0)
    gone |= filled(take(text(state.links["retired_by"]), link_of))
    kept: pd.DataFrame = found[~(others & (by_rule | (gone & (rule != state.kind.identity[0]))))]
    return kept


def _not_given_up(state: Matching, rule: IdentityRule, found: pd.DataFrame, wanted: pa.Array) -> pd.DataFrame:
    """Leave out the objects whose own records, by a link or an earlier rule, say another value than they are asked for.

    What several records say, says of none of them that it gave something up.
    """
    if found.empty:
        return found
    holder = state.claimant[found["observed"].to_numpy()]
    given_up = mask(pc.not_equal(take(wanted, holder), take(wanted, found["row"].to_numpy())))
    if given_up.any():
        given_up &= ~np.isin(holder, list(twins(wanted, np.unique(holder[given_up]))))
    return _without_moves(state, rule, found, given_up)


def _not_meanwhile(state: Matching, found: pd.DataFrame) -> pd.DataFrame:
    """Leave out, for rows that are again what they were before, the objects to which they are linked."""
    rows, objects = found["row"].to_numpy(), found["observed"].to_numpy()
    returned = state.rule[rows] == state.names.index(RETURN)
    if not returned.any():
        return found
    linked = index(take(text(state.links["target_id"]), state.link_of[rows]), text(state.observed["id"]))
    kept: pd.DataFrame = found[~(returned & (linked == objects))]
    return kept


def _not_moved(state: Matching, rule: IdentityRule, found: pd.DataFrame) -> pd.DataFrame:
    """Leave out the objects of other records, where both sides are linked and say another decisive value of their objects.

    A board that was put into another machine takes its serial along; the tags stay.
    """
    if found.empty:
        return found
    rows, objects = found["row"].to_numpy(), found["observed"].to_numpy()
    holder = state.claimant[objects]
    moved = (state.rule[rows] == state.names.index(LINK)) & (holder >= 0) & (state.rule[holder] == state.names.index(LINK))
    moved &= state.told_alike(rows, state.observed_of[rows]) & state.told_alike(holder, objects)
    return _without_moves(state, rule, found, moved)


def _without_moves(state: Matching, rule: IdentityRule, found: pd.DataFrame, moved: Mask) -> pd.DataFrame:
    """Leave out those pairs, and remember that their values move (see `Matching.moves`)."""
    state.moves += [(row, other, rule) for row, other in zip(*_columns(found[moved]), strict=True)]
    kept: pd.DataFrame = found[~moved]
    return kept


def _without_twins(state: Matching, rule: IdentityRule, rows: Positions, wanted: pa.Array) -> Positions:
    """Leave out the rows whose decisive value other records have too: it identifies none, whatever the target has."""
    groups = twins(wanted, rows)
    others, shared = state.also(groups), np.isin(rows, list(groups))
    for row in rows[shared].tolist():
        state.unsettled.setdefault(row, (f"{rule.name} {state.shown(row, rule)} is also on {others[row]}", []))
    return rows[~shared]


def _decide(state: Matching, rule: IdentityRule, found: pd.DataFrame) -> None:
    """Decide the rows of those pairs: one candidate that nobody else wants is a match."""
    found = _not_parted(state, found)
    if found.empty:
        return
    rows, objects = found["row"].to_numpy(), found["observed"].to_numpy()
    candidates, wanting = np.bincount(rows, minlength=1), np.bincount(objects, minlength=1)
    plain = (candidates[rows] == 1) & (wanting[objects] == 1) & (state.claimant[objects] < 0)
    _accept(state, rule, rows[plain], objects[plain])
    if rule.sole:
        return
    for row, others in state.by_id(found[~plain]).items():
        told_of = ", ".join(state.named(other) + state.claimed_by(other) for other in others[:_CANDIDATES_TOLD])
        state.hold(row, f"{rule.name} {state.shown(row, rule)} does not tell which: {told_of}", others)


def _not_parted(state: Matching, found: pd.DataFrame) -> pd.DataFrame:
    if not state.parted or found.empty:
        return found
    kept = [pair not in state.parted for pair in zip(found["row"].tolist(), found["observed"].tolist(), strict=True)]
    return found[np.array(kept, dtype=bool)]


def _not_contradicted(found: pd.DataFrame, known: Sequence[tuple[pa.Array, pa.Array]]) -> pd.DataFrame:
    """Two known and different values of a decisive rule: different objects, whatever a later rule says.

    To a decisive one, a value that several records have speaks against nothing, as it speaks for nothing.
    """
    if found.empty:
        return found
    for wanted, there in known:
        left, right = take(wanted, found["row"].to_numpy()), take(there, found["observed"].to_numpy())
        found = found[~mask(pc.not_equal(left, right))]
    return found


def _telling(state: Matching) -> list[tuple[pa.Array, pa.Array]]:
    return [(known.telling, known.there) for known in state.known.values()]


def _accept(state: Matching, rule: IdentityRule, rows: Positions, objects: Positions) -> None:
    """Take the objects, but not one that sits on something else already, unless this sync put it there."""
    elsewhere = np.zeros(len(rows), dtype=bool)
    if state.kind.parent is not None:
        now = take(text(state.observed[state.kind.parent]), objects)
        elsewhere = filled(now) & ~mask(pc.equal(now, take(text(state.desired[state.kind.parent]), rows)))
        elsewhere &= ~_put_there(state, state.kind.parent, objects, now)
    state.claim(rows[~elsewhere], objects[~elsewhere], rule.name)
    for row, other in zip(rows[elsewhere].tolist(), objects[elsewhere].tolist(), strict=True):
        where = f"{state.kind.parent} {cell(state.observed[str(state.kind.parent)], other)}"
        why = f"{state.named(other)} is assigned to another object ({where}), and this sync did not put it there"
        state.hold(row, why, [other])


def _put_there(state: Matching, parent: str, objects: Positions, now: pa.Array) -> Mask:
    """Return which objects sit where this sync put them, for a record that is gone or is another object now."""
    links = state.links
    if base_column(parent) not in links:
        return np.zeros(len(objects), dtype=bool)
    link_of = index(take(text(state.observed["id"]), objects), text(links["target_id"]))
    put = mask(pc.equal(take(text(links[base_column(parent)]), link_of), now))
    record = index(take(text(links["source_key"]), link_of), text(state.desired["source_key"]))
    stays = (record >= 0) & (state.observed_of[record] == objects)
    moved: Mask = put & ~stays
    return moved


def hold_unsettled(state: Matching) -> None:
    """Hold the undecided rows that only told of several, or whose linked object is another one now.

    One with a decisive value of its own that nobody has is new, and says so; but not where its link is doubted.
    """
    undecided = state.undecided()
    for row, (why, others) in state.unsettled.items():
        if undecided[row] and (others or not state.decisive[row]):
            state.hold(row, why, others)


def _columns(found: pd.DataFrame) -> tuple[list[int], list[int]]:
    return found["row"].tolist(), found["observed"].tolist()
