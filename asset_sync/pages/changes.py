"""What was written to targets since a moment, and what people decided: counted, and one by one."""

from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel

from asset_sync.operations import changes as operations
from asset_sync.operations.definitions import planning_syncs
from asset_sync.operations.places import object_page
from asset_sync.pages.filters import PAGE, PageNumber, Words
from asset_sync.pages.rendering import render
from asset_sync.pages.visitors import SEE
from asset_sync.reconcile.errors import ConfigurationError

routes: Final = APIRouter(dependencies=SEE)


class _Asked(BaseModel):
    """What is asked about, as a form sends it: what is empty is not asked about."""

    since: Words = "7d"
    sync: Words = ""
    kind: Words = ""
    field: Words = ""
    page: PageNumber = 1

    def query(self, **other: Any) -> str:
        """Return the query of the address of what is asked about, but for what is `other`; by itself its first page."""
        told = {**self.model_dump(exclude={"page"}), **other}
        return urlencode({name: value for name, value in told.items() if value})


@routes.get("/changes")
def changes(request: Request, asked: Annotated[_Asked, Query()]) -> Response:
    """Show what was written and decided since a moment, with a page of it one by one."""
    try:
        since = operations.moment(asked.since or "7d", operations.local_now())
    except ConfigurationError as error:
        raise HTTPException(422, str(error)) from None
    offset = (asked.page - 1) * PAGE
    only = {"sync": asked.sync or None, "kind": asked.kind or None, "field": asked.field or None}
    try:
        found = operations.changes(since, **only, most=PAGE, offset=offset)
    except ConfigurationError as error:
        raise HTTPException(404, str(error)) from None
    told: dict[str, Any] = {"asked": asked, "found": found, "first": offset + 1, "place": _place}
    syncs = planning_syncs()
    return render(request, "changes.html", **told, syncs=syncs)


def _place(told_sync: str, kind: str, target_id: str) -> str | None:
    """Return the address of an object's page; a sync is told with its connection, where each has links of its own."""
    return object_page(told_sync.partition("/")[0], told_sync, kind, target_id)
