"""What is planned, written by hand: nothing here is computed by the code under test."""

from dataclasses import replace
from datetime import timedelta

import pandas as pd
import pytest

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.kinds import in_order
from asset_sync.reconcile.merge import Ownership
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.planning import Grace, Policy, Snapshot
from asset_sync_tests.reconcile.worlds import (
    ADDRESS,
    ASSET,
    INITIAL,
    MAKER,
    MODEL,
    NOW,
    OWNERS,
    PORT,
    PRIMARY,
    REFERRED,
    SHARED,
    SOURCE,
    Row,
    desired,
    holds,
    link,
    links,
    observed,
    planned,
    snapshot,
    told,
    writes,
)

GRACE = Grace(runs=3, time=timedelta(hours=24))
LONG_AGO = NOW - timedelta(days=9)


def assets(wanted: list[Row], there: list[Row], remembered: list[Row] | None = None) -> Snapshot:
    """Return a snapshot of assets alone."""
    return snapshot(
        {"asset": desired(ASSET, *wanted)}, {"asset": observed(ASSET, *there)}, {"asset": links(*(remembered or []))}
    )


def change(plan: Plan, op: str, field: str) -> dict[str, object]:
    """Return the only change of a field that an operation of that sort makes."""
    found = [p.decode(row["changes"]) for row in p.records(plan.operations) if row["op"] == op]
    (only,) = [changes[field] for changes in found if field in changes]
    return only


# Creating and updating.


def test_equal_sides_give_no_writes() -> None:
    same: Row = {"serial": "S1", "status": "in-use", "memory": 8}
    plan = planned(assets([{"source_key": "a", **same}], [{"id": "1", **same}], [link("a", "1", status="in-use")]))
    assert told(plan) == []


def test_a_new_record_is_created_with_every_field_that_has_a_value() -> None:
    row: Row = {"source_key": "a", "serial": "S1", "memory": 8, "encrypted": False, "bought": "2024-01-31"}
    assert told(planned(assets([row], []))) == [
        ("asset", "create", "a", {"serial": "S1", "memory": 8, "encrypted": False, "bought": "2024-01-31"}, None)
    ]


def test_only_mapped_fields_are_written() -> None:
    policy = Policy({"asset": {"serial": SOURCE, "room": SOURCE}})
    there: list[Row] = [{"id": "1", "serial": "S1", "memory": 4, "room": "r1"}]
    plan = planned(assets([{"source_key": "a", "serial": "S1", "memory": 8, "room": "r2"}], there), policy=policy)
    assert writes(plan) == [("asset", "update", "a", {"room": "r2"})]


def test_a_changed_serial_of_a_linked_machine_is_an_update_not_a_second_machine() -> None:
    plan = planned(assets([{"source_key": "a", "serial": "S2"}], [{"id": "1", "serial": "S1"}], [link("a", "1")]))
    assert writes(plan) == [("asset", "update", "a", {"serial": "S2"})]
    assert change(plan, p.UPDATE, "serial") == {
        "old": "S1",
        "new": "S2",
        "owner": "source",
        "reason": "the source says otherwise",
    }


def test_an_update_names_the_object_its_version_and_its_rule() -> None:
    there: list[Row] = [{"id": "1", "serial": "S1", "version": "v7"}]
    (row,) = p.records(planned(assets([{"source_key": "a", "serial": "s1", "memory": 8}], there)).writes)
    assert (row["target_id"], row["version"], row["reason"]) == ("1", "v7", "matched by serial")


def test_a_field_that_is_set_at_create_only_is_left_alone_later() -> None:
    there: list[Row] = [{"id": "1", "serial": "S1", "bought": "2020-01-01"}]
    plan = planned(assets([{"source_key": "a", "serial": "S1", "bought": "2024-01-01"}], there, [link("a", "1")]))
    assert told(plan) == []


def test_an_object_that_somebody_deleted_is_created_again_and_the_reason_says_so() -> None:
    plan = planned(assets([{"source_key": "a", "serial": "S1"}], [], [link("a", "1")]))
    (row,) = p.records(plan.writes)
    assert (row["op"], row["reason"]) == ("create", "asset #1, linked so far, is gone from the target")


def test_a_persons_edit_of_a_shared_field_stays_and_of_the_sources_field_is_put_back() -> None:
    wanted: list[Row] = [{"source_key": "a", "serial": "S1", "room": "r1", "memory": 8}]
    there: list[Row] = [{"id": "1", "serial": "S1", "room": "by hand", "memory": 4}]
    plan = planned(assets(wanted, there, [link("a", "1", room="r1")]))
    assert told(plan) == [("asset", "update", "a", {"memory": 8}, None)]


