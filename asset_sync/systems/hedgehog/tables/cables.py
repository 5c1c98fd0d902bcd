"""The table `cables`: a cable for each link between two devices of the fabric.

What a cable is known by has to stay when either of its ends is plugged in elsewhere, when the links of a connection are told in
another order, and when some are added or removed. A connection's only cable is known by the connection, and so stays whatever
happens to its ends. Of several, a cable is known by the port at that end which is moved less often: a server's, or a leaf's.
Nothing that is told of one of several could stay through a move of that port, too. What is known by another key and is between
the same ports is the same cable to NetBox: so when a connection gets another name, or a second link. Where a fabric says that
two cables of a connection are in one port, the second one is known by both of its ends: it is held, and not left out without a
word.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from asset_sync.reconcile.sources import Column
from asset_sync.systems.hedgehog.tables.declaring import Row, of_objects
from asset_sync.systems.hedgehog.tables.links import KINDS, Link, links, ports
from asset_sync.systems.hedgehog.tables.objects import Told


def _cables(told: Told) -> Iterator[Row]:
    found = links(told, ports(told))
    for connection, several in groupby(found, key=lambda link: link.connection):
        of_connection = list(several)
        taken: dict[str, str] = {}
        for link in of_connection:
            yield from _cable(connection, link, taken, single=len(of_connection) == 1)


def _cable(connection: str, link: Link, taken: dict[str, str], *, single: bool) -> Iterator[Row]:
    """Yield the cable of a link, none where not both of its ends are at devices which are there, or both at one port."""
    ends = [end for end in link.ends if end is not None]
    if len(ends) == 2 and ends[0].interface != ends[1].interface:
        one, other = (end.interface.partition("/")[2] for end in ends)
        known_by = connection if single else f"{connection}/{one}"
        if taken.setdefault(known_by, other) != other:
            known_by = f"{known_by}/{other}"
        yield {
            "id": known_by,
            "a_interface": ends[0].interface,
            "b_interface": ends[1].interface,
            "connection": connection,
            "kind": link.kind,
        }


CABLES: Final = of_objects(
    "cables",
    "The cables between devices of the fabric.",
    (
        Column("id", "the connection, where it has several cables with the port at the server or the leaf"),
        *(Column(name, to="interfaces") for name in ("a_interface", "b_interface")),
        Column("connection"),
        Column("kind", "fabric, mesh, unbundled, bundled, eslag, mclag, mclag-domain, vpc-loopback or gateway"),
    ),
    KINDS,
    _cables,
)
