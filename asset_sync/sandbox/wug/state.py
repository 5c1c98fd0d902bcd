"""The simulated WhatsUp Gold's whole state, in memory."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count

from asset_sync.sandbox.wug.errors import not_found
from asset_sync.sandbox.wug.groups import DISCOVERED, GroupTree
from asset_sync.sandbox.wug.ips import ip_or_none
from asset_sync.sandbox.wug.records import (
    DEFAULT_ROLE,
    ROOT_ID,
    Attribute,
    Device,
    Group,
    GroupType,
    Host,
    Interface,
    Monitor,
    ScanModel,
    State,
)
from asset_sync.sandbox.wug.roles import Roles
from asset_sync.sandbox.wug.scans import Fate, Scan, Scans
from asset_sync.sandbox.wug.tokens import Tokens

MONITORS = {"Ping": "2", "Interface": "3", "SNMP": "4", "HTTP": "5", "HTTPS": "6", "DNS": "7", "SSH": "8"}
"""The library of active monitors: name to id."""

DISCOVERED_NOTE = "This device was scanned by discovery."
"""The note of what a scan found."""


class WugState:
    """Devices, groups, roles, tokens and scans of one server. Safe to use from several threads; `lock` holds it still.

    `hosts` is what answers in the network by address; tests change it. `clock` gives seconds, and a scan takes
    `scan_seconds` for each address. What tests may set:

    - `refuse`: addresses for which every direct add (template or `forceAdd`) is refused.
    - `fail_scans`: so many of the next scans stand still for good at half of their way.
    - `lose_scans`: so many of the next scans vanish: they find nothing, and their status is a 404.
    - `bulk_template_500`: applying more than one template in a request answers 500, as was seen on real servers.
    - `credentials`: the credential library, as (type, name), oldest first.

    `requests` counts what was asked over HTTP, by method and path, such as `GET /api/v1/devices/7`.
    """

    def __init__(
        self,
        hosts: Mapping[str, Host] | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        scan_seconds: float = 0.2,
    ) -> None:
        self.lock = threading.RLock()
        self.hosts = dict(hosts or {})
        self.refuse: set[str] = set()
        self.fail_scans = 0
        self.lose_scans = 0
        self.bulk_template_500 = False
        self.credentials: list[tuple[str, str]] = [("SNMP v2", "public")]
        self.requests: Counter[str] = Counter()
        self.roles = Roles()
        self.tokens = Tokens(clock)
        self._ids = {kind: count(1) for kind in ("device", "group", "interface", "attribute", "monitor")}
        self.groups = GroupTree(lambda: self.new_id("group"))
        self._clock = clock
        self._epoch, self._start = datetime.now(UTC), clock()
        self._devices: dict[str, Device] = {}
        self._scans = Scans(clock, scan_seconds, self._look)

    def new_id(self, kind: str) -> str:
        """The next id of that kind: device, group, interface, attribute or monitor. Raises KeyError for another kind."""
        with self.lock:
            return str(next(self._ids[kind]))

    def now(self) -> datetime:
        """The moment in UTC, as the clock has moved on since the start."""
        return self._epoch + timedelta(seconds=self._clock() - self._start)

    @property
    def devices(self) -> dict[str, Device]:
        """All devices by id, oldest first, with those that scans have found by now. The mapping is a copy."""
        with self.lock:
            self._scans.advance()
            return dict(self._devices)

    @property
    def scans(self) -> list[Scan]:
        """All scans that have not vanished, oldest first, as they stand by now."""
        with self.lock:
            self._scans.advance()
            return list(self._scans)

    def device(self, device_id: str) -> Device:
        """The device of that id. Raises ApiError (404)."""
        with self.lock:
            self._scans.advance()
            device = self._devices.get(device_id)
        if device is None:
            raise not_found("device", device_id)
        return device

    def devices_at(self, address: str) -> list[Device]:
        """The devices that have an interface with that address, oldest first."""
        with self.lock:
            self._scans.advance()
            return self._at(address)

    def address_counts(self) -> Counter[str]:
        """How many devices have each network address."""
        with self.lock:
            return Counter(device.address for device in self.devices.values())

    def members(self, group_id: str, *, hierarchy: bool = True) -> list[Device]:
        """The devices of a group, oldest first, by default with those of all groups below it. Raises ApiError (404).

        With its hierarchy the root has all devices.
        """
        with self.lock:
            group = self.groups.get(group_id)
            if hierarchy and group.id == ROOT_ID:
                return list(self.devices.values())
            wanted = {group.id, *(one.id for one in self.groups.below(group.id) if hierarchy)}
            return [device for device in self.devices.values() if not wanted.isdisjoint(device.groups)]

    def scan(self, scan_id: str) -> Scan:
        """The scan of that id, as it stands by now. Raises ApiError (404), for one that has vanished too."""
        with self.lock:
            self._scans.advance()
            scan = self._scans.get(scan_id)
        if scan is None:
            raise not_found("scan", scan_id)
        return scan

    def add_group(self, name: str, parent: str = ROOT_ID, *, description: str = "", kind: GroupType = "static_group") -> Group:
        """A new group below the one with the id `parent`. Raises ApiError (400, 404) as the API answers."""
        with self.lock:
            return self.groups.add(name, parent, description, kind)

    def discovered_group(self) -> str:
        """The id of "Discovered Devices", or of the root where that is gone."""
        group = self.groups.find(DISCOVERED)
        return group.id if group else ROOT_ID

    def add_device(
        self,
        name: str,
        address: str,
        *,
        host_name: str = "",
        groups: Sequence[str] = (),
        role: str = DEFAULT_ROLE,
        brand: str = "",
        os: str = "",
        note: str = "",
        attributes: Mapping[str, str] | None = None,
        monitors: Iterable[str] = ("Ping",),
        state: State | None = None,
    ) -> Device:
        """A new device; one at its address before makes no difference. `groups` are ids, none being "Discovered Devices".

        Its state, if not given, is Up where a host answers at the address, and Unknown where none does.
        """
        with self.lock:
            interface = Interface(self.new_id("interface"), address, host_name or name, default=True)
            device = Device(
                self.new_id("device"), name, [interface], list(groups) or [self.discovered_group()], self.now(),
                role=role, brand=brand, os=os, note=note, state=state or self.answers(address),
            )  # fmt: skip
            for key, value in (attributes or {}).items():
                device.attributes.append(Attribute(self.new_id("attribute"), key, value))
            for monitor in monitors:
                self.add_monitor(device, monitor)
            self._devices[device.id] = device
            return device

    def add_monitor(self, device: Device, name: str) -> None:
        """Assign an active monitor of the library. Raises KeyError for an unknown name."""
        device.monitors.append(Monitor(self.new_id("monitor"), MONITORS[name], name, self.now()))

    def delete_device(self, device_id: str) -> None:
        """Take a device away. Raises ApiError (404)."""
        with self.lock:
            del self._devices[self.device(device_id).id]

    def answers(self, address: str) -> State:
        """The state of a new device at that address."""
        return "Up" if address in self.hosts else "Unknown"

    def in_maintenance(self, device: Device) -> bool:
        """Whether manual maintenance is on and has not come to its end."""
        mode = device.maintenance
        return mode.enabled and (mode.end is None or self.now() < mode.end)

    def states(self, device: Device) -> tuple[State, State]:
        """The best and the worst state of a device: Maintenance, or what polling found and what its monitors say."""
        if self.in_maintenance(device):
            return "Maintenance", "Maintenance"
        return device.state, "Down" if any(one.down for one in device.monitors) else device.state

    def host_at(self, target: str) -> Host | None:
        """The host with that address or, whatever its case, that name."""
        if target in self.hosts:
            return self.hosts[target]
        return next((host for host in self.hosts.values() if host.name.casefold() == target.casefold()), None)

    def address_of(self, target: str) -> str | None:
        """The IP address that a target is or, if it is the name of a host, has; None where it cannot be resolved."""
        host = self.host_at(target)
        return host.address if host else ip_or_none(target)

    def start_scan(self, targets: Sequence[str], *, group: str | None, model: ScanModel, role: str = "") -> Scan:
        """Begin to scan; devices are made in `group`, or none at all without it."""
        with self.lock:
            return self._scans.start(targets, self.now(), model=model, group=group, role=role, fate=self._next_fate())

    def record_scan(self, targets: Sequence[str], found: Sequence[str]) -> Scan:
        """A scan that has ended, to answer for devices that were added without one."""
        with self.lock:
            return self._scans.record(targets, self.now(), found)

    def forget_scans(self) -> None:
        """Age out which devices the ended scans have found."""
        with self.lock:
            self._scans.advance()
            self._scans.forget()

    def expire_tokens(self, *, refresh: bool = False) -> None:
        """End all access tokens at once, and the refresh tokens if asked to."""
        with self.lock:
            self.tokens.expire(refresh=refresh)

    def _next_fate(self) -> Fate:
        if self.fail_scans > 0:
            self.fail_scans -= 1
            return "sticks"
        if self.lose_scans > 0:
            self.lose_scans -= 1
            return "vanishes"
        return "ends"

    def _at(self, address: str) -> list[Device]:
        return [device for device in self._devices.values() if any(one.address == address for one in device.interfaces)]

    def _look(self, scan: Scan, target: str) -> str | None:
        """The id of the device at a target, a new one where a host answers that no device has."""
        host = self.host_at(target)
        if host is None:
            return None
        known = self._at(host.address)
        if known or scan.group is None:
            return known[0].id if known else None
        group = scan.group if scan.group in self.groups else ROOT_ID
        return self.add_device(
            host.name,
            host.address,
            note=DISCOVERED_NOTE,
            groups=(group,),
            role=self.roles.learn("role", scan.role or host.role or DEFAULT_ROLE),
            brand=self.roles.learn("brand", host.brand) if host.brand else "",
            os=self.roles.learn("os", host.os) if host.os else "",
        ).id
