"""VLAN ids, of which a group has each once, that move from one VLAN to another: no mark can be put at the end of a number."""

import pytest

from asset_sync.reconcile import plan as p
from asset_sync.systems.netbox import declared
from asset_sync_tests.systems.netbox.conftest import Lab
from asset_sync_tests.systems.netbox.syncs import Row, Sync

VLANS = "ipam/vlans"
MAPPED = {
    "site": ("name", "slug"),
    "vlan_group": ("name", "slug", "site", "vid_ranges"),
    "vlan": ("group", "vid", "name", "status"),
}
IDS = {"web": 1001, "db": 1002, "a": 1003, "b": 1004, "c": 1005}


def vlan(name: str, vid: int) -> Row:
    return {"source_key": name, "group": "blue", "vid": vid, "name": name, "status": "active"}


@pytest.fixture
def sync(lab: Lab) -> Sync:
    """A group of VLANs that are there already."""
    group = {"source_key": "blue", "name": "blue", "slug": "blue", "site": "Lisbon", "vid_ranges": "1000-1099"}
    rows = {
        "site": [{"source_key": "Lisbon", "name": "Lisbon", "slug": "lisbon"}],
        "vlan_group": [group],
        "vlan": [vlan(*each) for each in IDS.items()],
    }
    made = Sync(lab, declared(MAPPED), rows)
    made.run()
    return made


def ids(sync: Sync) -> dict[str, tuple[int, int]]:
    return {row["name"]: (row["id"], row["vid"]) for row in sync.netbox.state.objects(VLANS)}


@pytest.mark.parametrize("lab", ["4.6"], indirect=True)
def test_those_that_change_ids_among_themselves_go_by_free_ones_of_the_group(sync: Sync) -> None:
    before = ids(sync)
    swapped = {"web": 1002, "db": 1001, "a": 1004, "b": 1005, "c": 1003}
    for name, vid in swapped.items():
        sync.row("vlan", name)["vid"] = vid
    changes = [p.decode(row["changes"])["vid"] for row in p.records(sync.run().writes)]
    between = [change["new"] for change in changes if change["reason"] == "given up for the time being"]
    assert sorted(between) == [1006, 1007]
    assert ids(sync) == {name: (before[name][0], vid) for name, vid in swapped.items()}
    assert sync.again() == 0


@pytest.mark.parametrize("lab", ["4.6"], indirect=True)
def test_an_undo_gives_a_vlan_its_id_back_that_a_new_one_took(sync: Sync) -> None:
    sync.row("vlan", "web")["vid"] = 1009
    sync.rows["vlan"].append(vlan("x", 1001))
    plan = sync.plan()
    outcomes = sync.apply(plan)
    assert {each.outcome for each in outcomes.values()} == {"applied"}
    assert {each.outcome for each in sync.undo(plan, outcomes).values()} == {"applied"}
    assert ids(sync)["web"][1] == 1001
    assert ids(sync)["x"][1] == 1010
