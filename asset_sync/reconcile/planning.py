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
from asset_sync.reconcile.identity import HELD, NEW, SAME, suspects
from asset_sync.reconcile.kinds import Kind, Kinds, Retirement, Unique
from asset_sync.reconcile.merge import Merge, Ownership, merge
from asset_sync.reconcile.plan import Changes, Mode, Plan
from asset_sync.reconcile.references import PENDING, held_references, resolve
from asset_sync.reconcile.tables import (
    Column,
    Mask,
    Positions,
    Tables,
    base_column,
    cell,
    index,
    mask,
    no_links,
    picked,
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


@dataclass(slots=True)
class Draft:
    """An operation in the making; `at` and `at_object` are its row numbers in the desired and the observed table."""

    kind: str
    op: str
    key: str
    source_key: str
    target_id: str | None
    version: str | None
    changes: Changes = field(default_factory=dict)
    reason: str = ""
    hold: str | None = None
    at: int = -1
    at_object: int = -1

    def row(self) -> tuple[str | None, ...]:
        """Return the operation in the order of the plan's columns."""
        changes = p.encode(self.changes)
        return (
            self.kind,
            self.op,
            self.key,
            self.source_key,
            self.target_id,
            self.version,
            changes,
            self.reason,
            self.hold,
        )


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
) -> Plan:
    """Return the plan that brings the target to what the source says.

    `matches` comes from `asset_sync.reconcile.references.match_all`. `complete` says that the source named everything it has:
    only then is a missing record missing. `now` is the clock of the grace period. `after` is the plan applied last.
    """
    drafts: list[Draft] = []
    unmade: dict[tuple[str, str], str] = {}
    for kind in kinds.values():
        planner = _Planner(kind, policy, snapshot, matches, full=mode == "full")
        written = _in_order([*planner.updates(), *planner.restores(), *planner.creates()])
        hold_clashes(kind, planner.observed, written)
        _hold_dependents(kind, written, unmade)
        drafts += written
        drafts += _in_order(planner.retirements(now) if complete else [])
        drafts += _in_order([*planner.claims(), *planner.returned(), *planner.quarantined()])
    return Plan(sync, mode, p.operations_table([draft.row() for draft in drafts]), after, complete, dict(source_rows or {}))


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Row numbers of matched records: in the desired table, the observed one, and the links (-1 where none).

    A link is what is remembered of the object, whichever record it was linked to; `linked` where that is this very record.
    """

    desired: Positions
    observed: Positions
    links: Positions
    linked: Mask


class _Planner:
    """The plan of one kind."""

    def __init__(self, kind: Kind, policy: Policy, snapshot: Snapshot, matches: Tables, *, full: bool) -> None:
        self.kind = kind
        self.full = full
        self.grace = policy.grace
        self.owners = policy.owners.get(kind.name, {})
        self.links = snapshot.links.get(kind.name, no_links())
        self.observed = snapshot.observed[kind.name]
        wanted = snapshot.desired[kind.name]
        self.desired = resolve(kind, wanted, matches)
        self.matches = matches[kind.name]
        self.blocked = held_references(kind, wanted, matches)
        self.target_keys = {f.name: snapshot.observed[str(f.to)] for f in kind.references}
        self.link_of = index(text(self.desired["source_key"]), text(self.links["source_key"]))
        self.object_of = index(text(self.matches["target_id"]), text(self.observed["id"]))
        self.same = self._same()
        self.rules = pa.array(self.matches["rule"].array).cast(pa.large_string())
        self.returning = self._returning()
        self.merges = {name: self._merge(name, ownership) for name, ownership in self.owners.items()}

    # What stands on both sides.

    def _same(self) -> "_Pairs":
        rows = np.flatnonzero((self.matches["verdict"] == SAME).to_numpy())
        ids, linked_ids = text(self.matches["target_id"]), text(self.links["target_id"])
        links = self.link_of[rows]
        linked = mask(pc.equal(picked(ids, rows), picked(linked_ids, links)))
        strange = np.flatnonzero(~linked)
        # A record of a new name for an object that another record was linked to: what was remembered is still true of it.
        links[strange] = index(picked(ids, rows[strange]), linked_ids)
        return _Pairs(rows, self.object_of[rows], links, linked)

    def _returning(self) -> Mask:
        """The pairs whose object this sync retired and nobody moved on since."""
        if self.kind.retirement is None or not self.links["retired_by"].notna().any():
            return np.zeros(len(self.same.desired), dtype=bool)
        ours = mask(pc.equal(picked(self.links["retired_by"], self.same.links), RETIRED_BY_SYNC))
        status = picked(self.observed[self.kind.retirement.field], self.same.observed)
        return ours & mask(pc.equal(status, self.kind.retirement.value))

    def _merge(self, name: str, ownership: Ownership) -> Merge:
        desired = picked(self.desired[name], self.same.desired)
        observed = picked(self.observed[name], self.same.observed)
        if self.kind.retirement is None or self.kind.retirement.field != name:
            return merge(ownership, desired, observed, self._base(name, ownership))
        # A status that a person set is never forced back, whoever owns the field; one that this sync set is restored.
        shared = Ownership("shared", ownership.clears) if ownership.owner == "source" else ownership
        merged = merge(shared, desired, observed, self._base(name, shared))
        there = ~self.returning
        return Merge(merged.write & there, merged.conflict & there, merged.ours & there, merged.agreed & there)

    def _base(self, name: str, ownership: Ownership) -> Column | None:
        if ownership.owner != "shared" or base_column(name) not in self.links:
            return None
        like = self.desired[name].dtype
        column = self.links[base_column(name)]
        return picked(column if column.dtype == like else column.astype(like), self.same.links)

    def updates(self) -> Iterator[Draft]:
        """A row for each matched object with fields to write, and a held one for each with fields in conflict."""
        yield from self._updates({name: m.ours if self.full else m.write for name, m in self.merges.items()}, None)
        conflicts = {name: m.conflict for name, m in self.merges.items()}
        yield from self._updates(conflicts, "changed on both sides since the last sync: decide which value stays")

    def _updates(self, chosen: Mapping[str, Mask], hold: str | None) -> Iterator[Draft]:
        changes: dict[int, Changes] = {}
        for name, where in chosen.items():
            for at, old, new in self._cells(name, np.flatnonzero(where)):
                changes.setdefault(at, {})[name] = self._change(name, old, new)
        rows = self.same.desired[list(changes)]
        for draft, fields in zip(self._drafts(rows, p.UPDATE), changes.values(), strict=True):
            draft.changes = fields
            draft.hold = too_long(self.kind, fields) or draft.hold or hold
            yield draft

    def _cells(self, name: str, rows: Positions) -> Iterator[tuple[int, Any, Any]]:
        old = picked(self.observed[name], self.same.observed[rows]).to_pylist()
        new = picked(self.desired[name], self.same.desired[rows]).to_pylist()
        if self.kind.field(name).type == "reference":
            old, new = self._references(name, old), self._references(name, new)
        yield from zip(rows.tolist(), old, new, strict=True)

    def _change(self, name: str, old: object, new: object) -> dict[str, Any]:
        reason = "equal, written again" if old == new else "empty so far" if old is None else "the source says otherwise"
        return {"old": old, "new": new, "owner": self.owners[name].owner, "reason": reason}

    def _references(self, name: str, tokens: list[str | None]) -> list[Any]:
        """Return references in the words of a plan."""
        to, there = self.kind.field(name).to, self.target_keys[name]
        at = index(pa.array(tokens, pa.large_string()), text(there["id"]))
        keys = picked(text(there["key"]), at).to_pylist()
        return [
            None
            if token is None
            else {"kind": to, "key": token[len(PENDING) :], "id": None}
            if token.startswith(PENDING)
            else {"kind": to, "key": key, "id": token}
            for token, key in zip(tokens, keys, strict=True)
        ]

    # What the target lacks.

    def creates(self) -> Iterator[Draft]:
        """A row for each record that the target does not have, with every field that has a value."""
        rows = np.flatnonzero((self.matches["verdict"] == NEW).to_numpy())
        # A facet is written to its parent's own object, once that is there.
        names = [name for name in self.owners if not (self.kind.facet_of and name == self.kind.parent)]
        columns = [self._column(name, rows) for name in names]
        owners = [self.owners[name].owner for name in names]
        for at, draft in enumerate(self._drafts(rows, p.UPDATE if self.kind.facet_of else p.CREATE)):
            draft.changes = {
                name: {"old": None, "new": column[at], "owner": owner, "reason": "new"}
                for name, owner, column in zip(names, owners, columns, strict=True)
                if column[at] is not None
            }
            draft.reason = self._new_because(draft.at)
            draft.hold = too_long(self.kind, draft.changes) or draft.hold
            if draft.changes or not self.kind.facet_of:
                yield draft

    def _column(self, name: str, rows: Positions) -> list[Any]:
        values = picked(self.desired[name], rows).to_pylist()
        return self._references(name, values) if self.kind.field(name).type == "reference" else values

    def _new_because(self, row: int) -> str:
        link = int(self.link_of[row])
        if link < 0:
            return "not in the target"
        return f"{self.kind.name} #{cell(self.links['target_id'], link)}, linked so far, is gone from the target"

    # What came, went and came back.

    def claims(self) -> Iterator[Draft]:
        """What is to be remembered without a write: new links, and values that both sides agree on."""
        remembered = {name: m for name, m in self.merges.items() if self._is_remembered(name)}
        # A link that comes with a restore is made by that, so that a restore that fails is tried again.
        unlinked = ~self.same.linked & ~self.returning
        pairs = np.flatnonzero(np.logical_or.reduce([unlinked, *(m.agreed for m in remembered.values())]))
        rows = self.same.desired[pairs]
        columns = {name: self._remembered(name, m, unlinked, pairs) for name, m in remembered.items()}
        for number, draft in enumerate(self._drafts(rows, p.CLAIM)):
            if draft.hold is None:
                draft.changes = {name: value for name, column in columns.items() if (value := column[number]) is not None}
                yield draft

    def _is_remembered(self, name: str) -> bool:
        retired = self.kind.retirement is not None and self.kind.retirement.field == name
        return retired or self.owners[name].owner == "shared"

    def _remembered(self, name: str, merged: Merge, unlinked: Mask, pairs: Positions) -> list[dict[str, Any] | None]:
        """Return what to remember of a field: what the source says; for what is still to be written or decided, what was."""
        new = self._column(name, self.same.desired[pairs])
        base = [None] * len(pairs)
        if base_column(name) in self.links:
            base = picked(self.links[base_column(name)], self.same.links[pairs]).to_pylist()
            if self.kind.field(name).type == "reference":
                base = self._references(name, base)
        agreed, fresh = merged.agreed[pairs].tolist(), unlinked[pairs].tolist()
        open_ones = (merged.write | merged.conflict)[pairs].tolist()
        values: list[dict[str, Any] | None] = []
        for told, was, sure, link_is_new, is_open in zip(new, base, agreed, fresh, open_ones, strict=True):
            value = was if is_open else told
            pending = isinstance(value, dict) and value["id"] is None
            worth = (sure and not is_open) or (link_is_new and value is not None)
            values.append({"new": value} if worth and not pending else None)
        return values

    def restores(self) -> Iterator[Draft]:
        """A row for each object that this sync retired and whose record is back; one that a person moved on stays so."""
        pairs = np.flatnonzero(self.returning)
        if self.kind.retirement is None or not pairs.size:
            return
        name, retired = self.kind.retirement.field, self.kind.retirement.value
        before = self._before(name, retired, pairs)
        for status, draft in zip(before, self._drafts(self.same.desired[pairs], p.RESTORE), strict=True):
            why = "retired by this sync, back in the source"
            draft.changes = {name: {"old": retired, "new": status, "owner": "source", "reason": why}}
            yield draft

    def _before(self, name: str, retired: str, pairs: Positions) -> list[Any]:
        """Return what the objects were before they were retired, or what the source says now where its word counts."""
        none = [None] * len(pairs)
        wanted = picked(self.desired[name], self.same.desired[pairs]).to_pylist() if name in self.desired else none
        column = base_column(name)
        base = picked(self.links[column], self.same.links[pairs]).to_pylist() if column in self.links else none
        first = name in self.owners and self.owners[name].owner != "initial"
        ranked = zip(wanted, base, strict=True) if first else zip(base, wanted, strict=True)
        return [next((status for status in statuses if status not in (None, retired)), None) for statuses in ranked]

    def returned(self) -> Iterator[Draft]:
        """Records that were counted as missing and are there again."""
        missing = (self.links["missing_since"].notna() | self.links["retired_by"].notna()).to_numpy(dtype=bool)
        linked = np.flatnonzero(self.link_of >= 0)
        for draft in self._drafts(linked[missing[self.link_of[linked]]], p.SEEN):
            draft.reason, draft.hold = "in the source again", None
            yield draft

    def retirements(self, now: datetime) -> Iterator[Draft]:
        """A row for each linked object whose record is gone from the source: retired, or held with the reason why not yet."""
        retirement = self.kind.retirement
        if retirement is None or self.links.empty:
            return
        gone = self._gone()
        object_of = index(picked(text(self.links["target_id"]), gone), text(self.observed["id"]))
        gone, object_of = gone[object_of >= 0], object_of[object_of >= 0]
        status = picked(self.observed[retirement.field], object_of).to_pylist()
        applied = self._applied(gone, retirement)
        spared = self._kept_from_retiring(object_of)
        runs = [(n or 0) + 1 for n in picked(self.links["missing_runs"], gone).to_pylist()]
        since = _values(self.links["missing_since"].take(gone))
        columns = zip(
            *(picked(text(self.observed[c]), object_of).to_pylist() for c in ("key", "id", "version")),
            picked(text(self.links["source_key"]), gone).to_pylist(),
            strict=True,
        )
        for at, (key, target_id, version, source_key) in enumerate(columns):
            if status[at] == retirement.value:
                continue
            change = {"old": status[at], "new": retirement.value, "owner": "source", "reason": "gone from the source"}
            yield Draft(
                kind=self.kind.name,
                op=p.RETIRE,
                key=key,
                source_key=source_key,
                target_id=target_id,
                version=version,
                changes={retirement.field: change},
                reason=f"not in the source for {runs[at]} runs",
                hold=spared[at] or self._spared(status[at], applied[at], runs[at], since[at], now),
            )

    def _gone(self) -> Positions:
        """The links whose record is gone from the source, but not those whose object another record has now."""
        gone = self.links["retired_by"].isna().to_numpy(dtype=bool, copy=True)
        gone[self.link_of[self.link_of >= 0]] = False
        rows = np.flatnonzero(gone)
        elsewhere = index(picked(text(self.links["target_id"]), rows), text(self.matches["target_id"])) >= 0
        return rows[~elsewhere]

    def _kept_from_retiring(self, object_of: Positions) -> list[str | None]:
        """Return, by object, why it is not retired whatever the grace says: it is locked, or it may be in the source."""
        reasons: list[str | None] = picked(text(self.observed["locked"]), object_of).to_pylist()
        held = self.desired.take(np.flatnonzero((self.matches["verdict"] == HELD).to_numpy()))
        if held.empty or not object_of.size:
            return reasons
        maybe = suspects(self.kind, held, self.observed.take(object_of))
        return [why or (key and f"may be {key}, which is held") for why, key in zip(reasons, maybe, strict=True)]

    def _applied(self, links: Positions, retirement: Retirement) -> list[Any]:
        column = base_column(retirement.field)
        return picked(self.links[column], links).to_pylist() if column in self.links else [None] * len(links)

    def _spared(self, status: object, applied: object, runs: int, since: datetime | None, now: datetime) -> str | None:
        grace = f"retired after {self.grace.runs} runs and {self.grace.time.total_seconds() / 3600:g} h"
        if status != applied:
            return f"status {status!r} was set by a person, so it is not retired"
        if runs < self.grace.runs or now - (since or now) < self.grace.time:
            if since is None:
                return f"missing for the first time; {grace}"
            return f"missing since {since:%Y-%m-%d %H:%M} UTC, run {runs}; {grace}"
        return None

    def quarantined(self) -> Iterator[Draft]:
        """The rows that nobody can tell apart, with the evidence."""
        for draft in self._drafts(np.flatnonzero((self.matches["verdict"] == HELD).to_numpy()), p.QUARANTINE):
            # What a record refers to is the better reason, where that is held: without it nothing could identify the record.
            draft.reason = "identity"
            draft.hold = draft.hold or cell(self.matches["evidence"], draft.at)
            yield draft

    def _drafts(self, rows: Positions, op: str) -> Iterator[Draft]:
        """Drafts for desired rows, with the columns that every operation has; whole columns at a time, for speed."""
        objects = self.object_of[rows]
        columns = zip(
            rows.tolist(),
            objects.tolist(),
            *(picked(text(self.matches[name]), rows).to_pylist() for name in ("key", "source_key", "target_id")),
            picked(text(self.observed["version"]), objects).to_pylist(),
            picked(self.rules, rows).to_pylist(),
            strict=True,
        )
        for row, at_object, key, source_key, target_id, version, rule in columns:
            yield Draft(
                kind=self.kind.name,
                op=op,
                key=key,
                source_key=source_key,
                target_id=target_id,
                version=version,
                reason=f"matched by {rule}",
                hold=self.blocked.get(row),
                at=row,
                at_object=at_object,
            )


def too_long(kind: Kind, changes: Changes) -> str | None:
    """Return why the target would refuse a text of that length, or None."""
    for declared in kind.fields:
        if declared.max_length is None or declared.name not in changes:
            continue
        new = changes[declared.name]["new"]
        if isinstance(new, str) and len(new) > declared.max_length:
            return f"{declared.name} has {len(new)} characters, the target takes {declared.max_length}: {new[:40]!r}…"
    return None


def hold_clashes(kind: Kind, observed: pd.DataFrame, drafts: list[Draft]) -> None:
    """Hold the drafts whose values the target would refuse because another object has them, or is about to."""
    found = True
    while found:
        # An object that is held keeps what it has, so that who wanted that is held too.
        found = False
        for unique in kind.unique:
            touched = [d for d in drafts if d.hold is None and not d.changes.keys().isdisjoint(unique.fields)]
            if touched:
                found = _hold_clashes(kind, unique, observed, touched) or found


def _hold_clashes(kind: Kind, unique: Unique, observed: pd.DataFrame, drafts: list[Draft]) -> bool:
    names = list(unique.fields)
    final = [[_final_value(kind, name, d, observed) for name in names] for d in drafts]
    values = _unique_values(kind, unique, pd.DataFrame(final, columns=names, dtype="str"))
    holders = _holders(observed, _unique_values(kind, unique, observed), values, {d.target_id for d in drafts})
    counts = Counter(values.to_pylist())
    for draft, value, shown in zip(drafts, values.to_pylist(), final, strict=True):
        words = ", ".join(f"{name} {value!r}" for name, value in zip(names, shown, strict=True))
        if value in holders:
            draft.hold = f"{words} is on {kind.name} #{holders[value]} already"
        elif value is not None and counts[value] > 1:
            draft.hold = f"{words} would stand on {counts[value]} objects"
    return any(draft.hold for draft in drafts)


def _holders(observed: pd.DataFrame, there: pa.Array, wanted: pa.Array, moving: set[str | None]) -> dict[str, str]:
    """Return who has the values wanted, by value: of several the one of the least id, those aside that get another value."""
    near = np.flatnonzero(mask(pc.is_in(there, value_set=wanted, skip_nulls=True)))
    pairs = zip(picked(there, near).to_pylist(), picked(text(observed["id"]), near).to_pylist(), strict=True)
    return dict(sorted(((value, holder) for value, holder in pairs if holder not in moving), reverse=True))


def _final_value(kind: Kind, name: str, draft: Draft, observed: pd.DataFrame) -> str | None:
    if name not in draft.changes:
        return _text(cell(observed[name], draft.at_object)) if draft.at_object >= 0 else None
    new = draft.changes[name]["new"]
    if kind.field(name).type == "reference" and new is not None:
        return str(new["id"]) if new["id"] is not None else f"{PENDING}{new['key']}"
    return _text(new)


def _unique_values(kind: Kind, unique: Unique, table: pd.DataFrame) -> Any:
    exact = {f.name for f in kind.references}
    return forms.joined([forms.normal(text(table[n]), "exact" if n in exact else unique.form) for n in unique.fields])


_OP_ORDER = {op: at for at, op in enumerate((*p.WRITES, p.CLAIM, p.SEEN, p.QUARANTINE))}


def _hold_dependents(kind: Kind, drafts: list[Draft], unmade: dict[tuple[str, str], str]) -> None:
    """Hold what needs an object that is held itself; `unmade` has, by kind and key, what such objects wait for."""
    for draft in drafts:
        causes = [unmade[needed] for needed in _needs(kind, draft) if needed in unmade]
        if draft.op == p.CREATE and (causes or draft.hold):
            unmade[kind.name, draft.key] = causes[0] if causes else f"{kind.name} {draft.key!r}: {draft.hold}"
        if causes and draft.hold is None:
            draft.hold = f"waits for {causes[0]}"


def _needs(kind: Kind, draft: Draft) -> Iterator[tuple[str, str]]:
    if kind.facet_of and draft.target_id is None:
        yield kind.facet_of, draft.key
    for reference in kind.references:
        new = draft.changes.get(reference.name, {}).get("new")
        if new is not None and new["id"] is None:
            yield new["kind"], new["key"]


def _in_order(drafts: Iterable[Draft]) -> list[Draft]:
    return sorted(drafts, key=lambda d: (_OP_ORDER[d.op], d.key or "", d.source_key or "", d.hold or ""))


def _values(column: pd.Series) -> list[Any]:
    return [None if missing else value for value, missing in zip(column.tolist(), column.isna().tolist(), strict=True)]


def _text(value: Any) -> str | None:
    return None if value is None or pd.isna(value) else str(value)
