"""The tables `interfaces` and `macs`: ports, lanes, loopbacks and subinterfaces of switches, ports of servers, LAGs of both."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import pandas as pd

from asset_sync.reconcile.sources import Column, SourceTable
from asset_sync.reconcile.tables import Tables
from asset_sync.systems.hedgehog.tables.carried import KINDS as OF_VLANS
from asset_sync.systems.hedgehog.tables.carried import Carried, carried
from asset_sync.systems.hedgehog.tables.channels import channel_id, channel_name, channel_numbers
from asset_sync.systems.hedgehog.tables.declaring import FABRIC, Row, of_objects
from asset_sync.systems.hedgehog.tables.links import KINDS as OF_LINKS
from asset_sync.systems.hedgehog.tables.links import End, Link, links, ports
from asset_sync.systems.hedgehog.tables.objects import AGENT, Told
from asset_sync.systems.hedgehog.tables.outside import KINDS as OF_OUTSIDE
from asset_sync.systems.hedgehog.tables.outside import all_outside
from asset_sync.systems.hedgehog.tables.ports import MANAGEMENT, Port, Ports, guessed_type, is_port
from asset_sync.systems.hedgehog.tables.values import Json, boolean, integer, joined, listed, mac, part, speed, text

KINDS: Final = (*OF_LINKS, *OF_VLANS, *OF_OUTSIDE, AGENT)
PROTOCOL: Final = "Loopback1"
VTEP: Final = "Loopback2"
"""The loopbacks of a switch, as the fabric's agent names them."""
_MANAGEMENT_KBPS: Final = 10**6


class _Fabric:
    """What is known of all interfaces before the rows are made: `used` is the first link at each of them."""

    def __init__(self, told: Told) -> None:
        self.told = told
        self.ports = ports(told)
        self.links = links(told, self.ports)
        self.used: dict[str, tuple[Link, End]] = {}
        self.of_device: dict[str, list[End]] = {}
        for link in self.links:
            for end in filter(None, link.ends):
                self.used.setdefault(end.interface, (link, end))
                self.of_device.setdefault(end.device, []).append(end)
        self.carried = carried(told)

    def server_mtu(self, switch: str) -> int | None:
        """Return the MTU of a switch's ports to servers that the fabric sets for all, where the Agent tells it."""
        config = part(self.told.spec(AGENT, switch), "config")
        whole, offset = integer(config.get("fabricMTU"), 1), integer(config.get("serverFacingMTUOffset"))
        return None if whole is None or offset is None or offset >= whole else whole - offset


def _interfaces(told: Told) -> Iterator[Row]:
    fabric = _Fabric(told)
    rows: dict[str, dict[str, Any]] = {}
    for name, spec in sorted(told.of("Switch").items()):
        _add(rows, _of_switch(fabric, name, spec, fabric.ports[name]))
    for name, spec in sorted(told.of("Server").items()):
        _add(rows, _of_server(fabric, name, told.spec("ServerProfile", spec.get("profile"))))
    _add(rows, _subinterfaces(fabric))
    yield from rows.values()


def _add(rows: dict[str, dict[str, Any]], found: Iterable[dict[str, Any]]) -> None:
    for row in found:
        rows.setdefault(row["id"], row)


# Switches.


def _of_switch(fabric: _Fabric, name: str, spec: Json, known: Ports) -> Iterator[dict[str, Any]]:
    device = f"switch/{name}"
    seen = {known.name(port): part(state) for port, state in part(fabric.told.states.get(name), "interfaces").items()}
    every = spec.get("enableAllPorts") is True
    for port in _all_ports(fabric, device, spec, known, seen):
        yield {
            **_port(fabric, device, port),
            **_state(port, seen.get(port.name, {}), spec, every=every, used=f"{device}/{port.name}" in fabric.used),
        }
    for loopback, address, words in ((PROTOCOL, "protocolIP", "Protocol loopback"), (VTEP, "vtepIP", "VTEP loopback")):
        if text(spec.get(address)):
            yield {**_named(device, loopback), "kind": "loopback", **_virtual("virtual"), "enabled": True, "description": words}
    yield from _channels(fabric, device, seen)


