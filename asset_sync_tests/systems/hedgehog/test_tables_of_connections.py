"""Connections of every kind: their cables and LAGs, what those are known by, and which VLANs they carry."""

from typing import Any

import pytest

from asset_sync.reconcile.sources import Source
from asset_sync_tests.systems.hedgehog.told import Object, made, records, told

SWITCHES = ("leaf-1", "leaf-2", "spine-1")
SERVERS = ("server-1", "server-2")
CONFIG = {"fabricMTU": 9100, "serverFacingMTUOffset": 64}


def fabric(*objects: Object) -> Source:
    switches = [made("Switch", name, {"role": "spine" if name == "spine-1" else "server-leaf"}) for name in SWITCHES]
    return told([*switches, *(made("Server", name) for name in SERVERS), *objects])


def connection(spec: Any, name: str = "conn") -> Object:
    return made("Connection", name, spec)


def link(**sides: str) -> dict[str, Any]:
    return {side: {"port": port} for side, port in sides.items()}


def cables(source: Source) -> dict[str, tuple[str, str, str]]:
    found = records(source.frame("cables"))
    return {id_: (row["kind"], row["a_interface"], row["b_interface"]) for id_, row in found.items()}


def lags(source: Source) -> dict[str, list[str]]:
    """The members of each LAG, by `<device> <name>`."""
    found = records(source.frame("interfaces")).values()
    of_lag = {
        row["id"]: [each["name"] for each in found if each.get("lag") == row["id"]] for row in found if row["kind"] == "lag"
    }
    named = {row["id"]: f"{row['device'].partition('/')[2]} {row['name']}" for row in found}
    return {named[id_]: members for id_, members in of_lag.items()}


def interface(source: Source, id_: str) -> dict[str, Any]:
    return records(source.frame("interfaces"))[id_]


SINGLE: list[tuple[str, Any, tuple[str, str, str] | None]] = [
    (
        "unbundled",
        {"unbundled": {"link": link(server="server-1/eth0", switch="leaf-1/E1/1")}},
        ("unbundled", "server/server-1/eth0", "switch/leaf-1/E1/1"),
    ),
    (
        "bundled",
        {"bundled": {"links": [link(server="server-1/eth0", switch="leaf-1/E1/1")]}},
        ("bundled", "server/server-1/eth0", "switch/leaf-1/E1/1"),
    ),
    (
        "fabric",
        {"fabric": {"links": [link(spine="spine-1/E1/1", leaf="leaf-1/E1/9")]}},
        ("fabric", "switch/leaf-1/E1/9", "switch/spine-1/E1/1"),
    ),
    (
        "mesh",
        {"mesh": {"links": [link(leaf2="leaf-2/E1/9", leaf1="leaf-1/E1/9")]}},
        ("mesh", "switch/leaf-1/E1/9", "switch/leaf-2/E1/9"),
    ),
    (
        "vpcLoopback",
        {"vpcLoopback": {"links": [link(switch1="leaf-1/E1/7", switch2="leaf-1/E1/8")]}},
        ("vpc-loopback", "switch/leaf-1/E1/7", "switch/leaf-1/E1/8"),
    ),
    ("a gateway is no device", {"gateway": {"links": [link(switch="leaf-1/E1/9", gateway="gateway-1/eth0")]}}, None),
    (
        "a gateway that is a server",
        {"gateway": {"links": [link(switch="leaf-1/E1/9", gateway="server-2/eth0")]}},
        ("gateway", "server/server-2/eth0", "switch/leaf-1/E1/9"),
    ),
    ("external", {"external": {"link": link(switch="leaf-1/E1/9")}}, None),
    ("staticExternal", {"staticExternal": {"link": link(switch="leaf-1/E1/9")}}, None),
    ("a server that is not there", {"unbundled": {"link": link(server="server-9/eth0", switch="leaf-1/E1/1")}}, None),
    ("a switch that is not there", {"unbundled": {"link": link(server="server-1/eth0", switch="leaf-9/E1/1")}}, None),
    ("a port without a name", {"unbundled": {"link": link(server="server-1/", switch="leaf-1/E1/1")}}, None),
    ("a device without a port", {"unbundled": {"link": link(server="server-1", switch="leaf-1/E1/1")}}, None),
    ("one port twice", {"vpcLoopback": {"links": [link(switch1="leaf-1/E1/7", switch2="leaf-1/E1/7")]}}, None),
    ("no links", {"fabric": {}}, None),
    ("no kind", {}, None),
    (
        "of two kinds, which no cluster takes",
        {
            "unbundled": {"link": link(server="server-1/eth0", switch="leaf-1/E1/1")},
            "fabric": {"links": [link(spine="spine-1/E1/1", leaf="leaf-1/E1/9")]},
        },
        None,
    ),
]


