from datetime import timedelta

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.planning import Snapshot
from asset_sync.reconcile.target import Outcome
from asset_sync.reconcile.undo import inverse
from asset_sync_tests.reconcile.apply.runs import applied, by_outcome, household
from asset_sync_tests.reconcile.memory import MemoryTarget
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
