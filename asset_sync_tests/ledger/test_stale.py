"""When a plan is stale: a later look at both sides says otherwise, or another plan was applied since."""

from typing import Any

import pytest

from asset_sync.ledger import Ledger
from asset_sync.reconcile.errors import PlanError
from asset_sync.reconcile.guards import Guard
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.resolutions import Resolution
from asset_sync.reconcile.target import Outcome
from asset_sync_tests.ledger.conftest import Row, at, changes, identity, make, row

RETIRE = row("retire", "a", "1", changes=changes(status="offline"))
NAME = row("update", "b", "2", changes=changes(name="new", memory=3))
CREATE = row("create", "c", changes=changes(name="gamma", maker={"kind": "maker", "key": "Dell", "id": None}))


def save(ledger: Ledger, *rows: Row, run: str = "r1", hours: float = 0, **more: Any) -> Plan:
    plan = make(*rows, **more)
    ledger.save(plan, run, at(hours))
    return plan


def approved(ledger: Ledger, *rows: Row, **more: Any) -> str:
    plan = save(ledger, *rows, mode="review", **more)
    ledger.approve(plan.id, "anna", at(0))
    return plan.id


def look(ledger: Ledger, *rows: Row, run: str = "r2", hours: float = 2, **more: Any) -> Plan:
    return save(ledger, *rows, run=run, hours=hours, **more)


def stale(ledger: Ledger, plan_id: str) -> str:
    """Return why the plan is stale, once everything agrees that it is."""
    header = ledger.header(plan_id)
    assert header.state == "stale"
    again = "plan" if header.mode == "review" else "run"
    told = (
        f"plan {plan_id} of pdq_to_netbox is stale: {header.stale_because}; make a new plan: asset-sync {again} pdq_to_netbox"
    )
    assert ledger.waits(plan_id) == told
    with pytest.raises(PlanError, match=f"plan {plan_id} of pdq_to_netbox is stale"):
        ledger.start(plan_id, "r9", at(9))
    for decide in (ledger.approve, ledger.reject):
        with pytest.raises(PlanError, match=f"plan {plan_id} of pdq_to_netbox is stale: "):
            decide(plan_id, "bob", at(9))
    return str(header.stale_because)


# What a later look says otherwise.


@pytest.mark.parametrize("mode", ["normal", "full", "review", "dry_run"])
def test_an_approved_plan_is_stale_once_a_later_look_writes_nothing(ledger: Ledger, mode: Any) -> None:
    plan_id = approved(ledger, RETIRE, NAME)
    newer = look(ledger, row("seen", "a", "1"), NAME, mode=mode)
    assert stale(ledger, plan_id) == f"a later look (plan {newer.id}) would not retire asset 'key of a'"
    assert ledger.waits(newer.id) is None or mode in {"review", "dry_run"}


def test_a_plan_that_its_guards_stopped_and_a_person_approved_is_stale_when_the_record_is_back(ledger: Ledger) -> None:
    plan = save(ledger, RETIRE)
    ledger.save_guards(plan.id, [Guard("source_rows", False, "shrunk")])
    ledger.approve(plan.id, "anna", at(1))
    newer = look(ledger, row("seen", "a", "1"))
    ledger.save_guards(newer.id, [])
    assert "would not retire asset 'key of a'" in stale(ledger, plan.id)


def update(target_id: str = "2", *, hold: str | None = None, version: str | None = None, **values: Any) -> Row:
    return row("update", "b", target_id, hold=hold, version=version, changes=changes(**values))


def create(maker: str) -> Row:
    return row("create", "c", changes=changes(name="gamma", maker={"kind": "maker", "key": maker, "id": None}))


@pytest.mark.parametrize(
    ("newer", "told"),
    [
        ([], "would not retire asset 'key of a'"),
        ([RETIRE, CREATE], "would not update asset 'key of b'"),
        ([RETIRE, update("9", name="new", memory=3), CREATE], "would not update asset 'key of b'"),
        ([RETIRE, update(name="new", memory=3, hold="two candidates"), CREATE], "would not update asset 'key of b'"),
        ([RETIRE, update(name="newer", memory=3), CREATE], "would set name of asset 'key of b' otherwise"),
        ([RETIRE, update(name="new"), CREATE], "would not set memory of asset 'key of b'"),
        ([RETIRE, NAME, row("update", "c", "7", changes=changes(name="gamma"))], "would not create asset 'key of c'"),
        ([RETIRE, NAME, create("HP")], "would set maker of asset 'key of c' otherwise"),
    ],
)
def test_the_first_write_that_the_later_look_lacks_is_told(ledger: Ledger, newer: list[Row], told: str) -> None:
    plan_id = approved(ledger, RETIRE, NAME, CREATE)
    plan = look(ledger, *newer)
    assert stale(ledger, plan_id) == f"a later look (plan {plan.id}) {told}"


