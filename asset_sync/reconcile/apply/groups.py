"""Groups: a plan's rows as they go out, and what is wrong with a plan before anything of it is written."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.errors import PlanError
from asset_sync.reconcile.kinds import Kind, Kinds

Record = Mapping[str, Any]
"""An operation as `asset_sync.reconcile.plan.records` gives it."""


def groups(rows: Iterable[Record]) -> Iterator[list[Record]]:
    """Yield the rows that follow each other and are of one kind, operation and step: they go out together."""
    for _, group in groupby(rows, key=lambda row: (row["kind"], row["op"], row["step"])):
        yield list(group)


def check_once(plan_id: str, rows: Iterable[Record], kinds: Kinds) -> None:
    """Raise `PlanError` where a group has one part of an object twice: of one request, a target keeps the last alone.

    So it does where an operation is of several parts: the plan was made before its kind had them.
    """
    for group in groups(rows):
        parts = [(row["target_id"], _part(plan_id, kinds[row["kind"]], row)) for row in group if row["target_id"] is not None]
        if len(set(parts)) < len(parts):
            twice, _ = next(one for at, one in enumerate(parts) if one in parts[:at])
            raise PlanError(f"plan {plan_id} writes {group[0]['kind']} #{twice} twice in one step: make a new plan")


def _part(plan_id: str, kind: Kind, row: Record) -> int:
    """Return which of the kind's parts an operation writes; -1 is what is in none."""
    if not kind.parts:
        return -1
    names = p.decode(row["changes"]).keys()
    if len(kind.parted(names)) > 1:
        told = f"plan {plan_id} writes in one what {kind.name} #{row['target_id']} has in parts"
        raise PlanError(f"{told}: it is of an older version, make a new plan")
    return next((number for number, part in enumerate(kind.parts) if not part.isdisjoint(names)), -1)


def fits(plan_id: str, rows: Sequence[Record], kinds: Kinds) -> bool:
    """Return whether these kinds have all that rows write."""
    try:
        check_mapped(plan_id, rows, kinds, "")
    except PlanError:
        return False
    return True


def check_mapped(plan_id: str, rows: Sequence[Record], kinds: Kinds, remedy: str) -> None:
    """Raise `PlanError`, saying what to do, where rows write what these kinds do not have: the mapping was another one."""
    mapped = {name: {field.name for field in kind.fields} for name, kind in kinds.items()}
    for row in rows:
        if row["kind"] not in mapped:
            raise unmapped(plan_id, row["kind"], remedy)
        unknown = sorted(p.decode(row["changes"]).keys() - mapped[row["kind"]])
        if unknown:
            raise unmapped(plan_id, f"{row['kind']}.{unknown[0]}", remedy)


def unmapped(plan_id: str, what: str, remedy: str) -> PlanError:
    """Return the error about a plan that writes something which is not in the mapping."""
    return PlanError(f"plan {plan_id} writes {what}, which the sync does not map any more: {remedy}")
