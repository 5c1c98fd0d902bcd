"""Groups of VLANs, VLANs, VRFs, prefixes, ranges and addresses of VRFs: whole syncs into a NetBox, day after day."""

from dataclasses import replace
from typing import Any

import pytest

from asset_sync.reconcile.merge import Ownership
from asset_sync.reconcile.sets import one_set
from asset_sync.systems.netbox import conform, declared, observe
from asset_sync.systems.netbox.fabric_kinds import canonical_address, canonical_ranges
from asset_sync_tests.reconcile.lab import held, ops
from asset_sync_tests.systems.netbox.conftest import Lab
from asset_sync_tests.systems.netbox.syncs import Row, Sync

ONE_VERSION = pytest.mark.parametrize("lab", ["4.6"], indirect=True)
"""For what the versions of NetBox do alike."""
MAPPED: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("manufacturer", "site", "tenant", "device_role"), ("name", "slug")),
    "device_type": ("manufacturer", "model", "slug"),
    "vrf": ("name", "rd", "enforce_unique", "tenant"),
    "vlan_group": ("name", "slug", "site", "vid_ranges", "description"),
    "vlan": ("group", "vid", "name", "status", "tenant", "description"),
    "prefix": ("prefix", "vrf", "status", "vlan", "site", "tenant", "description"),
    "ip_range": ("start_address", "end_address", "vrf", "status", "description"),
    "device": ("name", "device_type", "role", "site", "status"),
    "interface": ("device", "name", "type", "mode", "untagged_vlan", "vrf"),
    "ip_address": ("address", "vrf", "interface", "status"),
    "device_primary_ip": ("primary_ip4",),
}
VRFS, GROUPS, VLANS = "ipam/vrfs", "ipam/vlan-groups", "ipam/vlans"
PREFIXES, RANGES, ADDRESSES = "ipam/prefixes", "ipam/ip-ranges", "ipam/ip-addresses"
INTERFACES, DEVICES = "dcim/interfaces", "dcim/devices"


def _named(name: str) -> list[Row]:
    return [{"source_key": name, "name": name, "slug": name.lower()}]


def _source() -> dict[str, list[Row]]:
    """A VPC of two subnets in each of two namespaces of equal addresses, and a switch with a port in one of them."""
    subnets = [("blue", "web", 1001), ("blue", "db", 1002), ("red", "web", 1001)]
    on_switch = {"device": "s1", "type": "other"}
    nets = {"web": "10.1.1", "db": "10.1.2"}
    return {
        "manufacturer": _named("Acme"),
        "site": _named("Lisbon"),
        "tenant": _named("Ten"),
        "device_role": _named("Leaf"),
        "device_type": [{"source_key": "R1", "manufacturer": "Acme", "model": "R1", "slug": "r1"}],
        "vrf": [
            {"source_key": name, "name": name, "rd": rd, "enforce_unique": True, "tenant": "Ten"}
            for name, rd in (("blue", "65000:1"), ("red", None))
        ],
        "vlan_group": [
            {"source_key": name, "name": name, "slug": name, "site": "Lisbon", "vid_ranges": "1000-2999, 3100"}
            for name in ("blue", "red")
        ],
        "vlan": [
            {"source_key": f"{vrf}/{name}", "group": vrf, "vid": vid, "name": name, "status": "active", "tenant": "Ten"}
            for vrf, name, vid in subnets
        ],
        "prefix": [
            {
                "source_key": f"{vrf}/{name}",
                "prefix": f"{nets[name]}.0/24",
                "vrf": vrf,
                "status": "active",
                "vlan": f"{vrf}/{name}",
                "site": "Lisbon",
            }
            for vrf, name, _ in subnets
        ],
        "ip_range": [
            {
                "source_key": f"{vrf}/{name}",
                "start_address": f"{nets[name]}.10/24",
                "end_address": f"{nets[name]}.99/24",
                "vrf": vrf,
                "status": "active",
                "description": "DHCP",
            }
            for vrf, name, _ in subnets
        ],
        "device": [
            {"source_key": "s1", "name": "s1", "device_type": "R1", "role": "Leaf", "site": "Lisbon", "status": "active"}
        ],
        "interface": [
            {"source_key": "p1", **on_switch, "name": "E1/1", "mode": "access", "untagged_vlan": "blue/web"},
            {"source_key": "p2", **on_switch, "name": "E1/2", "vrf": "red"},
        ],
        "ip_address": [
            {"source_key": f"{vrf}/gw", "address": "10.1.1.1/24", "vrf": vrf, "interface": port, "status": "active"}
            for vrf, port in (("blue", "p1"), ("red", "p2"))
        ],
        "device_primary_ip": [{"source_key": "s1", "device": "s1", "primary_ip4": "blue/gw"}],
    }


