"""Namespaces, VPCs and peerings: what real fabrics do not have, and what is odd."""

from typing import Any

import pytest

from asset_sync.systems.netbox.fabric_kinds import canonical_ranges
from asset_sync_tests.systems.hedgehog.told import Object, Records, made, records, told

SPACES = [made("IPv4Namespace", "default", {"subnets": ["10.0.0.0/16"]}), made("VLANNamespace", "default", {"ranges": []})]


def table(name: str, *objects: Object) -> Records:
    return records(told(objects).frame(name))


def vpc(name: str = "vpc", /, **subnets: Any) -> Object:
    return made("VPC", name, {"subnets": subnets})


@pytest.mark.parametrize(
    ("ranges", "expected"),
    [
        ([{"from": 1000, "to": 2999}], "1000-2999"),
        ([{"from": 3100}, {"from": 1000, "to": 1500}, {"from": 1501, "to": 2000}], "1000-2000, 3100"),
        ([{"from": 10, "to": 0}, {"from": 5, "to": 20}], "5-20"),
        ([{"from": 20, "to": 10}, {"to": 5}, {"from": 0, "to": 9}, {"from": 4000, "to": 5000}, "odd", {"from": "7"}], None),
        ([], None),
    ],
)
def test_ranges_are_as_netbox_reads_them_back(ranges: list[Any], expected: str | None) -> None:
    found = table("vlan_groups", made("VLANNamespace", "default", {"ranges": ranges}))["default"].get("vid_ranges")
    assert found == expected
    assert found is None or canonical_ranges(found) == found


def test_each_subnet_of_an_ipv4_namespace_is_a_container_and_the_same_one_once() -> None:
    found = table(
        "prefixes", made("IPv4Namespace", "ns", {"subnets": ["10.0.0.0/16", "10.1.0.5/16", "10.0.0.0/16", "odd", None]})
    )
    assert {id_: (row["prefix"], row["vrf"], row["status"]) for id_, row in found.items()} == {
        "IPv4Namespace/ns/10.0.0.0/16": ("10.0.0.0/16", "IPv4Namespace/ns", "container"),
        "IPv4Namespace/ns/10.1.0.0/16": ("10.1.0.0/16", "IPv4Namespace/ns", "container"),
    }


def test_a_vpc_names_its_namespaces_or_has_the_default_ones() -> None:
    spaces = [*SPACES, made("IPv4Namespace", "ip"), made("VLANNamespace", "vl")]
    own = made("VPC", "own", {"ipv4Namespace": "ip", "vlanNamespace": "vl", "mode": "l3vni"})
    lost = made("VPC", "lost", {"ipv4Namespace": "none", "vlanNamespace": "none", "mode": ""})
    found = table("vpcs", *spaces, own, lost, made("VPC", "bare", {}), made("VPC", "odd", "odd"))
    assert {name: (row.get("mode"), row.get("vrf"), row.get("vlan_group")) for name, row in found.items()} == {
        "own": ("l3vni", "IPv4Namespace/ip", "vl"),
        "lost": ("l2vni", None, None),
        "bare": ("l2vni", "IPv4Namespace/default", "default"),
        "odd": ("l2vni", "IPv4Namespace/default", "default"),
    }


@pytest.mark.parametrize("vlan", [None, 0, 4095, -1, "1001", True, 1001.0])
def test_what_is_no_vlan_id_makes_no_vlan_and_the_prefix_is_there_all_the_same(vlan: Any) -> None:
    objects = [*SPACES, vpc(a={"subnet": "10.0.1.0/24", "vlan": vlan}, b={"subnet": "10.0.2.0/24", "vlan": 1002})]
    assert set(table("vlans", *objects)) == {"vpc/b"}
    found = table("prefixes", *objects)
    assert {id_: row.get("vlan") for id_, row in found.items() if id_.startswith("VPC/")} == {
        "VPC/vpc/a": None,
        "VPC/vpc/b": "vpc/b",
    }


