"""What is held, by pages from the database, against the plans that were saved."""

from dataclasses import replace
from typing import Any

import pytest

from asset_sync.ledger import Ledger
from asset_sync.ledger.holds import Held
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.identity import IGNORED
from asset_sync.reconcile.resolutions import Resolution, Verb, describe
from asset_sync.reconcile.target import Outcome
from asset_sync_tests.ledger.conftest import Row, at, changes, make, row

SYNC, OTHER = "pdq_to_netbox", "hosts_to_netbox"


def held(source_key: str | None, hold: str = "serial 'X' is also on another", op: str = "claim", **more: object) -> Row:
    return row(op, source_key, hold=hold, **more)  # type: ignore[arg-type]


@pytest.fixture
def looked(ledger: Ledger) -> Ledger:
    """A ledger of three looks of one sync, and one of another: c is held in the last two, d was held before and is again."""
    ledger.save(make(held("d"), held("gone")), "r1", at(1))
    ledger.save(make(held("c")), "r2", at(2))
    update = held(
        "e", "both sides changed it", "update", target_id="5", changes=changes(name="n", status="s"), candidates="5 6"
    )
    ignored, missing = held("a", f"{IGNORED}anna said so"), held("b", "missing since 2025-03-01 12:30 UTC, run 2", "retire")
    waits = held("w", f"{p.AWAITS_APPROVAL} by the review rules", "create")
    ledger.save(make(held("c"), held("d"), update, ignored, missing, waits, held(None)), "r3", at(3))
    ledger.save(make(held("c"), row("update", "u", "2", changes=changes(name="x"))), "r4", at(4), partial=True)
    ledger.save(make(held("z"), sync=OTHER), "r5", at(5))
    return ledger


def keys(rows: list[Held]) -> list[str]:
    return [each.source_key for each in rows]


def test_what_is_held_is_that_of_the_last_whole_look_the_longest_first(looked: Ledger) -> None:
    found = looked.held(SYNC)
    assert keys(found) == ["c", "d", "e", "a", "b", "w"]
    assert [(each.waits, each.ignored) for each in found] == [(False, False)] * 3 + [
        (False, True),
        (True, False),
        (True, False),
    ]
    assert [each.since for each in found] == [at(2), *[at(3)] * 5]
    update = found[2]
    assert (update.fields, update.candidates, update.target_id, update.why) == (
        ("name", "status"),
        ("5", "6"),
        "5",
        "both sides changed it",
    )
    assert found[0].fields == ()
    looked.save(make(held("d"), held("c"), row("update", "later", "7", changes=changes(name="y"))), "r6", at(6))
    assert [(each.source_key, each.since) for each in looked.held(SYNC)] == [("c", at(2)), ("d", at(3))]
    assert keys(looked.held(OTHER, SYNC)) == ["c", "d", "z"]
    assert looked.held() == []


def test_pages_have_each_once_in_the_same_order(looked: Ledger) -> None:
    every = looked.held(SYNC, OTHER)
    pages = [looked.held_page([SYNC, OTHER], offset, 3) for offset in (0, 3, 6)]
    assert {page.total for page in pages} == {len(every)} == {7}
    assert [each for page in pages for each in page.rows] == every
    beyond = looked.held_page([SYNC, OTHER], 9, 3)
    assert (beyond.total, list(beyond.rows)) == (7, [])
    assert looked.held_page(["nothing"], 3, 3).total == 0


def maker(id_: str, key: str | None) -> dict[str, str | None]:
    return {"kind": "maker", "id": id_, "key": key}


def test_a_held_field_comes_with_both_values_and_what_was_applied_last(ledger: Ledger) -> None:
    first = {"name": {"old": None, "new": "PC-1", "owner": "shared"}, "maker": {"old": None, "new": maker("3", "m")}}
    plan = make(row("create", "a", changes=first))
    ledger.save(plan, "r1", at(0))
    ledger.record(plan, [Outcome(0, "applied", target_id="7")], "r1", at(1))
    other, new = maker("4", "n"), maker("5", "o")
    both = {
        "name": {"old": "PC-1 of pat", "new": "PC-2"},
        "maker": {"old": other, "new": new},
        "status": {"old": None, "new": "used"},
    }
    ledger.save(make(row("update", "a", "7", hold="changed on both sides", changes=both)), "r2", at(2))
    (found,) = ledger.held(SYNC)
    told = {each.field: (each.target, each.source, each.applied_last, each.is_applied) for each in found.values}
    assert told == {
        "name": ("PC-1 of pat", "PC-2", "PC-1", True),
        "maker": (other, new, maker("3", None), True),
        "status": (None, "used", None, False),
    }


def decided(verb: Verb, source_key: str, hours: float, **more: Any) -> Resolution:
    return Resolution("asset", source_key, verb, "anna", at(hours), **more)


def test_a_decision_of_after_the_plan_is_told_with_what_it_holds_until_the_next_one(looked: Ledger) -> None:
    looked.resolve(SYNC, decided("create", "c", 2.5))
    ignored = looked.resolve(SYNC, decided("ignore", "d", 5))
    looked.resolve(SYNC, decided("keep_target", "e", 5, field="name"))
    looked.resolve(SYNC, decided("keep_target", "c", 5, field="name"))

    def told() -> dict[str, tuple[list[str], bool]]:
        return {each.source_key: ([it.verb for it in each.decided], each.is_decided) for each in looked.held(SYNC)}

    nothing: tuple[list[str], bool] = ([], False)
    others = dict.fromkeys(("c", "a", "b", "w"), nothing)
    assert told() == {**others, "d": (["ignore"], True), "e": (["keep_target"], False)}
    looked.resolve(SYNC, decided("take_source", "e", 6, field="status"))
    looked.take_back(ignored, "bob", at(6))
    assert told() == {**others, "d": nothing, "e": (["keep_target", "take_source"], True)}


def test_what_somebody_keeps_in_service_is_left_alone_by_that_decision(ledger: Ledger) -> None:
    by_undo = replace(decided("keep_target", "a", 1, field="status"), by="undo of plan p by anna")
    others = decided("ignore", "b", 1), decided("keep_target", "c", 1, field="name")
    _, number, _ = (ledger.resolve(SYNC, each) for each in (others[0], by_undo, others[1]))
    kept = row("retire", "a", "1", hold=f"stays in service: {describe(by_undo)}", changes=changes(status="retired"))
    locked = row("retire", "c", "3", hold="locked by pat", changes=changes(status="retired"))
    ledger.save(make(kept, locked), "r1", at(2))
    assert {each.source_key: (each.ignored, each.left_by) for each in ledger.held(SYNC)} == {
        "a": (True, number),
        "c": (False, None),
    }


def test_what_waits_for_what_somebody_ignores_is_left_alone_with_that(ledger: Ledger) -> None:
    needs = f"its model 'm' is held: its maker 'k' is held: {IGNORED}decided by anna"
    ledger.save(make(held("a", needs), held("b", "its model 'm' is held: nothing identifies the record")), "r1", at(1))
    assert {each.source_key: (each.ignored, each.left_by) for each in ledger.held(SYNC)} == {
        "a": (True, None),
        "b": (False, None),
    }


def test_a_record_of_two_candidates_is_decided_once_it_is_neither(ledger: Ledger) -> None:
    ledger.save(make(held("a", candidates="5 6")), "r1", at(1))
    states = []
    for candidate in ("5", "6"):
        ledger.resolve(SYNC, decided("never_link", "a", 2, target_id=candidate))
        states.append(ledger.held(SYNC)[0].is_decided)
    assert states == [False, True]