@pytest.mark.parametrize(("spec", "cable"), [case[1:] for case in SINGLE], ids=[case[0] for case in SINGLE])
def test_a_connection_of_one_link_is_the_cable(spec: Any, cable: tuple[str, str, str] | None) -> None:
    source = fabric(connection(spec))
    assert cables(source) == ({"conn": cable} if cable else {})


def test_a_port_whose_other_end_is_not_there_is_used_all_the_same() -> None:
    source = fabric(connection({"gateway": {"links": [link(switch="leaf-1/E1/9", gateway="gateway-1/eth0")]}}))
    port = interface(source, "switch/leaf-1/E1/9")
    assert (port["connection"], port["connection_kind"], port["description"]) == ("conn", "gateway", "gateway-1/eth0")
    assert port["enabled"] is True


@pytest.mark.parametrize("kind", ["eslag", "mclag"])
def test_a_server_on_several_switches_has_one_lag_and_each_switch_has_one(kind: str) -> None:
    links = [
        link(server="server-1/eth0", switch="leaf-1/E1/1"),
        link(server="server-1/eth1", switch="leaf-2/E1/4"),
        link(server="server-1/eth2", switch="leaf-2/E1/5"),
    ]
    agent = made("Agent", "leaf-1", {"catalog": {"portChannelIDs": {"conn": 7, "other": 8}}})
    source = fabric(connection({kind: {"links": links}}), agent)
    assert lags(source) == {
        "leaf-1 PortChannel7": ["E1/1"],
        "leaf-2 conn": ["E1/4", "E1/5"],
        "server-1 conn": ["eth0", "eth1", "eth2"],
    }
    assert {row["id"] for row in records(source.frame("interfaces")).values() if row["kind"] == "lag"} == {
        *("switch/leaf-1/conn", "switch/leaf-2/conn", "server/server-1/conn")
    }
    assert set(cables(source)) == {"conn/server-1/eth0", "conn/server-1/eth1", "conn/server-1/eth2"}


def test_an_mclag_domain_has_a_lag_of_its_peer_links_and_one_of_its_session_links() -> None:
    domain = {
        "peerLinks": [link(switch1=f"leaf-1/E1/{port}", switch2=f"leaf-2/E1/{port}") for port in (45, 46)],
        "sessionLinks": [link(switch1="leaf-1/E1/47", switch2="leaf-2/E1/48")],
    }
    source = fabric(connection({"mclagDomain": domain}))
    assert lags(source) == {
        "leaf-1 PortChannel250": ["E1/45", "E1/46"],
        "leaf-1 PortChannel251": ["E1/47"],
        "leaf-2 PortChannel250": ["E1/45", "E1/46"],
        "leaf-2 PortChannel251": ["E1/48"],
    }
    assert cables(source) == {
        "conn/leaf-1/E1/45": ("mclag-domain", "switch/leaf-1/E1/45", "switch/leaf-2/E1/45"),
        "conn/leaf-1/E1/46": ("mclag-domain", "switch/leaf-1/E1/46", "switch/leaf-2/E1/46"),
        "conn/leaf-1/E1/47": ("mclag-domain", "switch/leaf-1/E1/47", "switch/leaf-2/E1/48"),
    }


# What a cable is known by.

FABRIC_LINKS = [link(spine=f"spine-1/E1/{n}", leaf=f"leaf-1/E1/{n}") for n in (49, 50, 51)]


def of_links(links: list[dict[str, Any]]) -> dict[str, tuple[str, str, str]]:
    return cables(fabric(connection({"fabric": {"links": links}})))


def test_the_order_of_links_does_not_matter() -> None:
    assert of_links(FABRIC_LINKS[::-1]) == of_links(FABRIC_LINKS)


