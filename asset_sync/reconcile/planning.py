"""Plan: what has to be done so that the target says what the source says, field by field, with a reason for each."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile import forms
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.identity import HELD, LINK, NEW, SAME, suspects
from asset_sync.reconcile.kinds import Field, Kind, Kinds, Retirement, Unique
from asset_sync.reconcile.merge import Merge, Ownership, merge
from asset_sync.reconcile.plan import Mode, Plan
from asset_sync.reconcile.references import PENDING, held_references, resolve
from asset_sync.reconcile.tables import (
    Mask,
    Positions,
    Tables,
    arrow,
    base_column,
    differs,
    filled,
    index,
    mask,
    no_links,
    picked,
    taken,
    text,
)

RETIRED_BY_SYNC = "sync"


@dataclass(frozen=True, slots=True)
class Grace:
    """How long an object may be missing from a complete source before it is retired: both must have passed."""

    runs: int = 3
    time: timedelta = timedelta(hours=24)


@dataclass(frozen=True)
class Policy:
    """What a sync may do: the owner of each mapped field, by kind and field, and the grace before retiring."""

    owners: Mapping[str, Mapping[str, Ownership]]
    grace: Grace = field(default_factory=Grace)


@dataclass(frozen=True)
class Snapshot:
    """What both sides say and what is remembered: the tables that a plan is made from (see `asset_sync.reconcile.tables`)."""

    desired: Tables
    observed: Tables
    links: Tables


def make_plan(
    sync: str,
    kinds: Kinds,
    policy: Policy,
    snapshot: Snapshot,
    matches: Tables,
    *,
    now: datetime,
    mode: Mode = "normal",
    complete: bool = True,
    after: str | None = None,
    source_rows: Mapping[str, int] | None = None,
    links: str | None = None,
) -> Plan:
    """Return the plan that brings the target to what the source says.

    `matches` comes from `asset_sync.reconcile.references.match_all`. `complete` says that the source named everything it has:
    only then is a missing record missing. `now` is the clock of the grace period. `after` is the plan applied last. `links`
    names the sync whose links are shared.
    """
    operations = _operations(kinds, policy, snapshot, matches, now, full=mode == "full", complete=complete)
    return Plan(sync, mode, operations, after, complete, dict(source_rows or {}), links=links)


def _operations(
    kinds: Kinds, policy: Policy, snapshot: Snapshot, matches: Tables, now: datetime, *, full: bool, complete: bool
) -> pd.DataFrame:
    written: dict[str, pa.RecordBatch] = {}
    others: dict[str, list[pa.RecordBatch]] = {}
    unmade: dict[tuple[str, str], str] = {}
    for name, kind in kinds.items():
        planner = _Planner(kind, policy, snapshot, matches, full=full)
        drafts = _in_order([*planner.updates(), planner.restores(), planner.creates()])
        drafts = hold_clashes(kind, planner.observed, drafts)
        written[name] = _hold_dependents(kind, drafts, unmade)
        others[name] = [_in_order([planner.retirements(now)])] if complete else []
        others[name].append(_in_order([planner.claims(), planner.returned(), planner.quarantined()]))
    made = _needed(kinds, written, others)
    return p.operations_frame([drafts.select(p.OPERATION_COLUMNS) for drafts in made])


@dataclass(frozen=True, slots=True)
class _Change:
    """What operations do to one field: the new value, and the change in the words of a plan (null where there is none)."""

    new: pa.Array
    told: pa.Array


class _Planner:
    """The plan of one kind. Masks and positions go by the rows of the desired table.

    Operations in the making are record batches: the plan's columns, the row number of the object (missing where none), and
    for the fields that decide about clashes and dependents whether they change and to what.
    """

    def __init__(self, kind: Kind, policy: Policy, snapshot: Snapshot, matches: Tables, *, full: bool) -> None:
        self.kind = kind
        self.full = full
        self.grace = policy.grace
        self.owners = policy.owners.get(kind.name, {})
        self.schema = _draft_schema(kind)
        self.links = snapshot.links[kind.name] if kind.name in snapshot.links else no_links()
        self.ours = self._ours()
        self.observed = snapshot.observed[kind.name]
        wanted = snapshot.desired[kind.name]
        self.desired = resolve(kind, wanted, matches)
        self.matches = matches[kind.name]
        self.blocked = held_references(kind, wanted, matches)
        self.target_keys = {f.name: snapshot.observed[str(f.to)] for f in kind.references}
        self.link_of = index(text(self.desired["source_key"]), text(self.links["source_key"]))
        self.object_of = index(text(self.matches["target_id"]), text(self.observed["id"]))
        self.same: Mask = (self.matches["verdict"] == SAME).to_numpy()
        self.linked, self.remembered = self._remembered()
        self.returning = self._returning()
        self.merges = self._merges()

    # What stands on both sides.

    def _remembered(self) -> tuple[Mask, Positions]:
        """Return which matched rows are linked to their object, and the links that say what was applied to the objects."""
        ids, linked_ids = text(self.matches["target_id"]), text(self.links["target_id"])
        linked = self.same & mask(pc.equal(ids, picked(linked_ids, self.link_of)))
        links = np.where(linked, self.link_of, -1)
        strange = np.flatnonzero(self.same & ~linked)
        # A record of a new name for an object that another record was linked to: what was remembered is still true of it.
        links[strange] = index(picked(ids, strange), linked_ids)
        return linked, links

    def _ours(self) -> Mask:
        """The links whose records this sync tells of: of a record that another sync tells of, it alone says that it is gone."""
        if "told_by" not in self.links:
            return np.ones(len(self.links), dtype=bool)
        return self.links["told_by"].isna().to_numpy(dtype=bool)

    def _returning(self) -> Mask:
        """The matched rows whose object this sync retired and nobody moved on since."""
        if self.kind.retirement is None or not self.links["retired_by"].notna().any():
            return np.zeros(len(self.desired), dtype=bool)
        retired_by = self.links["retired_by"].where(self.ours)
        ours = mask(pc.equal(picked(retired_by, self.remembered), RETIRED_BY_SYNC))
        status = picked(self.observed[self.kind.retirement.field], self.object_of)
        return ours & mask(pc.equal(status, self.kind.retirement.value))

    def _merges(self) -> dict[str, Merge]:
        # Whole columns as they stand, those rows too that are on no other side: to leave them out first costs more.
        there, links = _stood_in(self.object_of, self.same), _stood_in(self.remembered, self.same)
        return {name: self._merge(name, ownership, there, links) for name, ownership in self.owners.items()}

    def _merge(self, name: str, ownership: Ownership, there: Positions, links: Positions) -> Merge:
        among = self.same
        if self._is_status(name):
            # A status that a person set is never forced back, whoever owns the field; one that this sync set is restored.
            ownership = Ownership("shared", ownership.clears) if ownership.owner == "source" else ownership
            among = among & ~self.returning
        base = self._base(name, links) if ownership.owner == "shared" else None
        return merge(ownership, self.desired[name], picked(self.observed[name], there), base).among(among)

    def _is_status(self, name: str) -> bool:
        return self.kind.retirement is not None and self.kind.retirement.field == name

    def _base(self, name: str, links: Positions) -> pa.Array | None:
        """Return the values last applied, of the type that they have in the target; None where no link has any."""
        if base_column(name) not in self.links:
            return None
        column, like = self.links[base_column(name)], self.observed[name].dtype
        return picked(column if column.dtype == like else column.astype(like), links)

    def updates(self) -> Iterator[pa.RecordBatch]:
        """A row for each matched object with fields to write, and a held one for each with fields in conflict."""
        yield self._updates({name: m.ours if self.full else m.write for name, m in self.merges.items()}, None)
        conflicts = {name: m.conflict for name, m in self.merges.items()}
        yield self._updates(conflicts, "changed on both sides since the last sync: decide which value stays")

    def _updates(self, chosen: Mapping[str, Mask], hold: str | None) -> pa.RecordBatch:
        rows = np.flatnonzero(self._any_of(chosen.values()))
        changes = {name: self._updated(name, where, rows) for name, where in chosen.items() if where.any()}
        return self._drafts(rows, p.UPDATE, changes, holds=[*self._too_long(changes), *self._blocked(rows), hold])

    def _updated(self, name: str, where: Mask, rows: Positions) -> _Change:
        changed = np.flatnonzero(where)
        old, new = picked(self.observed[name], self.object_of[changed]), picked(self.desired[name], changed)
        otherwise = pc.if_else(pc.is_null(old), "empty so far", "the source says otherwise")
        reasons = pc.if_else(differs(old, new), otherwise, "equal, written again")
        told = p.change(name, self._told(name, old), p.or_null(self._told(name, new)), self.owners[name].owner, reasons)
        at = np.full(len(self.desired), -1, dtype=np.int64)
        at[changed] = np.arange(len(changed))
        return _Change(picked(new, at[rows]), picked(told, at[rows]))

    def _told(self, name: str, values: pa.Array) -> pa.Array:
        """Return a field's values in the words of a plan."""
        to = self.kind.field(name).to
        if to is None:
            return p.encoded(values)
        there = self.target_keys[name]
        pending = pc.starts_with(values, PENDING)
        ids = pc.if_else(pending, pa.scalar(None, values.type), values)
        keys = picked(text(there["key"]), index(ids, text(there["id"])))
        keys = pc.if_else(pending, pc.utf8_slice_codeunits(values, start=len(PENDING)), keys)
        return pc.if_else(pc.is_valid(values), p.reference(to, keys, ids), pa.scalar(None, pa.large_string()))

    # What the target lacks.

    def creates(self) -> pa.RecordBatch:
        """A row for each record that the target does not have, with every field that has a value."""
        rows = np.flatnonzero((self.matches["verdict"] == NEW).to_numpy())
        # A facet is written to its parent's own object, once that is there.
        names = [name for name in self.owners if not (self.kind.facet_of and name == self.kind.parent)]
        changes = {name: self._created(name, rows) for name in names}
        op = p.UPDATE if self.kind.facet_of else p.CREATE
        holds = [*self._too_long(changes), *self._blocked(rows)]
        drafts = self._drafts(rows, op, changes, reason=self._new_because(rows), holds=holds)
        return drafts.filter(pc.not_equal(drafts["changes"], p.NO_CHANGES)) if self.kind.facet_of else drafts

    def _created(self, name: str, rows: Positions) -> _Change:
        new = picked(self.desired[name], rows)
        return _Change(new, p.change(name, "null", self._told(name, new), self.owners[name].owner, "new"))

    def _new_because(self, rows: Positions) -> pa.Array:
        lost = picked(text(self.links["target_id"]), self.link_of[rows])
        gone = forms.strung(f"{self.kind.name} #", lost, ", linked so far, is gone from the target", like=lost)
        return pc.fill_null(gone, "not in the target")

    # What came, went and came back.

    def claims(self) -> pa.RecordBatch:
        """What is to be remembered without a write: new links, and values that both sides agree on."""
        remembered = {name: m for name, m in self.merges.items() if self._is_remembered(name)}
        # A link that comes with a restore is made by that, so that a restore that fails is tried again.
        unlinked = self.same & ~self.linked & ~self.returning
        chosen = self._any_of([unlinked, *(m.agreed for m in remembered.values())])
        chosen[list(self.blocked)] = False
        rows = np.flatnonzero(chosen)
        changes = {name: self._claimed(name, m, unlinked, rows) for name, m in remembered.items()} if rows.size else {}
        return self._drafts(rows, p.CLAIM, changes)

    def _is_remembered(self, name: str) -> bool:
        return self._is_status(name) or self.owners[name].owner == "shared"

    def _claimed(self, name: str, merged: Merge, unlinked: Mask, rows: Positions) -> _Change:
        """Return what to remember of a field: what the source says; for what is still to be written or decided, what was."""
        is_open = (merged.write | merged.conflict)[rows]
        told, was = picked(self.desired[name], rows), self._base(name, self.remembered[rows])
        value = pc.if_else(is_open, pa.scalar(None, told.type) if was is None else was, told)
        worth = (merged.agreed[rows] & ~is_open) | (unlinked[rows] & filled(value))
        if self.kind.field(name).type == "reference":
            worth &= ~mask(pc.starts_with(value, PENDING))
        words = p.remembered(name, p.or_null(self._told(name, value)))
        return _Change(value, pc.if_else(worth, words, pa.scalar(None, words.type)))

    def restores(self) -> pa.RecordBatch:
        """A row for each object that this sync retired and whose record is back; one that a person moved on stays so."""
        rows, retirement = np.flatnonzero(self.returning), self.kind.retirement
        if retirement is None or not rows.size:
            return self._drafts(rows[:0], p.RESTORE)
        before = pa.array(self._before(retirement.field, retirement.value, rows), pa.large_string())
        old, why = p.quoted(retirement.value), "retired by this sync, back in the source"
        told = p.change(retirement.field, old, p.or_null(p.encoded(before)), "source", why)
        return self._drafts(rows, p.RESTORE, {retirement.field: _Change(before, told)}, holds=self._blocked(rows))

    def _before(self, name: str, retired: str, rows: Positions) -> list[Any]:
        """Return what the objects were before they were retired, or what the source says now where its word counts."""
        none = [None] * len(rows)
        wanted = picked(self.desired[name], rows).to_pylist() if name in self.desired else none
        base = self._base(name, self.remembered[rows])
        applied = none if base is None else base.to_pylist()
        first = name in self.owners and self.owners[name].owner != "initial"
        ranked = zip(wanted, applied, strict=True) if first else zip(applied, wanted, strict=True)
        return [next((status for status in statuses if status not in (None, retired)), None) for statuses in ranked]

    def returned(self) -> pa.RecordBatch:
        """Records that were counted as missing and are there again."""
        away = self.links["missing_since"].notna() | self.links["retired_by"].notna()
        missing = np.append(away.to_numpy(dtype=bool) & self.ours, False)  # the last one stands for no link at all
        return self._drafts(np.flatnonzero(missing[self.link_of]), p.SEEN, reason="in the source again")

    def retirements(self, now: datetime) -> pa.RecordBatch:
        """A row for each linked object whose record is gone from the source: retired, or held with the reason why not yet."""
        retirement = self.kind.retirement
        if retirement is None or self.links.empty:
            return self._batch(0, p.RETIRE)
        gone, objects = self._gone(retirement)
        status = picked(self.observed[retirement.field], objects)
        runs = pc.add(pc.fill_null(picked(self.links["missing_runs"], gone), 0), 1)
        told = p.change(retirement.field, p.encoded(status), p.quoted(retirement.value), "source", "gone from the source")
        return self._batch(
            len(gone),
            p.RETIRE,
            key=picked(text(self.observed["key"]), objects),
            source_key=picked(text(self.links["source_key"]), gone),
            target_id=picked(text(self.observed["id"]), objects),
            version=picked(text(self.observed["version"]), objects),
            changes=p.changes([told]),
            reason=forms.strung("not in the source for ", runs, " runs", like=told),
            hold=pc.coalesce(self._kept_from_retiring(objects), self._spared(retirement, status, gone, runs, now)),
        )

    def _gone(self, retirement: Retirement) -> tuple[Positions, Positions]:
        """Return the links whose record is gone, and their objects; not those retired already, nor those of another record."""
        gone = self.links["retired_by"].isna().to_numpy(dtype=bool) & self.ours
        gone[self.link_of[self.link_of >= 0]] = False
        links = np.flatnonzero(gone)
        objects = index(picked(text(self.links["target_id"]), links), text(self.observed["id"]))
        in_service = ~mask(pc.equal(arrow(self.observed[retirement.field]), retirement.value))
        in_service[self.object_of[self.object_of >= 0]] = False
        left = np.append(in_service, False)[objects]  # the last one stands for an object that is gone too
        return links[left], objects[left]

    def _kept_from_retiring(self, objects: Positions) -> pa.Array:
        """Return, by object, why it is not retired whatever the grace says: it is locked, or it may be in the source."""
        locked = picked(text(self.observed["locked"]), objects)
        held = self.desired.take(np.flatnonzero((self.matches["verdict"] == HELD).to_numpy()))
        if held.empty or not objects.size:
            return locked
        maybe = pa.array(suspects(self.kind, held, self.observed.take(objects)), locked.type)
        return pc.coalesce(locked, forms.strung("may be ", maybe, ", which is held", like=locked))

    def _spared(self, retirement: Retirement, status: pa.Array, links: Positions, runs: pa.Array, now: datetime) -> pa.Array:
        """Return, by link whose record is gone, why its object is not retired yet."""
        applied = self._base(retirement.field, links)
        by_hand = filled(status) if applied is None else differs(status, applied)
        since = taken(self.links["missing_since"], links)
        waited = (now - since).fillna(timedelta())
        soon = mask(pc.less(runs, self.grace.runs)) | (waited < self.grace.time).to_numpy(dtype=bool)
        why: list[str | None] = [None] * len(links)
        for at in np.flatnonzero(by_hand | soon).tolist():
            person = f"status {status[at].as_py()!r} was set by a person, so it is not retired"
            why[at] = person if by_hand[at] else self._too_soon(runs[at].as_py(), since.iat[at])
        return pa.array(why, pa.large_string())

    def _too_soon(self, runs: int, since: Any) -> str:
        grace = f"retired after {self.grace.runs} runs and {self.grace.time.total_seconds() / 3600:g} h"
        if pd.isna(since):
            return f"missing for the first time; {grace}"
        return f"missing since {since:%Y-%m-%d %H:%M} UTC, run {runs}; {grace}"

    def quarantined(self) -> pa.RecordBatch:
        """The rows that nobody can tell apart, with the evidence."""
        rows = np.flatnonzero((self.matches["verdict"] == HELD).to_numpy())
        # What a record refers to is the better reason, where that is held: without it nothing could identify the record.
        holds = [*self._blocked(rows), picked(text(self.matches["evidence"]), rows)]
        return self._drafts(rows, p.QUARANTINE, reason="identity", holds=holds)

    # Operations in the making.

    def _drafts(
        self,
        rows: Positions,
        op: str,
        changes: Mapping[str, _Change] | None = None,
        *,
        reason: pa.Array | str | None = None,
        holds: Iterable[pa.Array | str | None] = (),
    ) -> pa.RecordBatch:
        """Return operations on desired rows, each held for the first of the reasons that speaks of it."""
        changes = changes or {}
        if not rows.size:
            return self._batch(0, op)
        objects = self.object_of[rows]
        return self._batch(
            len(rows),
            op,
            **{name: picked(text(self.matches[name]), rows) for name in ("key", "source_key", "target_id")},
            version=picked(text(self.observed["version"]), objects),
            changes=p.changes([changes[name].told for name in sorted(changes)]),
            reason=self._matched_by(rows) if reason is None else reason,
            hold=pc.coalesce(*(hold for hold in holds if hold is not None), pa.nulls(len(rows), pa.large_string())),
            object=pa.array(objects),
            **self._watched(changes),
        )

    def _batch(self, length: int, op: str, **columns: pa.Array | str) -> pa.RecordBatch:
        """Return operations from columns and constants; what is not given is missing."""
        given = {"kind": self.kind.name, "op": op, "changes": p.NO_CHANGES} | columns
        arrays = [_filled_up(given.get(column.name), length, column.type) for column in self.schema]
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)

    def _watched(self, changes: Mapping[str, _Change]) -> dict[str, pa.Array]:
        watched = {name: changes[name] for name in _watched(self.kind) if name in changes}
        news = {_new(name): _as_text(change.new) for name, change in watched.items()}
        return news | {_changes(name): pc.is_valid(change.told) for name, change in watched.items()}

    def _matched_by(self, rows: Positions) -> pa.Array:
        rules = pa.array(self.matches["rule"].array).take(pa.array(rows)).cast(pa.large_string())
        return forms.strung("matched by ", rules, like=rules)

    def _blocked(self, rows: Positions) -> list[pa.Array]:
        if not self.blocked:
            return []
        return [pa.array([self.blocked.get(row) for row in rows.tolist()], pa.large_string())]

    def _too_long(self, changes: Mapping[str, _Change]) -> list[pa.Array]:
        limited = [f for f in self.kind.fields if f.max_length is not None and f.type != "reference" and f.name in changes]
        return [too_long(field, changes[field.name].new) for field in limited]

    def _any_of(self, masks: Iterable[Mask]) -> Mask:
        return _either(masks, len(self.desired))


