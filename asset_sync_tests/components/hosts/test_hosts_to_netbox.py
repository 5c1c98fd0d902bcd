"""Hosts → NetBox, whole: each row of what is compared between a host and NetBox (facts/cmdb.md §4), and what is made of it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from asset_sync.components.resources import open_ledger
from asset_sync.reconcile.planning.retiring import NOTE
from asset_sync.sandbox.netbox import DEFAULT_TOKEN, Token
from asset_sync.systems.netbox import KINDS
from asset_sync.systems.netbox.api import api
from asset_sync_tests.components.hosts.lab import NOTHING, SERIAL, YAML, HostLab, compose, host, lab_of, route
from asset_sync_tests.systems.hosts.example import address, container, interface


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str) -> Iterator[HostLab]:
    with lab_of(tmp_path, monkeypatch, database_url) as made:
        made.register()
        yield made


def test_a_host_and_all_that_it_has(lab: HostLab) -> None:
    lab.run(host())
    device = lab.device()
    (platform,) = lab.netbox.objects("dcim/platforms")
    assert (device["platform"], platform["name"]) == (platform["id"], "Debian 12")
    there = lab.interfaces()
    assert {name: (row["type"], row["enabled"], row["mtu"]) for name, row in there.items()} == {
        "eth0": ("1000base-t", True, 1500),
        "br0": ("bridge", True, 1500),
    }
    assert lab.addresses() == {"192.0.2.10/24": "eth0", "2001:db8::10/64": "eth0"}
    assert (lab.primary(4), lab.primary(6)) == ("192.0.2.10/24", "2001:db8::10/64")
    (mac,) = lab.netbox.objects("dcim/mac-addresses")
    assert there["eth0"]["primary_mac_address"] == mac["id"]
    (cluster,) = lab.netbox.objects("virtualization/clusters")
    assert (cluster["name"], device["cluster"]) == ("web-1-shop", cluster["id"])
    machines = lab.machines()
    assert {name: (row["status"], row["cluster"], row["device"]) for name, row in machines.items()} == dict.fromkeys(
        ("shop-web-1", "shop-db-1"), ("active", cluster["id"], device["id"])
    )
    assert (float(machines["shop-web-1"]["vcpus"]), machines["shop-web-1"]["memory"]) == (1.5, 512)
    assert "Image: nginx:1.25" in machines["shop-web-1"]["comments"].splitlines()
    (service,) = lab.netbox.objects("ipam/services")
    assert (service["name"], service["ports"], service["protocol"]) == ("shop-web-1", [8080], "tcp")
    assert lab.settled(host())


# Device attributes.


@pytest.mark.slow
def test_platform_follows_the_host(lab: HostLab) -> None:
    lab.run(host())
    upgraded = host()["platform"] | {"version_id": "13", "version_codename": "trixie"}
    lab.run(host(platform=upgraded))
    names = {row["id"]: row["name"] for row in lab.netbox.objects("dcim/platforms")}
    assert names[lab.device()["platform"]] == "Debian 13"
    assert lab.settled()


@pytest.mark.slow
def test_status_and_description_of_a_person_stay(lab: HostLab) -> None:
    lab.run(host())
    lab.netbox.patch("dcim/devices", lab.device()["id"], {"status": "staged", "description": "do not reboot"})
    assert lab.settled()
    assert (lab.device()["status"], lab.device()["description"]) == ("staged", "do not reboot")


@pytest.mark.slow
def test_a_serial_that_netbox_lacks_is_entered(lab: HostLab) -> None:
    lab.netbox.patch("dcim/devices", lab.device()["id"], {"serial": ""})
    lab.run(host())
    assert lab.device()["serial"] == SERIAL, "it is known by its name alone"


@pytest.mark.slow
def test_a_host_is_known_by_its_serial_before_its_name(lab: HostLab) -> None:
    other = lab.register("web-9", "OTHER1")
    lab.run(host(hostname="web-9", fqdn=None))
    assert {row["id"] for row in lab.netbox.objects("dcim/devices") if row["platform"]} == {lab.device()["id"]}
    assert other["platform"] is None
    assert lab.device()["name"] == "web-1", "what people call it stays"


@pytest.mark.slow
def test_a_renamed_host_is_known_by_its_machine_id(lab: HostLab) -> None:
    hardware = host()["hardware"] | {"serial": None}
    lab.netbox.patch("dcim/devices", lab.device()["id"], {"serial": ""})
    lab.run(host(hardware=hardware))
    lab.run(host(hardware=hardware, hostname="shop-1", fqdn=None))
    assert lab.settled()
    assert len(lab.netbox.objects("dcim/devices")) == 1


# Interfaces.


@pytest.mark.slow
def test_an_interface_that_is_gone_is_disabled_with_a_note_and_back_again_without(lab: HostLab) -> None:
    lab.run(host())
    run = lab.run(host(interfaces=[interface("eth0", speed=1000)]))
    assert run.planned == NOTHING | {"retire": 1}
    br0 = lab.interfaces()["br0"]
    assert (br0["enabled"], br0["description"]) == (False, NOTE)
    assert lab.run(host()).planned == NOTHING | {"restore": 1}
    br0 = lab.interfaces()["br0"]
    assert (br0["enabled"], br0["description"]) == (True, "")
    assert lab.settled()


@pytest.mark.slow
def test_a_new_card_is_a_new_mac_address(lab: HostLab) -> None:
    lab.run(host())
    there = host()["interfaces"]
    there[1] |= {"mac": "52:54:00:aa:00:99"}
    lab.run(host(interfaces=there))
    macs = {row["id"]: row["mac_address"] for row in lab.netbox.objects("dcim/mac-addresses")}
    assert macs[lab.interfaces()["eth0"]["primary_mac_address"]].lower() == "52:54:00:aa:00:99"
    assert lab.settled()


@pytest.mark.slow
def test_the_type_follows_what_the_kernel_tells_and_no_guess_overwrites_it(lab: HostLab) -> None:
    lab.run(host())
    faster = [interface("eth0", speed=10_000), interface("br0", kind="bridge", mac=None)]
    lab.run(host(interfaces=faster))
    assert lab.interfaces()["eth0"]["type"] == "10gbase-t"
    assert lab.settled(host(interfaces=[interface("eth0", speed=None, state="down"), faster[1]]))
    assert lab.interfaces()["eth0"]["type"] == "10gbase-t"


@pytest.mark.slow
def test_a_type_that_a_person_chose_stays(lab: HostLab) -> None:
    lab.run(host())
    lab.netbox.patch("dcim/interfaces", lab.interfaces()["eth0"]["id"], {"type": "1000base-x-sfp"})
    assert lab.settled()
    assert lab.interfaces()["eth0"]["type"] == "1000base-x-sfp"


@pytest.mark.slow
def test_bonds_bridges_and_vlans_are_linked_and_unlinked(lab: HostLab) -> None:
    ports = [
        interface("eth0", speed=1000, master="bond0"),
        interface("eth1", mac="52:54:00:aa:00:02", speed=1000, master="bond0"),
    ]
    others = [
        interface("bond0", kind="bond", mac=None),
        interface("bond0.10", kind="vlan", mac=None, parent="bond0", vlan_id=10),
    ]
    bridged = interface("eth2", mac="52:54:00:aa:00:03", speed=1000, master="br0")
    told = [*ports, *others, bridged, interface("br0", kind="bridge", mac=None)]
    lab.run(host(interfaces=told))
    there = lab.interfaces()
    assert {there[name]["lag"] for name in ("eth0", "eth1")} == {there["bond0"]["id"]}
    assert there["bond0.10"]["parent"] == there["bond0"]["id"]
    assert there["eth2"]["bridge"] == there["br0"]["id"]
    assert lab.settled(host(interfaces=told))
    told[1] = told[1] | {"master": None}
    lab.run(host(interfaces=told))
    assert lab.interfaces()["eth1"]["lag"] is None
    assert lab.settled()


@pytest.mark.slow
def test_what_is_no_interface_of_the_machine_is_left_out(lab: HostLab) -> None:
    names = {"veth12ab34": "veth", "docker0": "bridge", "br-0123456789ab": "bridge", "virbr0": "bridge"}
    names |= {"tun0": "tun", "tailscale0": "tun", "wg0": "wireguard"}
    told = [*host()["interfaces"], *(interface(name, kind=kind, mac=None) for name, kind in names.items())]
    on = [address(f"172.17.{number}.1/16", name) for number, name in enumerate(names)]
    lab.run(host(interfaces=told, addresses=[*host()["addresses"], *on]))
    assert set(lab.interfaces()) == {"eth0", "br0"}
    assert set(lab.addresses()) == {"192.0.2.10/24", "2001:db8::10/64"}


# IP addresses.


@pytest.mark.slow
def test_an_address_that_is_new_and_one_that_is_gone(lab: HostLab) -> None:
    lab.run(host())
    lab.run(host(addresses=[address("192.0.2.10/24"), address("192.0.2.11/24", "br0")]))
    assert lab.addresses() == {"192.0.2.10/24": "eth0", "192.0.2.11/24": "br0", "2001:db8::10/64": None}
    assert lab.primary(6) is None, "NetBox keeps none that is nowhere"
    assert lab.settled()
    lab.run(host())
    assert lab.addresses() == {"192.0.2.10/24": "eth0", "192.0.2.11/24": None, "2001:db8::10/64": "eth0"}
    assert lab.settled()


@pytest.mark.slow
def test_an_address_moves_between_interfaces_of_its_host(lab: HostLab) -> None:
    lab.run(host())
    lab.run(
        host(
            addresses=[address("192.0.2.10/24", "br0"), address("2001:db8::10/64")], default_routes=[route(4, "br0"), route(6)]
        )
    )
    assert lab.addresses()["192.0.2.10/24"] == "br0"
    assert lab.primary() == "192.0.2.10/24"
    assert lab.settled()


@pytest.mark.slow
def test_the_primary_address_follows_the_default_route(lab: HostLab) -> None:
    lab.run(host())
    both = [address("192.0.2.10/24"), address("198.51.100.7/24", "br0"), address("2001:db8::10/64")]
    lab.run(host(addresses=both, default_routes=[route(4, metric=100), route(4, "br0", metric=50), route(6)]))
    assert lab.primary() == "198.51.100.7/24"
    lab.run(host(addresses=both, default_routes=[route(4, preferred_source="192.0.2.10"), route(6)]))
    assert lab.primary() == "192.0.2.10/24"


@pytest.mark.slow
def test_a_renumbered_host_has_its_new_primary_before_the_old_address_leaves(lab: HostLab) -> None:
    lab.run(host())
    lab.run(host(addresses=[address("203.0.113.5/24"), address("2001:db8::10/64")]))
    assert lab.primary() == "203.0.113.5/24"
    assert lab.addresses()["192.0.2.10/24"] is None
    assert lab.settled()


@pytest.mark.slow
def test_a_free_address_is_taken_and_one_of_another_machine_is_not(lab: HostLab) -> None:
    lab.netbox.create("ipam/ip-addresses", {"address": "192.0.2.10/24", "status": "reserved"})
    other = lab.register("db-1", "SER-2")
    port = lab.netbox.create("dcim/interfaces", {"device": other["id"], "name": "eth0", "type": "1000base-t"})
    place = {"assigned_object_type": "dcim.interface", "assigned_object_id": port["id"]}
    lab.netbox.create("ipam/ip-addresses", {"address": "2001:db8::10/64", **place})
    run = lab.run(host())
    on = {row["address"]: row["assigned_object_id"] for row in lab.netbox.objects("ipam/ip-addresses")}
    assert on["2001:db8::10/64"] == port["id"]
    own = next(
        row["id"]
        for row in lab.netbox.objects("dcim/interfaces")
        if row["device"] == lab.device()["id"] and row["name"] == "eth0"
    )
    assert on["192.0.2.10/24"] == own
    assert run.metadata("hosts_to_netbox/plan")["held"] >= 1


@pytest.mark.slow
def test_addresses_of_the_link_and_for_a_while_are_left_out(lab: HostLab) -> None:
    passing = [
        address("fe80::1/64", scope="link"),
        address("2001:db8::99/64", temporary=True, dynamic=True),
        address("169.254.1.1/16", scope="link"),
    ]
    lab.run(host(addresses=[*host()["addresses"], *passing]))
    assert set(lab.addresses()) == {"192.0.2.10/24", "2001:db8::10/64"}


# Containers.


STATES: Final = {"paused": "paused", "exited": "offline", "dead": "offline", "restarting": "active"}


@pytest.mark.slow
def test_a_containers_state_is_its_machines_status_and_back(lab: HostLab) -> None:
    def all_of(**told: str) -> list[dict[str, object]]:
        ids = {name: f"{number:02}" * 32 for number, name in enumerate(STATES)}
        return [container(name, id=ids[name], compose=compose(name), ports=[], **({"state": name} | told)) for name in STATES]

    lab.run(host(containers=all_of(state="running")))
    lab.run(host(containers=all_of()))
    assert {name: row["status"] for name, row in lab.machines().items()} == STATES
    lab.run(host(containers=all_of(state="running")))
    assert {row["status"] for row in lab.machines().values()} == {"active"}
    assert lab.settled()


@pytest.mark.slow
def test_a_container_that_is_gone_is_offline_and_back_active(lab: HostLab) -> None:
    lab.run(host())
    assert lab.run(host(containers=host()["containers"][:1])).planned["retire"] == 1
    assert lab.machines()["shop-db-1"]["status"] == "offline"
    assert lab.run(host()).planned["restore"] == 1
    assert lab.machines()["shop-db-1"]["status"] == "active"


@pytest.mark.slow
def test_a_container_that_is_made_anew_or_renamed_stays_one(lab: HostLab) -> None:
    lab.run(host())
    before = lab.machines()["shop-web-1"]["id"]
    lab.run(host(containers=[container("shop_web_1", id="ee" * 32, image="nginx:1.26"), host()["containers"][1]]))
    assert lab.machines()["shop_web_1"]["id"] == before
    assert "nginx:1.26" in lab.machines()["shop_web_1"]["comments"]
    assert len(lab.machines()) == 2


@pytest.mark.slow
def test_resources_that_change_are_written(lab: HostLab) -> None:
    lab.run(host())
    lab.run(host(containers=[container(cpus=2.0, memory=1 << 30), host()["containers"][1]]))
    web = lab.machines()["shop-web-1"]
    assert (float(web["vcpus"]), web["memory"]) == (2.0, 1024)


@pytest.mark.slow
def test_containers_without_a_project_are_in_the_engines_cluster(lab: HostLab) -> None:
    lab.run(host(containers=[container("alone", compose=None)]))
    (cluster,) = lab.netbox.objects("virtualization/clusters")
    assert cluster["name"] == "web-1-docker"


@pytest.mark.slow
def test_of_two_projects_one_is_the_hosts_own_and_stays_so(lab: HostLab) -> None:
    first = [container(), container("media-tv-1", id="aa" * 32, compose=compose("tv", "media"), ports=[])]
    lab.run(host(containers=first))
    assert lab.settled(host(containers=first))
    own = lab.device()["cluster"]
    names = {row["id"]: row["name"] for row in lab.netbox.objects("virtualization/clusters")}
    assert names[own] == "web-1-media"
    assert {name: row["device"] is not None for name, row in lab.machines().items()} == {
        "shop-web-1": False,
        "media-tv-1": True,
    }
    lab.run(host(containers=[container(), container("aaa-x-1", id="bb" * 32, compose=compose("x", "aaa"), ports=[])]))
    assert lab.device()["cluster"] == own
    assert lab.settled()


@pytest.mark.slow
def test_a_device_that_a_person_put_into_another_cluster_stays_there_and_its_machines_are_kept_up(lab: HostLab) -> None:
    lab.run(host())
    own = lab.device()["cluster"]
    rack = lab.netbox.create("virtualization/clusters", {"name": "rack", "type": 1})
    lab.netbox.patch("dcim/devices", lab.device()["id"], {"cluster": rack["id"]})
    paused = [container(state="paused"), host()["containers"][1]]
    lab.run(host(containers=paused))
    assert lab.machines()["shop-web-1"]["status"] == "paused"
    assert lab.device()["cluster"] == rack["id"]
    assert lab.settled(host(containers=paused))
    lab.netbox.patch("dcim/devices", lab.device()["id"], {"cluster": own})
    assert lab.run().planned == NOTHING | {"update": 1}
    assert {row["device"] for row in lab.machines().values()} == {lab.device()["id"]}
    assert lab.settled()


# Registering, unread parts, what was applied.


@pytest.mark.slow
def test_a_host_that_netbox_does_not_have_is_held_with_what_to_do(lab: HostLab) -> None:
    stranger = host(hostname="new-1", fqdn=None, machine_id="a" * 32, hardware=host()["hardware"] | {"serial": "NEW1"})
    run = lab.run(host(), stranger)
    assert [row["name"] for row in lab.netbox.objects("dcim/devices")] == ["web-1"]
    assert "register: true" in run.metadata("hosts_to_netbox/plan")["report"]
    assert lab.settled(), "and holds nobody else"


@pytest.mark.slow
def test_it_is_made_where_the_yaml_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    with lab_of(tmp_path, monkeypatch, database_url, YAML.replace("register: false", "register: true")) as lab:
        lab.run(host())
        device = lab.device()
        (role,) = lab.netbox.objects("dcim/device-roles")
        assert (device["serial"], role["name"], device["status"]) == (SERIAL, "Docker Host", "active")
        assert lab.primary() == "192.0.2.10/24"
        assert lab.settled(host())


@pytest.mark.slow
def test_what_a_document_could_not_read_is_not_gone(lab: HostLab) -> None:
    lab.run(host())
    assert lab.settled(host(containers=None, interfaces=None, addresses=None, default_routes=None))


@pytest.mark.slow
def test_an_empty_document_part_is_a_fact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    with lab_of(tmp_path, monkeypatch, database_url, YAML.replace("retire_share: 0.20", "retire_share: 1")) as lab:
        lab.register()
        lab.run(host())
        lab.run(host(containers=[]))
        assert {row["status"] for row in lab.machines().values()} == {"offline"}


@pytest.mark.slow
def test_the_journal_tells_what_was_applied_and_nothing_where_nothing_was(lab: HostLab) -> None:
    run = lab.run(host())
    (entry,) = lab.journal()
    assert f"applied plan `{run.plan_id}`" in entry
    assert "- create interface `web-1 eth0`:" in entry
    assert lab.settled()
    assert len(lab.journal()) == 1


@pytest.mark.slow
def test_the_journal_names_who_approved(lab: HostLab) -> None:
    run = lab.run(host(), mode="review")
    assert not lab.journal()
    open_ledger().approve(run.plan_id, "anna", datetime.now(UTC))
    lab.apply()
    (entry,) = lab.journal()
    assert f"applied plan `{run.plan_id}`, approved by `anna`" in entry


@pytest.mark.slow
def test_a_dry_run_writes_nothing_and_says_so(lab: HostLab) -> None:
    run = lab.run(host(), mode="dry_run")
    report = run.metadata("hosts_to_netbox/plan")["report"]
    assert report.rstrip().endswith("Dry run complete. No changes applied.")
    assert "### New interfaces" in report
    assert not lab.interfaces()
    assert not lab.journal()


@pytest.mark.slow
def test_a_host_that_loses_all_its_addresses_keeps_the_others_going(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    with lab_of(tmp_path, monkeypatch, database_url, YAML.replace("retire_share: 0.20", "retire_share: 1")) as lab:
        lab.register()
        lab.run(host())
        lab.run(host(addresses=[], default_routes=[]))
        assert (lab.primary(4), lab.primary(6)) == (None, None)
        assert set(lab.addresses().values()) == {None}
        assert lab.settled()


@pytest.mark.slow
def test_a_prefix_length_that_changes_is_written_to_the_address(lab: HostLab) -> None:
    lab.run(host())
    lab.run(host(addresses=[address("192.0.2.10/25"), address("2001:db8::10/64")]))
    assert lab.addresses() == {"192.0.2.10/25": "eth0", "2001:db8::10/64": "eth0"}
    assert lab.settled()


@pytest.mark.slow
def test_what_a_host_listens_on_is_a_service_of_its_device(lab: HostLab) -> None:
    heard = [
        {"protocol": "tcp", "address": "0.0.0.0", "port": 22, "process": "sshd"},
        {"protocol": "tcp", "address": "127.0.0.1", "port": 5432, "process": "postgres"},
    ]
    lab.run(host(services=heard, containers=[]))
    (service,) = lab.netbox.objects("ipam/services")
    assert (service["name"], service["ports"]) == ("sshd", [22])
    assert lab.settled(host(services=None, containers=[])), "nobody asked this time"
    assert lab.run(host(services=[], containers=[])).planned == NOTHING | {"retire": 1}
    assert [row["description"] for row in lab.netbox.objects("ipam/services")] == [NOTE]
    assert lab.run(host(services=heard, containers=[])).planned == NOTHING | {"restore": 1}
    assert [row["description"] for row in lab.netbox.objects("ipam/services")] == [""]
    assert lab.settled()


EVERYTHING: Final = {api(kind).endpoint for kind in KINDS.values()}


@pytest.mark.slow
def test_what_a_token_may_not_write_is_reported_and_the_rest_is_done(lab: HostLab, monkeypatch: pytest.MonkeyPatch) -> None:
    token = Token("limited", may_write=frozenset(EVERYTHING) - {"virtualization/virtual-machines"})
    monkeypatch.setenv("NETBOX_TOKEN", lab.netbox.add_token(token).secret)
    run = lab.failed(host())
    assert "may not add objects of virtualization.virtualmachine" in " ".join(run.errors())
    assert set(lab.interfaces()) == {"eth0", "br0"}
    assert lab.primary() == "192.0.2.10/24"
    assert not lab.machines()


@pytest.mark.slow
def test_a_platform_that_cannot_be_made_holds_nothing_else_of_its_device(lab: HostLab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.netbox.patch("dcim/devices", lab.device()["id"], {"serial": ""})
    token = Token("limited", may_write=frozenset(EVERYTHING) - {"dcim/platforms"})
    monkeypatch.setenv("NETBOX_TOKEN", lab.netbox.add_token(token).secret)
    run = lab.failed(host())
    assert "1 failed, 1 stored in part" in " ".join(run.errors())
    assert (lab.device()["serial"], lab.device()["platform"]) == (SERIAL, None)
    assert not any("platform" in line for line in "".join(lab.journal()).splitlines() if "device `web-1`" in line)
    monkeypatch.setenv("NETBOX_TOKEN", DEFAULT_TOKEN)
    assert lab.run().planned == NOTHING | {"create": 1, "update": 1}
    assert lab.device()["platform"] is not None
    assert lab.settled()


@pytest.mark.slow
def test_one_object_that_netbox_refuses_stops_no_other(lab: HostLab, monkeypatch: pytest.MonkeyPatch) -> None:
    token = Token("limited", writes_only={"dcim/interfaces": {"name": "eth0"}})
    monkeypatch.setenv("NETBOX_TOKEN", lab.netbox.add_token(token).secret)
    run = lab.failed(host())
    assert "the rest is applied. First: interface: the token may add other" in " ".join(run.errors())
    assert set(lab.interfaces()) == {"eth0"}
    assert lab.primary() == "192.0.2.10/24"
    assert set(lab.machines()) == {"shop-web-1", "shop-db-1"}


@pytest.mark.slow
def test_a_number_that_netbox_does_not_take_holds_that_field_alone(lab: HostLab) -> None:
    there = [*host()["interfaces"], interface("eth9", mac="52:54:00:aa:00:09", mtu=70_000)]
    run = lab.run(host(interfaces=there))
    assert lab.interfaces()["eth9"]["mtu"] is None
    assert "is not between 1 and 65536" in run.metadata("hosts_to_netbox/plan")["report"]


@pytest.mark.slow
def test_without_a_cluster_the_device_is_kept_up_all_the_same(lab: HostLab, monkeypatch: pytest.MonkeyPatch) -> None:
    token = Token("limited", may_write=frozenset(name for name in EVERYTHING if not name.startswith("virtualization/")))
    monkeypatch.setenv("NETBOX_TOKEN", lab.netbox.add_token(token).secret)
    lab.failed(host())
    assert lab.device()["platform"] is not None
    assert lab.primary() == "192.0.2.10/24"
    assert not lab.machines()
