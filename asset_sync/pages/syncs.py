"""Each sync at a glance, by its last plans."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from asset_sync.ledger import PlanHeader
from asset_sync.operations.definitions import makes_plans, sync_names
from asset_sync.operations.plans import plans
from asset_sync.pages.charts import Chart, bars
from asset_sync.pages.rendering import render
from asset_sync.pages.visitors import SEE

routes: Final = APIRouter(dependencies=SEE)
_PLANS: Final = 30


@dataclass(frozen=True, slots=True)
class Glance:
    """A sync by its last plans: the one made last, when one was applied last, and what they came to, the oldest first."""

    name: str
    last: PlanHeader
    applied_at: datetime | None
    charts: Sequence[Chart]


@routes.get("/syncs")
def syncs(request: Request) -> Response:
    """Show how each sync stands."""
    found = [(name, plans(name, _PLANS)) for name in sync_names() if makes_plans(name)]
    made = [_glance(name, made) for name, made in found if made]
    return render(request, "syncs.html", glances=made, never=[name for name, made in found if not made])


def _glance(name: str, newest_first: Sequence[PlanHeader]) -> Glance:
    made = list(reversed(newest_first))
    applied = [plan.applied_at for plan in made if plan.applied_at is not None]
    seconds = [(plan.applied_at - plan.started_at).total_seconds() for plan in made if plan.applied_at and plan.started_at]
    charts = [
        bars([sum(plan.source_rows.values()) for plan in made], "rows of the source"),
        bars([sum(plan.counts.values()) for plan in made], "changes"),
        bars([plan.held for plan in made], "held"),
        bars(seconds, "seconds of applying"),
    ]
    return Glance(name, newest_first[0], max(applied, default=None), charts)
