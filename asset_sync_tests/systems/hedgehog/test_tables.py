"""The tables as a whole: what is kept of objects, generated fabrics counted by arithmetic, two fabrics, and odd objects."""

from datetime import datetime, timedelta
from typing import Any

import orjson
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asset_sync.reconcile.sources import Source
from asset_sync.reconcile.tables import DTYPES
from asset_sync.sandbox.kubernetes import Shape
from asset_sync.sandbox.kubernetes.fabric import objects
from asset_sync.sandbox.kubernetes.observed import agents
from asset_sync.systems.hedgehog import KINDS
from asset_sync.systems.hedgehog.tables import TABLES, object_rows
from asset_sync_tests.systems.hedgehog.conftest import real_agents
from asset_sync_tests.systems.hedgehog.told import Object, listings, made, objects_of, pointed, records, told

NOW = datetime(2026, 7, 1, 12)
SECRETS = ("$5$8nAYPGcl4l6G7Av1", "ssh-ed25519", "BEGIN CERTIFICATE", "secret", "reader", "registry", "31000")


def generated(shape: Shape, now: datetime = NOW) -> list[Object]:
    found = objects(shape)
    return [*found, *agents(found, now)]


# What is kept of objects.


@pytest.mark.parametrize(("name", "agent"), real_agents())
def test_no_secret_of_an_agent_is_kept(name: str, agent: Object) -> None:
    source = told(objects_of(agent))
    assert any(secret in orjson.dumps(agent).decode() for secret in SECRETS)
    for table in TABLES:
        kept = source.frame(table).to_csv()
        assert not [secret for secret in SECRETS if secret in kept], table


def test_of_what_an_agent_says_that_nobody_asked_for_nothing_is_kept() -> None:
    hidden = {"password": "hunter2", "token": "hunter2", "anything": [{"deep": "hunter2"}]}
    agent = made(
        "Agent",
        "leaf",
        {**hidden, "users": [hidden], "version": hidden, "config": {**hidden, "alloy": hidden}, "catalog": hidden},
        status={**hidden, "state": {**hidden, "nos": {**hidden, "serialNumber": "S1"}, "interfaces": {"M1": hidden}}},
    )
    agent["metadata"] |= {"annotations": hidden, "managedFields": [hidden]}
    [kept] = told([agent]).frame("objects")["object"]
    assert "S1" in kept
    assert "hunter2" not in kept


def test_an_object_is_kept_whole_but_for_what_says_who_wrote_it() -> None:
    applied = {"kubectl.kubernetes.io/last-applied-configuration": '{"spec": {}}'}
    server = made("Server", "server-1", {"description": "rack 4"})
    server["metadata"] |= {"uid": "1", "managedFields": [{"manager": "kubectl"}], "annotations": applied}
    [row] = records(told([server]).frame("objects")).values()
    assert (row["id"], row["kind"], row["name"]) == ("Server/server-1", "Server", "server-1")
    assert orjson.loads(row["object"]) == {**server, "metadata": {"name": "server-1", "uid": "1"}}


def test_a_heartbeat_changes_nothing() -> None:
    one, other = (told(generated(Shape(), moment)).frame("objects") for moment in (NOW, NOW + timedelta(hours=1)))
    assert one.equals(other)


def test_what_is_being_deleted_is_still_there() -> None:
    server = made("Server", "server-1")
    server["metadata"]["deletionTimestamp"] = "2026-07-01T12:00:00Z"
    assert set(told([server]).frame("devices")["id"]) == {"server/server-1"}


# Declarations.


def test_each_table_has_its_columns_and_types_even_where_there_is_nothing() -> None:
    for source in (told([]), told(generated(Shape()))):
        for name, table in TABLES.items():
            frame = source.frame(name)
            assert list(frame.columns) == list(table.names)
            expected = {column.name: DTYPES[column.type] for column in table.columns}
            assert {str(column): str(dtype) for column, dtype in frame.dtypes.items()} == expected
            assert frame["id"].is_unique
            assert frame["id"].notna().all()


def test_only_the_objects_are_read() -> None:
    assert [name for name, table in TABLES.items() if table.made is None] == ["objects"]
    assert next(iter(TABLES)) == "objects"


# Generated fabrics, counted.

