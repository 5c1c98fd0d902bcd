"""Asks the simulated cluster over real HTTP, as a client does."""

from types import TracebackType
from typing import Any, Self

import orjson
import requests

from asset_sync.sandbox.faults import Faults
from asset_sync.sandbox.kubernetes import FAULTS, READ, WRITE, Account, Cluster, create_app
from asset_sync.sandbox.server import Server

VPCS = "/apis/vpc.githedgehog.com/v1beta1/namespaces/default/vpcs"
SWITCHES = "/apis/wiring.githedgehog.com/v1beta1/namespaces/default/switches"
READER, WRITER = "reader-token", "writer-token"


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def vpc(name: str, vlan: int = 1001) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"subnets": {"default": {"subnet": "10.0.1.0/24", "vlan": vlan}}}}


class Desk:
    """A server, its cluster, and a caller who may write."""

    def __init__(self, cluster: Cluster | None = None, *, bookmark_lead: float = 0.95, **options: Any) -> None:
        self.clock = Clock()
        self.cluster = cluster or Cluster(clock=self.clock)
        self.faults = Faults(2, FAULTS)
        self.accounts = {READER: Account("reader", {"*": READ}), WRITER: Account("writer", {"*": WRITE})}
        app = create_app(
            self.cluster,
            accounts=self.accounts,
            faults=self.faults,
            clock=self.clock,
            bookmark_lead=bookmark_lead,
            **options,
        )
        self._server = Server(app)
        self._session = requests.Session()

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._session.close()
        self._server.__exit__(kind, error, trace)

    @property
    def url(self) -> str:
        return self._server.url

    def ask(
        self, method: str, path: str, body: Any = None, *, token: str = WRITER, kind: str = "application/json", **params: Any
    ) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": kind}
        data = None if body is None else orjson.dumps(body)
        query = {name.strip("_"): value for name, value in params.items()}
        return self._session.request(method, f"{self.url}{path}", params=query, data=data, headers=headers, timeout=5)

    def do(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """The body of an answer that is to be good."""
        answer = self.ask(method, path, body, **options)
        assert answer.ok, answer.text
        return answer.json()

    def refused(self, status: int, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """The Status of an answer that is to be an error of that status."""
        answer = self.ask(method, path, body, **options)
        assert answer.status_code == status, answer.text
        found = answer.json()
        assert (found["kind"], found["apiVersion"], found["status"], found["code"]) == ("Status", "v1", "Failure", status)
        return found

    def watch(self, path: str, seconds: int = 1, **params: Any) -> list[tuple[str, Any]]:
        """What comes until the watch ends by itself."""
        answer = self.ask("GET", path, watch="1", timeoutSeconds=str(seconds), **params)
        assert answer.ok, answer.text
        events = [orjson.loads(line) for line in answer.iter_lines()]
        return [(event["type"], event["object"]) for event in events]


def names(listed: Any) -> list[str]:
    return [one["metadata"]["name"] for one in listed["items"]]
