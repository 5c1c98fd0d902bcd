"""How pages are made: the templates, what every one of them knows, and how values and times are written in them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from fastapi.templating import Jinja2Templates
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from asset_sync.access import sessions
from asset_sync.operations.places import run_page
from asset_sync.pages.charts import bars
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.report import named
from asset_sync.reconcile.resolutions import said
from asset_sync.reconcile.visible import visible

_TOLD: Final = "told"
_UNITS: Final = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


def moment(at: datetime) -> str:
    """Return a moment in UTC, to the minute."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"


def age(at: datetime) -> str:
    """Return how long ago something was."""
    seconds = (datetime.now(UTC) - at).total_seconds()
    for size, unit in _UNITS:
        count = int(seconds // size)
        if count:
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return "just now"


def words(name: str) -> str:
    """Return a name of the code as people read it."""
    return name.replace("_", " ")


def value(told: Any) -> str:
    """Return a value that is not empty in words, none of which acts on the page."""
    return visible(named(told))


def record_query(sync: str, link_set: str, kind: str | None, record: str) -> str:
    """Return the query of the address of a record's page; `record` is its source key, or the id (#17) of its object."""
    told = {"sync": sync, "partition": p.connection_of(sync, link_set), "kind": kind, "key": record}
    return urlencode({name: value for name, value in told.items() if value is not None})


_ENVIRONMENT: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters |= {"moment": moment, "age": age, "words": words, "value": value, "visible": visible}
_ENVIRONMENT.filters |= {"changes": p.decode, "decision": said}
_ENVIRONMENT.globals |= {"bars": bars, "run_page": run_page, "record_query": record_query}
_TEMPLATES: Final = Jinja2Templates(env=_ENVIRONMENT)


def render(request: Request, template: str, status: int = 200, **more: Any) -> Response:
    """Return a page; it has the person, the token of its forms, and what is to be told once."""
    context = {
        "root": request.scope["root_path"],
        "person": getattr(request.state, "person", None),
        "form_token": sessions.form_token(request),
        "news": request.session.pop(_TOLD, []),
    }
    return _TEMPLATES.TemplateResponse(request, template, {**context, **more}, status_code=status)


def go(request: Request, path: str, *, told: str | None = None) -> Response:
    """Return what leads to another page, which then tells something once."""
    if told is not None:
        request.session[_TOLD] = [told]
    return RedirectResponse(f"{request.scope['root_path']}{path}", 303)
