"""A record that is held, or away, for a run: what was remembered of its object is true still, and it comes back as it was."""

from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Engine, Text, cast, select

from asset_sync.ledger.links import made_at_once
from asset_sync.reconcile.resolutions import Verb
from asset_sync.reconcile.tables import made_apart
from asset_sync_tests.ledger.lab import LedgerLab
from asset_sync_tests.ledger.test_decisions import THEIRS, machine, made, run, told, undo
from asset_sync_tests.ledger.test_parted import in_service, object_of_x, retiring_after
from asset_sync_tests.reconcile.lab import held
from asset_sync_tests.reconcile.test_that_object import in_another_zone
from asset_sync_tests.reconcile.worlds import Row


@pytest.fixture
def lab(engine: Engine) -> LedgerLab:
    return retiring_after(engine, 1)


def contradicted(lab: LedgerLab, **values: Any) -> None:
    """Let the record x be held: its link says one object, its serial another one."""
    lab.target.edit("asset", THEIRS, serial="SN-board-9")
    lab.source = {"asset": [{**machine("x", **values), "serial": "SN-board-9"}, machine("q")]}
    run(1, lab)
    assert "x" in held(lab.plan())


def gone(lab: LedgerLab) -> str:
    """Let the machine x be made and leave the source, and be retired; return the id of its object."""
    own = made(lab, tag="T1")
    lab.source = {"asset": [machine("q")]}
    run(2, lab)
    assert told(lab, "status")[own] == "retired"
    return own


@pytest.mark.parametrize("way_out", [pytest.param("source", marks=pytest.mark.slow), "link"])
def test_what_a_sync_retired_is_restored_once_its_record_is_held_no_more(lab: LedgerLab, way_out: str) -> None:
    own = gone(lab)
    contradicted(lab, tag="T1")
    if way_out == "source":
        lab.source = {"asset": [machine("x", tag="T1"), machine("q")]}
    else:
        lab.decide("link", "x", target_id=own)
    run(2, lab)
    assert (told(lab, "status")[own], held(lab.plan())) == ("in-use", {})


def test_what_a_sync_retired_is_restored_once_its_record_is_ignored_no_more(lab: LedgerLab) -> None:
    own = gone(lab)
    number = lab.decide("ignore", "x")
    lab.source = {"asset": [machine("x", tag="T1"), machine("q")]}
    run(2, lab)
    lab.real.take_back(number, "bob", lab.at)
    run(2, lab)
    assert told(lab, "status")[own] == "in-use"


def test_what_a_sync_retired_is_restored_once_it_is_locked_no_more(lab: LedgerLab) -> None:
    own = gone(lab)
    lab.target.objects["asset"][own]["locked"] = "is locked"
    lab.source = {"asset": [machine("x", tag="T1"), machine("q")]}
    run(1, lab)
    lab.target.objects["asset"][own]["locked"] = None
    run(2, lab)
    assert told(lab, "status")[own] == "in-use"


def test_what_a_record_left_is_restored_as_its_own_though_the_record_was_ignored_meanwhile(lab: LedgerLab) -> None:
    own = made(lab, tag="T1")
    lab.decide("never_link", "x", target_id=own)
    run(3, lab)
    lab.decide("link", "x", target_id=own)
    lab.source = {"asset": [machine("x", tag="T1", model="unheard of")]}
    run(2, lab)
    number = lab.decide("ignore", "x")
    run(2, lab)
    lab.real.take_back(number, "bob", lab.at)
    lab.decide("link", "x", target_id=own)
    lab.source = {"asset": [machine("x", tag="T1")]}
    run(3, lab)
    assert in_service(lab) == [own]


@pytest.mark.parametrize("meanwhile", ["ignored", "contradicted", pytest.param("missing", marks=pytest.mark.slow)])
def test_what_an_undo_retired_is_known_as_that_though_its_record_was_held_or_away(engine: Engine, meanwhile: str) -> None:
    lab = retiring_after(engine, 3)
    own = made(lab, tag="T1")
    number = lab.decide("never_link", "x", target_id=own)
    plan, source = lab.run(), {"asset": [machine("x", tag="T1"), machine("q")]}
    if meanwhile == "missing":
        lab.source = {"asset": [machine("q")]}
        run(1, lab)
    undo(lab, plan)
    if meanwhile == "ignored":
        ignored = lab.decide("ignore", "x")
        run(1, lab)
        lab.real.take_back(ignored, "bob", lab.at)
    if meanwhile == "contradicted":
        contradicted(lab, tag="T1")
    lab.source = source
    run(1, lab)
    lab.real.take_back(number, "bob", lab.at)
    run(3, lab)
    assert (object_of_x(lab), held(lab.plan())) == (own, {})