def test_a_field_that_both_sides_changed_is_held_and_the_others_are_written() -> None:
    wanted: list[Row] = [{"source_key": "a", "serial": "S1", "room": "r2", "memory": 8}]
    there: list[Row] = [{"id": "1", "serial": "S1", "room": "by hand", "memory": 4}]
    plan = planned(assets(wanted, there, [link("a", "1", room="r1")]))
    assert writes(plan) == [("asset", "update", "a", {"memory": 8})]
    assert told(plan)[-1] == (
        "asset",
        "update",
        "a",
        {"room": "r2"},
        "changed on both sides since the last sync: decide which value stays",
    )


def test_references_are_told_by_kind_key_and_id() -> None:
    now = snapshot(
        {
            "maker": desired(MAKER, {"source_key": "hp", "name": "HP"}, {"source_key": "dell", "name": "Dell"}),
            "model": desired(
                MODEL,
                {"source_key": "m1", "maker": "hp", "name": "ProBook"},
                {"source_key": "m2", "maker": "dell", "name": "Latitude"},
            ),
        },
        {"maker": observed(MAKER, {"id": "1", "key": "hp!", "name": "hp"})},
    )
    assert writes(planned(now)) == [
        ("maker", "create", "dell", {"name": "Dell"}),
        ("model", "create", "m1", {"maker": {"kind": "maker", "key": "hp!", "id": "1"}, "name": "ProBook"}),
        ("model", "create", "m2", {"maker": {"kind": "maker", "key": "dell", "id": None}, "name": "Latitude"}),
    ]


# Claims.


def test_a_first_match_is_claimed_with_the_values_that_both_sides_hold() -> None:
    same: Row = {"serial": "S1", "status": "in-use", "room": "r1"}
    plan = planned(assets([{"source_key": "a", **same}], [{"id": "1", **same}]))
    assert told(plan) == [("asset", "claim", "a", {"status": "in-use", "room": "r1"}, None)]


def test_a_value_that_was_there_before_the_first_sync_counts_as_a_persons() -> None:
    wanted: list[Row] = [{"source_key": "a", "serial": "S1", "room": "r1"}]
    plan = planned(assets(wanted, [{"id": "1", "serial": "S1", "room": "by hand"}]))
    assert told(plan) == [("asset", "claim", "a", {"room": "r1"}, None)]


def test_a_value_that_is_still_to_be_written_is_not_remembered_before_it_is() -> None:
    wanted: list[Row] = [{"source_key": "a", "serial": "S1", "room": "r1", "status": "in-use"}]
    plan = planned(assets(wanted, [{"id": "1", "serial": "S1", "status": "in-use"}]))
    assert told(plan) == [
        ("asset", "update", "a", {"room": "r1"}, None),
        ("asset", "claim", "a", {"status": "in-use"}, None),
    ]


def test_a_value_that_both_sides_changed_alike_is_remembered() -> None:
    wanted: list[Row] = [{"source_key": "a", "serial": "S1", "room": "r2"}]
    plan = planned(assets(wanted, [{"id": "1", "serial": "S1", "room": "r2"}], [link("a", "1", room="r1")]))
    assert told(plan) == [("asset", "claim", "a", {"room": "r2"}, None)]


def test_a_value_that_both_sides_blanked_is_forgotten_once() -> None:
    policy = Policy({"asset": {**OWNERS["asset"], "room": Ownership("shared", clears=True)}})
    wanted: list[Row] = [{"source_key": "a", "serial": "S1"}]
    there: list[Row] = [{"id": "1", "serial": "S1"}]
    assert told(planned(assets(wanted, there, [link("a", "1", room="r1")]), policy=policy)) == [
        ("asset", "claim", "a", {"room": None}, None)
    ]
    assert told(planned(assets(wanted, there, [link("a", "1")]), policy=policy)) == []


def test_a_machine_that_comes_under_a_new_name_keeps_what_was_remembered_of_it() -> None:
    wanted: list[Row] = [{"source_key": "new", "serial": "S1", "room": "r2", "name": "pc"}]
    there: list[Row] = [{"id": "1", "serial": "S1", "room": "by hand", "name": "pc"}]
    plan = planned(assets(wanted, there, [link("old", "1", room="r1", name="pc")]))
    assert writes(plan) == []
    assert set(holds(plan)) == {"new"}
    assert told(plan, p.CLAIM) == [("asset", "claim", "new", {"name": "pc", "room": "r1"}, None)]


