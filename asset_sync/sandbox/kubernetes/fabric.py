"""A generated Hedgehog fabric of any size, as the objects that its people would apply.

Addresses, port names and names of connections are made as in the real fabrics of the tests: 172.30.0.0/21 for management,
172.30.8.0/21 for protocol addresses, 172.30.16.0/21 for VTEPs, 172.30.128.0/17 for the links of the fabric.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Final, Literal

from asset_sync.sandbox.kubernetes.kinds import Json, named
from asset_sync.sandbox.kubernetes.profiles import LEAF, SERVER, SPINE, UPLINK_PORTS, profiles

Topology = Literal["spine-leaf", "mesh"]

_MANAGEMENT: Final = IPv4Network("172.30.0.0/21")
_PROTOCOL: Final = IPv4Network("172.30.8.0/21")
_VTEP: Final = IPv4Network("172.30.16.0/21")
_LINKS: Final = IPv4Network("172.30.128.0/17")
_SPINE_ASN: Final = 65100
_FIRST_LEAF_ASN: Final = 65101
_SERVERS_A_PAIR: Final = 44
"""A leaf has 48 ports for servers, of which the last four are for what lies outside and for loops."""
_MOST_VPCS: Final = 1000
_LEAVES_A_PORT: Final = 4
_SPINE_PORTS: Final = 64
_MOST_MESH: Final = 7


@dataclass(frozen=True, slots=True)
class Shape:
    """How large a fabric is and how it is built. Raises ValueError for one that the hardware does not have ports for.

    With a mesh there are no spines, and at most 7 leaves. `vpc_mode` is `""` (L2VNI) or `l3vni`. Each pair of leaves is a
    redundancy group: ESLAG, but the second, which is MCLAG. `prefix` goes before the names of switches and servers.
    """

    topology: Topology = "spine-leaf"
    spines: int = 2
    leaves: int = 4
    servers: int = 12
    vpcs: int = 4
    vpc_mode: Literal["", "l3vni"] = ""
    prefix: str = ""

    def __post_init__(self) -> None:
        most = _MOST_MESH if self.topology == "mesh" else _LEAVES_A_PORT * (_SPINE_PORTS - 1)
        if not 2 <= self.leaves <= most:
            raise ValueError(f"a {self.topology} fabric has 2 to {most} leaves, not {self.leaves}")
        if (self.topology == "mesh") != (self.spines == 0) or not 0 <= self.spines <= UPLINK_PORTS - 1:
            raise ValueError(f"a mesh has no spines, and a spine-leaf fabric 1 to {UPLINK_PORTS - 1}, not {self.spines}")
        if not 0 <= self.servers <= (self.leaves // 2) * _SERVERS_A_PAIR:
            raise ValueError(f"{self.leaves} leaves have ports for {(self.leaves // 2) * _SERVERS_A_PAIR} servers at most")
        if not 1 <= self.vpcs <= _MOST_VPCS:
            raise ValueError(f"a fabric has 1 to {_MOST_VPCS} VPCs, not {self.vpcs}")

    def leaf(self, number: int) -> str:
        """The name of a leaf, from 1."""
        return f"{self.prefix}leaf-{number:02}"

    def spine(self, number: int) -> str:
        """The name of a spine, from 1."""
        return f"{self.prefix}spine-{number:02}"

    def server(self, number: int) -> str:
        """The name of a server, from 1."""
        return f"{self.prefix}server-{number:02}"


def objects(shape: Shape) -> list[Json]:
    """All objects of a fabric but its Agents, in an order in which each is there before what names it."""
    return [*_spaces(shape), *profiles(), *_switches(shape), *_servers(shape), *_connections(shape), *_vpcs(shape)]


def _object(kind: str, name: str, spec: Json) -> Json:
    return {"apiVersion": named(kind).api_version, "kind": kind, "metadata": {"name": name}, "spec": spec}


def _address(network: IPv4Network, number: int) -> IPv4Address:
    return network.network_address + number


def _spaces(shape: Shape) -> Iterator[Json]:
    yield _object("VLANNamespace", "default", {"ranges": [{"from": 1000, "to": 2999}]})
    yield _object("IPv4Namespace", "default", {"subnets": ["10.0.0.0/12"]})
    for pair in range(shape.leaves // 2):
        yield _object("SwitchGroup", _group(pair), {})


def _group(pair: int) -> str:
    return f"{_redundancy(pair)}-{pair + 1}"


def _redundancy(pair: int) -> str:
    return "mclag" if pair == 1 else "eslag"


def _switches(shape: Shape) -> Iterator[Json]:
    for number in range(1, shape.spines + 1):
        per_port = _leaves_a_port(shape)
        ports = -(-shape.leaves // per_port)
        spec = _switch("spine", SPINE, f"Spine {number}", number, _SPINE_ASN)
        if per_port > 1:
            spec["portBreakouts"] = {f"E1/{port}": "4x25G" for port in range(1, ports + 1)}
        yield _object("Switch", shape.spine(number), spec)
    for number in range(1, shape.leaves + 1):
        role = "border-leaf" if number == 1 else "server-leaf"
        spec = _switch(role, LEAF, f"Leaf {number}", shape.spines + number, _FIRST_LEAF_ASN + number - 1)
        spec["vtepIP"] = f"{_address(_VTEP, number)}/32"
        pair = (number - 1) // 2
        if pair < shape.leaves // 2:
            spec["redundancy"] = {"group": _group(pair), "type": _redundancy(pair)}
            spec["groups"] = [_group(pair)]
        yield _object("Switch", shape.leaf(number), spec)


def _switch(role: str, profile: str, description: str, number: int, asn: int) -> Json:
    return {
        "role": role,
        "description": description,
        "profile": profile,
        "boot": {"serial": f"HH{number:06}", "mac": f"0c:20:12:ff:{number >> 8:02x}:{number & 255:02x}"},
        "asn": asn,
        "ip": f"{_address(_MANAGEMENT, 5 + number)}/{_MANAGEMENT.prefixlen}",
        "protocolIP": f"{_address(_PROTOCOL, number)}/32",
        "vlanNamespaces": ["default"],
        "redundancy": {},
    }


def _servers(shape: Shape) -> Iterator[Json]:
    for number in range(1, shape.servers + 1):
        spec = {"description": f"Server {number}", "profile": SERVER}
        yield _object("Server", shape.server(number), spec)


def _connections(shape: Shape) -> Iterator[Json]:
    yield from _mesh_links(shape) if shape.topology == "mesh" else _fabric_links(shape)
    yield from _mclag_domains(shape)
    yield from (_object("Connection", name, spec) for name, spec in server_connections(shape))
    leaf = shape.leaf(1)
    external = {"external": {"link": {"switch": {"port": f"{leaf}/E1/48"}}}}
    yield _object("Connection", f"{leaf}--external", external)
    static = {
        "port": f"{leaf}/E1/47",
        "ip": "172.30.50.5/24",
        "nextHop": "172.30.50.1",
        "subnets": ["192.0.2.0/24"],
        "vlan": 999,
    }
    yield _object(
        "Connection", f"static-external--{leaf}", {"staticExternal": {"link": {"switch": static}, "withinVPC": "vpc-1"}}
    )
    loop = {"switch1": {"port": f"{leaf}/E1/45"}, "switch2": {"port": f"{leaf}/E1/46"}}
    yield _object("Connection", f"{leaf}--vpc-loopback", {"vpcLoopback": {"links": [loop]}})
    switch = leaf if shape.topology == "mesh" else shape.spine(1)
    port = f"E1/{UPLINK_PORTS + 48}" if shape.topology == "mesh" else f"E1/{_SPINE_PORTS}"
    ends = {
        "switch": {"port": f"{switch}/{port}", "ip": "172.30.127.0/31"},
        "gateway": {"port": f"{shape.prefix}gateway-1/enp2s1", "ip": "172.30.127.1/31"},
    }
    yield _object("Connection", f"{switch}--gateway--{shape.prefix}gateway-1", {"gateway": {"links": [ends]}})


def _leaves_a_port(shape: Shape) -> int:
    """How many leaves share a spine's port; its last one is for a gateway."""
    return 1 if shape.leaves < _SPINE_PORTS else _LEAVES_A_PORT


