"""Members of sets that are held, as those are that wait for objects which are not made.

The others go on, and nothing leaves the set meanwhile.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
import orjson
import pyarrow as pa

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.planning.drafts import Change, Drafts, none, together
from asset_sync.reconcile.sets import are_pending, listed, one_set
from asset_sync.reconcile.tables import PENDING

WAITS: Final = "waits for "
"""How the reason of what is held for the sake of something else begins; that follows, and why it is held."""
Unmade = dict[tuple[str, str], str]
"""What objects that are not made wait for, by kind and key."""
Why = Mapping[str, str]
"""Why members of a set are held, by what stands for them in references."""

_Reference = Mapping[str, Any]
_TEXT: Final = pa.large_string()


def without_members(given: Drafts, name: str, unmade: Unmade) -> tuple[Drafts, Drafts]:
    """Part from operations the members of a set that wait for what is not made: return what goes on, and these, held."""
    if name not in given.changes or not unmade:
        return given, none(given.kind)
    rows = np.flatnonzero(are_pending(given.new(name)) & given.open).tolist()
    to = given.kind.field(name).to
    waits = {f"{PENDING}{key}": f"{WAITS}{why}" for (kind, key), why in unmade.items() if kind == to}
    return without_held(given, name, dict.fromkeys(rows, waits))


def without_held(given: Drafts, name: str, held: Mapping[int, Why]) -> tuple[Drafts, Drafts]:
    """Part from operations those members of a set that are held, by row: return what goes on, and these, each by itself."""
    apart: list[Drafts] = []
    for row, why in held.items():
        short = _shortened(given.changes[name].words[row].as_py(), name, why)
        if short.waiting:
            given = given.change(name, row, short.change)
            apart += (_held(given, row, name, *each) for each in short.waiting)
    return given.where(given.says_something()), together(given.kind, apart)


class _Short(NamedTuple):
    """What is left of the change of a set, and its members that wait, each by itself, with what they wait for."""

    change: Change
    waiting: list[tuple[Change, str]]


def _shortened(words: str, name: str, why: Why) -> _Short:
    change = orjson.loads(f"{{{words}}}")[name]
    new, old, base = change["new"] or [], change["old"] or [], change.get("base", change["new"]) or []
    waiting = [each for each in new if _token(each) in why]
    left = _whole([*(each for each in new if _token(each) not in why), *old])
    # What was to leave the set is this sync's own still.
    said = _whole([*(each for each in base if _token(each) not in why), *(each for each in old if each not in new)])
    kept = {part: value for part, value in change.items() if part != "base"} | ({"base": said} if said != left else {})
    told = None if left == change["old"] else p.encode({name: {**kept, "new": left}})[1:-1]
    alone = [(_one([each], p.encode({name: {**kept, "new": [each]}})[1:-1]), why[_token(each)]) for each in waiting]
    return _Short(_one(left or [], told), alone)


def _one(members: list[_Reference], words: str | None) -> Change:
    return Change(pa.array([one_set(map(_token, members))], _TEXT), pa.array([words], _TEXT))


def _held(given: Drafts, row: int, name: str, change: Change, why: str) -> Drafts:
    own = Drafts(given.kind, given.take(np.array([row])).own, {name: change})
    own = own.with_column("op", pa.array([p.UPDATE])).with_column("identity", pa.nulls(1, _TEXT))
    return own.with_column("hold", pa.array([why]))


def _token(reference: _Reference) -> str:
    return str(reference["id"]) if reference["id"] is not None else f"{PENDING}{reference['key']}"


def _whole(members: list[_Reference]) -> list[_Reference] | None:
    """Return members once each, in the order of a plan; None where there are none."""
    known = {_token(each): each for each in members}
    return [known[one] for one in listed(one_set(known))] or None
