"""Signing in and out."""

import shlex
from typing import Annotated, Final

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from asset_sync.access import passwords, sessions
from asset_sync.access.access import access_of
from asset_sync.access.oidc import NotSignedIn
from asset_sync.access.users import read_users
from asset_sync.pages.rendering import go, render

routes: Final = APIRouter()
_PATH: Final = "/sign-in"
_WRONG: Final = "The name or the password is wrong."
_TOO_OFTEN: Final = "That was tried too often. Wait some minutes, then try again."
_LAPSED: Final = "The form had lapsed. Try again."


def to_sign_in(request: Request) -> Response:
    """Return what leads to the sign-in and from there back to the page; a part of a page has the whole one led there."""
    if "hx-request" in request.headers:
        return Response(status_code=204, headers={"HX-Redirect": f"{request.scope['root_path']}{_PATH}"})
    if request.method == "GET":
        query = f"?{request.url.query}" if request.url.query else ""
        request.session["next"] = request.url.path.removeprefix(request.scope["root_path"]) + query
    return go(request, _PATH)


@routes.get(_PATH)
def ask(request: Request) -> Response:
    """Ask who it is."""
    return _form(request)


@routes.post(_PATH)
async def answered(request: Request, name: Annotated[str, Form()] = "", password: Annotated[str, Form()] = "") -> Response:
    """Begin a session, where the name and the password are right."""
    if not await sessions.is_ours(request):
        return _form(request, 403, _LAPSED)
    # Argon2 takes its time and memory on purpose.
    return await run_in_threadpool(_sign_in, request, name.strip(), password[: passwords.LONGEST])


def _sign_in(request: Request, name: str, password: str) -> Response:
    access = access_of(request)
    wait_s = access.attempts.wait_s(access.proxy.address(request), name)
    if wait_s is not None:
        refused = _form(request, 429, _TOO_OFTEN)
        refused.headers["Retry-After"] = str(wait_s)
        return refused
    user = read_users().people.get(name)
    if not passwords.is_right(password, user.password if user else None):
        return _form(request, 403, _WRONG)
    access.attempts.forget(name)
    came_for = request.session.get("next", "/")
    sessions.sign_in(request, name, "password")
    return go(request, came_for)


def _form(request: Request, status: int = 200, wrong: str | None = None) -> Response:
    people = any(user.password for user in read_users().people.values())
    return render(
        request, "sign_in.html", status, wrong=wrong, by_provider=access_of(request).provider is not None, by_password=people
    )


@routes.post("/sign-out")
async def leave(request: Request) -> Response:
    """End the session."""
    if not await sessions.is_ours(request):
        raise HTTPException(403, _LAPSED)
    await sessions.sign_out(request)
    return go(request, _PATH, told="You are signed out.")


@routes.get("/oidc")
async def to_provider(request: Request) -> Response:
    """Send a person to the OIDC provider."""
    access = access_of(request)
    if access.provider is None:
        raise HTTPException(404, "no OIDC provider signs people in here")
    return await access.provider.send_away(request, f"{access.public_url}{request.scope['root_path']}/oidc/back")


@routes.get("/oidc/back")
async def from_provider(request: Request) -> Response:
    """Begin a session of who comes back from the OIDC provider."""
    provider = access_of(request).provider
    if provider is None:
        raise HTTPException(404, "no OIDC provider signs people in here")
    came_for = request.session.get("next", "/")
    try:
        person = await provider.person(request)
    except NotSignedIn as error:
        return _form(request, 403, str(error))
    users = read_users()
    name = users.known_as(person.subject, person.name)
    if not users.may(name, "oidc", person.groups):
        add = f"asset-sync users add {shlex.quote(person.name)} --role see --oidc {shlex.quote(person.subject)}"
        return _form(request, 403, f"{person.name} has no role here. Whoever runs this service can give one: {add}")
    sessions.sign_in(request, name, "oidc", person.groups)
    return go(request, came_for)