def _fabric_links(shape: Shape) -> Iterator[Json]:
    per_port = _leaves_a_port(shape)
    for spine in range(1, shape.spines + 1):
        for leaf in range(1, shape.leaves + 1):
            port = (leaf - 1) // per_port + 1
            lane = f"/{(leaf - 1) % per_port + 1}" if per_port > 1 else ""
            ends = _ends(((spine - 1) * shape.leaves + leaf - 1) * 2)
            link = {
                "spine": {"port": f"{shape.spine(spine)}/E1/{port}{lane}", "ip": ends[0]},
                "leaf": {"port": f"{shape.leaf(leaf)}/E1/{48 + spine}", "ip": ends[1]},
            }
            yield _object("Connection", f"{shape.spine(spine)}--fabric--{shape.leaf(leaf)}", {"fabric": {"links": [link]}})


def _mesh_links(shape: Shape) -> Iterator[Json]:
    used = [0] * (shape.leaves + 1)
    count = 0
    for first in range(1, shape.leaves + 1):
        for second in range(first + 1, shape.leaves + 1):
            ends = _ends(count)
            count += 2
            link: Json = {}
            for side, leaf, ip in (("leaf1", first, ends[0]), ("leaf2", second, ends[1])):
                used[leaf] += 1
                link[side] = {"port": f"{shape.leaf(leaf)}/E1/{48 + used[leaf]}", "ip": ip}
            yield _object("Connection", f"{shape.leaf(first)}--mesh--{shape.leaf(second)}", {"mesh": {"links": [link]}})


