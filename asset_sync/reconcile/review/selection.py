"""Selections: what a person approves of a plan, and what is thereby decided about the rest."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.kinds import Kinds
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.resolutions import Resolution
from asset_sync.reconcile.review.choice import Choice, Row, fields_of, rows_of
from asset_sync.reconcile.review.parting import Left


@dataclass(frozen=True, slots=True)
class Selection:
    """What is approved of a plan: what one of `only` chooses (all, where there is none), but not what one of `without` does."""

    only: Sequence[Choice] = ()
    without: Sequence[Choice] = ()

    def leaves(self, row: Row) -> frozenset[str]:
        """Return the fields of an operation that are not approved."""
        fields = fields_of(row)
        approved = _chosen(self.only, row) if self.only else fields
        return fields - (approved - _chosen(self.without, row))


def chooses(plan: Plan, choice: Choice) -> bool:
    """Return whether a plan writes anything that is chosen."""
    return any(_chosen([choice], row) for row in rows_of(plan))


def left_out(plan: Plan, selection: Selection, by: str) -> Left:
    """Return what of a plan a person leaves out, for `asset_sync.reconcile.review.part`."""
    left = ((row["seq"], selection.leaves(row)) for row in rows_of(plan))
    return {seq: dict.fromkeys(fields, f"{LEFT_OUT}{by}") for seq, fields in left if fields}


LEFT_OUT: Final = "left out by "
"""How the hold of what a person left out of an approval begins."""


def decisions(parted: Plan, kinds: Kinds, by: str, at: datetime) -> Iterator[Resolution]:
    """Yield what is decided by what a person left out of a plan, for the next plan to know.

    A new record is ignored until it changes; what an object has, or whether it is in service, stays as it is in the target.
    What waits only with something else decides nothing, and neither does what is of no record of the source.
    """
    for row in p.records(parted.held):
        if row["hold"] != f"{LEFT_OUT}{by}" or row["source_key"] is None:
            continue
        if row["op"] == p.CREATE:
            yield Resolution(row["kind"], row["source_key"], "ignore", by, at, until_changed=True, key=row["key"])
            continue
        retirement = kinds[row["kind"]].retirement
        whole = row["op"] in {p.RETIRE, p.RESTORE} and retirement is not None
        for field in [retirement.field] if whole and retirement else p.decode(row["changes"]):
            yield Resolution(row["kind"], row["source_key"], "keep_target", by, at, field=field, key=row["key"])


def _chosen(choices: Sequence[Choice], row: Row) -> frozenset[str]:
    return frozenset[str]().union(*(choice.of(row, _nowhere) for choice in choices))


def _nowhere(row: Row, field: str) -> Sequence[str]:  # noqa: ARG001 - a selection names no sites and tags
    return ()
