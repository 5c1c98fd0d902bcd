"""How the service says no: a problem as RFC 9457 has it, in one line, and what each path tells of that beforehand."""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import psycopg
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from sqlalchemy.exc import DataError, SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import Request

from asset_sync.api.bodies import unreadable
from asset_sync.reconcile.errors import AssetSyncError, PlanError

MEDIA_TYPE: Final = "application/problem+json"
_log: Final = logging.getLogger(__name__)
Responses = dict[int | str, dict[str, Any]]


class Problem(BaseModel):
    """Why a request was refused, in one line (RFC 9457)."""

    type: str = Field(default="about:blank", description="What else there is to say of it than its status: nothing.")
    title: str = Field(description="What the status means.")
    status: int
    detail: str = Field(description="What is wrong, where, and what to do.")


def told(status: int, words: str) -> Responses:
    """Return that a path may answer with a problem of that status, and when."""
    schema = {"$ref": f"#/components/schemas/{Problem.__name__}"}
    return {status: {"description": words, "content": {MEDIA_TYPE: {"schema": schema}}}}


UNSOUND: Final[Responses] = {
    **told(400, "The body cannot be read."),
    **told(422, "The request is not as it should be."),
    **told(503, "The database or a setting is missing."),
}
REFUSED: Final[Responses] = {
    **told(401, "No token was sent."),
    **told(403, "The token is not the right one, or may not do this."),
    **UNSOUND,
}
ABSENT: Final = told(404, "There is no such thing.")
CONFLICT: Final = told(409, "It is not so now that this could be done.")


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return a problem of that status."""
    said = Problem(title=HTTPStatus(status).phrase, status=status, detail=" ".join(detail.split()))
    return JSONResponse(said.model_dump(), status, headers, media_type=MEDIA_TYPE)


def told_by(app: FastAPI) -> None:
    """Have a service tell every error as a problem, and describe what that is."""
    app.add_exception_handler(AssetSyncError, _not_possible)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(SQLAlchemyError, _no_database)
    app.add_exception_handler(psycopg.Error, _no_database)
    app.add_exception_handler(DataError, _no_data)
    app.add_exception_handler(psycopg.DataError, _no_data)
    app.add_exception_handler(Exception, _broken)

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            made.setdefault("components", {}).setdefault("schemas", {})[Problem.__name__] = Problem.model_json_schema()
            app.openapi_schema = made
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way


async def _not_possible(_request: Request, error: Exception) -> Response:
    return problem(409 if isinstance(error, PlanError) else 503, str(error))


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - for the type checker: it is registered for these only
    return problem(error.status_code, unreadable(error.__cause__) or str(error.detail), error.headers)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    if isinstance(error.body, bytes):
        # FastAPI reads no body of another type; what it says of that is that the text of it is no object.
        sent = request.headers.get("content-type") or "no type"
        return problem(422, f"body: send it as JSON, with Content-Type: application/json; it came as {sent}")
    return problem(422, "; ".join(f"{_where(e['loc'])}: {e['msg']}" for e in error.errors()))


def _where(place: Sequence[str | int]) -> str:
    """Return the key that is wrong, else the part of the request; where in the text of a body is nothing to a person."""
    return ".".join(part for part in place[1:] if isinstance(part, str)) or str(place[0])


async def _no_database(_request: Request, error: Exception) -> Response:
    _log.error("the database does not answer as it should: %s", error)
    return problem(503, "the database does not answer as it should; the service's log says more")


async def _no_data(_request: Request, error: Exception) -> Response:
    _log.error("a request holds what the database does not take: %s", error)
    return problem(422, "the request holds what the database does not take, such as a NUL character")


async def _broken(_request: Request, _error: Exception) -> Response:
    return problem(500, "an error in asset_sync; the service's log says more")
