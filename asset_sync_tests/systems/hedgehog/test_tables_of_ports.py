"""Ports by profiles and breakouts, by every name that they go by, and what switches see of them."""

from typing import Any

import pytest

from asset_sync.reconcile.sources import Source
from asset_sync_tests.systems.hedgehog.told import Object, made, records, told

PROFILE: dict[str, Any] = {
    "displayName": "Celestica DS3000",
    "portGroups": {"1": {"nos": "1", "profile": "SFP28-25G"}},
    "portProfiles": {
        "SFP28-25G": {"speed": {"default": "25G", "supported": ["10G", "25G"]}},
        "RJ45-10G": {"speed": {"default": "10G", "supported": ["1G", "10G"]}},
        "QSFP28-100G": {"breakout": {"default": "1x100G", "supported": {"1x100G": {"offsets": ["0"]}}}},
        "OSFP-800G": {"breakout": {"default": "2x400G", "supported": {"2x400G": {"offsets": ["0", "4"]}}}},
    },
    "ports": {
        "E1/1": {"group": "1", "label": "1", "nos": "Ethernet0"},
        "E1/2": {"label": "2", "nos": "Ethernet1", "profile": "RJ45-10G"},
        "E1/10": {"baseNOSName": "Ethernet40", "label": "10", "nos": "1/10", "profile": "QSFP28-100G"},
        "E1/11": {"baseNOSName": "Ethernet44", "label": "11", "nos": "1/11", "profile": "QSFP28-100G"},
        "E1/12": {"baseNOSName": "Ethernet48", "label": "12", "nos": "1/12", "profile": "OSFP-800G"},
        "M1": {"management": True, "nos": "Management0", "oniePortName": "eth0"},
    },
}


def switch(name: str = "leaf", **spec: Any) -> Object:
    return made("Switch", name, {"profile": "ds3000", "role": "server-leaf", **spec})


def fabric(*objects: Object, profile: Any = PROFILE) -> Source:
    return told([made("SwitchProfile", "ds3000", profile), *objects])


def interfaces(*objects: Object, profile: Any = PROFILE) -> dict[str, dict[str, Any]]:
    return records(fabric(*objects, profile=profile).frame("interfaces"))


def agent(state: dict[str, Any], name: str = "leaf", **spec: Any) -> Object:
    return made("Agent", name, spec, status={"state": state})


def unbundled(port: str) -> list[Object]:
    link = {"server": {"port": "server/eth0"}, "switch": {"port": port}}
    return [made("Server", "server"), made("Connection", "conn", {"unbundled": {"link": link}})]


def names(found: dict[str, dict[str, Any]]) -> list[str]:
    return [row["name"] for row in found.values()]


def test_each_port_is_there_as_the_profile_says_and_in_the_order_in_which_people_count() -> None:
    found = interfaces(switch())
    assert names(found) == ["E1/1", "E1/2", "E1/10", "E1/11", "E1/12/1", "E1/12/2", "M1"]
    assert [row["kind"] for row in found.values()] == [*["physical"] * 4, *["breakout"] * 2, "management"]
    types = ["25gbase-x-sfp28", "10gbase-t", "100gbase-x-qsfp28", "100gbase-x-qsfp28"]
    assert [row.get("type") for row in found.values()] == [*types, None, None, None]
    assert [row["guessed_type"] for row in found.values()] == [*types, *["400gbase-x-qsfpdd"] * 2, "1000base-t"]
    kbps = [25_000_000, 10_000_000, 100_000_000, 100_000_000, 400_000_000, 400_000_000, None]
    assert [row.get("speed") for row in found.values()] == kbps


def test_a_breakout_makes_lanes_of_a_port_and_each_has_its_speed() -> None:
    found = interfaces(switch(portBreakouts={"E1/10": "4x25G"}))
    lanes = [f"E1/10/{lane}" for lane in range(1, 5)]
    assert names(found) == ["E1/1", "E1/2", *lanes, "E1/11", "E1/12/1", "E1/12/2", "M1"]
    for lane in lanes:
        row = found[f"switch/leaf/{lane}"]
        assert (row["kind"], row["speed"], row["guessed_type"]) == ("breakout", 25_000_000, "25gbase-x-sfp28")
        assert "type" not in row
        assert row["panel_label"] == "10"


def test_speeds_of_ports_and_of_groups_are_those_of_the_switch() -> None:
    found = interfaces(switch(portSpeeds={"E1/2": "1G"}, portGroupSpeeds={"1": "SPEED_10G"}, portBreakouts={"E1/11": "1x40G"}))
    speeds = {name: found[f"switch/leaf/{name}"]["speed"] for name in ("E1/1", "E1/2", "E1/11")}
    assert speeds == {"E1/1": 10_000_000, "E1/2": 1_000_000, "E1/11": 40_000_000}
    assert found["switch/leaf/E1/1"]["type"] == "25gbase-x-sfp28", "the cage stays what it is"