def _either(masks: Iterable[Mask], rows: int) -> Mask:
    either = np.zeros(rows, dtype=bool)
    for one in masks:
        either |= one
    return either


def _stood_in(positions: Positions, among: Mask) -> Positions:
    """Return the positions with any that exists outside of those rows: what comes of it is not looked at, and nulls cost."""
    return np.where(among, positions, 0 if positions.size and positions.max() >= 0 else -1)


def _draft_schema(kind: Kind) -> pa.Schema:
    own = [(name, pa.large_string()) for name in p.OPERATION_COLUMNS]
    watched = [(_new(name), pa.large_string()) for name in _watched(kind)]
    return pa.schema([*own, ("object", pa.int64()), *watched, *((_changes(name), pa.bool_()) for name in _watched(kind))])


def _watched(kind: Kind) -> list[str]:
    """Return the fields that decide about clashes and dependents."""
    unique = [name for unique in kind.unique for name in unique.fields]
    return list(dict.fromkeys([*unique, *(reference.name for reference in kind.references)]))


def _new(field: str) -> str:
    return f"new:{field}"


def _changes(field: str) -> str:
    return f"changes:{field}"


def _filled_up(value: pa.Array | str | None, length: int, type_: pa.DataType) -> pa.Array:
    if isinstance(value, pa.Array):
        return value if value.type == type_ else value.cast(type_)
    return pa.nulls(length, type_) if value is None else pa.repeat(pa.scalar(value, type_), length)


