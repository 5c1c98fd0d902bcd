"""What is remembered of a look at the source: nothing before the plan may be applied, and nothing older than what is known."""

from typing import Any

import pytest
from sqlalchemy import Engine, text

from asset_sync.ledger import Ledger
from asset_sync.reconcile.guards import Guard
from asset_sync.reconcile.plan import Plan
from asset_sync_tests.ledger.conftest import Assets, Row, at, changes, column, make, row

CLAIM = row("claim", "laptop-7", "99", reason="matched by name", changes={"name": {"new": "laptop-7"}})
STORED = ("link", "sighting", "source_count")


def save(ledger: Ledger, *rows: Row, run: str = "r1", hours: float = 0, **more: Any) -> Plan:
    plan = make(*rows, **{"source_rows": {"devices": 1}, **more})
    ledger.save(plan, run, at(hours))
    ledger.save_guards(plan.id, [])
    return plan


def stored(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        return {name: connection.scalar(text(f"select count(*) from asset_sync.{name}")) or 0 for name in STORED}


# Who is missing is a fact, approved or not.


def missing(assets: Assets) -> dict[str, Any]:
    return column(assets(), "missing_runs")


def review(ledger: Ledger, *rows: Row, hours: float, guards: list[Guard] | None = None, **more: Any) -> Plan:
    plan = make(*rows, mode="review", **more)
    ledger.save(plan, f"run at {hours}", at(hours))
    ledger.save_guards(plan.id, guards or [])
    for _ in range(2):
        ledger.note_absences(plan, f"run at {hours}", at(hours))
    return plan


GONE = row("retire", "b", "2", hold="missing for the first time; …")


def test_a_review_that_nobody_approves_counts_what_is_missing_and_nothing_else(ledger: Ledger, assets: Assets) -> None:
    known = save(ledger, row("claim", "a", "1"), row("claim", "b", "2"))
    ledger.note_sighting(known, "r1", at(0))
    update = row("update", "a", "1", changes=changes(name="new"))
    for number in (1, 2):
        plan = review(ledger, GONE, update, CLAIM, hours=number)
        assert missing(assets) == {"a": 0, "b": number}
        assert column(assets(), "missing_since")["b"] == at(1)
        assert ledger.header(plan.id).state == "waiting"
    # Approved and applied later, it is the same look still.
    ledger.approve(plan.id, "anna", at(3))
    ledger.note_sighting(plan, "run at 2", at(3))
    assert missing(assets) == {"a": 0, "b": 2, "laptop-7": 0}
    review(ledger, row("seen", "b", "2"), update, hours=4)
    assert (missing(assets)["b"], column(assets(), "missing_since")["b"]) == (0, None)


def test_an_older_review_that_is_approved_later_moves_no_count_back(ledger: Ledger, assets: Assets) -> None:
    known = save(ledger, row("claim", "a", "1"), row("claim", "b", "2"))
    ledger.note_sighting(known, "r1", at(0))
    older = save(ledger, row("seen", "b", "2"), CLAIM, run="r2", hours=1)
    ledger.approve(older.id, "anna", at(1))
    review(ledger, GONE, CLAIM, hours=2)
    ledger.note_sighting(older, "r2", at(3))
    assert missing(assets) == {"a": 0, "b": 1, "laptop-7": 0}


def test_no_absence_is_counted_of_an_incomplete_source_or_where_a_guard_fails(ledger: Ledger, assets: Assets) -> None:
    ledger.note_sighting(save(ledger, row("claim", "a", "1"), row("claim", "b", "2")), "r1", at(0))
    review(ledger, GONE, hours=1, complete=False)
    review(ledger, GONE, CLAIM, hours=2, guards=[Guard("source_rows", False, "shrunk")])
    normal = save(ledger, GONE, run="r5", hours=3)
    ledger.note_absences(normal, "r5", at(3))
    assert missing(assets) == {"a": 0, "b": 0}


@pytest.mark.parametrize(("rows", "state"), [([GONE], "planned"), ([CLAIM], "waiting"), ([], "planned")])
def test_a_review_that_writes_and_links_nothing_waits_for_nobody(ledger: Ledger, rows: list[Row], state: str) -> None:
    plan = review(ledger, *rows, hours=1)
    header = ledger.header(plan.id)
    assert (header.state, header.idle) == (state, state == "planned")
    assert (ledger.waits(plan.id) is None) is (state == "planned")
    stopped = review(ledger, *rows, row("seen", "z"), hours=2, guards=[Guard("source_rows", False, "shrunk")])
    assert ledger.header(stopped.id).state == "waiting"


# Before anybody approved.


def test_nothing_is_stored_of_a_review_before_it_is_approved_nor_after_it_was_rejected(ledger: Ledger, engine: Engine) -> None:
    plan = save(ledger, CLAIM, row("retire", "a", "1"), mode="review")
    ledger.note_sighting(plan, "r1", at(0))
    assert stored(engine) == dict.fromkeys(STORED, 0)
    ledger.reject(plan.id, "anna", at(1))
    ledger.note_sighting(plan, "r1", at(2))
    assert stored(engine) == dict.fromkeys(STORED, 0)
    assert ledger.last_rows("pdq_to_netbox") is None
    ledger.approve(plan.id, "anna", at(3))
    ledger.note_sighting(plan, "r1", at(3))
    assert stored(engine) == dict.fromkeys(STORED, 1)


def test_nothing_is_stored_of_a_plan_that_its_guards_stop_until_they_are_overruled(ledger: Ledger, engine: Engine) -> None:
    plan = save(ledger, CLAIM)
    ledger.save_guards(plan.id, [Guard("keys", False, "twice")])
    ledger.note_sighting(plan, "r1", at(0))
    assert stored(engine) == dict.fromkeys(STORED, 0)
    ledger.approve(plan.id, "anna", at(1))
    ledger.note_sighting(plan, "r1", at(1))
    assert stored(engine) == dict.fromkeys(STORED, 1)


@pytest.mark.parametrize("newer", [{"mode": "dry_run"}, {}])
def test_nothing_is_stored_of_a_dry_run_and_of_what_is_stale(ledger: Ledger, engine: Engine, newer: dict[str, Any]) -> None:
    stale = save(ledger, CLAIM, row("create", "x"), mode="review")
    ledger.approve(stale.id, "anna", at(1))
    look = save(ledger, CLAIM, run="r2", **newer)
    ledger.note_sighting(stale, "r1", at(2))
    assert stored(engine) == dict.fromkeys(STORED, 0)
    ledger.note_sighting(look, "r2", at(3))
    assert stored(engine) == dict.fromkeys(STORED, 0 if newer else 1)


# What is older.


def named(name: str) -> Row:
    return row("claim", "a", "1", changes={"name": {"new": name}})


def test_an_older_plan_moves_nothing_back(ledger: Ledger, linked: Plan, assets: Assets) -> None:
    write = row("update", "b", "2", changes=changes(memory=3))
    older = save(ledger, named("B"), row("retire", "b", "2", hold="grace"), write, run="r1")
    ledger.approve(older.id, "anna", at(1))
    newer = save(ledger, named("C"), write, run="r2", hours=2, source_rows={"devices": 9})
    ledger.note_sighting(newer, "r2", at(2))
    assert ledger.waits(older.id) is None
    ledger.note_sighting(older, "r1", at(3))
    assert column(assets(), "base:name") == {"a": "C", "b": "beta"}
    assert column(assets(), "missing_runs") == {"a": 0, "b": 0}
    assert ledger.last_rows("pdq_to_netbox") == {"devices": 9}


def test_an_older_plan_that_is_made_again_is_the_newest(ledger: Ledger, linked: Plan, assets: Assets) -> None:
    older = save(ledger, named("B"), run="r1", mode="review")
    ledger.approve(older.id, "anna", at(1))
    ledger.note_sighting(save(ledger, named("C"), run="r2"), "r2", at(2))
    save(ledger, named("B"), run="r3", mode="review")
    ledger.note_sighting(older, "r3", at(3))
    assert assets()["a"]["base:name"] == "B"


def test_an_older_plan_that_another_sync_made_moves_nothing_back(ledger: Ledger, linked: Plan, assets: Assets) -> None:
    older = save(ledger, named("B"), run="r1", sync="files", link_set="pdq_to_netbox")
    ledger.note_sighting(save(ledger, named("C"), run="r2"), "r2", at(2))
    ledger.note_sighting(older, "r1", at(3))
    assert assets()["a"]["base:name"] == "C"


def test_a_newer_look_that_does_not_count_keeps_no_older_one_out(ledger: Ledger, linked: Plan, assets: Assets) -> None:
    older = save(ledger, named("B"), run="r1")
    save(ledger, named("C"), run="r2", mode="dry_run")
    save(ledger, named("D"), run="r3", sync="other")
    ledger.note_sighting(older, "r1", at(3))
    assert assets()["a"]["base:name"] == "B"
