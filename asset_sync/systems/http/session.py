"""A client as a session of `requests`, for libraries that bring a system's API and take a session: pynetbox is one.

What they send goes out as the client's own does: with its retries, limits, certificates and secrets, counted, and not at all
where it is a write and the client may not write. The libraries see no secret, and what an error says is masked.
"""

from collections.abc import Mapping
from http.client import responses
from io import BytesIO
from typing import Any, Final

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from asset_sync.systems.http.client import Client
from asset_sync.systems.http.errors import HttpError

_OWN: Final = frozenset({"authorization", "content-length", "cookie", "host", "connection", "accept-encoding", "user-agent"})
"""Headers that the client sets by itself."""


class Answer(requests.Response):
    """An answer as `requests` has it. `fault` is what the client says of one that is an error, or no JSON; else None."""

    fault: HttpError | None = None


def session(client: Client) -> requests.Session:
    """Return a session whose requests go out by the client.

    They raise `HttpError` for an address that is not below the client's, for a write where it may not write, and where no
    answer comes; every answer that comes is returned, an error too.
    """
    made = requests.Session()
    # No password of a .netrc, and no proxy that the client does not know of.
    made.trust_env = False
    made.headers["Accept"] = "application/json"
    adapter = _ClientAdapter(client)
    for prefix in list(made.adapters):
        made.mount(prefix, adapter)
    return made


class _ClientAdapter(BaseAdapter):
    """Sends by a client; its time-outs and certificates are the client's."""

    def __init__(self, client: Client) -> None:
        super().__init__()
        self._client = client

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> Answer:
        """Send a request and return its answer."""
        headers = {name: str(value) for name, value in request.headers.items() if name.lower() not in _OWN}
        exchange = self._client.exchange(str(request.method), str(request.url), request.body, headers)
        answer = Answer()
        answer.status_code = exchange.status
        answer.reason = responses.get(exchange.status, "")
        answer.url = str(request.url)
        answer.request = request
        answer.headers = _headers(exchange.headers)
        answer.encoding = "utf-8"
        answer.raw = BytesIO(exchange.body)
        answer.fault = exchange.fault
        return answer

    def close(self) -> None:
        """Leave the connections open: they are the client's."""


def _headers(headers: Mapping[str, str]) -> CaseInsensitiveDict[str]:
    """Return the headers of an answer whose body is decoded already."""
    return CaseInsensitiveDict({name: value for name, value in headers.items() if name.lower() != "content-encoding"})
