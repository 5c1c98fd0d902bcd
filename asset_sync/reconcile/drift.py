"""Drift: in what the target differed from the source when a sync looked, and whose doing that is.

A value that is to be written, and is the one that was written there last, was changed in the target since: by a person, or by
another tool. All other values that are to be written are what the source changed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.plan import Plan

Written = Mapping[tuple[str, str, str], Any]
"""What was written last, by kind, id of the object and field, as targets have it."""

MOST: Final = 20_000
"""Of so many objects at most it is told: where more are to be changed, it is not people's edits that matter."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: an object's field that was `edited` in the target, or an object of the source that is `missing` there.

    `source` and `target` are the values of either side, as in a plan's changes.
    """

    sort: Literal["edited", "missing"]
    kind: str
    key: str
    target_id: str | None = None
    field: str | None = None
    source: Any = None
    target: Any = None


def updated(plan: Plan) -> list[tuple[str, str, str]]:
    """Return the fields that a plan writes or holds, each as kind, id of the object and field; none of more than `MOST`."""
    return [] if _is_too_much(plan) else [(row["kind"], row["target_id"], name) for row, name, _ in _updates(plan)]


def drift(plan: Plan, written: Written) -> list[Difference] | None:
    """Return in what the target differs without the source having changed, and what it lacks; None where that is too much."""
    return None if _is_too_much(plan) else [*_edited(plan, written), *_missing(plan)]


def _is_too_much(plan: Plan) -> bool:
    return int(plan.operations["op"].isin((p.UPDATE, p.CREATE)).sum()) > MOST


def _updates(plan: Plan) -> Iterator[tuple[dict[str, Any], str, dict[str, Any]]]:
    there = plan.operations[(plan.operations["op"] == p.UPDATE) & plan.operations["target_id"].notna()]
    for row in p.records(there):
        for name, change in p.decode(row["changes"]).items():
            yield row, name, change


def _edited(plan: Plan, written: Written) -> Iterator[Difference]:
    for row, name, change in _updates(plan):
        place = (row["kind"], row["target_id"], name)
        wanted = _plain(change["new"])
        if place in written and written[place] == wanted != _plain(change.get("old")):
            yield Difference("edited", row["kind"], row["key"], row["target_id"], name, change["new"], change.get("old"))


def _missing(plan: Plan) -> Iterator[Difference]:
    for row in p.records(plan.operations[plan.operations["op"] == p.CREATE]):
        yield Difference("missing", row["kind"], row["key"])


def _plain(value: Any) -> Any:
    """Return a value as targets have it; what is still to be made has no id there."""
    return p.stored(value, lambda _kind, _key: None)
