"""What a link tells of its object: what made it that object, when it was made, of which version it is, and what was emptied."""

from typing import Any

import pytest

from asset_sync.ledger import Ledger
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.target import Outcome
from asset_sync_tests.ledger.conftest import Assets, Row, at, changes, column, identity, make, row

TOLD = ("version", "created", "identity:serial", "identity:name")
CLAIM = row("claim", "a", "1", version="v1", identity=identity("2025-01-01", serial="S1", name="alpha"))


def sight(ledger: Ledger, *rows: Row, hours: float = 1) -> None:
    plan = make(*rows)
    ledger.save(plan, f"r{hours}", at(hours))
    ledger.note_sighting(plan, f"r{hours}", at(hours))


def record(ledger: Ledger, plan: Plan, *outcomes: Outcome, hours: float = 2) -> None:
    ledger.save(plan, f"r{hours}", at(hours))
    ledger.record(plan, outcomes, f"r{hours}", at(hours))


def told(assets: Assets, key: str = "a") -> list[Any]:
    return [assets()[key][name] for name in TOLD]


# What made the object that object.


def test_claim_remembers_what_the_object_is(ledger: Ledger, assets: Assets) -> None:
    sight(ledger, CLAIM)
    assert told(assets) == ["v1", "2025-01-01", "S1", "alpha"]


def test_link_of_before_knows_nothing(ledger: Ledger, linked: Plan, assets: Assets) -> None:
    assert told(assets) == [None] * 4


def test_later_claim_replaces_what_it_gives_and_leaves_the_rest(ledger: Ledger, assets: Assets) -> None:
    sight(ledger, CLAIM)
    sight(ledger, row("claim", "a", "1", identity=identity(name="beta")), hours=2)
    assert told(assets) == ["v1", "2025-01-01", "S1", "beta"]
    sight(ledger, row("claim", "a", "1", version="v3", identity=identity("2025-01-01", serial=None)), hours=3)
    assert told(assets) == ["v3", "2025-01-01", None, "beta"]
    sight(ledger, row("claim", "a", "1", changes={"memory": {"new": 4}}), hours=4)
    assert told(assets) == ["v3", "2025-01-01", None, "beta"]


def test_claim_of_another_object_forgets_what_the_first_one_was(ledger: Ledger, assets: Assets) -> None:
    sight(ledger, CLAIM)
    sight(ledger, row("claim", "a", "9", identity=identity(name="beta")), hours=2)
    assert told(assets) == [None, None, None, "beta"]


def test_claim_of_an_object_made_at_another_time_forgets_the_one_that_had_its_id(ledger: Ledger, assets: Assets) -> None:
    sight(ledger, CLAIM)
    sight(ledger, row("claim", "a", "1", version="v3", identity=identity("2025-02-02", serial="S1")), hours=2)
    assert told(assets) == ["v3", "2025-02-02", "S1", None]


def test_held_claim_is_not_carried_out(ledger: Ledger, linked: Plan, assets: Assets) -> None:
    before = assets()
    sight(ledger, row("claim", "a", "9", hold="waits for a decision"), row("claim", "c", "3", hold="two candidates"))
    assert assets() == before


@pytest.mark.parametrize(("said", "created"), [(None, "when the target says"), ("when the plan says", "when the plan says")])
def test_create_and_update_remember_what_they_wrote(
    ledger: Ledger, linked: Plan, assets: Assets, said: str | None, created: str
) -> None:
    plan = make(
        row("update", "a", "1", changes=changes(name="new"), identity=identity(said, name="new")),
        row("create", "c", changes=changes(name="gamma", serial="S3"), identity=identity(said, name="gamma", serial="S3")),
        row("update", "b", "2", changes=changes(memory=4)),
    )
    ended = [Outcome(seq, "applied", None, str(1 + seq * 2), f"v{seq}", "when the target says") for seq in range(2)]
    record(ledger, plan, *ended, Outcome(2, "already", None, "2", "v7"))
    assert told(assets, "a") == ["v0", created, None, "new"]
    assert told(assets, "c") == ["v1", created, "S3", "gamma"]
    assert told(assets, "b") == ["v7", None, None, None]


def test_outcome_comes_back_with_when_the_object_was_made(ledger: Ledger) -> None:
    plan = make(row("create", "c"))
    ended = Outcome(0, "applied", None, "3", "v1", "2025-03-01")
    record(ledger, plan, ended)
    assert ledger.outcomes(plan.id) == {0: ended}


# The version since the last write.


def test_every_write_moves_the_version_also_a_retirement_and_an_undo(ledger: Ledger, assets: Assets) -> None:
    sight(ledger, CLAIM)
    record(ledger, make(row("retire", "a", "1")), Outcome(0, "applied", None, "1", "v2"))
    assert told(assets)[0] == "v2"
    undo = make(row("restore", "a", "1", changes=changes(name="beta"), identity=identity(name="beta")), undoes="x")
    record(ledger, undo, Outcome(0, "applied", None, "1", "v3"), hours=3)
    assert told(assets) == ["v3", "2025-01-01", "S1", "beta"]
    assert (assets()["a"]["retired_by"], assets()["a"]["base:name"]) == (None, None)


