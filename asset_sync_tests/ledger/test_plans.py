from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from asset_sync.ledger import Ledger
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.errors import PlanError
from asset_sync.reconcile.guards import Guard
from asset_sync.reconcile.plan import Plan
from asset_sync_tests.ledger.conftest import Row, at, changes, make, row

NASTY = [
    "",
    " ",
    '"',
    "\\",
    "\\.",
    "\n\\.\n",
    "a\r\nb",
    "a\tb",
    "NULL",
    "\\N",
    "é𝄞",
    "{}",
    ",",
    "'; drop table link; --",
    "%s %(a)s",
]


def update(source_key: str = "a", **more: Any) -> Row:
    return row("update", source_key, "1", changes=changes(name="new"), **more)


def save(ledger: Ledger, plan: Plan, run_id: str = "r1", hours: float = 0) -> str:
    ledger.save(plan, run_id, at(hours))
    return plan.id


def apply(ledger: Ledger, plan: Plan, hours: float = 0) -> str:
    save(ledger, plan, f"run of {plan.id}", hours)
    ledger.start(plan.id, f"run of {plan.id}", at(hours))
    ledger.finish(plan.id, at(hours + 1))
    return plan.id


# Kept byte for byte.


def test_plan_comes_back_as_it_was(ledger: Ledger) -> None:
    rows = [
        row(
            "update",
            text,
            text,
            key=text,
            version=text,
            reason=text,
            hold=text,
            changes=changes(**{text or "x": text, "n": None}),
        )
        for text in NASTY
    ]
    missing = ("asset", "quarantine", *[None] * 4, "{}", *[None] * (len(p.OPERATION_COLUMNS) - 7))
    plan = make(*rows, missing, mode="review", complete=False, source_rows={"b": 2, "a": 1}, undoes="0" * 16)
    ledger.save(plan, "r1", at(0))
    back = ledger.plan(plan.id)
    assert back.id == plan.id
    assert p.records(back.operations) == p.records(plan.operations)
    assert (back.sync, back.mode, back.after, back.complete, back.undoes) == ("pdq_to_netbox", "review", None, False, "0" * 16)
    assert back.source_rows == {"a": 1, "b": 2}
    assert back.counts == plan.counts


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(st.tuples(texts, st.none() | texts, st.floats(allow_nan=False, allow_infinity=False)), max_size=5))
def test_any_text_comes_back(ledger: Ledger, values: Sequence[tuple[str, str | None, float]]) -> None:
    plan = make(*(row("update", key, note, hold=note, changes=changes(name=key, price=price)) for key, note, price in values))
    ledger.save(plan, "r1", at(0))
    assert ledger.plan(plan.id).id == plan.id


def test_empty_plan_comes_back(ledger: Ledger) -> None:
    plan = make()
    ledger.save(plan, "r1", at(0))
    assert ledger.plan(plan.id).operations.empty


def test_damaged_plan_is_refused(ledger: Ledger, engine: Engine) -> None:
    plan_id = save(ledger, make(update()))
    with engine.begin() as connection:
        connection.execute(text("update asset_sync.operation set changes = replace(changes, 'new', 'old')"))
    with pytest.raises(PlanError, match="is damaged"):
        ledger.plan(plan_id)


def test_plan_is_found_by_the_start_of_its_id(ledger: Ledger) -> None:
    plan = make(update())
    save(ledger, plan)
    assert ledger.plan(plan.id[:6]).id == plan.id
    assert ledger.header(plan.id[:6]).id == plan.id
    for short in (plan.id[:1], plan.id[:5]):
        with pytest.raises(PlanError, match=f"'{short}' is too little of an id: give at least the first 6 characters"):
            ledger.approve(short, "anna", at(1))
    with pytest.raises(PlanError, match="no plan 'zz'"):
        ledger.header("zz")


@pytest.mark.parametrize("given", ["", "%", "nope", "_"])
def test_unknown_plan(ledger: Ledger, given: str) -> None:
    save(ledger, make(update()))
    with pytest.raises(PlanError, match=r"^no plan '.*': asset-sync plans lists them$"):
        ledger.header(given)


def test_ambiguous_plan(ledger: Ledger) -> None:
    ids = [save(ledger, make(update(str(number)))) for number in range(17)]
    start = next(digit for digit in "0123456789abcdef" if sum(i.startswith(digit) for i in ids) > 1)
    with pytest.raises(PlanError, match="is the start of several plans: "):
        ledger.plan(start)


