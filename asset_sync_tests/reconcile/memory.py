"""A target in memory and a ledger in memory: what apply and the properties are tested against.

They know nothing of the code under test but the tables' columns. The target stores a batch whole or not at all, counts a
version up with each change, enforces unique constraints, and fails as it is told to.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.errors import TargetError
from asset_sync.reconcile.kinds import Kind, Kinds
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.tables import OBSERVED_COLUMNS, Tables
from asset_sync.reconcile.target import ALREADY, APPLIED, Answer, Outcome, OutcomeUnknown, Refused, Stale, Write, Written
from asset_sync_tests.reconcile.worlds import links, table

Rows = dict[str, dict[str, Any]]
Fault = str
"""fine, refused (no rows named), stale (somebody touched an object just before), lost (not stored), lost-stored (stored,
and nobody knows), lost-late (stored just before the next call), broken (unreachable; nothing stored), killed."""


class Killed(Exception):
    """Stands for the end of the process in the middle of a request."""


@dataclass
class MemoryTarget:
    """Objects by kind and id. `faults` answers for each write request, by its number, what goes wrong with it."""

    kinds: Kinds
    objects: dict[str, Rows] = field(default_factory=dict)
    faults: Callable[[int], Fault] = lambda _: "fine"
    size: int = 2
    names_rows: bool = True
    refuses: Callable[[str, dict[str, Any]], str | None] = lambda _kind, _values: None
    requests: int = 0
    reads: int = 0
    created: list[tuple[str, str]] = field(default_factory=list)
    touched: set[tuple[str, str]] = field(default_factory=set)
    late: list[Callable[[], None]] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)
    number: int = 1000

    @classmethod
    def of(cls, kinds: Kinds, tables: Tables, **more: Any) -> "MemoryTarget":
        """Return a target that holds those observed tables."""
        objects: dict[str, Rows] = {}
        for name, kind in kinds.items():
            if kind.facet_of is None and name in tables:
                plain = tables[name].astype(object).where(tables[name].notna(), None)
                objects[name] = {str(row["id"]): {str(k): v for k, v in row.items()} for row in plain.to_dict("records")}
        return cls(kinds, objects, **more)

    def tables(self) -> Tables:
        """Return the observed tables of all kinds as they are now."""
        return {name: self._table(kind, list(self._rows(kind))) for name, kind in self.kinds.items()}

    def batch_size(self, kind: Kind) -> int:
        return self.size

    def read(self, kind: Kind, ids: Sequence[str]) -> pd.DataFrame:
        with self.lock:
            self._store_late()
            self.reads += 1
            return self._table(kind, [i for i in ids if i in self._rows(kind)])

    def find(self, kind: Kind, writes: Sequence[Write]) -> pd.DataFrame:
        with self.lock:
            self._store_late()
            self.reads += 1
            names = {name for rule in kind.identity for name in rule.fields}
            wanted = {(name, str(w.values[name]).casefold()) for w in writes for name in names if w.values.get(name)}
            found = [
                target_id
                for target_id, row in self._rows(kind).items()
                if any((name, str(row[name]).casefold()) in wanted for name in names if row[name] is not None)
            ]
            return self._table(kind, found)

    def create(self, kind: Kind, writes: Sequence[Write], message: str) -> Mapping[int, Answer]:
        assert message
        assert kind.facet_of is None, "a facet is never created"
        return self._request(lambda: self._create(kind, writes), kind, writes)

    def update(self, kind: Kind, writes: Sequence[Write], message: str) -> dict[int, Written]:
        assert message
        return self._request(lambda: self._update(kind, writes), kind, writes)

    def edit(self, kind: str, target_id: str, **values: Any) -> None:
        """Change an object as a person does."""
        row = self.objects[kind][target_id]
        row |= values
        row["version"] = _next(row["version"])

    def _request(  # noqa: C901, one line a fault
        self, store: Callable[[], dict[int, Written]], kind: Kind, writes: Sequence[Write]
    ) -> dict[int, Written]:
        with self.lock:
            self._store_late()
            number, self.requests = self.requests, self.requests + 1
            fault = self.faults(number)
            if fault == "refused":
                raise Refused("the server is in a bad mood")
            if fault == "stale":
                for write in writes:
                    if write.target_id in self._rows(kind):
                        self._rows(kind)[str(write.target_id)]["version"] += "'"
                raise Stale("somebody was quicker")
            if fault == "lost":
                raise OutcomeUnknown("timed out")
            if fault == "lost-late":
                self.late.append(lambda: self._quietly(store))
                raise OutcomeUnknown("timed out")
            if fault == "broken":
                raise TargetError("unreachable")
            if fault == "killed":
                raise Killed
            stored = store()
            if fault == "lost-stored":
                raise OutcomeUnknown("timed out")
            if fault == "killed-stored":
                raise Killed
            return stored

    def _store_late(self) -> None:
        late, self.late = self.late, []
        for store in late:
            store()

    @staticmethod
    def _quietly(store: Callable[[], object]) -> None:
        try:
            store()
        except (Refused, Stale):
            return

    def _create(self, kind: Kind, writes: Sequence[Write]) -> dict[int, Written]:
        rows = [{**dict.fromkeys(f.name for f in kind.fields), **write.values} for write in writes]
        self._refuse(kind, [(None, row) for row in rows], writes)
        stored: dict[int, Written] = {}
        for write, row in zip(writes, rows, strict=True):
            self.number += 1
            target_id = str(self.number)
            own = {"id": target_id, "key": f"#{target_id}", "version": "v1", "created": None, "locked": None}
            self._rows(kind)[target_id] = own | row
            self.created.append((kind.name, target_id))
            self.touched.add((kind.name, target_id))
            stored[write.seq] = Written(target_id, "v1")
        return stored

    def _update(self, kind: Kind, writes: Sequence[Write]) -> dict[int, Written]:
        here = [write for write in writes if write.target_id in self._rows(kind)]
        if any(self._rows(kind)[str(w.target_id)]["version"] != w.version for w in here):
            raise Stale("changed since")
        own = kind.fields if kind.facet_of is None else ()
        rows = [(w.target_id, {f.name: self._rows(kind)[str(w.target_id)][f.name] for f in own} | w.values) for w in here]
        self._refuse(kind, rows, here)
        stored: dict[int, Written] = {}
        for write in here:
            row = self._rows(kind)[str(write.target_id)]
            row |= {self._stored_name(kind, name): value for name, value in write.values.items()}
            row["version"] = _next(row["version"])
            self.touched.add((kind.facet_of or kind.name, str(write.target_id)))
            stored[write.seq] = Written(str(write.target_id), row["version"])
        return stored

    def _refuse(self, kind: Kind, rows: Sequence[tuple[str | None, dict[str, Any]]], writes: Sequence[Write]) -> None:
        bad: dict[int, str] = {}
        for (target_id, row), write in zip(rows, writes, strict=True):
            why = self.refuses(kind.name, row) or self._taken(kind, target_id, row, rows)
            if why:
                bad[write.seq] = why
        if bad:
            raise Refused("; ".join(bad.values()), bad if self.names_rows else None)

    def _taken(
        self, kind: Kind, target_id: str | None, row: dict[str, Any], batch: Sequence[tuple[str | None, dict[str, Any]]]
    ) -> str | None:
        moving = {i for i, _ in batch}
        others = [r for i, r in self._rows(kind).items() if i not in moving]
        others += [r for i, r in batch if r is not row]
        for unique in kind.unique:
            values = [row[name] for name in unique.fields]
            if None not in values and any([other[name] for name in unique.fields] == values for other in others):
                return f"{', '.join(unique.fields)} must be unique"
        return None

    def _rows(self, kind: Kind) -> Rows:
        return self.objects.setdefault(kind.facet_of or kind.name, {})

    def _stored_name(self, kind: Kind, name: str) -> str:
        return f"{kind.name}.{name}" if kind.facet_of else name

    def _table(self, kind: Kind, ids: Sequence[str]) -> pd.DataFrame:
        return table(kind, OBSERVED_COLUMNS, [dict(self._shown(kind, self._rows(kind)[i])) for i in ids])

    def _shown(self, kind: Kind, row: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        for name in OBSERVED_COLUMNS:
            yield name, row.get(name)
        for declared in kind.fields:
            if kind.facet_of and declared.name == kind.parent:
                yield declared.name, row["id"]
            else:
                yield declared.name, row.get(self._stored_name(kind, declared.name))


@dataclass
class MemoryLedger:
    """Links by kind and source key, with their base values, as plans and outcomes change them."""

    kinds: Kinds
    rows: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    def links(self) -> Tables:
        """Return the links tables."""
        return {
            name: links(*(row for (k, _), row in sorted(self.rows.items()) if k == name), kind=kind)
            for name, kind in self.kinds.items()
        }

    def sight(self, plan: Plan, at: datetime) -> None:
        """Remember what the plan says of the source."""
        rows = p.records(plan.operations)
        restored = {(row["kind"], row["source_key"]) for row in rows if row["op"] == p.RESTORE}
        for row in rows:
            where = (row["kind"], row["source_key"])
            if row["op"] == p.CLAIM:
                self._join(where, row["target_id"], p.decode(row["changes"]), {})
            elif row["op"] == p.SEEN:
                self.rows[where] |= {"missing_runs": 0, "missing_since": None}
                if where not in restored:
                    self.rows[where]["retired_by"] = None
            elif row["op"] == p.RETIRE and where in self.rows:
                link = self.rows[where]
                link |= {"missing_runs": link["missing_runs"] + 1, "missing_since": link["missing_since"] or at}

    def follow(self, plan: Plan, outcomes: Mapping[int, Outcome]) -> None:
        """Remember what was applied."""
        rows = {row["seq"]: row for row in p.records(plan.operations)}
        done = {seq: o for seq, o in outcomes.items() if o.outcome in {APPLIED, ALREADY}}
        created = {(rows[seq]["kind"], rows[seq]["key"]): o.target_id for seq, o in done.items() if rows[seq]["op"] == p.CREATE}
        for seq, outcome in sorted(done.items()):
            row = rows[seq]
            where = (row["kind"], row["source_key"])
            if row["op"] == p.RETIRE:
                if where in self.rows:
                    self.rows[where]["retired_by"] = "undo" if plan.undoes else "sync"
                continue
            if plan.undoes is None:
                self._join(where, str(outcome.target_id), p.decode(row["changes"]), created)
            if row["op"] == p.RESTORE:
                self.rows[where] |= {"retired_by": None, "missing_runs": 0, "missing_since": None}

    def _join(
        self, where: tuple[str, str], target_id: str, changes: p.Changes, created: Mapping[tuple[str, str], str | None]
    ) -> None:
        for other, row in list(self.rows.items()):
            if other[0] == where[0] and other != where and row["target_id"] == target_id:
                del self.rows[other]
        link = self.rows.get(where)
        if link is None or link["target_id"] != target_id:
            link = {
                "source_key": where[1],
                "target_id": target_id,
                "missing_runs": 0,
                "missing_since": None,
                "retired_by": None,
            }
            self.rows[where] = link
        link |= {name: _base(change["new"], created) for name, change in changes.items()}


def _base(new: object, created: Mapping[tuple[str, str], str | None]) -> object:
    if not isinstance(new, dict):
        return new
    return new["id"] if new["id"] is not None else created.get((new["kind"], new["key"]))


def _next(version: str) -> str:
    return f"v{int(version.rstrip(chr(39)).removeprefix('v')) + 1}"


DAY = timedelta(days=1)
