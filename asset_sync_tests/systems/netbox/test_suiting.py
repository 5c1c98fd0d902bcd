"""What NetBox takes only where two objects suit each other: VLANs of a port's site, and ids of a group's ranges."""

from dataclasses import replace
from typing import Any

import pytest

from asset_sync.reconcile.merge import Owner, Ownership
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.sets import BETWEEN
from asset_sync.systems.netbox import declared
from asset_sync_tests.reconcile.lab import held
from asset_sync_tests.systems.netbox.conftest import Lab
from asset_sync_tests.systems.netbox.syncs import Row, Sync

pytestmark = pytest.mark.parametrize("lab", ["4.6"], indirect=True)

MAPPED: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("manufacturer", "site", "device_role"), ("name", "slug")),
    "device_type": ("manufacturer", "model", "slug"),
    "vlan_group": ("name", "slug", "site", "vid_ranges"),
    "vlan": ("group", "vid", "name", "description"),
    "device": ("name", "device_type", "role", "site"),
    "interface": ("device", "name", "type", "mode", "untagged_vlan", "tagged_vlans", "description"),
    "interface_links": ("lag",),
}
GROUPS, VLANS, DEVICES, INTERFACES = "ipam/vlan-groups", "ipam/vlans", "dcim/devices", "dcim/interfaces"


def _named(name: str) -> list[Row]:
    return [{"source_key": name, "name": name, "slug": name.lower()}]


def _vlan(name: str, vid: int) -> Row:
    return {"source_key": name, "group": "blue", "vid": vid, "name": name}


def _port(name: str, **more: Any) -> Row:
    return {"source_key": name, "device": "s1", "name": name, "type": "other", **more}


@pytest.fixture
def sync(lab: Lab) -> Sync:
    """A switch with a port of each sort: untagged, tagged, and without a VLAN."""
    rows = {
        "manufacturer": _named("Acme"),
        "site": _named("Lisbon"),
        "device_role": _named("Leaf"),
        "device_type": [{"source_key": "R1", "manufacturer": "Acme", "model": "R1", "slug": "r1"}],
        "vlan_group": [{"source_key": "blue", "name": "blue", "slug": "blue", "site": "Lisbon", "vid_ranges": "1000-1999"}],
        "vlan": [_vlan("web", 1001), _vlan("db", 1002)],
        "device": [{"source_key": "s1", "name": "s1", "device_type": "R1", "role": "Leaf", "site": "Lisbon"}],
        "interface": [
            _port("p1", mode="access", untagged_vlan="web"),
            _port("p2", mode="tagged", tagged_vlans="web"),
            _port("p3"),
            _port("lag", type="lag"),
        ],
    }
    made = Sync(lab, declared(MAPPED), rows)
    made = _owned(made, "device", site="initial")
    made.policy.owners["vlan"].pop("site", None)  # type: ignore[attr-defined]
    made.run()
    return made


def _owned(sync: Sync, kind: str, **owners: Owner) -> Sync:
    own = {**sync.policy.owners[kind], **{name: Ownership(owner) for name, owner in owners.items()}}
    sync.policy = replace(sync.policy, owners={**sync.policy.owners, kind: own})
    return sync


def _tried(sync: Sync) -> Plan:
    """Plan and apply; whatever is written, NetBox takes."""
    plan = sync.plan()
    outcomes = sync.apply(plan)
    assert [each.detail for each in outcomes.values() if each.outcome != "applied"] == []
    return plan


def _descriptions(sync: Sync, endpoint: str) -> dict[str, str]:
    return {row["name"]: row["description"] for row in sync.netbox.state.objects(endpoint)}


def test_ports_of_a_switch_that_a_person_put_into_another_site_are_held_and_the_rest_goes_on(sync: Sync) -> None:
    state = sync.netbox.state
    for row in state.objects(VLANS):
        state.patch(VLANS, row["id"], {"site": 1})
    porto = state.create("dcim/sites", {"name": "Porto", "slug": "porto"})["id"]
    state.patch(DEVICES, 1, {"site": porto})
    assert sync.again() == 0, "nothing is to be written, so that nothing is in the way"
    for port in ("p1", "p2", "p3"):
        sync.row("interface", port)["description"] = "told"
    sync.rows["interface_links"] = [{"source_key": "p1", "interface": "p1", "lag": "lag"}]
    plan = _tried(sync)
    assert _descriptions(sync, INTERFACES) == {"p1": "", "p2": "", "p3": "told", "lag": ""}
    why = "the target takes untagged_vlan 'blue web' only where both are in one site: its site is 'Lisbon', "
    why += "device.site here is 'Porto'"
    assert held(plan)["p1"].startswith(why)
    assert "take-source device s1 site" in held(plan)["p1"]
    assert "tagged_vlans 'blue web'" in held(plan)["p2"]
    assert plan.held["kind"].tolist() == ["interface", "interface", "interface_links"]
    state.patch(DEVICES, 1, {"site": 1})
    assert not len(_tried(sync).held)
    assert _descriptions(sync, INTERFACES) == {"p1": "told", "p2": "told", "p3": "told", "lag": ""}
    assert sync.again() == 0


