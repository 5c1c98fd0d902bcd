"""Held records, and the decisions that let them go on."""

from typing import Annotated, Final, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Form, HTTPException, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel

from asset_sync.ledger.holds import Held
from asset_sync.operations import holds as operations
from asset_sync.operations.definitions import planning_syncs
from asset_sync.operations.objects import gone_of
from asset_sync.operations.places import object_page
from asset_sync.pages.rendering import go, render
from asset_sync.pages.visitors import SEE, Approver
from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.reconcile.plan import connection_of
from asset_sync.reconcile.resolutions import Verb, said

routes: Final = APIRouter(dependencies=SEE)
PAGE: Final = 50


class _Deciding(BaseModel):
    sync: str
    link_set: str
    kind: str
    source_key: str
    verb: Verb
    target_id: str | None = None
    field: str | None = None
    until_changed: bool = False
    seen: int | None = None


@routes.get("/held")
def held(request: Request, sync: str = "", page: Annotated[int, Query(ge=1, le=1_000_000)] = 1) -> Response:
    """Show what is held now, of one sync or of all, with what can be decided about it."""
    at = (page - 1) * PAGE
    # First: what is decided while the rest is read was not seen.
    seen = operations.last_seen()
    try:
        found = operations.held_page(sync or None, at, PAGE)
    except ConfigurationError as error:
        raise HTTPException(404, str(error)) from None
    return render(
        request,
        "held.html",
        held=found.rows,
        total=found.total,
        first=at + 1,
        before=page - 1,
        after=page + 1 if at + PAGE < found.total else 0,
        sync=sync,
        syncs=planning_syncs(),
        place=_place,
        gone=gone_of(found.rows),
        is_gone=operations.is_gone,
        decided=operations.decided,
        seen=seen,
    )


def _place(held: Held, target_id: str) -> str | None:
    return object_page(held.sync, held.link_set, held.kind, target_id)


@routes.post("/held")
def resolve(
    request: Request, by: Approver, deciding: Annotated[_Deciding, Form()], shown: Annotated[str, Query(alias="sync")] = ""
) -> Response:
    """Decide about a held record, and go on to what was shown: of one sync, or of all."""
    try:
        kept = operations.resolve(
            *(deciding.sync, deciding.verb, deciding.kind, deciding.source_key),
            by=by,
            target_id=deciding.target_id,
            field=deciding.field,
            until_changed=deciding.until_changed,
            connection=connection_of(deciding.sync, deciding.link_set),
            seen=deciding.seen,
        )
    except ConfigurationError as error:
        raise HTTPException(422, str(error)) from None
    return go(request, f"/held?{urlencode({'sync': shown})}" if shown else "/held", told=operations.told(kept))


@routes.get("/decisions")
def decisions(request: Request, sync: str = "") -> Response:
    """List what people decided about records, the latest first; what was taken back, too."""
    try:
        found = operations.resolutions(sync or None)
    except ConfigurationError as error:
        raise HTTPException(404, str(error)) from None
    return render(request, "decisions.html", decisions=found, sync=sync)


@routes.post("/decisions/{number}/take-back")
def take_back(
    request: Request,
    by: Approver,
    number: Annotated[int, Path(ge=1, le=operations.LARGEST_NUMBER)],
    to: Annotated[Literal["/decisions", "/held"], Form()] = "/decisions",
) -> Response:
    """Take a decision back, and go on to the page that it was taken back on."""
    kept = operations.take_back(number, by)
    return go(request, to, told=f"Taken back by {by}: {said(kept.resolution)}. The next plan asks again.")
