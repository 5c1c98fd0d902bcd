"""Who asks the service, and what they may."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final, Literal, get_args

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

Role = Literal["see", "approve", "operate"]
ROLES: Final[frozenset[Role]] = frozenset(get_args(Role))
_bearer = HTTPBearer(auto_error=False, description="The token in ASSET_SYNC_API_TOKEN.")


@dataclass(frozen=True)
class Caller:
    """Who asks. `name` is None where it is a token that several may hold: then a decision says by whom it is."""

    name: str | None
    may: frozenset[Role]


def caller(request: Request, sent: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Caller:
    """Return who asks.

    Raises:
        HTTPException: nothing says who it is (401), or what does is not right (403).
    """
    if sent is None:
        raise HTTPException(401, "send the token: Authorization: Bearer …", {"WWW-Authenticate": "Bearer"})
    if not hmac.compare_digest(sent.credentials.encode(), request.app.state.token):
        raise HTTPException(403, "the token is not the right one")
    return Caller(None, ROLES)


def needs(role: Role) -> Callable[[Caller], Caller]:
    """Return what a path depends on that only those with the role may ask for; it answers 403 to others."""

    def check(found: Annotated[Caller, Depends(caller)]) -> Caller:
        if role not in found.may:
            raise HTTPException(403, f"this needs the role {role!r}, which {found.name or 'the token'} does not have")
        return found

    return check