def too_long(declared: Field, values: pa.Array) -> pa.Array:
    """Return, by value, why the target would refuse a text of that length; null where it would not."""
    why: list[str | None] = [None] * len(values)
    lengths = pc.utf8_length(values) if pa.types.is_large_string(values.type) else pa.nulls(len(values), pa.int64())
    for at in np.flatnonzero(mask(pc.greater(lengths, declared.max_length))).tolist():
        new = values[at].as_py()
        why[at] = f"{declared.name} has {len(new)} characters, the target takes {declared.max_length}: {new[:40]!r}…"
    return pa.array(why, pa.large_string())


def hold_clashes(kind: Kind, observed: pd.DataFrame, drafts: pa.RecordBatch) -> pa.RecordBatch:
    """Hold the drafts whose values the target would refuse because another object has them, or is about to."""
    found = True
    while found:
        # An object that is held keeps what it has, so that who wanted that is held too.
        found = False
        for unique in kind.unique:
            clashes = _clashes(kind, unique, observed, drafts)
            drafts, found = _held(drafts, clashes), found or bool(clashes)
    return drafts


def _clashes(kind: Kind, unique: Unique, observed: pd.DataFrame, drafts: pa.RecordBatch) -> dict[int, str]:
    """Return why drafts that are not held yet clash, by row."""
    touched = _either((mask(drafts[_changes(name)]) for name in unique.fields), len(drafts))
    rows = np.flatnonzero(touched & ~filled(drafts["hold"]))
    if not rows.size:
        return {}
    there = {name: text(observed[name]) for name in unique.fields}
    final = {name: _final_values(name, drafts, rows, column) for name, column in there.items()}
    values = _unique_values(kind, unique, final)
    moving = set(picked(drafts["target_id"], rows).to_pylist())
    holders = _holders(observed, _unique_values(kind, unique, there), values, moving)
    told = values.to_pylist()
    counts = Counter(told)
    clashes: dict[int, str] = {}
    for at, value in enumerate(told):
        if value is None or (value not in holders and counts[value] == 1):
            continue
        words = ", ".join(f"{name} {column[at].as_py()!r}" for name, column in final.items())
        holder = f"is on {kind.name} #{holders[value]} already" if value in holders else None
        clashes[int(rows[at])] = f"{words} {holder or f'would stand on {counts[value]} objects'}"
    return clashes