def test_a_reference_that_is_still_to_be_created_is_not_remembered() -> None:
    policy = Policy({**OWNERS, "asset": {"serial": SOURCE, "model": Ownership("shared")}})
    now = snapshot(
        {
            "maker": desired(MAKER, {"source_key": "hp", "name": "HP"}),
            "model": desired(MODEL, {"source_key": "m1", "maker": "hp", "name": "ProBook"}),
            "asset": desired(ASSET, {"source_key": "a", "serial": "S1", "model": "m1"}),
        },
        {"asset": observed(ASSET, {"id": "1", "serial": "S1", "model": "99"})},
    )
    assert told(planned(now, policy=policy), p.CLAIM) == [("asset", "claim", "a", {}, None)]


# Gone, and back.


def gone(status: str | None = "in-use", **more: object) -> Snapshot:
    """One linked asset whose record is gone, and one that is there."""
    there: list[Row] = [{"id": "1", "serial": "S1", "status": status}, {"id": "2", "serial": "S2", "status": "in-use"}]
    remembered = [link("a", "1", status="in-use", **more), link("b", "2", status="in-use")]
    return assets([{"source_key": "b", "serial": "S2", "status": "in-use"}], there, remembered)


def test_a_record_missing_for_the_first_time_is_held() -> None:
    plan = planned(gone(), grace=GRACE)
    assert plan.counts["retire"] == 0
    assert holds(plan) == {"#1": "missing for the first time; retired after 3 runs and 24 h"}


@pytest.mark.parametrize(
    ("runs_before", "hours", "retired"),
    [(1, 48, False), (2, 23, False), (1, 1, False), (2, 24, True), (9, 1, False), (9, 100, True)],
)
def test_a_missing_record_is_retired_when_runs_and_hours_are_both_over(runs_before: int, hours: int, retired: bool) -> None:
    plan = planned(gone(missing_runs=runs_before, missing_since=NOW - timedelta(hours=hours)), grace=GRACE)
    assert plan.counts["retire"] == int(retired)
    assert len(plan.held) == int(not retired)


def test_a_grace_of_one_run_and_no_time_retires_at_once() -> None:
    assert planned(gone(), grace=Grace(runs=1, time=timedelta(0))).counts["retire"] == 1


def test_where_retiring_is_switched_off_what_is_missing_is_counted_and_held() -> None:
    plan = planned(gone(missing_runs=9, missing_since=LONG_AGO), grace=replace(GRACE, retires=False))
    assert plan.counts["retire"] == 0
    (told_of,) = holds(plan).values()
    assert told_of.startswith("missing since ")
    assert told_of.endswith("run 10; retiring is switched off")


def test_a_retirement_says_what_it_changes() -> None:
    plan = planned(gone(missing_runs=5, missing_since=LONG_AGO), grace=GRACE)
    assert told(plan) == [("asset", "retire", "#1", {"status": "retired"}, None)]
    (row,) = p.records(plan.writes)
    assert (row["source_key"], row["target_id"], row["version"]) == ("a", "1", "v1")
    assert change(plan, p.RETIRE, "status")["old"] == "in-use"


@pytest.mark.parametrize("status", ["stored", None, "being repaired"])
def test_a_status_that_a_person_set_is_never_retired(status: str | None) -> None:
    plan = planned(gone(status, missing_runs=5, missing_since=LONG_AGO), grace=GRACE)
    assert writes(plan) == []
    assert "was set by a person, so it is not retired" in holds(plan)["#1"]


def test_an_object_that_is_retired_already_needs_nothing() -> None:
    assert told(planned(gone("retired", missing_runs=5, missing_since=LONG_AGO), grace=GRACE)) == []
    assert told(planned(gone("retired", retired_by="sync", missing_runs=5, missing_since=LONG_AGO), grace=GRACE)) == []


def test_an_incomplete_source_retires_nothing_and_counts_nothing() -> None:
    assert told(planned(gone(missing_runs=5, missing_since=LONG_AGO), grace=GRACE, complete=False)) == []


def test_an_object_that_was_never_linked_is_never_retired() -> None:
    assert told(planned(assets([], [{"id": "1", "serial": "S1", "status": "in-use"}]))) == []


def test_an_object_that_another_record_has_now_is_not_retired() -> None:
    wanted: list[Row] = [{"source_key": "new", "serial": "S1", "status": "in-use"}]
    there: list[Row] = [{"id": "1", "serial": "S1", "status": "in-use"}]
    old = link("old", "1", status="in-use", missing_runs=5, missing_since=LONG_AGO)
    assert [op for _, op, *_ in told(planned(assets(wanted, there, [old])))] == ["claim"]