@pytest.mark.parametrize("subnet", [None, "", "odd", "10.0.1.0", "10.0.1.0/99", 10, {"cidr": "10.0.1.0/24"}])
def test_a_subnet_that_does_not_parse_is_left_out_and_its_vlan_is_not(subnet: Any) -> None:
    objects = [*SPACES, vpc(a={"subnet": subnet, "vlan": 1001, "gateway": "10.0.1.1"}, b={"subnet": "10.0.2.0/24"})]
    assert set(table("vlans", *objects)) == {"vpc/a"}
    assert [id_ for id_ in table("prefixes", *objects) if id_.startswith("VPC/")] == ["VPC/vpc/b"]
    assert table("gateway_addresses", *objects)["vpc/b"]["address"] == "10.0.2.1/24"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"gateway": "10.0.1.254"}, "10.0.1.254/24"),
        ({}, "10.0.1.1/24"),
        ({"gateway": ""}, "10.0.1.1/24"),
        ({"hostBGP": True}, None),
        ({"hostBGP": True, "gateway": "10.0.1.1"}, None),
        ({"gateway": "odd"}, None),
        ({"gateway": "fd00::1"}, None),
        ({"gateway": "192.168.7.1"}, None),
    ],
)
def test_the_gateway_is_the_first_address_unless_told(given: dict[str, Any], expected: str | None) -> None:
    found = table("gateway_addresses", *SPACES, vpc(a={"subnet": "10.0.1.0/24", **given}))
    assert [row["address"] for row in found.values()] == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("dhcp", "there"),
    [
        ({"enable": True, "range": {"start": "10.0.1.10", "end": "10.0.1.99"}}, True),
        ({"enable": True, "range": {"start": "10.0.1.9", "end": "10.0.1.9"}}, True),
        ({"enable": False, "range": {"start": "10.0.1.10", "end": "10.0.1.99"}}, False),
        ({"range": {"start": "10.0.1.10", "end": "10.0.1.99"}}, False),
        ({"enable": True, "range": {"start": "10.0.1.10"}}, False),
        ({"enable": True, "range": {"start": "10.0.1.99", "end": "10.0.1.10"}}, False),
        ({"enable": True, "range": {"start": "10.0.1.10", "end": "10.0.9.99"}}, False),
        ({"enable": True, "range": "odd"}, False),
        ({"relay": "10.9.9.9"}, False),
        (None, False),
    ],
)
def test_an_ip_range_is_what_a_dhcp_server_gives_out(dhcp: Any, there: bool) -> None:
    found = table("ip_ranges", *SPACES, vpc(a={"subnet": "10.0.1.0/24", "dhcp": dhcp}))
    assert len(found) == there


def test_a_peering_names_its_vpcs_and_subnets() -> None:
    permit = [{"vpc-2": {"subnets": ["b", "a"]}, "vpc-1": {}}, {"vpc-1": {"subnets": ["c"]}, "vpc-2": {}}]
    objects = [vpc("vpc-1"), vpc("vpc-2"), made("External", "ext"), made("VPCPeering", "p", {"permit": permit})]
    prefixes = [{"prefix": "0.0.0.0/0"}, {"prefix": "10.0.0.0/8"}, "odd"]
    outside = {"vpc": {"name": "vpc-2", "subnets": ["a"]}, "external": {"name": "ext", "prefixes": prefixes}}
    objects += [made("ExternalPeering", "p", {"permit": outside}), made("VPCPeering", "odd", {"permit": [{"vpc-9": 4}, 7]})]
    assert table("peerings", *objects) == {
        "VPCPeering/p": {
            "id": "VPCPeering/p",
            "kind": "vpc",
            "name": "p",
            "vpc": "vpc-1",
            "peer_vpc": "vpc-2",
            "subnets": "vpc-1/*, vpc-1/c, vpc-2/*, vpc-2/a, vpc-2/b",
        },
        "VPCPeering/odd": {"id": "VPCPeering/odd", "kind": "vpc", "name": "odd", "subnets": "vpc-9/*"},
        "ExternalPeering/p": {
            "id": "ExternalPeering/p",
            "kind": "external",
            "name": "p",
            "vpc": "vpc-2",
            "external": "ext",
            "subnets": "vpc-2/a",
            "prefixes": "0.0.0.0/0, 10.0.0.0/8",
        },
    }
