"""Pausing what writes: one sync or all, with a reason and a name, until somebody resumes it."""

from collections.abc import Sequence

from asset_sync.components.resources import open_pauses
from asset_sync.ledger import Pause
from asset_sync.operations.definitions import job_of
from asset_sync.reconcile.errors import ConfigurationError, PlanError


def pauses() -> Sequence[Pause]:
    """Return what is paused, everything first."""
    return open_pauses().all()


def pause(sync: str | None, reason: str, by: str) -> Sequence[Pause]:
    """Hold what a sync writes, or what all do; return what is paused then.

    Runs go on to plan, and refuse to write; what is being applied goes on to its end. Raises `ConfigurationError` for a sync
    that there is not, and without a reason.
    """
    if sync is not None:
        job_of(sync)
    if not reason.strip():
        raise ConfigurationError("a pause needs a reason: whoever meets it asks for that")
    open_pauses().begin(sync, " ".join(reason.split()), by)
    return pauses()


def resume(sync: str | None) -> Sequence[Pause]:
    """End the pause of a sync, or that of everything; return what is still paused.

    Raises `ConfigurationError` for a sync that there is not, and `PlanError` where it is not paused by itself.
    """
    if sync is not None:
        job_of(sync)
    if not open_pauses().end(sync):
        why_not = f"{sync} is not paused by itself" if sync else "there is no pause of everything"
        others = "; ".join(map(str, pauses())) or "nothing is paused"
        raise PlanError(f"{why_not}: {others}")
    return pauses()
