"""Links and decisions of a connection that came, went, or has another name."""

import pytest

from asset_sync.ledger import Ledger
from asset_sync.ledger.moving import LinkSet
from asset_sync.reconcile.errors import PlanError
from asset_sync.reconcile.resolutions import Resolution
from asset_sync_tests.ledger.conftest import KINDS, REMEMBERED, at, changes, make, row

SYNC, MAIN, PARIS = "sync", "sync/main", "sync/paris"


@pytest.fixture
def plain(ledger: Ledger) -> str:
    """Links, a decision and a waiting plan of a sync without connections; return the plan's id."""
    plan = make(row("claim", "a", "1", changes={"name": {"new": "old"}}), row("claim", "b", "2"), sync=SYNC)
    ledger.save(plan, "r1", at(0))
    ledger.note_sighting(plan, "r1", at(0))
    ledger.resolve(SYNC, Resolution("asset", "b", "ignore", "anna", at(1)))
    ledger.resolve("sync_of_another", Resolution("asset", "b", "ignore", "anna", at(1)))
    waiting = make(row("update", "a", "1", changes=changes(name="new")), sync=SYNC, mode="review")
    ledger.save(waiting, "r2", at(2))
    return waiting.id


def test_what_no_connection_goes_by_is_told_and_moves_with_its_decisions(ledger: Ledger, plain: str) -> None:
    assert ledger.left_links(SYNC, [MAIN, PARIS]) == [LinkSet(SYNC, 2, 1)]
    assert ledger.left_links(SYNC, [SYNC]) == []
    assert [ledger.is_new(name) for name in (SYNC, MAIN)] == [False, True]
    ledger.move_links(SYNC, MAIN, "its links are those of sync/main now")
    assert ledger.left_links(SYNC, [MAIN, PARIS]) == []
    found = ledger.links(MAIN, KINDS, REMEMBERED, asked_by=SYNC)["asset"]
    assert found[["source_key", "target_id"]].to_numpy().tolist() == [["a", "1"], ["b", "2"]]
    assert found["base:name"].tolist()[0] == "old"
    assert found["told_by"].isna().all()
    assert [each.verb for each in ledger.resolutions(MAIN)] == ["ignore"]
    header = ledger.header(plain)
    assert (header.state, header.stale_because) == ("stale", "its links are those of sync/main now")


def test_two_sets_of_links_never_become_one(ledger: Ledger, plain: str) -> None:
    ledger.resolve(PARIS, Resolution("asset", "z", "ignore", "anna", at(1)))
    with pytest.raises(PlanError, match="sync/paris has links or decisions of its own"):
        ledger.move_links(SYNC, PARIS, "…")
    assert ledger.left_links(SYNC, [MAIN]) == [LinkSet(SYNC, 2, 1), LinkSet(PARIS, 0, 1)]
    assert ledger.header(plain).state == "waiting"


def test_what_is_forgotten_is_gone_and_others_are_not(ledger: Ledger, plain: str) -> None:
    ledger.forget_links(SYNC, "its links were forgotten")
    assert ledger.left_links(SYNC, []) == []
    assert ledger.header(plain).stale_because == "its links were forgotten"
    assert len(list(ledger.resolutions("sync_of_another"))) == 1


def test_nothing_moves_while_a_plan_is_applied(ledger: Ledger, plain: str) -> None:
    with ledger.alone(SYNC), pytest.raises(PlanError, match="a plan of sync is being applied"):
        ledger.move_links(SYNC, MAIN, "…")
    assert ledger.left_links(SYNC, [MAIN]) == [LinkSet(SYNC, 2, 1)]
    assert ledger.header(plain).state == "waiting"
