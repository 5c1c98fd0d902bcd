"""Recorded requests, sent again to a simulated NetBox."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from starlette.testclient import TestClient

from asset_sync.sandbox.netbox import DEFAULT_TOKEN, NetBoxState, create_app
from asset_sync_tests.contract import recorded

Answer = tuple[int, Any]
"""A status, and a body; None where there was none."""
STEPS = (
    *("create", "bulk_create", "get", "list", "list_brief", "list_cursor"),
    *("patch", "bulk_patch", "bulk_delete", "delete"),
)
"""What was asked of each type of object, one after the other."""


def steps_of(sequences: Iterable[str]) -> list[str]:
    """The recordings that sequences of requests are made of."""
    return [f"{sequence}__{step}" for sequence in sequences for step in STEPS]


def client_of(state: NetBoxState, token: str = DEFAULT_TOKEN) -> TestClient:
    """A client of the simulator that follows no redirect."""
    client = TestClient(create_app(state), follow_redirects=False)
    client.headers["Authorization"] = f"Token {token}"
    return client


def answer(client: TestClient, folder: str, name: str) -> Answer:
    """What is answered to a recorded request."""
    request = recorded.case(folder, name)["request"]
    sent = {} if request.get("body") is None else {"json": request["body"]}
    answered = client.request(request["method"], request["path"], **sent)
    return answered.status_code, answered.json() if answered.content else None


def replayed(folder: str, sequences: Iterable[str], before: Mapping[str, Callable[[NetBoxState], None]]) -> dict[str, Answer]:
    """What is answered to all steps of the sequences, by recording; `before` makes what one of them needs."""
    state = NetBoxState(version="4.6")
    answers: dict[str, Answer] = {}
    for sequence in sequences:
        if sequence in before:
            before[sequence](state)
        client = client_of(state)
        answers |= {name: answer(client, folder, name) for name in steps_of([sequence])}
    return answers


def listed(body: Any) -> list[Any]:
    """The objects of an answer, or of what was sent: one, or many."""
    return body if isinstance(body, list) else [body]