def test_an_object_that_a_held_record_may_be_is_not_retired() -> None:
    wanted: list[Row] = [{"source_key": "x", "serial": "S1"}, {"source_key": "y", "serial": "S1"}]
    there: list[Row] = [{"id": "1", "serial": "s-1", "status": "in-use"}]
    plan = planned(assets(wanted, there, [link("old", "1", status="in-use", missing_runs=5, missing_since=LONG_AGO)]))
    assert writes(plan) == []
    assert holds(plan)["#1"] == "may be x, which is held"


def test_a_locked_object_is_not_retired() -> None:
    there: list[Row] = [{"id": "1", "serial": "S1", "status": "in-use", "locked": "is a rack"}]
    plan = planned(assets([], there, [link("a", "1", status="in-use", missing_runs=5, missing_since=LONG_AGO)]))
    assert writes(plan) == []
    assert holds(plan) == {"#1": "is a rack"}


def back(now: str, retired_by: str | None, key: str = "a", before: str = "in-use") -> Snapshot:
    """One asset whose record was gone and is back."""
    wanted: list[Row] = [{"source_key": key, "serial": "S1", "status": "in-use"}]
    remembered = [link("a", "1", retired_by=retired_by, status=before, missing_since=LONG_AGO)]
    return assets(wanted, [{"id": "1", "serial": "S1", "status": now}], remembered)


def test_what_this_sync_retired_is_restored_when_its_record_is_back() -> None:
    plan = planned(back("retired", "sync"))
    assert told(plan) == [("asset", "restore", "a", {"status": "in-use"}, None), ("asset", "seen", "a", {}, None)]


@pytest.mark.parametrize(("status", "retired_by"), [("retired", None), ("retired", "undo"), ("stored", "sync")])
def test_what_a_person_retired_or_moved_on_stays_as_it_is(status: str, retired_by: str | None) -> None:
    assert writes(planned(back(status, retired_by))) == []


def test_a_restored_object_gets_the_status_that_the_source_says_now() -> None:
    assert writes(planned(back("retired", "sync", before="ordered"))) == [("asset", "restore", "a", {"status": "in-use"})]


def test_a_restored_object_gets_its_old_status_where_the_source_has_no_say() -> None:
    policy = Policy({"asset": {**OWNERS["asset"], "status": INITIAL}})
    plan = planned(back("retired", "sync", before="ordered"), policy=policy)
    assert writes(plan) == [("asset", "restore", "a", {"status": "ordered"})]


def test_a_machine_that_comes_back_under_a_new_name_is_restored() -> None:
    plan = planned(back("retired", "sync", key="new"))
    assert told(plan) == [("asset", "restore", "new", {"status": "in-use"}, None)]


def test_another_object_in_place_of_the_one_that_was_retired_is_not_restored() -> None:
    wanted: list[Row] = [{"source_key": "a", "serial": "S1", "status": "in-use"}]
    there: list[Row] = [{"id": "2", "serial": "S1", "status": "retired"}]
    assert writes(planned(assets(wanted, there, [link("a", "1", retired_by="sync", status="in-use")]))) == []


@pytest.mark.parametrize("owner", [SOURCE, Ownership("shared"), INITIAL])
def test_a_status_that_a_person_set_is_never_forced_back_whoever_owns_the_field(owner: Ownership) -> None:
    policy = Policy({"asset": {**OWNERS["asset"], "status": owner}})
    wanted: list[Row] = [{"source_key": "a", "serial": "S1", "status": "in-use"}]
    for status in ("stored", "retired"):
        there: list[Row] = [{"id": "1", "serial": "S1", "status": status}]
        assert writes(planned(assets(wanted, there, [link("a", "1", status="in-use")]), policy=policy)) == []


def test_a_record_that_is_back_before_it_was_retired_is_only_seen() -> None:
    assert told(planned(back("in-use", None))) == [("asset", "seen", "a", {}, None)]


# Held.


def test_a_value_that_is_unique_and_on_another_object_is_held() -> None:
    wanted: list[Row] = [{"source_key": "a", "serial": "S1", "tag": "T9"}]
    there: list[Row] = [{"id": "1", "serial": "S1"}, {"id": "3", "tag": "T9", "serial": "S3"}]
    policy = Policy({"asset": {**OWNERS["asset"]}})
    plan = planned(assets(wanted, there, [link("a", "1")]), policy=policy)
    assert writes(plan) == []


