"""What was written since a moment, as a real ledger tells it: values, undos and decisions, counted and one by one."""

import pytest
from sqlalchemy import Engine, text

from asset_sync.ledger import Ledger, Records
from asset_sync.ledger.written import Asked, Changed, Counted, Written
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.resolutions import Resolution
from asset_sync.reconcile.target import Outcome
from asset_sync_tests.ledger.conftest import at, changes, make, row


@pytest.fixture
def records(engine: Engine) -> Records:
    return Records(engine)


@pytest.fixture
def plan(ledger: Ledger, linked: Plan) -> Plan:
    """A plan that anna approved and run r2 applied at 2: an update, a create and a retirement, and one update that failed."""
    update = {name: change | {"old": "was"} for name, change in changes(name="new", maker="m").items()}
    made = make(
        row("update", "a", "1", changes=update),
        row("create", "c", changes=changes(name="gamma")),
        row("retire", "b", "2", changes=changes(status="offline")),
        row("update", "d", "9", changes=changes(name="never")),
    )
    ledger.save(made, "r1", at(1))
    ledger.save_guards(made.id, [])
    ledger.approve(made.id, "anna", at(1.5))
    ledger.start(made.id, "r2", at(2))
    ended = [Outcome(0, "applied", None, "1"), Outcome(1, "applied", None, "3"), Outcome(2, "already", None, "2")]
    ledger.record(made, [*ended, Outcome(3, "failed", "502")], "r2", at(2))
    ledger.finish(made.id, at(3))
    return made


def told(written: Written) -> tuple[object, ...]:
    return (written.what, written.kind, written.source_key, written.target_id, written.field, written.old, written.new)


def test_what_was_written_is_counted_by_kind_and_field(records: Records, plan: Plan) -> None:
    sync = "pdq_to_netbox"
    assert records.counted(Asked(at(1.6))) == [
        Counted(sync, "asset", "maker", "update", 1, 1),
        Counted(sync, "asset", "name", "create", 1, 1),
        Counted(sync, "asset", "name", "update", 1, 1),
        Counted(sync, "asset", "status", "retire", 1, 1),
    ]
    assert records.counted(Asked(at(2.5))) == []
    assert [each.field for each in records.counted(Asked(at(1.6), field="name"))] == ["name", "name"]
    assert records.counted(Asked(at(1.6), kind="maker")) == records.counted(Asked(at(1.6), sync="other")) == []
    assert len(records.counted(Asked(at(1.6), sync=sync, kind="asset"))) == 4


def test_objects_are_counted_once_however_many_values_and_undos_apart(ledger: Ledger, records: Records, plan: Plan) -> None:
    sync = "pdq_to_netbox"
    written = [Changed(sync, "asset", what, 1) for what in ("create", "retire", "update")]
    assert records.changed(at(1.6), at(2.5)) == written
    assert records.changed(at(2.5), at(9)) == records.changed(at(0), at(1.6)) == []
    undo = make(row("update", "a", "1", changes=changes(name="was", maker="n")), undoes=plan.id, after=plan.id)
    ledger.save(undo, "r3", at(4))
    ledger.save_guards(undo.id, [])
    ledger.approve(undo.id, "anna", at(4))
    ledger.start(undo.id, "r3", at(4))
    ledger.record(undo, [Outcome(0, "applied", None, "1")], "r3", at(4))
    assert records.changed(at(3), at(5)) == [Changed(sync, "asset", "undo", 1)]


def test_each_value_is_told_with_its_plan_run_and_who_approved(records: Records, plan: Plan) -> None:
    page = records.written(Asked(at(1.6)))
    assert not page.more
    assert [told(each) for each in page.rows] == [
        ("retire", "asset", "b", "2", "status", None, "offline"),
        ("create", "asset", "c", "3", "name", None, "gamma"),
        ("update", "asset", "a", "1", "maker", "was", "m"),
        ("update", "asset", "a", "1", "name", "was", "new"),
    ]
    assert {(each.at, each.plan_id, each.run_id, each.by, each.undoes) for each in page.rows} == {
        (at(2), plan.id, "r2", "anna", None)
    }


