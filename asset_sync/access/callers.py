"""Who asks the service: a script by its token, or a person by a session or a proxy."""

import hmac
from collections.abc import Awaitable, Callable
from typing import Annotated, Final

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from asset_sync.access import sessions
from asset_sync.access.access import Access, access_of
from asset_sync.access.roles import ROLES, Caller, Role
from asset_sync.access.users import read_users

_bearer = HTTPBearer(auto_error=False, description="The token in ASSET_SYNC_API_TOKEN, or one of a script.")
_NOT_OURS: Final = "this was not sent by a page of this session: load the page again, and send it from there"


async def person(request: Request) -> Caller:
    """Return which person asks.

    Raises:
        HTTPException: nobody signed in, or not any more (401), or the request comes from another site's page (403).
    """
    named = access_of(request).proxy.person(request)
    by_proxy = Caller(named.name, read_users().may(named.name, "proxy", named.groups)) if named else None
    found = by_proxy or await sessions.person(request)
    if found is None:
        raise HTTPException(401, "sign in")
    if not await sessions.is_ours(request):
        raise HTTPException(403, _NOT_OURS)
    request.state.person = found
    return found


async def caller(request: Request, sent: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Caller:
    """Return who asks: by the token, where one was sent, else the person.

    Raises:
        HTTPException: nothing says who it is (401), or what does is not right (403).
    """
    if sent is not None:
        return _holder(sent.credentials, access_of(request))
    try:
        return await person(request)
    except HTTPException as error:
        if error.status_code != 401:
            raise
    raise HTTPException(401, "send the token: Authorization: Bearer …", {"WWW-Authenticate": "Bearer"})


def _holder(token: str, access: Access) -> Caller:
    if hmac.compare_digest(token.encode(), access.token):
        return Caller(None, frozenset(ROLES))
    user = read_users().with_token(token)
    if user is None:
        raise HTTPException(403, "the token is not the right one")
    if user.is_over:
        raise HTTPException(403, f"the token of {user.name} was good until {user.until}: asset-sync users token makes another")
    return Caller(user.name, user.may)


def needs(role: Role, of: Callable[..., Awaitable[Caller]] = caller) -> Callable[[Caller], Caller]:
    """Return what a path depends on that only those with the role may ask for; it answers 403 to others."""

    def check(found: Annotated[Caller, Depends(of)]) -> Caller:
        if role not in found.may:
            raise HTTPException(403, f"this needs the role {role!r}, which {found.name or 'the token'} does not have")
        return found

    return check


Approver = Annotated[Caller, Depends(needs("approve"))]
Operator = Annotated[Caller, Depends(needs("operate"))]
