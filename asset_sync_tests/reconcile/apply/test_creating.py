"""What stands in the place of a new object, and whose it is."""

import time
from collections.abc import Mapping, Sequence

import pandas as pd
import pytest

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.kinds import Kind
from asset_sync.reconcile.planning import Snapshot
from asset_sync.reconcile.target import Answer, Outcome, Write
from asset_sync_tests.reconcile.apply.runs import (
    Log,
    applied,
    carried_out,
    details,
    fleet,
    household,
    operation,
    plan_of,
    put,
    seen,
    serials,
    target_of,
    twins,
)
from asset_sync_tests.reconcile.memory import MemoryTarget
from asset_sync_tests.reconcile.worlds import ASSET, KINDS, Row, desired, link, links, observed, planned, snapshot


def test_what_somebody_made_since_the_plan_is_taken_if_equal_and_a_conflict_if_not() -> None:
    now = fleet(2)
    plan = planned(now)
    target, log = target_of(now), Log()
    put(target, "asset", "71", serial="N0A", memory=8)
    put(target, "asset", "72", serial="N1A", memory=2)
    found = carried_out(plan, target, log, known=seen(now))
    assert found == {"applied": ["u0", "u1"], "already": ["c0"], "conflict": ["c1"]}
    assert details(plan, log)["c1"] == "exists since the plan as #72, with memory 2 in place of 8"
    assert len(target.objects["asset"]) == 4


def test_the_name_of_a_machine_that_the_plan_knew_does_not_stop_a_new_one_of_that_name() -> None:
    wanted: list[Row] = [{"source_key": "a", "name": "pc", "memory": 8}, {"source_key": "b", "name": "other", "serial": "S1"}]
    there: list[Row] = [{"id": "1", "name": "pc", "serial": "S1"}]
    now = snapshot({"asset": desired(ASSET, *wanted)}, {"asset": observed(ASSET, *there)}, {"asset": links(link("b", "1"))})
    target, log = target_of(now), Log()
    plan = planned(now)
    assert carried_out(plan, target, log) == {"applied": ["a"]}
    assert carried_out(plan, target) == {"already": ["a"]}
    assert len(target.objects["asset"]) == 2


def test_what_somebody_created_since_the_plan_serves_as_well() -> None:
    now = household()
    plan = planned(now)
    target = target_of(now)
    put(target, "maker", "5", name="HP")
    found = carried_out(plan, target, known=seen(now))
    assert found["already"] == ["hp"]
    assert {row["maker"] for row in target.objects["model"].values()} > {"5"}


def outcomes_of(now: Snapshot, target: MemoryTarget, *, workers: int = 1) -> dict[str, Outcome]:
    """Apply what is planned now; return the outcomes by key."""
    plan = planned(now)
    outcomes = applied(plan, target, known=seen(now), workers=workers)
    return {row["key"]: outcomes[row["seq"]] for row in p.records(plan.writes)}


def test_a_second_machine_of_the_same_values_is_made_though_the_first_is_linked() -> None:
    now = twins(2, there=1)
    target = target_of(now)
    assert outcomes_of(now, target)["a1"].outcome == "applied"
    assert len(target.objects["asset"]) == 2


@pytest.mark.parametrize("size", [1, 2, 8])
def test_machines_of_the_same_values_within_one_plan_are_all_made(size: int) -> None:
    now = twins(5)
    target = target_of(now, size=size)
    outcomes = outcomes_of(now, target)
    assert {outcome.outcome for outcome in outcomes.values()} == {"applied"}
    assert {outcome.target_id for outcome in outcomes.values()} == target.objects["asset"].keys()
    assert len(target.objects["asset"]) == 5


class Slow(MemoryTarget):
    """A target whose objects can be seen before whoever made them is told."""

    def create(self, kind: Kind, writes: Sequence[Write], message: str) -> Mapping[int, Answer]:
        answers = super().create(kind, writes, message)
        time.sleep(0.01)
        return answers


def test_workers_do_not_take_each_others_objects_for_somebody_elses() -> None:
    now = twins(8)
    rows: list[Row] = [{"source_key": f"s{n}", "name": f"pc{n}", "serial": f"S{n}A"} for n in range(8)]
    now = snapshot({"asset": pd.concat([now.desired["asset"], desired(ASSET, *rows)], ignore_index=True)}, {})
    target = Slow.of(KINDS, now.observed, size=1)
    outcomes = outcomes_of(now, target, workers=4)
    assert {outcome.outcome for outcome in outcomes.values()} == {"applied"}
    assert len({outcome.target_id for outcome in outcomes.values()}) == 16


