"""A target in memory and a ledger in memory: what apply and the properties are tested against.

They know nothing of the code under test but the tables' columns and the kinds' declarations. The target is as strict as
NetBox: a batch is stored row by row in the order of the model, and any error leaves nothing of it. And it fails as it is
told to.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson
import pandas as pd

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.errors import TargetError
from asset_sync.reconcile.kinds import Kind, Kinds
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.tables import OBSERVED_COLUMNS, Tables, emptied_column, identity_column
from asset_sync.reconcile.target import ALREADY, APPLIED, Answer, Outcome, OutcomeUnknown, Refused, Stale, Write, Written
from asset_sync_tests.reconcile.constraints import Row, Rows, stored_name
from asset_sync_tests.reconcile.store import Backup, MemoryStore
from asset_sync_tests.reconcile.worlds import OWNERS, Owners, links, table

LinkRows = dict[tuple[str, str], dict[str, Any]]
"""Links by kind and source key, each with its own columns and the values last applied by field."""
Created = Mapping[tuple[str, str], str | None]
"""The ids of the objects that a plan made, by kind and key."""
Fault = str
"""fine, refused (no rows named), stale (somebody touched an object just before), lost (not stored), lost-stored (stored,
and nobody knows), lost-late (stored just before the next call), broken (unreachable; nothing stored), killed."""


class Killed(Exception):
    """Stands for the end of the process in the middle of a request."""


@dataclass
class MemoryTarget(MemoryStore):
    """A store as a sync sees it. `faults` answers for each write request, by its number, what goes wrong with it.

    `names_rows` tells of a refused batch which rows were bad, which NetBox 4.6 does not of devices nor of any bulk update.
    `refuses` adds a rule of a test's own to those of the store.
    """

    faults: Callable[[int], Fault] = lambda _: "fine"
    size: int = 2
    names_rows: bool = False
    refuses: Callable[[str, dict[str, Any]], str | None] = lambda _kind, _values: None
    requests: int = 0
    reads: int = 0
    created: list[tuple[str, str]] = field(default_factory=list)
    late: list[Callable[[], None]] = field(default_factory=list)

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
        self._store_late()
        return {name: self._table(kind, list(self.rows(kind))) for name, kind in self.kinds.items()}

    def batch_size(self, kind: Kind) -> int:
        return self.size

    def read(self, kind: Kind, ids: Sequence[str]) -> pd.DataFrame:
        with self.lock:
            self._store_late()
            self.reads += 1
            return self._table(kind, [i for i in ids if i in self.rows(kind)])

    def find(self, kind: Kind, writes: Sequence[Write]) -> pd.DataFrame:
        with self.lock:
            self._store_late()
            self.reads += 1
            names = {name for rule in kind.identity for name in rule.fields}
            wanted = {(name, str(w.values[name]).casefold()) for w in writes for name in names if w.values.get(name)}
            found = [
                target_id
                for target_id, row in self.rows(kind).items()
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

    def restore(self, backup: Backup) -> None:
        super().restore(backup)
        self.late = []

    def why_not(self, kind: Kind, before: Row | None, row: Row, values: Mapping[str, Any]) -> str | None:
        return self.refuses(kind.name, row) or super().why_not(kind, before, row, values)

    # Faults.

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
                    if write.target_id in self.rows(kind):
                        rows = self.rows(kind)
                        rows[str(write.target_id)] = {**rows[str(write.target_id)], "version": self.version()}
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

    # Batches.

    def _create(self, kind: Kind, writes: Sequence[Write]) -> dict[int, Written]:
        made: dict[int, str] = {}
        with self.transaction():
            self._each(writes, lambda write: made.update({write.seq: self.insert(kind, write.values)}))
        self.created += [(kind.name, target_id) for target_id in made.values()]
        return {seq: self._written(kind, target_id) for seq, target_id in made.items()}

    def _update(self, kind: Kind, writes: Sequence[Write]) -> dict[int, Written]:
        # Of one id twice the last wins, and nothing is said of the one before.
        here = {str(write.target_id): write for write in writes if write.target_id in self.rows(kind)}
        if any(self.rows(kind)[target_id]["version"] != write.version for target_id, write in here.items()):
            raise Stale("changed since")
        in_order = sorted(here.values(), key=lambda write: self.place(kind, str(write.target_id)))
        with self.transaction():
            self._each(in_order, lambda write: self.save(kind, str(write.target_id), write.values))
        return {write.seq: self._written(kind, target_id) for target_id, write in here.items()}

    def _each(self, writes: Sequence[Write], save: Callable[[Write], None]) -> None:
        """Save each. The first error ends it; a target that names rows goes on, to tell of all of them."""
        bad: dict[int, str] = {}
        for write in writes:
            try:
                save(write)
            except Refused as refused:
                if not self.names_rows:
                    raise
                bad[write.seq] = str(refused)
        if bad:
            raise Refused("; ".join(bad.values()), bad)

    def _written(self, kind: Kind, target_id: str) -> Written:
        row = self.rows(kind)[target_id]
        return Written(target_id, row["version"], row.get("created"))

    def _table(self, kind: Kind, ids: Sequence[str]) -> pd.DataFrame:
        return table(kind, OBSERVED_COLUMNS, [dict(self._shown(kind, self.rows(kind)[i])) for i in ids])

    def _shown(self, kind: Kind, row: Row) -> Iterator[tuple[str, Any]]:
        for name in OBSERVED_COLUMNS:
            yield name, row.get(name)
        for declared in kind.fields:
            if kind.facet_of and declared.name == kind.parent:
                yield declared.name, row["id"]
            else:
                yield declared.name, row.get(stored_name(kind, declared.name))


@dataclass
class MemoryLedger:
    """Links by kind and source key, with their base values, as plans and outcomes change them."""

    kinds: Kinds
    rows: LinkRows = field(default_factory=dict)
    owners: Owners = field(default_factory=lambda: OWNERS)
    also: tuple[str, ...] = ()

    def links(self) -> Tables:
        """Return the links tables."""
        return {
            name: links(*self._rows_of(name), kind=kind, owners=self.owners, remembers_identity=True, also=self.also)
            for name, kind in self.kinds.items()
        }

    def _rows_of(self, kind: str) -> Iterator[Mapping[str, Any]]:
        return (row for (of_kind, _), row in sorted(self.rows.items()) if of_kind == kind)

    def lose(self) -> None:
        """Forget everything, as a ledger whose database is gone."""
        self.rows.clear()

    def backup(self) -> LinkRows:
        """Return what is remembered now."""
        return deepcopy(self.rows)

    def restore(self, backup: LinkRows) -> None:
        """Bring a backup back."""
        self.rows = deepcopy(backup)

    def note_sighting(self, plan: Plan, at: datetime) -> None:
        """Remember what the plan says of the source."""
        rows = p.records(plan.operations)
        restored = {(row["kind"], row["source_key"]) for row in rows if row["op"] == p.RESTORE}
        before = dict(self.rows)
        for row in sorted(rows, key=lambda row: row["op"] != p.CLAIM):
            where = (row["kind"], row["source_key"])
            if row["op"] == p.CLAIM and row["hold"] is None:
                self._join(row, Outcome(row["seq"], APPLIED, None, row["target_id"]), {}, before)
                self.rows[where]["version"] = row["version"]
            elif row["op"] == p.SEEN and where in self.rows:
                self.rows[where] |= {"missing_runs": 0, "missing_since": None}
                if where not in restored and row["target_id"] is not None:
                    self.rows[where]["retired_by"] = None
            elif row["op"] == p.RETIRE and where in self.rows:
                link = self.rows[where]
                missing = {"missing_runs": link["missing_runs"] + 1, "missing_since": link["missing_since"] or at}
                doubted = row["reason"] == "its record may be in the source"
                link |= {"missing_runs": 0, "missing_since": at} if doubted else missing

    def follow(self, plan: Plan, outcomes: Mapping[int, Outcome], before: Mapping[int, Outcome] | None = None) -> None:
        """Remember what was applied; `before` is what of the plan was remembered already."""
        rows = {row["seq"]: row for row in p.records(plan.operations)}
        done = {seq: o for seq, o in outcomes.items() if o.outcome in {APPLIED, ALREADY}}
        made = {seq: o for seq, o in {**(before or {}), **done}.items() if rows[seq]["op"] == p.CREATE}
        created = {(rows[seq]["kind"], rows[seq]["key"]): o.target_id for seq, o in made.items()}
        for seq, outcome in sorted(done.items()):
            row = rows[seq]
            where = (row["kind"], row["source_key"])
            if row["source_key"] is None:
                continue
            if row["op"] == p.RETIRE:
                if where in self.rows:
                    self.rows[where]["retired_by"] = "undo" if plan.undoes else "sync"
                continue
            if plan.undoes is None:
                self._join(row, outcome, created, dict(self.rows))
            elif where in self.rows and row["about"] is not None:
                known = {identity_column(name) for name in orjson.loads(row["about"])["values"]}
                put_back = {identity_column(name): each["new"] for name, each in p.decode(row["changes"]).items()}
                self.rows[where] |= {name: new for name, new in put_back.items() if name in known and new is not None}
            if where in self.rows and outcome.version is not None:
                self.rows[where]["version"] = outcome.version
            if row["op"] == p.RESTORE and where in self.rows:
                self.rows[where] |= {"retired_by": None, "missing_runs": 0, "missing_since": None}

    def _join(self, row: Mapping[str, Any], outcome: Outcome, created: Created, known: LinkRows) -> None:
        where, target_id = (row["kind"], row["source_key"]), str(outcome.target_id)
        created_at = orjson.loads(row["identity"])["created"] if row["identity"] is not None else None
        ended = [link for o, link in known.items() if o[0] == where[0] and o != where and link["target_id"] == target_id]
        self.rows = {o: link for o, link in self.rows.items() if o == where or not any(link is each for each in ended)}
        # What was applied to an object is true of it, whosever it is, but not of another one under its id.
        before = [link for link in ended if created_at is None or link.get("created") in (None, created_at)]
        said = {name for field in self.kinds[where[0]].fields for name in (field.name, emptied_column(field.name))}
        applied = {name: value for link in before for name, value in link.items() if name in said and row["op"] != p.CREATE}
        link = self.rows.get(where)
        again = link is not None and None not in (created_at, link.get("created")) and created_at != link["created"]
        if link is None or link["target_id"] != target_id or row["op"] == p.CREATE or again:
            own = {"source_key": where[1], "target_id": target_id, "created": outcome.created, "made": row["op"] == p.CREATE}
            leaves = str(row["reason"]).endswith("by this sync for a record that is another object by decision")
            own["left"] = own["parted"] = row["op"] == p.CLAIM and leaves
            link = {**own, "missing_runs": 0, "missing_since": None, "retired_by": None}
            # So it is that this sync made it, or retired it.
            true_still = ("made", "retired_by")
            link |= applied | {name: each.get(name) for each in before if row["op"] != p.CREATE for name in true_still}
            self.rows[where] = link
        news = {name: _remembered(change, created) for name, change in p.decode(row["changes"]).items()}
        bases = {**news, **{name: outcome.instead[name] for name in outcome.unstored}}
        link |= bases | {emptied_column(name): value is None for name, value in bases.items()}
        if row["identity"] is not None:
            identity = orjson.loads(row["identity"])
            link |= {identity_column(name): value for name, value in identity["values"].items()}
            link["created"] = identity["created"] or link.get("created")


def _remembered(change: Mapping[str, Any], created: Created) -> object:
    said = change.get("base", change["new"])
    if isinstance(said, list) and any(_base(member, created) is None for member in said):
        # Short of a member, a set keeps what it was to lose.
        said = [*said, *(member for member in change["old"] or [] if member not in change["new"])]
    return _base(said, created)


def _base(new: object, created: Created) -> object:
    if isinstance(new, list):
        made = [str(one) for one in (_base(member, created) for member in new) if one is not None]
        return "\x1f".join(sorted(made, key=lambda one: (len(one), one))) or None
    if not isinstance(new, dict):
        return new
    return new["id"] if new["id"] is not None else created.get((new["kind"], new["key"]))


DAY = timedelta(days=1)
