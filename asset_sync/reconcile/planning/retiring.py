"""Retiring: what left the source is retired after a grace, what this sync retired is restored when it is back."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile import forms
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.identity import changed_objects, suspects
from asset_sync.reconcile.kinds import Retirement
from asset_sync.reconcile.planning.drafts import Change, Drafts, none
from asset_sync.reconcile.planning.model import Grace
from asset_sync.reconcile.planning.sides import Sides
from asset_sync.reconcile.resolutions import Resolution, describe, fingerprints
from asset_sync.reconcile.tables import Mask, Positions, arrow, differs, filled, index, mask, take, take_series, text

RETIRED_BY_SYNC: Final = "sync"
CHANGED: Final = "changed since it was ignored"
_MISSING: Final = "missing "
_TEXT = pa.large_string()


def only_waits(operation: dict[str, Any]) -> bool:
    """Return whether a held operation only waits for the grace to pass."""
    return operation["op"] == p.RETIRE and str(operation["hold"]).startswith(_MISSING)


def returning(sides: Sides) -> Mask:
    """Return the matched rows whose object this sync retired and nobody moved on since."""
    retirement = sides.kind.retirement
    if retirement is None or not sides.links["retired_by"].notna().any():
        return np.zeros(len(sides.desired), dtype=bool)
    retired_by = sides.links["retired_by"].where(sides.own)
    ours = mask(pc.equal(take(retired_by, sides.remembered), RETIRED_BY_SYNC))
    status = take(sides.observed[retirement.field], sides.object_of)
    return ours & mask(pc.equal(status, retirement.value))


def restores(sides: Sides, back: Mask) -> Drafts:
    """An operation for each object that this sync retired and whose record is back; one that a person moved on stays so."""
    rows, retirement = np.flatnonzero(back), sides.kind.retirement
    if retirement is None or not rows.size:
        return none(sides.kind)
    before = pa.array(_before(sides, retirement, rows), _TEXT)
    old, why = p.quoted(retirement.value), "retired by this sync, back in the source"
    words = p.change(retirement.field, old, p.or_null(p.encoded(before)), "source", why)
    return sides.draft(rows, p.RESTORE, {retirement.field: Change(before, words)}, hold=sides.blocked_at(rows))


def _before(sides: Sides, retirement: Retirement, rows: Positions) -> list[Any]:
    """Return what the objects were before they were retired, or what the source says now where its word counts."""
    name, nothing = retirement.field, [None] * len(rows)
    wanted = take(sides.desired[name], rows).to_pylist() if name in sides.desired else nothing
    base = sides.base(name, sides.remembered[rows])
    applied = nothing if base is None else base.to_pylist()
    first = name in sides.owners and sides.owners[name].owner != "initial"
    ranked = zip(wanted, applied, strict=True) if first else zip(applied, wanted, strict=True)
    return [next((status for status in statuses if status not in (None, retirement.value)), None) for statuses in ranked]


def returned(sides: Sides) -> Drafts:
    """Records that were counted as missing and are there again, and those that were ignored until they changed, and did."""
    away = sides.links["missing_since"].notna() | sides.links["retired_by"].notna()
    missing = np.append(away.to_numpy(dtype=bool) & sides.own, False)  # the last one stands for no link at all
    changed = np.zeros(len(sides.link_of), dtype=bool)
    changed[_changed_since_ignored(sides)] = True
    rows = np.flatnonzero(missing[sides.link_of] | changed)
    reasons = pc.if_else(pa.array(changed[rows]), CHANGED, "in the source again")
    return sides.draft(rows, p.SEEN, reason=reasons)


def _changed_since_ignored(sides: Sides) -> list[int]:
    lapsing = {
        row: resolution.fingerprint
        for row, (resolution, *_) in sides.resolved("ignore").items()
        if resolution.until_changed and resolution.fingerprint is not None
    }
    now = fingerprints(sides.kind, sides.desired, list(lapsing))
    return [row for (row, then), told in zip(lapsing.items(), now, strict=True) if then != told]


def retirements(sides: Sides, now: datetime) -> Drafts:
    """An operation for each linked object whose record is gone from the source: retired, or held with why not (yet)."""
    retirement = sides.kind.retirement
    if retirement is None or sides.links.empty:
        return none(sides.kind)
    gone, objects = _gone(sides, retirement)
    status = take(sides.observed[retirement.field], objects)
    runs = pc.add(pc.fill_null(take(sides.links["missing_runs"], gone), 0), 1)
    words = p.change(retirement.field, p.encoded(status), p.quoted(retirement.value), "source", "gone from the source")
    new = pa.repeat(pa.scalar(retirement.value, _TEXT), len(gone))
    waiting = _Waiting(sides.grace, sides.base(retirement.field, gone), take_series(sides.links["missing_since"], gone))
    return sides.draft_of_objects(
        objects,
        p.RETIRE,
        {retirement.field: Change(new, words)},
        source_keys=sides.keys_of(gone),
        reason=forms.concat("not in the source for ", runs, " runs", like=words),
        hold=pc.coalesce(_kept(sides, gone, objects), waiting.holds(status, runs, now)),
    )


def _gone(sides: Sides, retirement: Retirement) -> tuple[Positions, Positions]:
    """Return the links whose record is gone, and their objects; not those retired already, nor those of another record."""
    gone = sides.links["retired_by"].isna().to_numpy(dtype=bool) & sides.own
    gone[sides.link_of[sides.link_of >= 0]] = False
    links = np.flatnonzero(gone)
    objects = index(take(text(sides.links["target_id"]), links), text(sides.observed["id"]))
    in_service = ~mask(pc.equal(arrow(sides.observed[retirement.field]), retirement.value))
    in_service[sides.object_of[sides.object_of >= 0]] = False
    left = np.append(in_service, False)[objects]  # the last one stands for an object that is gone too
    return links[left], objects[left]


def _kept(sides: Sides, links: Positions, objects: Positions) -> pa.Array:
    """Return, by link, why its object is not retired whatever the grace says: locked, kept, or perhaps in the source."""
    locked = take(text(sides.observed["locked"]), objects)
    if not objects.size:
        return locked
    reasons = [locked, _decided(sides, links), changed_objects(sides.kind, sides.links, sides.observed, links, objects).words]
    held = sides.desired.take(sides.undecided)
    if not held.empty:
        maybe = pa.array(suspects(sides.kind, held, sides.observed.take(objects)), _TEXT)
        reasons.append(forms.concat("may be ", maybe, ", which is held", like=locked))
    return pc.coalesce(*reasons)


def _decided(sides: Sides, links: Positions) -> pa.Array:
    """Return, by link, who decided that its object stays in service."""
    retirement = sides.kind.retirement
    kept = {r.source_key: r for r in _keepers(sides) if retirement is not None and r.field in (None, retirement.field)}
    if not kept:
        return pa.nulls(len(links), _TEXT)
    keys = take(text(sides.links["source_key"]), links).to_pylist()
    return pa.array([f"stays in service: {describe(kept[key])}" if key in kept else None for key in keys], _TEXT)


def _keepers(sides: Sides) -> Iterator[Resolution]:
    yield from sides.resolutions.of(sides.kind.name, "keep_target")
    yield from sides.resolutions.of(sides.kind.name, "ignore")


class _Waiting:
    """Why objects whose records are gone are not retired yet. `applied` is the status that this sync last gave them."""

    def __init__(self, grace: Grace, applied: pa.Array | None, since: pd.Series) -> None:
        self.grace = grace
        self.applied = applied
        self.since = since

    def holds(self, status: pa.Array, runs: pa.Array, now: datetime) -> pa.Array:
        """Return the reasons, null where an object is to be retired."""
        by_hand = filled(status) if self.applied is None else differs(status, self.applied)
        waited = (now - self.since).fillna(timedelta())
        soon = mask(pc.less(runs, self.grace.runs)) | (waited < self.grace.time).to_numpy(dtype=bool) | (not self.grace.retires)
        why: list[str | None] = [None] * len(status)
        for at in np.flatnonzero(by_hand | soon).tolist():
            person = f"status {status[at].as_py()!r} was set by a person, so it is not retired"
            why[at] = person if by_hand[at] else self._too_soon(runs[at].as_py(), self.since.iat[at])
        return pa.array(why, _TEXT)

    def _too_soon(self, runs: int, since: Any) -> str:
        hours = self.grace.time.total_seconds() / 3600
        grace = f"retired after {self.grace.runs} runs and {hours:g} h" if self.grace.retires else "retiring is switched off"
        if pd.isna(since):
            return f"{_MISSING}for the first time; {grace}"
        return f"{_MISSING}since {since:%Y-%m-%d %H:%M} UTC, run {runs}; {grace}"
