"""Linked objects that the target does not have any more: somebody deleted them, and whoever did so may have meant it.

What went with the object that it sat on (an interface with its device) was not decided about by itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from asset_sync.reconcile.kinds import Kind, Kinds
from asset_sync.reconcile.resolutions import Resolutions
from asset_sync.reconcile.tables import Positions, Tables, base_column, filled, index, no_links, take, text


@dataclass(frozen=True, slots=True)
class Gone:
    """An object that a record is linked to and the target does not have. `created` is when it was made, where that is known."""

    source_key: str
    target_id: str
    created: str | None


GoneObjects = Mapping[str, Sequence[Gone]]
"""Objects that are gone, by kind; kinds without any are left out."""
Deletions = Mapping[str, Mapping[str, str]]
"""What a target says of objects that are gone and that somebody deleted, by kind and id, in words."""


def gone_objects(kinds: Kinds, desired: Tables, observed: Tables, links: Tables, resolutions: Resolutions) -> GoneObjects:
    """Return the objects of records of the source that are gone, but for those that people decided to make again since."""
    found: dict[str, Sequence[Gone]] = {}
    for name, kind in kinds.items():
        if kind.facet_of or kind.natural:
            continue
        own = list(_gone(kind, desired[name], observed, links[name] if name in links else no_links()))
        decided = {resolution.source_key: resolution.at for resolution in resolutions.of(name, "create")}
        open_ones = [one for one in own if not _is_decided(one, decided.get(one.source_key))]
        if open_ones:
            found[name] = open_ones
    return found


def _gone(kind: Kind, desired: pd.DataFrame, observed: Tables, links: pd.DataFrame) -> Iterator[Gone]:
    ids, keys = text(links["target_id"]), text(links["source_key"])
    wanted = index(keys, text(desired["source_key"])) >= 0
    rows = np.flatnonzero(wanted & (index(ids, text(observed[kind.name]["id"])) < 0))
    rows = _without_parentless(kind, observed, links, rows)
    told = (take(column, rows).to_pylist() for column in (keys, ids, text(links["created"])))
    return (Gone(*values) for values in zip(*told, strict=True))


def _without_parentless(kind: Kind, observed: Tables, links: pd.DataFrame, rows: Positions) -> Positions:
    """Leave out what sat on an object that is gone as well."""
    if kind.parent is None or base_column(kind.parent) not in links:
        return rows
    parents = take(text(links[base_column(kind.parent)]), rows)
    there = index(parents, text(observed[str(kind.field(kind.parent).to)]["id"])) >= 0
    return rows[there | ~filled(parents)]


def _is_decided(gone: Gone, at: datetime | None) -> bool:
    """Return whether a decision to make the object again was made after that object was: one from before made that one."""
    if at is None or gone.created is None:
        return at is not None
    moment = at if at.tzinfo else at.replace(tzinfo=UTC)
    created = datetime.fromisoformat(gone.created)
    return moment > (created if created.tzinfo else created.replace(tzinfo=UTC))


def deleted_records(gone: GoneObjects, deletions: Deletions) -> "Deleted":
    """Return the records whose objects were deleted, with what the target says of those."""
    return {kind: _told(ones, deletions[kind]) for kind, ones in gone.items() if kind in deletions}


def _told(gone: Sequence[Gone], words: Mapping[str, str]) -> Mapping[str, tuple[str, str]]:
    return {one.source_key: (one.target_id, words[one.target_id]) for one in gone if one.target_id in words}


Deleted = Mapping[str, Mapping[str, tuple[str, str]]]
"""Records whose objects were deleted, by kind and source key: the object's id, and who deleted it and when, in words."""