SPINE_LEAF = Shape(spines=2, leaves=6, servers=24, vpcs=5)


def count(source: Source, table: str, **where: Any) -> int:
    rows = records(source.frame(table)).values()
    return sum(all(row.get(name) == value for name, value in where.items()) for row in rows)


def test_a_spine_leaf_fabric_by_arithmetic() -> None:
    source = told(generated(SPINE_LEAF))
    assert count(source, "devices", kind="switch") == 2 + 6
    assert count(source, "devices", kind="server") == 24
    # 48 and 8 ports a leaf, 64 a spine, 2 a server.
    assert count(source, "interfaces", kind="physical") == 6 * 56 + 2 * 64 + 24 * 2
    assert count(source, "interfaces", kind="management") == 8
    assert count(source, "interfaces", kind="loopback") == 6 * 2 + 2
    assert count(source, "interfaces", kind="subinterface") == 2
    # Of four servers two are on two leaves, one has two links to one, one has a single link: here 3 pairs, 8 servers each.
    assert count(source, "cables", kind="unbundled") == 3 * 2
    assert count(source, "cables", kind="bundled") == 3 * 2 * 2
    assert count(source, "cables", kind="eslag") + count(source, "cables", kind="mclag") == 3 * 4 * 2
    assert count(source, "cables", kind="fabric") == 2 * 6
    assert count(source, "cables", kind="mclag-domain") == 2
    assert count(source, "cables", kind="vpc-loopback") == 1
    assert len(source.frame("cables")) == 6 + 12 + 24 + 12 + 2 + 1
    # A LAG at a server in three of four, at two leaves in two and at one in one of those, and two at each leaf of the domain.
    assert count(source, "interfaces", kind="lag") == 3 * (4 * 3 + 2 * 2) + 2 * 2
    assert count(source, "addresses", role="management") == 8
    assert count(source, "addresses", role="protocol") == 8
    assert count(source, "addresses", role="vtep") == 6
    assert count(source, "addresses", role="link") == 2 * 2 * 6 + 1
    assert count(source, "addresses", role="external") == 2
    assert len(source.frame("vlans")) == len(source.frame("gateway_addresses")) == 5 * 2
    assert len(source.frame("prefixes")) == 1 + 5 * 2
    assert len(source.frame("ip_ranges")) == 5
    # Those on the MCLAG pair by MCLAG have no attachment: half of a third.
    assert len(source.frame("attachments")) == 24 - 4
    # At each end of a cable that is a switch's, and where the gateway is.
    assert len(source.frame("lldp_neighbors")) == 6 + 12 + 24 + 2 * 12 + 2 * 2 + 2 + 1


def test_a_mesh_by_arithmetic() -> None:
    source = told(generated(Shape(topology="mesh", spines=0, leaves=5, servers=8, vpc_mode="l3vni")))
    assert count(source, "cables", kind="mesh") == 5 * 4 / 2
    assert count(source, "addresses", role="link") == 5 * 4 + 1
    assert count(source, "vpcs", mode="l3vni") == 4


def test_spines_of_a_large_fabric_are_broken_out() -> None:
    source = told(objects(Shape(spines=1, leaves=70, servers=0)))
    assert count(source, "interfaces", kind="breakout", device="switch/spine-01") == 4 * 18
    assert count(source, "interfaces", kind="physical", device="switch/spine-01") == 64 - 18
    assert count(source, "cables", kind="fabric") == 70


def test_cables_meet_where_the_switches_hear_each_other() -> None:
    source = told(generated(SPINE_LEAF))
    heard = {
        frozenset((row["interface"], row["neighbor_interface"]))
        for row in records(source.frame("lldp_neighbors")).values()
        if "neighbor_interface" in row
    }
    cables = records(source.frame("cables")).values()
    between = {frozenset((row["a_interface"], row["b_interface"])) for row in cables}
    assert heard == {ends for ends in between if all(end.startswith("switch/") for end in ends)}
    assert len(between) == len(cables)


# Two fabrics.


