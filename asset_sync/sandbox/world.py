"""A whole world to try a sync in: one company, and every simulator that shows it, served over real HTTP.

Nothing moves by itself: `World.day()` or a `POST /day` to the control address makes the next scripted day happen.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import cached_property
from types import TracebackType
from typing import Self

from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from asset_sync.sandbox import kubernetes, pdq, snipeit, wug
from asset_sync.sandbox.change import Changes, day
from asset_sync.sandbox.company import Company
from asset_sync.sandbox.control import create_control
from asset_sync.sandbox.faults import DATA, WIRE, FaultMiddleware, Faults
from asset_sync.sandbox.netbox import DEFAULT_TOKEN, NetBoxState
from asset_sync.sandbox.netbox import create_app as create_netbox
from asset_sync.sandbox.network import NetworkChanges, build_network
from asset_sync.sandbox.network_monitoring import Monitoring
from asset_sync.sandbox.server import Server

PDQ_TOKEN = "sandbox-pdq-token"  # noqa: S105 - the simulator's own, good for nothing else
WUG_USERNAME = "sandbox-wug-user"
WUG_PASSWORD = "sandbox-wug-password"  # noqa: S105 - as above
FABRIC_TOKEN = "sandbox-reader"  # noqa: S105 - as above

_SNIPEIT_THROTTLE = 600
"""Requests a minute: five times what is usual, so that nobody waits for a minute to end who tries things out."""


class World:
    """A context manager: inside it a company of `size` machines is served by PDQ Connect, NetBox, Snipe-IT and
    WhatsUp Gold simulators, and its Hedgehog fabric of that shape by a Kubernetes one.

    NetBox starts with the company's sites and `network` devices of network gear, which answer to WhatsUp Gold's scans;
    WhatsUp Gold with a tenth as many that NetBox does not know, but at least 2. With a `network` of 0 neither has any.
    Snipe-IT's register is made from the company when it is first looked at, and so is the fabric. Ports are free ones
    unless given. Usable once.
    Raises ValueError for a size that a company cannot have, and for a negative `network`.
    """

    def __init__(
        self,
        size: int,
        seed: int,
        netbox_version: str = "4.6",
        *,
        network: int = 0,
        fabric: kubernetes.Shape | None = None,
        pdq_port: int = 0,
        netbox_port: int = 0,
        snipeit_port: int = 0,
        wug_port: int = 0,
        fabric_port: int = 0,
        control_port: int = 0,
    ) -> None:
        self.company = Company(size, seed)
        self.netbox = NetBoxState(version=netbox_version)
        self.pdq_faults = Faults(seed, WIRE | DATA)
        self.netbox_faults = Faults(seed, WIRE)
        self.snipeit_faults = Faults(seed, snipeit.FAULTS)
        self.wug = wug.WugState()
        self.wug_faults = Faults(seed, wug.FAULTS)
        self.fabric_faults = Faults(seed, kubernetes.FAULTS)
        self.days = 0
        self._seed = seed
        self._shape = fabric or kubernetes.Shape()
        self._lock = threading.Lock()
        for site in self.company.sites:
            self.netbox.create("dcim/sites", {"name": site.name, "slug": site.slug, "status": "active"})
        self.network = build_network(self.netbox, self.company, network) if network else None
        self.network_changes = NetworkChanges((), ())
        """What the last day did to the network gear."""
        self.fabric_changes: Sequence[kubernetes.Change] = ()
        """What people did to the fabric in the last day."""
        own = max(2, network // 10)
        self.monitoring = Monitoring(self.wug, self.network, self.company, own) if self.network is not None else None
        netbox = create_netbox(self.netbox, version=netbox_version)
        self._pdq = Server(pdq.create_app(self.company, token=PDQ_TOKEN, faults=self.pdq_faults), port=pdq_port)
        self._netbox = Server(FaultMiddleware(netbox, self.netbox_faults), port=netbox_port)
        self._snipeit = Server(_Lazy(self._snipeit_application), port=snipeit_port, dated=True)
        wug_app = wug.create_app(self.wug, users={WUG_USERNAME: WUG_PASSWORD}, faults=self.wug_faults)
        self._wug = Server(wug_app, port=wug_port)
        self._fabric = Server(_Lazy(self._fabric_application), port=fabric_port)
        self._control = Server(create_control(self), port=control_port)
        self._servers = (self._pdq, self._netbox, self._snipeit, self._wug, self._fabric, self._control)
        self._running = ExitStack()

    def __enter__(self) -> Self:
        """Serve everything."""
        with ExitStack() as starting:
            for server in self._servers:
                starting.enter_context(server)
            self._running = starting.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stop serving."""
        for server in self._servers:
            server.begin_to_stop()
        self._running.close()

    @property
    def control_url(self) -> str:
        """Where people change the world over HTTP; a GET there explains itself."""
        return self._control.url

    @property
    def faults(self) -> Mapping[str, Faults]:
        """The faults of each system, by its name."""
        return {
            "pdq": self.pdq_faults,
            "netbox": self.netbox_faults,
            "snipeit": self.snipeit_faults,
            "wug": self.wug_faults,
            "hedgehog": self.fabric_faults,
        }

    def environment(self) -> dict[str, str]:
        """The environment variables that lead a sync here: addresses without a path, and secrets."""
        return {
            "PDQ_URL": self._pdq.url,
            "PDQ_TOKEN": PDQ_TOKEN,
            "NETBOX_URL": self._netbox.url,
            "NETBOX_TOKEN": DEFAULT_TOKEN,
            "SNIPEIT_API_URL": self._snipeit.url,
            "SNIPEIT_TOKEN": snipeit.DEFAULT_TOKEN,
            "WUG_MAIN_URL": self._wug.url,
            "WUG_MAIN_USERNAME": WUG_USERNAME,
            "WUG_MAIN_PASSWORD": WUG_PASSWORD,
            "HEDGEHOG_MAIN_SERVER": self._fabric.url,
            "HEDGEHOG_MAIN_TOKEN": FABRIC_TOKEN,
        }

    def day(self) -> Changes:
        """Make the next scripted day happen, and tell what it changed in the company.

        `network_changes` and `fabric_changes` tell the rest.
        """
        with self._lock:
            self.days += 1
            if self._is_made("snipeit"):
                self.snipeit.day(self._seed + self.days)
            if self._is_made("fabric"):
                self.fabric_changes = self.fabric.next()
            if self.network is not None and self.monitoring is not None:
                self.network_changes = self.network.day(self._seed + self.days)
                self.monitoring.day(self._seed + self.days)
            return day(self.company, self._seed + self.days)

    @cached_property
    def snipeit(self) -> snipeit.SnipeState:
        """The register of Snipe-IT; days that passed before it was first looked at are not in it."""
        return snipeit.SnipeState(self.company, self._seed)

    @cached_property
    def fabric(self) -> kubernetes.FabricDays:
        """The fabric in its cluster; days that passed before it was first looked at are not in it."""
        return kubernetes.FabricDays(self._shape, seed=self._seed)

    def _is_made(self, what: str) -> bool:
        return what in vars(self)

    def _fabric_application(self) -> Starlette:
        with self._lock:
            return self._fabric_app

    @cached_property
    def _fabric_app(self) -> Starlette:
        return kubernetes.create_app(self.fabric.cluster, faults=self.fabric_faults)

    def _snipeit_application(self) -> Starlette:
        with self._lock:
            return self._snipeit_app

    @cached_property
    def _snipeit_app(self) -> Starlette:
        tokens = {snipeit.DEFAULT_TOKEN: snipeit.Token()}
        return snipeit.create_app(self.snipeit, tokens=tokens, faults=self.snipeit_faults, throttle=_SNIPEIT_THROTTLE)


class _Lazy:
    """An application that is made when it is first asked."""

    def __init__(self, make: Callable[[], ASGIApp]) -> None:
        self._make = make

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; there is nothing to start or to stop."""
        if scope["type"] == "http":
            await self._make()(scope, receive, send)
