"""Which object is which after it was renamed: Kubernetes has no renaming, so that a renamed server is a new object.

Switches are known again by their serials, and most else by what it is (a VLAN by its number, a cable by its ends). A server has
nothing but its name and what it is plugged into: one that appears where another vanished, at all the same ports of switches,
is that one.
"""

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Final

from asset_sync.systems.hedgehog.reading import Listing
from asset_sync.systems.hedgehog.tables.objects import Ids
from asset_sync.systems.hedgehog.tables.values import Json, listed, part, text

Listings = Mapping[str, Listing]

_SERVER: Final = "Server"


def known_ids(last: Listings, known: Ids, now: Listings) -> dict[str, str]:
    """Return the ids of all objects, by `<Kind>/<name>`, given the listings of the last time and the ids that were known then.

    An object has the id that it had; a renamed server has that of the server which it was; a new one has its own name's, with
    a number where that is the id of a renamed one.
    """
    names = [f"{kind}/{name}" for kind, listing in now.items() for name in listing.objects]
    renamed = dict(_renamed(last, now))
    kept = {name: known.get(renamed.get(name, name)) for name in names}
    found = {name: id_ for name, id_ in kept.items() if id_ is not None}
    taken = set(found.values())
    for name in names:
        if name not in found:
            found[name] = _free(name, taken)
            taken.add(found[name])
    return found


def _renamed(last: Listings, now: Listings) -> Iterator[tuple[str, str]]:
    """Yield each renamed server with what it was called."""
    if _SERVER not in last or last[_SERVER].objects.keys() == now[_SERVER].objects.keys():
        return
    before, after = _plugged(last), _plugged(now)
    gone = {ports: name for name, ports in before.items() if ports and name not in now[_SERVER].objects}
    for name, ports in after.items():
        if name not in last[_SERVER].objects and name in now[_SERVER].objects and ports in gone:
            yield f"{_SERVER}/{name}", f"{_SERVER}/{gone.pop(ports)}"


def _plugged(listings: Listings) -> dict[str, frozenset[str]]:
    """Return the ports of switches that each server is plugged into, by the server's name."""
    found: dict[str, set[str]] = {}
    for connection in listings["Connection"].objects.values():
        for link in _links(part(connection, "spec")):
            own, there = (text(part(link, side).get("port")) for side in ("server", "switch"))
            if own and there:
                found.setdefault(own.partition("/")[0], set()).add(there)
    return {name: frozenset(ports) for name, ports in found.items()}


def _links(spec: Json) -> Iterator[Json]:
    for told in map(part, spec.values()):
        yield from map(part, (*listed(told.get("links")), told.get("link")))


def _free(name: str, taken: set[str]) -> str:
    numbered = (f"{name}~{number}" for number in count(2))
    return name if name not in taken else next(id_ for id_ in numbered if id_ not in taken)
