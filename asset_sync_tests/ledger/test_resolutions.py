"""What people decided about records, in a real PostgreSQL."""

import json
from dataclasses import replace
from typing import Any

import pytest

from asset_sync.ledger import Ledger
from asset_sync.reconcile.errors import PlanError
from asset_sync.reconcile.resolutions import Resolution, describe
from asset_sync.reconcile.target import Outcome
from asset_sync_tests.ledger.conftest import Assets, at, changes, make, row
from asset_sync_tests.ledger.test_links import sight

SYNC = "pdq_to_netbox"


def decision(verb: Any, **more: Any) -> Resolution:
    return Resolution("asset", "a", verb, "anna", at(0), **more)


def counting(ledger: Ledger) -> list[tuple[str, str | None, str | None]]:
    return [(each.verb, each.target_id, each.field) for each in ledger.resolutions(SYNC)]


def test_a_decision_comes_in_the_place_of_those_that_it_speaks_against(ledger: Ledger) -> None:
    for each in (
        decision("never_link", target_id="7"),
        decision("never_link", target_id="8"),
        decision("keep_target", field="name"),
        decision("take_source", field="status"),
        decision("create"),
        decision("link", target_id="7"),
        decision("take_source", field="name"),
    ):
        ledger.resolve(SYNC, each)
    assert counting(ledger) == [
        ("never_link", "8", None),
        ("take_source", None, "status"),
        ("link", "7", None),
        ("take_source", None, "name"),
    ]
    assert list(ledger.resolutions("another")) == []
    assert len(ledger.every_resolution(SYNC)) == 7


def test_a_decision_is_taken_back_once_and_stays_on_record(ledger: Ledger) -> None:
    number = ledger.resolve(SYNC, decision("create"))
    ledger.take_back(number, "bob", at(1))
    assert counting(ledger) == []
    (kept,) = ledger.every_resolution()
    assert (kept.resolution.by, kept.taken_back_by, kept.taken_back_at) == ("anna", "bob", at(1))
    with pytest.raises(PlanError, match=f"decision {number} counts no more: taken back by bob on 2025-"):
        ledger.take_back(number, "eve", at(2))
    with pytest.raises(PlanError, match="there is no decision 99"):
        ledger.take_back(99, "eve", at(2))


def test_what_comes_in_the_place_of_another_decision_did_not_take_it_back(ledger: Ledger) -> None:
    first = ledger.resolve(SYNC, decision("never_link", target_id="7"))
    other = ledger.resolve(SYNC, decision("keep_target", field="name"))
    bobs = ledger.resolve(SYNC, replace(decision("link", target_id="7"), by="bob", at=at(1)))
    again = ledger.resolve(SYNC, replace(decision("link", target_id="7"), by="bob", at=at(1)))
    ledger.take_back(again, "eve", at(2))
    assert [(each.resolution.number, each.end) for each in ledger.every_resolution()] == [
        (again, "taken back by eve"),
        (bobs, f"replaced by decision {again} of bob"),
        (other, None),
        (first, f"replaced by decision {bobs} of bob"),
    ]
    assert [each.number for each in ledger.replaced(bobs)] == [first]
    assert [each.number for each in ledger.replaced(again)] == [bobs]


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        (decision("create"), decision("ignore")),
        (decision("take_source", field="name"), decision("keep_target", field="name")),
        (decision("link", target_id="7"), decision("never_link", target_id="7")),
        (decision("link", target_id="7"), replace(decision("link", target_id="7"), source_key="b")),
    ],
)
def test_who_had_not_seen_what_another_decided_is_told_first(ledger: Ledger, mine: Resolution, theirs: Resolution) -> None:
    seen = ledger.last_resolution()
    ledger.resolve(SYNC, decision("keep_target", field="status"), seen=seen)
    number = ledger.resolve(SYNC, theirs, seen=seen)
    with pytest.raises(PlanError, match=f"decision {number} came since you looked"):
        ledger.resolve(SYNC, mine, seen=seen)
    assert ledger.last_resolution() == number
    ledger.take_back(number, "bob", at(1))
    assert ledger.resolve(SYNC, mine, seen=seen) > number


def test_no_decision_ends_before_it_was_made(ledger: Ledger) -> None:
    ledger.resolve(SYNC, replace(decision("create"), at=at(2)))
    ledger.resolve(SYNC, replace(decision("ignore"), at=at(1)))
    assert [each.taken_back_at for each in ledger.every_resolution()] == [None, at(2)]


def test_the_first_plan_after_the_decision_says_what_an_ignored_record_was_like(ledger: Ledger) -> None:
    ledger.resolve(SYNC, decision("ignore", until_changed=True))
    ledger.save(make(row("quarantine", "a", hold="ignored: …", version="f1")), "r1", at(1))
    assert [each.fingerprint for each in ledger.resolutions(SYNC)] == ["f1"]
    ledger.save(make(row("quarantine", "a", hold="ignored: …", version="f2"), row("claim", "b", "2")), "r2", at(2))
    assert [each.fingerprint for each in ledger.resolutions(SYNC)] == ["f1"]