def test_a_unique_name_is_held_by_the_object_that_has_it() -> None:
    now = snapshot(
        {
            "maker": desired(MAKER, {"source_key": "hp", "name": "HP"}),
            "model": desired(MODEL, {"source_key": "m", "maker": "hp", "name": "B"}),
        },
        {
            "maker": observed(MAKER, {"id": "1", "name": "HP"}, {"id": "2", "name": "Dell"}),
            "model": observed(MODEL, {"id": "5", "maker": "2", "name": "B"}, {"id": "6", "maker": "1", "name": "b"}),
        },
        {"model": links(link("m", "5"), kind=MODEL)},
    )
    assert writes(planned(now)) == []
    assert holds(planned(now)) == {"m": "link says model #5, but maker and name 'B' is on model #6"}


def test_a_unique_value_that_two_records_want_is_held_on_both() -> None:
    wanted: list[Row] = [{"source_key": "a", "serial": "S1", "tag": "T1"}, {"source_key": "b", "serial": "S2", "tag": "T1"}]
    there: list[Row] = [{"id": "1", "serial": "S1"}, {"id": "2", "serial": "S2"}]
    plan = planned(assets(wanted, there, [link("a", "1"), link("b", "2")]))
    assert writes(plan) == []
    assert holds(plan) == {
        "a": "tag 'T1' would stand on 2 objects: it is also on b",
        "b": "tag 'T1' would stand on 2 objects: it is also on a",
    }


def test_a_serial_that_several_records_have_is_written_to_none_of_them_also_where_the_target_would_take_it() -> None:
    wanted: list[Row] = [
        {"source_key": "a", "serial": "S1", "room": "r1"},
        {"source_key": "b", "serial": "s-1", "room": "r2"},
        {"source_key": "c", "serial": "S1", "tag": "T3"},
        {"source_key": "d", "serial": "S4"},
    ]
    there: list[Row] = [{"id": "1", "tag": "T1"}, {"id": "2"}]
    plan = planned(assets(wanted, there, [link("a", "1"), link("b", "2")]))
    assert sorted((key, changes) for _, _, key, changes in writes(plan)) == [
        ("a", {"room": "r1"}),
        ("b", {"room": "r2"}),
        ("c", {"tag": "T3"}),
        ("d", {"serial": "S4"}),
    ]
    assert holds(plan) == {
        "a": "serial 'S1' would stand on 3 objects: it is also on b, c",
        "b": "serial 's-1' would stand on 3 objects: it is also on a, c",
        "c": "serial 'S1' would stand on 3 objects: it is also on a, b",
    }


@pytest.mark.parametrize("has", ["S1", "s-1"])
def test_a_shared_serial_stays_where_it_stands(has: str) -> None:
    wanted: list[Row] = [{"source_key": "a", "serial": "S1"}, {"source_key": "b", "serial": "S1", "room": "r2"}]
    there: list[Row] = [{"id": "1", "serial": has}, {"id": "2", "serial": "S2"}]
    plan = planned(assets(wanted, there, [link("a", "1"), link("b", "2")]))
    assert {key: changes for _, _, key, changes in writes(plan) if key == "b"} == {"b": {"room": "r2"}}
    assert holds(plan) == {"b": "serial 'S1' would stand on 2 objects: it is also on a"}


def test_a_unique_value_may_be_handed_on_when_its_holder_gives_it_up() -> None:
    wanted: list[Row] = [{"source_key": "a", "serial": "S1", "tag": "T2"}, {"source_key": "b", "serial": "S2", "tag": "T3"}]
    there: list[Row] = [{"id": "1", "serial": "S1", "tag": "T1"}, {"id": "2", "serial": "S2", "tag": "T9"}]
    plan = planned(assets(wanted, there, [link("a", "1"), link("b", "2")]))
    assert [changes for *_, changes in writes(plan)] == [{"tag": "T2"}, {"tag": "T3"}]


def test_a_unique_value_is_not_free_while_the_object_that_has_it_is_held_itself() -> None:
    slugs = Policy({"maker": {"name": SOURCE}})
    now = snapshot(
        {"maker": desired(MAKER, {"source_key": "x", "name": "B" * 21}, {"source_key": "y", "name": "A"})},
        {"maker": observed(MAKER, {"id": "1", "name": "A"}, {"id": "2", "name": "C"})},
        {"maker": links(link("x", "1"), link("y", "2"), kind=MAKER)},
    )
    assert writes(planned(now, policy=slugs)) == []


