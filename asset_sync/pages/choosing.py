"""Approving a part of a plan: the operations that a person ticked, or all that the filter finds."""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import Response
from pydantic import Field

from asset_sync.operations import plans as operations
from asset_sync.operations.browsing import rows_that_write
from asset_sync.pages.filters import Asked
from asset_sync.pages.plans import Existing
from asset_sync.pages.rendering import go
from asset_sync.pages.visitors import SEE, Approver
from asset_sync.reconcile.review import Choice, Selection

routes: Final = APIRouter(dependencies=SEE)


class Chosen(Asked):
    """What is ticked on a page: rows, or `everything` that the filter finds; of updates, `this_field` alone."""

    how: Literal["only", "without"]
    seq: Annotated[list[int], Field(max_length=1_000)] = Field(default_factory=list)
    everything: bool = False
    this_field: bool = False

    def selection(self, plan_id: str) -> Selection | None:
        """Return what is approved by it; None where nothing is ticked."""
        rows = rows_that_write(plan_id, self.filter()) if self.everything else self.seq
        if not rows:
            return None
        fields = frozenset({self.field} if self.this_field and self.field else ())
        choice = Choice(frozenset(rows), fields=fields)
        return Selection(only=[choice]) if self.how == "only" else Selection(without=[choice])


@routes.post("/plans/{plan_id}/approve-part")
def approve_part(request: Request, plan: Existing, by: Approver, chosen: Annotated[Chosen, Form()]) -> Response:
    """Let a part of a plan be applied; what is left out is a decision, which the next plan knows."""
    selection = chosen.selection(plan.id)
    if selection is None:
        raise HTTPException(422, "nothing is chosen: tick some operations, or all that the filter finds")
    part = operations.approve(plan.id, by, selection)
    return go(request, f"/plans/{part.id}", told=f"Plan {part.id} is approved by {by}, in the place of plan {plan.id}.")
