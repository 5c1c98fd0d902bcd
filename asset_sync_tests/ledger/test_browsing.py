"""A plan's operations by pages, against the plan itself."""

import dataclasses

import pytest
from sqlalchemy import Engine

from asset_sync.ledger import Ledger
from asset_sync.ledger.browsing import Browsing, Filter, Tally
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.errors import PlanError
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.target import Outcome
from asset_sync_tests.ledger.conftest import Row, at, changes, make, row

NASTY = ["100%", "a_b", "back\\slash", 'quo"te', "STRASSE", "Ärger"]


def rows() -> list[Row]:
    """Return creates, updates, a held row and one that is merely seen."""
    made = [row("create", f"new {name}", changes=changes(name=name, serial=f"S{n}")) for n, name in enumerate(NASTY)]
    held = row("update", "held", "90", changes=changes(name="no"), hold="both sides changed it")
    return [*made, row("update", "a", "7", changes=changes(status='the "serial":{ of another')), held, row("seen", "b", "8")]


@pytest.fixture
def plan(engine: Engine) -> Plan:
    plan = make(*rows())
    ledger = Ledger(engine)
    ledger.save(plan, "r1", at(0))
    ledger.save_guards(plan.id, [])
    ledger.start(plan.id, "r1", at(0))
    ledger.record(plan, [Outcome(0, "failed", "no room")], "r1", at(0))
    return plan


def found(engine: Engine, plan: Plan, **asked: object) -> list[str | None]:
    page = Browsing(engine).page(plan.id, dataclasses.replace(Filter(), **asked), 0, 100)  # type: ignore[arg-type]
    assert page.total == len(page.rows)
    return [each.source_key for each in page.rows]


def test_pages_have_every_operation_once_in_the_plans_order_with_what_became_of_it(engine: Engine, plan: Plan) -> None:
    browsing, size = Browsing(engine), 3
    expected = [each for each in p.records(plan.operations) if each["op"] in p.WRITES or each["hold"] is not None]
    pages = [browsing.page(plan.id[:8], Filter(), offset, size) for offset in range(0, len(expected), size)]
    assert {page.total for page in pages} == {len(expected)}
    told = [each for page in pages for each in page.rows]
    for name in ("seq", "kind", "op", "key", "source_key", "target_id", "changes", "reason", "hold"):
        assert [getattr(each, name) for each in told] == [each[name] for each in expected], name
    assert [(each.outcome, each.detail) for each in told] == [("failed", "no room")] + [(None, None)] * (len(expected) - 1)
    beyond = browsing.page(plan.id, Filter(), 1_000, size)
    assert (beyond.total, list(beyond.rows)) == (len(expected), [])
    assert browsing.page(plan.id, Filter(kind="beamer"), 5, size).total == 0
    with pytest.raises(PlanError, match="no plan"):
        browsing.page("nonsense", Filter(), 0, size)


def test_a_filter_finds_what_it_says_and_nothing_else(engine: Engine, plan: Plan) -> None:
    creates = [f"new {name}" for name in NASTY]
    assert found(engine, plan, op="create") == creates
    assert found(engine, plan, op="seen") == ["b"]
    assert found(engine, plan, kind="maker") == []
    assert found(engine, plan, field="serial") == creates
    assert found(engine, plan, field="status") == ["a"]
    assert found(engine, plan, held=True) == ["held"]
    assert found(engine, plan, held=False) == [*creates, "a"]
    assert found(engine, plan, text="strasse") == ["new STRASSE"]
    assert found(engine, plan, text="BOTH SIDES") == ["held"]
    assert found(engine, plan, text="100%") == ["new 100%"]
    assert found(engine, plan, text="a_b") == ["new a_b"]
    assert found(engine, plan, text="back\\sl") == ["new back\\slash"]
    assert found(engine, plan, text="Ärg") == ["new Ärger"]
    assert found(engine, plan, text="%") == ["new 100%"]
    assert found(engine, plan, outcome="failed") == creates[:1]
    assert found(engine, plan, outcome="failed", op="update") == found(engine, plan, outcome="applied") == []
    assert found(engine, plan, recognised=True) == [*creates, "a", "held", "b"]


def test_a_page_of_nothing_tells_how_many_there_are(engine: Engine, plan: Plan) -> None:
    page = Browsing(engine).page(plan.id, Filter(op="create"), 0, 0)
    assert (page.total, list(page.rows)) == (len(NASTY), [])


def test_operations_are_counted_by_sort(engine: Engine, plan: Plan) -> None:
    assert Browsing(engine).tally(plan.id) == [
        Tally("asset", "create", held=False, count=len(NASTY)),
        Tally("asset", "update", held=False, count=1),
        Tally("asset", "update", held=True, count=1),
        Tally("asset", "seen", held=False, count=1),
    ]


def test_what_waits_for_a_person_is_found_until_it_is_decided(engine: Engine) -> None:
    ledger, browsing = Ledger(engine), Browsing(engine)
    waiting = dataclasses.replace(make(*rows()), mode="review")
    ledger.save(waiting, "r1", at(0))
    assert [(each.id, each.state) for each in browsing.undecided()] == [(waiting.id, "waiting")]
    ledger.approve(waiting.id, "anna", at(1))
    assert [each.state for each in browsing.undecided()] == ["approved"]
    ledger.reject(waiting.id, "bob", at(2))
    assert browsing.undecided() == []
