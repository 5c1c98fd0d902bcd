"""The tables of namespaces and VPCs: VLAN groups, VLANs, VRFs, prefixes, IP ranges and gateways."""

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_interface
from typing import Any, Final, NamedTuple

from asset_sync.reconcile.sources import Column
from asset_sync.systems.hedgehog.tables.carried import HIGHEST_VID, LEAST_VID, vlans
from asset_sync.systems.hedgehog.tables.declaring import LABEL, Row, of_objects
from asset_sync.systems.hedgehog.tables.objects import Told
from asset_sync.systems.hedgehog.tables.values import Json, integer, listed, network, part, text, within

UNDERLAY: Final = "underlay"
"""The key of the VRF that a fabric's own addresses are in: fabrics are made with equal ones."""
_NAMESPACE: Final = "IPv4Namespace/"
_DEFAULT: Final = "default"
_MODES: Final = {"": "l2vni"}
"""What an empty mode means."""


def vrf_of(told: Told, spec: Json) -> str | None:
    """Return the key of the VRF of a VPC's or an external's IPv4 namespace, where that is there."""
    name = text(spec.get("ipv4Namespace")) or _DEFAULT
    return f"{_NAMESPACE}{name}" if name in told.of("IPv4Namespace") else None


def _group_of(told: Told, spec: Json) -> str | None:
    name = text(spec.get("vlanNamespace")) or _DEFAULT
    return name if name in told.of("VLANNamespace") else None


# Namespaces.


def _vlan_groups(told: Told) -> Iterator[Row]:
    for name, spec in sorted(told.of("VLANNamespace").items()):
        yield {"id": name, "name": name, "vid_ranges": _ranges(spec)}


def _ranges(spec: Json) -> str | None:
    """Return the ranges of a VLAN namespace in order, those that touch as one; without an end it is a single VLAN."""
    whole: list[tuple[int, int]] = []
    for low, high in sorted(filter(None, map(_range, listed(spec.get("ranges"))))):
        if whole and low <= whole[-1][1] + 1:
            whole[-1] = (whole[-1][0], max(high, whole[-1][1]))
        else:
            whole.append((low, high))
    return ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in whole) or None


def _range(given: Any) -> tuple[int, int] | None:
    low = integer(part(given).get("from"), LEAST_VID, HIGHEST_VID)
    to = part(given).get("to")
    high = integer(to, LEAST_VID, HIGHEST_VID) if to else low
    return None if low is None or high is None or high < low else (low, high)


def _vrfs(told: Told) -> Iterator[Row]:
    for name in sorted(told.of("IPv4Namespace")):
        yield {"id": f"{_NAMESPACE}{name}", "kind": "namespace", "name": name}
    if told.of("Switch"):
        yield {"id": UNDERLAY, "kind": "underlay", "name": UNDERLAY}


# VPCs.


class _Subnet(NamedTuple):
    vpc: str
    name: str
    given: Json
    network: IPv4Network | IPv6Network
    vrf: str | None

    @property
    def id(self) -> str:
        return f"{self.vpc}/{self.name}"


def _subnets(told: Told) -> Iterator[_Subnet]:
    for vpc, spec in sorted(told.of("VPC").items()):
        for name, given in sorted(part(spec, "subnets").items()):
            found = network(part(given).get("subnet"))
            if found is not None:
                yield _Subnet(vpc, name, given, found, vrf_of(told, spec))


def _vpcs(told: Told) -> Iterator[Row]:
    for name, spec in sorted(told.of("VPC").items()):
        mode = text(spec.get("mode")) or ""
        places = {"vrf": vrf_of(told, spec), "vlan_group": _group_of(told, spec)}
        yield {"id": name, "name": name, "mode": _MODES.get(mode, mode), **places}


def _vlans(told: Told) -> Iterator[Row]:
    for vpc, name, vid in vlans(told):
        group = _group_of(told, told.spec("VPC", vpc))
        yield {"id": f"{vpc}/{name}", "name": f"{vpc}/{name}", "group": group, "vid": vid, "vpc": vpc, "subnet": name}


def _prefixes(told: Told) -> Iterator[Row]:
    for name, spec in sorted(told.of("IPv4Namespace").items()):
        for found in filter(None, map(network, listed(spec.get("subnets")))):
            own = {"id": f"{_NAMESPACE}{name}/{found}", "vrf": f"{_NAMESPACE}{name}", "prefix": str(found)}
            yield {**own, "kind": "namespace", "status": "container", "is_pool": False}
    tagged = {f"{vpc}/{name}" for vpc, name, _ in vlans(told)}
    for each in _subnets(told):
        yield {
            "id": f"VPC/{each.id}",
            "vrf": each.vrf,
            "prefix": str(each.network),
            "kind": "subnet",
            "status": "active",
            "is_pool": each.given.get("hostBGP") is True,
            "vlan": each.id if each.id in tagged else None,
            "vpc": each.vpc,
            "subnet": each.name,
        }


