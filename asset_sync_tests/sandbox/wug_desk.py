"""Asks the simulated WhatsUp Gold over real HTTP, as a client does."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import requests

from asset_sync.sandbox.faults import Faults
from asset_sync.sandbox.server import Server
from asset_sync.sandbox.wug import BASE, FAULTS, Host, WugState, create_app

Row = dict[str, Any]
COUNTED = {
    *("successfulOperations", "resourcesNotAllowed", "resourcesWithErros"),
    *("errors", "limitReached", "maximumReached", "success"),
}


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Desk:
    """A server, its state, and a caller who has signed in as `ann`."""

    def __init__(self, hosts: Mapping[str, Host] | None = None, **options: Any) -> None:
        self.clock = Clock()
        self.state = WugState(hosts, clock=self.clock, scan_seconds=1.0)
        self.faults = Faults(2, FAULTS)
        self.users = {"ann": "p&s s"}
        app = create_app(self.state, users=self.users, faults=self.faults, **options)
        self._server = Server(app)
        self._session = requests.Session()

    def __enter__(self) -> Self:
        self._server.__enter__()
        self.tokens = self.sign_in().json()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._session.close()
        self._server.__exit__(kind, error, trace)

    @property
    def server_url(self) -> str:
        """Where the server is, without the path of the API."""
        return self._server.url

    def grant(self, content_type: str = "application/json", **form: str) -> requests.Response:
        """Ask for a token with a form, of whatever content type."""
        headers = {"Content-Type": content_type}
        return self._session.post(f"{self._server.url}{BASE}/token", urlencode(form), headers=headers, timeout=5)

    def sign_in(self, password: str = "p&s s") -> requests.Response:
        return self.grant(grant_type="password", username="ann", password=password)

    def refresh(self, token: str) -> requests.Response:
        return self.grant(grant_type="refresh_token", refresh_token=token)

    def ask(self, method: str, path: str, body: Any = None, header: str | None = None, **params: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.tokens['access_token']}" if header is None else header}
        url = f"{self._server.url}{BASE}/{path}"
        return self._session.request(method, url, params=params, json=body, headers=headers, timeout=5)

    def do(self, method: str, path: str, body: Any = None, **params: Any) -> Any:
        """The body of an answer that is to be a 200."""
        answer = self.ask(method, path, body, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def get(self, path: str, **params: Any) -> Any:
        """What is in the envelope."""
        return self.do("GET", path, **params)["data"]

    def pages(self, path: str, **params: Any) -> list[Row]:
        """All pages of a listing, as bodies."""
        found = [self.do("GET", path, **params)]
        while page_id := found[-1]["paging"].get("nextPageId"):
            found.append(self.do("GET", path, **params, pageId=page_id))
        return found

    def refused(self, status: int, method: str, path: str, body: Any = None, **params: Any) -> str:
        """The message of an answer that is to be an error of that status, in the documented form."""
        answer = self.ask(method, path, body, **params)
        assert answer.status_code == status, answer.text
        error = answer.json()["error"]
        assert error.keys() == {"status", "code", "message"}
        assert error["status"] == status
        return str(error["message"])
