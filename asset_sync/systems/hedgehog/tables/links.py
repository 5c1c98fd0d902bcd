"""The links of connections, which are cables, with what is at each end; one of the eleven kinds of a connection has them.

Source: facts/hedgehog.md §6 and the definition of Connection. A port is told as `<device>/<port>`, parted at the first "/".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from asset_sync.systems.hedgehog.tables.objects import Told
from asset_sync.systems.hedgehog.tables.ports import CONFIGURED, Ports, switch_ports
from asset_sync.systems.hedgehog.tables.values import Json, integer, listed, part, text

KINDS: Final = ("SwitchProfile", "Switch", "Server", "Connection")
"""What has to be known for links to be told."""
_SERVERS: Final = frozenset({"server", "gateway"})
"""The sides at which there is a server; at the others there is a switch."""


@dataclass(frozen=True, slots=True)
class _Wiring:
    """How a kind of connection is told: `lists` are where its links are, `sides` the names of their ends.

    The first side's port is what a link is known by. In a `channel` all links of a list together are one LAG.
    """

    word: str
    lists: tuple[str, ...]
    sides: tuple[str, ...]
    channel: bool = False


_WIRINGS: Final[Mapping[str, _Wiring]] = {
    "unbundled": _Wiring("unbundled", ("link",), ("server", "switch")),
    "bundled": _Wiring("bundled", ("links",), ("server", "switch"), channel=True),
    "eslag": _Wiring("eslag", ("links",), ("server", "switch"), channel=True),
    "mclag": _Wiring("mclag", ("links",), ("server", "switch"), channel=True),
    "mclagDomain": _Wiring("mclag-domain", ("peerLinks", "sessionLinks"), ("switch1", "switch2"), channel=True),
    "fabric": _Wiring("fabric", ("links",), ("leaf", "spine")),
    "mesh": _Wiring("mesh", ("links",), ("leaf1", "leaf2")),
    "gateway": _Wiring("gateway", ("links",), ("gateway", "switch")),
    "vpcLoopback": _Wiring("vpc-loopback", ("links",), ("switch1", "switch2")),
    "external": _Wiring("external", ("link",), ("switch",)),
    "staticExternal": _Wiring("static-external", ("link",), ("switch",)),
}
"""The kinds, each with the word that the label `connection-type` has for it."""
_CHANNELS: Final = {"peerLinks": "peer", "sessionLinks": "session"}


@dataclass(frozen=True, slots=True)
class End:
    """One end of a link: a port of a device of the fabric (a key of `devices`), and what the connection says of it."""

    device: str
    port: str
    told: Json

    @property
    def is_switch(self) -> bool:
        """Whether it is a switch's."""
        return self.device.startswith("switch/")

    @property
    def interface(self) -> str:
        """The key of its interface."""
        return f"{self.device}/{self.port}"


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a connection: its ends that are devices of the fabric, and how people name them all.

    `mtu` is what the connection says. Where the link is in a LAG, `channel` is what its key ends with at each device: the
    connection's name, with `/peer` or `/session` for an MCLAG domain's.
    """

    connection: str
    kind: str
    ends: tuple[End | None, ...]
    said: tuple[str, ...]
    mtu: int | None
    channel: str | None

    def far(self, end: End) -> str | None:
        """Return how people name the port at the other end, also one outside of the fabric."""
        at = self.ends.index(end)
        return self.said[1 - at] if len(self.said) > 1 else None


def ports(told: Told) -> dict[str, Ports]:
    """Return the ports of every switch, by its name; those of switches that are configured alike are made once."""
    found: dict[tuple[str, bytes], Ports] = {}
    named: dict[str, Ports] = {}
    for name, spec in told.of("Switch").items():
        profile = text(spec.get("profile")) or ""
        alike = (profile, orjson.dumps([part(spec, each) for each in CONFIGURED]))
        if alike not in found:
            found[alike] = switch_ports(spec, told.spec("SwitchProfile", profile))
        named[name] = found[alike]
    return named


def links(told: Told, switches: Mapping[str, Ports]) -> list[Link]:
    """Return all links that have an end at a switch or a server which is there, in order of their connections."""
    found = (link for name, spec in sorted(told.of("Connection").items()) for link in _links(told, switches, name, spec))
    return [link for link in found if any(link.ends)]


def wiring_kind(spec: Json) -> str | None:
    """Return of which kind a connection is, in the word of its label; None where it says none, or several."""
    named = _named(spec)
    return None if named is None else _WIRINGS[named].word


def said_kinds(spec: Json) -> list[str]:
    """Return the kinds of which a connection says that it is, as its fields: a cluster takes it with one of them alone."""
    return [name for name in spec if name in _WIRINGS and part(spec, name)]


def _named(spec: Json) -> str | None:
    said = said_kinds(spec)
    return said[0] if len(said) == 1 else None


def _links(told: Told, switches: Mapping[str, Ports], name: str, spec: Json) -> Iterator[Link]:
    named = _named(spec)
    if named is None:
        return
    wiring, given = _WIRINGS[named], part(spec, named)
    mtu = integer(given.get("mtu"), 1)
    for where in wiring.lists:
        channel = "/".join(filter(None, (name, _CHANNELS.get(where)))) if wiring.channel else None
        for each in listed(given.get(where)) if where != "link" else [given.get(where)]:
            sides = [(side, said) for side in wiring.sides if (said := text(part(each, side).get("port")))]
            ends = tuple(_end(told, switches, side, said, part(each, side)) for side, said in sides)
            yield Link(name, wiring.word, ends, tuple(said for _, said in sides), mtu, channel)


def _end(told: Told, switches: Mapping[str, Ports], side: str, said: str, given: Any) -> End | None:
    device, _, port = said.partition("/")
    if not port:
        return None
    if side in _SERVERS:
        return End(told.server(device), port, given) if device in told.of("Server") else None
    return End(f"switch/{device}", switches[device].name(port), given) if device in switches else None