@pytest.fixture
def sync(lab: Lab) -> Sync:
    return Sync(lab, declared(MAPPED), _source())


def test_all_kinds_are_created_each_once_and_again_writes_nothing(sync: Sync) -> None:
    sync.run()
    assert sync.objects_of(VRFS, "name", "rd", "enforce_unique", "tenant") == [
        ("blue", "65000:1", True, 1),
        ("red", None, True, 1),
    ]
    ranges = ((1000, 2999), (3100, 3100))
    found = sync.objects_of(GROUPS, "name", "scope_type", "scope_id", "vid_ranges")
    assert found == [(name, "dcim.site", 1, ranges) for name in ("blue", "red")]
    assert sync.objects_of(VLANS, "name", "vid", "group", "status") == [
        ("db", 1002, 1, "active"),
        ("web", 1001, 1, "active"),
        ("web", 1001, 2, "active"),
    ]
    assert _told(sync, PREFIXES, "prefix", "scope_id") == [
        ("blue", "10.1.1.0/24", 1),
        ("blue", "10.1.2.0/24", 1),
        ("red", "10.1.1.0/24", 1),
    ]
    assert _told(sync, RANGES, "start_address", "end_address") == [
        ("blue", "10.1.1.10/24", "10.1.1.99/24"),
        ("blue", "10.1.2.10/24", "10.1.2.99/24"),
        ("red", "10.1.1.10/24", "10.1.1.99/24"),
    ]
    assert _told(sync, ADDRESSES, "address", "assigned_object_id") == [("blue", "10.1.1.1/24", 1), ("red", "10.1.1.1/24", 2)]
    assert sync.objects_of(INTERFACES, "name", "mode", "untagged_vlan") == [("E1/1", "access", 2), ("E1/2", None, None)]
    assert _told(sync, INTERFACES, "name")[-1] == ("red", "E1/2")
    assert sync.objects_of(DEVICES, "primary_ip4") == [(1,)]
    assert sync.again() == 0


def _told(sync: Sync, endpoint: str, *names: str) -> list[tuple[Any, ...]]:
    """Return what the objects there have of those fields, behind the names of their VRFs."""
    vrfs = {row["id"]: row["name"] for row in sync.netbox.state.objects(VRFS)}
    found = ((vrfs.get(vrf, ""), *values) for vrf, *values in sync.objects_of(endpoint, "vrf", *names))
    return sorted(found, key=str)


@ONE_VERSION
def test_what_is_there_is_recognised_in_its_own_vrf_and_group(sync: Sync) -> None:
    sync.run()
    forgotten = Sync(sync.netbox, sync.kinds, _source())
    assert {op for op, *_ in ops(forgotten.plan())} == {"claim"}


@pytest.mark.slow
@ONE_VERSION
def test_a_range_that_grows_is_the_same_and_an_undo_gives_back_what_was_there(sync: Sync) -> None:
    sync.run()
    before = _contents(sync)
    changes: list[tuple[str, str, str, Any]] = [
        ("ip_range", "blue/web", "end_address", "10.1.1.120/24"),
        ("vlan", "blue/web", "vid", 1500),
        ("vlan_group", "red", "vid_ranges", "1000-1999"),
        ("vrf", "red", "rd", "65000:2"),
        ("prefix", "blue/db", "vlan", "blue/web"),
        ("interface", "p1", "untagged_vlan", "blue/db"),
    ]
    for kind, key, name, value in changes:
        sync.row(kind, key)[name] = value
    plan = sync.plan()
    outcomes = sync.apply(plan)
    assert {outcome.outcome for outcome in outcomes.values()} == {"applied"}
    assert sorted(name for _, _, fields, _ in ops(plan) for name in fields) == sorted(name for _, _, name, _ in changes)
    assert ("blue", "10.1.1.10/24", "10.1.1.120/24") in _told(sync, RANGES, "start_address", "end_address")
    assert sync.objects_of(VLANS, "name", "vid", "group")[1] == ("web", 1001, 2)
    assert sync.objects_of(GROUPS, "vid_ranges") == [(((1000, 1999),),), (((1000, 2999), (3100, 3100)),)]
    assert sync.again() == 0
    assert {outcome.outcome for outcome in sync.undo(plan, outcomes).values()} == {"applied"}
    assert _contents(sync) == before