# One plan, one place.


def test_saved_twice_is_one_plan(ledger: Ledger) -> None:
    plan = make(update())
    save(ledger, plan)
    save(ledger, plan, hours=5)
    assert [header.id for header in ledger.plans()] == [plan.id]
    assert ledger.header(plan.id).created_at == at(0)
    assert len(ledger.plan(plan.id).operations) == 1


def test_header_tells_everything(ledger: Ledger) -> None:
    plan = make(update(), update("b", hold="a person decides"), source_rows={"devices": 7})
    save(ledger, plan)
    ledger.save_guards(plan.id, [Guard("keys", True, "fine"), Guard("retired", False, "too many")])
    ledger.approve(plan.id, "ann", at(1))
    header = ledger.header(plan.id)
    assert (header.sync, header.mode, header.run_id, header.state) == ("pdq_to_netbox", "normal", "r1", "approved")
    assert header.counts == {"create": 0, "update": 1, "retire": 0, "restore": 0}
    assert (header.held, header.source_rows, header.created_at, header.started_at) == (1, {"devices": 7}, at(0), None)
    assert [(d.by, d.at, d.guards) for d in header.approvals] == [("ann", at(1), ("retired",))]
    assert header.failed_guards == (Guard("retired", False, "too many"),)


def test_plan_made_again_comes_back_to_the_front(ledger: Ledger) -> None:
    first, second = make(update("1")), make(update("1"), update("2"))
    save(ledger, first, "r1")
    save(ledger, second, "r2", 1)
    assert [(h.id, h.state) for h in ledger.plans()] == [(second.id, "planned"), (first.id, "superseded")]
    save(ledger, first, "r3", 2)
    assert [(h.id, h.state) for h in ledger.plans()] == [(first.id, "planned"), (second.id, "stale")]
    # A step of an earlier run that is tried again is no new plan.
    save(ledger, second, "r2", 3)
    assert [(h.id, h.state) for h in ledger.plans()] == [(first.id, "planned"), (second.id, "stale")]
    header = ledger.header(first.id)
    assert (header.created_at, header.made_at, header.run_id) == (at(0), at(2), "r3")


def test_plans_are_listed_newest_first(ledger: Ledger) -> None:
    ids = [save(ledger, make(update(str(n)), sync="x"), f"r{n}", hours=-n) for n in range(4)]
    save(ledger, make(update(), sync="y"))
    assert [header.id for header in ledger.plans("x")] == ids[::-1]
    assert [header.id for header in ledger.plans("x", limit=2)] == ids[:1:-1]
    latest = ledger.latest("x")
    assert latest is not None
    assert latest.id == ids[-1]
    assert ledger.latest("z") is None


def test_plan_is_found_by_its_run(ledger: Ledger) -> None:
    made, applied = make(update("1")), make(update("1"), mode="review")
    save(ledger, applied, "r2-long-id")
    ledger.approve(applied.id, "ann", at(0))
    save(ledger, made, "r1")
    ledger.start(applied.id, "r3", at(1))
    assert ledger.find_by_run("r2-l") == applied.id
    assert ledger.find_by_run("r3") == applied.id
    assert ledger.find_by_run("r1") == made.id
    save(ledger, make(update("3"), sync="other"), "r1")
    with pytest.raises(PlanError, match="run 'r1' has several plans: "):
        ledger.find_by_run("r1")
    for unknown in ("", "r4"):
        with pytest.raises(PlanError, match="no plan of a run"):
            ledger.find_by_run(unknown)


# Why a plan waits.


def test_run_of_several_syncs_made_a_plan_of_each(ledger: Ledger) -> None:
    plans = {sync: make(row("create", "x"), sync=sync) for sync in ("pdq_to_netbox", "other")}
    for plan in plans.values():
        ledger.save(plan, "r1", at(0))
    assert {sync: ledger.made_by("r1", sync) for sync in plans} == {sync: plan.id for sync, plan in plans.items()}
    assert ledger.made_by("r1", "third") is None


def test_plan_without_a_reason_to_wait(ledger: Ledger) -> None:
    plan = make(update())
    save(ledger, plan)
    ledger.save_guards(plan.id, [Guard("keys", True, "fine")])
    assert ledger.waits(plan.id) is None