def test_a_text_that_is_too_long_is_held_with_its_length() -> None:
    plan = planned(assets([{"source_key": "a", "serial": "S1", "name": "n" * 31}], []))
    assert writes(plan) == [("asset", "create", "a", {"serial": "S1"})]
    assert holds(plan) == {"a": f"name has 31 characters, the target takes 30: {'n' * 31!r}…"}


def family(maker: str, **asset: object) -> Snapshot:
    """A maker, a model of it and an asset of that."""
    return snapshot(
        {
            "maker": desired(MAKER, {"source_key": "mk", "name": maker}),
            "model": desired(MODEL, {"source_key": "md", "maker": "mk", "name": "ProBook"}),
            "asset": desired(ASSET, {"source_key": "a", "serial": "S1", "model": "md", **asset}),
        },
        {},
    )


def test_kinds_are_created_in_the_order_of_their_references() -> None:
    assert [key for _, _, key, _ in writes(planned(family("HP")))] == ["mk", "md", "a"]


def test_what_depends_on_something_held_is_held_too_with_the_first_cause() -> None:
    plan = planned(family("H" * 21))
    assert writes(plan) == []
    assert set(holds(plan)) == {"mk", "md", "a"}
    assert "name has 21 characters" in holds(plan)["a"]


def test_what_depends_on_a_record_that_nobody_can_tell_is_held_too() -> None:
    plan = planned(family("..."))
    assert writes(plan) == []
    assert holds(plan)["mk"] == "nothing identifies the record (name all empty)"
    assert holds(plan)["md"].startswith("its maker 'mk' is held: nothing identifies the record")


def test_a_held_row_does_not_hold_the_others() -> None:
    wanted: list[Row] = [
        {"source_key": "a", "serial": "S1"},
        {"source_key": "b", "serial": "S1"},
        {"source_key": "c", "serial": "S2"},
    ]
    plan = planned(assets(wanted, []))
    assert [key for _, _, key, _ in writes(plan)] == ["c"]
    assert told(plan, p.QUARANTINE) == [
        ("asset", "quarantine", "a", {}, "serial 'S1' is also on b"),
        ("asset", "quarantine", "b", {}, "serial 'S1' is also on a"),
    ]


# Made only where something refers to it.

INITIAL_MODEL = Policy({**OWNERS, "asset": {**OWNERS["asset"], "model": INITIAL}})
SHARED_MODEL = Policy({**OWNERS, "asset": {**OWNERS["asset"], "model": SHARED}})
LIKE_OURS: Row = {"id": "1", "serial": "S1", "model": "99"}


def known(now: Snapshot, *remembered: Row, there: Row = LIKE_OURS) -> Snapshot:
    """Return the snapshot with an asset in the target, of another model."""
    return Snapshot(now.desired, now.observed | {"asset": observed(ASSET, there)}, {"asset": links(*remembered)})


def test_what_nothing_written_refers_to_is_not_created_nor_what_only_that_refers_to() -> None:
    now = known(family("HP"), link("a", "1"))
    assert told(planned(now, policy=INITIAL_MODEL, kinds=REFERRED)) == []


def test_of_other_kinds_it_is_created_all_the_same() -> None:
    now = known(family("HP"), link("a", "1"))
    assert [key for _, _, key, _ in writes(planned(now, policy=INITIAL_MODEL))] == ["mk", "md"]


def test_what_only_something_of_another_kind_refers_to_stays_where_that_is_made_by_itself() -> None:
    now = known(family("HP"), link("a", "1"))
    kinds = in_order([replace(kind, referred=name == "maker") for name, kind in REFERRED.items()])
    assert [key for _, _, key, _ in writes(planned(now, policy=INITIAL_MODEL, kinds=kinds))] == ["mk", "md"]


def test_what_an_update_refers_to_is_created() -> None:
    now = known(family("HP"), link("a", "1"))
    plan = planned(now, kinds=REFERRED)
    assert [(op, key) for _, op, key, _ in writes(plan)] == [("create", "mk"), ("create", "md"), ("update", "a")]
    assert plan.id == planned(now).id


def test_what_a_create_refers_to_is_created_and_nothing_else() -> None:
    now = family("HP")
    now.desired["maker"] = desired(MAKER, {"source_key": "mk", "name": "HP"}, {"source_key": "other", "name": "Dell"})
    assert [key for _, _, key, _ in writes(planned(now, kinds=REFERRED))] == ["mk", "md", "a"]
    assert planned(family("HP"), kinds=REFERRED).id == planned(family("HP")).id


