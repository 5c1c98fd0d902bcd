"""Surroundings: what the object of an operation refers to, or what it sits on does: its site, its tags."""

from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from typing import Any

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.kinds import Kind, Kinds
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.review.choice import Row, rows_of
from asset_sync.reconcile.sets import listed
from asset_sync.reconcile.tables import Tables, by_id


class Surroundings:
    """What the objects of one plan refer to, as the target has it and as the plan would set it."""

    def __init__(self, plan: Plan, kinds: Kinds, observed: Tables) -> None:
        self._plan = plan
        self._kinds = kinds
        self._observed = observed
        self._tables: dict[str, Mapping[str, Mapping[str, Any]]] = {}

    def names(self, row: Row, field: str) -> Collection[str]:
        """Return the names of what an operation's object refers to by a field, before and afterwards.

        Where its kind has no such field, that of what it sits on counts.
        """
        return set(self._names(self._kinds[row["kind"]], row["changes"], row["target_id"], row["key"], field))

    def _names(self, kind: Kind, changes: p.Changes, target_id: str | None, key: str | None, field: str) -> Iterator[str]:
        there = self._row(kind.name, target_id)
        declared = next((each for each in kind.fields if each.name == field and each.to is not None), None)
        if declared is not None:
            for reference in self._references(str(declared.to), changes.get(field), there.get(field)):
                yield from self._called(reference)
            if kind.facet_of is None or changes.get(field) or there.get(field):
                return
        if kind.facet_of is not None:
            made = self._creates.get((kind.facet_of, key or ""), {})
            yield from self._names(self._kinds[kind.facet_of], made, target_id, key, field)
        elif kind.parent is not None:
            to = str(kind.field(kind.parent).to)
            for reference in self._references(to, changes.get(kind.parent), there.get(kind.parent)):
                made = self._creates.get((to, reference["key"]), {})
                yield from self._names(self._kinds[to], made, reference["id"], reference["key"], field)

    def _references(self, to: str, change: Mapping[str, Any] | None, there: str | None) -> Iterator[dict[str, Any]]:
        """Yield the references that a field has before and afterwards, as plans have them."""
        for value in (change.get("old"), change["new"]) if change else ():
            yield from value if isinstance(value, list) else [value] if isinstance(value, dict) else []
        for member in listed(there) if isinstance(there, str) else ():
            yield {"kind": to, "id": member, "key": None}

    def _called(self, reference: Mapping[str, Any]) -> Iterator[str]:
        """Yield what an object is called."""
        kind = self._kinds[reference["kind"]]
        there = self._row(kind.name, reference["id"])
        made = self._creates.get((kind.name, reference["key"] or ""), {})
        yield from (str(there[name]) for name in kind.identifying if isinstance(there.get(name), str))
        yield from (str(made[name]["new"]) for name in kind.identifying if made.get(name, {}).get("new") is not None)
        if reference["key"]:
            yield reference["key"]

    def _row(self, kind: str, target_id: str | None) -> Mapping[str, Any]:
        if kind not in self._tables:
            self._tables[kind] = by_id(self._observed[kind]) if kind in self._observed else {}
        return self._tables[kind].get(target_id or "", {})

    @cached_property
    def _creates(self) -> dict[tuple[str, str], p.Changes]:
        return {(row["kind"], row["key"]): row["changes"] for row in rows_of(self._plan) if row["op"] == p.CREATE}
