"""What is held, by pages from the database, against the plans that were saved."""

import pytest

from asset_sync.ledger import Ledger
from asset_sync.ledger.holds import Held
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.identity import IGNORED
from asset_sync_tests.ledger.conftest import Row, at, changes, make, row

SYNC, OTHER = "pdq_to_netbox", "hosts_to_netbox"


def held(source_key: str | None, hold: str = "serial 'X' is also on another", op: str = "claim", **more: object) -> Row:
    return row(op, source_key, hold=hold, **more)  # type: ignore[arg-type]


@pytest.fixture
def looked(ledger: Ledger) -> Ledger:
    """A ledger of three looks of one sync, and one of another: c is held in the last two, d was held before and is again."""
    ledger.save(make(held("d"), held("gone")), "r1", at(1))
    ledger.save(make(held("c")), "r2", at(2))
    update = held(
        "e", "both sides changed it", "update", target_id="5", changes=changes(name="n", status="s"), candidates="5 6"
    )
    ignored, missing = held("a", f"{IGNORED}anna said so"), held("b", "missing since 2025-03-01 12:30 UTC, run 2", "retire")
    waits = held("w", f"{p.AWAITS_APPROVAL} by the review rules", "create")
    ledger.save(make(held("c"), held("d"), update, ignored, missing, waits, held(None)), "r3", at(3))
    ledger.save(make(held("c"), row("update", "u", "2", changes=changes(name="x"))), "r4", at(4), partial=True)
    ledger.save(make(held("z"), sync=OTHER), "r5", at(5))
    return ledger


def keys(rows: list[Held]) -> list[str]:
    return [each.source_key for each in rows]


def test_what_is_held_is_that_of_the_last_whole_look_the_longest_first(looked: Ledger) -> None:
    found = looked.held(SYNC)
    assert keys(found) == ["c", "d", "e", "a", "b", "w"]
    assert [(each.waits, each.ignored) for each in found] == [(False, False)] * 3 + [
        (False, True),
        (True, False),
        (True, False),
    ]
    assert [each.since for each in found] == [at(2), *[at(3)] * 5]
    update = found[2]
    assert (update.fields, update.candidates, update.target_id, update.why) == (
        ("name", "status"),
        ("5", "6"),
        "5",
        "both sides changed it",
    )
    assert found[0].fields == ()
    looked.save(make(held("d"), held("c"), row("update", "later", "7", changes=changes(name="y"))), "r6", at(6))
    assert [(each.source_key, each.since) for each in looked.held(SYNC)] == [("c", at(2)), ("d", at(3))]
    assert keys(looked.held(OTHER, SYNC)) == ["c", "d", "z"]
    assert looked.held() == []


def test_pages_have_each_once_in_the_same_order(looked: Ledger) -> None:
    every = looked.held(SYNC, OTHER)
    pages = [looked.held_page([SYNC, OTHER], offset, 3) for offset in (0, 3, 6)]
    assert {page.total for page in pages} == {len(every)} == {7}
    assert [each for page in pages for each in page.rows] == every
    beyond = looked.held_page([SYNC, OTHER], 9, 3)
    assert (beyond.total, list(beyond.rows)) == (7, [])
    assert looked.held_page(["nothing"], 3, 3).total == 0
