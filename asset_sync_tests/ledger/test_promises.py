"""What the ledger remembers between whole syncs, so that what is promised of decisions and of emptied values is kept."""

from dataclasses import replace

import pytest
from sqlalchemy import Engine

from asset_sync.reconcile.kinds import Unique
from asset_sync.reconcile.merge import Ownership
from asset_sync.reconcile.planning import Policy
from asset_sync_tests.ledger.lab import LedgerLab
from asset_sync_tests.reconcile.lab import GRACE, held
from asset_sync_tests.reconcile.worlds import ASSET, KINDS, OWNERS, Row

CONFLICT = "changed on both sides since the last sync: decide which value stays"


@pytest.fixture
def lab(engine: Engine) -> LedgerLab:
    return LedgerLab(engine)


def machine(key: str, **values: str | int) -> Row:
    return {"source_key": key, "serial": f"SN-{key}-1", "status": "in-use", **values}


def test_a_retirement_that_was_undone_stays_undone_until_the_source_has_the_record_again(lab: LedgerLab) -> None:
    lab.source = {"asset": [machine("a"), machine("b")]}
    lab.run()
    lab.source = {"asset": [machine("a")]}
    lab.run()
    retired = lab.run()
    assert lab.objects("asset", "status")["1002"] == {"status": "retired"}
    lab.undo(retired, lab.real.outcomes(retired.id))
    for _ in range(2):
        plan = lab.run()
        assert plan.writes.empty
        assert held(plan)["b"].startswith(f"stays in service: decided by undo of plan {retired.id}")
    assert lab.objects("asset", "status")["1002"] == {"status": "in-use"}
    lab.source = {"asset": [machine("a"), machine("b")]}
    assert lab.run().writes.empty
    lab.source = {"asset": [machine("a")]}
    for _ in range(2):
        lab.run()
    assert lab.objects("asset", "status")["1002"] == {"status": "retired"}


@pytest.mark.parametrize("edited", [{"room": "a person's"}, {"name": "a person's"}])
def test_what_an_undo_gave_a_machine_for_the_time_being_is_nobodys_edit(engine: Engine, edited: dict[str, str]) -> None:
    lab = swapping(LedgerLab(engine))
    lab.source = {"asset": [machine(key, name=f"pc-{key}", tag=f"T-{key}", room="r1") for key in "abc"]}
    lab.run()
    lab.source = {"asset": [machine(key, name=f"pc-{to}", tag=f"T-{to}", room="r2") for key, to in ("ab", "bc", "ca")]}
    swapped = lab.run()
    lab.target.edit("asset", "1002", **edited)
    assert "conflict" in {each.outcome for each in lab.undo(swapped, lab.real.outcomes(swapped.id)).values()}
    for _ in range(2):
        lab.run()
    after = lab.objects("asset", "name", "tag", "room").values()
    assert [row["tag"] for row in after] == ["T-b", "T-c", "T-a"]
    assert [row["name"] for row in after] == ["pc-b", edited.get("name", "pc-c"), "pc-a"]


def test_what_an_undo_put_back_over_a_value_for_the_time_being_stays(lab: LedgerLab) -> None:
    lab = swapping(lab)
    lab.source = {"asset": [machine(key, name=f"pc-{key}", tag=f"T-{key}") for key in "ab"]}
    lab.run()
    before = lab.objects()
    lab.source = {"asset": [machine(key, name=f"pc-{to}", tag=f"T-{to}") for key, to in ("ab", "ba")]}
    swapped = lab.run()
    lab.undo(swapped, lab.real.outcomes(swapped.id))
    assert lab.objects() == before
    assert lab.run().writes.empty
    assert not held(lab.run())


def swapping(lab: LedgerLab) -> LedgerLab:
    """Give a lab whose names are unique, too; names and tags are shared."""
    lab.kinds = {**KINDS, "asset": replace(ASSET, unique=(Unique(("name",), "folded"), Unique(("tag",))))}
    lab.policy = Policy({**OWNERS, "asset": {**OWNERS["asset"], "tag": Ownership("shared")}}, GRACE)
    lab.target.kinds = lab.kinds
    lab.sync = replace(lab.sync, kinds=lab.kinds, policy=lab.policy)
    return lab


def test_a_value_of_both_sides_after_an_emptied_field_is_a_conflict(lab: LedgerLab) -> None:
    lab.source = {"asset": [machine("a", room="r1")]}
    lab.run()
    lab.source = {"asset": [machine("a")]}
    lab.run()
    assert "room" not in lab.objects()["1001"]
    lab.target.edit("asset", "1001", room="a person's")
    lab.source = {"asset": [machine("a", room="r2", memory=8)]}
    for _ in range(2):
        assert held(lab.run()) == {"a": CONFLICT}
        assert lab.objects("asset", "room", "memory")["1001"] == {"room": "a person's", "memory": 8}


def test_what_nobody_filled_after_the_source_emptied_it_is_the_sources_to_fill(lab: LedgerLab) -> None:
    for room in ("r1", None, "r2"):
        lab.source = {"asset": [machine("a", **({"room": room} if room else {}))]}
        assert held(lab.run()) == {}
    assert lab.objects("asset", "room")["1001"] == {"room": "r2"}
    lab.source = {"asset": [machine("a")]}
    lab.run()
    lab.target.edit("asset", "1001", room="a person's")
    assert lab.run().writes.empty
    assert lab.objects("asset", "room")["1001"] == {"room": "a person's"}
