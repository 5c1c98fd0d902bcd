"""What is left behind where a person says that a record is another object: it is given up, however long that takes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.converge import flapping
from asset_sync.reconcile.merge import Ownership
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.planning import Grace
from asset_sync.reconcile.resolutions import Verb
from asset_sync.reconcile.review import Choice, Selection, decisions, left_out, part
from asset_sync_tests.ledger.lab import LedgerLab
from asset_sync_tests.ledger.test_decisions import THEIRS, machine, made, run, told, undo
from asset_sync_tests.reconcile.lab import held
from asset_sync_tests.reconcile.worlds import OWNERS


@pytest.fixture
def lab(engine: Engine) -> LedgerLab:
    return LedgerLab(engine)


def retiring_after(engine: Engine, runs: int) -> LedgerLab:
    """Return a lab that retires after so many runs, whatever time passes."""
    lab = LedgerLab(engine)
    lab.policy = replace(lab.policy, grace=Grace(runs=runs, time=timedelta()))
    return lab


def after_parting(engine: Engine) -> tuple[LedgerLab, str, str]:
    """Return a lab that retires after a run, what the record x left and is retired, and what was made for it instead."""
    lab = retiring_after(engine, 1)
    own = made(lab, tag="T1")
    lab.decide("never_link", "x", target_id=own)
    run(2, lab)
    (other,) = lab.objects().keys() - {own, THEIRS}
    return lab, own, other


def object_of_x(lab: LedgerLab) -> str:
    """Return the id of the object that the record x is linked to."""
    found: str = lab.sync.known_links(lab.real)["asset"].set_index("source_key")["target_id"]["x"]
    return found


def recognised(lab: LedgerLab) -> tuple[str, str]:
    """Let a person have two objects and the record x be recognised as the first, by its name; it is the second."""
    wrong, right = (lab.target.make("asset", status="in-use", name=name, room="P") for name in ("pc-1", "pc-2"))
    lab.source = {"asset": [{"source_key": "x", "status": "in-use", "tag": "T1", "name": "pc-1"}, machine("q")]}
    run(2, lab)
    assert told(lab, "tag")[wrong] == "T1"
    return wrong, right


def approved_without(lab: LedgerLab, choice: Choice) -> list[int]:
    """Let a person approve what is planned now but for what is chosen; return the numbers of what is decided by that."""
    snapshot, plan = lab.snapshot(), lab.plan()
    parted = part(plan, lab.kinds, snapshot.observed, left_out(plan, Selection(without=[choice]), "anna"))
    numbers = [lab.real.resolve("test", each) for each in decisions(parted, lab.kinds, "anna", lab.at)]
    lab.apply(parted)
    return numbers


def undone(lab: LedgerLab, plans: Sequence[Plan]) -> None:
    """Take back what plans did, the last one first."""
    for plan in reversed(plans):
        if len(plan.writes):
            undo(lab, plan)


def written(plan: Plan) -> list[str]:
    return [row["target_id"] for row in p.records(plan.writes)]


@pytest.mark.parametrize("verbs", [("link",), pytest.param(("never_link", "link"), marks=pytest.mark.slow), ("never_link",)])
def test_what_was_not_given_up_at_once_is_given_up_by_a_later_plan(lab: LedgerLab, verbs: tuple[Verb, ...]) -> None:
    wrong, right = recognised(lab)
    for verb in verbs:
        lab.decide(verb, "x", target_id=right if verb == "link" else wrong)
    lab.target.refuses = lambda _, row: "not now" if row["id"] == wrong else None
    lab.apply(lab.plan())
    lab.target.refuses = lambda *_: None
    run(3, lab)
    tags = told(lab, "tag")
    assert (tags[wrong], "T1" in tags.values()) == (None, True)
    assert held(lab.plan()) == {}


def test_what_was_left_out_is_given_up_once_that_is_taken_back(lab: LedgerLab) -> None:
    wrong, right = recognised(lab)
    lab.decide("link", "x", target_id=right)
    for number in approved_without(lab, Choice(fields=frozenset({"tag"}))):
        lab.real.take_back(number, "anna", lab.at)
    assert written(lab.plan()) == [wrong, right]


def test_what_a_person_wrote_to_an_object_that_a_record_left_stays(lab: LedgerLab) -> None:
    wrong, right = recognised(lab)
    lab.decide("link", "x", target_id=right)
    lab.target.edit("asset", wrong, tag="T9")
    run(3, lab)
    assert (told(lab, "tag")[wrong], told(lab, "tag")[right]) == ("T9", "T1")
    assert told(lab, "status")[wrong] == "in-use", "what this sync did not make does not leave service"


@pytest.mark.parametrize("verb", ["link", "never_link"])
def test_what_was_made_for_a_record_leaves_service_by_either_way_out_of_a_hold(lab: LedgerLab, verb: Verb) -> None:
    own = made(lab, tag="T1")
    lab.target.edit("asset", THEIRS, serial="SN-board-9")
    lab.source = {"asset": [{**machine("x", tag="T1"), "serial": "SN-board-9"}]}
    assert "but serial 'SN-board-9' is on" in held(lab.run())["x"]
    lab.decide(verb, "x", target_id=THEIRS if verb == "link" else own)
    run(6, lab)
    assert told(lab, "tag") == {own: None, THEIRS: "T1"}
    assert told(lab, "status") == {own: "retired", THEIRS: "in-use"}


@pytest.mark.parametrize("verb", ["link", "never_link"])
def test_what_was_made_gives_up_at_once_also_what_a_person_may_write(engine: Engine, verb: Verb) -> None:
    owners = {**OWNERS, "asset": {**OWNERS["asset"], "tag": Ownership("shared")}}
    lab = LedgerLab(engine, owners=owners)
    own = made(lab, tag="T1")
    lab.decide(verb, "x", target_id=THEIRS if verb == "link" else own)
    lab.run()
    tags = told(lab, "tag")
    assert (tags.pop(own), list(tags.values()).count("T1")) == (None, 1)
    lab.run()
    assert held(lab.plan()) == {}


def test_what_was_made_leaves_service_also_where_its_record_is_made_anew(lab: LedgerLab) -> None:
    own = made(lab, tag="T1")
    lab.decide("never_link", "x", target_id=own)
    run(6, lab)
    status = told(lab, "status")
    assert status.pop(own) == "retired"
    assert list(status.values()) == ["in-use", "in-use"], "a person's object, and the new one"
    assert list(told(lab, "tag").values()).count("T1") == 1


@pytest.mark.parametrize("verb", ["link", "never_link"])
@pytest.mark.parametrize("runs", [pytest.param(0, marks=pytest.mark.slow), 1])
def test_a_persons_object_stays_in_service_that_was_parted_after_its_record_had_gone(
    lab: LedgerLab, verb: Verb, runs: int
) -> None:
    wrong, right = recognised(lab)
    lab.source = {"asset": [machine("q")]}
    run(runs, lab)
    lab.decide(verb, "x", target_id=right if verb == "link" else wrong)
    run(6, lab)
    assert told(lab, "status")[wrong] == "in-use"


def test_a_source_without_any_record_is_planned_also_where_somebody_parted_one(lab: LedgerLab) -> None:
    wrong, _ = recognised(lab)
    lab.source = {"asset": []}
    lab.decide("never_link", "x", target_id=wrong)
    run(6, lab)
    assert told(lab, "status")[wrong] == "in-use"


def test_what_was_made_for_a_record_leaves_service_though_it_was_parted_after_that_had_gone(lab: LedgerLab) -> None:
    own = made(lab, tag="T1")
    lab.source = {"asset": [machine("q")]}
    run(1, lab)
    lab.decide("never_link", "x", target_id=own)
    run(6, lab)
    assert told(lab, "status")[own] == "retired"


@pytest.mark.parametrize(
    ("undone_first", "between"),
    [(False, 0), pytest.param(True, 0, marks=pytest.mark.slow), pytest.param(True, 1, marks=pytest.mark.slow), (True, 3)],
)
@pytest.mark.parametrize("later", [1, pytest.param(5, marks=pytest.mark.slow)])
@pytest.mark.parametrize("tag", [pytest.param({"tag": "T1"}, marks=pytest.mark.slow), {}])
def test_what_was_parted_by_mistake_is_its_records_again_once_that_is_undone_and_taken_back(
    lab: LedgerLab, later: int, tag: dict[str, str], between: int, *, undone_first: bool
) -> None:
    own = made(lab, **tag)
    before = lab.objects()
    number = lab.decide("never_link", "x", target_id=own)
    plans = [lab.run() for _ in range(later)]
    if not undone_first:
        lab.real.take_back(number, "bob", lab.at)
    undone(lab, plans)
    run(between, lab)
    if undone_first:
        lab.real.take_back(number, "bob", lab.at)
    run(6, lab)
    after = lab.objects()
    assert {each: after[each] for each in before} == before
    assert object_of_x(lab) == own
    assert held(lab.plan()) == {}
    assert written(lab.plan()) == []


def test_what_was_parted_stays_so_where_the_plan_alone_is_undone(lab: LedgerLab) -> None:
    own = made(lab, tag="T1")
    lab.decide("never_link", "x", target_id=own)
    undone(lab, [lab.run()])
    run(6, lab)
    assert object_of_x(lab) != own


def test_what_somebody_put_to_another_use_is_not_its_records_again(lab: LedgerLab) -> None:
    own = made(lab, tag="T1")
    number = lab.decide("never_link", "x", target_id=own)
    plan = lab.run()
    lab.target.edit("asset", own, serial="SN-other-77", tag="T77", name="beamer")
    undone(lab, [plan])
    lab.real.take_back(number, "bob", lab.at)
    theirs = lab.objects()[own]
    run(4, lab)
    assert lab.objects()[own] == theirs
    assert object_of_x(lab) != own
    assert "x" not in held(lab.plan())


def test_a_record_keeps_one_object_in_service_where_the_other_one_was_taken_back(lab: LedgerLab) -> None:
    own = made(lab, tag="T1")
    lab.decide("never_link", "x", target_id=own)
    back = undo(lab, lab.run())
    run(6, lab)
    assert told(lab, "status")[own] == "in-use"
    (retired,) = {row["target_id"] for row in p.records(back.writes)} - {own}
    assert held(lab.plan())[f"x (left #{own})"] == "may be x, whose own asset an undo retired"
    undo(lab, back)
    run(6, lab)
    assert (told(lab, "status")[own], told(lab, "status")[retired]) == ("retired", "in-use")
    assert held(lab.plan()) == {}


def test_what_a_record_left_leaves_service_once_its_other_object_is_back(engine: Engine) -> None:
    lab, own, other = after_parting(engine)
    for now, before in ((own, other), (other, own), (own, other)):
        lab.decide("link", "x", target_id=now)
        lab.run()
        assert (told(lab, "status")[now], told(lab, "status")[before]) == ("in-use", "in-use")
        lab.run()
        assert (told(lab, "status")[now], told(lab, "status")[before]) == ("in-use", "retired")
        assert written(lab.plan()) == []


def test_what_a_record_left_stays_in_service_as_long_as_its_other_object_is_held(engine: Engine) -> None:
    lab, own, other = after_parting(engine)
    lab.source = {"asset": [machine("x", tag="T1", model="unheard of")]}
    lab.decide("link", "x", target_id=own)
    run(3, lab)
    assert (told(lab, "status")[own], told(lab, "status")[other]) == ("retired", "in-use")
    lab.source = {"asset": [machine("x", tag="T1")]}
    run(2, lab)
    assert (told(lab, "status")[own], told(lab, "status")[other]) == ("in-use", "retired")
    assert held(lab.plan()) == {}


@pytest.mark.parametrize("gone", [pytest.param(False, marks=pytest.mark.slow), True])
def test_a_target_that_was_restored_becomes_the_base_also_where_somebody_parted_a_record(lab: LedgerLab, *, gone: bool) -> None:
    own = made(lab, tag="T1")
    backup = lab.target.backup()
    lab.source = {"asset": [machine("x", tag="T2"), machine("q")]}
    run(1, lab)
    lab.decide("never_link", "x", target_id=own)
    lab.target.restore(backup)
    if gone:
        lab.source = {"asset": [machine("q")]}
    lab.apply(lab.plan("rebase"))
    run(6, lab)
    assert told(lab, "status")[own] == "retired"
    assert list(told(lab, "tag").values()).count("T2") == (not gone)
    assert held(lab.plan()) == {}


def test_what_an_undo_retired_of_a_gone_record_is_missing_where_a_restored_target_has_it_in_service(lab: LedgerLab) -> None:
    lab.source = {"asset": [machine("x", tag="T1"), machine("q")]}
    plan = lab.run()
    own, backup = object_of_x(lab), lab.target.backup()
    undo(lab, plan)
    lab.source = {"asset": [machine("q")]}
    run(1, lab)
    lab.target.restore(backup)
    lab.apply(lab.plan("rebase"))
    run(6, lab)
    assert told(lab, "status")[own] == "retired"


def test_an_object_that_is_another_records_by_decision_gives_up_at_once_what_its_record_does_not_say(lab: LedgerLab) -> None:
    lab.source = {"asset": [machine("x", tag="T1"), machine("y")]}
    run(1, lab)
    own = object_of_x(lab)
    lab.decide("never_link", "x", target_id=own)
    lab.decide("link", "y", target_id=own)
    plan = lab.plan()
    outcomes = lab.apply(plan)
    assert told(lab, "tag")[own] is None
    assert "T1" in told(lab, "tag").values()
    assert flapping(lab.plan(), plan, outcomes) == []


@pytest.mark.parametrize("by_decision", [True, False])
def test_what_a_person_had_written_just_so_is_not_given_up_for_another_record(engine: Engine, *, by_decision: bool) -> None:
    lab = LedgerLab(engine, owners={**OWNERS, "asset": {**OWNERS["asset"], "tag": Ownership("shared")}})
    lab.source = {"asset": [machine("q")]}
    run(1, lab)
    theirs = lab.target.make("asset", status="in-use", serial="SN-x-1", tag="T1", name="P")
    lab.source = {"asset": [machine("x", tag="T1"), machine("y"), machine("q")]}
    run(2, lab)
    if by_decision:
        lab.decide("never_link", "x", target_id=theirs)
        lab.decide("link", "y", target_id=theirs)
    else:
        lab.source = {"asset": [{**machine("z"), "serial": "SN-x-1"}, machine("y"), machine("q", tag="T1")]}
    lab.run()
    assert told(lab, "tag")[theirs] == "T1"


def test_an_object_that_is_another_records_keeps_what_somebody_decided_to_keep_of_that(lab: LedgerLab) -> None:
    lab.source = {"asset": [machine("x", tag="T1"), machine("y")]}
    run(1, lab)
    own = object_of_x(lab)
    lab.decide("keep_target", "y", field="tag")
    lab.decide("never_link", "x", target_id=own)
    lab.decide("link", "y", target_id=own)
    lab.run()
    assert told(lab, "tag")[own] == "T1"


# What is left alone says so, and by which decision.


@pytest.mark.parametrize("op", ["restore", "retire"])
def test_what_a_person_left_out_of_an_approval_is_left_alone_by_that_decision(lab: LedgerLab, op: str) -> None:
    both = [machine("x"), machine("q")]
    lab.source = {"asset": both}
    run(1, lab)
    lab.source = {"asset": both[1:]}
    run(1 if op == "retire" else 3, lab)
    lab.source = {"asset": both if op == "restore" else both[1:]}
    (number,) = approved_without(lab, Choice(ops=frozenset({op})))
    run(2, lab)
    assert [(each.ignored, each.left_by) for each in lab.real.held("test")] == [(True, number)]


def test_a_field_of_what_is_still_to_be_made_is_asked_about_no_more_once_that_is_decided(lab: LedgerLab) -> None:
    lab.source = {"asset": [machine("x", name="n" * 300)]}
    plan = lab.plan()
    assert [row["op"] for row in p.records(plan.held)] == ["update"]
    lab.decide("keep_target", "x", field="name")
    plan = lab.plan()
    assert held(plan) == {}
    assert [row["op"] for row in p.records(plan.writes)] == ["create"]


# A record is never without an object in service, whatever becomes of the one that was planned for it.


@pytest.fixture(params=[1, pytest.param(2, marks=pytest.mark.slow)])
def soon(request: pytest.FixtureRequest, engine: Engine) -> LedgerLab:
    """Return a lab that retires after so many runs."""
    return retiring_after(engine, request.param)


def later(lab: LedgerLab) -> None:
    """Let some plans be applied, of which the target may refuse some rows."""
    for _ in range(5):
        lab.apply(lab.plan())


def in_service(lab: LedgerLab) -> list[str]:
    return [each for each, status in told(lab, "status").items() if status == "in-use" and each != THEIRS]


def test_what_a_record_left_stays_in_service_while_its_new_object_is_held(soon: LedgerLab) -> None:
    own = made(soon, tag="T1")
    soon.source = {"asset": [machine("x", tag="T1", model="unheard of")]}
    soon.decide("never_link", "x", target_id=own)
    later(soon)
    assert in_service(soon) == [own]
    assert [row["hold"] for row in p.records(soon.plan().held) if row["op"] == p.RETIRE] == [
        "missing here, but its record is no other asset yet: it would have none in service"
    ]
    soon.source = {"asset": [machine("x", tag="T1")]}
    later(soon)
    assert in_service(soon) != [own]
    assert len(in_service(soon)) == 1


@pytest.mark.parametrize("op", ["create", "restore"])
def test_what_a_record_left_stays_in_service_while_its_other_object_is_refused(soon: LedgerLab, op: str) -> None:
    own = made(soon, tag="T1")
    soon.decide("never_link", "x", target_id=own)
    if op == "restore":
        run(4, soon)
        soon.decide("link", "x", target_id=own)
    (left,) = in_service(soon)
    soon.target.refuses = lambda _, row: None if row["id"] in (left, THEIRS) else "no"
    later(soon)
    assert in_service(soon) == [left]
    soon.target.refuses = lambda _kind, _row: None
    later(soon)
    assert in_service(soon) != [left]
    assert len(in_service(soon)) == 1


def test_what_a_record_left_keeps_what_it_has_where_somebody_left_its_new_object_out(soon: LedgerLab) -> None:
    own = made(soon, tag="T1")
    soon.decide("never_link", "x", target_id=own)
    before = soon.objects()
    approved_without(soon, Choice(ops=frozenset({"create"})))
    later(soon)
    assert soon.objects() == before


def test_what_a_record_left_stays_in_service_where_somebody_left_out_what_brings_its_other_object_back(soon: LedgerLab) -> None:
    own = made(soon, tag="T1")
    soon.decide("never_link", "x", target_id=own)
    run(4, soon)
    (left,) = in_service(soon)
    soon.decide("link", "x", target_id=own)
    approved_without(soon, Choice(ops=frozenset({"restore"})))
    later(soon)
    assert in_service(soon) == [left]


@pytest.mark.parametrize("by_hand", [pytest.param(False, marks=pytest.mark.slow), True])
def test_what_a_record_left_is_not_its_own_again_where_no_undo_took_the_other_one(lab: LedgerLab, *, by_hand: bool) -> None:
    wrong, _ = recognised(lab)
    source = lab.source
    number = lab.decide("never_link", "x", target_id=wrong)
    run(2, lab)
    other = object_of_x(lab)
    lab.target.edit("asset", other, room="R9")
    if by_hand:
        lab.target.edit("asset", other, status="retired")
    else:
        lab.source = {"asset": [machine("q")]}
    run(3, lab)
    lab.real.take_back(number, "bob", lab.at)
    lab.source = source
    run(5, lab)
    assert told(lab, "status")[other] == ("retired" if by_hand else "in-use")
    assert object_of_x(lab) == other


@pytest.mark.parametrize("runs", [pytest.param(1, marks=pytest.mark.slow), 3])
def test_what_a_record_left_is_its_own_again_where_nothing_was_made_meanwhile(lab: LedgerLab, runs: int) -> None:
    own = made(lab, tag="T1")
    number = lab.decide("never_link", "x", target_id=own)
    lab.source = {"asset": [machine("x", tag="T1", model="unheard of")]}
    run(runs, lab)
    lab.real.take_back(number, "bob", lab.at)
    lab.source = {"asset": [{**machine("x"), "serial": "SN-x-2"}]}
    run(5, lab)
    assert in_service(lab) == [own]


@pytest.mark.parametrize("between", [0, 1])
@pytest.mark.parametrize("serial", [pytest.param("SN-x-1", marks=pytest.mark.slow), "SN-q-1"])
def test_what_another_record_was_for_a_while_stays_in_service_though_its_record_is_what_an_undo_retired(
    soon: LedgerLab, serial: str, between: int
) -> None:
    """The other one was linked to it by a decision, and all of that was undone and taken back."""
    own = made(soon, tag="T1")
    numbers = [soon.decide("never_link", "x", target_id=own), soon.decide("link", "z", target_id=own)]
    soon.source = {"asset": [machine("x", tag="T1"), machine("z"), machine("q")]}
    plan = soon.run()
    soon.source = {"asset": [machine("x", tag="T1", serial=serial), machine("z"), machine("q")]}
    undo(soon, plan)
    run(between, soon)
    for number in numbers:
        soon.real.take_back(number, "bob", soon.at)
    run(6, soon)
    assert told(soon, "status")[own] == "in-use"