def test_what_only_something_held_refers_to_is_not_created() -> None:
    now = family("HP", serial=None, name="n" * 31)
    assert [key for _, _, key, _ in writes(planned(now))] == ["mk", "md"]
    plan = planned(now, kinds=REFERRED)
    assert writes(plan) == []
    assert set(holds(plan)) == {"a"}


def test_what_only_a_conflict_refers_to_is_not_created_until_that_is_decided() -> None:
    now = known(family("HP"), link("a", "1", model="98"))
    now.links["asset"]["base:model"] = pd.array(["98"], dtype="str")
    plan = planned(now, policy=SHARED_MODEL, kinds=REFERRED)
    assert told(plan) == [
        (
            "asset",
            "update",
            "a",
            {"model": {"kind": "model", "key": "md", "id": None}},
            "changed on both sides since the last sync: decide which value stays",
        )
    ]


def test_what_is_held_itself_says_so_where_anything_waits_for_it() -> None:
    assert planned(family("H" * 21), kinds=REFERRED).id == planned(family("H" * 21)).id


def test_what_is_held_itself_says_nothing_where_nothing_waits_for_it() -> None:
    now = known(family("H" * 21), link("a", "1"))
    assert told(planned(now, policy=INITIAL_MODEL, kinds=REFERRED)) == []


def test_what_is_there_already_is_updated_and_claimed_whoever_refers_to_it() -> None:
    now = snapshot(
        {
            "maker": desired(MAKER, {"source_key": "mk", "name": "HP"}),
            "model": desired(MODEL, {"source_key": "md", "maker": "mk", "name": "ProBook"}),
        },
        {
            "maker": observed(MAKER, {"id": "1", "name": "HP"}),
            "model": observed(MODEL, {"id": "5", "maker": "9", "name": "ProBook"}),
        },
        {"model": links(link("md", "5"), kind=MODEL)},
    )
    plan = planned(now, kinds=REFERRED)
    assert [(kind, op) for kind, op, *_ in told(plan)] == [("maker", "claim"), ("model", "update")]
    assert plan.id == planned(now).id


def test_a_new_object_that_an_update_of_a_lookup_refers_to_is_created() -> None:
    now = snapshot(
        {
            "maker": desired(MAKER, {"source_key": "mk", "name": "HP"}),
            "model": desired(MODEL, {"source_key": "md", "maker": "mk", "name": "ProBook"}),
        },
        {"model": observed(MODEL, {"id": "5", "maker": "9", "name": "ProBook"})},
        {"model": links(link("md", "5"), kind=MODEL)},
    )
    assert [(kind, op) for kind, op, *_ in writes(planned(now, kinds=REFERRED))] == [("maker", "create"), ("model", "update")]


def test_a_persons_reference_is_not_waited_for_to_be_remembered_run_after_run() -> None:
    first = planned(known(family("HP")), policy=SHARED_MODEL, kinds=REFERRED)
    assert told(first) == [("asset", "claim", "a", {}, None)]
    now = known(family("HP"), link("a", "1"))
    now.links["asset"]["base:model"] = pd.array([None], dtype="str")
    assert told(planned(now, policy=SHARED_MODEL, kinds=REFERRED)) == []


def test_what_only_a_facet_adds_to_is_created() -> None:
    kinds = in_order([replace(kind, referred=name in {"port", "address"}) for name, kind in REFERRED.items()])
    now = addressed(machine_is_there=False)
    assert planned(now, kinds=kinds).id == planned(now).id


# Facets.


def addressed(machine_is_there: bool) -> Snapshot:
    """A machine with a port, an address and a primary address."""
    there = {"asset": observed(ASSET, {"id": "1", "serial": "S1"}), "primary": observed(PRIMARY, {"id": "1", "asset": "1"})}
    return snapshot(
        {
            "asset": desired(ASSET, {"source_key": "a", "serial": "S1"}),
            "port": desired(PORT, {"source_key": "p", "asset": "a", "name": "eth0"}),
            "address": desired(ADDRESS, {"source_key": "ip", "address": "10.0.0.1/24", "port": "p"}),
            "primary": desired(PRIMARY, {"source_key": "a", "asset": "a", "address": "ip"}),
        },
        there if machine_is_there else {},
    )


@pytest.mark.parametrize("machine_is_there", [True, False])
def test_a_facet_is_an_update_of_its_parent_and_never_a_create(machine_is_there: bool) -> None:
    plan = planned(addressed(machine_is_there))
    (row,) = [row for row in p.records(plan.writes) if row["kind"] == "primary"]
    assert (row["op"], row["key"], row["target_id"]) == ("update", "a", "1" if machine_is_there else None)
    assert {n: c["new"] for n, c in p.decode(row["changes"]).items()} == {
        "address": {"kind": "address", "key": "ip", "id": None}
    }


