"""What must never happen, run by run, told from what was seen on both sides and never from the code under test.

No person's edit is lost, no value is overwritten that the plan did not see, no stranger is touched, nothing is doubled, nothing
is deleted, and nothing is retired before its time.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from asset_sync.reconcile.kinds import Kinds
from asset_sync.reconcile.merge import Ownership
from asset_sync_tests.reconcile.constraints import Row, base_of, stored_name
from asset_sync_tests.reconcile.histories.doubles import nothing_doubled
from asset_sync_tests.reconcile.histories.evidence import Moment, Thing, changed_fields, folded, host, plain_serial, shared
from asset_sync_tests.reconcile.histories.hands import Hands, Place, filled
from asset_sync_tests.reconcile.histories.kinds import GRACE, RETIRED
from asset_sync_tests.reconcile.histories.record import HistoryFault, Run

Record = Mapping[str, Any]
"""A row of the source."""


@dataclass
class Oracle:
    """Watches one history.

    `known_as` says which records an object was recognised as or made for, `made_for` the latter alone. `said` are the values
    that the source ever said of a record's field, `last` what it said of each record last, `serials` those that a record's
    objects had when they became its own, `rebased` the values that a person let count as the sync's. `absent` says of a record
    that is gone in how many runs, and since when.
    """

    kinds: Kinds
    owners: Mapping[str, Mapping[str, Ownership]]
    hands: Hands = field(default_factory=Hands)
    known_as: dict[Thing, set[str]] = field(default_factory=lambda: defaultdict(set))
    made_for: dict[Thing, str] = field(default_factory=dict)
    said: dict[tuple[str, str], set[Any]] = field(default_factory=lambda: defaultdict(set))
    last: dict[tuple[str, str], Record] = field(default_factory=dict)
    serials: dict[tuple[str, str], set[str | None]] = field(default_factory=lambda: defaultdict(set))
    rebased: set[tuple[Place, Any]] = field(default_factory=set)
    absent: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    trusts_ledger: bool = True

    def judge(self, run: Run) -> None:
        """Raise `HistoryFault` for what the run must not have done, and remember what it did."""
        self._hear(run)
        touched: dict[Thing, Row] = {}
        written: set[tuple[Thing, str]] = set()
        for before, after in run.attempts:
            self._nothing_deleted(before, after)
            for thing, old, new in after.changes(before):
                touched.setdefault(thing, old)
                for name in changed_fields(old, new):
                    self._judge_write(run, thing, name, old, new, written)
                    written.add((thing, name))
            self._note_made(run, before, after)
        self._judge_links(run)
        nothing_doubled(run, self.hands.ever, self.known_as, self.made_for)
        self._no_strangers(run, touched)
        self._agree(run)

    def judge_rebase(self, run: Run) -> None:
        """Raise `HistoryFault` for links that a rebase must not have made; what stands there is the sync's from now on."""
        self._hear(run)
        self._judge_links(run)
        now = run.planned
        self.rebased |= {((thing, name), row[name]) for thing, row in now.rows.items() for name in filled(row)}

    def is_own(self, run: Run, thing: Thing, kind: str, source_key: str) -> bool:
        """Return whether an object is one that a record is known as."""
        self._recognise(run, thing, run.after.rows[thing])
        return source_key in self.known_as.get(thing, ())

    def judge_undo(self, run: Run) -> None:
        """Raise `HistoryFault` where an undo took more than the sync's own values; what it put back is a person's now."""
        for before, after in run.attempts:
            self._nothing_deleted(before, after)
            for thing, old, new in after.changes(before):
                for name in changed_fields(old, new):
                    if (thing, name) in self.hands.by_person:
                        raise HistoryFault(f"an undo overwrote {name} {old[name]!r} of {thing}, which a person set")
                    if name == "status" and old[name] == RETIRED:
                        self.hands.undone.add(thing)
                    self.hands.undo((thing, name))

    # What the source says.

    def _hear(self, run: Run) -> None:
        for kind, rows in run.wanted.items():
            for source_key, row in rows.items():
                self.last[kind, source_key] = row
                for name, value in row.items():
                    self.said[f"{kind} {source_key}", name].add(value)
        present = run.wanted["asset"]
        self.hands.undone -= {run.was_linked("asset", key) for key in present}
        missing = {key for kind, key in run.links_before if kind == "asset"} - present.keys()
        self.absent = {key: self._missed(key, run.at) for key in missing}

    def _missed(self, key: str, at: datetime) -> tuple[int, datetime]:
        runs, since = self.absent.get(key, (0, at))
        return runs + 1, since

    # Single values.

    def _nothing_deleted(self, before: Moment, after: Moment) -> None:
        for thing in before.rows:
            if thing not in after.rows:
                raise HistoryFault(f"{thing} was deleted")

    def _judge_write(self, run: Run, thing: Thing, name: str, old: Row, new: Row, written: set[tuple[Thing, str]]) -> None:
        told = f"{name} of {thing} from {old.get(name)!r} to {new.get(name)!r}"
        place = (thing, name)
        if (thing.kind, thing.id) not in run.made:
            planned = run.planned.rows.get(thing)
            if planned is None:
                raise HistoryFault(f"wrote {told}, an object that the plan did not see")
            if place not in written and old.get(name) not in (None, planned.get(name)):
                raise HistoryFault(f"wrote {told}, where the plan saw {planned.get(name)!r}")
            if self._is_initial(thing.kind, name):
                raise HistoryFault(f"wrote {told}, which is set at create only")
        if place in self.hands.by_person and self._is_kept(run, thing, name, old.get(name)):
            raise HistoryFault(f"wrote {told}, which a person had set")
        if name == "status" and new[name] == RETIRED:
            self._judge_retirement(run, thing)
        self.hands.sync(place, new.get(name))

    def _is_initial(self, kind: str, name: str) -> bool:
        owner = self.owners[kind].get(name)
        return owner is not None and owner.owner == "initial"

    def _is_kept(self, run: Run, thing: Thing, name: str, value: Any) -> bool:
        """Return whether what a person set has to stay: in a shared field, or where they put something."""
        owner = self.owners[thing.kind].get(name)
        placed = name == self.kinds[thing.kind].parent and value is not None
        if not placed and (owner is None or owner.owner != "shared"):
            return False
        if value is None:
            # Nobody knows that it was emptied, unless what stood there is remembered: there, not in one of its id before.
            return any(link.get(name) is not None for link in run.linked_to(thing))
        # What the source said itself before is no edit that could be told from a value applied then.
        told = any(value in self.said[f"{thing.kind} {key}", name] for key in self.known_as[thing])
        return not told and ((thing, name), value) not in self.rebased

    def _judge_retirement(self, run: Run, thing: Thing) -> None:
        keys = [key for (kind, key), link in run.links_before.items() if kind == "asset" and link["target_id"] == thing.id]
        if len(keys) != 1:
            raise HistoryFault(f"retired {thing}, which was linked to {keys}")
        key = keys[0]
        if key in run.wanted["asset"]:
            raise HistoryFault(f"retired {thing}, whose record {key} is in the source")
        runs, since = self.absent[key]
        if self.trusts_ledger and (runs < GRACE.runs or run.at - since < GRACE.time):
            raise HistoryFault(f"retired {thing} after {runs} runs since {since}, before its time")
        if thing in self.hands.undone:
            raise HistoryFault(f"retired {thing} again, though that was undone and nothing changed since")

    def _note_made(self, run: Run, before: Moment, after: Moment) -> None:
        for thing, row in after.rows.items():
            if thing not in before.rows:
                if (thing.kind, thing.id) not in run.made:
                    raise HistoryFault(f"{thing} came from nowhere")
                source_key = run.made[thing.kind, thing.id]
                self.hands.made(thing, row)
                self.made_for[thing] = source_key
                self.known_as[thing].add(source_key)

    # Objects.

    def _judge_links(self, run: Run) -> None:
        """Every record that was linked to an object in this run has something in common with it."""
        for (kind, source_key), link in run.links_after.items():
            before = run.links_before.get((kind, source_key))
            # Under the same id there may be another object, of a target that came back.
            if self.kinds[kind].facet_of or (before and _object_of(before) == _object_of(link)):
                continue
            thing = run.planned.at(kind, link["target_id"]) or run.after.at(kind, link["target_id"])
            if thing is None:
                raise HistoryFault(f"{kind} {source_key} was linked to #{link['target_id']}, which is not there")
            row = run.planned.rows.get(thing) or run.after.rows[thing]
            record = run.wanted[kind].get(source_key)
            known = self.made_for.get(thing) == source_key or self._was_like(kind, source_key, row)
            if not known and not (record and self._is_like(run, kind, record, row)):
                raise HistoryFault(f"{kind} {source_key} took {thing}, with which it has nothing in common: {_shown(row)}")
            self.known_as[thing].add(source_key)
            self.serials[kind, source_key].add(row.get("serial"))

    def _was_like(self, kind: str, source_key: str, row: Row) -> bool:
        """Return whether a machine has a serial that the source said of it before, or that it had in the target before."""
        said = self.said[f"{kind} {source_key}", "serial"] | self.serials[kind, source_key] if kind == "asset" else set()
        return plain_serial(row.get("serial")) in {plain_serial(value) for value in said if value is not None}

    def _is_like(self, run: Run, kind: str, record: Record, row: Row) -> bool:
        match kind:
            case "asset":
                return any(shared(record, row))
            case "maker":
                return folded(record["name"]) == folded(row["name"])
            case "model":
                return folded(record["name"]) == folded(row["name"]) and run.linked("maker", record["maker"]) == row["maker"]
            case "port":
                return bool(record["name"] == row["name"] and run.linked("asset", record["asset"]) == row["asset"])
            case _:
                return host(record["address"]) == host(row["address"])

    def _no_strangers(self, run: Run, touched: Mapping[Thing, Row]) -> None:
        for thing, row in touched.items():
            self._recognise(run, thing, row)
            if not self.known_as.get(thing):
                raise HistoryFault(f"touched {thing}, which is nobody's that the sync knows: {_shown(row)}")

    def _recognise(self, run: Run, thing: Thing, row: Row) -> None:
        """Somebody may have made an object again that was gone, under its id: it is known if it says what its record does."""
        for (kind, source_key), link in run.links_before.items():
            record = self.last.get((kind, source_key))
            if (kind, link["target_id"]) == (thing.kind, thing.id) and record and self._is_like(run, kind, record, row):
                self.known_as[thing].add(source_key)

    def _agree(self, run: Run) -> None:
        """What both sides say is nobody's edit any more."""
        for thing, name, value in self._told(run):
            if value is not None and run.planned.rows.get(thing, {}).get(name) == value == run.after.rows[thing].get(name):
                self.hands.sync((thing, name), value)

    def _told(self, run: Run) -> Iterator[tuple[Thing, str, Any]]:
        for (kind, source_key), link in run.links_after.items():
            thing, record = run.after.at(base_of(self.kinds[kind]), link["target_id"]), run.wanted[kind].get(source_key)
            for declared in self.kinds[kind].fields if thing and record else ():
                value = record.get(declared.name) if record else None
                resolved = run.linked(str(declared.to), value) if declared.to else value
                assert thing is not None
                yield thing, stored_name(self.kinds[kind], declared.name), resolved


def _object_of(link: Row) -> tuple[Any, Any]:
    return link["target_id"], link.get("created")


def _shown(row: Row) -> str:
    return str({name: value for name, value in row.items() if value is not None})
