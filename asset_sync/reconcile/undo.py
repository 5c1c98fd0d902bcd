"""Undo: the inverse of what a plan did, itself a plan with all the guards.

Nothing is deleted: what was created is retired where its kind can be, and stays where it cannot; what it took from another
object (a tag, a name) it gives back. A value is put back only
where the target still holds what the plan wrote; otherwise somebody changed it since, and apply reports a conflict. What was
so before the plan came to it (`already`) is not the plan's doing, and stays.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.apply.groups import Record, check_mapped, groups, unmapped
from asset_sync.reconcile.identity import telling
from asset_sync.reconcile.kinds import Kind, Kinds
from asset_sync.reconcile.plan import Changes, Plan
from asset_sync.reconcile.planning.fields import in_its_place
from asset_sync.reconcile.target import APPLIED, Outcome

_LEFT = "created by the plan; its kind cannot be retired and nothing is deleted, so it stays"
_UNTOLD: Final = '{"created":null,"values":null}'
_REMEDY = "map it again to take it back"
_REASONS = {op: f"takes back {op}" for op in p.WRITES} | {
    p.RETIRE: "takes back retire: it stays in service until a person or the source changes that",
}

_OF_AN_UNDO: Final = "takes back an undo: it stays in service until a person or the source changes that"


def inverse(plan: Plan, kinds: Kinds, outcomes: Mapping[int, Outcome], after: str | None) -> Plan:
    """Return the plan that takes back what `plan` applied, the last things first; `after` is what the sync applied last.

    Raises `PlanError` where that is something that the sync does not map any more.
    """
    inversion = _Inversion(plan, kinds, outcomes)
    operations = p.operations_table([*inversion.rows()])
    undo = Plan(plan.sync, "normal", operations, after, complete=False, undoes=plan.id, link_set=plan.link_set)
    check_mapped(plan.id, p.records(undo.writes), kinds, _REMEDY)
    return undo


class _Inversion:
    """The rows of a plan turned round."""

    def __init__(self, plan: Plan, kinds: Kinds, outcomes: Mapping[int, Outcome]) -> None:
        self.plan = plan
        self.kinds = kinds
        self.writes = p.records(plan.writes)
        self.applied = {seq: outcome for seq, outcome in outcomes.items() if outcome.outcome == APPLIED}
        self.created = {
            (row["kind"], row["key"]): outcomes[row["seq"]].target_id
            for row in self.writes
            if row["op"] == p.CREATE and row["seq"] in outcomes
        }
        self.given_up = self._given_up()
        self.left = self._left()
        self.touched: set[tuple[str, str | None]] = set()

    def rows(self) -> Iterator[tuple[str | None, ...]]:
        """Yield the operations of the undo; what went out together is a step of its own."""
        step = 0
        for group in groups(reversed(self.writes)):
            applied = [row for row in group if row["seq"] in self.applied]
            yield from (back for row in applied for back in self._rows(row, str(step)))
            step += bool(applied)

    def _rows(self, row: Record, step: str) -> Iterator[tuple[str | None, ...]]:
        """Yield what takes an operation back, part by part: a plan from before its kind had parts has them in one."""
        if row["kind"] not in self.kinds:
            raise unmapped(self.plan.id, row["kind"], _REMEDY)
        kind, outcome = self.kinds[row["kind"]], self.applied[row["seq"]]
        news = self._news(row, outcome)
        told = p.decode(row["changes"])
        # Without what an update left as it was; of what was created, all tells what it is.
        stored = told if row["op"] == p.CREATE else told.keys() - outcome.unstored
        changes = {name: change | {"new": news[name]} for name, change in told.items() if name in stored}
        op, back, hold = _taken_back(kind, row["op"], changes)
        if row["op"] == p.CREATE and hold is None:
            back |= self._given_back(kind, changes, outcome)
        where = (kind.name, op, row["key"], row["source_key"], outcome.target_id, self._version(kind, outcome))
        for part in kind.parted(back) or [[]]:
            changed = p.encode({name: back[name] for name in part})
            yield (*where, changed, self._reason(row), hold, None, step, None, self._about(row, outcome))

    def _reason(self, row: Record) -> str:
        """Return why an operation of the undo is there: what it leaves known of the object hangs on that."""
        op, why = row["op"], row["reason"]
        if why == p.GIVES_UP and all(change["owner"] == "source" for change in p.decode(row["changes"]).values()):
            return p.GIVEN_BACK
        if op == p.RESTORE and why == _REASONS[p.RETIRE]:
            return p.RETIRED_AGAIN
        return _OF_AN_UNDO if op == p.RETIRE and self.plan.undoes and why != p.RETIRED_AGAIN else _REASONS[op]

    def _about(self, row: Record, outcome: Outcome) -> str | None:
        """Return what makes an object that object after all that the plan did to it."""
        about = self.left[row["kind"], outcome.target_id]
        if about["created"] is None and not about["values"]:
            return None
        return orjson.dumps(about, option=orjson.OPT_SORT_KEYS).decode()

    def _left(self) -> dict[tuple[str, str | None], dict[str, Any]]:
        """Return what makes the objects that the plan wrote to those objects, as it left them."""
        left: dict[tuple[str, str | None], dict[str, Any]] = {}
        for row in self.writes:
            outcome, kind = self.applied.get(row["seq"]), self.kinds.get(row["kind"])
            if outcome is not None and kind is not None:
                told = orjson.loads(row["about"] or row["identity"] or _UNTOLD)
                about = left.setdefault(
                    (kind.name, outcome.target_id), {"created": told["created"], "values": told["values"] or {}}
                )
                about["created"] = about["created"] or outcome.created
                about["values"] |= {name: _id(new) for name, new in self._news(row, outcome).items() if name in telling(kind)}
        return left

    def _news(self, row: Record, outcome: Outcome) -> dict[str, Any]:
        """Return what an applied operation wrote, by field."""
        return {
            name: outcome.instead.get(name, self._found(change["new"])) for name, change in p.decode(row["changes"]).items()
        }

    def _given_up(self) -> set[tuple[str, str, str]]:
        """Return the values that objects had before the plan and that a target lets exist once, by kind and field."""
        taken = [row for row in self.writes if row["seq"] in self.applied and row["op"] != p.CREATE]
        return {
            (row["kind"], name, str(change["old"]).casefold())
            for row in taken
            for name, change in p.decode(row["changes"]).items()
            if row["kind"] in self.kinds and name in _once(self.kinds[row["kind"]]) and change["old"] is not None
        }

    def _given_back(self, kind: Kind, changes: Changes, outcome: Outcome) -> Changes:
        """Return what a created object gives up because another one had it before."""
        back: Changes = {}
        for name in _once(kind):
            value = changes[name]["new"] if name in changes else None
            if value is not None and (kind.name, name, str(value).casefold()) in self.given_up:
                field = kind.field(name)
                new = in_its_place(field, str(value), f" (undone {outcome.target_id})", self._values(kind, name).__contains__)
                if new is not None or field.nullable:
                    back[name] = _change(value, int(new) if new is not None and field.type == "integer" else new)
        return back

    def _values(self, kind: Kind, name: str) -> set[str]:
        """Return what a field of a kind may have, as far as the plan tells: of numbers all up to the highest that it knows."""
        own = [p.decode(row["changes"]) for row in self.writes if row["kind"] == kind.name]
        changed = [changes[name] for changes in own if name in changes]
        known = {change[side] for change in changed for side in ("old", "new") if change.get(side) is not None}
        if kind.field(name).type == "integer" and known:
            known |= set(range(min(known), max(known)))
        return set(map(str, known))

    def _version(self, kind: Kind, outcome: Outcome) -> str | None:
        """Return the version of an object since it was written last; what was written before that is judged by reading."""
        written = (kind.facet_of or kind.name, outcome.target_id)
        if written in self.touched:
            return None
        self.touched.add(written)
        return outcome.version

    def _found(self, new: object) -> object:
        """Return references to objects that the plan made with the ids that they were given."""
        if isinstance(new, list):
            return [self._found(member) for member in new]
        if not isinstance(new, dict) or new["id"] is not None:
            return new
        return new | {"id": self.created.get((new["kind"], new["key"]))}


def _id(value: object) -> object:
    return value["id"] if isinstance(value, dict) else value


def _once(kind: Kind) -> list[str]:
    """Return the fields, other than references, whose values a target lets exist once."""
    enforced = [name for unique in kind.unique if unique.enforced for name in unique.fields]
    return [name for name in enforced if kind.field(name).type != "reference"]


def _taken_back(kind: Kind, op: str, changes: Changes) -> tuple[str, Changes, str | None]:
    if op == p.CREATE:
        if kind.retirement is None:
            return p.RETIRE, {}, _LEFT
        field = kind.retirement.field
        old = changes[field]["new"] if field in changes else None
        return p.RETIRE, {field: _change(old, kind.retirement.value)}, None
    opposite = {p.UPDATE: p.UPDATE, p.RETIRE: p.RESTORE, p.RESTORE: p.RETIRE}[op]
    return opposite, {name: _change(change["new"], change["old"]) for name, change in changes.items()}, None


def _change(old: object, new: object) -> dict[str, object]:
    return {"old": old, "new": new, "owner": "source", "reason": "undo"}
