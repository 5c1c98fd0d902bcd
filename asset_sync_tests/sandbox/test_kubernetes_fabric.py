"""A generated fabric holds together as Hedgehog's own checks would have it: ports, cables, addresses, names."""

from collections import Counter
from collections.abc import Iterator
from ipaddress import ip_interface, ip_network
from itertools import pairwise
from typing import Any

import pytest

from asset_sync.sandbox.kubernetes import Cluster, FabricDays, Shape, named

Row = dict[str, Any]
SHAPES = [
    Shape(),
    Shape("mesh", spines=0, leaves=5, servers=30),
    Shape(spines=3, leaves=6, servers=120, vpcs=9, vpc_mode="l3vni", prefix="b-"),
    # A spine's ports are broken out here.
    Shape(spines=1, leaves=64, servers=4),
]


@pytest.fixture(params=SHAPES, ids=str, scope="module")
def days(request: pytest.FixtureRequest) -> FabricDays:
    days = FabricDays(request.param)
    days.next()
    return days


def of(cluster: Cluster, kind: str) -> dict[str, Row]:
    return {name: one for (_, name), one in cluster.objects(named(kind)).items()}


def values(content: Any, name: str) -> Iterator[Any]:
    """Each value of that name, however deep."""
    if isinstance(content, list):
        for one in content:
            yield from values(one, name)
    elif isinstance(content, dict):
        for key, one in content.items():
            if key == name:
                yield one
            else:
                yield from values(one, name)


def ports_of(cluster: Cluster, switch: Row) -> set[str]:
    profile = of(cluster, "SwitchProfile")[switch["spec"]["profile"]]["spec"]
    broken = switch["spec"].get("portBreakouts", {})
    whole = {port for port in profile["ports"] if port not in broken}
    return whole | {f"{port}/{lane}" for port, mode in broken.items() for lane in range(1, int(mode[0]) + 1)}


def test_each_port_is_there_and_has_one_cable(days: FabricDays) -> None:
    used = Counter(port for one in of(days.cluster, "Connection").values() for port in values(one["spec"], "port"))
    assert set(used.values()) == {1}
    switches, servers = of(days.cluster, "Switch"), of(days.cluster, "Server")
    for end in used:
        device, _, port = end.partition("/")
        if device in switches:
            assert port in ports_of(days.cluster, switches[device]) - {"M1"}
        else:
            assert (device in servers and port in ("enp2s1", "enp2s2")) or "gateway" in device
    assert {end.partition("/")[0] for end in used} >= {*servers, *switches}


def test_no_address_is_given_twice(days: FabricDays) -> None:
    switches = of(days.cluster, "Switch").values()
    found = [one["spec"][what] for one in switches for what in ("ip", "vtepIP", "protocolIP") if what in one["spec"]]
    found += [ip for one in of(days.cluster, "Connection").values() for ip in values(one["spec"], "ip")]
    assert len({ip_interface(one).ip for one in found}) == len(found)
    for connection in of(days.cluster, "Connection").values():
        for link in connection["spec"].get("fabric", connection["spec"].get("mesh", {})).get("links", ()):
            one, other = values(link, "ip")
            assert ip_interface(one).network == ip_interface(other).network


def test_vpcs_lie_within_their_namespaces_and_apart_from_each_other(days: FabricDays) -> None:
    (space,) = of(days.cluster, "IPv4Namespace")["default"]["spec"]["subnets"]
    subnets = [one for vpc in of(days.cluster, "VPC").values() for one in vpc["spec"]["subnets"].values()]
    networks = sorted(ip_network(one["subnet"]) for one in subnets)
    assert all(one.subnet_of(ip_network(space)) for one in networks)  # type: ignore[arg-type]
    assert not any(one.overlaps(other) for one, other in pairwise(networks))
    assert len({one["vlan"] for one in subnets}) == len(subnets)
    assert all(1000 <= one["vlan"] <= 2999 for one in subnets)


def test_what_is_named_is_there(days: FabricDays) -> None:
    vpcs, connections = of(days.cluster, "VPC"), of(days.cluster, "Connection")
    for attachment in of(days.cluster, "VPCAttachment").values():
        vpc, _, subnet = attachment["spec"]["subnet"].partition("/")
        assert subnet in vpcs[vpc]["spec"]["subnets"]
        assert connections[attachment["spec"]["connection"]]["spec"].keys() & {"unbundled", "bundled", "eslag"}
    for attachment in of(days.cluster, "ExternalAttachment").values():
        assert "external" in connections[attachment["spec"]["connection"]]["spec"]
        assert attachment["spec"]["external"] in of(days.cluster, "External")
    groups = of(days.cluster, "SwitchGroup")
    assert all(group in groups for one in of(days.cluster, "Switch").values() for group in one["spec"].get("groups", ()))


def test_agents_see_what_is_cabled(days: FabricDays) -> None:
    agents = of(days.cluster, "Agent")
    for name, switch in of(days.cluster, "Switch").items():
        state = agents[name]["status"]["state"]
        assert state["nos"]["serialNumber"] == switch["spec"]["boot"]["serial"]
        assert state["interfaces"].keys() == ports_of(days.cluster, switch)
        for port, told in state["interfaces"].items():
            for seen in told.get("lldpNeighbors", ()):
                if seen["name"] in agents:
                    (back,) = agents[seen["name"]]["status"]["state"]["interfaces"][seen["portID"]]["lldpNeighbors"]
                    assert (back["name"], back["portID"]) == (name, port)


def test_all_kinds_of_connections_are_there() -> None:
    found = {kind for one in of(FabricDays(Shape()).cluster, "Connection").values() for kind in one["spec"]}
    found |= {kind for one in of(FabricDays(SHAPES[1]).cluster, "Connection").values() for kind in one["spec"]}
    assert found == {
        *("unbundled", "bundled", "eslag", "mclag", "mclagDomain", "fabric", "mesh"),
        *("gateway", "vpcLoopback", "external", "staticExternal"),
    }


def test_the_same_seed_makes_the_same_days_which_tell_what_changed() -> None:
    first, second = FabricDays(Shape()), FabricDays(Shape())
    before = {kind: of(first.cluster, kind) for kind in ("Switch", "Server", "Connection", "VPC", "VPCAttachment")}
    changes = first.next()
    assert changes == second.next()
    moved = {change.kind for change in changes}
    assert moved == {"Switch", "Server", "Connection", "VPC", "VPCAttachment"}
    for kind, old in before.items():
        new = of(first.cluster, kind)
        touched = {change.name for change in changes if change.kind == kind}
        assert {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)} == touched & (
            old.keys() | new.keys()
        )


@pytest.mark.parametrize(
    "wrong",
    [
        {"topology": "mesh"},
        {"topology": "mesh", "spines": 0, "leaves": 8},
        {"spines": 8},
        {"leaves": 253, "servers": 0},
        {"leaves": 1},
        {"servers": 89},
        {"vpcs": 0},
    ],
)
def test_a_fabric_that_the_hardware_has_no_ports_for_is_refused(wrong: Row) -> None:
    with pytest.raises(ValueError, match=r"not|at most"):
        Shape(**wrong)
