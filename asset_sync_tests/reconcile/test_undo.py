from dataclasses import replace
from datetime import timedelta

import pytest

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.errors import PlanError
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.planning import Snapshot
from asset_sync.reconcile.target import Outcome
from asset_sync.reconcile.undo import inverse
from asset_sync_tests.reconcile.apply.runs import Log, applied, at, by_outcome, household, operation, plan_of
from asset_sync_tests.reconcile.memory import Killed, MemoryTarget
from asset_sync_tests.reconcile.worlds import (
    ASSET,
    KINDS,
    MAKER,
    MODEL,
    NOW,
    Row,
    desired,
    link,
    links,
    observed,
    planned,
    snapshot,
    told,
)


def mixed() -> Snapshot:
    """An update, a create, a retirement and a restore."""
    wanted: list[Row] = [
        {"source_key": "u", "serial": "S1", "memory": 8, "encrypted": True, "room": "r2", "status": "in-use"},
        {"source_key": "c", "serial": "S2", "status": "in-use"},
        {"source_key": "b", "serial": "S4", "status": "in-use"},
    ]
    there: list[Row] = [
        {"id": "1", "serial": "S1", "memory": 4, "room": "r1", "status": "in-use"},
        {"id": "3", "serial": "S3", "status": "in-use"},
        {"id": "4", "serial": "S4", "status": "retired"},
    ]
    remembered: list[Row] = [
        link("u", "1", room="r1", status="in-use"),
        link("g", "3", status="in-use", missing_runs=9, missing_since=NOW - timedelta(days=9)),
        link("b", "4", status="in-use", retired_by="sync"),
    ]
    return snapshot({"asset": desired(ASSET, *wanted)}, {"asset": observed(ASSET, *there)}, {"asset": links(*remembered)})


def run(plan: Plan, target: MemoryTarget) -> dict[int, Outcome]:
    return applied(plan, target)


def synced(now: Snapshot) -> tuple[Plan, MemoryTarget, dict[int, Outcome]]:
    plan, target = planned(now), MemoryTarget.of(KINDS, now.observed)
    return plan, target, run(plan, target)


def values(target: MemoryTarget) -> dict[str, dict[str, object]]:
    return {i: {f.name: row[f.name] for f in ASSET.fields} for i, row in target.objects["asset"].items()}


def test_undo_brings_every_field_back() -> None:
    plan = planned(mixed())
    target = MemoryTarget.of(KINDS, mixed().observed)
    before = values(target)
    outcomes = run(plan, target)
    (created,) = [i for _, i in target.created]
    undo = inverse(plan, KINDS, outcomes, after=plan.id)
    assert set(by_outcome(undo, run(undo, target))) == {"applied"}
    after = values(target)
    assert {i: row for i, row in after.items() if i != created} == before
    assert after[created]["status"] == "retired"


def test_undo_is_the_plan_backwards_and_names_what_it_undoes() -> None:
    plan, _, outcomes = synced(mixed())
    undo = inverse(plan, KINDS, outcomes, after="0123456789abcdef")
    assert (undo.undoes, undo.after, undo.complete, undo.sync) == (plan.id, "0123456789abcdef", False, "test")
    assert [(op, key) for _, op, key, *_ in told(undo)] == [
        ("restore", "#3"),
        ("retire", "c"),
        ("retire", "b"),
        ("update", "u"),
    ]
    assert undo.id != plan.id


def test_undo_of_what_somebody_changed_since_is_a_conflict() -> None:
    plan, target, outcomes = synced(mixed())
    target.edit("asset", "1", memory=64)
    undo = inverse(plan, KINDS, outcomes, after=plan.id)
    assert by_outcome(undo, run(undo, target))["conflict"] == ["u"]
    assert target.objects["asset"]["1"]["memory"] == 64


def test_undo_takes_back_only_what_was_applied() -> None:
    plan, _, outcomes = synced(mixed())
    by_key = {row["key"]: row["seq"] for row in p.records(plan.writes)}
    outcomes[by_key["u"]] = Outcome(by_key["u"], "already", None, "1", "v2")
    del outcomes[by_key["c"]]
    undo = inverse(plan, KINDS, outcomes, after=plan.id)
    assert [key for _, _, key, *_ in told(undo)] == ["#3", "b"]


