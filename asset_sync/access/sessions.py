"""Sessions: who signed in, in a signed cookie. Only those that were ended are kept, in the ledger that services share."""

import hashlib
import hmac
import secrets
import time
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection, Request

from asset_sync.access.roles import Caller
from asset_sync.access.users import Users, Way, read_users
from asset_sync.components.resources import open_signed_out

COOKIE: Final = "asset_sync_session"
LASTS_S: Final = 8 * 3600
"""So long a session lasts, used or not."""
FORM_FIELD: Final = "csrf"
"""The field of a form that says that the form is ours; in REST, the header `X-CSRF-Token` does."""
HEADER: Final = "x-csrf-token"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def secret_of(token: bytes) -> str:
    """Return what cookies are signed with: made of the service's token, so another token ends all sessions."""
    return hmac.new(token, b"asset_sync sessions", hashlib.sha256).hexdigest()


def sign_in(request: Request, name: str, way: Way, groups: Iterable[str] = ()) -> None:
    """Begin a session; nothing of an earlier one is left in it. Of the groups those are kept that the user file names."""
    users = read_users()
    request.session.clear()
    kept = sorted(set(groups) & users.groups.keys())
    of_session = {"id": secrets.token_urlsafe(16), "at": int(time.time()), "mark": _mark(users, name)}
    request.session.update(name=name, way=way, groups=kept, **of_session)


async def sign_out(request: Request) -> None:
    """End the session: for whoever has a copy of its cookie, too. Raises an error of the database where that cannot be kept."""
    session = request.session.get("id")
    request.session.clear()
    if session is not None:
        await run_in_threadpool(lambda: open_signed_out().end(session, timedelta(seconds=LASTS_S)))


async def person(request: HTTPConnection) -> Caller | None:
    """Return whose session it is, with what the user file lets them do now; None where nobody's, or where it is over."""
    session: dict[str, Any] = request.session
    name, began = session.get("name"), session.get("at", 0)
    if name is None or "id" not in session or not 0 <= time.time() - began < LASTS_S:
        return None
    if await run_in_threadpool(lambda: open_signed_out().has(session["id"])):
        return None
    users = read_users()
    if not hmac.compare_digest(session["mark"], _mark(users, name)):
        return None
    return Caller(name, users.may(name, session["way"], session["groups"]))


def form_token(request: HTTPConnection) -> str:
    """Return the session's token for forms; one is made where it has none."""
    session: dict[str, Any] = request.session
    if FORM_FIELD not in session:
        session[FORM_FIELD] = secrets.token_urlsafe(24)
    return str(session[FORM_FIELD])


async def is_ours(request: Request) -> bool:
    """Tell whether a request that changes something comes from a form of the session's own, or with its token in the header."""
    if request.method in _SAFE:
        return True
    expected = request.session.get(FORM_FIELD)
    sent: Any = request.headers.get(HEADER)
    if sent is None and request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        sent = (await request.form()).get(FORM_FIELD)
    return isinstance(sent, str) and expected is not None and hmac.compare_digest(sent.encode(), expected.encode())


def _mark(users: Users, name: str) -> str:
    """Return what changes with what a person is known by, a password or a subject: sessions end with it."""
    user = users.people.get(name)
    return hashlib.sha256(f"{user.password} {user.subject}".encode()).hexdigest()[:16] if user else ""
