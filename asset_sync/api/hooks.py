"""Hooks: what NetBox's event rules send. They ask for no token but for the signature of what they bring."""

from typing import Annotated, Final

from fastapi import APIRouter, Header, HTTPException, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from asset_sync.api.bodies import body_of
from asset_sync.api.problems import UNSOUND, Responses, told
from asset_sync.api.started import Runs
from asset_sync.operations import hooks as operations
from asset_sync.operations.hooks import NotBelieved, NotSigned, TakenBefore

hooks: Final = APIRouter(tags=["hooks"])
_ANSWERS: Final[Responses] = {
    **UNSOUND,
    **told(401, "The signature is missing or wrong."),
    **told(409, "It was taken before, or is too old."),
    **told(413, "The body is too large."),
}
_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object", "title": "NetBox's event"}}},
    }
}


class HookTaken(BaseModel):
    """The runs that the hook asked for; else why there are none."""

    runs: list[str]
    ignored: str | None


@hooks.post("/hooks/netbox", status_code=202, responses=_ANSWERS, openapi_extra=_BODY)
async def netbox_hook(request: Request, runs: Runs, x_hook_signature: Annotated[str | None, Header()] = None) -> HookTaken:
    """Take what an event rule of NetBox sent: a device that gets an address is exported to WhatsUp Gold."""
    body = await body_of(request, operations.MOST_BYTES)
    try:
        taken = await run_in_threadpool(operations.take, body, x_hook_signature)
    except NotSigned as error:
        raise HTTPException(401, str(error)) from None
    except NotBelieved as error:
        raise HTTPException(422, str(error)) from None
    except TakenBefore as error:
        raise HTTPException(409, str(error)) from None
    runs.wake()
    return HookTaken(runs=list(taken.runs), ignored=taken.ignored)
