"""Plans in part: whatever is left out, the rest is carried out whole, says nothing new, and writes nothing of what is left."""

from collections import Counter
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.planning import Snapshot
from asset_sync.reconcile.review import part
from asset_sync.reconcile.target import APPLIED
from asset_sync_tests.reconcile.memory import MemoryLedger, MemoryTarget
from asset_sync_tests.reconcile.test_changing_places import device, lab, placed
from asset_sync_tests.reconcile.test_properties import GRACE, PLENTY, contents, run, worlds
from asset_sync_tests.reconcile.worlds import ASSET, KINDS, MAKER, MODEL, REFERRED, desired, observed, planned, snapshot

WHY = "left out"


def leave(plan: Plan, now: Snapshot, *where: tuple[str, str], kinds: Any = KINDS) -> Plan:
    """Part a plan from the operations on those records, by kind and source key."""
    chosen = {
        row["seq"]: dict.fromkeys(p.decode(row["changes"]), WHY)
        for row in p.records(plan.writes)
        if (row["kind"], row["source_key"]) in where
    }
    assert chosen
    return part(plan, kinds, now.observed, chosen)


def spots(rows: Any) -> Counter[tuple[Any, ...]]:
    """What is written, field by field, with its values."""
    return Counter(
        (row["kind"], row["op"], row["key"], row["target_id"], row["step"], name, p.encode({name: change}))
        for row in p.records(rows)
        for name, change in p.decode(row["changes"]).items()
    )


@PLENTY
@given(worlds(), st.data())
def test_what_is_left_of_any_plan_is_carried_out_whole(world: tuple[Snapshot, MemoryLedger], data: st.DataObject) -> None:
    now, _ = world
    whole = planned(now, grace=GRACE)
    rows = p.records(whole.writes)
    chosen = {
        row["seq"]: dict.fromkeys(data.draw(st.sets(st.sampled_from(sorted(p.decode(row["changes"]))), min_size=1)), WHY)
        for row in rows
        if data.draw(st.booleans())
    }
    parted = part(whole, KINDS, now.observed, chosen)
    target = MemoryTarget.of(KINDS, now.observed)
    outcomes = run(parted, target)
    assert [outcome for outcome in outcomes.values() if outcome.outcome != APPLIED] == []
    assert spots(parted.writes) <= spots(whole.writes)
    left = Counter(
        {spot: 1 for row in rows for spot in spots(whole.operations.loc[[row["seq"]]]) if spot[5] in chosen.get(row["seq"], ())}
    )
    assert not left & spots(parted.writes)
    assert spots(parted.writes) + spots(parted.held) >= spots(whole.held)
    if not chosen:
        assert parted.id == whole.id


@pytest.mark.slow
@PLENTY
@given(worlds())
def test_a_plan_of_which_all_is_left_out_writes_nothing(world: tuple[Snapshot, MemoryLedger]) -> None:
    now, _ = world
    whole = planned(now, grace=GRACE)
    all_of_it = {row["seq"]: dict.fromkeys(p.decode(row["changes"]), WHY) for row in p.records(whole.writes)}
    target = MemoryTarget.of(KINDS, now.observed)
    before = contents(target)
    assert run(part(whole, KINDS, now.observed, all_of_it), target) == {}
    assert contents(target) == before


def company() -> Snapshot:
    return snapshot(
        {
            "maker": desired(MAKER, {"source_key": "mk", "name": "HP"}, {"source_key": "other", "name": "Dell"}),
            "model": desired(MODEL, {"source_key": "md", "maker": "mk", "name": "Model"}),
            "asset": desired(
                ASSET, {"source_key": "a", "serial": "SN1AB", "model": "md"}, {"source_key": "b", "serial": "SN2AB"}
            ),
        },
        {},
        {},
    )


def test_what_refers_to_what_is_left_out_is_left_out_with_it_and_says_so() -> None:
    parted = leave(planned(company()), company(), ("maker", "mk"))
    assert {row["key"] for row in p.records(parted.writes)} == {"other", "b"}
    assert {row["key"]: row["hold"] for row in p.records(parted.held)} == {
        "mk": WHY,
        "md": f"{WHY}, with maker 'mk'",
        "a": f"{WHY}, with model 'md'",
    }


def test_what_is_of_no_use_by_itself_is_left_out_with_all_that_refer_to_it() -> None:
    whole = planned(company(), kinds=REFERRED)
    parted = leave(whole, company(), ("asset", "a"), kinds=REFERRED)
    assert {row["key"] for row in p.records(parted.writes)} == {"b"}
    assert {row["key"]: row["hold"] for row in p.records(parted.held)} == {
        "a": WHY,
        "md": f"{WHY}, with asset 'a'",
        "mk": f"{WHY}, with model 'md'",
    }


def test_fields_of_an_update_are_left_out_one_by_one() -> None:
    there = {"id": "7", "serial": "SN1AB", "name": "pc", "room": "r1", "memory": 4}
    wanted = {"source_key": "a", "serial": "SN1AB", "name": "pc", "room": "r2", "memory": 8}
    links = MemoryLedger(KINDS)
    links.rows["asset", "a"] = {"source_key": "a", "target_id": "7", "room": "r1", "name": "pc"}
    now = snapshot({"asset": desired(ASSET, wanted)}, {"asset": observed(ASSET, there)}, links.links())
    whole = planned(now)
    (row,) = p.records(whole.writes)
    parted = part(whole, KINDS, now.observed, {row["seq"]: {"room": WHY}})
    assert [(set(p.decode(each["changes"])), each["hold"]) for each in p.records(pd.concat([parted.writes, parted.held]))] == [
        ({"memory"}, None),
        ({"room"}, WHY),
    ]


def test_who_takes_a_value_is_left_out_with_who_gives_it_up_but_not_the_other_way_round() -> None:
    there = lab(device(), "a", "b")
    there.source["device"] = [placed(0, "a-old", 0), placed(1, "a", 0)]
    whole = there.plan()
    assert {
        row["source_key"] for row in p.records(leave(whole, there.snapshot(), ("device", "d0"), kinds=there.kinds).writes)
    } == set()
    assert {
        row["source_key"] for row in p.records(leave(whole, there.snapshot(), ("device", "d1"), kinds=there.kinds).writes)
    } == {"d0"}


@pytest.mark.parametrize("left", ["d0", "d1", "d2"])
def test_who_change_places_in_a_ring_are_left_out_together(left: str) -> None:
    there = lab(device(), "a", "b", "c")
    there.source["device"] = [placed(0, "b", 0, rack=None), placed(1, "b", 2), placed(2, "c", 1)]
    there.run()
    there.source["device"] = [placed(0, "b", 2), placed(1, "b", 0), placed(2, "c", 1, rack="r")]
    whole = there.plan()
    parted = leave(whole, there.snapshot(), ("device", left), kinds=there.kinds)
    ring = {"d0", "d1"}
    expected = {"d2"} if left in ring else ring
    assert {row["source_key"] for row in p.records(parted.writes)} == expected
    outcomes = there.apply(parted)
    assert {outcome.outcome for outcome in outcomes.values()} == {APPLIED}