def _in_another_site(sync: Sync) -> int:
    """Put the VLAN db into another site, as a person may whose groups are of none; return its id."""
    state = sync.netbox.state
    porto = state.create("dcim/sites", {"name": "Porto", "slug": "porto"})["id"]
    state.patch(GROUPS, 1, {"scope_type": None, "scope_id": None})
    (db,) = [row["id"] for row in state.objects(VLANS) if row["name"] == "db"]
    state.patch(VLANS, db, {"site": porto})
    sync.policy.owners["vlan_group"].pop("site", None)  # type: ignore[attr-defined]
    return int(db)


def test_a_vlan_of_another_site_is_left_out_and_the_port_goes_on(sync: Sync) -> None:
    state, db = sync.netbox.state, _in_another_site(sync)
    sync.row("interface", "p1").update(untagged_vlan="db", description="told")
    sync.rows["interface"].append(_port("p4", mode="tagged", tagged_vlans="db", description="told"))
    plan = _tried(sync)
    assert held(plan)["p1"].startswith("the target takes untagged_vlan 'blue db' only where both are in one site")
    assert held(plan).keys() == {"p1", "p4"}
    assert _descriptions(sync, INTERFACES) | {"p2": "", "p3": ""} == {"p1": "told", "p2": "", "p3": "", "p4": "told", "lag": ""}
    assert not len(sync.plan().writes)
    state.patch(VLANS, db, {"site": None})
    _tried(sync)
    carried = {row["name"]: (row["untagged_vlan"], row["tagged_vlans"]) for row in state.objects(INTERFACES)}
    assert (carried["p1"], carried["p4"]) == ((db, ()), (None, (db,)))
    assert sync.again() == 0


@pytest.mark.slow
def test_of_several_vlans_the_one_of_another_site_is_held_alone(sync: Sync) -> None:
    state, db = sync.netbox.state, _in_another_site(sync)
    sync.rows["vlan"] += [_vlan("mail", 1003), _vlan("old", 1004)]
    sync.row("interface", "p2")["tagged_vlans"] = BETWEEN.join(("web", "db", "mail"))
    sync.rows["interface"].append(_port("p4", mode="tagged", tagged_vlans=BETWEEN.join(("db", "web"))))
    plan = _tried(sync)
    why = "the target takes tagged_vlans 'blue db' only where both are in one site"
    assert held(plan).keys() == {"p2", "p4"}
    assert all(each.startswith(why) for each in held(plan).values())
    assert _tagged(sync) == {"p1": set(), "p2": {"web", "mail"}, "p3": set(), "lag": set(), "p4": {"web"}}
    assert not len(sync.plan().writes)
    # What goes goes, as far as nothing waits to come in its place.
    sync.row("interface", "p2")["tagged_vlans"] = BETWEEN.join(("mail", "old"))
    assert held(_tried(sync)).keys() == {"p4"}
    assert _tagged(sync)["p2"] == {"mail", "old"}
    state.patch(VLANS, db, {"site": None})
    assert not len(_tried(sync).held)
    assert _tagged(sync)["p4"] == {"web", "db"}
    assert sync.again() == 0


def _tagged(sync: Sync) -> dict[str, set[str]]:
    names = {row["id"]: row["name"] for row in sync.netbox.state.objects(VLANS)}
    found = sync.netbox.state.objects(INTERFACES)
    return {row["name"]: {names[number] for number in row["tagged_vlans"]} for row in found}


def test_a_vlan_id_outside_of_its_groups_ranges_is_held_and_what_needs_it_waits(sync: Sync) -> None:
    sync.row("vlan", "db").update(vid=2002, description="told")
    sync.rows["vlan"].append(_vlan("new", 2003))
    sync.row("interface", "p1")["untagged_vlan"] = "new"
    plan = _tried(sync)
    why = (
        "the target takes group 'blue' only where the VLAN id is in the group's ranges: "
        "its vid_ranges is 1000-1999, vid here is 2002"
    )
    assert held(plan)["db"].startswith(why)
    assert held(plan)["new"].startswith(why.replace("2002", "2003"))
    assert held(plan)["p1"].startswith("waits for vlan")
    assert _descriptions(sync, VLANS) == {"web": "", "db": "told"}
    assert not len(sync.plan().writes)
    sync.row("vlan_group", "blue")["vid_ranges"] = "1000-1999, 2002-2003"
    assert not len(_tried(sync).held), "what the same plan writes counts"
    assert sync.again() == 0


def test_vlans_that_a_person_shut_out_of_their_group_are_held_with_all_that_is_to_be_written_to_them(sync: Sync) -> None:
    sync = _owned(sync, "vlan_group", vid_ranges="shared")
    sync.netbox.state.patch(GROUPS, 1, {"vid_ranges": [[1002, 1999]]})
    assert not len(sync.plan().writes)
    for name in ("web", "db"):
        sync.row("vlan", name)["description"] = "told"
    plan = _tried(sync)
    assert _descriptions(sync, VLANS) == {"web": "", "db": "told"}
    assert held(plan).keys() == {"web"}
    assert "take-source vlan_group blue vid_ranges" in held(plan)["web"]