@pytest.mark.parametrize("mode", ["normal", "dry_run"])
@pytest.mark.parametrize(
    "updates",
    [
        [NAME, row("create", "d")],
        [update(name="new", memory=3, price=1.5)],
        [update(name="new"), update(memory=3)],
        [update(name="new", memory=3, version="v9")],
    ],
)
def test_a_later_look_that_does_all_of_it_and_more_contradicts_nothing(ledger: Ledger, updates: list[Row], mode: Any) -> None:
    decided = approved(ledger, NAME, CREATE)
    waiting = save(ledger, RETIRE, NAME, CREATE, mode="review", run="r2")
    look(ledger, create("Dell"), *updates, RETIRE, row("update", "e", "5"), mode=mode, run="r3")
    assert (ledger.header(decided).state, ledger.waits(decided)) == ("approved", None)
    assert ledger.header(waiting.id).state == ("waiting" if mode == "dry_run" else "superseded")


def test_a_reference_is_the_same_by_its_id_whatever_it_is_called(ledger: Ledger) -> None:
    def refers(key: str, target_id: str) -> Row:
        return row("update", "a", "1", changes=changes(maker={"kind": "maker", "key": key, "id": target_id}))

    plan_id = approved(ledger, refers("Dell", "5"))
    look(ledger, refers("Dell Inc.", "5"))
    assert ledger.header(plan_id).state == "approved"
    look(ledger, refers("Dell Inc.", "6"), run="r3")
    assert "would set maker of asset 'key of a' otherwise" in stale(ledger, plan_id)


def test_what_is_written_again_where_it_stands_is_missed_by_nobody(ledger: Ledger) -> None:
    equal = {"name": {"old": "x", "new": "x", "owner": "source", "reason": "equal, written again"}}
    plan_id = approved(
        ledger, row("update", "a", "1", changes=equal), row("update", "b", "2", changes=changes(name="new") | equal)
    )
    look(ledger, update(memory=4))
    assert ledger.header(plan_id).state == "approved"
    look(ledger, row("update", "a", "1", changes=changes(name="y")), run="r3")
    assert "would set name of asset 'key of a' otherwise" in stale(ledger, plan_id)


def test_the_same_plan_made_again_contradicts_nothing(ledger: Ledger) -> None:
    plan_id = approved(ledger, RETIRE, NAME)
    look(ledger, RETIRE, NAME, mode="review")
    assert ledger.header(plan_id).state == "approved"
    assert ledger.header(plan_id).run_id == "r2"


@pytest.mark.parametrize("mode", ["normal", "review"])
def test_what_nobody_decided_about_is_stale_or_superseded(ledger: Ledger, mode: Any) -> None:
    smaller = save(ledger, RETIRE, mode=mode)
    larger = look(ledger, RETIRE, NAME, mode=mode)
    other = look(ledger, NAME, CREATE, run="r3", mode=mode)
    assert [ledger.header(plan.id).state for plan in (smaller, larger)] == ["superseded", "stale"]
    assert ledger.waits(smaller.id) == (
        f"plan {smaller.id} of pdq_to_netbox was superseded: a newer plan was made since; asset-sync plans lists them"
    )
    assert ledger.header(other.id).state == ("planned" if mode == "normal" else "waiting")


def test_other_syncs_other_links_and_dry_runs_are_left_alone(ledger: Ledger) -> None:
    others = [
        save(ledger, RETIRE, sync="other"),
        save(ledger, RETIRE, link_set="pdq_to_netbox/main"),
        save(ledger, RETIRE, mode="dry_run"),
    ]
    look(ledger, mode="dry_run")
    assert [ledger.header(plan.id).state for plan in others] == ["planned"] * 3


def test_an_undo_neither_contradicts_nor_is_contradicted(ledger: Ledger) -> None:
    plan_id = approved(ledger, RETIRE)
    undo = save(ledger, NAME, run="r2", undoes="0" * 16)
    assert ledger.header(plan_id).state == "approved"
    look(ledger, CREATE, run="r3")
    assert ledger.header(undo.id).state == "planned"
    again = save(ledger, run="r4", undoes="0" * 16)
    assert [ledger.header(plan.id).state for plan in (undo, again)] == ["superseded", "planned"]