def test_the_first_plan_after_the_decision_says_which_object_was_meant(ledger: Ledger) -> None:
    ledger.resolve(SYNC, decision("link", target_id="7"))
    first, second = ({"created": year, "values": {"name": "a"}} for year in ("2024", "2025"))
    ledger.save(make(row("claim", "a", "8", identity=second), row("claim", "b", "7", identity=second)), "r1", at(1))
    assert [each.about for each in ledger.resolutions(SYNC)] == [None]
    ledger.save(make(row("claim", "a", "7", identity=first)), "r2", at(2))
    ledger.save(make(row("claim", "a", "7", identity=second)), "r3", at(3))
    assert [json.loads(each.about or "") for each in ledger.resolutions(SYNC)] == [first]


def test_what_a_decision_linked_is_not_linked_once_that_is_taken_back(ledger: Ledger, assets: Assets) -> None:
    decided = f"matched by decision: {describe(decision('link'))}"
    by_serial = row("claim", "b", "8", reason="matched by serial")
    claims = make(row("claim", "a", "7", reason=decided), by_serial, source_rows={"devices": 2})
    ledger.save(claims, "r1", at(1))
    ledger.note_sighting(claims, "r1", at(1))
    numbers = [
        ledger.resolve(SYNC, decision("link", target_id="7")),
        ledger.resolve(SYNC, replace(decision("link", target_id="8"), source_key="b")),
    ]
    for number in numbers:
        ledger.take_back(number, "bob", at(2))
    assert assets().keys() == {"b"}, "what was known before is known still"


@pytest.mark.parametrize("again", [True, False])
def test_what_an_apply_linked_by_a_decision_that_was_taken_back_meanwhile_is_forgotten(
    ledger: Ledger, assets: Assets, *, again: bool
) -> None:
    said = decision("link", target_id="7")
    number = ledger.resolve(SYNC, said)
    update = make(row("update", "a", "7", changes=changes(name="x"), reason=f"matched by decision: {describe(said)}"))
    ledger.save(update, "r1", at(1))
    ledger.start(update.id, "r1", at(1))
    ledger.take_back(number, "bob", at(1))
    if again:
        ledger.resolve(SYNC, said)
    ledger.record(update, [Outcome(0, "applied", None, "7", "v2")], "r1", at(2))
    ledger.finish(update.id, at(2))
    ledger.forget_over("another", at(3))
    assert assets().keys() == {"a"}
    ledger.forget_over(SYNC, at(3))
    assert {key: each["left"] for key, each in assets().items()} == ({"a": False} if again else {"a (left #7)": True})


def test_what_an_undo_decided_of_what_a_record_left_is_over_once_it_is_the_record_s_again(ledger: Ledger) -> None:
    leaves = "made by this sync for a record that is another object by decision"
    sight(ledger, row("claim", "a (left #7)", "7", reason=leaves))
    stays = Resolution("asset", "a (left #7)", "keep_target", "undo of plan p by anna", at(1), field="status")
    others = [replace(stays, source_key="b"), replace(stays, by="anna", field="name")]
    for each in (stays, *others):
        ledger.resolve(SYNC, each)
    ledger.forget_over(SYNC, at(2))
    assert counting(ledger) == [("keep_target", None, field) for field in ("status", "status", "name")]
    sight(ledger, row("claim", "a", "7", reason="matched by serial"), run="r2", hours=3)
    ledger.forget_over("another", at(4))
    assert len(counting(ledger)) == 3
    ledger.forget_over(SYNC, at(4))
    assert [(each.source_key, each.by) for each in ledger.resolutions(SYNC)] == [(each.source_key, each.by) for each in others]


def test_a_record_is_planned_as_long_as_its_plan_is_the_last_or_may_be_applied(ledger: Ledger) -> None:
    plan = make(row("create", "a"), mode="review")
    assert not ledger.is_planned(SYNC, "asset", "a")
    ledger.save(plan, "r1", at(1))
    assert ledger.is_planned(SYNC, "asset", "a")
    assert not ledger.is_planned(SYNC, "asset", "b")
    assert not ledger.is_planned("another", "asset", "a")
    ledger.save(make(row("create", "b"), undoes=plan.id), "r2", at(2))
    ledger.reject(plan.id, "anna", at(3))
    assert ledger.is_planned(SYNC, "asset", "a"), "the source has it by the last look, whatever came of the plan"
    ledger.save(make(row("create", "c"), mode="review"), "r3", at(4))
    assert not ledger.is_planned(SYNC, "asset", "a")


@pytest.mark.parametrize("about", ["a", "b"])
def test_a_plan_is_stale_where_a_decision_came_while_it_was_made(ledger: Ledger, about: str) -> None:
    known = ledger.resolutions(SYNC)
    ledger.resolve(SYNC, replace(decision("never_link", target_id="7" if about == "a" else "8"), source_key=about))
    plan = make(row("update", "a", "7", changes=changes(status="active")))
    ledger.save(plan, "r1", at(1), known=known)
    header = ledger.header(plan.id)
    assert (header.state == "stale") == (about == "a")
    assert ("anna decided since it was made: never-link asset 'a' #7" in str(header.stale_because)) == (about == "a")