def test_what_looks_alike_in_some_values_only_is_made_too() -> None:
    rows: list[Row] = [
        {"source_key": "a", "name": "pc"},
        {"source_key": "b", "name": "pc", "room": "r1"},
        {"source_key": "c", "name": "pc", "serial": "S1A", "room": "r1"},
    ]
    now = snapshot({"asset": desired(ASSET, *rows)}, {})
    target = Slow.of(KINDS, now.observed, size=1)
    assert {outcome.outcome for outcome in outcomes_of(now, target, workers=3).values()} == {"applied"}
    assert len(target.objects["asset"]) == 3


def test_a_decisive_value_that_the_plan_saw_on_another_object_is_no_reason_not_to_create() -> None:
    """A person decided that a record is none of the objects that there are; its serial is on one all the same."""
    target = target_of(snapshot({}, {"asset": observed(ASSET, {"id": "1", "serial": "S1A"})}))
    plan = plan_of(operation("create", "a", serial=(None, "S1A")), operation("create", "b", serial=(None, "S1A")))
    assert carried_out(plan, target, known={"asset": {"1": None}}) == {"applied": ["a", "b"]}
    assert serials(target) == ["S1A"] * 3


def test_a_machine_that_somebody_made_by_its_name_is_not_made_again() -> None:
    now = twins(1)
    target, log = target_of(now), Log()
    plan = planned(now)
    put(target, "asset", "71", name="LocalHost", room="r2", memory=4)
    assert carried_out(plan, target, log, known=seen(now)) == {"conflict": ["a0"]}
    assert details(plan, log)["a0"] == "exists since the plan as #71, with name 'LocalHost' in place of 'localhost'"


def test_a_machine_of_the_same_name_that_has_a_serial_is_another_one() -> None:
    now = twins(1)
    target = target_of(now)
    put(target, "asset", "71", name="localhost", room="r1", memory=4, serial="S1A")
    assert outcomes_of(now, target)["a0"].outcome == "applied"


def test_what_somebody_made_twice_since_the_plan_is_nobodys() -> None:
    now = fleet(1)
    target, log = target_of(now), Log()
    plan = planned(now)
    put(target, "asset", "71", serial="N0A", memory=2)
    put(target, "asset", "72", serial="n0a", memory=2)
    assert carried_out(plan, target, log, known=seen(now)) == {"applied": ["u0"], "conflict": ["c0"]}
    assert details(plan, log)["c0"] == "made by somebody since the plan, and nothing tells which it is: asset #71, asset #72"


def test_an_object_that_no_sync_may_write_to_is_not_taken() -> None:
    now = fleet(1)
    target, log = target_of(now), Log()
    plan = planned(now)
    put(target, "asset", "71", serial="N0A", memory=8, locked="is a rack")
    assert carried_out(plan, target, log, known=seen(now)) == {"applied": ["u0"], "conflict": ["c0"]}
    assert details(plan, log)["c0"] == "made by somebody since the plan: asset #71 is a rack"


def test_an_object_whose_serial_says_that_it_is_another_one_is_not_taken_for_its_tag() -> None:
    """The target refuses a tag twice, and its words are told."""
    now = snapshot({"asset": desired(ASSET, {"source_key": "a", "serial": "S1A", "tag": "T1"})}, {})
    target, log = target_of(now), Log()
    plan = planned(now)
    put(target, "asset", "71", serial="S2A", tag="T1")
    assert carried_out(plan, target, log, known=seen(now)) == {"failed": ["a"]}


def test_when_an_object_was_made_is_told() -> None:
    now = fleet(1)
    target = target_of(now)
    put(target, "asset", "71", serial="N0A", memory=8, created="2026-11-26")
    assert outcomes_of(now, target)["c0"].created == "2026-11-26"


def test_an_object_under_an_id_that_a_link_knew_before_a_backup_came_back_is_the_plans_own() -> None:
    now = twins(1)
    target = MemoryTarget(KINDS, faults=lambda number: "lost-stored" if number == 0 else "fine")
    gone = {"asset": {"1001": "2020-01-01T00:00:00+00:00"}}
    assert carried_out(planned(now), target, known=gone) == {"applied": ["a0"]}
    assert list(target.objects["asset"]) == ["1001"]