def brought_back_by_hand_while_held(lab: LedgerLab) -> tuple[str, int]:
    """Let a sync retire the object of x, and a person bring it back while x, which is there again, is ignored."""
    own = gone(lab)
    number = lab.decide("ignore", "x")
    lab.source = {"asset": [machine("x", tag="T1"), machine("q")]}
    run(1, lab)
    lab.target.edit("asset", own, status="in-use")
    run(2, lab)
    return own, number


def test_what_a_person_brought_back_while_its_record_was_held_is_missing_once_that_is_gone(lab: LedgerLab) -> None:
    own, number = brought_back_by_hand_while_held(lab)
    lab.source = {"asset": [machine("q")]}
    lab.real.take_back(number, "bob", lab.at)
    run(4, lab)
    assert told(lab, "status")[own] == "retired" or "x" in held(lab.plan())


def test_what_a_person_retired_later_stays_so_though_a_sync_had_retired_it_before(lab: LedgerLab) -> None:
    own, number = brought_back_by_hand_while_held(lab)
    lab.target.edit("asset", own, status="retired")
    run(2, lab)
    lab.real.take_back(number, "bob", lab.at)
    run(2, lab)
    assert told(lab, "status")[own] == "retired"


def test_what_an_undo_retired_and_a_person_brought_back_while_its_record_was_held_is_missing_once_that_is_gone(
    lab: LedgerLab,
) -> None:
    lab.source = {"asset": [machine("q")]}
    run(1, lab)
    lab.source = {"asset": [machine("x"), machine("q")]}
    undo(lab, lab.run())
    own, number = object_of_x(lab), lab.decide("ignore", "x")
    run(1, lab)
    lab.target.edit("asset", own, status="in-use")
    run(1, lab)
    lab.source = {"asset": [machine("q")]}
    lab.real.take_back(number, "bob", lab.at)
    run(4, lab)
    assert told(lab, "status")[own] == "retired" or "x" in held(lab.plan())


def test_what_may_be_a_record_that_is_held_is_known_to_be_gone(engine: Engine) -> None:
    lab = retiring_after(engine, 3)
    lab.source = {"asset": [machine("y"), machine("q")]}
    run(1, lab)
    lab.target.make("asset", status="in-use", name="P", serial="SN-y-1")
    lab.source = {"asset": [{**machine("x"), "serial": "SN-y-1"}, machine("q")]}
    run(5, lab)
    links = lab.sync.known_links(lab.real)["asset"].set_index("source_key")
    assert links["missing_since"].notna()["y"]
    assert "may be x" in held(lab.plan())["y"]


def test_a_link_to_what_is_not_there_says_of_no_other_object_that_it_is_not_the_records(lab: LedgerLab) -> None:
    made(lab, tag="T1")
    lab.source = {"asset": [machine("x"), machine("y", tag="TY")]}
    lab.decide("link", "x", target_id=THEIRS)
    run(3, lab)
    (of_y,) = [key for key, tag in told(lab, "tag").items() if tag == "TY"]
    lab.target.delete("asset", THEIRS)
    lab.source = {"asset": [{**machine("x", tag="TY"), "serial": "SN-y-1"}, machine("q")]}
    run(4, lab)
    assert told(lab, "status")[of_y] == "in-use"


@pytest.mark.parametrize("by", ["undo", pytest.param("hold", marks=pytest.mark.slow)])
def test_what_a_record_left_does_not_leave_service_by_a_single_run_without_the_record(engine: Engine, by: str) -> None:
    lab = retiring_after(engine, 3)
    own = made(lab, tag="T1")
    lab.decide("never_link", "x", target_id=own)
    if by == "undo":
        undo(lab, lab.run())
    source: dict[str, list[Row]] = {
        "asset": [machine("x", tag="T1", model=None if by == "undo" else "unheard of"), machine("q")]
    }
    lab.source = source
    run(5, lab)
    lab.source = {"asset": [machine("q")]}
    run(2, lab)
    lab.source = source
    run(5, lab)
    assert told(lab, "status")[own] == "in-use"
    lab.source = {"asset": [machine("q")]}
    run(4, lab)
    assert told(lab, "status")[own] == "retired"


@pytest.mark.parametrize("verb", [None, "never_link"])
def test_what_may_be_a_record_whose_own_object_an_undo_retired_leaves_service_once_somebody_says_it_is_not(
    lab: LedgerLab, verb: Verb | None
) -> None:
    y, x = machine("y", tag="TY"), {"source_key": "x", "tag": "TX", "status": "in-use"}
    lab.source = {"asset": [y, machine("q")]}
    run(1, lab)
    of_y = next(key for key, tag in told(lab, "tag").items() if tag == "TY")
    lab.source = {"asset": [y, machine("q"), x]}
    undo(lab, lab.run())
    if verb is not None:
        lab.decide(verb, "x", target_id=of_y)
    lab.source = {"asset": [machine("q"), {**x, "serial": y["serial"]}]}
    run(3, lab)
    assert told(lab, "status")[of_y] == ("retired" if verb else "in-use")