# What is seen again.


def test_a_stale_plan_that_is_made_again_asks_for_another_approval(ledger: Ledger) -> None:
    plan_id = approved(ledger, RETIRE)
    look(ledger)
    save(ledger, RETIRE, run="r3", mode="review")
    header = ledger.header(plan_id)
    assert (header.state, header.stale_because, header.approvals) == ("waiting", None, ())
    assert [(decision.by, decision.lapsed) for decision in header.decisions] == [("anna", True)]
    assert "waits for approval" in str(ledger.waits(plan_id))
    ledger.approve(plan_id, "bob", at(5))
    assert (ledger.header(plan_id).state, ledger.waits(plan_id)) == ("approved", None)


def test_a_rejected_plan_stays_so_and_is_not_approved_once_it_is_contradicted(ledger: Ledger) -> None:
    plan = save(ledger, RETIRE, mode="review")
    ledger.reject(plan.id, "anna", at(1))
    look(ledger)
    assert ledger.header(plan.id).state == "rejected"
    assert "is stale: a later look" in str(ledger.waits(plan.id))
    with pytest.raises(PlanError, match="is stale"):
        ledger.approve(plan.id, "anna", at(2))
    save(ledger, RETIRE, mode="review", run="r3")
    assert "was rejected by anna" in str(ledger.waits(plan.id))
    ledger.approve(plan.id, "anna", at(3))
    assert ledger.waits(plan.id) is None


# What was applied since.


def test_a_plan_is_stale_once_another_was_applied(ledger: Ledger) -> None:
    waiting, rejected = approved(ledger, RETIRE), save(ledger, NAME, sync="shares", link_set="pdq_to_netbox")
    ledger.reject(rejected.id, "anna", at(1))
    assert ledger.last_applied("pdq_to_netbox") is None
    applied = look(ledger, RETIRE, NAME)
    ledger.start(applied.id, "r2", at(3))
    assert ledger.last_applied("pdq_to_netbox") == applied.id
    assert stale(ledger, waiting) == f"plan {applied.id} was applied since it was made"
    assert ledger.header(rejected.id).state == "rejected"
    with pytest.raises(PlanError, match=f"is stale: plan {applied.id} was applied since"):
        ledger.start(rejected.id, "r3", at(4))
    fresh = look(ledger, NAME, after=applied.id, run="r4")
    assert (ledger.waits(fresh.id), ledger.header(fresh.id).state) == (None, "planned")


def test_a_plan_that_is_saved_after_another_was_begun_is_stale_from_the_start(ledger: Ledger) -> None:
    applied = save(ledger, RETIRE)
    ledger.start(applied.id, "r1", at(1))
    late = look(ledger, NAME)
    assert stale(ledger, late.id) == f"plan {applied.id} was applied since it was made"


def test_a_plan_that_was_applied_is_applied_and_not_stale(ledger: Ledger) -> None:
    first = save(ledger, RETIRE)
    ledger.start(first.id, "r1", at(1))
    ledger.finish(first.id, at(2))
    look(ledger, after=first.id)
    assert (ledger.header(first.id).state, ledger.waits(first.id)) == ("applied", None)
    second = look(ledger, NAME, after=first.id, run="r3")
    ledger.start(second.id, "r3", at(4))
    assert ledger.header(first.id).state == "applied"
    assert f"is stale: plan {second.id} was applied since" in str(ledger.waits(first.id))


# Whose snapshots are still needed.


def test_needed_runs_are_those_that_made_what_may_yet_be_applied(ledger: Ledger) -> None:
    plans = {
        name: save(ledger, RETIRE, sync=name, run=name, mode="review") for name in ("waiting", "approved", "rejected", "begun")
    }
    for name in ("approved", "begun"):
        ledger.approve(plans[name].id, "anna", at(1))
    ledger.reject(plans["rejected"].id, "anna", at(1))
    ledger.start(plans["begun"].id, "later", at(2))
    save(ledger, RETIRE, sync="planned", run="planned")
    for number in range(30):
        save(ledger, RETIRE, sync="approved", run=f"approved {number}", mode="review")
    save(ledger, RETIRE, sync="dry", run="dry", mode="dry_run")
    save(ledger, RETIRE, sync="undo", run="undo", undoes="x")
    assert ledger.needed_runs() == {"waiting", "approved 29", "rejected", "begun", "planned"}