def test_dry_run_is_never_applied(ledger: Ledger) -> None:
    plan_id = save(ledger, make(update(), mode="dry_run"))
    with pytest.raises(PlanError, match="is a dry run, which is never applied"):
        ledger.start(plan_id, "r1", at(0))
    with pytest.raises(PlanError, match="is a dry run, which is never applied"):
        ledger.approve(plan_id, "ann", at(0))
    assert ledger.header(plan_id).state == "planned"


def test_review_waits_for_approval(ledger: Ledger) -> None:
    plan_id = save(ledger, make(update(), mode="review"))
    assert ledger.header(plan_id).state == "waiting"
    assert ledger.waits(plan_id) == (
        f"plan {plan_id} of pdq_to_netbox waits for approval; "
        f"look at it, then: asset-sync approve {plan_id} && asset-sync apply {plan_id}"
    )
    with pytest.raises(PlanError, match="waits for approval"):
        ledger.start(plan_id, "r1", at(0))
    ledger.approve(plan_id[:6], "ann", at(1))
    assert ledger.waits(plan_id) is None
    ledger.start(plan_id, "r1", at(2))
    assert ledger.waits(plan_id) is None


def test_failed_guard_needs_an_approval_that_saw_it(ledger: Ledger) -> None:
    plan_id = save(ledger, make(update()))
    ledger.save_guards(plan_id, [Guard("retired", False, "31 of 50")])
    assert ledger.header(plan_id).state == "waiting"
    assert ledger.waits(plan_id) == (
        f"plan {plan_id} of pdq_to_netbox is stopped by its guards (retired: 31 of 50); "
        f"look at it, then: asset-sync approve {plan_id} && asset-sync apply {plan_id}"
    )
    ledger.approve(plan_id, "ann", at(1))
    assert ledger.waits(plan_id) is None
    ledger.save_guards(plan_id, [Guard("retired", False, "31 of 50"), Guard("keys", False, "twice")])
    assert ledger.header(plan_id).state == "waiting"
    assert "(keys: twice)" in str(ledger.waits(plan_id))
    ledger.save_guards(plan_id, [Guard("retired", True, "fine")])
    assert ledger.header(plan_id).state == "approved"


def test_rejected_plan_stays_so_when_made_again_until_somebody_approves_it(ledger: Ledger) -> None:
    plan = make(update(), mode="review")
    save(ledger, plan)
    ledger.approve(plan.id, "ann", at(1))
    ledger.reject(plan.id, "bob", at(2))
    save(ledger, plan, "r2", 3)
    assert ledger.header(plan.id).state == "rejected"
    assert str(ledger.waits(plan.id)).startswith(
        f"plan {plan.id} of pdq_to_netbox was rejected by bob at 2025-03-01 14:30 UTC; if that is over, look at it, then:"
    )
    ledger.approve(plan.id, "ann", at(4))
    assert ledger.header(plan.id).state == "approved"
    assert [decision.at for decision in ledger.header(plan.id).approvals] == [at(4)]


def test_plan_that_was_begun_and_not_finished_counts_as_applied_last(ledger: Ledger) -> None:
    plan_id = save(ledger, make(update()))
    ledger.start(plan_id, "r1", at(0))
    assert ledger.last_applied("pdq_to_netbox") == plan_id
    assert ledger.waits(plan_id) is None


def test_plan_without_writes_does_not_count_as_applied_last(ledger: Ledger) -> None:
    first = apply(ledger, make(update()), 0)
    empty = apply(ledger, make(row("seen", "a", "1"), after=first), 5)
    assert ledger.header(empty).state == "applied"
    assert ledger.last_applied("pdq_to_netbox") == first


def test_what_is_over_cannot_be_decided_about(ledger: Ledger) -> None:
    superseded = save(ledger, make())
    applied = apply(ledger, make(update("2")))
    for plan_id in (superseded, applied):
        for decide in (ledger.approve, ledger.reject):
            with pytest.raises(PlanError, match=r"is (superseded|applied): only a plan that is yet to be applied"):
                decide(plan_id, "ann", at(9))


def test_times_need_a_time_zone_and_come_back_in_utc(ledger: Ledger, engine: Engine) -> None:
    plan = make(update())
    with pytest.raises(Exception, match="has no time zone"):
        ledger.save(plan, "r1", at(0).replace(tzinfo=None))
    with engine.begin() as connection:
        database = connection.scalar(text("select current_database()"))
        connection.execute(text(f"alter database {database} set timezone to 'Asia/Tokyo'"))
    engine.dispose()
    save(ledger, plan)
    assert str(ledger.header(plan.id).created_at) == "2025-03-01 12:30:15.123456+00:00"
