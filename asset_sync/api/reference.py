"""The page that shows what REST takes and answers: Swagger UI over /openapi.json, which is as open as that is."""

from pathlib import Path
from typing import Final

from fastapi.staticfiles import StaticFiles
from starlette.responses import Response
from starlette.types import Scope

from asset_sync.pages.policy import headers

_HEADERS: Final = headers(images="'self' data:")
"""The style sheet of Swagger UI has its pictures in itself."""


class Reference(StaticFiles):
    """The page and what it needs."""

    def __init__(self) -> None:
        super().__init__(directory=Path(__file__).parent / "static", html=True)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file of the page, with what a browser may do with it."""
        answer = await super().get_response(path, scope)
        answer.headers.update(_HEADERS)
        return answer
