"""A plan's operations by pages and filters, for whoever reviews it: it takes as long for 100 of them as for 100,000."""

from asset_sync.components.resources import open_browsing
from asset_sync.ledger import PlanHeader
from asset_sync.ledger.browsing import Filter, PlannedPage, Tally
from asset_sync.operations.definitions import declared
from asset_sync.reconcile.errors import ConfigurationError


def undecided() -> list[PlanHeader]:
    """Return the plans that wait for a person: to be approved, to be applied, or gone on with; the one made last first."""
    return open_browsing().undecided()


def planned(plan_id: str, found_by: Filter, offset: int, limit: int) -> PlannedPage:
    """Return a page of a plan's operations, `limit` of them from `offset` on, with what became of each."""
    return open_browsing().page(plan_id, found_by, offset, limit)


def rows_that_write(plan_id: str, found_by: Filter) -> list[int]:
    """Return the row numbers of those operations of a plan that a filter finds, and that write."""
    return open_browsing().rows_that_write(plan_id, found_by)


def tally(plan_id: str) -> list[Tally]:
    """Return how many operations of each sort a plan has."""
    return open_browsing().tally(plan_id)


def mapped_fields(sync: str, kind: str | None) -> list[str]:
    """Return the fields that a sync writes, of one kind or of all; none of a sync whose YAML is gone."""
    try:
        owners = declared(sync).policy.owners
    except ConfigurationError:
        return []
    return sorted({field for name, fields in owners.items() if kind in (None, name) for field in fields})