def _all_ports(fabric: _Fabric, device: str, spec: Json, known: Ports, seen: Mapping[str, Json]) -> Iterator[Port]:
    """Yield the ports of the profile, the one that has the management address, and what else is told of by links or is seen."""
    if text(spec.get("ip")) and MANAGEMENT not in known.by_name:
        yield Port(MANAGEMENT, "management")
    yield from known.by_name.values()
    others = {end.port for end in fabric.of_device.get(device, ())} | {name for name in seen if is_port(name)}
    yield from (Port(name, "physical") for name in sorted(others - known.by_name.keys() - {MANAGEMENT}))


def _port(fabric: _Fabric, device: str, port: Port) -> dict[str, Any]:
    link, end = fabric.used.get(f"{device}/{port.name}", (None, None))
    return {
        **_named(device, port.name),
        "kind": port.kind,
        "type": port.type,
        "panel_label": port.panel,
        **({} if link is None or end is None else _linked(fabric, link, end)),
    }


def _linked(fabric: _Fabric, link: Link, end: End) -> dict[str, Any]:
    """Return what the link at a port says of it; in a LAG it is that which carries the VLANs."""
    found: dict[str, Any] = {"connection": link.connection, "connection_kind": link.kind, "description": link.far(end)}
    if end.is_switch:
        found["mtu"] = _mtu(fabric, link, end)
    if link.channel is not None:
        return {**found, "lag": channel_id(end.device, link.channel)}
    return {**found, **(_vlans(fabric.carried.get(link.connection)) if end.is_switch else {})}


def _mtu(fabric: _Fabric, link: Link, end: End) -> int | None:
    to_server = any(other is not None and not other.is_switch for other in link.ends)
    return link.mtu or (fabric.server_mtu(end.device.partition("/")[2]) if to_server and link.kind != "gateway" else None)


def _vlans(said: Carried | None) -> dict[str, Any]:
    if said is None:
        return {}
    return {"mode": said.mode, "untagged_vlan": said.untagged, "tagged_vlans": joined(said.tagged)}


def _state(port: Port, seen: Json, spec: Json, *, every: bool, used: bool) -> dict[str, Any]:
    """Return what the switch sees of a port, and where it does not tell, what it is configured to be.

    The fabric's agent switches on what is used, and the others only where all ports are asked for.
    """
    is_management = port.kind == "management"
    told = boolean(seen.get("enabled"))
    kbps = speed(seen.get("speed")) or port.speed
    configured = every or used or is_management
    return {
        "guessed_type": port.type or guessed_type(kbps or (_MANAGEMENT_KBPS if is_management else None)),
        "speed": kbps,
        "mac": mac(seen.get("mac")) or (mac(part(spec, "boot").get("mac")) if port.name == MANAGEMENT else None),
        "enabled": configured if told is None else told,
        "oper_state": text(seen.get("oper")),
    }


def _channels(fabric: _Fabric, device: str, seen: Mapping[str, Json]) -> Iterator[dict[str, Any]]:
    """Yield the LAGs of a device, each once."""
    numbers = channel_numbers(fabric.told, device)
    for end in fabric.of_device.get(device, ()):
        link, _ = fabric.used[end.interface]
        if link.channel is None:
            continue
        name = channel_name(link, numbers)
        state = seen.get(name, {})
        told = boolean(state.get("enabled"))
        yield {
            **_named(device, name),
            "id": channel_id(device, link.channel),
            "kind": "lag",
            **_virtual("lag"),
            "mac": mac(state.get("mac")),
            "enabled": end.is_switch or None if told is None else told,
            "oper_state": text(state.get("oper")),
            "connection": link.connection,
            "connection_kind": link.kind,
            **({"mtu": _mtu(fabric, link, end), **_vlans(fabric.carried.get(link.connection))} if end.is_switch else {}),
        }


# Servers, and what is on top of ports.


