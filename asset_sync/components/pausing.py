"""Pauses: what a person holds is not written, whoever starts it."""

from asset_sync.components.resources import open_pauses
from asset_sync.reconcile.errors import PlanError


def paused(sync: str) -> str | None:
    """Return in a line why a sync is not to write now; None where it may."""
    found = open_pauses().of(sync)
    return None if found is None else str(found)


def refuse_paused(sync: str) -> None:
    """Raise `PlanError` where a sync is not to write now."""
    if why := paused(sync):
        raise PlanError(why)
