"""Hosts, clusters, machines and what they have: whole syncs of all these kinds into a NetBox, day after day."""

from dataclasses import replace
from typing import Any

import pytest

from asset_sync.reconcile.merge import Ownership
from asset_sync.reconcile.planning.retiring import NOTE
from asset_sync.systems.netbox import conform, declared, observe
from asset_sync.systems.netbox.options import WritingOptions
from asset_sync_tests.reconcile.lab import held, ops
from asset_sync_tests.systems.netbox.conftest import Lab, writes
from asset_sync_tests.systems.netbox.syncs import Row, Sync

ONE_VERSION = pytest.mark.parametrize("lab", ["4.6"], indirect=True)
"""For what the versions of NetBox do alike."""
MAPPED: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("manufacturer", "site", "tenant", "device_role", "platform", "cluster_type"), ("name", "slug")),
    "device_type": ("manufacturer", "model", "slug"),
    "cluster": ("name", "type", "site", "status", "description"),
    "device": ("name", "serial", "device_type", "role", "site", "tenant", "status"),
    "device_cluster": ("cluster",),
    "interface": ("device", "name", "type", "enabled", "mtu", "speed", "mode"),
    "interface_links": ("parent", "bridge", "lag"),
    "device_service": ("device", "name", "protocol", "ports"),
    "virtual_machine": (
        *("name", "cluster", "device", "role", "platform", "tenant", "status", "vcpus", "memory"),
        *("serial", "description", "comments", "cf_image"),
    ),
    "vm_interface": ("virtual_machine", "name", "enabled", "mtu", "mode", "description"),
    "vm_mac_address": ("mac_address", "vm_interface"),
    "vm_interface_primary_mac": ("primary_mac_address",),
    "virtual_disk": ("virtual_machine", "name", "size", "description"),
    "vm_service": ("virtual_machine", "name", "protocol", "ports", "description"),
}
DEVICES, INTERFACES, SERVICES = "dcim/devices", "dcim/interfaces", "ipam/services"
CLUSTERS, MACHINES = "virtualization/clusters", "virtualization/virtual-machines"
VM_INTERFACES, DISKS, MACS = "virtualization/interfaces", "virtualization/virtual-disks", "dcim/mac-addresses"


def _named(name: str) -> list[Row]:
    return [{"source_key": name, "name": name, "slug": name.lower()}]


def _source() -> dict[str, list[Row]]:
    """A host with a bond, a VLAN and a bridge, in a cluster with two machines."""
    ports = (("eth0", "1000base-t"), ("eth1", "1000base-t"), ("bond0", "lag"), ("bond0.20", "virtual"), ("br0", "bridge"))
    on_web = {"virtual_machine": "web"}
    return {
        "manufacturer": _named("Acme"),
        "site": _named("Lisbon"),
        "tenant": _named("Ten"),
        "device_role": _named("Host"),
        "platform": _named("Debian"),
        "cluster_type": _named("Compose"),
        "device_type": [{"source_key": "R1", "manufacturer": "Acme", "model": "R1", "slug": "r1"}],
        "cluster": [{"source_key": "shop", "name": "shop", "type": "Compose", "site": "Lisbon", "status": "active"}],
        "device": [
            {
                "source_key": "h1",
                "name": "h1",
                "serial": "S1",
                "device_type": "R1",
                "role": "Host",
                "site": "Lisbon",
                "tenant": "Ten",
                "status": "active",
            }
        ],
        "device_cluster": [{"source_key": "h1", "device": "h1", "cluster": "shop"}],
        "interface": [
            {"source_key": name, "device": "h1", "name": name, "type": kind, "enabled": True, "mtu": 1500}
            for name, kind in ports
        ],
        "interface_links": [
            {"source_key": "eth0", "interface": "eth0", "lag": "bond0"},
            {"source_key": "eth1", "interface": "eth1", "lag": "bond0"},
            {"source_key": "bond0.20", "interface": "bond0.20", "parent": "bond0", "bridge": "br0"},
        ],
        "device_service": [
            {"source_key": f"dns/{one}", "device": "h1", "name": "dns", "protocol": one, "ports": "53"}
            for one in ("tcp", "udp")
        ],
        "virtual_machine": [
            {
                "source_key": name,
                "name": name,
                "cluster": "shop",
                "device": "h1",
                "role": "Host",
                "platform": "Debian",
                "tenant": "Ten",
                "status": "active",
                "vcpus": 1.5,
                "memory": 2048,
                "serial": f"V{name}",
                "cf_image": "a:1",
            }
            for name in ("web", "db")
        ],
        "vm_interface": [{"source_key": "w0", **on_web, "name": "eth0", "enabled": True, "mtu": 1450, "mode": "access"}],
        "vm_mac_address": [{"source_key": "m0", "mac_address": "02:00:00:00:00:01", "vm_interface": "w0"}],
        "vm_interface_primary_mac": [{"source_key": "w0", "vm_interface": "w0", "primary_mac_address": "m0"}],
        "virtual_disk": [
            {"source_key": name, **on_web, "name": name, "size": size} for name, size in (("root", 1000), ("data", 500))
        ],
        "vm_service": [{"source_key": "http", **on_web, "name": "http", "protocol": "tcp", "ports": "80, 443"}],
    }