def _ip_ranges(told: Told) -> Iterator[Row]:
    for each in _subnets(told):
        dhcp = part(each.given, "dhcp")
        start, end = (within(part(dhcp, "range").get(side), each.network) for side in ("start", "end"))
        if dhcp.get("enable") is True and start and end and _host(start) <= _host(end):
            own = {"id": each.id, "vrf": each.vrf, "vpc": each.vpc, "subnet": each.name, "prefix": f"VPC/{each.id}"}
            yield {**own, "start_address": start, "end_address": end}


def _host(address: str) -> int:
    return int(ip_interface(address).ip)


def _gateway_addresses(told: Told) -> Iterator[Row]:
    for each in _subnets(told):
        address = _gateway(each)
        if address is not None:
            own = {"id": each.id, "address": address, "version": str(each.network.version), "vrf": each.vrf}
            yield {**own, "vpc": each.vpc, "subnet": each.name}


def _gateway(subnet: _Subnet) -> str | None:
    """Return the gateway of a subnet: by default its first address. Hosts that speak BGP have none."""
    if subnet.given.get("hostBGP") is True:
        return None
    told = subnet.given.get("gateway")
    if told:
        return within(told, subnet.network)
    return within(str(subnet.network.network_address + 1), subnet.network) if subnet.network.num_addresses > 2 else None


_PLACES: Final = ("VPC", "IPv4Namespace")

VLAN_GROUPS: Final = of_objects(
    "vlan_groups",
    "The VLAN namespaces.",
    (Column("id"), Column("name"), LABEL, Column("vid_ranges", "1000-2999, 3100")),
    ("VLANNamespace",),
    _vlan_groups,
)
VRFS: Final = of_objects(
    "vrfs",
    "The IPv4 namespaces, and the VRF of the fabric's own addresses.",
    (Column("id"), Column("kind", "namespace or underlay"), Column("name"), LABEL),
    ("IPv4Namespace", "Switch"),
    _vrfs,
)
VPCS: Final = of_objects(
    "vpcs",
    "The VPCs.",
    (
        *(Column("id"), Column("name"), LABEL),
        Column("mode", "l2vni, l3vni or l3flat"),
        Column("vrf", "its IPv4 namespace", to="vrfs"),
        Column("vlan_group", "its VLAN namespace", to="vlan_groups"),
    ),
    (*_PLACES, "VLANNamespace"),
    _vpcs,
)
VLANS: Final = of_objects(
    "vlans",
    "The VLANs of VPC subnets.",
    (
        Column("id", "<vpc>/<subnet>"),
        *(Column("name", "<vpc>/<subnet>"), LABEL),
        Column("group", to="vlan_groups"),
        Column("vid", type="integer"),
        Column("vpc", to="vpcs"),
        Column("subnet"),
    ),
    ("VPC", "VLANNamespace"),
    _vlans,
)
PREFIXES: Final = of_objects(
    "prefixes",
    "The subnets of IPv4 namespaces, and those of VPCs.",
    (
        Column("id", "IPv4Namespace/<name>/<prefix> or VPC/<vpc>/<subnet>"),
        Column("kind", "namespace or subnet"),
        Column("prefix"),
        Column("vrf", to="vrfs"),
        Column("status", "container of a namespace, active of a subnet"),
        Column("is_pool", "whether its hosts announce addresses of it themselves", "boolean"),
        Column("vlan", to="vlans"),
        Column("vpc", to="vpcs"),
        Column("subnet"),
    ),
    _PLACES,
    _prefixes,
)
IP_RANGES: Final = of_objects(
    "ip_ranges",
    "The addresses that DHCP gives out.",
    (
        Column("id", "<vpc>/<subnet>"),
        *(Column(name, "with the prefix length of the subnet") for name in ("start_address", "end_address")),
        Column("vrf", to="vrfs"),
        Column("prefix", to="prefixes"),
        Column("vpc", to="vpcs"),
        Column("subnet"),
    ),
    _PLACES,
    _ip_ranges,
)
GATEWAY_ADDRESSES: Final = of_objects(
    "gateway_addresses",
    "The gateways of VPC subnets, which are on every leaf that has the subnet, and so on no one interface.",
    (
        Column("id", "<vpc>/<subnet>"),
        Column("address", "with the prefix length of the subnet"),
        Column("version", "4 or 6"),
        Column("vrf", to="vrfs"),
        Column("vpc", to="vpcs"),
        Column("subnet"),
    ),
    _PLACES,
    _gateway_addresses,
)
