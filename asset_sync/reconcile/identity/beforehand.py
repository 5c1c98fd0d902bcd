"""What is known before any rule is asked: what people decided, the links, and of facets the parent."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile.identity.remembered import ChangedObjects, changed_objects, is_another, is_scoped
from asset_sync.reconcile.identity.state import DECISION, IGNORED, LINK, Matching
from asset_sync.reconcile.resolutions import Resolution, describe, fingerprints
from asset_sync.reconcile.tables import Mask, Positions, cell, composed, filled, index, mask, take, text
from asset_sync.reconcile.threads import side_by_side


def by_decision(state: Matching) -> None:
    """What people decided comes first: this object, none that there is, or nothing at all."""
    decided = state.resolutions.of(state.kind.name, "link", "never_link", "create", "ignore")
    if not decided:
        return
    rows = index(pa.array([r.source_key for r in decided], pa.large_string()), text(state.desired["source_key"])).tolist()
    ids = pa.array([r.target_id for r in decided], pa.large_string())
    objects = index(ids, text(state.observed["id"])).tolist()
    linked: Positions = np.full(len(state.desired), -1, dtype=np.int64)
    for row, other, resolution in zip(rows, objects, decided, strict=True):
        if row >= 0 and resolution.verb == "link":
            linked[row] = _decided_object(state, resolution, row, other)
        elif row >= 0:
            _decide_by(state, resolution, row, other)
    state.claim_all(linked, DECISION)
    _keep_for_held(state)


def _decided_object(state: Matching, resolution: Resolution, row: int, other: int) -> int:
    """Return the object that a person says a record is, -1 where it cannot be that one: then the record is held."""
    named = f"{state.kind.name} #{resolution.target_id}, {describe(resolution)},"
    if other < 0:
        ways = "take that back, or decide whether it is made again (create) or left alone (ignore)"
        state.hold(row, f"{named} is gone from the target: {ways}")
        return -1
    if state.kind.natural and not state.told_alike(np.array([row]), np.array([other])).all():
        state.hold(row, f"{named} is another one by its {state.kind.identity[0].name}, and is not renamed", [other])
        return -1
    if _is_another(state, resolution, row, other):
        state.hold(row, f"{named} is another object by now", [other])
        return -1
    return other


def _is_another(state: Matching, resolution: Resolution, row: int, other: int) -> bool:
    """Return whether there is another object by now under the id that somebody decided for."""
    if resolution.about is None or not is_another(state.kind, resolution.about, state.observed, other):
        return False
    # What this sync made of it since is remembered by the link.
    own = _linked(state, np.array([row]))
    return not (own.same & (own.objects == other)).any()


def _decide_by(state: Matching, resolution: Resolution, row: int, other: int) -> None:
    if resolution.verb == "ignore":
        # Without a fingerprint yet, the next plan is the first to see the record since.
        unchanged = resolution.fingerprint in (None, fingerprints(state.kind, state.desired, [row])[0])
        if unchanged or not resolution.until_changed:
            state.hold(row, f"{IGNORED}{describe(resolution)}")
            state.ignored[row] = True
    elif resolution.verb == "never_link":
        state.parted.add((row, other))
    else:
        state.sealed[row] = not _was_made(state, row, resolution)


def _was_made(state: Matching, row: int, resolution: Resolution) -> bool:
    """Return whether a record has been made already: it is linked to an object that is that one still, or that is gone.

    Or to one that was made since that was decided, also where a target that came back has something else under its id.
    """
    own = _linked(state, np.array([row]))
    since = _moments(state.links["created"].iloc[own.links]) > resolution.at
    return bool(since.any() or own.same.any())


class _Linked(NamedTuple):
    """The links of some records, their objects or -1 for those that are gone, and what `_same` says of them."""

    links: Positions
    objects: Positions
    same: Mask
    by_name: Mask


def _linked(state: Matching, rows: Positions) -> _Linked:
    """Return what records are linked to; nothing of those that have no link."""
    links = index(take(text(state.desired["source_key"]), rows), text(state.links["source_key"]))
    rows, links = rows[links >= 0], links[links >= 0]
    objects = index(take(text(state.links["target_id"]), links), text(state.observed["id"]))
    same, found = _same(state, rows, links, objects)
    return _Linked(links, objects, same, found.by_name)


def _same(state: Matching, rows: Positions, links: Positions, objects: Positions) -> tuple[Mask, ChangedObjects]:
    """Return which objects are those that records were linked to still, and what speaks against that of the others.

    What says what the record says is that one, whatever is remembered; what has but its name, where no other record has it.
    """
    found = changed_objects(state.kind, state.links, state.observed, links, objects)
    same, changed, by_name = ~found.changed, np.flatnonzero(found.changed), np.flatnonzero(found.by_name)
    same[changed] = state.told_alike(rows[changed], objects[changed])
    same[by_name] |= state.called_alike(rows[by_name], objects[by_name])
    return same, found


def _keep_for_held(state: Matching) -> None:
    """Note the objects of records that are held by what people decided: by its name alone, nobody else is one of them."""
    own = _linked(state, np.flatnonzero(state.held))
    state.kept[own.objects[(own.objects >= 0) & (own.same | own.by_name)]] = True


def _moments(told: pd.Series) -> pd.Series:
    return pd.to_datetime(told, utc=True, errors="coerce", format="ISO8601")


def hold_made_since(state: Matching) -> None:
    """Hold the records that were decided to be made where somebody, perhaps this sync, made one that may be that since.

    A ledger that came back from a backup knows of the decision, and not of what came of it.
    """
    sealed = np.flatnonzero(state.sealed & ~state.held)
    if not sealed.size:
        return
    created = _moments(state.observed["created"])
    decided = {resolution.source_key: resolution for resolution in state.resolutions.of(state.kind.name, "create")}
    for row in sealed.tolist():
        resolution = decided[cell(state.desired["source_key"], row)]
        since = np.flatnonzero((created > resolution.at).to_numpy() & (state.claimant < 0))
        alike = [other for other in state.alike(row, since).tolist() if (row, other) not in state.parted]
        if alike:
            named = ", ".join(map(state.named, alike))
            state.hold(row, f"to be made as a new object, {describe(resolution)}, and {named} was made since", alike)


def by_link(state: Matching) -> None:
    """The link remembered from earlier runs; one whose object is gone says nothing, one whose object changed is doubted.

    What has but a name within another object (`is_scoped`) is gone where something else is under its id.
    """
    links = state.links
    state.link_of, object_of = side_by_side(
        len(state.desired),
        [
            lambda: index(text(state.desired["source_key"]), text(links["source_key"])),
            lambda: index(text(links["target_id"]), text(state.observed["id"])),
        ],
    )
    objects = np.where(state.undecided(), composed(state.link_of, object_of), -1)
    for row, other in state.parted:
        objects[row] = -1 if objects[row] == other else objects[row]
    objects = _without_torn_off(state, objects)
    rows = np.flatnonzero(objects >= 0)
    same, found = _same(state, rows, state.link_of[rows], objects[rows])
    changed = np.flatnonzero(~same)
    for at in changed.tolist() if not is_scoped(state.kind) else ():
        state.unsettled[int(rows[at])] = (found.words[at].as_py(), [int(objects[rows[at]])])
    state.doubted = {int(objects[row]): int(row) for row in rows[changed[found.by_name[changed]]]}
    objects[rows[changed]] = -1
    state.claim_all(objects, LINK)


def _without_torn_off(state: Matching, objects: Positions) -> Positions:
    """Leave out the parts that sit on another object than their records do by now: a part stays where it is known."""
    parent = state.kind.parent
    if parent is None or not any(parent in rule.fields for rule in state.kind.identity):
        return objects
    there = take(text(state.observed[parent]), objects)
    return np.where(mask(pc.not_equal(text(state.desired[parent]), there)), -1, objects)


def by_parent(state: Matching) -> None:
    """A facet is its parent's own object: there, or about to be created with it."""
    parent = text(state.desired[str(state.kind.parent)])
    state.claim_all(index(parent, text(state.observed["id"])), str(state.kind.parent))
    for row in np.flatnonzero(~filled(parent)):
        state.hold(int(row), f"its {state.kind.parent} is not known")
