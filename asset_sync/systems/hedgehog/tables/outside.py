"""Where a switch is connected to what lies outside of the fabric: addresses on a port, or on a subinterface of it for a VLAN.

Source: facts/hedgehog.md §6, and the documentation's names of ports: the subinterface of E1/48 for VLAN 10 is E1/48.10.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from asset_sync.systems.hedgehog.tables.carried import HIGHEST_VID, LEAST_VID
from asset_sync.systems.hedgehog.tables.links import End, Link
from asset_sync.systems.hedgehog.tables.objects import Told
from asset_sync.systems.hedgehog.tables.values import Json, integer, part, text

KINDS: Final = ("ExternalAttachment",)
_EXTERNAL: Final = "external"
_STATIC: Final = "static-external"
OUTSIDE: Final = frozenset({_EXTERNAL, _STATIC})
"""The kinds of connections of which one end lies outside."""


@dataclass(frozen=True, slots=True)
class Outside:
    """What a switch has towards the outside: `address` as it is told, and `vlan`, None where it is on the port itself."""

    connection: str
    end: End
    vlan: int | None
    address: Any

    @property
    def name(self) -> str:
        """The name of the interface that has the address."""
        return f"{self.end.port}.{self.vlan}" if self.vlan else self.end.port

    @property
    def interface(self) -> str:
        """The key of that interface."""
        return f"{self.end.device}/{self.name}"


def outside_ends(links: Iterable[Link]) -> dict[str, End]:
    """Return the ends of external connections at switches, by connection: each has one."""
    return {link.connection: end for link in links if link.kind == _EXTERNAL for end in link.ends if end}


def attached(ends: Mapping[str, End], spec: Json) -> Outside | None:
    """Return what an attachment of an external makes; None where its connection is not there."""
    connection = text(spec.get("connection")) or ""
    if connection not in ends:
        return None
    return _outside(connection, ends[connection], part(spec, "static") or part(spec, "switch"))


def all_outside(told: Told, links: Iterable[Link]) -> Iterator[Outside]:
    """Yield what static externals and the attachments of externals make."""
    given = list(links)
    for link in given:
        yield from (_outside(link.connection, end, end.told) for end in link.ends if end and link.kind == _STATIC)
    ends = outside_ends(given)
    found = (attached(ends, spec) for _, spec in sorted(told.of("ExternalAttachment").items()))
    yield from filter(None, found)


def _outside(connection: str, end: End, given: Json) -> Outside:
    return Outside(connection, end, integer(given.get("vlan"), LEAST_VID, HIGHEST_VID), given.get("ip"))
