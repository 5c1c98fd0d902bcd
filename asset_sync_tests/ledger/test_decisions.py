"""What people decide about records, between whole syncs with a real ledger: several syncs, undos, and decisions that end."""

from itertools import repeat
from typing import Any

import pytest
from sqlalchemy import Engine

from asset_sync.reconcile.undo import inverse
from asset_sync_tests.ledger.lab import LedgerLab
from asset_sync_tests.reconcile.lab import held
from asset_sync_tests.reconcile.worlds import Row

THEIRS = "77"


@pytest.fixture
def lab(engine: Engine) -> LedgerLab:
    return LedgerLab(engine)


def machine(key: str, **values: Any) -> Row:
    return {"source_key": key, "serial": f"SN-{key}-1", "status": "in-use", **values}


def run(times: int, *labs: LedgerLab) -> None:
    """Let the labs run in turns, a day each."""
    for lab in list(labs) * times:
        lab.at = max(each.at for each in labs)
        lab.target.now = max(lab.target.now, lab.at)
        lab.run()


def made(lab: LedgerLab, **values: Any) -> str:
    """Let the lab make the machine x, and a person another object beside it, 77; return the id of what was made."""
    lab.source = {"asset": [machine("x", **values)]}
    run(1, lab)
    (own,) = lab.objects()
    blank = dict.fromkeys(("serial", "tag"))
    lab.target.objects["asset"][THEIRS] = {**lab.target.objects["asset"][own], **blank, "id": THEIRS, "name": "a person's"}
    return own


def told(lab: LedgerLab, name: str) -> dict[str, Any]:
    """Return a field of the assets, by id."""
    return {key: row.get(name) for key, row in lab.objects("asset", name).items()}


# Ignored.


def test_a_record_that_was_linked_by_decision_and_is_ignored_is_not_retired(lab: LedgerLab) -> None:
    own = made(lab, tag="T1")
    for target_id in (THEIRS, own):
        lab.decide("link", "x", target_id=target_id)
        run(2, lab)
    lab.decide("ignore", "x")
    run(2, lab)
    lab.source = {"asset": [{**machine("x", name="another"), "serial": "SN-board-9"}]}
    run(4, lab)
    assert told(lab, "status") == {own: "in-use", THEIRS: "in-use"}


