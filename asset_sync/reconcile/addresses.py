"""Addresses: is it one that can be monitored? Loopback, reserved, private and the like are what `ipaddress` says, but for this:

Documentation ranges are only warned about, for sandboxes use them. An IPv4 address written as IPv6 (::ffff:10.0.0.1) is the
IPv4 one. All of 0.0.0.0/8 is reserved, since nothing in it can be reached. Site-local IPv6 (fec0::/10) is private.

Reserved is 240.0.0.0/4, and in IPv6 all that was never given out, with NAT64 (64:ff9b::/96) and discard (100::/64) in it.
"""

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import pandas as pd

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_THIS_NETWORK: Final = ipaddress.ip_network("0.0.0.0/8")
_SITE_LOCAL: Final = ipaddress.ip_network("fec0::/10")
_SHARED: Final = ipaddress.ip_network("100.64.0.0/10")
_DOCUMENTATION: Final[tuple[Network, ...]] = tuple(
    map(ipaddress.ip_network, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20"))
)
_LONGEST_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be said of an address: its canonical text, None where it is none; why it is refused; what to look out for."""

    address: str | None
    refused: str | None = None
    warnings: tuple[str, ...] = ()


_REFUSED: Final[Mapping[str, Callable[[Address], bool]]] = {
    "unspecified address": lambda ip: ip.is_unspecified,
    "loopback address": lambda ip: ip.is_loopback,
    "link-local address": lambda ip: ip.is_link_local,
    "multicast address": lambda ip: ip.is_multicast,
    "reserved address": lambda ip: ip.is_reserved or ip in _THIS_NETWORK,
}
"""Reasons to refuse an address, the one that tells most first: ::1 is in a reserved range, too."""


def judge(address: str | None) -> Verdict:
    """Judge an IPv4 or IPv6 address as NetBox writes it, with or without a prefix length (10.0.0.1/24).

    The canonical text is without the prefix length. What is not refused has one warning: of what sort the address is.
    """
    written = (address or "").strip()
    if not written:
        return Verdict(None, "no primary address")
    ip = _parsed(written)
    if ip is None:
        return Verdict(None, f"not an IP address: {written[:_LONGEST_SHOWN]!r}")
    for refused, holds in _REFUSED.items():
        if holds(ip):
            return Verdict(str(ip), refused)
    return Verdict(str(ip), warnings=(_sort(ip),))


def judge_all(addresses: pd.Series) -> pd.DataFrame:
    """Judge a text column. Columns, all text, the index that of the addresses: address, refused, warnings.

    Several warnings are joined by "; ". A cell is missing where there is nothing to say.
    """
    codes, unique = pd.factorize(addresses)
    # Missing addresses have the code -1: the last row.
    verdicts = [judge(address) for address in [*unique, None]]
    rows = [(verdict.address, verdict.refused, "; ".join(verdict.warnings) or None) for verdict in verdicts]
    judged = pd.DataFrame(rows, columns=["address", "refused", "warnings"], dtype="str")
    return judged.take(codes).set_axis(addresses.index)


def _parsed(written: str) -> Address | None:
    # A zone (fe80::1%eth0) means something on one host only.
    if "%" in written:
        return None
    try:
        ip = ipaddress.ip_interface(written).ip
    except ValueError:
        return None
    return ip.ipv4_mapped or ip if isinstance(ip, ipaddress.IPv6Address) else ip


def _sort(ip: Address) -> str:
    if any(ip in network for network in _DOCUMENTATION):
        return "documentation address"
    if ip in _SHARED:
        return "shared address space (100.64.0.0/10)"
    if ip.is_private or ip in _SITE_LOCAL:
        return "private address"
    return "public address: WhatsUp Gold must be able to reach it"