def _final_values(name: str, drafts: pa.RecordBatch, rows: Positions, there: pa.Array) -> pa.Array:
    """Return the values that a field has when those drafts are applied."""
    objects = pc.fill_null(drafts["object"], -1).to_numpy()[rows]
    new, changes = picked(drafts[_new(name)], rows), mask(drafts[_changes(name)])[rows]
    return new if changes.all() else pc.if_else(changes, new, picked(there, objects))


def _holders(observed: pd.DataFrame, there: pa.Array, wanted: pa.Array, moving: set[str | None]) -> dict[str, str]:
    """Return who has the values wanted, by value: of several the one of the least id, those aside that get another value."""
    near = np.flatnonzero(mask(pc.is_in(there, value_set=wanted, skip_nulls=True)))
    pairs = zip(picked(there, near).to_pylist(), picked(text(observed["id"]), near).to_pylist(), strict=True)
    return dict(sorted(((value, holder) for value, holder in pairs if holder not in moving), reverse=True))


def _unique_values(kind: Kind, unique: Unique, columns: Mapping[str, pa.Array]) -> pa.Array:
    exact = {f.name for f in kind.references}
    return forms.joined([forms.normal(columns[n], "exact" if n in exact else unique.form) for n in unique.fields])


def _hold_dependents(kind: Kind, drafts: pa.RecordBatch, unmade: dict[tuple[str, str], str]) -> pa.RecordBatch:
    """Hold what needs an object that is held itself; `unmade` has, by kind and key, what such objects wait for."""
    waiting: dict[int, str] = {}
    rows = np.flatnonzero(_held_creates(drafts) | _needy(kind, drafts))
    for row, draft in zip(rows.tolist(), drafts.take(pa.array(rows)).to_pylist(), strict=True):
        causes = [unmade[needed] for needed in _needs(kind, draft) if needed in unmade]
        if draft["op"] == p.CREATE and (causes or draft["hold"]):
            unmade[kind.name, draft["key"]] = causes[0] if causes else f"{kind.name} {draft['key']!r}: {draft['hold']}"
        if causes and draft["hold"] is None:
            waiting[row] = f"waits for {causes[0]}"
    return _held(drafts, waiting)


