"""The tables of what is attached to VPCs, of what lies outside of the fabric, and of who may reach whom."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from asset_sync.reconcile.sources import Column
from asset_sync.systems.hedgehog.tables.carried import subnet_of, vlans
from asset_sync.systems.hedgehog.tables.declaring import LABEL, Row, of_objects
from asset_sync.systems.hedgehog.tables.links import KINDS as OF_LINKS
from asset_sync.systems.hedgehog.tables.links import links, ports, wiring_kind
from asset_sync.systems.hedgehog.tables.networks import vrf_of
from asset_sync.systems.hedgehog.tables.objects import Told
from asset_sync.systems.hedgehog.tables.outside import attached, outside_ends
from asset_sync.systems.hedgehog.tables.values import Json, address, integer, listed, part, text, texts

_LIST: Final = ", "


def _attachments(told: Told) -> Iterator[Row]:
    tagged = {f"{vpc}/{name}" for vpc, name, _ in vlans(told)}
    for name, spec in sorted(told.of("VPCAttachment").items()):
        subnet, connection = subnet_of(spec) or "", text(spec.get("connection"))
        vpc, _, of_vpc = subnet.partition("/")
        yield {
            "id": name,
            "name": name,
            "vpc": _there(told, "VPC", vpc),
            "subnet": of_vpc or None,
            "vlan": subnet if subnet in tagged else None,
            "connection": connection,
            "connection_kind": wiring_kind(told.spec("Connection", connection)),
            "native": spec.get("nativeVLAN") is True,
        }


def _there(told: Told, kind: str, name: str | None) -> str | None:
    return name if name in told.of(kind) else None


# What lies outside.


def _externals(told: Told) -> Iterator[Row]:
    for name, spec in sorted(told.of("External").items()):
        prefixes = texts(part(spec, "static").get("prefixes"))
        yield {
            "id": name,
            "name": name,
            "kind": "static" if part(spec, "static") else "bgp",
            "vrf": vrf_of(told, spec),
            "inbound_community": text(spec.get("inboundCommunity")),
            "outbound_community": text(spec.get("outboundCommunity")),
            "prefixes": _LIST.join(prefixes) or None,
        }


def _external_attachments(told: Told) -> Iterator[Row]:
    ends = outside_ends(links(told, ports(told)))
    for name, spec in sorted(told.of("ExternalAttachment").items()):
        connection, neighbor, static = text(spec.get("connection")), part(spec, "neighbor"), part(spec, "static")
        at = attached(ends, spec)
        said = None if at is None else address(at.address)
        yield {
            "id": name,
            "name": name,
            "external": _there(told, "External", text(spec.get("external"))),
            "connection": connection,
            "device": None if at is None else at.end.device,
            "interface": None if at is None else at.interface,
            "vlan_id": None if at is None else at.vlan,
            "address": None if said is None else str(said),
            "neighbor_asn": integer(neighbor.get("asn"), 1, 2**32 - 1),
            "neighbor_ip": text(neighbor.get("ip")) or text(static.get("remoteIP")),
            "proxy": static.get("proxy") is True,
        }


# Who may reach whom.


def _peerings(told: Told) -> Iterator[Row]:
    for name, spec in sorted(told.of("VPCPeering").items()):
        permits = [part(each) for each in listed(spec.get("permit"))]
        first, second, *_ = [*sorted({vpc for each in permits for vpc in each}), None, None]
        own = {"id": f"VPCPeering/{name}", "kind": "vpc", "name": name}
        vpcs = {"vpc": _there(told, "VPC", first), "peer_vpc": _there(told, "VPC", second)}
        yield {**own, **vpcs, "subnets": _subnets((vpc, part(each, vpc)) for each in permits for vpc in each)}
    for name, spec in sorted(told.of("ExternalPeering").items()):
        vpc, external = part(spec, "permit", "vpc"), part(spec, "permit", "external")
        yield {
            "id": f"ExternalPeering/{name}",
            "kind": "external",
            "name": name,
            "vpc": _there(told, "VPC", text(vpc.get("name"))),
            "external": _there(told, "External", text(external.get("name"))),
            "subnets": _subnets([(text(vpc.get("name")) or "", vpc)]),
            "prefixes": _LIST.join(filter(None, (text(part(each).get("prefix")) for each in listed(external.get("prefixes")))))
            or None,
        }


def _subnets(permitted: Iterable[tuple[str, Json]]) -> str | None:
    """Return which subnets are permitted, as `<vpc>/<subnet>`, those of a whole VPC as `<vpc>/*`."""
    found = (f"{vpc}/{name}" for vpc, given in permitted for name in texts(given.get("subnets")) or "*" if vpc)
    return _LIST.join(sorted(set(found))) or None


_OF_OUTSIDE: Final[tuple[Any, ...]] = (*OF_LINKS, "ExternalAttachment", "External")

ATTACHMENTS: Final = of_objects(
    "attachments",
    "Which connections have which subnets of VPCs.",
    (
        *(Column("id"), Column("name"), LABEL),
        Column("vpc", to="vpcs"),
        Column("subnet"),
        Column("vlan", to="vlans"),
        Column("connection"),
        Column("connection_kind", "as the label of the connection says it"),
        Column("native", "whether it is untagged", "boolean"),
    ),
    ("VPCAttachment", "VPC", "Connection"),
    _attachments,
)
EXTERNALS: Final = of_objects(
    "externals",
    "The systems outside of the fabric that VPCs may reach.",
    (
        *(Column("id"), Column("name"), LABEL),
        Column("kind", "bgp or static"),
        Column("vrf", "its IPv4 namespace", to="vrfs"),
        *(Column("inbound_community"), Column("outbound_community")),
        Column("prefixes", "of a static one, parted by commas"),
    ),
    ("External", "IPv4Namespace"),
    _externals,
)
EXTERNAL_ATTACHMENTS: Final = of_objects(
    "external_attachments",
    "Where what lies outside is connected.",
    (
        *(Column("id"), Column("name"), LABEL),
        Column("external", to="externals"),
        Column("connection"),
        Column("device", to="devices"),
        Column("interface", "the port, or its subinterface for the VLAN", to="interfaces"),
        Column("vlan_id", type="integer"),
        Column("address", "the switch's, with its prefix length"),
        Column("neighbor_asn", type="integer"),
        Column("neighbor_ip"),
        Column("proxy", type="boolean"),
    ),
    _OF_OUTSIDE,
    _external_attachments,
)
PEERINGS: Final = of_objects(
    "peerings",
    "Which VPCs may reach each other, and what lies outside.",
    (
        Column("id", "VPCPeering/<name> or ExternalPeering/<name>"),
        Column("kind", "vpc or external"),
        *(Column("name"), LABEL),
        *(Column(name, to="vpcs") for name in ("vpc", "peer_vpc")),
        Column("external", to="externals"),
        Column("subnets", "<vpc>/<subnet> or <vpc>/*, parted by commas"),
        Column("prefixes", "of what lies outside, parted by commas"),
    ),
    ("VPCPeering", "ExternalPeering", "VPC", "External"),
    _peerings,
)