@pytest.mark.parametrize(
    ("said", "port"),
    [
        ("leaf/E1/1", "E1/1"),
        ("leaf/E1/10", "E1/10"),
        ("leaf/E1/10/1", "E1/10"),
        ("leaf/E1/11", "E1/11/1"),
        ("leaf/E1/11/1", "E1/11/1"),
        ("leaf/E1/11/4", "E1/11/4"),
        ("leaf/E1/12", "E1/12/1"),
        ("leaf/E1/12/2", "E1/12/2"),
    ],
)
def test_a_port_is_the_same_by_each_of_its_names(said: str, port: str) -> None:
    source = fabric(switch(portBreakouts={"E1/11": "4x25G"}), *unbundled(said))
    used = [
        row["name"]
        for row in records(source.frame("interfaces")).values()
        if row.get("connection") and row["device"][0:2] == "sw"
    ]
    assert used == [port]
    assert records(source.frame("cables"))["conn"]["b_interface"] == f"switch/leaf/{port}"


def test_without_a_profile_there_are_the_ports_that_are_told_of_anywhere() -> None:
    state = {"interfaces": {"E1/7": {"enabled": True}, "M1": {}, "PortChannel9": {}, "": {}, "Vlan100": {}}}
    found = interfaces(
        switch(ip="172.30.0.9/21", portBreakouts={"E1/11": "4x25G"}), agent(state), *unbundled("leaf/E1/3"), profile={}
    )
    there = {row["name"] for row in found.values() if row["device"] == "switch/leaf"}
    assert there == {"M1", "E1/11/1", "E1/11/2", "E1/11/3", "E1/11/4", "E1/3", "E1/7"}
    assert found["switch/leaf/M1"]["kind"] == "management"


def test_a_port_that_the_profile_does_not_have_is_there_where_a_connection_names_it() -> None:
    found = interfaces(switch(), *unbundled("leaf/E1/99"))
    assert found["switch/leaf/E1/99"] == {
        "id": "switch/leaf/E1/99",
        "device": "switch/leaf",
        "name": "E1/99",
        "kind": "physical",
        "guessed_type": "other",
        "enabled": True,
        "connection": "conn",
        "connection_kind": "unbundled",
        "description": "server/eth0",
    }


def test_what_a_switch_sees_beats_what_is_configured() -> None:
    seen = {
        "E1/1": {"enabled": False, "oper": "down", "admin": "down", "mac": "0c:20:12:ff:00:01", "speed": "10G"},
        "E1/10/1": {"enabled": True, "oper": "up", "speed": "40G", "mac": "00:00:00:00:00:00"},
        "M1": {"enabled": True, "oper": "up", "mac": "0c:20:12:ff:00:99", "speed": "1G"},
    }
    source = fabric(switch(boot={"mac": "0c:20:12:ff:00:00"}), agent({"interfaces": seen}), *unbundled("leaf/E1/1"))
    found = records(source.frame("interfaces"))
    one, ten, management = (found[f"switch/leaf/{name}"] for name in ("E1/1", "E1/10", "M1"))
    assert (one["enabled"], one["oper_state"], one["mac"], one["speed"]) == (False, "down", "0C:20:12:FF:00:01", 10_000_000)
    assert (ten["enabled"], ten["oper_state"], ten["speed"]) == (True, "up", 40_000_000)
    assert "mac" not in ten
    assert management["mac"] == "0C:20:12:FF:00:99"
    assert set(source.frame("macs")["interface"]) == {"switch/leaf/E1/1", "switch/leaf/M1"}


def test_the_management_port_has_the_address_by_which_the_switch_is_booted() -> None:
    found = interfaces(switch(boot={"mac": "0c:20:12:ff:00:0a", "serial": "S"}))
    assert {row["name"]: row["mac"] for row in found.values() if "mac" in row} == {"M1": "0C:20:12:FF:00:0A"}


def test_unused_ports_are_switched_off_unless_all_are_asked_for() -> None:
    quiet = interfaces(switch(), *unbundled("leaf/E1/2"))
    assert [row["name"] for row in quiet.values() if row.get("enabled")] == ["E1/2", "M1"]
    assert all(row["enabled"] for row in interfaces(switch(enableAllPorts=True)).values())


