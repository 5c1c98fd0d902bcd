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
