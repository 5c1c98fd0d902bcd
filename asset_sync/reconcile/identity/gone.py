"""Linked objects that the target does not have any more: somebody deleted them, and whoever did so may have meant it.

What went with the object that it sat on (an interface with its device) was not decided about by itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from asset_sync.reconcile.identity.remembered import is_scoped
from asset_sync.reconcile.kinds import Kind, Kinds
from asset_sync.reconcile.resolutions import Resolutions
from asset_sync.reconcile.tables import Mask, Tables, base_column, equal, filled, identity_column, index, no_links, text


@dataclass(frozen=True, slots=True)
class Gone:
    """An object that a record is linked to and the target does not have."""

    source_key: str
    target_id: str


GoneObjects = Mapping[str, Sequence[Gone]]
"""Objects that are gone, by kind; kinds without any are left out."""
Deletions = Mapping[str, Mapping[str, str]]
"""What a target says of objects that are gone and that somebody deleted, by kind and id, in words."""


def gone_objects(kinds: Kinds, desired: Tables, observed: Tables, links: Tables, resolutions: Resolutions) -> GoneObjects:
    """Return the objects of records of the source that are gone, but for those that people decided to make again.

    Objects that are what their values say (`Kind.natural`) are those of records that say the same still.
    """
    found: dict[str, Sequence[Gone]] = {}
    missing: dict[str, frozenset[str]] = {}
    for name, kind in kinds.items():
        if kind.facet_of:
            continue
        own, wanted = _missing(kind, desired[name], observed[name], links[name] if name in links else no_links())
        missing[name] = frozenset(text(wanted["key"]).to_pylist())
        decided = {(each.source_key, each.target_id) for each in resolutions.of(name, "create")}
        alone = _gone_alone(kind, wanted, observed, own, missing)
        open_ones = [one for one in alone if (one.source_key, one.target_id) not in decided]
        if open_ones:
            found[name] = open_ones
    return found


def _missing(
    kind: Kind, desired: pd.DataFrame, observed: pd.DataFrame, links: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the links of the source's records to objects that are not there, and these records, side by side."""
    # Few objects are gone: the records are looked up for those alone.
    gone = links[index(text(links["target_id"]), text(observed["id"])) < 0]
    rows = index(text(gone["source_key"]), text(desired["source_key"]))
    own, wanted = gone[rows >= 0], desired.take(rows[rows >= 0])
    if not kind.natural:
        return own, wanted
    same = np.ones(len(own), dtype=bool)
    for name in kind.identifying:
        remembered = identity_column(name)
        same &= equal(text(own[remembered]), text(wanted[name])) if remembered in own else False
    return own[same], wanted[same]


def _gone_alone(
    kind: Kind, desired: pd.DataFrame, observed: Tables, links: pd.DataFrame, missing: Mapping[str, frozenset[str]]
) -> Iterator[Gone]:
    """Yield the objects that are gone while what they sat on stands, by what the links remember and what the source says.

    `desired` has the record of each link.
    """
    on_something = _sat_on_what_stands(kind, observed, links)
    for reference in [each for each in kind.references if each.name == kind.parent or is_scoped(kind)]:
        of = text(desired[reference.name]).to_pylist()
        on_something &= np.array([key not in missing.get(str(reference.to), ()) for key in of], dtype=bool)
    own = links[on_something]
    told = (text(own[name]).to_pylist() for name in ("source_key", "target_id"))
    return (Gone(*values) for values in zip(*told, strict=True))


def _sat_on_what_stands(kind: Kind, observed: Tables, links: pd.DataFrame) -> Mask:
    if kind.parent is None or base_column(kind.parent) not in links:
        return np.ones(len(links), dtype=bool)
    parents = text(links[base_column(kind.parent)])
    there = index(parents, text(observed[str(kind.field(kind.parent).to)]["id"])) >= 0
    return there | ~filled(parents)


def deleted_records(gone: GoneObjects, deletions: Deletions) -> "Deleted":
    """Return the records whose objects were deleted, with what the target says of those."""
    return {kind: _told(ones, deletions[kind]) for kind, ones in gone.items() if kind in deletions}


def _told(gone: Sequence[Gone], words: Mapping[str, str]) -> Mapping[str, tuple[str, str]]:
    return {one.source_key: (one.target_id, words[one.target_id]) for one in gone if one.target_id in words}


Deleted = Mapping[str, Mapping[str, tuple[str, str]]]
"""Records whose objects were deleted, by kind and source key: the object's id, and who deleted it and when, in words."""
