"""A sync with several connections: each has plans, links and row counts of its own, and none disturbs another."""

from typing import Any

import pytest

from asset_sync.ledger import Ledger
from asset_sync.reconcile.errors import PlanError
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.target import Outcome
from asset_sync_tests.ledger.conftest import KINDS, REMEMBERED, Row, at, changes, make, row

SYNC, MAIN, BRANCH, PLAIN = "sync", "sync/main", "sync/branch", "pdq_to_netbox"


def save(ledger: Ledger, links: str, *rows: Row, hours: float = 0, **more: Any) -> Plan:
    """Save a plan of a connection, or of a sync that has none."""
    connected = "/" in links
    plan = make(*rows, sync=SYNC if connected else links, link_set=links if connected else None, **more)
    ledger.save(plan, f"run of {links} at {hours}", at(hours))
    return plan


def sight(ledger: Ledger, links: str, *rows: Row, hours: float = 0, **more: Any) -> Plan:
    plan = save(ledger, links, *rows, hours=hours, **more)
    ledger.note_sighting(plan, f"run of {links} at {hours}", at(hours))
    return plan


def update(name: str) -> Row:
    return row("update", "a", "1", changes=changes(name=name))


def targets(ledger: Ledger, links: str) -> dict[str, str]:
    table = ledger.links(links, KINDS, REMEMBERED, asked_by=SYNC)["asset"]
    assert table["told_by"].isna().all()
    return dict(zip(table["source_key"], table["target_id"], strict=True))


def test_the_same_plan_of_two_connections_is_two_plans(ledger: Ledger) -> None:
    ids = {links: save(ledger, links, update("new")).id for links in (MAIN, BRANCH)}
    assert ids[MAIN] != ids[BRANCH]
    for links, plan_id in ids.items():
        back = ledger.plan(plan_id)
        assert (back.sync, back.link_set) == (SYNC, links)
        assert (ledger.header(plan_id).sync, ledger.header(plan_id).link_set) == (SYNC, links)
    assert {header.id for header in ledger.plans(SYNC)} == set(ids.values())


@pytest.mark.parametrize(("name", "state"), [("old", "superseded"), ("new", "stale")])
@pytest.mark.parametrize("mode", ["normal", "review"])
def test_a_plan_looks_at_its_own_connection_alone(ledger: Ledger, mode: Any, name: str, state: str) -> None:
    links = (MAIN, BRANCH, PLAIN)
    older = {one: save(ledger, one, update("old"), mode=mode).id for one in links}
    before = {one: ledger.header(older[one]).state for one in links}
    for number, one in enumerate(links, start=1):
        newer = save(ledger, one, update(name), row("create", "b"), hours=number, mode=mode)
        assert ledger.header(newer.id).state == before[one]
        states = {other: ledger.header(older[other]).state for other in links}
        assert states == {other: state if links.index(other) < number else before[other] for other in links}


def test_a_plan_that_was_applied_makes_those_of_its_own_connection_stale(ledger: Ledger) -> None:
    waiting = {links: save(ledger, links, update("old"), mode="review").id for links in (MAIN, BRANCH)}
    for plan_id in waiting.values():
        ledger.approve(plan_id, "ann", at(1))
    applied = save(ledger, MAIN, update("old"), row("create", "b"), hours=2)
    ledger.start(applied.id, "r", at(3))
    assert (ledger.last_applied(MAIN), ledger.last_applied(BRANCH), ledger.last_applied(SYNC)) == (applied.id, None, None)
    with pytest.raises(PlanError, match=f"is stale: plan {applied.id} was applied since"):
        ledger.start(waiting[MAIN], "r", at(4))
    assert [ledger.header(waiting[links]).state for links in (MAIN, BRANCH)] == ["stale", "approved"]
    ledger.start(waiting[BRANCH], "r", at(4))
    assert ledger.last_applied(BRANCH) == waiting[BRANCH]


def test_each_connection_has_links_of_its_own(ledger: Ledger) -> None:
    sight(ledger, MAIN, row("claim", "a", "1"), row("claim", "b", "2"))
    sight(ledger, BRANCH, row("claim", "a", "1001"), hours=1)
    assert targets(ledger, MAIN) == {"a": "1", "b": "2"}
    assert targets(ledger, BRANCH) == {"a": "1001"}
    assert targets(ledger, SYNC) == {}
    sight(ledger, BRANCH, row("retire", "a", "1001"), hours=2)
    missing = {one: ledger.links(one, KINDS, {}, asked_by=SYNC)["asset"]["missing_runs"].tolist() for one in (MAIN, BRANCH)}
    assert missing == {MAIN: [0, 0], BRANCH: [1]}


def test_what_one_connection_writes_the_other_does_not_remember(ledger: Ledger) -> None:
    for links in (MAIN, BRANCH):
        sight(ledger, links, row("claim", "a", "1", changes={"name": {"new": "old"}}))
    plan = save(ledger, MAIN, update("new"), hours=1)
    ledger.record(plan, [Outcome(0, "applied", None, "1", "v2")], "r", at(2))
    remembered = {
        one: ledger.links(one, KINDS, REMEMBERED, asked_by=SYNC)["asset"]["base:name"].tolist() for one in (MAIN, BRANCH)
    }
    assert remembered == {MAIN: ["new"], BRANCH: ["old"]}


def test_row_counts_are_those_of_the_connection(ledger: Ledger) -> None:
    sight(ledger, MAIN, update("x"), source_rows={"devices": 100}, hours=1)
    assert ledger.last_rows(SYNC, MAIN) == {"devices": 100}
    assert ledger.last_rows(SYNC, BRANCH) is None
    sight(ledger, BRANCH, update("x"), source_rows={"devices": 3}, hours=2)
    sight(ledger, PLAIN, update("x"), source_rows={"devices": 7}, hours=3)
    assert ledger.last_rows(SYNC, MAIN) == {"devices": 100}
    assert ledger.last_rows(SYNC, BRANCH) == {"devices": 3}
    assert ledger.last_rows(SYNC) is None
    assert ledger.last_rows(PLAIN) == ledger.last_rows(PLAIN, PLAIN) == {"devices": 7}


def test_history_tells_the_sync_with_its_connection_and_a_sync_without_one_by_its_name(ledger: Ledger) -> None:
    for hours, links in enumerate((MAIN, BRANCH, PLAIN)):
        plan = save(ledger, links, update(f"by {links}"), hours=hours)
        ledger.record(plan, [Outcome(0, "applied", None, "1", "v2")], "r", at(hours))
    shared = make(update("by files"), sync="pdq_exports", link_set=PLAIN)
    ledger.save(shared, "r", at(5))
    ledger.record(shared, [Outcome(0, "applied", None, "1", "v3")], "r", at(5))
    told = ledger.history("asset", "1", "name")
    assert list(zip(told["sync"], told["new"], strict=True)) == [
        ("pdq_exports", "by files"),
        (PLAIN, f"by {PLAIN}"),
        (BRANCH, f"by {BRANCH}"),
        (MAIN, f"by {MAIN}"),
    ]
