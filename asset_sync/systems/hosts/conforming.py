"""What is left out of a host's document, with a note: one odd value never costs the rest."""

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeVar

from asset_sync.systems.hosts.shapes import (
    Address,
    Container,
    ContainerNetwork,
    DefaultRoute,
    HostDocument,
    Interface,
    Service,
)
from asset_sync.systems.shown import shown

Part = TypeVar("Part", Address, DefaultRoute)
Note = Callable[[str], None]

_MAC: Final = re.compile(r"[0-9a-f]{2}([:-]?)[0-9a-f]{2}(?:\1[0-9a-f]{2}){4}")
_NO_MACS: Final = frozenset({"00" * 6, "ff" * 6})
_NAME_BYTES: Final = 15
"""Linux' IFNAMSIZ, less the NUL at its end."""
_NOTES: Final = 100
"""So many notes are worth reading."""


def conformed(document: HostDocument) -> tuple[HostDocument, tuple[str, ...]]:
    """Return the document without what cannot be what it says it is, and notes of that, a line each.

    Interfaces, addresses, routes and containers that are told twice are there once; an address, a route or a MAC address that
    is none is left out, as is all that stands on an interface with a name that the system cannot give.
    """
    notes: list[str] = []
    interfaces = None if document.interfaces is None else tuple(_interfaces(document, notes.append))
    names = None if interfaces is None else frozenset(each.name for each in interfaces)
    changed = {
        "interfaces": interfaces,
        "addresses": _sound(document.addresses, names, _address, notes.append),
        "default_routes": _sound(document.default_routes, names, _route, notes.append),
        "containers": None if document.containers is None else tuple(_containers(document.containers, notes.append)),
        "services": None if document.services is None else tuple(_services(document.services, notes.append)),
    }
    more = len(notes) - _NOTES
    return document.model_copy(update=changed), (*notes[:_NOTES], *([f"and {more:,} more"] if more > 0 else []))


def _interfaces(document: HostDocument, note: Note) -> Iterator[Interface]:
    names: set[str] = set()
    for each in document.interfaces or ():
        if document.platform.system == "Linux" and not _is_linux_name(each.name):
            note(f"interface '{shown(each.name)}' left out: Linux has no such names")
        elif each.name in names:
            note(f"interface {shown(each.name)} is told twice: the first is taken")
        else:
            names.add(each.name)
            macs = {field: _mac(getattr(each, field), f"interface {each.name}", note) for field in ("mac", "permanent_mac")}
            yield each.model_copy(update=macs)


def _is_linux_name(name: str) -> bool:
    """Tell whether the kernel takes a name (dev_valid_name)."""
    return len(name.encode()) <= _NAME_BYTES and name not in {".", ".."} and not re.search(r"[/:\s]", name)


def _mac(written: str | None, where: str, note: Note) -> str | None:
    if written is None:
        return None
    digits = re.sub("[:-]", "", written.lower())
    if not _MAC.fullmatch(written.lower()) or digits in _NO_MACS:
        note(f"{shown(where)}: MAC address '{shown(written)}' left out: it is none")
        return None
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def _sound(
    parts: Iterable[Part] | None, names: frozenset[str] | None, sound: Callable[[Part], Part], note: Note
) -> tuple[Part, ...] | None:
    """Return those of the parts that are sound and stand on one of the interfaces, each once."""
    if parts is None:
        return None
    found: dict[Part, None] = {}
    for each in parts:
        if names is not None and each.interface not in names:
            note(f"{_what(each)} left out: there is no interface '{shown(each.interface)}'")
            continue
        try:
            found[sound(each)] = None
        except ValueError as error:
            note(f"{_what(each)} left out: {error}")
    return tuple(found)


def _what(part: Address | DefaultRoute) -> str:
    if isinstance(part, Address):
        return f"address '{shown(part.address)}'"
    return f"default route by '{shown(part.gateway or part.interface)}'"


def _services(services: Iterable[Service], note: Note) -> Iterator[Service]:
    for each in services:
        try:
            yield each.model_copy(update={"address": str(_ip(each.address))})
        except ValueError as error:
            note(f"what listens on {shown(each.address)} left out: {error}")


def _address(each: Address) -> Address:
    address = _ip(each.address, each.family)
    if each.prefix_length is not None and each.prefix_length > address.max_prefixlen:
        raise ValueError(f"/{each.prefix_length} is no prefix length of IPv{each.family}")
    return each.model_copy(update={"address": str(address)})


def _route(each: DefaultRoute) -> DefaultRoute:
    told = {"gateway": each.gateway, "preferred_source": each.preferred_source}
    # A route of IPv4 may have its gateway in IPv6 (RFC 5549), never the other way round.
    return each.model_copy(update={name: None if value is None else str(_ip(value)) for name, value in told.items()})


def _ip(written: str, family: int | None = None) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        address = ipaddress.ip_address(written)
    except ValueError:
        raise ValueError("it is no IP address") from None
    if family not in {None, address.version}:
        raise ValueError(f"it is no address of IPv{family}")
    if getattr(address, "scope_id", None):
        raise ValueError("it has a zone, which means something on that host alone")
    return address


def _containers(containers: Iterable[Container], note: Note) -> Iterator[Container]:
    seen: set[tuple[str, str]] = set()
    for each in containers:
        if (each.engine, each.id) in seen:
            note(f"container '{shown(each.name)}' is told twice: the first is taken")
            continue
        seen.add((each.engine, each.id))
        networks = None if each.networks is None else tuple(_network(each.name, part, note) for part in each.networks)
        yield each.model_copy(update={"networks": networks})


def _network(container: str, network: ContainerNetwork, note: Note) -> ContainerNetwork:
    where = f"container {container}, network {network.name}"
    addresses: dict[str, None] = {}
    for each in network.addresses:
        try:
            addresses[str(ipaddress.ip_interface(each))] = None
        except ValueError:
            note(f"{shown(where)}: address '{shown(each)}' left out: it is none")
    return network.model_copy(update={"addresses": tuple(addresses), "mac": _mac(network.mac, where, note)})
