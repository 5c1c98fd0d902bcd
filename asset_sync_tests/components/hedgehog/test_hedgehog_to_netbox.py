"""Hedgehog fabrics become devices, cables and networks of NetBox: the real ones of the tests, and how a fabric changes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from asset_sync.sandbox.kubernetes import Cluster, FabricDays, Shape, named
from asset_sync.systems.hedgehog import KINDS
from asset_sync_tests.components.hedgehog.lab import NOTHING, FabricLab, cluster_of, lab_of
from asset_sync_tests.systems.hedgehog import conftest
from asset_sync_tests.systems.hedgehog.told import objects_of

TRUTH = {path.stem: yaml.safe_load(path.read_text()) for path in sorted((conftest.AGENTS.parent / "truth").glob("*.yaml"))}
WATCHES = {f"watch {kind.resource}": 1 for kind in KINDS}


def real_cluster(name: str) -> Cluster:
    agents = dict(conftest.real_agents())
    return cluster_of(each for agent in TRUTH[name]["agents"] for each in objects_of(agents[agent]))


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