@pytest.mark.parametrize("replaced", [False, True])
def test_a_plan_is_stale_where_a_decision_ended_while_it_was_made(ledger: Ledger, *, replaced: bool) -> None:
    number = ledger.resolve(SYNC, decision("link", target_id="7"))
    known = ledger.resolutions(SYNC)
    last = ledger.resolve(SYNC, replace(decision("ignore"), by="bob")) if replaced else number
    ledger.take_back(last, "bob", at(1))
    plan = make(row("claim", "a", "7", reason="matched by decision: …"))
    ledger.save(plan, "r1", at(1), known=known)
    end = f"replaced by decision {last} of bob" if replaced else "taken back by bob"
    assert f"decision {number} was {end} since it was made: link asset 'a' #7" in str(ledger.header(plan.id).stale_because)
    again = make(row("claim", "a", "7", reason="matched by serial"))
    ledger.save(again, "r2", at(2), known=ledger.resolutions(SYNC))
    assert ledger.header(again.id).state == "planned"


def test_what_held_until_a_record_changed_is_over_once_it_did_also_where_it_is_as_before_again(ledger: Ledger) -> None:
    ledger.resolve(SYNC, decision("ignore", until_changed=True))
    ledger.save(make(row("quarantine", "a", hold="ignored: …", version="f1")), "r1", at(1))
    seen = make(row("seen", "a", "1", reason="changed since it was ignored"))
    ledger.save(seen, "r2", at(2))
    assert counting(ledger), "a plan alone ends nothing"
    ledger.note_sighting(seen, "r2", at(2))
    assert counting(ledger) == []
    (kept,) = ledger.every_resolution()
    assert (kept.taken_back_by, kept.taken_back_at) == ("the source, which says otherwise", at(2))


def test_an_undone_retirement_is_a_decision_until_the_source_has_the_record_again(ledger: Ledger) -> None:
    claim = make(row("claim", "a", "1", changes={"status": {"new": "active"}}), source_rows={"devices": 1})
    ledger.save(claim, "r0", at(0))
    ledger.note_sighting(claim, "r0", at(0))
    undo = make(row("restore", "a", "1", changes=changes(status="active")), undoes="abc")
    ledger.save(undo, "r1", at(1))
    ledger.approve(undo.id, "anna", at(1))
    ledger.start(undo.id, "r1", at(1))
    ledger.record(undo, [Outcome(0, "applied", None, "1", "v2")], "r1", at(1))
    ledger.finish(undo.id, at(1))
    assert [(r.verb, r.field, r.by) for r in ledger.resolutions(SYNC)] == [
        ("keep_target", "status", "undo of plan abc by anna")
    ]
    told = ledger.history("asset", "1")
    assert "keep-target by undo of plan abc by anna" in told["op"].tolist()
    back = make(row("seen", "a", "1"), after=undo.id, source_rows={"devices": 1})
    ledger.save(back, "r2", at(2))
    ledger.note_sighting(back, "r2", at(2))
    assert counting(ledger) == []


def test_what_is_held_is_listed_with_since_when_it_is_held_without_a_break(ledger: Ledger) -> None:
    def look(hours: int, *keys: str) -> None:
        rows = [row("quarantine", key, hold="nobody can tell", version=str(hours)) for key in keys]
        ledger.save(make(*rows, row("claim", "z", str(hours))), f"r{hours}", at(hours))

    look(1, "a", "b")
    look(2, "a")
    look(3, "a", "b")
    look(4, "a", "b")
    assert {each.source_key: each.since for each in ledger.held(SYNC)} == {"a": at(1), "b": at(3)}
    look(5)
    assert ledger.held(SYNC) == []


def test_a_changed_mapping_is_no_change_of_an_ignored_record(ledger: Ledger) -> None:
    def look(fingerprint: str, mapped: str, hours: float) -> None:
        plan = make(row("quarantine", "a", hold="ignored: …", version=fingerprint), row("claim", "b", str(hours)))
        ledger.save(plan, f"r{hours}", at(hours), mapped={"asset": mapped})

    def known(mapped: str) -> list[str | None]:
        return [each.fingerprint for each in ledger.resolutions(SYNC, {"asset": mapped})]

    ledger.resolve(SYNC, decision("ignore", until_changed=True))
    # One that was stamped before mappings were remembered is of the mapping that is first heard of.
    ledger.save(make(row("quarantine", "a", hold="ignored: …", version="f1")), "r1", at(1))
    assert known("m1") == ["f1"]
    look("f1", "m1", 2)
    assert (known("m1"), known("m2")) == (["f1"], [None])
    look("f2", "m2", 3)
    assert (known("m2"), known("m1")) == (["f2"], [None])
    look("f3", "m2", 4)
    assert known("m2") == ["f2"]