def test_two_fabrics_of_equal_names_are_told_apart_by_the_fabric_and_the_label() -> None:
    one, other = (told(generated(Shape()), name) for name in ("east", "west"))
    assert one.frame("fabrics")["id"].tolist() == ["east"]
    for name, table in TABLES.items():
        if name == "fabrics":
            continue
        first, second = one.frame(name), other.frame(name)
        assert set(first["fabric"]) <= {"east"}
        assert set(second["fabric"]) <= {"west"}
        assert first["id"].tolist() == second["id"].tolist()
        if table.column("label"):
            assert set(first["label"]).isdisjoint(second["label"])
            assert (first["label"] == "east/" + first["name"]).all()
    labelled = {name for name, table in TABLES.items() if table.column("label")}
    assert {"devices", "vrfs", "vlan_groups", "vlans", "vpcs", "externals"} <= labelled


# Odd objects.


def small(at: str) -> list[Object]:
    """A fabric of every kind of object, whose names all begin alike."""
    ends = {
        "spine": {"port": f"{at}-spine/E1/1", "ip": "172.30.128.0/31"},
        "leaf": {"port": f"{at}-leaf/E1/3", "ip": "172.30.128.1/31"},
    }
    server = {"server": {"port": f"{at}-server/eth0"}, "switch": {"port": f"{at}-leaf/E1/1"}}
    second = {"server": {"port": f"{at}-other/eth0"}, "switch": {"port": f"{at}-leaf/E1/2"}}
    ports: dict[str, Any] = {f"E1/{n}": {"group": "1", "label": str(n), "nos": f"Ethernet{n}"} for n in (1, 2, 3)}
    ports |= {"E1/9": {"profile": "QSFP28-100G", "nos": "1/9", "label": "9"}, "M1": {"management": True, "nos": "Management0"}}
    kinds = {"S": {"speed": {"default": "25G"}}, "QSFP28-100G": {"breakout": {"default": "1x100G", "supported": {}}}}
    profile = {"displayName": "Dell X", "ports": ports, "portGroups": {"1": {"profile": "S"}}, "portProfiles": kinds}
    subnet = {
        "subnet": "10.0.1.0/24",
        "vlan": 1001,
        "dhcp": {"enable": True, "range": {"start": "10.0.1.2", "end": "10.0.1.9"}},
    }
    state = {"enabled": True, "mac": "0c:20:12:ff:00:01", "lldpNeighbors": [{"name": f"{at}-spine", "portID": "E1/1"}]}
    nos = {
        "nos": {"serialNumber": "S"},
        "interfaces": {"E1/3": state},
        "transceivers": {"E1/9": {"serial": "T", "vendor": "FS"}},
    }
    switch = {
        "role": "server-leaf",
        "profile": f"{at}-profile",
        "boot": {"serial": "S", "mac": "0c:20:12:ff:00:00"},
        "asn": 65101,
        "ip": "172.30.0.9/21",
        "protocolIP": "172.30.8.1/32",
        "vtepIP": "172.30.12.1/32",
        "groups": ["g"],
        "portBreakouts": {"E1/9": "4x25G"},
        "redundancy": {"group": "g", "type": "eslag"},
    }
    return [
        made("VLANNamespace", f"{at}-vlans", {"ranges": [{"from": 1000, "to": 2999}]}),
        made("IPv4Namespace", f"{at}-ips", {"subnets": ["10.0.0.0/16"]}),
        made("SwitchProfile", f"{at}-profile", profile),
        made("ServerProfile", f"{at}-nics", {"nics": [{"name": "eth0", "ports": [{"name": "eth0"}]}]}),
        made("SwitchGroup", f"{at}-group"),
        made("Switch", f"{at}-leaf", switch),
        made("Switch", f"{at}-spine", {"role": "spine", "profile": f"{at}-profile", "ip": "172.30.0.7/21"}),
        made("Server", f"{at}-server", {"profile": f"{at}-nics", "description": "rack 4"}),
        made("Server", f"{at}-other"),
        made("Connection", f"{at}-fabric", {"fabric": {"links": [ends]}}),
        made("Connection", f"{at}-bundled", {"bundled": {"links": [server], "mtu": 1500}}),
        made("Connection", f"{at}-unbundled", {"unbundled": {"link": second}}),
        made("Connection", f"{at}-external", {"external": {"link": {"switch": {"port": f"{at}-leaf/E1/9/2"}}}}),
        made("VPC", f"{at}-vpc", {"ipv4Namespace": f"{at}-ips", "vlanNamespace": f"{at}-vlans", "subnets": {"a": subnet}}),
        made("VPCAttachment", f"{at}-attached", {"connection": f"{at}-bundled", "subnet": f"{at}-vpc/a"}),
        made("VPCPeering", f"{at}-peers", {"permit": [{f"{at}-vpc": {}, f"{at}-none": {}}]}),
        made("External", f"{at}-ext", {"ipv4Namespace": f"{at}-ips", "static": {"prefixes": ["0.0.0.0/0"]}}),
        made(
            "ExternalAttachment",
            f"{at}-extatt",
            {"connection": f"{at}-external", "external": f"{at}-ext", "switch": {"ip": "100.1.10.1/24", "vlan": 10}},
        ),
        made(
            "ExternalPeering", f"{at}-extpeers", {"permit": {"vpc": {"name": f"{at}-vpc"}, "external": {"name": f"{at}-ext"}}}
        ),
        made("Agent", f"{at}-leaf", {"catalog": {"portChannelIDs": {f"{at}-bundled": 3}}}, status={"state": nos}),
    ]