def _ends(number: int) -> tuple[str, str]:
    return f"{_address(_LINKS, number)}/31", f"{_address(_LINKS, number + 1)}/31"


def _mclag_domains(shape: Shape) -> Iterator[Json]:
    if shape.leaves < 4:
        return
    first, second = shape.leaf(3), shape.leaf(4)
    links = [{"switch1": {"port": f"{first}/E1/{port}"}, "switch2": {"port": f"{second}/E1/{port}"}} for port in (45, 46)]
    spec = {"mclagDomain": {"peerLinks": links[:1], "sessionLinks": links[1:]}}
    yield _object("Connection", f"{first}--mclag-domain--{second}", spec)


def server_connections(shape: Shape) -> list[tuple[str, Json]]:
    """The name and the spec of each server's connection, in the servers' order.

    Of four servers of a pair of leaves two are on both, one on one leaf with a port channel, and one on one leaf with a
    single link.
    """
    used = [0] * (shape.leaves + 1)
    return [_server_connection(shape, number, used) for number in range(1, shape.servers + 1)]


def _server_connection(shape: Shape, number: int, used: list[int]) -> tuple[str, Json]:
    pairs = shape.leaves // 2
    pair, turn = (number - 1) % pairs, (number - 1) // pairs
    first = 2 * pair + 1 + (turn // 4) % 2
    server = shape.server(number)
    match turn % 4:
        case 1:
            kind, leaves = "bundled", [first, first]
        case 2:
            kind, leaves = "unbundled", [2 * pair + 1 + (turn // 4 + 1) % 2]
        case _:
            kind, leaves = _redundancy(pair), [2 * pair + 1, 2 * pair + 2]
    links = []
    for at, leaf in enumerate(leaves, 1):
        used[leaf] += 1
        links.append({"server": {"port": f"{server}/enp2s{at}"}, "switch": {"port": f"{shape.leaf(leaf)}/E1/{used[leaf]}"}})
    name = "--".join([server, kind, *(shape.leaf(leaf) for leaf in dict.fromkeys(leaves))])
    return name, {kind: {"link": links[0]} if kind == "unbundled" else {"links": links}}


def _vpcs(shape: Shape) -> Iterator[Json]:
    for number in range(1, shape.vpcs + 1):
        yield _object("VPC", f"vpc-{number}", _vpc(shape, number))
    for number, (connection, spec) in enumerate(server_connections(shape)):
        if "mclag" in spec:
            continue
        vpc, subnet = number % shape.vpcs + 1, f"subnet-0{number // shape.vpcs % 2 + 1}"
        attached: Json = {"connection": connection, "subnet": f"vpc-{vpc}/{subnet}"}
        if number % 5 == 4:
            attached["nativeVLAN"] = True
        yield _object("VPCAttachment", f"{connection}--vpc-{vpc}--{subnet}", attached)
    for number in range(1, shape.vpcs, 2):
        permit = {f"vpc-{number}": {}, f"vpc-{number + 1}": {"subnets": ["subnet-01"]}}
        yield _object("VPCPeering", f"vpc-{number}--vpc-{number + 1}", {"permit": [permit]})
    yield from _external(shape)


def _vpc(shape: Shape, number: int) -> Json:
    subnets = {f"subnet-0{at + 1}": _subnet(2 * (number - 1) + at, dhcp=at == 0) for at in range(2)}
    mode = {"mode": shape.vpc_mode} if shape.vpc_mode else {}
    return {**mode, "ipv4Namespace": "default", "vlanNamespace": "default", "subnets": subnets}


def _subnet(number: int, *, dhcp: bool) -> Json:
    network = IPv4Network((int(IPv4Address("10.0.0.0")) + 256 * number, 24))
    subnet: Json = {"subnet": str(network), "gateway": str(network[1]), "vlan": 1000 + number}
    if dhcp:
        options = {"dnsServers": ["1.1.1.1"], "interfaceMTU": 9036, "leaseTimeSeconds": 3600}
        subnet["dhcp"] = {"enable": True, "range": {"start": str(network[10]), "end": str(network[99])}, "options": options}
    return subnet


def _external(shape: Shape) -> Iterator[Json]:
    spec = {"ipv4Namespace": "default", "inboundCommunity": "65102:1000", "outboundCommunity": "64102:1000"}
    yield _object("External", "external-01", spec)
    attachment = {
        "connection": f"{shape.leaf(1)}--external",
        "external": "external-01",
        "neighbor": {"asn": 64102, "ip": "100.1.10.6"},
        "switch": {"ip": "100.1.10.1/24", "vlan": 10},
    }
    yield _object("ExternalAttachment", f"{shape.leaf(1)}--external-01", attachment)
    outside = {"name": "external-01", "prefixes": [{"prefix": "0.0.0.0/0"}]}
    permit = {"external": outside, "vpc": {"name": "vpc-1", "subnets": ["subnet-01"]}}
    yield _object("ExternalPeering", "vpc-1--external-01", {"permit": permit})
