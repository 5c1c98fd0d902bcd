"""Cables between interfaces: drawn once whatever the order of their ends, moved end by end, and left to who drew them."""

from typing import Any

import pytest

from asset_sync.systems.netbox import declared, observe
from asset_sync_tests.reconcile.lab import held, ops
from asset_sync_tests.systems.netbox.conftest import Lab
from asset_sync_tests.systems.netbox.syncs import Row, Sync

ONE_VERSION = pytest.mark.parametrize("lab", ["4.6"], indirect=True)
"""For what the versions of NetBox do alike."""
MAPPED: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("manufacturer", "site", "device_role"), ("name", "slug")),
    "device_type": ("manufacturer", "model", "slug"),
    "device": ("name", "device_type", "role", "site", "status"),
    "interface": ("device", "name", "type"),
    "cable": ("a_interface", "b_interface", "type", "status", "label"),
}
CABLES, INTERFACES = "dcim/cables", "dcim/interfaces"


def _source() -> dict[str, list[Row]]:
    """Two switches of four ports, the first of which are cabled to each other."""
    return {
        "manufacturer": [{"source_key": "Acme", "name": "Acme", "slug": "acme"}],
        "site": [{"source_key": "Lisbon", "name": "Lisbon", "slug": "lisbon"}],
        "device_role": [{"source_key": "Leaf", "name": "Leaf", "slug": "leaf"}],
        "device_type": [{"source_key": "R1", "manufacturer": "Acme", "model": "R1", "slug": "r1"}],
        "device": [
            {"source_key": name, "name": name, "device_type": "R1", "role": "Leaf", "site": "Lisbon", "status": "active"}
            for name in ("s1", "s2")
        ],
        "interface": [
            {"source_key": f"{name}/{port}", "device": name, "name": f"E{port}", "type": "other"}
            for name in ("s1", "s2")
            for port in range(4)
        ],
        "cable": [_cable("c0", "s2/0", "s1/0"), _cable("c1", "s1/1", "s2/1")],
    }


def _cable(key: str, one: str, other: str) -> Row:
    return {"source_key": key, "a_interface": one, "b_interface": other, "type": "cat6", "status": "connected", "label": key}


@pytest.fixture
def sync(lab: Lab) -> Sync:
    return Sync(lab, declared(MAPPED), _source())


def _cabled(sync: Sync) -> dict[str, tuple[int, ...]]:
    """Return the interfaces of each cable by its label, in order."""
    found = sync.netbox.state.objects(CABLES)
    return {row["label"]: tuple(sorted(end[1] for side in "ab" for end in row[f"{side}_terminations"])) for row in found}


def _id(sync: Sync, key: str) -> int:
    """Return the id of a port, by the key of its record."""
    device, port = key.split("/")
    (found,) = (
        row["id"]
        for row in sync.netbox.state.objects(INTERFACES)
        if (row["device"], row["name"]) == (int(device[1:]), f"E{port}")
    )
    return int(found)


def _wanted(sync: Sync, *keys: str) -> tuple[int, ...]:
    return tuple(sorted(_id(sync, key) for key in keys))


def test_a_cable_is_drawn_once_whatever_the_order_of_its_ends(sync: Sync) -> None:
    sync.run()
    assert _cabled(sync) == {"c0": _wanted(sync, "s1/0", "s2/0"), "c1": _wanted(sync, "s1/1", "s2/1")}
    assert sync.again() == 0
    for key in ("c0", "c1"):
        row = sync.row("cable", key)
        row["a_interface"], row["b_interface"] = row["b_interface"], row["a_interface"]
    assert sync.again() == 0


@pytest.mark.slow
@ONE_VERSION
def test_a_cable_that_is_plugged_elsewhere_is_moved_an_end_at_a_time(sync: Sync) -> None:
    sync.run()
    ids = {row["label"]: row["id"] for row in sync.netbox.state.objects(CABLES)}
    for changed in ({"b_interface": "s1/3"}, {"a_interface": "s2/3"}, {"a_interface": "s1/2", "b_interface": "s2/2"}):
        sync.row("cable", "c0").update(changed)
        sync.run()
        row = sync.row("cable", "c0")
        assert _cabled(sync)["c0"] == _wanted(sync, row["a_interface"], row["b_interface"])
        assert sync.again() == 0
    assert {row["label"]: row["id"] for row in sync.netbox.state.objects(CABLES)} == ids


@ONE_VERSION
def test_cables_that_somebody_drew_are_recognised_by_both_ends_and_never_moved(sync: Sync) -> None:
    cables, sync.rows["cable"] = sync.rows["cable"], []
    sync.run()
    for label, one, other in (("mine", "s2/0", "s1/0"), ("other", "s1/1", "s2/3")):
        sync.netbox.state.create(CABLES, {**_drawn(_id(sync, one), _id(sync, other)), "label": label, "type": "cat6"})
    sync.rows["cable"] = [{**row, "label": None} for row in cables]
    plan = sync.run()
    assert held(plan) == {"c1": "interface 's1 E1' is on cable #2 (other) already, which is not of this sync"}
    assert [op for op, key, *_ in ops(plan) if key == "c0"] == ["claim"]
    assert _cabled(sync) == {"mine": _wanted(sync, "s1/0", "s2/0"), "other": _wanted(sync, "s1/1", "s2/3")}


def _drawn(one: int, other: int) -> dict[str, Any]:
    ends = {"a_terminations": one, "b_terminations": other}
    return {side: [{"object_type": "dcim.interface", "object_id": number}] for side, number in ends.items()}