@pytest.fixture
def sync(lab: Lab) -> Sync:
    types = ["virtualization.virtualmachine"]
    lab.state.create("extras/custom-fields", {"name": "image", "type": "text", "object_types": types})
    return Sync(lab, declared(MAPPED), _source())


def test_all_kinds_are_created_each_once_and_again_writes_nothing(sync: Sync) -> None:
    sync.run()
    assert sync.objects_of(CLUSTERS, "name", "scope_type", "scope_id") == [("shop", "dcim.site", 1)]
    assert sync.objects_of(DEVICES, "name", "cluster", "tenant") == [("h1", 1, 1)]
    machines = [(name, 1, 1, "active", 1.5, 2048, {"image": "a:1"}) for name in ("db", "web")]
    found = sync.objects_of(MACHINES, "name", "cluster", "device", "status", "vcpus", "memory", "custom_fields")
    assert found == machines
    (web,) = (row for row in sync.netbox.state.objects(MACHINES) if row["name"] == "web")
    assert (web["disk"], web["site"]) == (1500, 1), "the sum of its disks, and where its cluster is"
    assert sync.objects_of(VM_INTERFACES, "name", "mtu", "mode", "primary_mac_address") == [("eth0", 1450, "access", 1)]
    assert sync.objects_of(DISKS, "name", "size") == [("data", 500), ("root", 1000)]
    services = [("dns", "tcp", [53]), ("dns", "udp", [53]), ("http", "tcp", [80, 443])]
    assert sync.objects_of(SERVICES, "name", "protocol", "ports") == services
    assert links_of(sync) == {"eth0": "bond0", "eth1": "bond0", "bond0.20": "bond0 br0"}
    assert sync.again() == 0


def links_of(sync: Sync) -> dict[str, str]:
    """Return the parents, bridges and LAGs of interfaces by name."""
    rows = {row["id"]: row for row in sync.netbox.state.objects(INTERFACES)}
    named = {
        row["name"]: " ".join(rows[row[name]]["name"] for name in ("parent", "bridge", "lag") if row[name])
        for row in rows.values()
    }
    return {name: others for name, others in named.items() if others}


@pytest.mark.slow
@ONE_VERSION
def test_what_changes_is_updated_and_nothing_else_and_an_undo_gives_back_what_was_there(sync: Sync) -> None:
    sync.run()
    before = _contents(sync)
    changes: list[tuple[str, str, str, Any]] = [
        *(("cluster", "shop", "status", "offline"), ("device", "h1", "status", "offline"), ("interface", "eth0", "mtu", 9000)),
        *(("interface", "eth1", "mtu", 9000), ("interface_links", "eth1", "lag", "br0")),
        ("device_service", "dns/udp", "ports", "53, 5353"),
        *(("virtual_machine", "web", "status", "paused"), ("virtual_machine", "db", "cf_image", "a:2")),
        *(("vm_interface", "w0", "enabled", False), ("virtual_disk", "root", "size", 2000)),
        ("vm_service", "http", "ports", "8080"),
    ]
    for kind, key, name, value in changes:
        sync.row(kind, key)[name] = value
    plan = sync.plan()
    outcomes = sync.apply(plan)
    assert sorted(name for _, _, fields, _ in ops(plan) for name in fields) == sorted(name for _, _, name, _ in changes)
    assert sync.objects_of(MACHINES, "name", "status", "disk") == [("db", "active", None), ("web", "paused", 2500)]
    assert sync.objects_of(SERVICES, "ports") == [([53, 5353],), ([53],), ([8080],)]
    assert links_of(sync)["eth1"] == "br0"
    assert sync.again() == 0
    assert {outcome.outcome for outcome in sync.undo(plan, outcomes).values()} == {"applied"}
    assert _contents(sync) == before