def test_what_a_restart_found_of_its_own_is_taken_back_too() -> None:
    """The reproduction of the issue: killed after the target stored, before the ledger did; twice."""
    for number in range(3):
        now = mixed()
        plan, target, log = (
            planned(now),
            MemoryTarget.of(KINDS, now.observed, size=8, faults=at(number, fault="killed-stored")),
            Log(),
        )
        before = values(target)
        with pytest.raises(Killed):
            applied(plan, target, log)
        assert set(by_outcome(plan, applied(plan, target, log))) == {"applied"}
        created = {i for _, i in target.created}
        run(inverse(plan, KINDS, log.outcomes, after=plan.id), target)
        assert {i: row for i, row in values(target).items() if i not in created} == before
        assert [values(target)[i]["status"] for i in created] == ["retired"]


def rotated() -> tuple[Plan, MemoryTarget]:
    """Three machines change their tags, a fourth one has its old one taken by a new machine."""
    rows: list[Row] = [{"id": str(n), "serial": f"S{n}A", "tag": f"T{n}", "status": "in-use"} for n in range(4)]
    wanted: list[Row] = [
        {"source_key": f"d{n}", "serial": f"S{n}A", "tag": tag, "status": "in-use"}
        for n, tag in enumerate(["T1", "T2", "T0", "T3-OLD"])
    ]
    wanted.append({"source_key": "new", "serial": "S9A", "tag": "T3", "status": "in-use"})
    now = snapshot(
        {"asset": desired(ASSET, *wanted)},
        {"asset": observed(ASSET, *rows)},
        {"asset": links(*(link(f"d{n}", str(n), status="in-use") for n in range(4)))},
    )
    return planned(now), MemoryTarget.of(KINDS, now.observed)


def test_values_that_changed_places_are_taken_back_the_way_they_came() -> None:
    plan, target = rotated()
    before = values(target)
    outcomes = run(plan, target)
    assert [row["tag"] for row in values(target).values()] == ["T1", "T2", "T0", "T3-OLD", "T3"]
    undo = inverse(plan, KINDS, outcomes, after=plan.id)
    assert set(by_outcome(undo, run(undo, target))) == {"applied"}
    (new,) = values(target).keys() - before.keys()
    assert {i: row for i, row in values(target).items() if i != new} == before
    assert (values(target)[new]["status"], values(target)[new]["tag"]) == ("retired", None)


def test_undoing_an_undo_puts_values_that_changed_places_back() -> None:
    plan, target = rotated()
    outcomes = run(plan, target)
    after_plan = values(target)
    undo = inverse(plan, KINDS, outcomes, after=plan.id)
    redo = inverse(undo, KINDS, run(undo, target), after=undo.id)
    assert set(by_outcome(redo, run(redo, target))) == {"applied"}
    assert values(target) == after_plan


@pytest.mark.parametrize("fault", ["killed", "killed-stored"])
@pytest.mark.parametrize("number", range(5))
def test_a_killed_undo_is_started_again(fault: str, number: int) -> None:
    plan, target = rotated()
    before = values(target)
    undo, log = inverse(plan, KINDS, run(plan, target), after=plan.id), Log()
    target.faults = at(target.requests + number, fault=fault)
    with pytest.raises(Killed):
        applied(undo, target, log)
    assert set(by_outcome(undo, applied(undo, target, log))) == {"applied"}
    assert {i: row for i, row in values(target).items() if i in before} == before


def test_only_the_last_write_of_an_object_has_its_version() -> None:
    plan, target, outcomes = synced(household())
    undo = inverse(plan, KINDS, outcomes, after=plan.id)
    versions = {(row["kind"], row["key"]): row["version"] for row in p.records(undo.writes)}
    (machine,) = [i for i, row in target.objects["asset"].items() if row["serial"] == "S1"]
    assert versions["primary", "a"] == target.objects["asset"][machine]["version"]
    assert versions["asset", "a"] is None
    assert versions["asset", "b"] is not None


def test_what_was_written_to_an_object_in_parts_is_taken_back_in_parts() -> None:
    target = MemoryTarget.of(KINDS, {"asset": observed(ASSET, {"id": "1", "serial": "S1", "memory": 4, "room": "r1"})})
    before = values(target)
    plan = plan_of(
        operation("update", "a", "1", "v1", memory=(4, 8)),
        operation("update", "a", "1", step="1", room=("r1", "r2")),
        operation("update", "a", "1", step="2", tag=(None, "T-refused")),
    )
    target.refuses = lambda _, row: "no such tag" if row["tag"] else None
    outcomes = run(plan, target)
    assert [outcome.outcome for _, outcome in sorted(outcomes.items())] == ["applied", "applied", "failed"]
    run(inverse(plan, KINDS, outcomes, after=plan.id), target)
    assert values(target) == before


