"""Retiring: what left the source is retired after a grace, what this sync retired is restored when it is back."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile import forms
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.identity import changed_objects, suspects
from asset_sync.reconcile.identity.returning import left_by
from asset_sync.reconcile.kinds import Retirement
from asset_sync.reconcile.planning import elsewhere
from asset_sync.reconcile.planning.drafts import Change, Drafts, as_text, none
from asset_sync.reconcile.planning.leaving import (
    are_left,
    are_made,
    keys_after,
    leaving_links,
    links_apart,
    parting,
    parts,
)
from asset_sync.reconcile.planning.model import Grace
from asset_sync.reconcile.planning.sides import Sides
from asset_sync.reconcile.resolutions import UNDO, Resolution, describe, fingerprints
from asset_sync.reconcile.tables import (
    RETIRED_BY_SYNC,
    RETIRED_BY_UNDO,
    Mask,
    Positions,
    arrow,
    differs,
    filled,
    identity_column,
    index,
    mask,
    take,
    take_series,
    text,
)

_BACK: Final = "retired by this sync, back in the source"
NOTE: Final = "gone from the source (asset_sync)"
"""What the note of a retired object says."""
CHANGED: Final = "changed since it was ignored"
MISSING: Final = "missing "
"""How the reason begins of what waits for the grace to pass."""
STAYS: Final = "stays in service: "
"""How the reason begins of what somebody decided to keep in service though its record is gone."""
STAYS_OUT: Final = "stays as it is: "
"""The same of what somebody decided to leave out of service though its record is back."""
_TEXT = pa.large_string()


def is_missing(operation: dict[str, Any]) -> bool:
    """Return whether a held operation waits for the grace of a missing record to pass."""
    return operation["op"] == p.RETIRE and str(operation["hold"]).startswith(MISSING)


def returning(sides: Sides) -> Mask:
    """Return the matched rows whose object this sync, or another of ours, retired and nobody moved on since."""
    back = elsewhere.retired(sides)
    retirement = sides.kind.retirement
    if retirement is None or not sides.links["retired_by"].notna().any():
        return back
    retired_by = sides.links["retired_by"].where(sides.own)
    ours = mask(pc.equal(take(retired_by, sides.remembered), RETIRED_BY_SYNC))
    return (ours & sides.out_of_service(sides.object_of)) | back


def restores(sides: Sides, back: Mask) -> Drafts:
    """An operation for each object that was retired by a sync and whose record is back; one that a person moved on stays so."""
    rows, retirement = np.flatnonzero(back), sides.kind.retirement
    if retirement is None or not rows.size:
        return none(sides.kind)
    before = _before(sides, retirement, rows)
    why = pc.if_else(pa.array(elsewhere.retired(sides)[rows]), "retired by another sync, in this source now", _BACK)
    words = p.change(retirement.field, _json(retirement.value), p.or_null(sides.words(retirement.field, before)), "source", why)
    changes = {retirement.field: Change(as_text(before), words), **_note(sides, retirement, sides.object_of[rows], _taken_away)}
    kept = _kept_as_they_are(sides, retirement, rows)
    return sides.draft(rows, p.RESTORE, changes, hold=pc.coalesce(sides.blocked_at(rows), kept))


def _kept_as_they_are(sides: Sides, retirement: Retirement, rows: Positions) -> pa.Array:
    """Return, by row, who decided that its object stays out of service."""
    kept = {r.source_key: r for r in sides.resolutions.of(sides.kind.name, "keep_target") if r.field == retirement.field}
    keys = take(text(sides.desired["source_key"]), rows).to_pylist() if kept else []
    return pa.array([f"{STAYS_OUT}{describe(kept[key])}" if key in kept else None for key in keys] or [None] * len(rows), _TEXT)


def _before(sides: Sides, retirement: Retirement, rows: Positions) -> pa.Array:
    """Return what the objects were before they were retired, or what the source says now where its word counts."""
    name, column = retirement.field, arrow(sides.observed[retirement.field])
    nothing = pa.nulls(len(rows), column.type)
    wanted = take(sides.desired[name], rows).cast(column.type) if name in sides.desired else nothing
    base = sides.base(name, sides.remembered[rows])
    first = name in sides.owners and sides.owners[name].owner != "initial"
    ranked = [_in_service(retirement, each) for each in (wanted, nothing if base is None else base)]
    return pc.coalesce(*(ranked if first else reversed(ranked)), elsewhere.status_before(sides, rows))


def _in_service(retirement: Retirement, values: pa.Array) -> pa.Array:
    """Return the values without that of what is retired."""
    if retirement.value is None:
        return values
    retired = pc.fill_null(pc.equal(values, retirement.value), fill_value=False)
    return pc.if_else(retired, pa.scalar(None, values.type), values)


def _json(value: str | bool | None) -> str:
    return p.quoted(value) if isinstance(value, str) else {None: "null", True: "true", False: "false"}[value]


def _note(
    sides: Sides, retirement: Retirement, objects: Positions, noted: Callable[[str, int | None], str | None]
) -> dict[str, Change]:
    """Return what becomes of the field that says that an object is out of service; nothing where the source says it."""
    name = retirement.note
    if name is None or name in sides.owners:
        return {}
    most = sides.kind.field(name).max_length
    old = take(text(sides.observed[name]), objects)
    new = pa.array([noted(told or "", most) for told in old.to_pylist()], _TEXT)
    words = p.change(name, p.or_null(p.encoded(old)), p.or_null(p.encoded(new)), "source", "says whether it is there")
    return {name: Change(new, words).among(differs(old, new))}


def _added(told: str, most: int | None) -> str | None:
    """Return a text with the note behind it, or as it is where there is no room for it."""
    noted = f"{told}; {NOTE}" if told else NOTE
    return noted if most is None or len(noted) <= most else told


def _taken_away(told: str, _most: int | None) -> str | None:
    return told.removesuffix(NOTE).removesuffix("; ") or None if told.endswith(NOTE) else told or None


def returned(sides: Sides) -> Drafts:
    """Records that were counted as missing and are there again, and those that were ignored until they changed, and did.

    Where one names its object, that is in service again, and nothing is remembered any more of who retired it.
    """
    missing = np.append(sides.links["missing_since"].notna().to_numpy(dtype=bool) & sides.own, False)[sides.link_of]
    ids, free = text(sides.links["target_id"]), _in_service_again(sides)
    there_again = missing | free
    there_again[_kept_by_undo(sides)] = True
    changed = np.zeros(len(sides.link_of), dtype=bool)
    changed[_changed_since_ignored(sides)] = True
    rows = np.flatnonzero(there_again | changed)
    reasons = pc.if_else(pa.array(changed[rows]), CHANGED, "in the source again")
    found = sides.draft(rows, p.SEEN, reason=reasons)
    return found.with_column("target_id", take(ids, np.where(free[rows], sides.link_of[rows], -1)))


def _in_service_again(sides: Sides) -> Mask:
    """Return the rows whose objects were retired, and are in service."""
    rows, objects = _linked_objects(sides, sides.links["retired_by"].notna().to_numpy(dtype=bool) & sides.own)
    again = np.zeros(len(sides.link_of), dtype=bool)
    again[rows] = (objects >= 0) & ~sides.out_of_service(objects)
    return again


def _retired_by_undo(sides: Sides) -> Positions:
    """Return the rows whose objects an undo retired, which stay so as long as nobody brings them back."""
    rows, objects = _linked_objects(sides, mask(pc.equal(text(sides.links["retired_by"]), RETIRED_BY_UNDO)))
    chosen: Positions = rows[sides.out_of_service(objects)]
    return chosen


def _linked_objects(sides: Sides, links: Mask) -> tuple[Positions, Positions]:
    """Return the rows that have those links, and their objects: of a record that is held, that which it was linked to.

    Not one that is another one under its id: what was remembered is true of what was linked.
    """
    rows = np.flatnonzero(np.append(links, False)[sides.link_of])
    linked = index(take(text(sides.links["target_id"]), sides.link_of[rows]), text(sides.observed["id"]))
    linked[changed_objects(sides.kind, sides.links, sides.observed, sides.link_of[rows], linked).changed] = -1
    own = sides.object_of[rows]
    return rows, np.where(own >= 0, own, linked)


def _kept_by_undo(sides: Sides) -> list[int]:
    """Return the records that are recognised and that an undo decided to keep in service while the source lacked them.

    One that was undone itself leaves nothing in the link that tells that the record was away.
    """
    decided = sides.resolved("keep_target")
    return [row for row, own in decided.items() if sides.same[row] and any(each.by.startswith(UNDO) for each in own)]


def _changed_since_ignored(sides: Sides) -> list[int]:
    lapsing = {
        row: resolution.fingerprint
        for row, (resolution, *_) in sides.resolved("ignore").items()
        if resolution.until_changed and resolution.fingerprint is not None
    }
    now = fingerprints(sides.kind, sides.desired, list(lapsing))
    return [row for (row, then), told in zip(lapsing.items(), now, strict=True) if then != told]


def retirements(sides: Sides, now: datetime) -> Drafts:
    """An operation for each object whose record is gone from the source, or left it: retired, or held with why not (yet)."""
    retirement = sides.kind.retirement
    if retirement is None or sides.links.empty:
        return none(sides.kind)
    gone, objects = _gone(sides)
    keys = keys_after(sides, gone)
    status = take(sides.observed[retirement.field], objects)
    runs = pc.add(pc.fill_null(take(sides.links["missing_runs"], gone), 0), 1)
    applied = sides.base(retirement.field, gone)
    by_hand = filled(status) if applied is None else differs(status, applied)
    by_hand &= ~elsewhere.wrote(sides, objects, status)
    waiting = _Waiting(sides.grace, retirement.field, by_hand, take_series(sides.links["missing_since"], gone))
    there = pc.coalesce(*_may_be(sides, gone, objects), _without_another(sides, gone))
    missing = forms.concat("not in the source for ", runs, " runs", like=pa.nulls(len(gone), _TEXT))
    return sides.draft_of_objects(
        objects,
        p.RETIRE,
        _taken_out(sides, retirement, objects),
        source_keys=keys,
        reason=pc.if_else(pc.is_valid(there), p.MAY_BE_THERE, missing),
        hold=pc.coalesce(_kept(sides, gone, objects, keys), there, waiting.holds(status, runs, now)),
    )


def _taken_out(sides: Sides, retirement: Retirement, objects: Positions) -> dict[str, Change]:
    """Return the changes by which objects are taken out of service."""
    status = take(sides.observed[retirement.field], objects)
    words = p.change(
        retirement.field, sides.words(retirement.field, status), _json(retirement.value), "source", "gone from the source"
    )
    new = as_text(pa.repeat(pa.scalar(retirement.value, status.type), len(objects)))
    return {retirement.field: Change(new, words), **_note(sides, retirement, objects, _added)}


def _gone(sides: Sides) -> tuple[Positions, Positions]:
    """Return the links whose record is gone or leaves, and their objects; none that is retired, or another record's.

    What a record left and somebody else had made was that record's by a decision that is over; and by one that holds, what a
    person parted from a record that is gone was never its, nor is what was made since under the id of what was.
    """
    gone = sides.links["retired_by"].isna().to_numpy(dtype=bool) & sides.own
    gone[sides.link_of[sides.link_of >= 0]] = False
    made, leaves = are_made(sides), leaving_links(sides)
    gone[leaves[made[leaves]]] = True
    links = np.flatnonzero(gone)
    apart = links_apart(sides.kind, sides.links, sides.resolutions)
    links = links[made[links] | ~(are_left(sides.links.iloc[links]) | np.isin(links, apart))]
    objects = index(take(text(sides.links["target_id"]), links), text(sides.observed["id"]))
    parted = np.flatnonzero(np.isin(links, apart))
    if parted.size:
        strangers = changed_objects(sides.kind, sides.links, sides.observed, links[parted], objects[parted]).changed
        objects[parted[strangers]] = -1
    in_service = ~sides.out_of_service(np.arange(len(sides.observed)))
    in_service[sides.object_of[sides.object_of >= 0]] = False
    left = np.append(in_service, False)[objects]  # the last one stands for an object that is gone too
    return links[left], objects[left]


def _kept(sides: Sides, links: Positions, objects: Positions, keys: pa.Array) -> pa.Array:
    """Return, by link, why its object is not retired whatever the grace says: locked, kept, or in another source."""
    locked = take(text(sides.observed["locked"]), objects)
    if not objects.size:
        return locked
    another = changed_objects(sides.kind, sides.links, sides.observed, links, objects).words
    another = forms.concat(another, "; if it is, it is retired by hand, else never-link says so", like=another)
    return pc.coalesce(locked, _decided(sides, keys), elsewhere.in_service(sides, links, objects), another)


def _may_be(sides: Sides, links: Positions, objects: Positions) -> Iterator[pa.Array]:
    """Yield, by link and its object, the record that it may be: one that is held, or one whose own object an undo retired."""
    undone = f"whose own {sides.kind.name} an undo retired"
    for records, why in ((sides.desired.take(sides.undecided), "which is held"), (_undone(sides), undone)):
        if not records.empty:
            maybe = _suspects(sides, records, links, objects)
            yield forms.concat("may be ", maybe, f", {why}", like=maybe)


def _suspects(sides: Sides, records: pd.DataFrame, links: Positions, objects: Positions) -> pa.Array:
    """Return, by link and its object, which of the records that may be.

    None of which somebody decided that it is not, unless that is what the record left.
    """
    observed = sides.observed.take(objects)
    found = suspects(sides.kind, records, observed)
    decided = parting(sides) if any(found) else {}
    for at in [row for row, key in enumerate(found) if key in decided]:
        (own,) = left_by(sides.links, links[[at]]).to_pylist()
        apart = {key for key, each in decided.items() if parts(each, str(observed["id"].iat[at]))} - {own}
        if found[at] in apart:
            others = records[~records["source_key"].isin(apart)]
            (found[at],) = suspects(sides.kind, others, observed.iloc[[at]])
    return pa.array(found, _TEXT)


def _undone(sides: Sides) -> pd.DataFrame:
    """Return the records whose objects an undo retired: as the source has them, and as those objects were known."""
    rows = _retired_by_undo(sides)
    records = sides.desired.take(rows)
    if not rows.size or not sides.knows_identity():
        return records
    links = sides.links.take(sides.link_of[rows])
    known = {name: links[identity_column(name)].to_numpy() for name in sides.kind.identifying}
    return pd.concat([records, records.assign(**known)])


def _decided(sides: Sides, keys: pa.Array) -> pa.Array:
    """Return, by source key, who decided that its object stays in service."""
    retirement = sides.kind.retirement
    kept = {r.source_key: r for r in _keepers(sides) if retirement is not None and r.field in (None, retirement.field)}
    if not kept:
        return pa.nulls(len(keys), _TEXT)
    told = [f"{STAYS}{describe(kept[key])}" if key in kept else None for key in keys.to_pylist()]
    return pa.array(told, _TEXT)


def _without_another(sides: Sides, links: Positions) -> pa.Array:
    """Return, by link, what the record that left its object, or leaves it now, is instead, where that is not in service yet.

    What a plan will make or bring back does not count: the target may refuse it, or a reviewer leave it out.
    """
    left = np.flatnonzero(are_left(sides.links)[links] | np.isin(links, leaving_links(sides)))
    if not left.size:
        return pa.nulls(len(links), _TEXT)
    rows = index(left_by(sides.links, links[left]), sides.source_keys)
    own = np.append(sides.object_of, -1)[rows]
    without = (rows >= 0) & ((own < 0) | sides.out_of_service(own))
    if not without.any():
        return pa.nulls(len(links), _TEXT)
    ids = take(text(sides.observed["id"]), own[without])
    name = sides.kind.name
    coming = restores(sides, returning(sides))
    back = np.isin(rows[without], coming.records[coming.open])
    why: list[str | None] = [None] * len(links)
    for at, target_id, is_back in zip(left[without].tolist(), ids.to_pylist(), back.tolist(), strict=True):
        now = f"{name} #{target_id} now, which is out of service" if target_id else f"no other {name} yet"
        waits = "" if target_id and not is_back else f"{MISSING}here, but "
        why[at] = f"{waits}its record is {now}: it would have none in service"
    return pa.array(why, _TEXT)


def _keepers(sides: Sides) -> Iterator[Resolution]:
    yield from sides.resolutions.of(sides.kind.name, "keep_target")
    yield from sides.resolutions.of(sides.kind.name, "ignore")


class _Waiting:
    """Why objects whose records are gone are not retired yet. `by_hand` are those of which a person set the `field`."""

    def __init__(self, grace: Grace, field: str, by_hand: Mask, since: pd.Series) -> None:
        self.grace = grace
        self.field = field
        self.by_hand = by_hand
        self.since = since

    def holds(self, status: pa.Array, runs: pa.Array, now: datetime) -> pa.Array:
        """Return the reasons, null where an object is to be retired."""
        waited = (now - self.since).fillna(timedelta())
        soon = mask(pc.less(runs, self.grace.runs)) | (waited < self.grace.time).to_numpy(dtype=bool) | (not self.grace.retires)
        why: list[str | None] = [None] * len(status)
        for at in np.flatnonzero(self.by_hand | soon).tolist():
            person = f"{self.field} {status[at].as_py()!r} was set by a person, so it is not retired"
            why[at] = person if self.by_hand[at] else self._too_soon(runs[at].as_py(), self.since.iat[at])
        return pa.array(why, _TEXT)

    def _too_soon(self, runs: int, since: Any) -> str:
        hours = self.grace.time.total_seconds() / 3600
        grace = f"retired after {self.grace.runs} runs and {hours:g} h" if self.grace.retires else "retiring is switched off"
        if pd.isna(since):
            return f"{MISSING}for the first time; {grace}"
        return f"{MISSING}since {since:%Y-%m-%d %H:%M} UTC, run {runs}; {grace}"