@pytest.mark.slow
@ONE_VERSION
def test_a_machine_that_is_gone_is_offline_and_active_when_it_is_back(sync: Sync) -> None:
    sync.run()
    gone = sync.rows["virtual_machine"].pop()
    sync.run()
    assert sync.objects_of(MACHINES, "name", "status") == [("db", "offline"), ("web", "active")]
    sync.rows["virtual_machine"].append(gone)
    sync.run()
    assert sync.objects_of(MACHINES, "name", "status") == [("db", "active"), ("web", "active")]


def _contents(sync: Sync) -> list[list[dict[str, Any]]]:
    moved = {"last_updated"}
    endpoints = (INTERFACES, SERVICES, MACHINES, DISKS)
    return [[{k: v for k, v in row.items() if k not in moved} for row in sync.netbox.state.objects(e)] for e in endpoints]


@ONE_VERSION
@pytest.mark.slow
def test_a_host_that_changes_clusters_takes_its_machines_along_past_others_of_their_names(sync: Sync) -> None:
    sync.run()
    sync.rows["cluster"] += [{**sync.row("cluster", "shop"), "source_key": name, "name": name} for name in ("new", "blog")]
    elsewhere = {**sync.row("virtual_machine", "web"), "source_key": "web2", "cluster": "blog", "device": None}
    sync.rows["virtual_machine"].append(elsewhere)
    for kind, key in (("device_cluster", "h1"), ("virtual_machine", "web"), ("virtual_machine", "db")):
        sync.row(kind, key)["cluster"] = "new"
    sync.run()
    clusters = {row["id"]: row["name"] for row in sync.netbox.state.objects(CLUSTERS)}
    found = [
        (name, clusters[cluster], device) for name, cluster, device in sync.objects_of(MACHINES, "name", "cluster", "device")
    ]
    assert sorted(found, key=str) == [("db", "new", 1), ("web", "blog", None), ("web", "new", 1)]
    assert sync.again() == 0


def machines(sync: Sync) -> dict[str, list[Any]]:
    return {name: told for name, *told in sync.objects_of(MACHINES, "name", "status", "cluster", "device")}


@ONE_VERSION
@pytest.mark.slow
def test_a_host_that_a_person_put_into_another_cluster_holds_the_host_of_its_machines_and_nothing_else(sync: Sync) -> None:
    sync.policy.owners["device_cluster"]["cluster"] = Ownership("shared")  # type: ignore[index]
    sync.run()
    rack = sync.netbox.state.create(CLUSTERS, {"name": "rack", "type": 1})["id"]
    sync.netbox.state.patch(DEVICES, 1, {"cluster": rack})
    assert sync.again() == 0, "nothing is written, so that nothing is in the way"
    sync.row("virtual_machine", "web")["memory"] = 4096
    gone = sync.rows["virtual_machine"].pop()
    sync.rows["virtual_machine"].append(
        {**sync.row("virtual_machine", "web"), "source_key": "new", "name": "new", "serial": "N"}
    )
    plan = sync.run()
    assert machines(sync) == {
        "web": ["active", 1, None],
        gone["name"]: ["offline", 1, None],
        "new": ["active", 1, None],
    }
    (memory,) = [row["memory"] for row in sync.netbox.state.objects(MACHINES) if row["name"] == "web"]
    assert memory == 4096
    why = "the target takes device 'h1' only where both have one cluster: it is in 'rack', this is in 'Lisbon shop'"
    assert held(plan)["new"].startswith(why)
    assert "take-source device_cluster h1 cluster" in held(plan)["new"]
    again = sync.plan()
    assert not len(again.writes)
    assert held(again).keys() == {"web", "new"}
    sync.netbox.state.patch(DEVICES, 1, {"cluster": 1})
    sync.rows["virtual_machine"].append(gone)
    sync.run()
    assert {name: told[2] for name, told in machines(sync).items()} == {"web": 1, gone["name"]: 1, "new": 1}
    assert sync.again() == 0