def test_target_that_tells_no_version_leaves_the_one_that_is_known(ledger: Ledger, assets: Assets) -> None:
    sight(ledger, CLAIM)
    record(ledger, make(row("update", "a", "1")), Outcome(0, "applied", None, "1"))
    assert told(assets)[0] == "v1"


@pytest.mark.parametrize("outcome", ["conflict", "failed", "skipped", "deferred"])
def test_what_was_not_done_moves_nothing(ledger: Ledger, assets: Assets, outcome: str) -> None:
    sight(ledger, CLAIM)
    plan = make(row("update", "a", "1", identity=identity("later", name="new")), row("retire", "a", "1"))
    record(ledger, plan, Outcome(0, outcome, "why", "1", "v9"), Outcome(1, outcome, "why", "1", "v9"))
    assert told(assets) == ["v1", "2025-01-01", "S1", "alpha"]


def test_an_undo_tells_nothing_of_an_object_that_is_the_records_no_more(ledger: Ledger, assets: Assets) -> None:
    sight(ledger, CLAIM)
    sight(ledger, row("claim", "a", "9", version="w1"), hours=2)
    record(ledger, make(row("update", "a", "1"), undoes="x"), Outcome(0, "applied", None, "1", "v9"), hours=3)
    assert told(assets)[0] == "w1"


# Several operations on one object.


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
def test_several_writes_to_an_object_count_in_the_plans_order(
    ledger: Ledger, linked: Plan, assets: Assets, order: tuple[int, ...]
) -> None:
    plan = make(
        row("update", "a", "1", changes=changes(name="in between", memory=8), identity=identity(name="in between")),
        row("update", "a", "1", changes=changes(price=9.5)),
        row("update", "a", "1", changes=changes(name="at last"), identity=identity(name="at last")),
    )
    ended = [Outcome(seq, "applied", None, "1", f"v{seq + 2}") for seq in order]
    record(ledger, plan, *ended)
    link = assets()["a"]
    assert [link[f"base:{name}"] for name in ("name", "status", "memory", "price")] == ["at last", "active", 8, 9.5]
    assert told(assets) == ["v4", None, None, "at last"]


def test_several_writes_to_an_object_each_recorded_by_itself(ledger: Ledger, linked: Plan, assets: Assets) -> None:
    plan = make(
        row("update", "a", "1", changes=changes(name="in between")), row("update", "a", "1", changes=changes(name="at last"))
    )
    record(ledger, plan, Outcome(0, "applied", None, "1", "v2"))
    assert (assets()["a"]["base:name"], told(assets)[0]) == ("in between", "v2")
    record(ledger, plan, Outcome(1, "applied", None, "1", "v3"))
    assert (assets()["a"]["base:name"], told(assets)[0]) == ("at last", "v3")
    record(ledger, plan, Outcome(0, "already", None, "1", "v2"), hours=5)
    assert (assets()["a"]["base:name"], told(assets)[0]) == ("at last", "v3")


def test_a_part_that_failed_is_not_remembered(ledger: Ledger, linked: Plan, assets: Assets) -> None:
    plan = make(row("update", "a", "1", changes=changes(name="new")), row("update", "a", "1", changes=changes(memory=8)))
    record(ledger, plan, Outcome(0, "failed", "no"), Outcome(1, "applied", None, "1", "v2"))
    assert [assets()["a"][f"base:{name}"] for name in ("name", "memory")] == ["alpha", 8]


# What was emptied.


def test_emptied_is_what_is_known_to_be_empty(ledger: Ledger, linked: Plan, assets: Assets) -> None:
    assert column(assets(), "emptied:memory") == {"a": False, "b": False}
    record(ledger, make(row("update", "a", "1", changes=changes(memory=None))), Outcome(0, "applied", None, "1", "v2"))
    assert column(assets(), "emptied:memory") == {"a": True, "b": False}
    sight(
        ledger,
        row("claim", "a", "1", changes={"memory": {"new": 4}}),
        row("claim", "b", "2", changes={"memory": {"new": None}}),
    )
    assert column(assets(), "emptied:memory") == {"a": False, "b": True}
    assert column(assets(), "base:memory") == {"a": 4, "b": None}


def test_a_reference_to_what_is_not_made_yet_is_not_emptied(ledger: Ledger, assets: Assets) -> None:
    sight(ledger, row("claim", "a", "1", changes={"maker": {"new": {"kind": "maker", "key": "Dell", "id": None}}}))
    assert [assets()["a"][name] for name in ("base:maker", "emptied:maker")] == [None, False]