def _held_creates(drafts: pa.RecordBatch) -> Mask:
    return mask(pc.equal(drafts["op"], p.CREATE)) & filled(drafts["hold"])


def _needy(kind: Kind, drafts: pa.RecordBatch) -> Mask:
    """Return which drafts need an object that is not there yet."""
    pending = [mask(pc.starts_with(drafts[_new(reference.name)], PENDING)) for reference in kind.references]
    return _either([*pending, *([~filled(drafts["target_id"])] if kind.facet_of else [])], len(drafts))


def _needs(kind: Kind, draft: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if kind.facet_of and draft["target_id"] is None:
        yield kind.facet_of, draft["key"]
    for reference in kind.references:
        new = draft[_new(reference.name)]
        if new is not None and new.startswith(PENDING):
            yield str(reference.to), new.removeprefix(PENDING)


def _needed(
    kinds: Kinds, written: Mapping[str, pa.RecordBatch], others: Mapping[str, Iterable[pa.RecordBatch]]
) -> Iterator[pa.RecordBatch]:
    """Return the drafts in their order, without what is made for nothing."""
    needed = _without_unreferred(kinds, written)
    left_out = _left_out(written, needed)
    for name, kind in kinds.items():
        yield needed[name]
        yield from (_without_idle_claims(kind, drafts, left_out) for drafts in others[name])


def _without_unreferred(kinds: Kinds, written: Mapping[str, pa.RecordBatch]) -> dict[str, pa.RecordBatch]:
    """Leave out the creates of `referred` kinds that nothing which is carried out refers to.

    The last kinds come first: what only something that is left out refers to is left out too.
    """
    needed = dict(written)
    for name, kind in reversed([*kinds.items()]):
        if kind.referred:
            needed[name] = _referred_alone(needed[name], _references_to(name, kinds, needed))
    return needed


def _referred_alone(drafts: pa.RecordBatch, references: Iterable[tuple[pa.Array, pa.Array]]) -> pa.RecordBatch:
    """Return the drafts without the creates that no reference is to; references are told with why their drafts are held."""
    creates = mask(pc.equal(drafts["op"], p.CREATE))
    if not creates.any():
        return drafts
    tokens, held = _tokens(drafts), filled(drafts["hold"])
    kept = ~creates
    for news, holds in references:
        kept |= index(tokens, news.filter(pc.is_null(holds))) >= 0
        if held.any():
            # A held one makes nothing, and says what those wait for that refer to it.
            kept |= held & (index(tokens, news) >= 0)
    return drafts if kept.all() else drafts.filter(pa.array(kept))


def _references_to(to: str, kinds: Kinds, written: Mapping[str, pa.RecordBatch]) -> Iterator[tuple[pa.Array, pa.Array]]:
    """Return what drafts say in each reference to that kind, and why they are held."""
    for name, kind in kinds.items():
        drafts = written[name]
        for reference in kind.references:
            if reference.to == to:
                yield drafts[_new(reference.name)], drafts["hold"]
        if kind.facet_of == to:
            yield _tokens(drafts), drafts["hold"]


def _tokens(drafts: pa.RecordBatch) -> pa.Array:
    """Return how references name the objects of drafts, where these are about to be created."""
    return forms.strung(PENDING, drafts["key"], like=drafts["key"])


def _left_out(written: Mapping[str, pa.RecordBatch], needed: Mapping[str, pa.RecordBatch]) -> dict[str, pa.Array]:
    """Return how references name what is left out, by kind, where anything is."""
    fewer = {name: _tokens(drafts) for name, drafts in written.items() if len(needed[name]) < len(drafts)}
    return {name: tokens.filter(pc.invert(pc.is_in(tokens, _tokens(needed[name])))) for name, tokens in fewer.items()}


def _without_idle_claims(kind: Kind, drafts: pa.RecordBatch, left_out: Mapping[str, pa.Array]) -> pa.RecordBatch:
    """Leave out the claims that would only wait, run after run, to remember a reference to what is left out."""
    references = [reference for reference in kind.references if reference.to in left_out]
    waiting = _either((mask(pc.is_in(drafts[_new(r.name)], left_out[str(r.to)])) for r in references), len(drafts))
    if not waiting.any():
        return drafts
    # A claim that makes a link is worth it without a value.
    idle = mask(pc.equal(drafts["changes"], p.NO_CHANGES)) & mask(pc.equal(drafts["reason"], f"matched by {LINK}"))
    return drafts.filter(pa.array(~(waiting & idle)))


def _held(drafts: pa.RecordBatch, why: Mapping[int, str]) -> pa.RecordBatch:
    """Return the drafts with those rows held."""
    if not why:
        return drafts
    at = np.full(len(drafts), -1, dtype=np.int64)
    at[list(why)] = np.arange(len(why))
    hold = pc.coalesce(drafts["hold"], picked(pa.array(why.values(), pa.large_string()), at))
    return drafts.set_column(drafts.schema.get_field_index("hold"), "hold", hold)


_OP_ORDER = pa.array((*p.WRITES, p.CLAIM, p.SEEN, p.QUARANTINE), pa.large_string())


def _in_order(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    drafts = pa.concat_batches(batches)
    texts = {name: pc.fill_null(drafts[name], "") for name in ("key", "source_key", "hold")}
    keys = pa.RecordBatch.from_pydict({"op": pc.index_in(drafts["op"], value_set=_OP_ORDER), **texts})
    return drafts.take(pc.sort_indices(keys, sort_keys=[(name, "ascending") for name in keys.schema.names]))


def _as_text(values: pa.Array) -> pa.Array:
    """Return values as `asset_sync.reconcile.tables.text` does."""
    if pa.types.is_large_string(values.type):
        return values
    return pa.array([None if value is None else str(value) for value in values.to_pylist()], pa.large_string())
