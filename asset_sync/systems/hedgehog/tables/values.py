"""Reads values of objects of which anything may be missing, or of another type: what cannot be read is None, or empty."""

import re
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Interface, IPv4Network, IPv6Interface, IPv6Network, ip_address, ip_interface, ip_network
from typing import Any, Final

Json = Mapping[str, Any]

_MOST: Final = 2**63 - 1
"""The largest number that a column holds."""
_SPEED: Final = re.compile(r"(?:SPEED_)?(\d{1,5}(?:\.\d)?)([MGT])B?", re.ASCII)
_KBPS: Final = {"M": 10**3, "G": 10**6, "T": 10**9}
_MAC: Final = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}", re.ASCII | re.IGNORECASE)
_NUMBERS: Final = re.compile(r"(\d+)", re.ASCII)


def part(value: Any, *names: str) -> Json:
    """Return the object at the end of a path of names, {} where there is none."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def listed(value: Any) -> list[Any]:
    """Return a list, [] for what is none."""
    return value if isinstance(value, list) else []


def texts(value: Any) -> list[str]:
    """Return those members of a list that are texts."""
    return [said for each in listed(value) if (said := text(each))]


def joined(names: Iterable[str]) -> str | None:
    """Return names as a column has several: each once, in order, parted by commas; None where there is none."""
    return ",".join(sorted(set(names))) or None


def text(value: Any) -> str | None:
    """Return a text, None where it says nothing or is none."""
    return (value.strip() or None) if isinstance(value, str) else None


def integer(value: Any, least: int = 0, most: int = _MOST) -> int | None:
    """Return a whole number within those bounds."""
    return value if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most else None


def number(value: Any) -> float | None:
    """Return a number."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _MOST else None


def boolean(value: Any) -> bool | None:
    """Return a truth value."""
    return value if isinstance(value, bool) else None


def speed(value: Any) -> int | None:
    """Return a speed such as "25G", "2.5G" or "SPEED_100GB" in kbit/s."""
    found = _SPEED.fullmatch(text(value) or "")
    return round(float(found[1]) * _KBPS[found[2]]) or None if found else None


def mac(value: Any) -> str | None:
    """Return a MAC address in capitals, parted by colons; none of only zeros."""
    said = text(value) or ""
    return said.upper() if _MAC.fullmatch(said) and said.strip("0:") else None


def address(value: Any) -> IPv4Interface | IPv6Interface | None:
    """Return an address with the length of its prefix; None where it says none."""
    said = text(value)
    if said is None or "/" not in said:
        return None
    try:
        return ip_interface(said)
    except ValueError:
        return None


def network(value: Any) -> IPv4Network | IPv6Network | None:
    """Return a network, whichever of its addresses it is told by."""
    said = address(value)
    return None if said is None else ip_network(said.network)


def within(host: Any, subnet: IPv4Network | IPv6Network) -> str | None:
    """Return an address that is told without a prefix length with that of its subnet, `10.0.5.1/24`; None outside of that."""
    try:
        found = ip_address(text(host) or "")
    except ValueError:
        return None
    return f"{found}/{subnet.prefixlen}" if found in subnet else None


def in_order(names: Iterable[str]) -> list[str]:
    """Return names as people count them: E1/2 before E1/10."""
    return sorted(names, key=_counted)


def _counted(name: str) -> list[tuple[int, int, str]]:
    pieces = _NUMBERS.split(name)
    return [(0, int(piece[:18]), piece) if at % 2 else (1, 0, piece) for at, piece in enumerate(pieces)]
