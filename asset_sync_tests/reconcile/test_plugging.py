"""Things with two ends, each of which one thing alone has: chains are moved in one plan, and rings wait for a person."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.kinds import Field, IdentityRule, Kind, Retirement, Unique, in_order
from asset_sync.reconcile.merge import Ownership
from asset_sync.reconcile.planning import Policy
from asset_sync.reconcile.resolutions import Resolution, Resolutions
from asset_sync.reconcile.target import Write, Written
from asset_sync_tests.reconcile.lab import GRACE, Lab, held
from asset_sync_tests.reconcile.memory import Killed
from asset_sync_tests.reconcile.test_properties import PLENTY
from asset_sync_tests.reconcile.worlds import NOW, Row

PORT = Kind(
    "port",
    (Field("name", max_length=9, required=True),),
    (IdentityRule("name", ("name",)),),
    (Unique(("name",)),),
    versions="count",
)
CABLE = Kind(
    "cable",
    (*(Field(name, "reference", to="port", required=True) for name in "ab"), Field("label"), Field("status")),
    (IdentityRule("both ends", ("a", "b")),),
    retirement=Retirement("status", "gone"),
    ends=("a", "b"),
    versions="count",
)
SOURCE = Ownership("source")
OWNERS = {"port": {"name": SOURCE}, "cable": dict.fromkeys(("a", "b", "label", "status"), SOURCE)}
PORTS = 9

Ends = dict[str, tuple[int, int]]
"""The ports of cables, by the keys of these."""


def lab(**cables: tuple[int, int]) -> Lab:
    found = Lab(in_order([PORT, CABLE]), Policy(OWNERS, GRACE))
    found.source["port"] = [{"source_key": f"p{at}", "name": f"p{at}"} for at in range(PORTS)]
    plug(found, **cables)
    found.run()
    return found


def plug(there: Lab, **cables: tuple[int, int]) -> None:
    """Have the source say where cables are."""
    there.source["cable"] = [cable(key, *ends) for key, ends in cables.items()]


def cable(key: str, one: int, other: int, **more: Any) -> Row:
    return {"source_key": key, "a": f"p{one}", "b": f"p{other}", "label": key, "status": "used", **more}


def cabled(there: Lab) -> dict[str, frozenset[int]]:
    """Return the ports of the cables in the target, by label."""
    ports = {target_id: int(row["name"][1:]) for target_id, row in there.target.objects["port"].items()}
    return {row["label"]: frozenset((ports[row["a"]], ports[row["b"]])) for row in there.target.objects["cable"].values()}


def test_a_chain_is_moved_in_one_plan_the_last_one_first() -> None:
    there = lab(c0=(0, 1), c1=(2, 3), c2=(4, 5))
    plug(there, c0=(0, 2), c1=(4, 3), c2=(6, 5), c3=(1, 7))
    assert held(there.run()) == {}
    assert cabled(there) == {"c0": {0, 2}, "c1": {3, 4}, "c2": {5, 6}, "c3": {1, 7}}
    assert there.run().writes.empty


def test_a_chain_that_is_killed_in_the_middle_is_finished_by_the_next_run() -> None:
    there = lab(c0=(0, 1), c1=(2, 3), c2=(4, 5))
    plug(there, c0=(0, 2), c1=(4, 3), c2=(6, 5))
    begun = there.target.requests
    there.target.faults = lambda number: "killed-stored" if number == begun + 1 else "fine"
    with pytest.raises(Killed):
        there.apply(there.plan())
    there.target.faults = lambda _: "fine"
    there.run()
    assert cabled(there) == {"c0": {0, 2}, "c1": {3, 4}, "c2": {5, 6}}


def test_a_ring_and_what_waits_behind_it_are_held_and_the_rest_goes_on() -> None:
    there = lab(c0=(0, 1), c1=(2, 3), c2=(4, 5))
    plug(there, c0=(0, 2), c1=(1, 3), c2=(4, 6))
    there.source["cable"].append(cable("c3", 7, 8))
    why = held(there.run())
    assert set(why) == {"c0", "c1"}
    assert cabled(there) == {"c0": {0, 1}, "c1": {2, 3}, "c2": {4, 6}, "c3": {7, 8}}
    plug(there, c0=(0, 2), c1=(1, 3), c2=(4, 0))
    why = held(there.run())
    assert why["c2"].startswith("port '#1001' is on cable")  # c0 leaves it in no plan: it stays on port 0


def test_a_cable_that_a_person_drew_from_one_of_the_ends_may_be_decided_to_be_it() -> None:
    there = lab(a=(0, 1))
    there.source["cable"] += [cable("new", 2, 3), cable("both", 4, 5)]
    ids = {row["name"]: target_id for target_id, row in there.target.objects["port"].items()}
    ends = (("p2", "p8"), ("p4", "p6"), ("p5", "p7"))
    writes = [
        Write(at, "drawn", None, None, {"a": ids[one], "b": ids[other], "label": "drawn"})
        for at, (one, other) in enumerate(ends)
    ]
    made = there.target.create(CABLE, writes, "drawn")[0]
    assert isinstance(made, Written)
    first = made.target_id
    plan = there.run()
    told = {row["source_key"]: row["candidates"] for row in p.records(plan.held)}
    assert told == {"new": first, "both": None}, "of two cables nobody knows which it would be"
    there.resolutions = Resolutions([Resolution("cable", "new", "link", "anna", NOW, target_id=first)])
    there.run()
    assert cabled(there)["new"] == {2, 3}
    assert len(there.target.objects["cable"]) == 4
    assert held(there.plan()).keys() == {"both"}


def test_two_cables_of_one_end_are_both_held() -> None:
    there = lab(c0=(0, 1), c1=(2, 3))
    plug(there, c0=(0, 4), c1=(4, 3))
    assert held(there.run()) == dict.fromkeys(("c0", "c1"), "port '#1005' would be on several of them")


@pytest.mark.parametrize("name", [None, "much too long a name"])
def test_ends_that_wait_for_a_port_that_is_held_wait_together(name: str | None) -> None:
    there = lab(c0=(0, 1))
    there.source["port"].append({"source_key": "p99", "name": name})
    plug(there, c0=(1, 99))
    assert set(held(there.run())) == {"c0", "p99"}
    assert cabled(there) == {"c0": {0, 1}}


_PLUGS = st.permutations(range(PORTS)).map(lambda ports: [(ports[at], ports[at + 1]) for at in (0, 2, 4, 6)])


@PLENTY
@given(_PLUGS, _PLUGS, st.lists(st.booleans(), min_size=4, max_size=4))
def test_all_that_can_be_moved_is_and_nothing_else(
    before: list[tuple[int, int]], after: list[tuple[int, int]], stays: list[bool]
) -> None:
    """The oracle moves by hand whatever finds its ports free, until nothing does; the target refuses ends that are taken."""
    wanted = {f"c{at}": old if stay else new for at, (old, new, stay) in enumerate(zip(before, after, stays, strict=True))}
    there = lab(**{f"c{at}": ends for at, ends in enumerate(before)})
    now: Ends = {f"c{at}": ends for at, ends in enumerate(before)}
    plug(there, **wanted)
    counts = [port for ends in wanted.values() for port in ends]
    clear = {key for key, ends in wanted.items() if {*ends} <= {*now[key]} or all(counts.count(port) == 1 for port in ends)}
    moved = True
    while moved:
        free = set(range(PORTS)) - {port for ends in now.values() for port in ends}
        can = [key for key in clear if {*wanted[key]} != {*now[key]} and {*wanted[key]} <= free | {*now[key]}]
        moved = bool(can)
        now |= {key: wanted[key] for key in can[:1]}
    plan = there.run()
    assert cabled(there) == {key: frozenset(ends) for key, ends in now.items()}
    assert set(held(plan)) == {key for key, ends in wanted.items() if {*ends} != {*now[key]}}
