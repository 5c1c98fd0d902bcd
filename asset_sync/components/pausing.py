"""Pauses: what a person holds is not written, whoever starts it."""

from collections.abc import Callable, Sequence

import dagster as dg

from asset_sync.components.failures import told_in_one_line
from asset_sync.components.resources import open_pauses
from asset_sync.ledger import Pause
from asset_sync.ledger.pauses import holding
from asset_sync.reconcile.errors import PlanError

Paused = Callable[[str], str | None]
"""Says in a line why a sync is not to write now; None where it may."""


def paused(sync: str) -> str | None:
    """Return in a line why a sync is not to write now; None where it may."""
    return looked_up()(sync)


def held_back(sync: str) -> str | None:
    """Return in a line why a sensor is to start nothing of a sync now: a pause, or that nobody can be asked for one."""
    try:
        with told_in_one_line():
            return paused(sync)
    except dg.Failure as failure:
        # A database that is away is no reason for a sensor to be given up: the next tick asks again.
        return failure.description or ""


def looked_up() -> Paused:
    """Return what says of any sync what `paused` does, as it is now: looked up once for all of them."""
    return told_by(open_pauses().all())


def told_by(found: Sequence[Pause]) -> Paused:
    """Return what says of any sync in a line why it is not to write, by the pauses that there are."""

    def why(sync: str) -> str | None:
        pause = holding(found, sync)
        return None if pause is None else str(pause)

    return why


def refuse_paused(sync: str) -> None:
    """Raise `PlanError` where a sync is not to write now."""
    if why := paused(sync):
        raise PlanError(why)
