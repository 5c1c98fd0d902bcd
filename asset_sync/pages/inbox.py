"""The inbox: the plans that wait for a person."""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from asset_sync.operations.browsing import undecided
from asset_sync.pages.rendering import render
from asset_sync.pages.visitors import SEE

routes: Final = APIRouter(dependencies=SEE)


@routes.get("/")
def inbox(request: Request) -> Response:
    """Show the plans that wait: to be approved, to be applied, or to be gone on with."""
    found = undecided()
    sorts = [("waiting", "To be decided"), ("approved", "Approved, to be applied"), ("interrupted", "Interrupted")]
    parts = [(title, [plan for plan in found if plan.state == state]) for state, title in sorts]
    return render(request, "inbox.html", parts=[(title, plans) for title, plans in parts if plans])
