"""The control address of a sandbox, by which people change its world."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from asset_sync.sandbox import kubernetes, snipeit, wug
from asset_sync.sandbox.company import Machine
from asset_sync.sandbox.faults import CLUSTER, DATA, WIRE, WRITES, Faults

if TYPE_CHECKING:
    from asset_sync.sandbox.world import World

FABRIC_WRITER = "sandbox-writer"

_KNOWN = {"pdq": WIRE | DATA, "netbox": WIRE, "snipeit": snipeit.FAULTS, "wug": wug.FAULTS, "hedgehog": kubernetes.FAULTS}

_HELP = """The sandbox. Change the world from here:

  POST   /day                                   the next scripted day
  PATCH  /machines/NAME                         what a machine says of itself in PDQ from now on: {{"serial": "ABC123"}}, or
                                                "name", "hostname", "manufacturer", "model", "asset_tag", "user"
  DELETE /machines/NAME                         the machine is gone from PDQ
  POST   /faults                                a fault on: {{"system": "pdq", "name": "http_500", "rate": 0.1}},
                                                and "times", "path" (a regular expression), "method", options
  DELETE /faults[?system=pdq][&name=http_500]   faults off

The people at the systems are you, by the systems' own APIs at the addresses below.

{systems}
Faults of any system:
{wire}

Faults of some systems, which are named behind them:
{data}
"""


class FaultOrder(BaseModel):
    """The body of `POST /faults`: what `Faults.set` takes, and the system that it is for. Any further key is an option."""

    model_config = ConfigDict(extra="allow")

    system: str
    name: str
    rate: float = 1.0
    times: int | None = None
    path: str | None = None
    method: str | None = None


class MachineOrder(BaseModel):
    """The body of `PATCH /machines/NAME`: what changes of what the machine says of itself; null is said nothing."""

    model_config = ConfigDict(extra="forbid")

    name: str = ""
    hostname: str = ""
    serial: str = ""
    manufacturer: str | None = None
    model: str | None = None
    asset_tag: str | None = None
    user: str | None = None


def create_control(world: "World") -> Starlette:
    """The application by which people change a world: `GET /`, `POST /day`, and what the help says."""
    control = _Control(world)
    return Starlette(
        routes=[
            Route("/", control.show, methods=["GET"]),
            Route("/day", control.next_day, methods=["POST"]),
            Route("/machines/{name}", control.change_machine, methods=["PATCH"]),
            Route("/machines/{name}", control.remove_machine, methods=["DELETE"]),
            Route("/faults", control.set_fault, methods=["POST"]),
            Route("/faults", control.clear_faults, methods=["DELETE"]),
        ]
    )


class _Control:
    """What people may ask for and change of a world."""

    def __init__(self, world: "World") -> None:
        self._world = world

    async def show(self, _request: Request) -> Response:
        return PlainTextResponse(_describe(self._world))

    async def next_day(self, _request: Request) -> Response:
        changes = self._world.day()
        return JSONResponse(
            {
                "day": self._world.days,
                "updated": len(changes.updated),
                "created": len(changes.created),
                "removed": len(changes.removed),
                "machines": len(self._world.company),
                "network_updated": len(self._world.network_changes.updated),
                "network_created": len(self._world.network_changes.created),
                "network": _gear(self._world),
                "monitored": len(self._world.wug.devices),
                "fabric_changes": [asdict(change) for change in self._world.fabric_changes],
            }
        )

    async def change_machine(self, request: Request) -> Response:
        machine = _machine(self._world, request)
        try:
            said = MachineOrder.model_validate_json(await request.body()).model_dump(exclude_unset=True)
        except ValueError as error:
            raise HTTPException(400, str(error)) from error
        self._world.company.apply(put=[replace(machine, **said)])
        return JSONResponse({"id": machine.id, **said})

    async def remove_machine(self, request: Request) -> Response:
        machine = _machine(self._world, request)
        self._world.company.apply(remove=[machine])
        return JSONResponse({"id": machine.id})

    async def set_fault(self, request: Request) -> Response:
        try:
            wanted = FaultOrder.model_validate_json(await request.body())
            _faults_of(self._world, wanted.system).set(
                wanted.name,
                wanted.rate,
                times=wanted.times,
                path=wanted.path,
                method=wanted.method,
                **(wanted.model_extra or {}),
            )
        except ValueError as error:
            raise HTTPException(400, str(error)) from error
        return _show_faults(self._world)

    async def clear_faults(self, request: Request) -> Response:
        system, name = request.query_params.get("system"), request.query_params.get("name")
        try:
            for faults in [_faults_of(self._world, system)] if system else self._world.faults.values():
                faults.clear(name)
        except ValueError as error:
            raise HTTPException(400, str(error)) from error
        return _show_faults(self._world)


def _describe(world: "World") -> str:
    gear = f"{_gear(world)} network devices in NetBox, {len(world.wug.devices)} devices in WhatsUp Gold"
    lines = [f"Day {world.days}, {len(world.company)} machines, {gear}."]
    lines += [f"{name}={value}" for name, value in world.environment().items()]
    lines.append(f"Who may change the fabric, as with kubectl, has the token {FABRIC_WRITER}")
    for system, faults in world.faults.items():
        lines += [f"{system} faults on: {faults.active() or 'none'}", f"{system} faults so far: {faults.counts() or 'none'}"]
    return _HELP.format(systems="\n".join(lines) + "\n", wire=_list(WIRE), data=_list(_with_systems(DATA | WRITES | CLUSTER)))


def _machine(world: "World", request: Request) -> Machine:
    name = request.path_params["name"]
    found = next((machine for machine in world.company if machine.name == name), None)
    if found is None:
        raise HTTPException(404, f"no machine is called {name!r}")
    return found


def _gear(world: "World") -> int:
    return len(world.network) if world.network is not None else 0


def _with_systems(faults: Mapping[str, str]) -> dict[str, str]:
    systems = {name: [system for system, known in _KNOWN.items() if name in known] for name in faults}
    return {name: f"{text} ({', '.join(systems[name])})" for name, text in faults.items()}


def _list(faults: Mapping[str, str]) -> str:
    return "\n".join(f"  {name:20} {text}" for name, text in faults.items())


def _show_faults(world: "World") -> Response:
    return JSONResponse({system: faults.active() for system, faults in world.faults.items()})


def _faults_of(world: "World", system: str) -> Faults:
    if system not in world.faults:
        raise ValueError(f"no system is called {system!r}; known: {', '.join(sorted(world.faults))}")
    return world.faults[system]
