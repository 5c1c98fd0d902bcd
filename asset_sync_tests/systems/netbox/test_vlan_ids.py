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


def narrow(sync: Sync, ranges: str) -> None:
    sync.row("vlan_group", "blue")["vid_ranges"] = ranges
    sync.run()


def held(sync: Sync) -> dict[str, str]:
    return {row["source_key"]: row["hold"] for row in p.records(sync.plan().operations) if row["hold"]}


@pytest.mark.parametrize("lab", ["4.6"], indirect=True)
def test_where_no_id_of_the_group_is_free_those_that_swap_wait_and_the_rest_goes_on(sync: Sync) -> None:
    narrow(sync, "1001-1005")
    before = ids(sync)
    sync.row("vlan", "web")["vid"], sync.row("vlan", "db")["vid"] = 1002, 1001
    sync.row("vlan", "web")["status"] = sync.row("vlan", "a")["status"] = "reserved"
    plan = sync.plan()
    assert {each.outcome for each in sync.apply(plan).values()} == {"applied"}
    assert ids(sync) == before
    assert sync.objects_of(VLANS, "name", "status")[0] == ("a", "reserved")
    assert sync.objects_of(VLANS, "name", "status")[-1] == ("web", "reserved")
    ring = ", ".join(f"#{number}" for number in sorted(before[name][0] for name in ("web", "db")))
    for name in ("web", "db"):
        assert f"vlan {ring} change vid among themselves" in held(sync)[name]
        assert "change that vlan_group's vid_ranges in the source" in held(sync)[name]
    assert len(sync.run().writes) == 0


@pytest.mark.parametrize("lab", ["4.6"], indirect=True)
def test_a_group_that_gets_an_id_more_lets_those_that_wait_swap(sync: Sync) -> None:
    narrow(sync, "1001-1005")
    before = ids(sync)
    sync.row("vlan", "web")["vid"], sync.row("vlan", "db")["vid"] = 1002, 1001
    sync.run()
    # Below all of them: what is free above them is of no group.
    narrow(sync, "1000-1005")
    assert ids(sync) == before | {"web": (before["web"][0], 1002), "db": (before["db"][0], 1001)}
    assert sync.again() == 0


@pytest.mark.parametrize("lab", ["4.6"], indirect=True)
def test_ids_of_another_group_are_free(sync: Sync) -> None:
    narrow(sync, "1001-1006")
    green = {"source_key": "green", "name": "green", "slug": "green", "site": "Lisbon", "vid_ranges": "1000-1099"}
    sync.rows["vlan_group"].append(green)
    sync.rows["vlan"].append(vlan("other", 1006) | {"group": "green"})
    sync.run()
    sync.row("vlan", "web")["vid"], sync.row("vlan", "db")["vid"] = 1002, 1001
    sync.run()
    assert (ids(sync)["web"][1], ids(sync)["db"][1]) == (1002, 1001)


@pytest.mark.parametrize("lab", ["4.6"], indirect=True)
def test_those_out_of_service_make_way_one_by_one_where_one_id_is_free(sync: Sync) -> None:
    narrow(sync, "1001-1006")
    before = ids(sync)
    sync.rows["vlan"] = [row for row in sync.rows["vlan"] if row["source_key"] not in ("web", "db")]
    sync.run()
    sync.pass_day()
    sync.run()
    sync.row("vlan", "a")["vid"], sync.row("vlan", "b")["vid"] = 1001, 1002
    (waiting,) = held(sync)
    assert "which is out of service: give that another by hand" in held(sync)[waiting]
    outcomes = sync.apply(sync.plan())
    assert {each.outcome for each in outcomes.values()} == {"applied"}
    # What the other one left is free by now.
    sync.run()
    assert (ids(sync)["a"], ids(sync)["b"]) == ((before["a"][0], 1001), (before["b"][0], 1002))
    assert {ids(sync)[name][1] for name in ("web", "db")} < {1003, 1004, 1006}
    assert held(sync) == {}
    assert sync.again() == 0
