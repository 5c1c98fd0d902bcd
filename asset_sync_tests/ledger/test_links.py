import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Engine, text

from asset_sync.ledger import Ledger
from asset_sync.reconcile.guards import Guard
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.tables import DTYPES, LINK_COLUMNS, base_column, no_links
from asset_sync.reconcile.target import Outcome
from asset_sync_tests.ledger.conftest import (
    ASSET,
    KINDS,
    REMEMBERED,
    START,
    Assets,
    Row,
    at,
    changes,
    column,
    identity,
    make,
    row,
)


def sight(ledger: Ledger, *rows: Row, run: str = "r1", hours: float = 1, **more: Any) -> Plan:
    plan = make(*rows, **more)
    ledger.save(plan, run, at(hours))
    ledger.note_sighting(plan, run, at(hours))
    return plan


def record(ledger: Ledger, plan: Plan, *outcomes: Outcome, hours: float = 2) -> None:
    ledger.save(plan, "r2", at(hours))
    ledger.record(plan, outcomes, "r2", at(hours))


# What is read.


def test_links_have_the_types_of_their_fields(ledger: Ledger) -> None:
    everything = {
        "name": 'a\r\n"b", c',
        "status": "",
        "maker": "7",
        "memory": 2**60,
        "price": 0.1,
        "leased": True,
        "bought": "2025-01-31",
    }
    sight(
        ledger,
        row("claim", "a", "1", changes={name: {"new": value} for name, value in everything.items()}),
        row("claim", "b", "2", changes={"memory": {"new": None}}),
        row("retire", "b", "2"),
    )
    frame = ledger.links("pdq_to_netbox", KINDS, REMEMBERED)["asset"]
    expected = LINK_COLUMNS | {base_column(name): DTYPES[ASSET.field(name).type] for name in REMEMBERED["asset"]}
    expected |= {"identity:serial": "str", "identity:name": "str"}
    assert list(frame.columns) == list(expected)
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == expected
    full, bare = frame.to_dict("records")
    assert {name: full[base_column(name)] for name in everything} == everything
    assert (full["source_key"], full["target_id"], full["missing_runs"]) == ("a", "1", 0)
    assert pd.isna(full["missing_since"])
    assert pd.isna(full["retired_by"])
    assert all(pd.isna(bare[base_column(name)]) for name in everything)
    assert bare["missing_since"] == at(1)


def test_no_links_have_the_same_types(ledger: Ledger) -> None:
    tables = ledger.links("pdq_to_netbox", KINDS, {})
    assert list(tables) == ["maker", "asset"]
    pd.testing.assert_series_equal(tables["maker"].drop(columns="identity:name").dtypes, no_links().dtypes)
    memory = ledger.links("pdq_to_netbox", KINDS, {"asset": ["memory"]}, clearing={"asset": ["memory"]})["asset"]
    assert (str(memory["base:memory"].dtype), str(memory["emptied:memory"].dtype)) == ("Int64", "boolean")


def test_links_are_of_one_sync_and_kind(ledger: Ledger, linked: Plan) -> None:
    sight(ledger, row("claim", "a", "1"), sync="other", hours=5)
    assert len(ledger.links("pdq_to_netbox", KINDS, {})["asset"]) == 2
    assert len(ledger.links("other", KINDS, {})["asset"]) == 1
    assert ledger.links("other", KINDS, {})["maker"].empty


