"""What is changed since the plan is not overwritten."""

from asset_sync_tests.reconcile.apply.runs import Log, at, carried_out, details, fleet, target_of
from asset_sync_tests.reconcile.worlds import planned


def test_a_value_that_changed_since_the_plan_is_a_conflict_not_an_overwrite() -> None:
    now = fleet(2)
    plan = planned(now)
    target, log = target_of(now), Log()
    target.edit("asset", "1", memory=64)
    assert carried_out(plan, target, log) == {"applied": ["u0", "c0", "c1"], "conflict": ["u1"]}
    assert details(plan, log)["u1"] == "memory is 64 now, the plan saw 4"
    assert target.objects["asset"]["1"]["memory"] == 64


def test_another_value_that_changed_since_the_plan_is_no_conflict() -> None:
    now = fleet(2)
    plan = planned(now)
    target = target_of(now)
    target.edit("asset", "1", room="moved")
    assert carried_out(plan, target) == {"applied": ["u0", "u1", "c0", "c1"]}
    assert (target.objects["asset"]["1"]["memory"], target.objects["asset"]["1"]["room"]) == (8, "moved")


def test_a_person_who_did_the_same_in_the_meantime_has_done_it_already() -> None:
    now = fleet(2)
    plan = planned(now)
    target = target_of(now)
    target.edit("asset", "0", memory=8)
    assert carried_out(plan, target) == {"already": ["u0"], "applied": ["u1", "c0", "c1"]}


def test_an_object_that_is_gone_since_the_plan_is_a_conflict() -> None:
    now = fleet(2)
    plan = planned(now)
    target = target_of(now)
    del target.objects["asset"]["1"]
    assert carried_out(plan, target) == {"applied": ["u0", "c0", "c1"], "conflict": ["u1"]}


def test_an_object_that_is_gone_while_others_changed_is_a_conflict_too() -> None:
    now = fleet(2)
    plan = planned(now)
    target, log = target_of(now, at(0, fault="stale")), Log()
    del target.objects["asset"]["1"]
    assert carried_out(plan, target, log) == {"applied": ["u0", "c0", "c1"], "conflict": ["u1"]}
    assert details(plan, log)["u1"] == "asset #1 is gone from the target"


def test_objects_that_somebody_keeps_changing_are_given_up() -> None:
    now = fleet(1)
    target, log = target_of(now, lambda n: "stale" if n < 5 else "fine"), Log()
    plan = planned(now)
    assert carried_out(plan, target, log) == {"conflict": ["u0"], "applied": ["c0"]}
    assert details(plan, log)["u0"] == "somebody keeps changing the object"