def test_needed_no_more_are_the_runs_of_what_is_stale_superseded_or_applied(ledger: Ledger) -> None:
    applied = save(ledger, RETIRE, sync="applied")
    ledger.start(applied.id, "r1", at(1))
    save(ledger, NAME, sync="applied", run="r2")
    ledger.finish(applied.id, at(2))
    rejected = save(ledger, RETIRE, sync="rejected", run="r3")
    ledger.reject(rejected.id, "anna", at(3))
    look(ledger, sync="rejected", run="r4")
    save(ledger, RETIRE, sync="superseded", run="r5")
    look(ledger, RETIRE, NAME, sync="superseded", run="r6")
    assert ledger.needed_runs() == {"r4", "r6"}


# A look at some records alone.


@pytest.mark.parametrize("mode", ["normal", "review", "dry_run"])
def test_a_look_at_some_records_says_nothing_of_the_others(ledger: Ledger, mode: Any) -> None:
    plan_id, planned = approved(ledger, RETIRE, NAME), save(ledger, RETIRE, NAME, CREATE)
    ledger.save(make(row("update", "x", "9", changes=changes(name="x")), mode=mode), "r2", at(2), partial=True)
    assert [ledger.header(each).state for each in (plan_id, planned.id)] == ["approved", "planned"]


def test_a_look_at_some_records_contradicts_what_it_would_write_otherwise(ledger: Ledger) -> None:
    plan_id = approved(ledger, RETIRE, NAME)
    other = make(row("update", "b", "2", changes=changes(name="other", memory=3)))
    ledger.save(other, "r2", at(2), partial=True)
    assert stale(ledger, plan_id) == f"a later look (plan {other.id}) would set name of asset 'key of b' otherwise"


def test_what_is_held_is_told_by_the_last_look_at_all_records(ledger: Ledger) -> None:
    held = row("quarantine", "h", hold="two candidates")
    for number, (rows, partial) in enumerate((([held], False), ([NAME], True), ([held, NAME], False), ([CREATE], True))):
        ledger.save(make(*rows), f"r{number}", at(number), partial=partial)
    assert [(each.source_key, each.since) for each in ledger.held(SYNC)] == [("h", at(0))]


# What a person decides about its records.

SYNC = "pdq_to_netbox"


def decide(ledger: Ledger, verb: Any, source_key: str, *, links: str = SYNC, kind: str = "asset", **more: Any) -> int:
    return ledger.resolve(links, Resolution(kind, source_key, verb, "anna", at(3), **more))


@pytest.mark.parametrize("mode", ["normal", "review"])
@pytest.mark.parametrize(
    ("decided", "told"),
    [
        ({"verb": "ignore", "source_key": "a"}, "ignore asset 'a'"),
        ({"verb": "ignore", "source_key": "c"}, "ignore asset 'c'"),
        ({"verb": "keep_target", "source_key": "b", "field": "name"}, "keep-target name of asset 'b'"),
        ({"verb": "take_source", "source_key": "b", "field": "memory"}, "take-source memory of asset 'b'"),
        # Of a record that the plan does not have, and of an object that it writes to.
        ({"verb": "link", "source_key": "z", "target_id": "1"}, "link asset 'z' #1"),
        # Of what a record in it refers to, and is made with it.
        ({"verb": "ignore", "source_key": "m", "kind": "maker"}, "ignore maker 'm'"),
    ],
)
def test_a_decision_about_what_a_plan_writes_makes_it_stale(ledger: Ledger, decided: Any, told: str, mode: Any) -> None:
    maker = row("create", "m", kind="maker", key="Dell", changes=changes(name="Dell"))
    plan = save(ledger, maker, RETIRE, NAME, CREATE, mode=mode)
    if mode == "review":
        ledger.approve(plan.id, "bob", at(2))
    number = decide(ledger, **decided)
    assert stale(ledger, plan.id) == f"anna decided since it was made: {told} (decision {number})"
    again = save(ledger, maker, RETIRE, NAME, CREATE, mode=mode, run="r3", hours=4)
    assert again.id == plan.id
    assert ledger.header(plan.id).state == ("waiting" if mode == "review" else "planned")


def test_a_decision_that_is_taken_back_makes_a_plan_stale_that_went_by_it(ledger: Ledger) -> None:
    number = decide(ledger, "take_source", "b", field="name")
    plan_id = approved(ledger, NAME)
    ledger.take_back(number, "carl", at(4))
    assert (
        stale(ledger, plan_id) == f"decision {number} was taken back by carl since it was made: take-source name of asset 'b'"
    )


