"""Addresses as an interface has them, made from what a source tells: an address, seldom its network."""

import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from asset_sync.reconcile.mapping.conditions import Columns
from asset_sync.reconcile.mapping.model import Network as Wanted
from asset_sync.reconcile.tables import Mask

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_SHOWN: Final = 40
"""How many characters of a value a note shows."""


class Assignable(NamedTuple):
    """Addresses by row: with their prefix lengths, missing where there is none that belongs on an interface (`addresses`).

    `guessed` says where the prefix length is but an assumption; `notes` is what is to be told about them, a line each.
    """

    addresses: pd.Series
    guessed: Mask
    notes: tuple[str, ...]


class _Read(NamedTuple):
    address: str | None = None
    guessed: bool = False
    note: str | None = None


_NOTHING: Final = _Read()


def assignable(addresses: Sequence[object], rows: Columns, wanted: Wanted) -> Assignable:
    """Return addresses as an interface has them; those without a network with that of a known one, else of the assumed one.

    A host may have an address that the assumed network would not let it have (NetBox refuses the ends of a network), or a
    gateway outside of it: then that network is not the host's, and the address is given alone, as /32 or /128. The zone of an
    IPv6 address (fe80::1%7) is the host's own name for an interface, and no part of the address.
    """
    nothing = [None] * len(addresses)
    gateways = rows[wanted.gateway].tolist() if wanted.gateway else nothing
    versions = rows[wanted.version].tolist() if wanted.version else nothing
    told = zip(addresses, gateways, versions, strict=True)
    read = [_read(each, gateway, version, wanted) if isinstance(each, str) else _NOTHING for each, gateway, version in told]
    return Assignable(
        pd.Series([each.address for each in read], dtype="str"),
        np.array([each.guessed for each in read], dtype=bool),
        tuple(_notes(addresses, read)),
    )


def is_assignable(written: object, version: int) -> bool:
    """Tell whether a text is an address of that version that an interface can have for its own."""
    return isinstance(written, str) and _read(written, None, version, Wanted()).address is not None


def _read(written: str, gateway: object, version: object, wanted: Wanted) -> _Read:
    if not written.strip():
        return _NOTHING
    host, _, length = written.strip().partition("/")
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
        known = None if length else _known(address, wanted.known)
        assumed = wanted.assumed.ipv4 if address.version == 4 else wanted.assumed.ipv6
        network = known or ipaddress.ip_network(f"{address}/{length or assumed}", strict=False)
    except ValueError:
        return _Read(note=_NO_ADDRESS)
    if isinstance(version, int | float | str) and address.version != int(version):
        return _Read(note=_NO_ADDRESS)
    if _belongs_nowhere(address):
        return _Read(note=_NOWHERE)
    is_sure = bool(length or known)
    if address in _ends(network) or (not is_sure and _leads_elsewhere(gateway, network)):
        return _Read(f"{address}/{address.max_prefixlen}", guessed=True, note=_AN_END if is_sure else _ALONE)
    return _Read(f"{address}/{network.prefixlen}", guessed=not is_sure)


def _known(address: Address, networks: Iterable[Network]) -> Network | None:
    """Return the narrowest of the known networks that an address is in."""
    around = [network for network in networks if network.version == address.version and address in network]
    return max(around, key=lambda network: network.prefixlen, default=None)


def _belongs_nowhere(address: Address) -> bool:
    return address.is_loopback or address.is_multicast or address.is_unspecified or address.is_link_local or address.is_reserved


def _ends(network: Network) -> tuple[Address, ...]:
    """Return the addresses of a network that NetBox takes on no interface; one of two addresses or one has none."""
    if network.prefixlen >= network.max_prefixlen - 1:
        return ()
    if isinstance(network, ipaddress.IPv6Network):
        return (network.network_address,)
    return network.network_address, network.broadcast_address


def _leads_elsewhere(gateway: object, network: Network) -> bool:
    """Tell whether a gateway speaks against the network; one of the link alone, as IPv6 has them, says nothing of it."""
    try:
        found = ipaddress.ip_address(str(gateway).strip().partition("/")[0].partition("%")[0])
    except ValueError:
        return False
    said = found.version == network.version and not (found.is_unspecified or found.is_link_local)
    return said and found not in network


_ALONE: Final = "written as a host alone, since the assumed network cannot be its own"
_AN_END: Final = "written as a host alone, since it is an end of its own network, which no interface has"
_NOWHERE: Final = "left out, since no interface is reached by it (loopback, link-local, multicast, unspecified, reserved)"
_NO_ADDRESS: Final = "left out, since it is no such address"


def _notes(written: Sequence[object], read: list[_Read]) -> Iterator[str]:
    for note in (_ALONE, _AN_END, _NOWHERE, _NO_ADDRESS):
        found = [str(value) for value, each in zip(written, read, strict=True) if each.note == note]
        if found:
            yield f"{note}: {len(found):,} ({found[0][:_SHOWN]!r})"