@ONE_VERSION
def test_a_cable_that_lost_an_end_is_repaired_and_one_that_fans_out_is_none_of_ours(sync: Sync) -> None:
    sync.run()
    sync.netbox.state.delete(INTERFACES, _id(sync, "s1/0"))
    fan = {**_drawn(_id(sync, "s1/2"), _id(sync, "s2/2"))}
    fan["b_terminations"] += _drawn(_id(sync, "s2/3"), 0)["a_terminations"]
    sync.netbox.state.create(CABLES, {**fan, "label": "fan"})
    assert len(observe(sync.netbox.client, sync.kinds)["cable"]) == 2
    sync.row("cable", "c0")["b_interface"] = "s1/3"
    sync.rows["interface"] = [row for row in sync.rows["interface"] if row["source_key"] != "s1/0"]
    sync.run()
    assert _cabled(sync)["c0"] == _wanted(sync, "s1/3", "s2/0")


@ONE_VERSION
def test_cables_that_are_gone_are_being_decommissioned(sync: Sync) -> None:
    sync.run()
    sync.rows["cable"].pop()
    sync.run()
    assert sync.objects_of(CABLES, "label", "status") == [("c0", "connected"), ("c1", "decommissioning")]


@ONE_VERSION
def test_a_cable_that_takes_what_another_leaves_follows_it(sync: Sync) -> None:
    sync.run()
    sync.row("cable", "c0")["a_interface"] = "s2/1"
    sync.row("cable", "c1")["b_interface"] = "s2/3"
    plan = sync.plan()
    outcomes = sync.apply(plan)
    assert _cabled(sync) == {"c0": _wanted(sync, "s1/0", "s2/1"), "c1": _wanted(sync, "s1/1", "s2/3")}
    assert sync.again() == 0
    sync.undo(plan, outcomes)
    assert _cabled(sync) == {"c0": _wanted(sync, "s1/0", "s2/0"), "c1": _wanted(sync, "s1/1", "s2/1")}


@ONE_VERSION
def test_cables_that_change_ends_wait_until_a_person_frees_one_and_the_rest_goes_on(sync: Sync) -> None:
    sync.run()
    before = _cabled(sync)
    sync.row("cable", "c0").update(a_interface="s2/1", type="cat7")
    sync.row("cable", "c1")["b_interface"] = "s2/0"
    sync.rows["cable"].append(_cable("c2", "s1/2", "s2/2"))
    why = held(sync.run())
    assert set(why) == {"c0", "c1"}
    assert all(each.startswith("cable #1, #2 change ends among themselves") for each in why.values())
    assert _cabled(sync) == {**before, "c2": _wanted(sync, "s1/2", "s2/2")}
    assert sync.objects_of(CABLES, "label", "type")[0] == ("c0", "cat7")
    sync.netbox.state.patch(CABLES, 2, _drawn(_id(sync, "s1/1"), _id(sync, "s2/3")))
    assert held(sync.run()) == {}
    assert _cabled(sync)["c0"] == _wanted(sync, "s1/0", "s2/1")
    assert _cabled(sync)["c1"] == _wanted(sync, "s1/1", "s2/0")
    assert sync.again() == 0


@ONE_VERSION
def test_a_new_cable_goes_where_another_leaves(sync: Sync) -> None:
    sync.run()
    sync.row("cable", "c0")["a_interface"] = "s2/3"
    sync.rows["cable"].append(_cable("c2", "s2/0", "s1/3"))
    assert held(sync.run()) == {}
    assert _cabled(sync)["c2"] == _wanted(sync, "s2/0", "s1/3")
    assert sync.again() == 0


@pytest.mark.slow
@ONE_VERSION
@pytest.mark.parametrize("runs", [0, 3], ids=["at once", "after it was retired"])
def test_a_new_cable_takes_over_the_one_at_its_port_whose_record_is_gone(sync: Sync, runs: int) -> None:
    sync.run()
    before = {row["label"]: row["id"] for row in sync.netbox.state.objects(CABLES)}
    sync.rows["cable"] = [sync.row("cable", "c0")]
    for _ in range(runs):
        sync.run()
    sync.rows["cable"].append(_cable("c9", "s1/3", "s2/1"))
    assert held(sync.run()) == {}
    assert _cabled(sync) == {"c0": _wanted(sync, "s1/0", "s2/0"), "c9": _wanted(sync, "s1/3", "s2/1")}
    found = {row["label"]: (row["id"], row["status"]) for row in sync.netbox.state.objects(CABLES)}
    assert found == {"c0": (before["c0"], "connected"), "c9": (before["c1"], "connected")}
    assert sync.again() == 0


@pytest.mark.slow
@ONE_VERSION
def test_a_cable_between_what_two_gone_ones_left_waits_until_they_are_taken_away_by_hand(sync: Sync) -> None:
    sync.run()
    sync.rows["cable"] = [_cable("c9", "s1/0", "s1/1")]
    for _ in range(3):
        why = held(sync.run())
    assert why["c9"] == (
        "interface 's1 E0' is on cable #1 (c0) already, which is out of service and may be taken away by hand: "
        "nothing is deleted here"
    )
    for number in (1, 2):
        sync.netbox.state.delete(CABLES, number)
    sync.run()
    assert _cabled(sync) == {"c9": _wanted(sync, "s1/0", "s1/1")}