def test_a_page_says_that_there_is_more(records: Records, plan: Plan) -> None:
    page = records.written(Asked(at(1.6), limit=3))
    assert (len(page.rows), page.more) == (3, True)
    page = records.written(Asked(at(1.6), limit=4))
    assert (len(page.rows), page.more) == (4, False)


def test_pages_have_each_row_once_in_their_order(records: Records, plan: Plan) -> None:
    every = records.written(Asked(at(1), limit=100)).rows
    pages = [records.written(Asked(at(1), limit=2, offset=offset)) for offset in (0, 2, 4)]
    assert len(every) == 5
    assert [row for page in pages for row in page.rows] == list(every)
    assert [page.more for page in pages] == [True, True, False]
    assert records.written(Asked(at(1), limit=2, offset=6)).rows == ()


def test_pages_of_any_size_part_writes_and_decisions_of_one_moment_nowhere(
    ledger: Ledger, records: Records, plan: Plan
) -> None:
    for field in ("name", "serial"):
        ledger.resolve("pdq_to_netbox", Resolution("asset", "a", "keep_target", "bob", at(2), field=field))
    every = records.written(Asked(at(1))).rows
    assert len(every) == 7
    for limit in range(1, 9):
        for offset in range(9):
            page = records.written(Asked(at(1), limit=limit, offset=offset))
            assert (page.rows, page.more) == (every[offset : offset + limit], len(every) > offset + limit), (limit, offset)


def test_values_are_read_of_what_is_shown_alone(engine: Engine, records: Records, plan: Plan) -> None:
    with engine.begin() as connection:
        connection.execute(text("update asset_sync.operation set changes = 'unreadable' where seq = 0"))
    assert [each.source_key for each in records.written(Asked(at(1.6), limit=1)).rows] == ["b"]
    assert sum(each.values for each in records.counted(Asked(at(1.6)))) == 4


def test_an_object_that_was_written_several_times_is_counted_once_a_field(ledger: Ledger, records: Records, plan: Plan) -> None:
    last = plan.id
    for hour, named in ((4, {"name": "x"}), (5, {"name": "y", "serial": "s"})):
        again = make(row("update", "a", "1", changes=changes(**named)), after=last)
        ledger.save(again, "r", at(hour))
        ledger.start(again.id, "r", at(hour))
        ledger.record(again, [Outcome(0, "applied", None, "1")], "r", at(hour))
        ledger.finish(again.id, at(hour))
        last = again.id
    own = [(each.field, each.values, each.objects) for each in records.counted(Asked(at(1.6))) if each.what == "update"]
    assert own == [("maker", 1, 1), ("name", 3, 1), ("serial", 1, 1)]
    (one,) = records.counted(Asked(at(1.6), field="serial"))
    assert (one.field, one.values, one.objects) == ("serial", 1, 1)


def test_a_field_is_no_other_one_whose_name_has_its_name(ledger: Ledger, records: Records, linked: Plan) -> None:
    made = make(row("update", "a", "1", changes=changes(cf_a="x", cf_ab="y", **{"cf_%": "z"})))
    ledger.save(made, "r1", at(1))
    ledger.start(made.id, "r1", at(2))
    ledger.record(made, [Outcome(0, "applied", None, "1")], "r1", at(2))
    for name in ("cf_a", "cf_ab", "cf_%"):
        assert [each.field for each in records.written(Asked(at(1.5), field=name)).rows] == [name]
        assert [(each.field, each.values) for each in records.counted(Asked(at(1.5), field=name))] == [(name, 1)]
    assert records.written(Asked(at(1.5), field="cf_")).rows == ()


