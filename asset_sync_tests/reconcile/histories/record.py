"""What one run did, as it is put before the oracle."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.target import Outcome
from asset_sync_tests.reconcile.histories.evidence import Moment, Thing
from asset_sync_tests.reconcile.memory import LinkRows
from asset_sync_tests.reconcile.worlds import Row

Wanted = Mapping[str, Mapping[str, Row]]
"""The source's rows by kind and source key."""


class HistoryFault(AssertionError):
    """Something that must never happen did."""


@dataclass
class Run:
    """A plan, and what became of it: the target when it was made, and before and after each attempt to carry it out.

    `made` says for which record each object was created, by kind and id. `whole` says that no fault came in between.
    """

    plan: Plan
    at: datetime
    wanted: Wanted
    links_before: LinkRows
    planned: Moment
    links_after: LinkRows = field(default_factory=dict)
    attempts: list[tuple[Moment, Moment]] = field(default_factory=list)
    made: dict[tuple[str, str], str] = field(default_factory=dict)
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    intended: set[int] = field(default_factory=set)
    whole: bool = True

    @property
    def after(self) -> Moment:
        """The target when it was over."""
        return self.attempts[-1][1] if self.attempts else self.planned

    def keys(self, kind: str) -> dict[str, str]:
        """Return the source keys of a kind's records by the keys that references name them by."""
        return {str(row["key"]): source_key for source_key, row in self.wanted[kind].items()}

    def linked(self, kind: str, reference: str | None) -> str | None:
        """Return the id of the object that a record is linked to after the run, the record named as references name it."""
        link = self.links_after.get((kind, self.keys(kind).get(str(reference), "")))
        return link["target_id"] if link else None

    def linked_to(self, thing: Thing) -> Iterator[dict[str, Any]]:
        """Yield the links that were to an object when the plan was made, and not to one that had its id before."""
        for (kind, _), link in self.links_before.items():
            if (kind, link["target_id"]) == thing[:2] and link.get("created") in (None, thing.created):
                yield link

    def holds(self) -> list[dict[str, Any]]:
        """Return the operations that the plan holds."""
        return p.records(self.plan.held)

    def was_linked(self, kind: str, source_key: str) -> Thing | None:
        """Return the object that a record was linked to when the plan was made, where it was there."""
        link = self.links_before.get((kind, source_key))
        return self.planned.at(kind, link["target_id"]) if link else None