def test_speed_of_many_links(ledger: Ledger, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(
            text(
                "insert into asset_sync.link (sync, kind, source_key, target_id, claimed, told_by, base, first_seen)"
                " select 'pdq_to_netbox', 'asset', n::text, n::text, 'name', 'pdq_to_netbox',"
                " jsonb_build_object('name', 'machine ' || n, 'status', 'active', 'maker', '7', 'memory', n,"
                " 'price', n / 3.0, 'leased', true, 'bought', '2025-01-31'),"
                " now() from generate_series(1, 100000) n"
            )
        )
    begun = time.perf_counter()
    frame = ledger.links("pdq_to_netbox", KINDS, REMEMBERED)["asset"]
    print(f"\n100,000 links with 7 remembered fields read in {time.perf_counter() - begun:.2f} s")
    assert len(frame) == 100_000


# Claims.


def test_claim_links_and_remembers(ledger: Ledger, linked: Plan, assets: Assets, engine: Engine) -> None:
    assert column(assets(), "target_id") == {"a": "1", "b": "2"}
    assert assets()["a"]["base:name"] == "alpha"
    with engine.connect() as connection:
        rows = connection.execute(text("select claimed, first_seen, plan_id from asset_sync.link"))
        assert {tuple(found) for found in rows} == {("name", START, None)}


def test_claim_of_a_linked_object_adds_to_what_is_remembered(ledger: Ledger, linked: Plan, assets: Assets) -> None:
    sight(ledger, row("claim", "a", "1", reason="matched by link", changes={"name": {"new": "new"}, "memory": {"new": 4}}))
    assert [assets()["a"][name] for name in ("base:name", "base:status", "base:memory")] == ["new", "active", 4]


@pytest.mark.parametrize(("target_id", "since"), [("1", 0), ("7", 5)])
def test_a_link_is_as_old_as_it_leads_to_its_object(
    ledger: Ledger, linked: Plan, engine: Engine, target_id: str, since: float
) -> None:
    sight(ledger, row("claim", "a", target_id), hours=5)
    with engine.connect() as connection:
        found = connection.scalar(text("select first_seen from asset_sync.link where source_key = 'a'"))
    assert found == at(since)


def test_claim_of_another_object_forgets_what_was_remembered(ledger: Ledger, linked: Plan, assets: Assets) -> None:
    sight(ledger, row("retire", "a", "1"), run="r1")
    sight(ledger, row("claim", "a", "9", changes={"name": {"new": "new"}}), run="r2")
    link = assets()["a"]
    assert (link["target_id"], link["base:name"], link["missing_runs"]) == ("9", "new", 0)
    assert link["base:status"] is None
    assert link["missing_since"] is None


def test_object_that_another_record_claims_leaves_its_link(ledger: Ledger, linked: Plan, assets: Assets) -> None:
    sight(ledger, row("claim", "c", "1"))
    assert column(assets(), "target_id") == {"b": "2", "c": "1"}


def test_records_may_swap_their_objects(ledger: Ledger, linked: Plan, assets: Assets) -> None:
    sight(ledger, row("claim", "a", "2"), row("claim", "b", "1"))
    assert column(assets(), "target_id") == {"a": "2", "b": "1"}


def test_records_may_move_up_one_by_one(ledger: Ledger, linked: Plan, assets: Assets) -> None:
    sight(ledger, row("claim", "a", "2"), row("claim", "b", "3"), row("claim", "c", "1"))
    assert column(assets(), "target_id") == {"a": "2", "b": "3", "c": "1"}


def test_what_was_applied_to_an_object_is_remembered_whosever_it_is(ledger: Ledger, linked: Plan, assets: Assets) -> None:
    said = {name: each["base:name"] for name, each in assets().items()}
    both = row("claim", "a", "2", changes={"memory": {"new": 4}}), row("claim", "b", "1", changes={"name": {"new": "gamma"}})
    sight(ledger, *both)
    assert [assets()["a"][name] for name in ("base:name", "base:memory")] == [said["b"], 4]
    assert [assets()["b"][name] for name in ("base:name", "base:status")] == ["gamma", "active"]


def test_that_this_sync_made_or_retired_an_object_is_true_of_it_whosever_it_is(ledger: Ledger, engine: Engine) -> None:
    def links() -> list[tuple[Any, ...]]:
        told = text("SELECT source_key, target_id, made, retired_by FROM asset_sync.link ORDER BY source_key")
        with engine.connect() as connection:
            return [tuple(each) for each in connection.execute(told)]

    record(ledger, make(row("create", "a", key="a", changes=changes(name="a"))), Outcome(0, "applied", None, "41", "v1"))
    retired = make(row("retire", "a", "41", changes=changes(status="retired")))
    record(ledger, retired, Outcome(0, "applied", None, "41", "v2"))
    sight(ledger, row("claim", "a", "42"), row("claim", "a (left #41)", "41"))
    assert links() == [("a", "42", False, None), ("a (left #41)", "41", True, "sync")]
    sight(ledger, row("claim", "a", "41"))
    assert links() == [("a", "41", True, "sync")]
    record(ledger, make(row("update", "a", "41", changes=changes(name="b"))), Outcome(0, "applied", None, "41", "v3"))
    assert links() == [("a", "41", True, "sync")]
    sight(ledger, row("claim", "a", "42"))
    assert links() == [("a", "42", False, None)]


def test_that_a_record_left_an_object_is_told_by_how_its_link_came_about(ledger: Ledger, assets: Assets) -> None:
    leaves = "made by this sync for a record that is another object by decision"
    sight(
        ledger,
        row("claim", "a (left #41)", "41", reason=leaves),
        row("claim", "b (left #42)", "42", reason="matched by serial"),
    )
    assert {key: each["left"] for key, each in assets().items()} == {"a (left #41)": True, "b (left #42)": False}
    update = make(row("update", "a (left #41)", "41", changes=changes(name="b"), reason="gives up"))
    record(ledger, update, Outcome(0, "applied", None, "41", "v3"))
    assert assets()["a (left #41)"]["left"]
    sight(ledger, row("claim", "a", "41", reason="matched by serial"))
    assert {key: each["left"] for key, each in assets().items()} == {"a": False, "b (left #42)": False}


def test_what_was_applied_to_an_object_of_another_time_is_forgotten(ledger: Ledger, linked: Plan, assets: Assets) -> None:
    sight(ledger, row("claim", "a", "1", identity=identity("2025-01-01T00:00:00Z")), run="r1")
    sight(ledger, row("claim", "c", "1", identity=identity("2026-01-01T00:00:00Z")), run="r2")
    assert assets()["c"]["base:status"] is None


def test_what_was_applied_to_an_object_is_not_true_of_one_that_is_made_under_its_id(
    ledger: Ledger, linked: Plan, assets: Assets
) -> None:
    plan = make(row("create", "c", changes=changes(memory=4)))
    record(ledger, plan, Outcome(0, "applied", None, "1"))
    assert [assets()["c"][name] for name in ("target_id", "base:status", "base:memory")] == ["1", None, 4]


# Missing and back.


def test_missing_record_is_counted_a_run_at_a_time(ledger: Ledger, linked: Plan, assets: Assets) -> None:
    gone = row("retire", "a", "1", hold="missing for the first time")
    sight(ledger, gone, run="r1", hours=1)
    sight(ledger, gone, run="r2", hours=2)
    assert column(assets(), "missing_runs") == {"a": 2, "b": 0}
    assert assets()["a"]["missing_since"] == at(1)
    sight(ledger, row("seen", "a", "1"), run="r3", hours=3)
    assert assets()["a"]["missing_runs"] == 0
    assert assets()["a"]["missing_since"] is None


def test_one_run_counts_once(ledger: Ledger, linked: Plan, assets: Assets) -> None:
    plan = sight(ledger, row("retire", "a", "1"), run="r1")
    for _ in range(2):
        ledger.note_sighting(plan, "r1", at(9))
    assert assets()["a"]["missing_runs"] == 1
    ledger.note_sighting(plan, "r2", at(9))
    assert assets()["a"]["missing_runs"] == 2


@pytest.mark.parametrize("runs", [["r1"] * 4, ["r1", "r2", "r3", "r4"]])
def test_sightings_at_once(ledger: Ledger, linked: Plan, assets: Assets, runs: Sequence[str]) -> None:
    plan = make(row("retire", "a", "1"), row("claim", "c", "2"), row("claim", "b", "3"))
    ledger.save(plan, "r1", at(1))
    together = Barrier(len(runs))

    def one(run: str) -> None:
        together.wait()
        ledger.note_sighting(plan, run, at(1))

    with ThreadPoolExecutor(len(runs)) as pool:
        list(pool.map(one, runs))
    assert assets()["a"]["missing_runs"] == len(set(runs))
    assert column(assets(), "target_id") == {"a": "1", "b": "3", "c": "2"}


def test_crash_in_the_middle_leaves_nothing(ledger: Ledger, linked: Plan, assets: Assets) -> None:
    plan = make(row("retire", "a", "1"), row("claim", "c", None), source_rows={"devices": 1})
    ledger.save(plan, "r1", at(1))
    with pytest.raises(Exception, match="target_id"):
        ledger.note_sighting(plan, "r1", at(1))
    assert assets()["a"]["missing_runs"] == 0
    assert ledger.last_rows("pdq_to_netbox") == {"devices": 2}


def retire_both(ledger: Ledger) -> None:
    plan = make(row("retire", "a", "1", changes=changes(status="offline")), row("retire", "b", "2"))
    record(ledger, plan, Outcome(0, "applied"), Outcome(1, "applied"))


def test_record_that_is_back_frees_what_a_person_moved_on(ledger: Ledger, linked: Plan, assets: Assets) -> None:
    retire_both(ledger)
    assert list(column(assets(), "retired_by").values()) == ["sync", "sync"]
    back = row("restore", "b", "2", hold="waits for something")
    sight(ledger, row("seen", "a", "1"), row("seen", "b", "2"), back, run="r3", hours=3)
    assert column(assets(), "retired_by") == {"a": None, "b": "sync"}


def test_undo_saw_no_source(ledger: Ledger, linked: Plan, assets: Assets) -> None:
    sight(ledger, row("retire", "a", "1"), undoes=linked.id, complete=False)
    assert assets()["a"]["missing_runs"] == 0
    assert ledger.last_rows("pdq_to_netbox") == {"devices": 2}


# Row counts.


def test_last_rows_are_those_of_the_last_good_look(ledger: Ledger) -> None:
    assert ledger.last_rows("pdq_to_netbox") is None
    sight(ledger, row("seen", "a"), source_rows={"devices": 100, "disks": 7}, hours=1)
    sight(ledger, row("seen", "b"), source_rows={"devices": 3}, complete=False, hours=2)
    shrunk = sight(ledger, row("seen", "c"), source_rows={"devices": 5}, hours=3)
    sight(ledger, row("seen", "d"), source_rows={"devices": 1}, sync="other", hours=4)
    ledger.save_guards(shrunk.id, [Guard("source_rows", False, "95 % fewer")])
    assert ledger.last_rows("pdq_to_netbox") == {"devices": 100, "disks": 7}
    shrunk_again = sight(ledger, row("seen", "e"), source_rows={"devices": 5}, hours=5)
    ledger.save_guards(shrunk_again.id, [Guard("source_rows", False, "95 % fewer")])
    ledger.approve(shrunk_again.id, "ann", at(6))
    assert ledger.last_rows("pdq_to_netbox") == {"devices": 5}


# What was done.


def test_create_links_the_new_object(ledger: Ledger, linked: Plan, assets: Assets, engine: Engine) -> None:
    plan = make(row("create", "c", changes=changes(name="gamma", memory=8)), row("create", "d"), row("create", "e"))
    record(ledger, plan, Outcome(0, "applied", None, "3"), Outcome(1, "failed", "no"), Outcome(2, "already", None, "5"))
    assert column(assets(), "target_id") == {"a": "1", "b": "2", "c": "3", "e": "5"}
    assert [assets()["c"][name] for name in ("base:name", "base:memory")] == ["gamma", 8]
    with engine.connect() as connection:
        made = connection.execute(text("select claimed, plan_id, first_seen from asset_sync.link where source_key = 'c'"))
        assert tuple(made.one()) == ("created", plan.id, at(2))


def test_object_made_anew_takes_the_place_of_the_one_that_is_gone(ledger: Ledger, linked: Plan, assets: Assets) -> None:
    record(ledger, make(row("create", "a", changes=changes(name="again"))), Outcome(0, "applied", None, "7"))
    assert [assets()["a"][name] for name in ("target_id", "base:name")] == ["7", "again"]
    assert assets()["a"]["base:status"] is None


def test_object_made_anew_under_the_same_id_is_another(ledger: Ledger, linked: Plan, assets: Assets) -> None:
    assert assets()["a"]["base:status"] == "active"
    record(ledger, make(row("create", "a", changes=changes(name="again"))), Outcome(0, "applied", None, "1"))
    assert [assets()["a"][name] for name in ("target_id", "base:name", "base:status")] == ["1", "again", None]


@pytest.mark.parametrize("outcome", ["applied", "already"])
def test_update_moves_what_is_remembered(ledger: Ledger, linked: Plan, assets: Assets, outcome: str) -> None:
    plan = make(row("update", "a", "1", changes=changes(name="new", status=None, leased=False)))
    record(ledger, plan, Outcome(0, outcome, None, "1", "v2"))
    assert assets()["a"]["base:name"] == "new"
    assert assets()["a"]["base:leased"] is False
    assert assets()["a"]["base:status"] is None


def test_parts_of_an_object_that_end_together_move_one_link(ledger: Ledger, linked: Plan, assets: Assets) -> None:
    plan = make(
        row("update", "a", "1", changes=changes(name="new")),
        row("update", "a", "1", changes=changes(status="refused")),
        row("update", "a", "1", changes=changes(memory=8)),
    )
    record(ledger, plan, Outcome(0, "applied", None, "1"), Outcome(1, "failed", "no"), Outcome(2, "applied", None, "1"))
    assert [assets()["a"][name] for name in ("base:name", "base:status", "base:memory")] == ["new", "active", 8]


@pytest.mark.parametrize("outcome", ["conflict", "failed", "skipped"])
def test_what_was_not_done_changes_no_link(ledger: Ledger, linked: Plan, assets: Assets, outcome: str) -> None:
    before = assets()
    plan = make(
        row("update", "a", "1", changes=changes(name="new")),
        row("retire", "b", "2"),
        row("create", "c"),
        row("restore", "b", "2"),
    )
    record(ledger, plan, *(Outcome(seq, outcome, "why") for seq in range(4)))
    assert assets() == before


def test_facet_gets_a_link_with_its_first_write(ledger: Ledger) -> None:
    plan = make(row("update", "a", None, kind="maker", reason="matched by device", changes=changes(name="new")))
    record(ledger, plan, Outcome(0, "applied", None, "4"))
    links = ledger.links("pdq_to_netbox", KINDS, {"maker": ["name"]})["maker"]
    assert links[["source_key", "target_id", "base:name"]].to_numpy().tolist() == [["a", "4", "new"]]


def test_retire_and_restore(ledger: Ledger, linked: Plan, assets: Assets) -> None:
    sight(ledger, row("retire", "a", "1"))
    retire_both(ledger)
    assert [assets()["a"][name] for name in ("retired_by", "base:status")] == ["sync", "active"]
    restore = make(row("restore", "a", "1", changes=changes(status="staged")))
    record(ledger, restore, Outcome(0, "applied", None, "1"), hours=9)
    link = assets()["a"]
    assert link["retired_by"] is None
    assert link["missing_since"] is None
    assert (link["missing_runs"], link["base:status"]) == (0, "staged")
    assert assets()["b"]["retired_by"] == "sync"


def test_undo_leaves_what_is_remembered_and_keeps_its_retirements_from_being_restored(
    ledger: Ledger, linked: Plan, assets: Assets
) -> None:
    sight(ledger, row("claim", "c", "3", changes={"status": {"new": "active"}}), run="r5")
    retire_both(ledger)
    undo = make(
        row("update", "c", "3", changes=changes(status="before")),
        row("retire", "c", "3"),
        row("restore", "a", "1", changes=changes(status="before")),
        undoes=linked.id,
    )
    record(ledger, undo, *(Outcome(seq, "applied") for seq in range(3)), hours=9)
    assert list(column(assets(), "base:status").values()) == ["active"] * 3
    assert column(assets(), "retired_by") == {"a": None, "b": "sync", "c": "undo"}


def test_reference_to_what_the_plan_creates_is_remembered_by_its_id(ledger: Ledger, assets: Assets) -> None:
    pending = {"kind": "maker", "key": "Dell", "id": None}
    plan = make(
        row("create", "m1", kind="maker", key="Dell", changes=changes(name="Dell")),
        row("create", "m2", kind="maker", key="HP", changes=changes(name="HP")),
        row("create", "a", key="Dell", changes=changes(maker=pending)),
        row("create", "b", changes=changes(maker={"kind": "maker", "key": "Acer", "id": "5"})),
        row("update", "c", "3", changes=changes(maker=pending)),
    )
    record(ledger, plan, Outcome(0, "applied", None, "70"), Outcome(1, "applied", None, "71"))
    record(ledger, plan, Outcome(2, "applied", None, "1"), Outcome(3, "applied", None, "2"), Outcome(4, "applied", None, "3"))
    assert column(assets(), "base:maker") == {"a": "70", "b": "5", "c": "70"}


def test_reference_that_was_created_in_the_same_batch(ledger: Ledger, assets: Assets) -> None:
    plan = make(
        row("create", "m1", kind="maker", key="Dell", changes=changes(name="Dell")),
        row("create", "a", changes=changes(maker={"kind": "maker", "key": "Dell", "id": None})),
    )
    record(ledger, plan, Outcome(1, "applied", None, "1"), Outcome(0, "already", None, "70"))
    assert assets()["a"]["base:maker"] == "70"


def test_claim_with_a_reference_that_is_yet_to_be_created_remembers_nothing_of_it(ledger: Ledger, assets: Assets) -> None:
    sight(ledger, row("claim", "a", "1", changes={"maker": {"new": {"kind": "maker", "key": "Dell", "id": None}}}))
    assert assets()["a"]["base:maker"] is None


def test_quarantined_rows_change_nothing(ledger: Ledger, linked: Plan, assets: Assets) -> None:
    before = assets()
    sight(ledger, row("quarantine", "a", None, hold="two candidates"))
    assert assets() == before


def test_restore_links_the_object_to_the_record_that_it_came_back_as(ledger: Ledger, linked: Plan, assets: Assets) -> None:
    retire_both(ledger)
    plan = make(row("restore", "a2", "1", changes=changes(status="active")))
    record(ledger, plan, Outcome(0, "failed", "502"), hours=8)
    assert column(assets(), "retired_by") == {"a": "sync", "b": "sync"}
    record(ledger, plan, Outcome(0, "applied", None, "1"), hours=9)
    assert column(assets(), "target_id") == {"a2": "1", "b": "2"}
    assert column(assets(), "retired_by") == {"a2": None, "b": "sync"}
    assert assets()["a2"]["base:name"] == "alpha"
