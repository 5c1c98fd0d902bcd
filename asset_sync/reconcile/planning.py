"""Plan: what has to be done so that the target says what the source says, field by field, with a reason for each."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from asset_sync.reconcile import forms
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.identity import HELD, NEW, SAME
from asset_sync.reconcile.kinds import Kind, Kinds, Retirement, Unique
from asset_sync.reconcile.merge import Merge, Ownership, merge
from asset_sync.reconcile.plan import Changes, Mode, Plan
from asset_sync.reconcile.references import PENDING, held_references, resolve
from asset_sync.reconcile.tables import Mask, Positions, Tables, base_column, cell, index, no_links, taken, text

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
    for kind in kinds.values():
        planner = _Planner(kind, policy, snapshot, matches, full=mode == "full")
        written = _in_order([*planner.updates(), *planner.restores(), *planner.creates()])
        hold_clashes(kind, planner.observed, written)
        drafts += written
        drafts += _in_order(planner.retirements(now) if complete else [])
        drafts += _in_order([*planner.claims(), *planner.returned(), *planner.quarantined()])
    return Plan(sync, mode, p.operations_table([draft.row() for draft in drafts]), after, complete, dict(source_rows or {}))


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Row numbers of matched records: in the desired table, the observed one, and the links (-1 where none)."""

    desired: Positions
    observed: Positions
    links: Positions


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
        self.named = wanted
        self.desired = resolve(kind, wanted, matches)
        self.matches = matches[kind.name]
        self.blocked = held_references(kind, wanted, matches)
        self.target_keys = {f.name: snapshot.observed[str(f.to)] for f in kind.references}
        self.link_of = index(text(self.desired["source_key"]), text(self.links["source_key"]))
        self.object_of = index(text(self.matches["target_id"]), text(self.observed["id"]))
        self.same = self._same()
        self.merges = {name: self._merge(name, ownership) for name, ownership in self.owners.items()}

    # What stands on both sides.

    def _same(self) -> "_Pairs":
        verdict = (self.matches["verdict"] == SAME).to_numpy()
        rows = np.flatnonzero(verdict)
        return _Pairs(rows, self.object_of[rows], self.link_of[rows])

    def _merge(self, name: str, ownership: Ownership) -> Merge:
        desired = taken(self.desired[name], self.same.desired)
        observed = taken(self.observed[name], self.same.observed)
        return merge(ownership, desired, observed, self._base(name, desired))

    def _base(self, name: str, like: pd.Series) -> pd.Series:
        column = base_column(name)
        if column not in self.links:
            return pd.Series(index=like.index, dtype=like.dtype)
        return taken(self.links[column], self.same.links).astype(like.dtype)

    def updates(self) -> Iterator[Draft]:
        """A row for each matched object with fields to write, and a held one for each with fields in conflict."""
        yield from self._updates({name: m.ours if self.full else m.write for name, m in self.merges.items()}, None)
        conflicts = {name: m.conflict for name, m in self.merges.items()}
        yield from self._updates(conflicts, "changed on both sides since the last sync: decide which value stays")

    def _updates(self, chosen: Mapping[str, Mask], hold: str | None) -> Iterator[Draft]:
        changes: dict[int, Changes] = {}
        for name, mask in chosen.items():
            for at, old, new in self._cells(name, np.flatnonzero(mask)):
                changes.setdefault(at, {})[name] = self._change(name, old, new)
        rows = self.same.desired[list(changes)]
        for draft, fields in zip(self._drafts(rows, p.UPDATE), changes.values(), strict=True):
            draft.changes = fields
            draft.hold = too_long(self.kind, fields) or draft.hold or hold
            yield draft

    def _cells(self, name: str, rows: Positions) -> Iterator[tuple[int, Any, Any]]:
        old = _values(taken(self.observed[name], self.same.observed[rows]))
        new = _values(taken(self.desired[name], self.same.desired[rows]))
        yield from zip(rows.tolist(), old, new, strict=True)

    def _change(self, name: str, old: object, new: object) -> dict[str, Any]:
        reason = "equal, written again" if old == new else "empty so far" if old is None else "the source says otherwise"
        return {
            "old": self._reference(name, old),
            "new": self._reference(name, new),
            "owner": self.owners[name].owner,
            "reason": reason,
        }

    def _reference(self, name: str, token: object) -> object:
        """Return a reference in the words of a plan; any other value as it is."""
        declared = self.kind.field(name)
        if declared.type != "reference" or token is None:
            return token
        if str(token).startswith(PENDING):
            return {"kind": declared.to, "key": str(token)[1:], "id": None}
        there = self.target_keys[name]
        at = np.flatnonzero((there["id"] == token).to_numpy())
        return {"kind": declared.to, "key": cell(there["key"], at[0]) if at.size else None, "id": token}

    # What the target lacks.

    def creates(self) -> Iterator[Draft]:
        """A row for each record that the target does not have, with every field that has a value."""
        rows = np.flatnonzero((self.matches["verdict"] == NEW).to_numpy())
        names = list(self.owners)
        columns = [_values(taken(self.desired[name], rows)) for name in names]
        for at, draft in enumerate(self._drafts(rows, p.CREATE)):
            draft.changes = {
                name: {
                    "old": None,
                    "new": self._reference(name, column[at]),
                    "owner": self.owners[name].owner,
                    "reason": "new",
                }
                for name, column in zip(names, columns, strict=True)
                if column[at] is not None
            }
            draft.reason = self._new_because(draft.at)
            draft.hold = too_long(self.kind, draft.changes) or draft.hold
            yield draft

    def _new_because(self, row: int) -> str:
        link = int(self.link_of[row])
        if link < 0:
            return "not in the target"
        return f"{self.kind.name} #{cell(self.links['target_id'], link)}, linked so far, is gone from the target"

    # What came, went and came back.

    def claims(self) -> Iterator[Draft]:
        """What is to be remembered without a write: new links, and values that both sides agree on."""
        if self.kind.facet_of:
            return
        remembered = {name: m for name, m in self.merges.items() if self._is_remembered(name)}
        unlinked = ~self._linked_alike()
        pairs = np.flatnonzero(np.logical_or.reduce([unlinked, *(m.agreed for m in remembered.values())]))
        rows = self.same.desired[pairs]
        columns = {name: _values(taken(self.desired[name], rows)) for name in remembered}
        for number, draft in enumerate(self._drafts(rows, p.CLAIM)):
            if draft.hold is None:
                draft.changes = {
                    name: {"new": columns[name][number]}
                    for name, m in remembered.items()
                    if (unlinked | m.agreed)[pairs[number]] and columns[name][number] is not None
                }
                yield draft

    def _is_remembered(self, name: str) -> bool:
        retired = self.kind.retirement is not None and self.kind.retirement.field == name
        return retired or self.owners[name].owner == "shared"

    def _linked_alike(self) -> Mask:
        ids = taken(self.links["target_id"], self.same.links)
        found = taken(self.observed["id"], self.same.observed)
        return (ids == found).fillna(value=False).to_numpy(dtype=bool)

    def restores(self) -> Iterator[Draft]:
        """A row for each object that this sync retired and whose record is back; one that a person moved on stays so."""
        if self.kind.retirement is None:
            return
        name, retired = self.kind.retirement.field, self.kind.retirement.value
        ours = (taken(self.links["retired_by"], self.same.links) == RETIRED_BY_SYNC).to_numpy(dtype=bool)
        is_retired = (taken(self.observed[name], self.same.observed) == retired).to_numpy(dtype=bool)
        pairs = np.flatnonzero(ours & is_retired)
        wanted = taken(self.desired[name], self.same.desired)
        before = self._base(name, wanted).where(lambda column: column.notna(), wanted)
        for pair, draft in zip(pairs, self._drafts(self.same.desired[pairs], p.RESTORE), strict=True):
            why = "retired by this sync, back in the source"
            draft.changes = {name: {"old": retired, "new": cell(before, pair), "owner": "source", "reason": why}}
            yield draft

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
        object_of = index(text(self.links["target_id"]), text(self.observed["id"]))
        gone = np.flatnonzero(self._is_gone() & (object_of >= 0))
        objects, links = self.observed.take(object_of[gone]), self.links.take(gone)
        status, applied = _values(objects[retirement.field]), self._applied(links, retirement)
        runs = links["missing_runs"].fillna(0).to_numpy(dtype=int) + 1
        since = _values(links["missing_since"])
        columns = zip(*(_values(objects[c]) for c in ("key", "id", "version")), _values(links["source_key"]), strict=True)
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
                hold=self._spared(status[at], applied[at], int(runs[at]), since[at], now),
            )

    def _is_gone(self) -> Mask:
        present = index(text(self.links["source_key"]), text(self.desired["source_key"])) >= 0
        taken_over = index(text(self.links["target_id"]), text(self.matches["target_id"])) >= 0
        return ~present & ~taken_over & self.links["retired_by"].isna().to_numpy(dtype=bool)

    def _applied(self, links: pd.DataFrame, retirement: Retirement) -> list[Any]:
        column = base_column(retirement.field)
        return _values(links[column]) if column in links else [None] * len(links)

    def _spared(self, status: object, applied: object, runs: int, since: datetime | None, now: datetime) -> str | None:
        grace = f"retired after {self.grace.runs} runs and {self.grace.time.total_seconds() / 3600:g} h"
        if status != applied:
            return f"status {status!r} was set by a person, so it is not retired"
        if since is None:
            return f"missing for the first time; {grace}"
        if runs < self.grace.runs or now - since < self.grace.time:
            return f"missing since {since:%Y-%m-%d %H:%M} UTC, run {runs}; {grace}"
        return None

    def quarantined(self) -> Iterator[Draft]:
        """The rows that nobody can tell apart, with the evidence."""
        for draft in self._drafts(np.flatnonzero((self.matches["verdict"] == HELD).to_numpy()), p.QUARANTINE):
            draft.reason, draft.hold = "identity", cell(self.matches["evidence"], draft.at)
            yield draft

    def _drafts(self, rows: Positions, op: str) -> Iterator[Draft]:
        """Drafts for desired rows, with the columns that every operation has; whole columns at a time, for speed."""
        named, matches = self.named.take(rows), self.matches.take(rows)
        objects = self.object_of[rows]
        columns = zip(
            rows.tolist(),
            objects.tolist(),
            _values(named["key"]),
            _values(named["source_key"]),
            _values(matches["target_id"]),
            _values(taken(self.observed["version"], objects)),
            _values(matches["rule"].astype("str")),
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
    for name, change in changes.items():
        limit, new = kind.field(name).max_length, change["new"]
        if limit and isinstance(new, str) and len(new) > limit:
            return f"{name} has {len(new)} characters, the target takes {limit}: {new[:40]!r}…"
    return None


def hold_clashes(kind: Kind, observed: pd.DataFrame, drafts: list[Draft]) -> None:
    """Hold the drafts whose values the target would refuse because another object has them, or is about to."""
    for unique in kind.unique:
        touched = [d for d in drafts if d.hold is None and not d.changes.keys().isdisjoint(unique.fields)]
        if touched:
            _hold_clashes(kind, unique, observed, touched)


def _hold_clashes(kind: Kind, unique: Unique, observed: pd.DataFrame, drafts: list[Draft]) -> None:
    names = list(unique.fields)
    final = [[_final_value(kind, name, d, observed) for name in names] for d in drafts]
    wanted = pd.DataFrame(final, columns=names, dtype="str")
    values = _unique_values(kind, unique, wanted)
    there = _unique_values(kind, unique, observed)
    near = np.flatnonzero(
        pc.fill_null(pc.is_in(there, value_set=values.drop_null()), fill_value=False).to_numpy(zero_copy_only=False)
    )
    moving = {d.target_id for d in drafts}
    holders = {there[int(at)].as_py(): cell(observed["id"], at) for at in near if cell(observed["id"], at) not in moving}
    counts = Counter(values.to_pylist())
    for draft, value, shown in zip(drafts, values.to_pylist(), final, strict=True):
        words = ", ".join(f"{name} {value!r}" for name, value in zip(names, shown, strict=True))
        if value in holders:
            draft.hold = f"{words} is on {kind.name} #{holders[value]} already"
        elif value is not None and counts[value] > 1:
            draft.hold = f"{words} would stand on {counts[value]} objects"


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


def _in_order(drafts: Iterable[Draft]) -> list[Draft]:
    return sorted(drafts, key=lambda d: (_OP_ORDER[d.op], d.key or "", d.source_key or "", d.hold or ""))


def _values(column: pd.Series) -> list[Any]:
    return [None if missing else value for value, missing in zip(column.tolist(), column.isna().tolist(), strict=True)]


def _text(value: Any) -> str | None:
    return None if value is None or pd.isna(value) else str(value)