def test_what_a_switch_tells_of_itself_beats_what_was_planned() -> None:
    nos = {"serialNumber": "TELLS", "softwareVersion": "4.5.0", "mfgName": "Celestica", "hwskuVersion": "Celestica-DS3000"}
    objects = [
        *(switch(boot={"serial": "planned"}), agent({"nos": nos})),
        *(switch("same", boot={"serial": "tells"}), agent({"nos": nos}, "same")),
        *(switch("silent", boot={"serial": "planned"}), agent({"nos": {"serialNumber": " "}}, "silent")),
        switch("bare", profile="unknown"),
    ]
    found = records(fabric(*objects).frame("devices"))
    columns = ("serial", "serial_from", "other_serial", "manufacturer", "guessed_manufacturer", "model", "software_version")
    rows = {
        name: tuple(found[f"switch/{name}"].get(column) for column in columns) for name in ("leaf", "same", "silent", "bare")
    }
    assert rows == {
        "leaf": ("TELLS", "agent", "planned", "Celestica", "Celestica", "Celestica DS3000", "4.5.0"),
        "same": ("TELLS", "agent", None, "Celestica", "Celestica", "Celestica DS3000", "4.5.0"),
        "silent": ("planned", "boot", None, None, "Celestica", "Celestica DS3000", None),
        "bare": (None, None, None, None, None, "unknown", None),
    }


def test_a_server_has_the_ports_of_its_profile_and_those_of_its_connections() -> None:
    profile = made("ServerProfile", "dual", {"nics": [{"name": "a", "ports": [{"name": "eth0"}, {"name": "eth1"}, {}]}, 7]})
    objects = [profile, made("Server", "server", {"profile": "dual", "description": "rack 4"}), *unbundled("leaf/E1/2")[1:]]
    source = fabric(switch(), *objects, made("Server", "idle"))
    found = [row for row in records(source.frame("interfaces")).values() if row["device"].startswith("server/")]
    assert [(row["name"], row["guessed_type"], row.get("connection")) for row in found] == [
        ("eth0", "10gbase-t", "conn"),
        ("eth1", "other", None),
    ]
    device = records(source.frame("devices"))["server/server"]
    assert (device["model"], device["profile"], device["description"]) == ("dual", "dual", "rack 4")


def test_a_transceiver_is_one_whatever_number_of_lanes_it_has() -> None:
    seen = {"serial": "T1", "vendor": "FS", "vendorPart": "QSFP28-SR4", "formFactor": "QSFP28", "length": 2.5, "temp": 40}
    transceivers = {"E1/11/1": seen, "E1/11/2": seen, "E1/10/1": {**seen, "serial": "T2"}, "E1/1": {"oper": "disabled"}}
    source = fabric(switch(portBreakouts={"E1/11": "4x25G"}), agent({"transceivers": transceivers}))
    rows = records(source.frame("transceivers"))
    assert {id_: (row["serial"], row["interface"]) for id_, row in rows.items()} == {
        "switch/leaf/E1/10": ("T2", "switch/leaf/E1/10"),
        "switch/leaf/E1/11": ("T1", "switch/leaf/E1/11/1"),
    }
    assert rows["switch/leaf/E1/11"] == {
        "id": "switch/leaf/E1/11",
        "device": "switch/leaf",
        "port": "E1/11",
        "interface": "switch/leaf/E1/11/1",
        "serial": "T1",
        "manufacturer": "FS",
        "part_number": "QSFP28-SR4",
        "form_factor": "QSFP28",
        "length": 2.5,
    }


def test_neighbours_are_those_of_the_fabric_where_that_is_sure() -> None:
    heard = {
        "E1/1": {"lldpNeighbors": [{"name": "other", "portID": "E1/10/1"}, {"sysName": "server", "portID": "eth0"}]},
        "E1/2": {"lldpNeighbors": [{"chassis": "aa:bb", "portDescr": "uplink"}, {}, "odd"]},
        "E1/10/1": {"lldpNeighbors": [{"sysName": "other", "portID": "Ethernet0"}]},
    }
    source = fabric(switch(), switch("other"), made("Server", "server"), agent({"interfaces": heard}))
    found = records(source.frame("lldp_neighbors"))
    columns = ("interface", "name", "port", "neighbor", "neighbor_interface")
    assert {id_: tuple(row.get(column) for column in columns) for id_, row in found.items()} == {
        "switch/leaf/E1/1/other/E1/10/1": ("switch/leaf/E1/1", "other", "E1/10/1", "switch/other", "switch/other/E1/10"),
        "switch/leaf/E1/1/server/eth0": ("switch/leaf/E1/1", "server", "eth0", "server/server", None),
        "switch/leaf/E1/2/aa:bb/": ("switch/leaf/E1/2", None, None, None, None),
        "switch/leaf/E1/10/other/Ethernet0": ("switch/leaf/E1/10", "other", "Ethernet0", "switch/other", "switch/other/E1/1"),
    }