def test_what_was_applied_is_remembered_of_an_object_whose_times_are_told_in_another_zone(lab: LedgerLab) -> None:
    own = made(lab, name="pc-1", memory=8)
    in_another_zone(lab)
    lab.source = {"asset": [machine("x", name="pc-1", memory=16)]}
    lab.run()
    assert told(lab, "memory")[own] == 16
    (link,) = lab.snapshot().links["asset"].to_dict("records")
    assert (link["base:name"], link["identity:name"]) == ("pc-1", "pc-1")


@pytest.mark.parametrize(
    "time",
    [
        "0000-00-00T00:00:00Z",
        "2023-02-29T00:00:00Z",
        "2024-02-30T00:00:00Z",
        "2024-13-45T99:99:99Z",
        "2024-05-01T00:00:00+99:99",
    ],
)
def test_a_time_that_there_is_not_is_but_another_one(lab: LedgerLab, time: str) -> None:
    own = made(lab, name="pc-1", memory=8)
    lab.target.objects["asset"][own]["created"] = time
    lab.source = {"asset": [machine("x", name="pc-1", memory=16)]}
    for _ in range(2):
        plan = lab.run()
    assert lab.objects()[own]["memory"] == 16
    assert plan.writes.empty


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2024-05-01T00:00:00Z", "2024-05-01T02:00:00+02:00", True),
        ("2024-12-31T23:30:00.5-01:00", "2025-01-01T00:30:00.500000Z", True),
        ("2024-05-01T00:00:00Z", "2024-05-01T00:00:00.000001Z", False),
        ("2024-05-01T00:00:00Z", "2024-05-01T00:00:00", False),
        ("2024-05-01", "2024-05-01T00:00:00Z", False),
        ("2024-02-29T12:00:00Z", "2024-02-29T12:00:00Z", True),
        ("2024-02-29T12:00:00Z", "2024-02-29T14:00:00+02:00", True),
        ("2000-02-29T23:30:00-01:00", "2000-03-01T00:30:00Z", True),
        ("2023-02-29T12:00:00Z", "2023-02-29T14:00:00+02:00", False),
        ("1900-02-29T12:00:00Z", "1900-02-29T14:00:00+02:00", False),
        ("2024-02-30T00:00:00Z", "2024-03-01T00:00:00Z", False),
        ("soon", "later", False),
        ("", "2024-05-01T00:00:00Z", False),
        (None, "2024-05-01T00:00:00Z", True),
    ],
)
def test_plan_and_ledger_agree_on_what_is_the_same_time(engine: Engine, one: str | None, other: str, same: bool) -> None:
    apart = made_apart(*(pd.Series([each], dtype="str") for each in (one, other)))
    with engine.connect() as connection:
        at_once = connection.execute(select(made_at_once(cast(one, Text), cast(other, Text)))).scalar_one()
    assert (not apart[0], at_once) == (same, same)


def under_its_id(lab: LedgerLab, **values: str) -> str:
    """Let the lab make x, of which nothing but its name is known, the target come back without it, and that be made; its id."""
    lab.source = {"asset": [machine("q")]}
    run(1, lab)
    backup = lab.target.backup()
    lab.source = {"asset": [machine("q"), {"source_key": "x", "name": "pc-7", "status": "in-use"}]}
    run(1, lab)
    (own,) = [each for each, name in told(lab, "name").items() if name == "pc-7"]
    lab.target.restore(backup)
    lab.target.now = lab.at
    if values:
        assert lab.target.make("asset", status="in-use", **values) == own
    lab.source = {"asset": [machine("q")]}
    return own


@pytest.mark.parametrize("values", [{"name": "pc-7"}, {"name": "beamer", "serial": "B-1-1"}])
def test_what_is_under_the_id_of_a_gone_record_is_left_alone_once_somebody_says_that_it_is_not_the_records(
    engine: Engine, values: dict[str, str]
) -> None:
    lab = retiring_after(engine, 1)
    own = under_its_id(lab, **values)
    run(3, lab)
    assert held(lab.plan())["x"].startswith(f"asset #{own} is not what was linked")
    lab.decide("never_link", "x", target_id=own)
    run(3, lab)
    assert told(lab, "status")[own] == "in-use"
    assert held(lab.plan()) == {}


def test_what_another_source_made_again_under_its_id_stays_in_service_as_long_as_that_has_it(engine: Engine) -> None:
    lab = retiring_after(engine, 1)
    other = lab.beside("other", "other")
    own = under_its_id(lab)
    other.source, other.at = {"asset": [{"source_key": "x", "name": "pc-7", "status": "in-use"}]}, lab.at
    run(1, other)
    assert told(lab, "name")[own] == "pc-7"
    run(3, lab, other)
    assert held(lab.plan())["x"].startswith("missing here, but other has it")
