"""The network as a simulated WhatsUp Gold sees it: what answers to its scans, and what it found by itself."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import count as count_from

from asset_sync.sandbox.company import Company, Site
from asset_sync.sandbox.network import Network
from asset_sync.sandbox.wug import DISCOVERED_NOTE, ROOT_ID, Host, WugState

_LAST_HOST = 254


@dataclass(frozen=True, slots=True)
class _Sort:
    """What monitoring finds, in WhatsUp Gold's words, and the part of its name that says it."""

    code: str
    role: str
    brand: str
    os: str


_SORTS = (
    _Sort("prn", "Printer", "HP", ""),
    _Sort("cam", "Camera", "Axis", "Linux"),
    _Sort("ups", "UPS", "APC", ""),
    _Sort("prn", "Printer", "Lexmark", ""),
    _Sort("sw", "Switch", "Cisco", "IOS"),
    _Sort("srv", "Server", "HP", "Windows"),
)
_FLOORS = ("eg", "og1", "og2", "lobby")


@dataclass(frozen=True, slots=True)
class FoundDevice:
    """A device that NetBox does not know. `group` is the name of its group below My Network, which is its site's name."""

    host: Host
    group: str


@dataclass(frozen=True, slots=True)
class MonitoringChanges:
    """What a day brought: devices newly found, and those renamed, each as it was and as it is."""

    found: tuple[FoundDevice, ...]
    renamed: tuple[tuple[FoundDevice, FoundDevice], ...]


def hosts_of(network: Network) -> dict[str, Host]:
    """What answers to a scan, by address: every active device with an address that can be reached from outside.

    It answers with the name that DNS has for it.
    """
    return {
        str(device.ip): Host(
            str(device.ip), dns_name(device.name), device.role.monitored_as, device.model.manufacturer, device.model.platform
        )
        for device in network.devices
        if device.status == "active" and device.ip is not None and not device.is_link_local
    }


def dns_name(name: str) -> str:
    """The name that DNS has for a device of the network."""
    return f"{name.casefold()}.net.example"


def found_by_monitoring(company: Company, count: int) -> tuple[FoundDevice, ...]:
    """The `count` devices that monitoring finds first in that company: longer lists begin with the shorter ones."""
    return tuple(_found(company, number) for number in range(count))


class Monitoring:
    """What a WugState knows by itself, and what answers to it, from day to day.

    Makes the first `count` devices, each in a group below My Network that is named after its site. Hosts that others put
    into the state are left alone.
    """

    def __init__(self, state: WugState, network: Network, company: Company, count: int) -> None:
        self._state = state
        self._network = network
        self._company = company
        self._found: dict[str, FoundDevice] = {}
        self._hosts: dict[str, Host] = {}
        self._numbers = count_from()
        with state.lock:
            for _ in range(count):
                self._find()
            self._refresh_hosts()

    @property
    def found(self) -> Mapping[str, FoundDevice]:
        """The devices found so far, as they are now, by the id that WhatsUp Gold gave them."""
        return self._found

    def day(self, seed: int) -> MonitoringChanges:
        """Rename one of the devices that are still monitored, find one or two more, and let answer what now does.

        The network's own day comes first.
        """
        rng = random.Random(f"monitoring day {seed}")  # noqa: S311 - data that comes out the same again is the point
        with self._state.lock:
            renamed = self._rename(rng)
            found = tuple(self._find() for _ in range(rng.randint(1, 2)))
            self._refresh_hosts()
        return MonitoringChanges(found, renamed)

    def _find(self) -> FoundDevice:
        found = _found(self._company, next(self._numbers))
        host, state = found.host, self._state
        device = state.add_device(
            host.name,
            host.address,
            groups=[self._group(found.group)],
            note=DISCOVERED_NOTE,
            role=state.roles.learn("role", host.role),
            brand=state.roles.learn("brand", host.brand),
            os=state.roles.learn("os", host.os) if host.os else "",
            state="Up",
        )
        self._found[device.id] = found
        return found

    def _group(self, name: str) -> str:
        group = self._state.groups.child(ROOT_ID, name) or self._state.add_group(name)
        return group.id

    def _rename(self, rng: random.Random) -> tuple[tuple[FoundDevice, FoundDevice], ...]:
        monitored = [device_id for device_id in self._found if device_id in self._state.devices]
        if not monitored:
            return ()
        device_id = rng.choice(monitored)
        before = self._found[device_id]
        after = replace(before, host=replace(before.host, name=f"{before.host.name}-{rng.choice(_FLOORS)}"))
        self._state.device(device_id).name = after.host.name
        self._found[device_id] = after
        return ((before, after),)

    def _refresh_hosts(self) -> None:
        hosts = hosts_of(self._network) | {found.host.address: found.host for found in self._found.values()}
        for address in self._hosts.keys() - hosts.keys():
            self._state.hosts.pop(address, None)
        changed = {address: host for address, host in hosts.items() if self._hosts.get(address) != host}
        self._state.hosts.update(changed)
        self._hosts = hosts


def _found(company: Company, number: int) -> FoundDevice:
    site, sort = company.sites[number % len(company.sites)], _SORTS[number % len(_SORTS)]
    address = _address(site, number // len(company.sites) + 2)
    name = f"{site.code.lower()}-{sort.code}-m{number + 1:03d}"
    return FoundDevice(Host(address, name, sort.role, sort.brand, sort.os), site.name)


def _address(site: Site, host: int) -> str:
    return f"172.21.{site.octet}.{host}" if host <= _LAST_HOST else f"2001:db8:{site.octet:x}:21::{host:x}"