def test_a_value_that_the_plan_found_done_is_not_taken_back() -> None:
    now = mixed()
    plan, target = planned(now), MemoryTarget.of(KINDS, now.observed)
    target.edit("asset", "1", memory=8, encrypted=True, room="r2")
    outcomes = run(plan, target)
    assert by_outcome(plan, outcomes)["already"] == ["u"]
    run(inverse(plan, KINDS, outcomes, after=plan.id), target)
    assert values(target)["1"]["memory"] == 8


def test_an_undo_of_what_is_not_mapped_any_more_is_told_in_a_line() -> None:
    plan, _, outcomes = synced(mixed())
    fewer = {**KINDS, "asset": replace(ASSET, fields=tuple(one for one in ASSET.fields if one.name != "memory"))}
    told = rf"^plan {plan.id} writes asset\.memory, which the sync does not map any more: map it again to take it back$"
    with pytest.raises(PlanError, match=told):
        inverse(plan, fewer, outcomes, after=plan.id)
    with pytest.raises(PlanError, match=r"writes asset, which the sync does not map any more: map it again"):
        inverse(plan, {name: kind for name, kind in KINDS.items() if name != "asset"}, outcomes, after=plan.id)


def test_a_restored_machine_is_said_to_stay_in_service() -> None:
    plan, _, outcomes = synced(mixed())
    (restored,) = [row for row in p.records(inverse(plan, KINDS, outcomes, after=plan.id).writes) if row["op"] == "restore"]
    assert restored["reason"] == "takes back retire: it stays in service until a person or the source changes that"


def test_undo_of_a_plan_that_wrote_nothing_is_empty() -> None:
    plan = Plan("test", "normal", p.operations_table([]))
    assert told(inverse(plan, KINDS, {}, after=None)) == []


def test_what_cannot_be_retired_stays_and_says_so() -> None:
    plan, target, outcomes = synced(household())
    undo = inverse(plan, KINDS, outcomes, after=plan.id)
    held = {row["key"]: row["hold"] for row in p.records(undo.held)}
    assert set(held) == {"hp", "dell", "md", "me", "p", "ip"}
    assert set(held.values()) == {"created by the plan; its kind cannot be retired and nothing is deleted, so it stays"}
    run(undo, target)
    assert len(target.objects["maker"]) == 2
    assert {row["status"] for row in target.objects["asset"].values()} == {"retired"}


def test_a_facet_of_a_new_parent_is_taken_back_too() -> None:
    plan, target, outcomes = synced(household())
    undo = inverse(plan, KINDS, outcomes, after=plan.id)
    assert set(by_outcome(undo, run(undo, target))) == {"applied"}
    assert {row.get("primary.address") for row in target.objects["asset"].values()} == {None}


def test_a_reference_to_what_the_plan_created_is_undone_even_when_the_object_changed_otherwise() -> None:
    now = household()
    there = {"asset": observed(ASSET, {"id": "1", "serial": "S1", "model": "99"}, {"id": "2", "serial": "S2", "model": "99"})}
    there |= {
        "maker": observed(MAKER, {"id": "9", "name": "Acer"}),
        "model": observed(MODEL, {"id": "99", "maker": "9", "name": "Aspire"}),
    }
    start = snapshot(now.desired, there, {"asset": links(link("a", "1"), link("b", "2"))})
    plan, target, outcomes = synced(start)
    assert target.objects["asset"]["1"]["model"] != "99"
    target.edit("asset", "1", room="moved since")
    undo = inverse(plan, KINDS, outcomes, after=plan.id)
    assert "conflict" not in by_outcome(undo, run(undo, target))
    assert target.objects["asset"]["1"]["model"] == "99"


def test_undoing_an_undo_puts_the_plan_back() -> None:
    plan, target, outcomes = synced(mixed())
    after_plan = values(target)
    undo = inverse(plan, KINDS, outcomes, after=plan.id)
    redo = inverse(undo, KINDS, run(undo, target), after=undo.id)
    run(redo, target)
    assert values(target) == after_plan