def test_a_decision_about_another_record_or_other_links_leaves_a_plan_alone(ledger: Ledger) -> None:
    held = row("quarantine", "h", hold="two candidates")
    plan_id = approved(ledger, NAME, held)
    decide(ledger, "ignore", "z")
    decide(ledger, "ignore", "b", links="another")
    decide(ledger, "take_source", "b", kind="maker", field="name")
    # What is held is not written: the plan does nothing that the decision speaks against.
    decide(ledger, "create", "h")
    assert ledger.header(plan_id).state == "approved"


@pytest.mark.parametrize("verb", ["ignore", "create", "keep_target", "take_source"])
def test_a_decision_about_another_record_leaves_a_plan_alone_that_makes_objects(ledger: Ledger, verb: Any) -> None:
    """What is still to be made has no object, as the decision names none: that does not make it the same."""
    plan_id = approved(ledger, CREATE)
    decide(ledger, verb, "z", field="name" if verb in {"keep_target", "take_source"} else None)
    assert ledger.header(plan_id).state == "approved"


@pytest.mark.parametrize("while_applied", [True, False])
def test_a_decision_stops_what_an_interrupted_apply_has_left_and_not_one_under_way(
    ledger: Ledger, *, while_applied: bool
) -> None:
    plan_id = approved(ledger, RETIRE, NAME)
    with ledger.alone(SYNC):
        ledger.start(plan_id, "r2", at(1))
        number = decide(ledger, "ignore", "a") if while_applied else 0
        assert ledger.header(plan_id).state == "applying"
    number = number or decide(ledger, "ignore", "a")
    header = ledger.header(plan_id)
    assert (header.state, header.stale_because) == (
        "stale",
        f"anna decided since it was made: ignore asset 'a' (decision {number})",
    )
    assert ledger.last_applied(SYNC) == plan_id
    with ledger.alone(SYNC), pytest.raises(PlanError, match="is stale: anna decided"):
        ledger.start(plan_id, "r3", at(2))


def test_an_apply_that_comes_to_its_end_is_what_was_approved_whatever_was_decided_meanwhile(ledger: Ledger) -> None:
    plan_id = approved(ledger, NAME)
    with ledger.alone(SYNC):
        ledger.start(plan_id, "r2", at(1))
        decide(ledger, "ignore", "b")
        ledger.record(ledger.plan(plan_id), [Outcome(0, "applied", None, "2", "v2")], "r2", at(1))
        ledger.finish(plan_id, at(1))
    header = ledger.header(plan_id)
    assert (header.state, header.stale_because, header.approvers) == ("applied", None, ("anna",))


@pytest.mark.parametrize("verb", ["link", "never_link"])
def test_a_decision_about_a_record_is_one_about_what_it_left(ledger: Ledger, verb: Any) -> None:
    number = decide(ledger, "link", "a", target_id="9")
    left = row("retire", "a (left #1)", "1", key="alpha", changes=changes(status="retired"))
    others = row("retire", "ab (left #1)", "3", key="ab", changes=changes(status="retired"))
    plan_id, other = approved(ledger, left), approved(ledger, others, sync="another", link_set=SYNC)
    if verb == "link":
        ledger.take_back(number, "bob", at(4))
    else:
        decide(ledger, "never_link", "a", target_id="9")
    assert ledger.header(plan_id).state == "stale"
    assert ledger.header(other).state == "approved"


def test_what_was_applied_is_not_stale_for_a_later_decision(ledger: Ledger) -> None:
    plan_id = approved(ledger, NAME)
    ledger.start(plan_id, "r2", at(1))
    ledger.record(ledger.plan(plan_id), [Outcome(0, "applied", None, "2", "v2")], "r2", at(1))
    ledger.finish(plan_id, at(1))
    decide(ledger, "ignore", "b")
    assert ledger.header(plan_id).state == "applied"


def test_a_decision_about_a_record_is_one_about_what_belongs_to_its_object(ledger: Ledger) -> None:
    whole = row("claim", "m", "7", kind="maker", key="Dell")
    part = row("claim", "b", "2", identity=identity(None, maker="7", name="beta"))
    seen = save(ledger, whole, part, row("claim", "a", "1", identity=identity(None, maker="8", name="alpha")), run="r0")
    ledger.note_sighting(seen, "r0", at(0))
    of_part, of_another = approved(ledger, NAME, run="r1"), approved(ledger, RETIRE, sync="another", link_set=SYNC, run="r1")
    number = decide(ledger, "ignore", "m", kind="maker")
    assert ledger.header(of_part).stale_because == f"anna decided since it was made: ignore maker 'm' (decision {number})"
    assert ledger.header(of_another).state == "approved"