def test_decisions_about_plans_and_records_are_told(ledger: Ledger, records: Records, plan: Plan) -> None:
    number = ledger.resolve("pdq_to_netbox", Resolution("asset", "a", "keep_target", "bob", at(4), field="name"))
    ledger.take_back(number, "eve", at(5))
    page = records.written(Asked(at(1)))
    decided = [(each.at, each.by, each.detail, each.field) for each in page.rows if each.what == "decision"]
    assert decided == [
        (at(5), "eve", "keep-target taken back", "name"),
        (at(4), "bob", "keep-target", "name"),
        (at(1.5), "anna", "approved", None),
    ]
    assert [each.values for each in records.counted(Asked(at(1))) if each.what == "decision"] == [2, 1]
    named = records.written(Asked(at(4.5), field="name")).rows
    assert [each.detail for each in named] == ["keep-target taken back"], "earlier ones are not told"


def test_a_decision_in_the_place_of_another_is_told_once(ledger: Ledger, records: Records, plan: Plan) -> None:
    for verb, by, when in (("keep_target", "bob", 4), ("take_source", "eve", 5)):
        ledger.resolve("pdq_to_netbox", Resolution("asset", "a", verb, by, at(when), field="name"))  # type: ignore[arg-type]
    told = [(each.by, each.detail) for each in records.written(Asked(at(3))).rows]
    assert told == [("eve", "take-source"), ("bob", "keep-target")]


def test_what_an_undo_put_back_is_an_undo(ledger: Ledger, records: Records, plan: Plan) -> None:
    undo = make(row("update", "a", "1", changes=changes(name="was")), undoes=plan.id, after=plan.id)
    ledger.save(undo, "r3", at(6))
    ledger.save_guards(undo.id, [])
    ledger.approve(undo.id, "bob", at(6))
    ledger.start(undo.id, "r3", at(7))
    ledger.record(undo, [Outcome(0, "applied", None, "1")], "r3", at(7))
    ledger.finish(undo.id, at(7))
    (back,) = records.written(Asked(at(6.5))).rows
    assert (back.what, back.undoes, back.plan_id, back.new, back.by) == ("undo", plan.id, undo.id, "was", "bob")


def test_a_field_that_was_not_stored_was_not_written(ledger: Ledger, records: Records, linked: Plan) -> None:
    made = make(row("update", "a", "1", changes=changes(name="new", serial="x")))
    ledger.save(made, "r1", at(1))
    ledger.start(made.id, "r1", at(2))
    ledger.record(made, [Outcome(0, "applied", None, "1", instead={"serial": None})], "r1", at(2))
    assert [each.field for each in records.written(Asked(at(1.5))).rows] == ["name"]
    assert [each.field for each in records.counted(Asked(at(1.5)))] == ["name"]


def test_a_write_of_which_nothing_was_stored_was_none(ledger: Ledger, records: Records, linked: Plan) -> None:
    made = make(row("update", "a", "1", changes=changes(serial="x")), row("update", "b", "2", changes=changes(name="y")))
    ledger.save(made, "r1", at(1))
    ledger.start(made.id, "r1", at(2))
    ended = [Outcome(0, "applied", None, "1", instead={"serial": None}), Outcome(1, "applied", None, "2")]
    ledger.record(made, ended, "r1", at(2))
    assert [each.source_key for each in records.written(Asked(at(1.5))).rows] == ["b"]


def test_a_create_has_a_value_also_of_what_it_was_stored_without(ledger: Ledger, records: Records, linked: Plan) -> None:
    made = make(row("create", "c", changes=changes(name="gamma", serial="x")))
    ledger.save(made, "r1", at(1))
    ledger.start(made.id, "r1", at(2))
    ledger.record(made, [Outcome(0, "applied", None, "3", instead={"serial": "other"})], "r1", at(2))
    assert [(each.field, each.new) for each in records.written(Asked(at(1.5))).rows] == [("name", "gamma"), ("serial", "other")]
