"""Each sync at a glance, by its last runs; and one sync with the list of these."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from asset_sync.operations.definitions import makes_plans
from asset_sync.operations.plans import plans
from asset_sync.operations.standing import RUNS, Ran, SyncStanding, standings
from asset_sync.pages.charts import Chart, bars
from asset_sync.pages.rendering import render
from asset_sync.pages.visitors import SEE
from asset_sync.reconcile.errors import ConfigurationError

routes: Final = APIRouter(dependencies=SEE)
_PLANS: Final = 3 * RUNS
"""A run may apply a plan that an earlier one made; so far back these are looked for."""


@dataclass(frozen=True, slots=True)
class Glance:
    """How a sync stands, and what its last runs came to, the oldest first."""

    standing: SyncStanding
    charts: Sequence[Chart]


@routes.get("/syncs")
def syncs(request: Request) -> Response:
    """Show how each sync stands, those that never ran last."""
    found = sorted(standings(), key=lambda each: not each.runs)
    return render(request, "syncs.html", glances=list(map(_glance, found)))


@routes.get("/syncs/{sync}")
def shown(request: Request, sync: str) -> Response:
    """Show how one sync stands, with its last runs, each of which may be taken back."""
    try:
        (standing,) = standings(sync)
    except ConfigurationError as error:
        raise HTTPException(404, str(error)) from None
    return render(request, "sync.html", glance=_glance(standing), applied=_applied(standing))


def _glance(standing: SyncStanding) -> Glance:
    return Glance(standing, _charts(standing.runs))


def _charts(newest_first: Sequence[Ran]) -> Sequence[Chart]:
    ran = list(reversed(newest_first))
    # One that only applied a plan read nothing, and its numbers are those of the run that made the plan.
    made = [each for each in ran if (each.plan_id or each.changes) and each.mode != "apply"]
    return [
        bars([sum(each.source_rows.values()) for each in made], "rows of the source"),
        bars([sum(each.changes.values()) for each in made], "changes"),
        bars([each.held for each in made], "held"),
        bars([each.seconds for each in ran if each.seconds is not None], "seconds"),
    ]


def _applied(standing: SyncStanding) -> frozenset[str]:
    """Return the plans of the sync that an undo may take something back of."""
    if not makes_plans(standing.sync) or not standing.runs:
        return frozenset()
    made = plans(standing.sync, _PLANS)
    return frozenset(plan.id for plan in made if plan.state in ("applied", "interrupted") and any(plan.counts.values()))
