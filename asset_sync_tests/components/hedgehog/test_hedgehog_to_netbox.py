"""Hedgehog fabrics become devices, cables and networks of NetBox: the real ones of the tests, and how a fabric changes."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from asset_sync.components.resources import open_ledger
from asset_sync.reconcile.resolutions import Resolution, Verb
from asset_sync.sandbox.kubernetes import Cluster, FabricDays, Shape, named
from asset_sync.systems.hedgehog import KINDS
from asset_sync_tests.components.hedgehog.lab import NOTHING, SYNC, TRUTH, FabricLab, lab_of, real_cluster

WATCHES = {f"watch {kind.resource}": 1 for kind in KINDS}


@pytest.fixture
def days() -> FabricDays:
    # With that seed no server is cabled and renamed on one day: nobody could know it again.
    return FabricDays(Shape(servers=8), Cluster(kept_seconds=3600), seed=3)


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str, days: FabricDays) -> Iterator[FabricLab]:
    """A generated fabric."""
    with lab_of(tmp_path, monkeypatch, database_url, {"main": days.cluster}) as made:
        yield made


@pytest.mark.parametrize("names", [["mesh"], pytest.param(list(TRUTH), marks=pytest.mark.slow)], ids=["one", "all"])
def test_real_fabrics_of_equal_names_port_by_port_and_cable_by_cable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str, names: list[str]
) -> None:
    with lab_of(tmp_path, monkeypatch, database_url, {name: real_cluster(name) for name in names}) as lab:
        for name in names:
            lab.run(name)
        for name in names:
            truth = TRUTH[name]
            check_devices(lab, name, truth)
            check_interfaces(lab, name, truth)
            check_cables(lab, name, truth)
            check_networks(lab, name, truth)
        for name in names:
            lab.asked(name)
            assert lab.run(name).planned == NOTHING
            assert lab.asked(name) == WATCHES


def check_devices(lab: FabricLab, name: str, truth: dict[str, Any]) -> None:
    devices = lab.devices(name)
    assert devices.keys() == truth["switches"].keys() | set(truth["servers"])
    for switch, said in truth["switches"].items():
        device = devices[switch]
        assert (device["description"], device["serial"]) == (said["description"], said.get("serial", ""))
        assert f"ASN: {said['asn']}" in device["comments"].splitlines()
        primary = next(row for row in lab.netbox.objects("ipam/ip-addresses") if row["id"] == device["primary_ip4"])
        assert primary["address"] == said["management_ip"]


def check_interfaces(lab: FabricLab, name: str, truth: dict[str, Any]) -> None:
    found = lab.interfaces(name)
    names = {row["id"]: row["name"] for row in found.values()}
    for switch, ports in truth["ports"].items():
        for port, said in ports.items():
            row = found[f"{switch}/{port}"]
            assert (row["mtu"], row["description"]) == (said.get("mtu"), said.get("description", ""))
            channel = next((each["name"] for each in truth["others"] if each["id"] == said.get("lag")), None)
            assert names.get(row["lag"]) == channel
    for said in truth["others"]:
        row = found[f"{said['device'].partition('/')[2]}/{said['name']}"]
        assert row["type"] == said.get("type", said["guessed_type"])
    vlans = {row["id"]: row["name"] for row in lab.netbox.objects("ipam/vlans")}
    carried = {where: _carried(row, vlans) for where, row in found.items() if row["mode"]}
    assert carried == dict(_told_to_carry(truth))


def _carried(row: dict[str, Any], vlans: dict[int, str]) -> tuple[str, str | None, set[str]]:
    return row["mode"], vlans.get(row["untagged_vlan"]), {vlans[each] for each in row["tagged_vlans"]}


def _told_to_carry(truth: dict[str, Any]) -> Iterator[tuple[str, tuple[str, str | None, set[str]]]]:
    ports = [(f"{switch}/{port}", said) for switch, ports in truth["ports"].items() for port, said in ports.items()]
    channels = [(f"{said['device'].partition('/')[2]}/{said['name']}", said) for said in truth["others"]]
    for where, said in (*ports, *channels):
        if "mode" in said:
            yield where, (said["mode"], said.get("untagged_vlan"), set(filter(None, said.get("tagged_vlans", "").split(","))))


def check_cables(lab: FabricLab, name: str, truth: dict[str, Any]) -> None:
    assert set(lab.cables(name)) == {frozenset(end.partition("/")[2] for end in ends) for _, *ends in truth["cables"].values()}


def check_networks(lab: FabricLab, name: str, truth: dict[str, Any]) -> None:
    expected = {address: interface.partition("/")[2] for interface, (address, *_) in truth["addresses"].items()}
    assert lab.addresses(name) == expected
    vrf = next(row["id"] for row in lab.netbox.objects("ipam/vrfs") if row["name"] == f"{name}/default")
    tag = next(row["id"] for row in lab.netbox.objects("extras/tags") if row["name"] == name)
    vlans = {row["id"]: row for row in lab.netbox.objects("ipam/vlans") if tag in row["tags"]}
    subnets = [row for row in lab.netbox.objects("ipam/prefixes") if row["vrf"] == vrf and row["status"] == "active"]
    ranges = [row for row in lab.netbox.objects("ipam/ip-ranges") if row["vrf"] == vrf]
    said = truth["subnets"]
    assert {row["name"]: row["vid"] for row in vlans.values()} == {id_: vid for id_, (vid, *_) in said.items()}
    assert {vlans[row["vlan"]]["name"]: row["prefix"] for row in subnets} == {id_: told[1] for id_, told in said.items()}
    assert set(lab.addresses(name, "default")) == {told[2] for told in said.values() if told[2:]}
    leased = {tuple(told[3:]) for told in said.values() if told[3:]}
    assert {(row["start_address"], row["end_address"]) for row in ranges} == leased


@pytest.mark.slow
def test_what_people_change_in_a_fabric_moves_and_nothing_is_doubled(lab: FabricLab, days: FabricDays) -> None:
    lab.run("main")
    devices, cables = lab.devices("main"), lab.cables("main")
    vlans = len(lab.netbox.objects("ipam/vlans"))
    for _ in range(2):
        days.next()
        lab.run("main")
    after = lab.devices("main")
    renamed = after.keys() - devices.keys()
    assert renamed == {"renamed-01", "renamed-02"}
    assert {row["id"] for row in after.values()} == {row["id"] for row in devices.values()}
    assert {row["id"] for row in lab.cables("main").values()} == {row["id"] for row in cables.values()}
    assert len(lab.netbox.objects("ipam/vlans")) == vlans + 2
    wanted = {
        frozenset(link[side]["port"] for side in ("server", "switch"))
        for connection in days.cluster.objects(named("Connection")).values()
        for link in _links(connection["spec"])
    }
    assert wanted <= set(lab.cables("main"))
    assert lab.run("main").planned == NOTHING


def _links(spec: dict[str, Any]) -> list[dict[str, Any]]:
    found = [*(spec.get("eslag") or spec.get("bundled") or spec.get("mclag") or {}).get("links", [])]
    return [*found, spec["unbundled"]["link"]] if "unbundled" in spec else found


@pytest.mark.slow
def test_what_a_person_drew_is_left_alone_and_what_a_person_edited_is_told_as_drift(lab: FabricLab, days: FabricDays) -> None:
    lab.run("main")
    interfaces = lab.interfaces("main")
    ends = [
        [{"object_type": "dcim.interface", "object_id": interfaces[name]["id"]}] for name in ("leaf-01/E1/40", "leaf-02/E1/40")
    ]
    own = lab.netbox.create("dcim/cables", {"a_terminations": ends[0], "b_terminations": ends[1], "label": "mine"})
    server = lab.devices("main")["server-01"]
    lab.netbox.patch("dcim/devices", server["id"], {"description": "by hand"})
    run = lab.run("main")
    told = run.metadata("hedgehog_to_netbox/plan")
    assert (told["drift/edited"], told["drift/missing"]) == (1, 0)
    assert lab.devices("main")["server-01"]["description"] == server["description"]
    assert [row for row in lab.netbox.objects("dcim/cables") if row["id"] == own["id"]] == [own]
    assert lab.run("main").metadata("hedgehog_to_netbox/plan")["drift/edited"] == 0
    # The fabric tells of that very cable.
    link = {"leaf1": {"port": "leaf-01/E1/40"}, "leaf2": {"port": "leaf-02/E1/40"}}
    days.cluster.create(named("Connection"), {"metadata": {"name": "of-the-fabric"}, "spec": {"mesh": {"links": [link]}}})
    lab.run("main")
    assert [row for row in lab.netbox.objects("dcim/cables") if row["id"] == own["id"]] == [own]


@pytest.mark.slow
def test_a_cable_goes_with_its_port_to_the_server_that_takes_it(lab: FabricLab, days: FabricDays) -> None:
    lab.run("main")
    before = lab.cables("main")
    connections = days.cluster.objects(named("Connection"))
    name, gone = next((key[1], one) for key, one in sorted(connections.items()) if "unbundled" in one["spec"])
    link = gone["spec"]["unbundled"]["link"]
    server, port = link["server"]["port"].partition("/")[0], link["switch"]["port"]
    for key, attached in sorted(days.cluster.objects(named("VPCAttachment")).items()):
        if attached["spec"]["connection"] == name:
            days.cluster.delete(named("VPCAttachment"), key[1])
    days.cluster.delete(named("Connection"), name)
    days.cluster.create(named("Server"), {"metadata": {"name": "new-server"}, "spec": {}})
    spec = {"unbundled": {"link": {"server": {"port": "new-server/eth7"}, "switch": {"port": port}}}}
    days.cluster.create(named("Connection"), {"metadata": {"name": "new-server--unbundled"}, "spec": spec})
    lab.run("main")
    after = lab.cables("main")
    assert frozenset({port, "new-server/eth7"}) in after
    assert not [ends for ends in after if any(end.startswith(f"{server}/") for end in ends)]
    assert {row["id"] for row in after.values()} == {row["id"] for row in before.values()}
    assert lab.run("main").planned == NOTHING


@pytest.mark.slow
def test_a_held_cable_becomes_the_one_in_its_way_as_somebody_decides_and_an_ignored_one_stays_out(
    lab: FabricLab, days: FabricDays
) -> None:
    lab.run("main")
    ports = lab.interfaces("main")

    def ends(*names: str) -> list[list[dict[str, Any]]]:
        return [[{"object_type": "dcim.interface", "object_id": ports[name]["id"]}] for name in names]

    drawn = [
        lab.netbox.create("dcim/cables", dict(zip(("a_terminations", "b_terminations"), ends(*names), strict=True)))["id"]
        for names in (("leaf-01/E1/40", "leaf-02/E1/44"), ("leaf-01/E1/41", "leaf-02/E1/45"))
    ]
    before = len(lab.netbox.objects("dcim/cables"))
    for name, port in (("moved", 40), ("left", 41)):
        link = {"leaf1": {"port": f"leaf-01/E1/{port}"}, "leaf2": {"port": f"leaf-02/E1/{port}"}}
        days.cluster.create(named("Connection"), {"metadata": {"name": name}, "spec": {"mesh": {"links": [link]}}})
    lab.run("main")
    ledger = open_ledger()
    held = {each.source_key: each for each in ledger.held(SYNC) if each.kind == "cable"}
    assert {key: each.candidates for key, each in held.items()} == {"moved": (str(drawn[0]),), "left": (str(drawn[1]),)}
    decisions: list[tuple[Verb, str, str | None]] = [("link", "moved", str(drawn[0])), ("ignore", "left", None)]
    for verb, key, target in decisions:
        ledger.resolve(f"{SYNC}/main", Resolution("cable", key, verb, "anna", datetime.now(UTC), target_id=target))
    lab.run("main")
    cables = lab.cables("main")
    assert cables[frozenset({"leaf-01/E1/40", "leaf-02/E1/40"})]["id"] == drawn[0]
    assert cables[frozenset({"leaf-01/E1/41", "leaf-02/E1/45"})]["id"] == drawn[1]
    assert len(lab.netbox.objects("dcim/cables")) == before
    assert lab.run("main").planned == NOTHING


def _with_an_mtu(connection: dict[str, Any]) -> None:
    for kind in connection["spec"].keys() & {"unbundled", "bundled", "eslag", "mclag"}:
        connection["spec"][kind]["mtu"] = 8000


@pytest.mark.slow
def test_ports_of_a_switch_that_a_person_put_into_another_site_than_its_vlans_are_held_and_no_write_fails(
    lab: FabricLab, days: FabricDays
) -> None:
    lab.run("main")
    (site,) = [row["id"] for row in lab.netbox.objects("dcim/sites") if row["name"] == "main"]
    for vlan in lab.netbox.objects("ipam/vlans"):
        lab.netbox.patch("ipam/vlans", vlan["id"], {"site": site})
    other = lab.netbox.create("dcim/sites", {"name": "Hall", "slug": "hall"})["id"]
    (leaf,) = [row for name, row in lab.devices("main").items() if name == "leaf-01"]
    carrying = {row["id"] for row in lab.interfaces("main").values() if row["device"] == leaf["id"] and row["mode"]}
    assert carrying
    lab.netbox.patch("dcim/devices", leaf["id"], {"site": other})
    for _, connection in sorted(days.cluster.objects(named("Connection"))):
        days.cluster.apply(connection, _with_an_mtu, "Connection")
    lab.run("main")
    held = [each for each in open_ledger().held(SYNC) if each.kind == "interface"]
    assert held
    assert all("only where both are in one site" in each.why for each in held)
    lab.netbox.patch("dcim/devices", leaf["id"], {"site": site})
    lab.run("main")
    assert not [each for each in open_ledger().held(SYNC) if each.kind == "interface"]
    assert lab.run("main").planned == NOTHING