def test_a_facet_that_says_nothing_of_a_new_parent_is_left_out() -> None:
    now = addressed(machine_is_there=False)
    now.desired["primary"] = desired(PRIMARY, {"source_key": "a", "asset": "a"})
    assert "primary" not in {kind for kind, *_ in told(planned(now))}


def test_what_a_facet_agrees_on_is_remembered_so_that_it_can_follow_later() -> None:
    remembered = {
        "asset": links(link("a", "1")),
        "port": links(link("p", "11", asset="1"), kind=PORT),
        "address": links(link("ip", "21", port="11"), kind=ADDRESS),
    }
    now = addressed(machine_is_there=True)
    there = now.observed | {
        "port": observed(PORT, {"id": "11", "asset": "1", "name": "eth0"}),
        "address": observed(ADDRESS, {"id": "21", "key": "ip!", "address": "10.0.0.1/24", "port": "11"}),
        "primary": observed(PRIMARY, {"id": "1", "asset": "1", "address": "21"}),
    }
    plan = planned(Snapshot(now.desired, there, remembered))
    agreed = {"address": {"kind": "address", "key": "ip!", "id": "21"}}
    assert told(plan) == [("primary", "claim", "a", agreed, None)]


# Modes, ids.


def test_full_mode_writes_every_field_that_is_not_a_persons() -> None:
    wanted: list[Row] = [{"source_key": "a", "serial": "S1", "room": "r1", "name": "pc", "memory": 8, "bought": "2024-01-01"}]
    there: list[Row] = [{"id": "1", "serial": "S1", "room": "by hand", "name": "pc", "memory": 8, "bought": "2020-01-01"}]
    plan = planned(assets(wanted, there, [link("a", "1", room="r1", name="pc")]), mode="full")
    assert writes(plan) == [("asset", "update", "a", {"serial": "S1", "name": "pc", "memory": 8})]
    assert change(plan, p.UPDATE, "memory")["reason"] == "equal, written again"


def busy() -> Snapshot:
    """A snapshot with something of everything in it."""
    now = family("HP", room="r1")
    wanted = now.desired | {
        "asset": desired(
            ASSET,
            {"source_key": "a", "serial": "S1", "model": "md", "room": "r1"},
            {"source_key": "b", "serial": "S2", "memory": 8},
            {"source_key": "c", "serial": "S3"},
            {"source_key": "d", "serial": "S3"},
            {"source_key": "e", "serial": "S5", "tag": "T1"},
            {"source_key": "f", "serial": "S6", "tag": "T7"},
            {"source_key": "g", "name": "pc"},
        )
    }
    there = now.observed | {
        "asset": observed(
            ASSET,
            {"id": "2", "serial": "S2", "memory": 4, "status": "in-use"},
            {"id": "5", "serial": "S5", "tag": "T5"},
            {"id": "7", "serial": "S7", "tag": "T7"},
            {"id": "8", "serial": "S8", "tag": "T7"},
            {"id": "9", "serial": "S9", "status": "in-use"},
            {"id": "10", "name": "pc"},
            {"id": "11", "name": "PC"},
        )
    }
    remembered = {"asset": links(link("b", "2"), link("e", "5"), link("z", "9", status="in-use"))}
    return Snapshot(wanted, there, remembered)


def reordered(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the tables backwards, once with their old index and once with a new one."""
    return {k: t.iloc[::-1] if k == "asset" else t.iloc[::-1].reset_index(drop=True) for k, t in tables.items()}


def test_the_order_of_rows_never_changes_the_plan() -> None:
    now = busy()
    first = planned(now)
    again = planned(Snapshot(reordered(now.desired), reordered(now.observed), reordered(now.links)))
    assert told(first) == told(again)
    assert first.id == again.id


def test_equal_input_gives_the_same_id_and_another_plan_before_it_another_one() -> None:
    assert planned(busy()).id == planned(busy()).id
    assert planned(busy(), after="x").id != planned(busy()).id
    assert planned(busy(), mode="full").id != planned(busy()).id


def test_a_plan_of_nothing_is_a_plan() -> None:
    plan = planned(snapshot({}, {}))
    assert told(plan) == []
    assert len(plan.id) == 16
    assert plan.counts == {"create": 0, "update": 0, "retire": 0, "restore": 0}