def _contents(sync: Sync) -> list[list[Row]]:
    endpoints = (VRFS, GROUPS, VLANS, PREFIXES, RANGES, INTERFACES)
    return [[{k: v for k, v in row.items() if k != "last_updated"} for row in sync.netbox.state.objects(e)] for e in endpoints]


@pytest.mark.slow
@ONE_VERSION
def test_what_is_gone_is_deprecated_and_active_when_it_is_back(sync: Sync) -> None:
    sync.run()
    kinds = {"ip_range": RANGES, "prefix": PREFIXES, "vlan": VLANS}
    gone = {name: sync.rows[name].pop() for name in kinds}
    sync.run()
    assert [sync.objects_of(endpoint, "status")[-1] for endpoint in kinds.values()] == [("deprecated",)] * 3
    for name, row in gone.items():
        sync.rows[name].append(row)
    sync.run()
    assert {status for endpoint in kinds.values() for status in sync.objects_of(endpoint, "status")} == {("active",)}


@pytest.mark.slow
@ONE_VERSION
def test_vlans_that_change_ids_do_so_in_an_order_that_netbox_takes(sync: Sync) -> None:
    sync.run()
    sync.row("vlan", "blue/web")["vid"] = 1002
    sync.row("vlan", "blue/db")["vid"] = 1003
    sync.run()
    assert sync.objects_of(VLANS, "name", "vid", "group")[:2] == [("db", 1003, 1), ("web", 1001, 2)]
    assert sync.again() == 0


@ONE_VERSION
def test_the_global_table_is_left_alone_where_vrfs_are_mapped_and_they_where_they_are_not(lab: Lab) -> None:
    lab.state.create(VRFS, {"name": "blue"})
    for vrf in (None, 1):
        lab.state.create(PREFIXES, {"prefix": "10.1.1.0/24", "vrf": vrf})
        lab.state.create(RANGES, {"start_address": "10.1.1.1/24", "end_address": "10.1.1.9/24", "vrf": vrf})
    mapped: dict[str, tuple[str, ...]] = {
        "vrf": ("name",),
        "prefix": ("prefix", "vrf"),
        "ip_range": ("start_address", "end_address", "vrf"),
    }
    seen = observe(lab.client, declared(mapped))
    assert [seen[name]["vrf"].tolist() for name in ("prefix", "ip_range")] == [["1"], ["1"]]
    plain: dict[str, tuple[str, ...]] = {"prefix": ("prefix",), "ip_range": ("start_address", "end_address")}
    seen = observe(lab.client, declared(plain))
    assert [seen[name]["id"].tolist() for name in ("prefix", "ip_range")] == [["1"], ["1"]]
    assert "vrf" not in seen["prefix"]


@ONE_VERSION
def test_groups_without_a_site_are_known_by_their_names(lab: Lab) -> None:
    lab.state.create("dcim/sites", {"name": "Lisbon", "slug": "lisbon"})
    lab.state.create(GROUPS, {"name": "blue", "slug": "blue", "scope_type": "dcim.site", "scope_id": 1})
    rows = {"vlan_group": [{"source_key": name, "name": name, "slug": name, "vid_ranges": "5"} for name in ("blue", "red")]}
    sync = Sync(lab, declared({"vlan_group": ("name", "slug", "vid_ranges")}), rows)
    sync.run()
    assert sync.objects_of(GROUPS, "name", "vid_ranges") == [("blue", ((5, 5),)), ("red", ((5, 5),))]


@ONE_VERSION
def test_what_names_no_vlan_ids_is_told_and_the_rest_is_done(sync: Sync) -> None:
    told = {"web": "'web'", "0-5": "'0-5'", "7-6": "'7-6'", "4000-4095": "'4000-4095'", "1-2-3": "'1-2-3'", "": None}
    sync.rows["vlan_group"] += [
        {"source_key": f"g{text}", "name": f"g{text}", "slug": f"g{at}", "site": "Lisbon", "vid_ranges": text or None}
        for at, text in enumerate(told)
    ]
    _, refused = conform(sync.kinds, sync.wanted(), {})
    rows = refused["vlan_group"].to_dict("records")
    assert {row["source_key"]: row["field"] for row in rows} == {f"g{text}": "vid_ranges" for text in told if text}
    assert all(str(told[row["value"]]) in row["reason"] for row in rows)
    sync.run()
    assert sync.objects_of(GROUPS, "name", "vid_ranges")[-1] == ("red", ((1000, 2999), (3100, 3100)))
    assert ("g", ((1, 4094),)) in sync.objects_of(GROUPS, "name", "vid_ranges")


