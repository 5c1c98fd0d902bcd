"""What all contestants meet: PDQ Connect, NetBox and Snipe-IT simulated in a process of their own, over HTTP.

    python -m asset_sync_tests.bench.beside.estate ASSETS REQUEST_S ROW_S

NetBox takes REQUEST_S seconds for any request and ROW_S more for each object that is written, with four workers, as gunicorn
has them: who comes fifth waits. The first line printed is where everything is; it ends when its standard input does. Its own
address is for the race: `POST /hour` lets an hour pass and counts anew, `POST /change` changes 1 % of the machines, `GET
/counts` and `GET /state` tell what came and what NetBox holds.
"""

import json
import random
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from asset_sync.sandbox import pdq, snipeit
from asset_sync.sandbox.company import RELEASES, Company, Machine
from asset_sync.sandbox.netbox import DEFAULT_TOKEN, NetBoxState, Times, create_app
from asset_sync.sandbox.server import Server

SEED: Final = 7
CHANGED: Final = 0.01
_PDQ_TOKEN: Final = "bench"
_HOURS: Final = 24
_MAKERS, _TYPES, _ASSETS = "dcim/manufacturers", "plugins/inventory/inventory-item-types", "plugins/inventory/assets"
_OF_THE_RUN: Final = ("id", "created", "last_updated")


class Estate:
    """The company, and the systems that show it."""

    def __init__(self, assets: int, times: Times) -> None:
        self.company = Company(assets, SEED)
        self._hours = 0
        self.netbox = NetBoxState(clock=self._now)
        self.snipeit = snipeit.SnipeState(self.company, SEED)
        tokens = {snipeit.DEFAULT_TOKEN: snipeit.Token()}
        self.pdq_server = Server(pdq.create_app(self.company, token=_PDQ_TOKEN))
        self.netbox_server = Server(create_app(self.netbox, times=times))
        self.snipeit_server = Server(snipeit.create_app(self.snipeit, tokens=tokens, throttle=None), dated=True)
        self.control = Server(self._control())

    def _now(self) -> datetime:
        """Yesterday and some hours: none of the runs has written within the last minutes of the next."""
        return datetime.now(UTC) + timedelta(hours=self._hours - _HOURS)

    def environment(self) -> dict[str, str]:
        """Return the variables that lead a contestant here."""
        return {
            "PDQ_URL": self.pdq_server.url,
            "PDQ_TOKEN": _PDQ_TOKEN,
            "NETBOX_URL": self.netbox_server.url,
            "NETBOX_TOKEN": DEFAULT_TOKEN,
            "SNIPEIT_API_URL": self.snipeit_server.url,
            "SNIPEIT_TOKEN": snipeit.DEFAULT_TOKEN,
        }

    def _control(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/hour", self._hour, methods=["POST"]),
                Route("/change", self._change, methods=["POST"]),
                Route("/counts", self._counts, methods=["GET"]),
                Route("/state", self._state, methods=["GET"]),
            ]
        )

    def _hour(self, _request: Request) -> Response:
        self._hours += 1
        self.netbox.requests.reset()
        self.snipeit.requests.clear()
        return Response()

    def _change(self, _request: Request) -> Response:
        machines = [*self.company]
        rng = random.Random(SEED)
        chosen = rng.sample(machines, max(2, round(len(machines) * CHANGED)))
        self.company.apply([self._changed(machine, at) for at, machine in enumerate(chosen)])
        return Response()

    def _changed(self, machine: Machine, at: int) -> Machine:
        """Every other machine gets another name, the rest another operating system: every contestant knows them again."""
        if at % 2:
            return replace(machine, name=f"{machine.name}-NEW")
        other = next(release for release in RELEASES[machine.product.os] if release.name != machine.os_name)
        return replace(machine, os_name=other.name, os_version=other.version)

    def _counts(self, _request: Request) -> Response:
        seen = self.netbox.requests
        return JSONResponse({"reads": seen.reads, "writes": seen.writes, "snipeit": sum(self.snipeit.requests.values())})

    def _state(self, _request: Request) -> Response:
        held = {endpoint: sorted(map(json.dumps, self._objects(endpoint))) for endpoint in (_MAKERS, _TYPES, _ASSETS)}
        there = {(row["name"], row["description"]) for row in self.netbox.objects(_ASSETS)}
        behind = sum((machine.name, machine.os_name) not in there for machine in self.company)
        return JSONResponse({"held": held, "behind": behind})

    def _objects(self, endpoint: str) -> Iterator[dict[str, Any]]:
        """Yield what NetBox holds at an endpoint, without what each run makes anew; who is referred to, by name."""
        for row in self.netbox.objects(endpoint):
            told = {name: value for name, value in row.items() if name not in _OF_THE_RUN}
            if endpoint == _TYPES:
                told["manufacturer"] = self.netbox.get(_MAKERS, row["manufacturer"])["name"]
            if endpoint == _ASSETS:
                of = self.netbox.get(_TYPES, row["inventoryitem_type"])
                told["inventoryitem_type"] = [self.netbox.get(_MAKERS, of["manufacturer"])["name"], of["model"]]
            yield told


def main(assets: str, request_s: str, row_s: str) -> None:
    """Serve until standard input ends."""
    estate = Estate(int(assets), Times(float(request_s), float(row_s)))
    with ExitStack() as running:
        for server in (estate.pdq_server, estate.netbox_server, estate.snipeit_server, estate.control):
            running.enter_context(server)
        print(json.dumps({"control": estate.control.url, "environment": estate.environment()}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
