"""What a run was about to send is known after it was killed, and forgotten once it told what became of it."""

from sqlalchemy import Engine, text

from asset_sync.ledger import Ledger
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.target import Outcome
from asset_sync_tests.ledger.conftest import at, make, row


def saved(ledger: Ledger) -> Plan:
    plan = make(*(row("create", f"n{number}") for number in range(5)))
    ledger.save(plan, "r1", at(0))
    return plan


def test_intended_is_what_no_outcome_was_told_of(ledger: Ledger) -> None:
    plan = saved(ledger)
    assert ledger.intended(plan.id) == frozenset()
    ledger.intend(plan.id, [0, 1, 2], "r1", at(1))
    ledger.intend(plan.id, [4], "r1", at(1))
    assert ledger.intended(plan.id[:8]) == {0, 1, 2, 4}
    ledger.record(plan, [Outcome(1, "applied", None, "7"), Outcome(4, "failed", "no")], "r1", at(2))
    assert ledger.intended(plan.id) == {0, 2}


def test_intended_again_by_another_run_is_intended_until_that_one_tells(ledger: Ledger, engine: Engine) -> None:
    plan = saved(ledger)
    ledger.intend(plan.id, [0, 1], "r1", at(1))
    ledger.record(plan, [Outcome(0, "failed", "no")], "r1", at(2))
    assert ledger.intended(plan.id) == {1}
    for _ in range(2):
        ledger.intend(plan.id, [0, 1], "r2", at(3))
    assert ledger.intended(plan.id) == {0, 1}
    ledger.record(plan, [Outcome(0, "applied", None, "7"), Outcome(1, "already", None, "8")], "r2", at(4))
    assert ledger.intended(plan.id) == frozenset()
    with engine.connect() as connection:
        assert {tuple(found) for found in connection.execute(text("select seq, run_id, at from asset_sync.intent"))} == {
            (0, "r2", at(3)),
            (1, "r2", at(3)),
        }


def test_what_another_run_told_of_since_is_not_intended_any_more(ledger: Ledger) -> None:
    plan = saved(ledger)
    ledger.intend(plan.id, [0, 1], "r1", at(1))
    ledger.record(plan, [Outcome(0, "failed", "found it untouched")], "r2", at(2))
    assert ledger.intended(plan.id) == {1}


def test_intents_are_of_one_plan(ledger: Ledger) -> None:
    one, other = saved(ledger), make(row("create", "x"))
    ledger.save(other, "r2", at(0))
    ledger.intend(one.id, [0], "r1", at(1))
    assert ledger.intended(one.id) == {0}
    assert ledger.intended(other.id) == frozenset()


def test_nothing_intended_is_nothing(ledger: Ledger) -> None:
    plan = saved(ledger)
    ledger.intend(plan.id, [], "r1", at(1))
    assert ledger.intended(plan.id) == frozenset()
