"""Hosts by REST: a document that `asset-sync collect` made is taken in."""

from typing import Final

from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from asset_sync.access.callers import needs
from asset_sync.api.bodies import body_of
from asset_sync.api.problems import told
from asset_sync.components.hosts.taking import NotKept
from asset_sync.operations.hosts import take_document
from asset_sync.systems.hosts.document import MAX_BYTES, DocumentRefused

hosts: Final = APIRouter(tags=["hosts"])
_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object", "title": "A document of `asset-sync collect`"}}},
    }
}


class HostTaken(BaseModel):
    """What was taken in: the host's partition, and what of the document was left out, a line each."""

    partition: str
    notes: list[str]


@hosts.post(
    "/hosts",
    dependencies=[Depends(needs("operate"))],
    status_code=201,
    responses=told(413, "The document is too large."),
    openapi_extra=_BODY,
)
async def take_host(request: Request) -> HostTaken:
    """Take in the document of one host; the syncs of hosts read it in their next run."""
    body = await body_of(request, MAX_BYTES)
    try:
        taken = await run_in_threadpool(take_document, body)
    except DocumentRefused as error:
        raise HTTPException(422, f"the document {error}") from None
    except NotKept as error:
        raise HTTPException(503, str(error)) from None
    return HostTaken(partition=taken.name, notes=list(taken.notes))