@ONE_VERSION
def test_a_record_without_a_vrf_is_not_made_where_vrfs_are_mapped(sync: Sync) -> None:
    sync.row("prefix", "blue/db")["vrf"] = None
    plan = sync.run()
    assert list(held(plan)) == ["blue/db"]
    assert len(sync.objects_of(PREFIXES, "id")) == 2


@pytest.mark.parametrize(
    ("given", "canonical"),
    [
        ("3100, 1000 - 2999", "1000-2999, 3100"),
        ("1-10, 5-20, 21", "1-21"),
        ("7-7", "7"),
        ("10-20, 22", "10-20, 22"),
        ("web", "web"),
        ("5-4095", "5-4095"),
    ],
)
def test_ranges_of_vlan_ids_have_one_form(given: str, canonical: str) -> None:
    assert canonical_ranges(given) == canonical


@pytest.mark.parametrize(
    ("given", "canonical"),
    [
        ("10.1.1.0/24", "10.1.1.0/24"),
        ("10.1.1.7", "10.1.1.7/32"),
        ("2001:DB8:0:0::/64", "2001:db8::/64"),
        ("10.1.1.300", "10.1.1.300"),
    ],
)
def test_addresses_have_the_form_of_netbox(given: str, canonical: str) -> None:
    assert canonical_address(given) == canonical


# Ports that carry several VLANs.


def _trunk(sync: Sync, *vlans: str, **more: Any) -> None:
    """Have the second port carry those VLANs, by key."""
    sync.row("interface", "p2").update({"vrf": None, "mode": "tagged", "tagged_vlans": one_set(vlans), **more})


def _carried(sync: Sync) -> dict[str, set[int]]:
    return {row["name"]: set(row["tagged_vlans"]) for row in sync.netbox.state.objects(INTERFACES)}


@pytest.fixture
def trunks(lab: Lab) -> Sync:
    return Sync(lab, declared(MAPPED | {"interface": (*MAPPED["interface"], "tagged_vlans")}), _source())


@pytest.mark.slow
def test_vlans_are_made_before_a_port_carries_them_and_again_writes_nothing(trunks: Sync) -> None:
    _trunk(trunks, "red/web", "blue/db")
    trunks.run()
    ids = {(row["group"], row["name"]): row["id"] for row in trunks.netbox.state.objects(VLANS)}
    assert _carried(trunks) == {"E1/1": set(), "E1/2": {ids[1, "db"], ids[2, "web"]}}
    assert trunks.again() == 0
    _trunk(trunks, "blue/db", "blue/web")
    plan = trunks.plan()
    trunks.undo(plan, trunks.apply(plan))
    assert _carried(trunks)["E1/2"] == {ids[1, "db"], ids[2, "web"]}


@pytest.mark.slow
@ONE_VERSION
def test_a_port_that_leaves_its_mode_says_that_it_carries_nothing_any_more(trunks: Sync) -> None:
    _trunk(trunks, "red/web")
    trunks.run()
    _trunk(trunks, mode="access")
    (outcome,) = trunks.apply(trunks.plan()).values()
    assert "Interface mode does not support tagged vlans" in str(outcome.detail)
    own = trunks.policy.owners["interface"]
    trunks.policy = replace(
        trunks.policy, owners={**trunks.policy.owners, "interface": {**own, "tagged_vlans": Ownership("source", clears=True)}}
    )
    trunks.run()
    assert trunks.objects_of(INTERFACES, "name", "mode", "tagged_vlans")[-1] == ("E1/2", "access", ())
    assert trunks.again() == 0


@ONE_VERSION
def test_a_vlan_that_netbox_refuses_is_left_out_and_the_port_is_made(trunks: Sync) -> None:
    trunks.rows["vlan"], later = trunks.rows["vlan"][::2], trunks.rows["vlan"][1]
    trunks.run()
    trunks.rows["vlan"].append(later)
    _trunk(trunks, "red/web", "blue/db")
    plan = trunks.plan()
    for group in trunks.netbox.state.objects(GROUPS):
        trunks.netbox.state.patch(GROUPS, group["id"], {"vid_ranges": [[3100, 3100]]})
    outcomes = trunks.apply(plan)
    assert [o.detail for o in outcomes.values() if o.instead] == [
        "without vlan: needs vlan 'blue/db', which was not created",
        "stored without vlan 'blue/db', which was not created",
    ]
    assert len(_carried(trunks)["E1/2"]) == 1
