"""An undone retirement is a decision: it holds until a person takes it back, or the source has the record again."""

import pytest

from asset_sync.ledger import Ledger
from asset_sync.reconcile.guards import Guard
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.resolutions import describe
from asset_sync.reconcile.target import Outcome
from asset_sync_tests.ledger.conftest import Assets, Row, at, changes, column, make, row

LINKS = "pdq_to_netbox"
RETIRE = row("retire", "a", "1", changes=changes(status="offline"))
RESTORE = row("restore", "a", "1", changes=changes(status="active"))


def undo(ledger: Ledger, *rows: Row, of: str = "x", by: str | None = "anna", outcome: str = "applied") -> Plan:
    """Let a person undo a plan, at 13:30."""
    plan = make(*rows, undoes=of, complete=False)
    ledger.save(plan, f"undo of {of}", at(1))
    if by:
        ledger.save_guards(plan.id, [Guard("retired", False, "too many")])
        ledger.approve(plan.id, by, at(1))
    ledger.record(plan, [Outcome(seq, outcome, None, None, "v5") for seq in range(len(rows))], "run of the undo", at(1))
    return plan


def look(ledger: Ledger, *rows: Row, hours: float) -> None:
    plan = make(*rows)
    ledger.save(plan, f"run at {hours}", at(hours))
    ledger.note_sighting(plan, f"run at {hours}", at(hours))


def kept(ledger: Ledger) -> list[tuple[str, str, str | None, str]]:
    found = ledger.resolutions(LINKS).of("asset", "keep_target")
    return [(each.source_key, each.verb, each.field, each.by) for each in found]


@pytest.fixture
def retired(ledger: Ledger, linked: Plan) -> Plan:
    """The plan that retired asset 1, whose record was missing."""
    plan = make(RETIRE)
    ledger.save(plan, "r1", at(0.5))
    ledger.note_sighting(plan, "r1", at(0.5))
    ledger.record(plan, [Outcome(0, "applied", None, "1", "v2")], "r1", at(0.5))
    return plan


@pytest.mark.parametrize(("by", "name"), [("anna", " by anna"), (None, "")])
def test_an_undone_retirement_is_a_decision_of_who_undid_it(ledger: Ledger, retired: Plan, by: str | None, name: str) -> None:
    undo(ledger, RESTORE, of=retired.id, by=by)
    assert kept(ledger) == [("a", "keep_target", "status", f"undo of plan {retired.id}{name}")]
    (resolution,) = ledger.resolutions(LINKS).of("asset", "keep_target")
    assert describe(resolution) == f"decided by undo of plan {retired.id}{name} on 2025-03-01 13:30 UTC"


def test_what_is_missing_is_missing_still(ledger: Ledger, retired: Plan, assets: Assets) -> None:
    undo(ledger, RESTORE)
    link = assets()["a"]
    assert [link[name] for name in ("retired_by", "missing_runs", "missing_since")] == [None, 1, at(0.5)]


@pytest.mark.parametrize("outcome", ["conflict", "failed", "skipped"])
def test_what_was_not_put_back_decides_nothing(ledger: Ledger, retired: Plan, outcome: str) -> None:
    undo(ledger, RESTORE, outcome=outcome)
    assert kept(ledger) == []


def test_what_else_an_undo_takes_back_decides_nothing(ledger: Ledger, retired: Plan) -> None:
    undo(ledger, row("update", "b", "2", changes=changes(status="staged")), row("retire", "b", "2"))
    assert kept(ledger) == []


def test_a_restore_that_is_no_undo_decides_nothing(ledger: Ledger, retired: Plan) -> None:
    plan = make(RESTORE)
    ledger.save(plan, "r2", at(1))
    ledger.record(plan, [Outcome(0, "applied", None, "1", "v3")], "r2", at(1))
    assert kept(ledger) == []


def test_it_holds_as_long_as_the_record_is_gone_and_ends_when_it_is_back(ledger: Ledger, retired: Plan, assets: Assets) -> None:
    plan = undo(ledger, RESTORE)
    held = row("retire", "a", "1", hold="stays in service", changes=changes(status="offline"))
    for hours in (2, 3, 4):
        look(ledger, held, hours=hours)
    assert len(kept(ledger)) == 1
    assert column(assets(), "missing_runs")["a"] == 4
    look(ledger, row("seen", "b", "2"), hours=5)
    assert len(kept(ledger)) == 1
    look(ledger, row("seen", "a", "1"), hours=6)
    assert kept(ledger) == []
    (record,) = ledger.every_resolution(LINKS)
    assert (record.taken_back_by, record.taken_back_at) == ("the source, which has it again", at(6))
    ledger.record(plan, [Outcome(0, "applied", None, "1", "v5")], "again", at(7))
    assert kept(ledger) == []


def test_a_decision_of_a_person_does_not_end_with_the_record_being_back(ledger: Ledger, retired: Plan) -> None:
    undo(ledger, RESTORE)
    (resolution,) = ledger.resolutions(LINKS).of("asset", "keep_target")
    ledger.take_back(resolution.number or 0, "bob", at(2))
    assert kept(ledger) == []
    ledger.resolve(LINKS, type(resolution)("asset", "a", "keep_target", "carol", at(3), field="status"))
    look(ledger, row("seen", "a", "1"), hours=4)
    assert [by for *_, by in kept(ledger)] == ["carol"]


def test_an_undo_of_the_undo_ends_it(ledger: Ledger, retired: Plan) -> None:
    first = undo(ledger, RESTORE, of=retired.id)
    undo(ledger, RETIRE, of=first.id, by="bob")
    assert kept(ledger) == []
    assert [each.taken_back_by for each in ledger.every_resolution(LINKS)] == [f"undo of plan {first.id} by bob"]
