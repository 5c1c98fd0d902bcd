"""A record's page: why that was done to it, and why not."""

from functools import partial
from typing import Any, Final

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from asset_sync.operations.definitions import planning_syncs
from asset_sync.operations.explained_words import DECISIONS, STATES
from asset_sync.operations.explaining import explain
from asset_sync.operations.places import object_page
from asset_sync.pages.rendering import render
from asset_sync.pages.visitors import SEE
from asset_sync.reconcile.errors import ConfigurationError

routes: Final = APIRouter(dependencies=SEE)


@routes.get("/records")
def record(request: Request, sync: str = "", key: str = "", kind: str = "", partition: str = "") -> Response:
    """Explain the record of a sync that is meant; where none is named, ask for one."""
    asked = {"sync": sync, "key": key, "kind": kind, "partition": partition}
    syncs = planning_syncs()
    if not sync or not key:
        return render(request, "find_record.html", asked=asked, syncs=syncs)
    try:
        told = explain(sync, key, kind=kind or None, connection=partition or None)
    except ConfigurationError as error:
        raise HTTPException(404, str(error)) from None
    place = partial(object_page, told.sync, told.link_set, told.kind)
    words: dict[str, Any] = {"states": STATES, "decisions": DECISIONS}
    return render(request, "record.html", asked=asked, syncs=syncs, told=told, place=place, **words)