@pytest.mark.parametrize("by_decision", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_a_record_that_changed_and_is_ignored_no_more_is_the_object_that_it_was(lab: LedgerLab, *, by_decision: bool) -> None:
    own = made(lab)
    if by_decision:
        lab.decide("link", "x", target_id=THEIRS)
    run(2, lab)
    lab.decide("ignore", "x", until_changed=True)
    run(2, lab)
    lab.source = {"asset": [{**machine("x"), "serial": "SN-board-9"}]}
    run(3, lab)
    assert lab.objects().keys() == {own, THEIRS}
    assert told(lab, "serial")[THEIRS if by_decision else own] == "SN-board-9"


@pytest.mark.parametrize("verb", ["never_link", "create", "link"])
def test_a_link_that_another_decision_speaks_against_is_forgotten(lab: LedgerLab, verb: Any) -> None:
    made(lab)
    lab.decide("link", "x", target_id=THEIRS)
    run(1, lab)
    lab.decide(verb, "x", **({"target_id": THEIRS} if verb != "create" else {}))
    lab.real.forget_over("test", lab.at)
    links = lab.sync.known_links(lab.real)["asset"].set_index("source_key")
    assert links["target_id"].get("x") == (THEIRS if verb == "link" else None)


@pytest.mark.parametrize(
    "against",
    [
        pytest.param("never_link", marks=pytest.mark.slow),
        pytest.param("create", marks=pytest.mark.slow),
        "taken back",
        pytest.param("taken back twice", marks=pytest.mark.slow),
    ],
)
def test_what_was_said_against_a_link_counts_also_where_the_record_was_ignored_in_between(lab: LedgerLab, against: Any) -> None:
    made(lab)
    lab.source["asset"].append({"source_key": "y", "status": "in-use", "room": "r1"})
    lab.decide("link", "y", target_id=THEIRS)
    run(2, lab)
    ignored = lab.decide("ignore", "y")
    run(1, lab)
    if against == "taken back twice":
        lab.decide("link", "y", target_id=THEIRS)
        run(1, lab)
        ignored = lab.decide("ignore", "y")
        run(1, lab)
    if against.startswith("taken back"):
        number = lab.decide("link", "y", target_id=THEIRS)
        run(1, lab)
        lab.real.take_back(number, "bob", lab.at)
    else:
        lab.real.take_back(ignored, "bob", lab.at)
        lab.decide(against, "y", **({"target_id": THEIRS} if against == "never_link" else {}))
    run(1, lab)
    assert lab.sync.known_links(lab.real)["asset"].set_index("source_key")["target_id"].get("y") != THEIRS
    lab.source["asset"].pop()
    run(5, lab)
    assert told(lab, "status")[THEIRS] == "in-use"


# What a record left.


@pytest.mark.parametrize("values", [{"tag": "T1"}, pytest.param({}, marks=pytest.mark.slow)])
def test_what_was_made_leaves_service_also_where_a_link_to_it_was_taken_back(lab: LedgerLab, values: Row) -> None:
    own = made(lab, **values)
    lab.decide("link", "x", target_id=THEIRS)
    run(1, lab)
    number = lab.decide("link", "x", target_id=own)
    run(1, lab)
    lab.real.take_back(number, "bob", lab.at)
    run(1, lab)
    lab.decide("link", "x", target_id=THEIRS)
    run(5, lab)
    assert told(lab, "status") == {own: "retired", THEIRS: "in-use"}


@pytest.mark.parametrize("first", [0, 1])
def test_what_a_sync_made_leaves_service_whichever_of_those_that_share_its_links_runs_first(engine: Engine, first: int) -> None:
    a = LedgerLab(engine, "a", link_set="both")
    b = a.beside("b", "both")
    own = made(a, tag="T1")
    b.source = a.source
    run(1, a, b)
    a.decide("link", "x", target_id=THEIRS)
    run(1, (a, b)[first])
    run(4, a, b)
    assert (told(a, "status"), told(a, "tag")) == ({own: "retired", THEIRS: "in-use"}, {own: None, THEIRS: "T1"})


@pytest.mark.parametrize("is_gone", [pytest.param(False, marks=pytest.mark.slow), True])
def test_what_a_taken_back_decision_left_keeps_no_other_connection_from_retiring_its_own(
    engine: Engine, *, is_gone: bool
) -> None:
    berlin = LedgerLab(engine, "s", link_set="s/berlin")
    paris = berlin.beside("s", "s/paris")
    own = made(berlin, tag="T1")
    paris.source = {"asset": [{"source_key": "y", "status": "in-use", "room": "r"}]}
    number = paris.decide("link", "y", target_id=own)
    run(1, berlin, paris)
    if is_gone:
        berlin.source = {"asset": []}
        run(1, berlin)
    paris.real.take_back(number, "bob", max(berlin.at, paris.at))
    paris.decide("ignore", "y")
    berlin.source = {"asset": []}
    run(5, paris, berlin)
    assert told(berlin, "status")[own] == "retired"


@pytest.mark.parametrize("is_over", [pytest.param(False, marks=pytest.mark.slow), True])
def test_what_one_connection_retired_is_restored_by_the_one_whose_record_it_is(engine: Engine, *, is_over: bool) -> None:
    berlin = LedgerLab(engine, "s", link_set="s/berlin")
    paris = berlin.beside("s", "s/paris")
    made(berlin)
    berlin.source["asset"].append({"source_key": "y", "serial": "SN-77-1", "status": "in-use"})
    number = berlin.decide("link", "y", target_id=THEIRS)
    run(1, berlin, paris)
    berlin.source["asset"].pop()
    run(4, berlin, paris)
    assert told(berlin, "status")[THEIRS] == "retired"
    if is_over:
        berlin.real.take_back(number, "bob", berlin.at)
    paris.source = {"asset": [{"source_key": "z", "serial": "SN-77-1", "status": "in-use"}]}
    run(3, berlin, paris)
    assert told(berlin, "status")[THEIRS] == "in-use"


def test_a_record_that_is_called_as_what_is_left_keeps_its_name(lab: LedgerLab) -> None:
    made(lab)
    key = f"x (left #{THEIRS})"
    lab.source["asset"].append({**machine("z"), "source_key": key})
    number = lab.decide("link", "x", target_id=THEIRS)
    run(1, lab)
    lab.real.take_back(number, "bob", lab.at)
    links = lab.sync.known_links(lab.real)["asset"].set_index("source_key")
    assert not links["left"][key]
    assert links["target_id"].get("x") is None


def test_what_a_taken_back_decision_left_is_not_missing(lab: LedgerLab) -> None:
    made(lab, tag="T1")
    lab.source["asset"].append({"source_key": "y", "status": "in-use", "room": "r1"})
    number = lab.decide("link", "y", target_id=THEIRS)
    run(1, lab)
    lab.real.take_back(number, "bob", lab.at)
    lab.decide("ignore", "y")
    run(3, lab)
    links = lab.sync.known_links(lab.real)["asset"].set_index("target_id")
    assert links["left"].to_dict()[THEIRS]
    assert links["missing_since"].isna().all()
    assert lab.real.link_counts(["test"]) == {"test": {"asset": 1}}


# Undone.


def undo(lab: LedgerLab, plan: Any) -> Any:
    """Take a plan back; return the undo."""
    back = inverse(plan, lab.kinds, lab.real.outcomes(plan.id), after=lab.real.last_applied(lab.sync.link_set))
    lab.apply(back)
    return back


def test_what_an_object_that_its_record_left_had_given_up_is_given_up_again_after_an_undo(lab: LedgerLab) -> None:
    own = made(lab, tag="T1")
    before = lab.objects()
    lab.decide("link", "x", target_id=THEIRS)
    undo(lab, lab.run())
    assert lab.objects() == before
    run(4, lab)
    assert (told(lab, "tag"), told(lab, "status")[own]) == ({own: None, THEIRS: "T1"}, "retired")


def test_an_object_whose_serial_an_undo_put_back_is_its_records_still(lab: LedgerLab) -> None:
    own = made(lab)
    lab.source = {"asset": [{**machine("x"), "serial": "SN-board-9"}]}
    undo(lab, lab.run())
    assert told(lab, "serial")[own] == "SN-x-1"
    run(1, lab)
    assert told(lab, "serial")[own] == "SN-board-9", "the source says so still"


def test_what_a_retired_object_had_given_up_is_given_up_again_after_an_undo(lab: LedgerLab) -> None:
    lab.source = {"asset": [machine("x", tag="T1"), machine("y")]}
    run(1, lab)
    lab.source = {"asset": [machine("y")]}
    run(2, lab)
    lab.source = {"asset": [machine("y"), machine("z", tag="T1")]}
    undo(lab, lab.run())
    assert told(lab, "tag")["1001"] == "T1"
    run(3, lab)
    assert list(told(lab, "tag").values()).count("T1") == 1
    assert told(lab, "tag")["1001"] != "T1"
    assert held(lab.plan()) == {}


@pytest.mark.parametrize("first", ["undo", pytest.param("take-back", marks=pytest.mark.slow)])
def test_an_undo_and_a_take_back_come_to_the_same_in_either_order(lab: LedgerLab, first: str) -> None:
    lab.source = {"asset": [machine("x", tag="T1"), machine("q"), machine("z")]}
    run(1, lab)
    (of_q,) = [key for key, serial in told(lab, "serial").items() if serial == "SN-q-1"]
    lab.source["asset"].pop(1)
    run(1, lab)
    number = lab.decide("link", "x", target_id=of_q)
    plan = lab.run()
    if first == "take-back":
        lab.real.take_back(number, "bob", lab.at)
    undo(lab, plan)
    if first == "undo":
        lab.real.take_back(number, "bob", lab.at)
    run(6, lab)
    assert (told(lab, "status")[of_q], held(lab.plan())) == ("retired", {})


@pytest.mark.parametrize("times", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_what_is_out_of_service_since_an_undo_was_undone_is_restored_with_its_record(lab: LedgerLab, times: int) -> None:
    lab.source = {"asset": [machine("x", tag="T1"), machine("y")]}
    run(1, lab)
    lab.source = {"asset": [machine("y")]}
    run(1, lab)
    plan = lab.run()
    for _ in repeat(None, 2 * times):
        plan = undo(lab, plan)
    assert told(lab, "status")["1001"] == "retired"
    lab.source = {"asset": [machine("x", tag="T1"), machine("y")]}
    run(2, lab)
    assert told(lab, "status")["1001"] == "in-use"


@pytest.mark.parametrize("times", [0, 1])
def test_what_an_undo_of_its_making_retired_stays_so_however_often_that_is_undone(lab: LedgerLab, times: int) -> None:
    lab.source = {"asset": [machine("y")]}
    run(1, lab)
    lab.source = {"asset": [machine("x", tag="T1"), machine("y")]}
    plan = undo(lab, lab.run())
    for _ in repeat(None, 2 * times):
        plan = undo(lab, plan)
    run(2, lab)
    assert told(lab, "status")["1002"] == "retired"


# What is held says which decision leaves it alone.


@pytest.mark.parametrize("until_changed", [False, True])
def test_what_is_ignored_names_the_decision_to_ignore_it_and_no_other_of_the_same_minute(
    lab: LedgerLab, *, until_changed: bool
) -> None:
    made(lab)
    lab.source["asset"].append(machine("y", tag="T9"))
    lab.decide("never_link", "y", target_id=THEIRS)
    ignored = lab.decide("ignore", "y", until_changed=until_changed)
    lab.run()
    assert [(each.left_by, each.ignored) for each in lab.real.held("test")] == [(ignored, True)]


def test_what_stays_in_service_names_the_decision_about_that_and_none_about_another_field(lab: LedgerLab) -> None:
    lab.source = {"asset": [machine("x"), machine("y")]}
    run(1, lab)
    lab.decide("keep_target", "y", field="name")
    stays = lab.decide("keep_target", "y", field="status")
    lab.source = {"asset": [machine("x")]}
    run(3, lab)
    assert [(each.left_by, each.ignored) for each in lab.real.held("test")] == [(stays, True)]
