"""What must be so once the source, the people and the network have come to rest."""

from dataclasses import dataclass
from typing import Any

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.kinds import Field
from asset_sync_tests.reconcile.constraints import base_of, stored_name
from asset_sync_tests.reconcile.histories.evidence import Thing, folded
from asset_sync_tests.reconcile.histories.oracle import Oracle
from asset_sync_tests.reconcile.histories.record import HistoryFault, Run

LOOKUPS = ("maker", "model")


@dataclass
class Settled:
    """The last plan of a history, its operations not carried out, and what was known of the target then."""

    oracle: Oracle
    run: Run

    def judge(self) -> None:
        """Raise `HistoryFault` where a record is neither represented right nor held with a reason."""
        self._idle()
        self._one_object_a_record()
        for kind, rows in self.run.wanted.items():
            for source_key in rows:
                self._judge_record(kind, source_key)

    def held_records(self) -> set[str]:
        """Return the machines of which anything is held, but for those that left and wait for their time."""
        return {row["source_key"] for row in self.run.holds() if row["source_key"] in self.run.wanted["asset"]}

    def _idle(self) -> None:
        for row in p.records(self.run.plan.operations):
            if row["hold"] is None:
                raise HistoryFault(f"it does not come to rest: {row['op']} {row['kind']} {row['source_key']} {row['changes']}")
            if not row["hold"].strip():
                raise HistoryFault(f"{row['kind']} {row['source_key']} is held without a reason")

    def _one_object_a_record(self) -> None:
        found: dict[tuple[str, str], str] = {}
        for (kind, source_key), link in self.run.links_after.items():
            other = found.setdefault((kind, link["target_id"]), source_key)
            if other != source_key and not self.oracle.kinds[kind].facet_of:
                raise HistoryFault(f"{kind} #{link['target_id']} is {other} and {source_key}")

    def _judge_record(self, kind: str, source_key: str) -> None:
        holds = [row for row in self.run.holds() if (row["kind"], row["source_key"]) == (kind, source_key)]
        whole = any(row["op"] in (p.QUARANTINE, p.CREATE) or row["target_id"] is None for row in holds)
        if whole:
            return
        base = base_of(self.oracle.kinds[kind])
        link = self.run.links_after.get((base, source_key))
        thing = self.run.after.at(base, link["target_id"]) if link else None
        if link and thing and link.get("created") not in (None, thing.created):
            thing = None  # of a ledger that came back: under the id stands another object, and the link is no more gone by
        if thing is None:
            if not holds and (kind not in LOOKUPS or self._is_needed(kind, source_key)):
                raise HistoryFault(f"{kind} {source_key} is neither an object nor held: {self.run.wanted[kind][source_key]}")
            return
        if base == kind and not self.oracle.is_own(self.run, thing, kind, source_key):
            raise HistoryFault(f"{kind} {source_key} is linked to {thing}, which is not its own")
        held = {name for row in holds for name in p.decode(row["changes"])}
        for name, owner in self.oracle.owners[kind].items():
            is_parent = self.oracle.kinds[kind].facet_of and name == self.oracle.kinds[kind].parent
            if owner.owner != "initial" and not is_parent and name not in held:
                self._judge_field(kind, source_key, thing, name, waits=bool(holds))

    def _is_needed(self, kind: str, source_key: str) -> bool:
        """Return whether a record that goes on, with nothing of it held, refers to what is made for that alone."""
        key = self.run.wanted[kind][source_key]["key"]
        waiting = {(row["kind"], row["source_key"]) for row in self.run.holds()}
        return any(
            (other, own) not in waiting and (other not in LOOKUPS or self._is_needed(other, own))
            for other, declared in self.oracle.kinds.items()
            for own, row in self.run.wanted[other].items()
            if any(reference.to == kind and row.get(reference.name) == key for reference in declared.references)
        )

    def _judge_field(self, kind: str, source_key: str, thing: Thing, name: str, *, waits: bool) -> None:
        declared, place = self.oracle.kinds[kind].field(name), (thing, stored_name(self.oracle.kinds[kind], name))
        wanted = self.run.wanted[kind][source_key].get(name)
        there = self.run.after.rows[thing].get(place[1])
        if wanted is None:
            return
        if declared.to is not None:
            if waits:
                return  # what it refers to may be held
            wanted = self.run.linked(declared.to, wanted)
        if there != wanted and not self._may_differ(declared, kind, name, place, wanted, there):
            told = f"{kind} {source_key}: {name} of {thing} is {there!r}, the source says {wanted!r}"
            raise HistoryFault(f"{told}, and nothing of it is held")

    def _may_differ(self, declared: Field, kind: str, name: str, place: tuple[Thing, str], wanted: Any, there: Any) -> bool:
        if self.oracle.owners[kind][name].owner == "shared" and place in self.oracle.hands.ever:
            return True
        return name in ("serial", "tag", "name") and declared.to is None and folded(there) == folded(wanted) is not None