ODD = st.one_of(
    *(st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.floats(allow_nan=False, allow_infinity=False)),
    *(
        st.text(max_size=8),
        st.just([]),
        st.just({}),
        st.just([None, 3, "x", {}]),
        st.just({"x": 3, "": None}),
        st.just("a/b/c"),
    ),
)


@st.composite
def damaged(draw: st.DrawFn) -> Source:
    """A sound fabric and another one, some of whose parts are gone or of another type."""
    # The addresses of the one are not those of the other: an address is there once.
    found: list[Object] = orjson.loads(orjson.dumps(small("odd")).replace(b"172.30", b"172.29").replace(b"100.1", b"100.2"))
    read = listings([*found, *small("sound")])
    for _ in range(draw(st.integers(1, 8))):
        _damage(draw, found[draw(st.integers(0, len(found) - 1))])
    return Source(TABLES, {"objects": object_rows("lab", read)})


def _damage(draw: st.DrawFn, one: Object) -> None:
    """Go down into an object as far as it happens, and drop what is there or make something else of it."""
    where: Any = one
    key: Any = draw(st.sampled_from(sorted(one.keys() - {"kind"})))
    while isinstance(where[key], dict | list) and where[key] and draw(st.integers(0, 6)):
        where = where[key]
        key = draw(st.sampled_from(sorted(where)) if isinstance(where, dict) else st.integers(0, len(where) - 1))
    if draw(st.booleans()):
        del where[key]
    else:
        where[key] = draw(ODD)


def of_sound(source: Source) -> dict[str, pd.DataFrame]:
    """The rows of each table that are of the sound fabric."""
    found = {name: source.frame(name) for name in TABLES}
    of_all = found.pop("fabrics")
    assert len(of_all) == 1
    return {name: rows[rows["id"].str.contains("sound-")].reset_index(drop=True) for name, rows in found.items()}


SOUND = of_sound(told(small("sound")))


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(damaged())
def test_odd_objects_stop_nothing_and_change_nothing_of_others(source: Source) -> None:
    for name, rows in of_sound(source).items():
        assert rows.equals(SOUND[name]), name
    for table in TABLES.values():
        assert source.frame(table.name)["id"].is_unique
        for column in table.columns:
            if column.to:
                assert pointed(source, table.name, column) <= set(source.frame(column.to)["id"]), column


def test_the_sound_fabric_has_rows_in_every_table() -> None:
    assert [name for name, rows in SOUND.items() if rows.empty] == []


@pytest.mark.parametrize("spec", [{}, None, "odd", [], 7])
def test_an_object_without_a_spec_is_there_as_far_as_it_can_be(spec: Any) -> None:
    source = told(made(kind.name, "bare", spec) | {"spec": spec} for kind in KINDS)
    rows = {name: len(source.frame(name)) for name in ("devices", "vpcs", "vrfs", "vlan_groups", "cables", "prefixes")}
    assert rows == {"devices": 2, "vpcs": 1, "vrfs": 2, "vlan_groups": 1, "cables": 0, "prefixes": 0}
