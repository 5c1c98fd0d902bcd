"""Addresses as NetBox takes them on an interface, made from what a source tells: an address, seldom its network."""

import ipaddress
from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

import pandas as pd

from asset_sync.reconcile.tables import Mask

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Version = Literal[4, 6]

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


def assignable(addresses: pd.Series, gateways: pd.Series, version: Version, assumed: int) -> Assignable:
    """Return the addresses of one version as NetBox takes them on an interface, those without a network with `assumed`.

    A host may have an address that the assumed network would not let it have (NetBox refuses the ends of a network), or a
    gateway outside of it: then that network is not the host's, and the address is given alone, as /32 or /128. The zone of an
    IPv6 address (fe80::1%7) is the host's own name for an interface, and no part of the address.
    """
    told = zip(addresses.tolist(), gateways.tolist(), strict=True)
    read = [_read(address, gateway, version, assumed) if isinstance(address, str) else _NOTHING for address, gateway in told]
    return Assignable(
        pd.Series([each.address for each in read], index=addresses.index, dtype="str"),
        pd.Series([each.guessed for each in read], dtype=bool).to_numpy(),
        tuple(_notes(addresses.tolist(), read, f"ipv{version}")),
    )


def _read(written: str, gateway: object, version: Version, assumed: int) -> _Read:
    if not written.strip():
        return _NOTHING
    host, _, length = written.strip().partition("/")
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
        network = ipaddress.ip_network(f"{address}/{length or assumed}", strict=False)
    except ValueError:
        return _Read(note=_NO_ADDRESS)
    if address.version != version:
        return _Read(note=_NO_ADDRESS)
    if _belongs_nowhere(address):
        return _NOTHING
    if address in _ends(network) or (not length and _leads_elsewhere(gateway, network)):
        return _Read(f"{address}/{address.max_prefixlen}", guessed=True, note=_ALONE)
    return _Read(f"{address}/{network.prefixlen}", guessed=not length)


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
        found = ipaddress.ip_address(str(gateway).strip().partition("%")[0])
    except ValueError:
        return False
    said = found.version == network.version and not (found.is_unspecified or found.is_link_local)
    return said and found not in network


_ALONE: Final = "written as a host alone, since the assumed network cannot be its own"
_NO_ADDRESS: Final = "left out, since it is no such address"


def _notes(written: list[str], read: list[_Read], column: str) -> Iterable[str]:
    for note in (_ALONE, _NO_ADDRESS):
        found = [value for value, each in zip(written, read, strict=True) if each.note == note]
        if found:
            yield f"{column}: {note}: {len(found):,} ({found[0][:_SHOWN]!r})"