def _of_server(fabric: _Fabric, name: str, profile: Json) -> Iterator[dict[str, Any]]:
    device = fabric.told.server(name)
    profiled = (text(part(port).get("name")) for nic in listed(profile.get("nics")) for port in listed(part(nic).get("ports")))
    told = (end.port for end in fabric.of_device.get(device, ()))
    for port in dict.fromkeys(filter(None, (*profiled, *told))):
        yield {**_port(fabric, device, Port(port, "physical")), "guessed_type": _at_other_end(fabric, f"{device}/{port}")}
    yield from _channels(fabric, device, {})


def _at_other_end(fabric: _Fabric, interface: str) -> str:
    """Return the type of the port at the other end, as far as its profile tells it: a cable fits into both."""
    link, end = fabric.used.get(interface, (None, None))
    for other in link.ends if link else ():
        if other is not None and other != end and other.is_switch:
            port = fabric.ports[other.device.partition("/")[2]].by_name.get(other.port)
            return guessed_type(None) if port is None else port.type or guessed_type(port.speed)
    return guessed_type(None)


def _subinterfaces(fabric: _Fabric) -> Iterator[dict[str, Any]]:
    for each in all_outside(fabric.told, fabric.links):
        if each.vlan:
            own = {"kind": "subinterface", **_virtual("virtual"), "parent": each.end.interface, "enabled": True}
            yield {**_named(each.end.device, each.name), **own, "connection": each.connection, "vlan_id": each.vlan}


def _named(device: str, name: str) -> dict[str, Any]:
    return {"id": f"{device}/{name}", "device": device, "name": name}


def _virtual(known: str) -> dict[str, Any]:
    return {"type": known, "guessed_type": known}


def _with_macs(told: Told) -> Iterator[Row]:
    for row in _interfaces(told):
        yield {**row, "mac_address": f"{row['id']}/mac" if row.get("mac") else None}


def _macs(tables: Tables) -> pd.DataFrame:
    there = tables["interfaces"].dropna(subset=["mac"])
    found = {"id": there["mac_address"], "fabric": there["fabric"], "device": there["device"], "interface": there["id"]}
    return pd.DataFrame({**found, "mac": there["mac"]}).astype("str").reset_index(drop=True)


INTERFACES: Final = of_objects(
    "interfaces",
    "The interfaces of switches and servers: ports of their profiles and of connections, and what is made of them.",
    (
        Column("id", "<device>/<port>, of a LAG <device>/<connection>"),
        Column("device", to="devices"),
        Column("name", "of a switch's LAG PortChannel<number> where its Agent tells, else the connection's name"),
        Column("kind", "physical, breakout (a lane), management, loopback, lag or subinterface"),
        Column("type", "NetBox's type, as far as the profile of the port tells it"),
        Column("guessed_type", "what a port of that speed, or at the other end, most often is"),
        Column("panel_label", "what is printed at the port"),
        Column("speed", "kbit/s, as it is, else as it is configured", "integer"),
        Column("mtu", "as the connection or the fabric sets it", "integer"),
        Column("mac"),
        Column("mac_address", to="macs"),
        Column("enabled", "as the switch tells, else whether it is used", "boolean"),
        Column("oper_state", "up, down …, as the switch tells"),
        Column("description", "the port at the other end, or what it is for"),
        *(Column(name, to="interfaces") for name in ("lag", "parent")),
        Column("mode", "access or tagged; none where nothing is attached"),
        Column("untagged_vlan", "of a native attachment", to="vlans"),
        Column("tagged_vlans", "in order, parted by commas", to="vlans", many=True),
        Column("vlan_id", "of a subinterface", "integer"),
        Column("connection"),
        Column("connection_kind", "as the label of the connection says it"),
    ),
    (*KINDS, "ServerProfile"),
    _with_macs,
)
MACS: Final = SourceTable(
    "macs",
    "The MAC addresses of interfaces: as the switch tells, else that by which it is booted.",
    (Column("id"), FABRIC, Column("device", to="devices"), Column("interface", to="interfaces"), Column("mac")),
    made_of=("interfaces",),
    made=_macs,
)
