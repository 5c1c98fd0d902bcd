"""The tables of what switches see of themselves and next to them: transceivers, and neighbours by LLDP."""

from collections.abc import Iterator, Mapping
from typing import Final

from asset_sync.reconcile.sources import Column
from asset_sync.systems.hedgehog.tables.declaring import Row, of_objects
from asset_sync.systems.hedgehog.tables.links import ports
from asset_sync.systems.hedgehog.tables.objects import AGENT, Told
from asset_sync.systems.hedgehog.tables.ports import Ports, is_port
from asset_sync.systems.hedgehog.tables.values import listed, number, part, text

_KINDS: Final = ("Switch", "SwitchProfile", "Server", AGENT)


def _transceivers(told: Told) -> Iterator[Row]:
    for name, known in ports(told).items():
        for said, given in sorted(part(told.states.get(name), "transceivers").items()):
            port, seen = known.name(said), part(given)
            own = {each: text(seen.get(key)) for each, key in _OF_TRANSCEIVER.items()}
            if own["serial"] or own["part_number"]:
                device = f"switch/{name}"
                # All lanes of a port tell of the one transceiver that is in it.
                cage = "/".join(port.split("/")[:2])
                interface = f"{device}/{port}" if port in known.by_name else None
                yield {"id": f"{device}/{cage}", "device": device, "port": cage, "interface": interface, **own} | {
                    "length": number(seen.get("length"))
                }


_OF_TRANSCEIVER: Final = {
    "serial": "serial",
    "manufacturer": "vendor",
    "part_number": "vendorPart",
    "revision": "vendorRev",
    "form_factor": "formFactor",
    "connector": "connType",
    "cable": "cable",
    "description": "descr",
}


def _neighbors(told: Told) -> Iterator[Row]:
    switches = ports(told)
    for name, known in sorted(switches.items()):
        for said, state in sorted(part(told.states.get(name), "interfaces").items()):
            heard = known.name(said)
            interface = f"switch/{name}/{heard}"
            for given in map(part, listed(part(state).get("lldpNeighbors"))):
                who, port = text(given.get("sysName")) or text(given.get("name")), text(given.get("portID"))
                chassis = text(given.get("chassis"))
                if who or chassis:
                    yield {
                        "id": f"{interface}/{who or chassis}/{port or ''}",
                        "device": f"switch/{name}",
                        "interface": interface if heard in known.by_name or is_port(heard) else None,
                        "name": who,
                        "chassis": chassis,
                        "port": port,
                        "port_description": text(given.get("portDescr")),
                        **_known(told, switches, who, port),
                    }


def _known(told: Told, switches: Mapping[str, Ports], who: str | None, port: str | None) -> Mapping[str, str]:
    """Return which device of the fabric a neighbour is, and which of its ports, as far as that is sure."""
    if who is not None and who in switches:
        name = switches[who].name(port or "")
        there = {"neighbor_interface": f"switch/{who}/{name}"} if name in switches[who].by_name else {}
        return {"neighbor": f"switch/{who}", **there}
    return {"neighbor": told.server(who)} if who is not None and who in told.of("Server") else {}


TRANSCEIVERS: Final = of_objects(
    "transceivers",
    "What is plugged into the ports of switches, as those tell.",
    (
        Column("id", "<device>/<port>, without a lane"),
        Column("device", to="devices"),
        Column("port", "without a lane"),
        Column("interface", "the port, or its first lane", to="interfaces"),
        *map(Column, _OF_TRANSCEIVER),
        Column("length", "m", "number"),
    ),
    _KINDS,
    _transceivers,
)
LLDP_NEIGHBORS: Final = of_objects(
    "lldp_neighbors",
    "What the switches hear at their ports.",
    (
        Column("id", "<interface>/<name or chassis>/<port>"),
        Column("device", to="devices"),
        Column("interface", to="interfaces"),
        Column("name", "what the neighbour calls itself"),
        *(Column("chassis"), Column("port"), Column("port_description")),
        Column("neighbor", "where it is of the fabric", to="devices"),
        Column("neighbor_interface", to="interfaces"),
    ),
    _KINDS,
    _neighbors,
)
