"""Whether the target holds what a plan wrote, where objects have several rows in it."""

from typing import Any, Final

import pandas as pd

from asset_sync.reconcile.converge import flapping, read_back, unlike
from asset_sync.reconcile.kinds import Field, Kind
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.target import Outcome
from asset_sync_tests.reconcile.apply.runs import Log, applied, household, operation, plan_of
from asset_sync_tests.reconcile.memory import MemoryTarget
from asset_sync_tests.reconcile.worlds import ASSET, KINDS, observed, planned

ENDS: Final = ("one", "other")


def machine() -> MemoryTarget:
    return MemoryTarget.of(KINDS, {"asset": observed(ASSET, {"id": "1", "serial": "S1", "tag": "T1", "room": "r1"})})


def through_a_temporary_value() -> Plan:
    return plan_of(
        operation("update", "a", "1", "v1", tag=("T1", None), room=("r1", "r2")),
        operation("update", "a", "1", step="1", tag=(None, "T2")),
    )


def differences(plan: Plan, target: MemoryTarget, outcomes: dict[int, Outcome]) -> list[str]:
    return unlike(plan, KINDS, read_back(plan, KINDS, target, outcomes), outcomes)


def test_the_last_value_that_was_stored_is_the_one_that_counts() -> None:
    plan, target = through_a_temporary_value(), machine()
    assert differences(plan, target, applied(plan, target)) == []


def test_a_target_that_did_not_keep_a_value_is_told() -> None:
    plan, target = through_a_temporary_value(), machine()
    outcomes = applied(plan, target)
    target.edit("asset", "1", tag="T9", room="r9")
    assert differences(plan, target, outcomes) == ["asset #1 room is 'r9', not 'r2'", "asset #1 tag is 'T9', not 'T2'"]
    del target.objects["asset"]["1"]
    assert differences(plan, target, outcomes) == ["asset #1 is gone"]


def test_where_the_last_value_was_refused_the_one_before_counts() -> None:
    plan, target = through_a_temporary_value(), machine()
    target.refuses = lambda _, row: "no" if row["tag"] == "T2" else None
    assert differences(plan, target, applied(plan, target)) == []


def test_references_to_what_was_created_are_compared_by_their_ids() -> None:
    plan, target = planned(household()), MemoryTarget(KINDS)
    outcomes = applied(plan, target)
    assert differences(plan, target, outcomes) == []
    (address,) = target.objects["address"]
    target.edit("address", address, address="10.0.0.9/24")
    assert differences(plan, target, outcomes) == [f"address #{address} address is '10.0.0.9/24', not '10.0.0.1/24'"]


def test_what_is_planned_again_flaps_only_where_all_of_it_was_done() -> None:
    plan, target, log = through_a_temporary_value(), machine(), Log()
    again = plan_of(operation("update", "a", "1", tag=(None, "T2")))
    target.refuses = lambda _, row: "no" if row["tag"] == "T2" else None
    assert flapping(again, plan, applied(plan, target, log)) == []
    target.refuses = lambda *_: None
    assert flapping(again, plan, applied(plan, target, log)) == ["asset 'a': update tag"]


def test_ends_that_the_plan_makes_are_compared_in_the_order_that_their_ids_have() -> None:
    cord = Kind("cord", tuple(Field(name, "reference", to="port") for name in ENDS), (), (), ends=ENDS)
    plan = plan_of(*(operation("create", key, kind="port") for key in "ab"), operation("create", "c", kind="cord", **pending()))
    made = {seq: Outcome(seq, "applied", None, id_) for seq, id_ in enumerate(["12", "11", "20"])}
    for other, told in (("12", []), ("13", ["cord #20 other is '13', not '12'"])):
        read = {
            "port": pd.DataFrame({"id": ["12", "11"]}),
            "cord": pd.DataFrame({"id": ["20"], "one": ["11"], "other": [other]}),
        }
        assert unlike(plan, {"cord": cord, "port": KINDS["port"]}, read, made) == told


def pending() -> dict[str, Any]:
    return {name: (None, {"kind": "port", "key": key, "id": None}) for name, key in zip(ENDS, "ab", strict=True)}