@ONE_VERSION
def test_a_host_whose_cluster_is_not_told_is_not_named_by_its_machines(sync: Sync) -> None:
    sync.rows["device_cluster"] = []
    plan = sync.run()
    assert machines(sync) == {name: ["active", 1, None] for name in ("web", "db")}
    assert "it is in none, this is in 'shop'" in held(plan)["web"]


@ONE_VERSION
def test_machines_of_a_host_in_no_cluster_are_recognised_by_the_host(lab: Lab) -> None:
    without = {name: fields for name, fields in MAPPED.items() if name not in ("cluster", "cluster_type", "device_cluster")}
    fields = {
        name: tuple(field for field in fields if field not in ("cluster", "cf_image")) for name, fields in without.items()
    }
    sync = Sync(lab, declared(fields), _source())
    for row in sync.rows["virtual_machine"]:
        row.pop("cluster")
        row.pop("cf_image", None)
    sync.run()
    assert sync.objects_of(MACHINES, "name", "cluster", "device") == [("db", None, 1), ("web", None, 1)]
    forgotten = Sync(lab, declared(fields), _source())
    forgotten.rows = sync.rows
    assert {op for op, *_ in ops(forgotten.plan())} == {"claim"}


@ONE_VERSION
def test_a_person_may_place_a_cluster_in_a_location_and_it_is_no_longer_one_of_the_site(sync: Sync) -> None:
    sync.run()
    sync.netbox.state.create("dcim/locations", {"name": "Hall", "slug": "hall", "site": 1})
    sync.netbox.state.patch(CLUSTERS, 1, {"scope_type": "dcim.location", "scope_id": 1})
    observed = observe(sync.netbox.client, sync.kinds)["cluster"]
    assert observed["site"].tolist() == ["dcim.location:1"]


@pytest.mark.slow
@ONE_VERSION
def test_a_service_that_is_gone_says_so_and_one_that_a_person_describes_is_theirs(lab: Lab) -> None:
    fields = {name: fields for name, fields in MAPPED.items() if name != "virtual_machine"}
    fields["virtual_machine"] = tuple(name for name in MAPPED["virtual_machine"] if name != "cf_image")
    options = WritingOptions(retire=["device_service", "vm_service"])
    sync = Sync(lab, options.declared(fields), _source())
    for row in sync.rows["virtual_machine"]:
        row.pop("cf_image")
    sync.run()
    gone, described = sync.rows["device_service"]
    (number,) = [row["id"] for row in lab.state.objects(SERVICES) if row["protocol"] == described["protocol"]][:1]
    lab.state.patch(SERVICES, number, {"description": "of the resolvers"})
    on_web = sync.rows.pop("vm_service")
    sync.rows["device_service"] = []
    plan = sync.run()
    told = {(row["name"], row["protocol"]): row["description"] for row in lab.state.objects(SERVICES)}
    assert told[gone["name"], gone["protocol"]] == NOTE
    assert told[described["name"], described["protocol"]] == "of the resolvers"
    assert {told[row["name"], row["protocol"]] for row in on_web} == {NOTE}
    assert "description 'of the resolvers' was set by a person" in held(plan)[described["source_key"]]
    assert not len(sync.plan().writes)
    sync.rows |= {"device_service": [gone, described], "vm_service": on_web}
    sync.run()
    assert NOTE not in {row["description"] for row in lab.state.objects(SERVICES)}
    assert sync.again() == 0


NO_PORTS = {"80, http": "http", "0": "0", "65536": "65536", "8 0": "8 0", "80,": ""}
"""Texts that are no ports, and what of them is none."""