def test_a_link_more_or_less_leaves_the_others_what_they_are() -> None:
    all_of_them = of_links(FABRIC_LINKS)
    fewer = of_links(FABRIC_LINKS[1:])
    assert fewer == {id_: cable for id_, cable in all_of_them.items() if not id_.endswith("E1/49")}


def test_a_cable_that_is_plugged_into_another_port_of_the_spine_is_the_same() -> None:
    moved = [FABRIC_LINKS[0], link(spine="spine-1/E1/7", leaf="leaf-1/E1/50"), FABRIC_LINKS[2]]
    before, after = of_links(FABRIC_LINKS), of_links(moved)
    assert before.keys() == after.keys()
    assert {id_ for id_ in before if before[id_] != after[id_]} == {"conn/leaf-1/E1/50"}
    assert after["conn/leaf-1/E1/50"] == ("fabric", "switch/leaf-1/E1/50", "switch/spine-1/E1/7")


@pytest.mark.parametrize(("server", "switch"), [("server-1/eth1", "leaf-1/E1/1"), ("server-1/eth0", "leaf-2/E1/8")])
def test_the_only_cable_of_a_connection_is_the_same_whichever_end_is_moved(server: str, switch: str) -> None:
    found = cables(fabric(connection({"unbundled": {"link": link(server=server, switch=switch)}})))
    assert found == {"conn": ("unbundled", f"server/{server}", f"switch/{switch}")}


def test_one_port_in_two_links_is_told_of_as_two_cables_and_a_link_told_twice_as_one() -> None:
    twice = [FABRIC_LINKS[0], link(spine="spine-1/E1/60", leaf="leaf-1/E1/49"), FABRIC_LINKS[0]]
    assert of_links(twice) == {
        "conn/leaf-1/E1/49": ("fabric", "switch/leaf-1/E1/49", "switch/spine-1/E1/49"),
        "conn/leaf-1/E1/49/spine-1/E1/60": ("fabric", "switch/leaf-1/E1/49", "switch/spine-1/E1/60"),
    }


# VLANs and MTUs.

VPC = made(
    "VPC", "vpc", {"subnets": {"a": {"subnet": "10.0.1.0/24", "vlan": 1001}, "b": {"vlan": 1002}, "default": {"vlan": 1003}}}
)
UNBUNDLED = connection({"unbundled": {"link": link(server="server-1/eth0", switch="leaf-1/E1/1")}})
BUNDLED = connection({"bundled": {"links": [link(server=f"server-1/eth{n}", switch=f"leaf-1/E1/{n + 1}") for n in (0, 1)]}})


def attachment(name: str, subnet: str, *, native: bool = False) -> Object:
    return made("VPCAttachment", name, {"connection": "conn", "subnet": subnet, "nativeVLAN": native})


def carried(row: dict[str, Any]) -> tuple[Any, Any, Any]:
    return row.get("mode"), row.get("untagged_vlan"), row.get("tagged_vlans")


@pytest.mark.parametrize(
    ("attachments", "expected"),
    [
        ([], (None, None, None)),
        ([("vpc/a", False)], ("tagged", None, "vpc/a")),
        ([("vpc/b", False), ("vpc/a", False)], ("tagged", None, "vpc/a,vpc/b")),
        ([("vpc/a", True)], ("access", "vpc/a", None)),
        ([("vpc/a", True), ("vpc/b", False)], ("tagged", "vpc/a", "vpc/b")),
        ([("vpc", False)], ("tagged", None, "vpc/default")),
        ([("vpc/none", False), ("none/a", True)], (None, None, None)),
    ],
)
def test_a_port_carries_the_vlans_of_what_is_attached_to_it(
    attachments: list[tuple[str, bool]], expected: tuple[Any, ...]
) -> None:
    attached = [attachment(f"at-{at}", subnet, native=native) for at, (subnet, native) in enumerate(attachments)]
    source = fabric(UNBUNDLED, VPC, *attached)
    assert carried(interface(source, "switch/leaf-1/E1/1")) == expected
    assert carried(interface(source, "server/server-1/eth0")) == (None, None, None)


def test_of_ports_in_a_lag_the_lag_carries_them() -> None:
    source = fabric(BUNDLED, VPC, attachment("at", "vpc/a"))
    assert carried(interface(source, "switch/leaf-1/conn")) == ("tagged", None, "vpc/a")
    for port in ("switch/leaf-1/E1/1", "switch/leaf-1/E1/2", "server/server-1/conn"):
        assert carried(interface(source, port)) == (None, None, None)


