"""Two syncs that go by the same links: one set of them, one plan at a time, and each record told of by one sync."""

from typing import Any

import pytest
from sqlalchemy import create_engine

from asset_sync.ledger import Ledger, migrate
from asset_sync.reconcile.errors import PlanError
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.target import Outcome
from asset_sync_tests.ledger.conftest import KINDS, START, Assets, Row, at, changes, column, make, row
from asset_sync_tests.ledger.revisions import insert, migrate_to

API, FILES = "pdq_to_netbox", "pdq_exports"


def sight(ledger: Ledger, *rows: Row, sync: str = FILES, hours: float = 1, **more: Any) -> Plan:
    plan = make(*rows, sync=sync, link_set=None if sync == API else API, **more)
    ledger.save(plan, f"run at {hours}", at(hours))
    ledger.note_sighting(plan, f"run at {hours}", at(hours))
    return plan


def told_by(ledger: Ledger, asked_by: str) -> dict[str, str | None]:
    frame = ledger.links(API, KINDS, {}, asked_by=asked_by)["asset"]
    return {key: None if told != told else told for key, told in zip(frame["source_key"], frame["told_by"], strict=True)}


def test_the_links_are_the_others_and_each_says_who_tells_of_it(ledger: Ledger, linked: Plan) -> None:
    sight(ledger, row("claim", "c", "3"))
    assert told_by(ledger, FILES) == {"a": API, "b": API, "c": None}
    assert told_by(ledger, API) == {"a": None, "b": None, "c": FILES}
    assert ledger.links(FILES, KINDS, {})["asset"].empty


def test_a_write_of_the_one_sync_moves_what_the_other_remembers(ledger: Ledger, linked: Plan, assets: Assets) -> None:
    plan = sight(ledger, row("update", "a", "1", changes=changes(name="new")))
    ledger.record(plan, [Outcome(0, "applied", None, "1", "v2")], "r", at(2))
    assert column(assets(), "base:name") == {"a": "new", "b": "beta"}
    assert told_by(ledger, API)["a"] is None


def test_a_record_that_another_sync_gives_another_name_is_told_of_by_that_one(ledger: Ledger, linked: Plan) -> None:
    sight(ledger, row("claim", "c", "3"))
    sight(ledger, row("claim", "dvc_3", "3"), sync=API, hours=2)
    assert told_by(ledger, API) == {"a": None, "b": None, "dvc_3": None}


def test_a_plan_is_stale_once_the_other_sync_applied_one(ledger: Ledger) -> None:
    ours = sight(ledger, row("create", "a", changes=changes(name="new")))
    theirs = sight(ledger, row("create", "a", changes=changes(name="new")), sync=API, hours=2)
    assert ours.id != theirs.id
    ledger.start(theirs.id, "r", at(3))
    assert ledger.last_applied(API) == theirs.id
    with pytest.raises(PlanError, match=f"is stale: plan {theirs.id} was applied since"):
        ledger.start(ours.id, "r", at(4))


def test_a_plan_comes_back_as_it_was(ledger: Ledger) -> None:
    plan = sight(ledger, row("create", "a", changes=changes(name="new")))
    back = ledger.plan(plan.id)
    assert (back.id, back.link_set) == (plan.id, API)
    assert ledger.header(plan.id).link_set == API
    assert make(sync=FILES).id != make(sync=FILES, link_set=API).id


def test_what_was_there_before_keeps_its_own_links(empty_database_url: str) -> None:
    engine = create_engine(empty_database_url)
    migrate_to(engine, "0001")
    link = {"kind": "asset", "source_key": "a", "target_id": "1", "claimed": "created", "base": "{}", "first_seen": START}
    insert(engine, "link", sync=API, **link)
    migrate(engine)
    assert told_by(Ledger(engine), API) == {"a": None}
    assert told_by(Ledger(engine), FILES) == {"a": API}
    engine.dispose()