@ONE_VERSION
def test_what_is_no_port_is_told_and_the_other_services_are_made(sync: Sync) -> None:
    for text in NO_PORTS:
        sync.rows["vm_service"].append({**sync.row("vm_service", "http"), "source_key": text, "name": text, "ports": text})
    _, refused = conform(sync.kinds, sync.wanted(), {})
    told = {row["source_key"]: (row["field"], row["reason"]) for row in refused["vm_service"].to_dict("records")}
    words = "is no port: ports are numbers from 1 to 65,535, parted by commas"
    assert told == {text: ("ports", f"{named!r} {words}") for text, named in NO_PORTS.items()}
    plan = sync.run()
    assert held(plan) == dict.fromkeys(NO_PORTS, "NetBox requires ports, and the record has none that it takes")
    assert len(sync.objects_of(SERVICES, "name")) == 3


@pytest.mark.slow
@ONE_VERSION
def test_links_are_taken_away_where_nothing_is_said_of_them_any_more(sync: Sync) -> None:
    owners = {
        **sync.policy.owners,
        "interface_links": dict.fromkeys(("parent", "bridge", "lag"), Ownership("source", clears=True)),
    }
    sync.policy = replace(sync.policy, owners=owners)
    sync.run()
    sync.row("interface_links", "eth1")["lag"] = None
    sync.row("interface_links", "bond0.20")["bridge"] = None
    sync.run()
    assert links_of(sync) == {"eth0": "bond0", "bond0.20": "bond0"}
    assert sync.again() == 0


REFUSED: list[tuple[str, str, Row, str]] = [
    ("interface_links", "eth0", {"lag": None, "parent": "bond0"}, "Only virtual interfaces"),
    ("interface_links", "bond0.20", {"parent": None, "bridge": None, "lag": "bond0"}, "Virtual interfaces cannot have"),
    ("virtual_machine", "web", {"status": "sleeping"}, "sleeping is not a valid choice"),
    ("interface", "br0", {"type": "warp"}, "warp is not a valid choice"),
    ("interface", "eth1", {"mtu": 70_000}, "less than or equal to 65536"),
]


@ONE_VERSION
def test_what_netbox_refuses_is_told_of_each_one_and_the_rest_is_done(sync: Sync) -> None:
    sync.run()
    for kind, key, change, _ in REFUSED:
        sync.row(kind, key).update(change)
    sync.row("vm_service", "http")["ports"] = "8080"
    outcomes = sync.apply(sync.plan()).values()
    failed = [str(outcome.detail) for outcome in outcomes if outcome.outcome == "failed"]
    assert len(failed) == len(REFUSED)
    assert all(any(words in detail for detail in failed) for *_, words in REFUSED)
    assert [outcome.outcome for outcome in outcomes if outcome.outcome != "failed"] == ["applied"]
    assert ([8080],) in sync.objects_of(SERVICES, "ports")


@ONE_VERSION
def test_a_cluster_that_may_have_been_made_is_found_with_its_site_and_without_one(lab: Lab) -> None:
    lab.state.create("dcim/sites", {"name": "Lisbon", "slug": "lisbon"})
    lab.state.create("virtualization/cluster-types", {"name": "Compose", "slug": "compose"})
    for name, scope in (("shop", {"scope_type": "dcim.site", "scope_id": 1}), ("h1-docker", {})):
        lab.state.create(CLUSTERS, {"name": name, "type": 1, **scope})
    fields: dict[str, tuple[str, ...]] = {"site": (), "cluster_type": (), "cluster": ("name", "type", "site")}
    sited, unsited = (declared({**fields, "cluster": fields["cluster"][:count]})["cluster"] for count in (3, 2))
    assert lab.target.find(sited, writes({"name": "shop", "type": "1", "site": "1"}))["name"].tolist() == ["shop"]
    assert lab.target.find(unsited, writes({"name": "h1-docker", "type": "1"}))["name"].tolist() == ["h1-docker"]


@ONE_VERSION
def test_sizes_of_batches_are_those_of_small_kinds(sync: Sync) -> None:
    sizes = {sync.netbox.target.batch_size(kind) for name, kind in sync.kinds.items() if (kind.facet_of or name) != "device"}
    assert sizes == {200}


def test_kinds_keep_to_what_they_are_without_a_sync_of_their_places() -> None:
    references = dict.fromkeys(("manufacturer", "device_type", "device_role", "site", "device"), ())
    kind = declared({**references, "virtual_machine": ("name", "device")})["virtual_machine"]
    assert [rule.fields for rule in kind.identity] == [("device", "name")]
    assert [unique.fields for unique in kind.unique] == [("device", "name")]