def test_the_mtu_is_that_of_the_connection_else_that_of_the_fabric_for_its_servers() -> None:
    agent = made("Agent", "leaf-1", {"config": CONFIG})
    spec = {"unbundled": {"link": link(server="server-1/eth0", switch="leaf-1/E1/1"), "mtu": 1500}}
    assert interface(fabric(connection(spec), agent), "switch/leaf-1/E1/1")["mtu"] == 1500
    assert interface(fabric(UNBUNDLED, agent), "switch/leaf-1/E1/1")["mtu"] == 9036
    assert "mtu" not in interface(fabric(UNBUNDLED), "switch/leaf-1/E1/1")
    assert "mtu" not in interface(fabric(UNBUNDLED, agent), "server/server-1/eth0")
    assert interface(fabric(BUNDLED, agent), "switch/leaf-1/conn")["mtu"] == 9036
    uplink = fabric(connection({"fabric": {"links": FABRIC_LINKS}}), agent)
    assert "mtu" not in interface(uplink, "switch/leaf-1/E1/49")


# Addresses of links and towards the outside.


def addresses(source: Source) -> dict[str, tuple[str, str]]:
    return {row["interface"]: (row["address"], row["role"]) for row in records(source.frame("addresses")).values()}


def test_the_ends_of_a_link_have_its_addresses_and_a_gateway_that_is_no_device_has_none() -> None:
    one = {"spine": {"port": "spine-1/E1/1", "ip": "172.30.128.0/31"}, "leaf": {"port": "leaf-1/E1/9", "ip": "172.30.128.1/31"}}
    gateway = {
        "switch": {"port": "leaf-2/E1/9", "ip": "172.30.128.4/31"},
        "gateway": {"port": "gw/eth0", "ip": "172.30.128.5/31"},
    }
    found = addresses(fabric(connection({"fabric": {"links": [one]}}), connection({"gateway": {"links": [gateway]}}, "gw")))
    assert found == {
        "switch/spine-1/E1/1": ("172.30.128.0/31", "link"),
        "switch/leaf-1/E1/9": ("172.30.128.1/31", "link"),
        "switch/leaf-2/E1/9": ("172.30.128.4/31", "link"),
    }


@pytest.mark.parametrize(
    ("vlan", "name"), [({"vlan": 999}, "E1/9.999"), ({}, "E1/9"), ({"vlan": 0}, "E1/9"), ({"vlan": 9999}, "E1/9")]
)
def test_a_static_external_has_its_address_on_the_port_or_on_a_subinterface_for_its_vlan(
    vlan: dict[str, int], name: str
) -> None:
    spec = {"staticExternal": {"link": {"switch": {"port": "leaf-1/E1/9", "ip": "172.30.50.5/24", **vlan}}}}
    source = fabric(connection(spec))
    assert addresses(source) == {f"switch/leaf-1/{name}": ("172.30.50.5/24", "external")}
    assert interface(source, f"switch/leaf-1/{name}").get("parent") == ("switch/leaf-1/E1/9" if name != "E1/9" else None)


def test_two_externals_at_one_port_have_a_subinterface_each() -> None:
    objects = [
        connection({"external": {"link": link(switch="leaf-1/E1/9")}}),
        made("External", "one"),
        *(
            made("ExternalAttachment", name, {"connection": "conn", "external": name, "switch": {"ip": ip, "vlan": vlan}})
            for name, ip, vlan in (("one", "100.1.10.1/24", 10), ("two", "100.1.20.1/24", 20))
        ),
        made("ExternalAttachment", "nowhere", {"connection": "none", "external": "one", "switch": {"ip": "100.1.30.1/24"}}),
    ]
    source = fabric(*objects)
    assert addresses(source) == {
        "switch/leaf-1/E1/9.10": ("100.1.10.1/24", "external"),
        "switch/leaf-1/E1/9.20": ("100.1.20.1/24", "external"),
    }
    attached = records(source.frame("external_attachments"))
    assert {name: (row.get("external"), row.get("interface")) for name, row in attached.items()} == {
        "one": ("one", "switch/leaf-1/E1/9.10"),
        "two": (None, "switch/leaf-1/E1/9.20"),
        "nowhere": ("one", None),
    }
