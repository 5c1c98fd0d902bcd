"""What is promised where decisions and backups meet, through the whole staircase: NetBox over HTTP, and a real ledger."""

import dataclasses
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from asset_sync import database
from asset_sync.components.resources import open_records
from asset_sync.ledger import Ledger
from asset_sync.operations.holds import resolutions, resolve, take_back
from asset_sync.operations.plans import gone_by, make_undo, save_undo, standing_about
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.resolutions import Verb
from asset_sync_tests.components.probe import YAML, load_whole
from asset_sync_tests.pipeline import ASSETS, Pipeline, Run, running

pytestmark = pytest.mark.slow

CHANGED = {
    "    runs: 3\n    hours: 24\n": "    runs: 1\n    hours: 0\n",
    "description: {from: osFullName, owner: shared}": "description: {from: osFullName, owner: shared, clears: true}",
}


@pytest.fixture
def pipeline(monkeypatch: pytest.MonkeyPatch, database_url: str, tmp_path: Path) -> Iterator[Pipeline]:
    """A pipeline that has run once; it retires at once, and PDQ may empty the description."""
    yaml = YAML
    for old, new in CHANGED.items():
        assert old in yaml
        yaml = yaml.replace(old, new)
    definitions = load_whole(tmp_path, yaml, monkeypatch)
    with running(monkeypatch, database_url, tmp_path, size=20) as made:
        pipeline = Pipeline(made.world, made.instance, definitions)
        assert pipeline.run().success
        yield pipeline


def put(pipeline: Pipeline, **fields: Any) -> str:
    """Change the first machine in PDQ; return its serial."""
    machine = next(iter(pipeline.world.company))
    pipeline.world.company.apply(put=[dataclasses.replace(machine, **fields)])
    return "".join(machine.serial.upper().split())


def held(pipeline: Pipeline, run: Run) -> list[str]:
    return [row["hold"] for row in p.records(pipeline.ledger.plan(run.plan_id).held)]


SAID: tuple[str, Verb, str] = ("pdq_to_netbox", "never_link", "asset")


def when_sent(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Do something once, before the first batch goes out."""
    intend = Ledger.intend

    def intended(*args: Any) -> None:
        monkeypatch.setattr(Ledger, "intend", intend)
        act()
        intend(*args)

    monkeypatch.setattr(Ledger, "intend", intended)


def test_a_retirement_that_was_undone_stays_undone_until_the_machine_is_back(pipeline: Pipeline) -> None:
    machine = next(iter(pipeline.world.company))
    serial = "".join(machine.serial.upper().split())
    pipeline.world.company.apply(remove=[machine])
    retired = pipeline.run()
    assert pipeline.assets()[serial]["status"] == "retired"
    undo = make_undo(retired.plan_id)
    save_undo(undo, "the run of the undo", "kim")
    assert pipeline.apply(undo.plan.id).success
    assert standing_about(make_undo(undo.plan.id).plan) == [], "an undo of it ends what it decided"
    for _ in range(2):
        run = pipeline.run()
        assert not any(run.planned.values())
        assert pipeline.assets()[serial]["status"] == "used"
        (told,) = held(pipeline, run)
        assert told.startswith(f"stays in service: decided by undo of plan {retired.plan_id}")
    pipeline.world.company.apply(put=[machine])
    pipeline.run()
    pipeline.world.company.apply(remove=[machine])
    assert pipeline.run().planned["retire"] == 1


def test_what_an_undone_undo_brought_back_is_retired_like_everything_else(pipeline: Pipeline) -> None:
    machine = next(iter(pipeline.world.company))
    plan_id = pipeline.ledger.last_applied("pdq_to_netbox")
    for _ in range(2):
        assert plan_id is not None
        undo = make_undo(plan_id)
        save_undo(undo, "the run of the undo", "kim", in_spite_of_guards=True)
        assert pipeline.apply(undo.plan.id).success
        plan_id = undo.plan.id
    assert {asset["status"] for asset in pipeline.assets().values()} == {"used"}
    assert pipeline.run().success
    pipeline.world.company.apply(remove=[machine])
    assert pipeline.run().planned["retire"] == 1


def test_a_field_that_the_source_emptied_and_both_sides_filled_is_a_conflict(pipeline: Pipeline) -> None:
    serial = put(pipeline, os_name="")
    assert pipeline.run().success
    assert pipeline.assets()[serial]["description"] == ""
    pipeline.edit(serial, description="a person's")
    put(pipeline, os_name="Windows 12", name="RENAMED")
    for _ in range(2):
        run = pipeline.run()
        assert [told.partition(" since")[0] for told in held(pipeline, run)] == ["changed on both sides"]
        asset = pipeline.assets()[serial]
        assert (asset["description"], asset["name"]) == ("a person's", "RENAMED")


def test_what_a_person_parts_and_joins_again_leaves_neither_values_behind_nor_objects(pipeline: Pipeline) -> None:
    serial = put(pipeline, name="NEW")
    machine = next(iter(pipeline.world.company))
    assert pipeline.run().success
    theirs = str(pipeline.assets()[serial]["id"])
    before = len(pipeline.world.netbox.objects(ASSETS))
    resolve("pdq_to_netbox", "never_link", "asset", machine.id, "anna", target_id=theirs)
    run = pipeline.run()
    assert run.success, run.errors()
    assert held(pipeline, run) == ["missing here, but its record is no other asset yet: it would have none in service"]
    made = pipeline.assets()[serial]
    assert str(made["id"]) != theirs
    assert len(pipeline.world.netbox.objects(ASSETS)) == before + 1

    def statuses() -> tuple[str, str]:
        told = {str(row["id"]): row["status"] for row in pipeline.world.netbox.objects(ASSETS)}
        return told[theirs], told[str(made["id"])]

    assert statuses() == ("used", "used"), "one of them is in service whatever became of the other"
    assert pipeline.run().success
    assert statuses() == ("retired", "used")
    assert not any(pipeline.run().planned.values())
    number = resolutions("pdq_to_netbox")[0].resolution.number
    assert number is not None
    take_back(number, "anna")
    resolve("pdq_to_netbox", "link", "asset", machine.id, "anna", target_id=theirs)
    run = pipeline.run()
    assert run.success, run.errors()
    assert str(pipeline.assets()[serial]["id"]) == theirs
    runs = [run, pipeline.run()]
    assert statuses() == ("used", "retired")
    assert not any(pipeline.run().planned.values())
    for run in reversed(runs):
        undo = make_undo(run.plan_id)
        assert [guard.message for guard in undo.guards if not guard.passed] == []
        save_undo(undo, "the run of the undo", "kim")
        assert pipeline.apply(undo.plan.id).success
    assert statuses() == ("retired", "used"), "as it was before the plans"
    resolve("pdq_to_netbox", "link", "asset", machine.id, "anna", target_id=str(made["id"]))
    assert pipeline.run().success
    assert pipeline.assets()[serial]["id"] == made["id"]
    assert statuses() == ("retired", "used")
    assert not any(pipeline.run().planned.values())


def test_what_a_person_decides_between_the_match_and_the_plan_is_not_written_against(pipeline: Pipeline) -> None:
    serial = put(pipeline, name="NEW")
    machine = next(iter(pipeline.world.company))
    theirs = pipeline.assets()[serial]
    assert theirs["name"] != "NEW"
    between = {f"pdq_to_netbox/{step}" for step in ("plan", "applied")}
    every = {key.to_user_string() for key in pipeline.job.asset_layer.executable_asset_keys}
    assert between < every
    assert pipeline.materialize(*every - between).success
    resolve("pdq_to_netbox", "never_link", "asset", machine.id, "anna", target_id=str(theirs["id"]))
    run = pipeline.materialize(*between)
    stale = pipeline.ledger.header(run.plan_id)
    assert "anna decided since it was made" in str(stale.stale_because)
    assert gone_by(stale) == []
    assert pipeline.assets()[serial] == theirs
    run = pipeline.run()
    assert run.success
    assert [each.resolution.number for each in gone_by(pipeline.ledger.header(run.plan_id))] == [1]
    made = pipeline.assets()[serial]
    assert (made["name"], made["id"] != theirs["id"]) == ("NEW", True)


def test_what_is_decided_while_a_plan_is_applied_is_the_next_ones(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    serial = put(pipeline, name="NEW")
    machine, theirs = next(iter(pipeline.world.company)), pipeline.assets()[serial]
    when_sent(monkeypatch, lambda: resolve(*SAID, machine.id, "anna", target_id=str(theirs["id"])))
    run = pipeline.run()
    assert run.success, run.errors()
    assert pipeline.assets()[serial]["name"] == "NEW"
    assert pipeline.ledger.header(run.plan_id).state == "applied"
    assert pipeline.run().planned["create"] == 1


def test_what_is_linked_by_a_decision_that_is_taken_back_while_the_plan_is_applied_is_forgotten_by_the_next_run(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = next(iter(pipeline.world.company))
    like = next(row for row in pipeline.world.netbox.objects(ASSETS) if row["name"] == machine.name)
    theirs = str(
        pipeline.world.netbox.create(
            ASSETS, {"name": "pats", "status": "used", "inventoryitem_type": like["inventoryitem_type"]}
        )["id"]
    )
    assert pipeline.run().success
    number = resolve("pdq_to_netbox", "link", "asset", machine.id, "anna", target_id=theirs).resolution.number
    when_sent(monkeypatch, lambda: take_back(int(number or 0), "anna"))
    assert pipeline.run().success
    known = open_records().link("pdq_to_netbox", "asset", machine.id)
    assert known is not None
    assert known.target_id == theirs, "an apply that was under way goes on as it was planned"
    assert known.claimed.startswith("decision")
    assert pipeline.run().success
    known = open_records().link("pdq_to_netbox", "asset", machine.id)
    assert known is not None
    assert not known.claimed.startswith("decision"), "it is recognised anew, by what was written"


def test_what_is_decided_while_a_plan_is_applied_that_is_killed_is_not_written_against(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    serial = put(pipeline, name="NEW")
    machine, theirs = next(iter(pipeline.world.company)), pipeline.assets()[serial]

    def decided_and_killed() -> None:
        resolve(*SAID, machine.id, "anna", target_id=str(theirs["id"]))
        raise KeyboardInterrupt

    when_sent(monkeypatch, decided_and_killed)
    assert not pipeline.run().success
    header = pipeline.ledger.plans("pdq_to_netbox", 1)[0]
    run = pipeline.apply(header.id)
    assert "anna decided since it was made" in " ".join(run.errors())
    assert pipeline.assets()[serial] == theirs
    assert pipeline.run().success
    assert {row["name"] for row in pipeline.world.netbox.objects(ASSETS)} >= {"NEW", theirs["name"]}


def test_what_was_made_leaves_service_however_often_its_record_is_said_to_be_another_object(pipeline: Pipeline) -> None:
    serial = put(pipeline, name="NEW")
    machine = next(iter(pipeline.world.company))
    assert pipeline.run().success
    theirs = str(pipeline.assets()[serial]["id"])
    resolve(*SAID, machine.id, "anna", target_id=theirs)
    assert pipeline.run().success
    made = str(pipeline.assets()[serial]["id"])
    for target_id, status in ((theirs, "retired"), (made, "used"), (theirs, "retired")):
        resolve("pdq_to_netbox", "link", "asset", machine.id, "anna", target_id=target_id)
        for _ in range(2):
            run = pipeline.run()
            assert run.success, run.errors()
        assert {str(row["id"]): row["status"] for row in pipeline.world.netbox.objects(ASSETS)}[made] == status


def test_a_record_that_was_said_to_be_a_wrong_object_is_the_right_one_again_and_takes_its_values_with_it(
    pipeline: Pipeline,
) -> None:
    serial = put(pipeline, name="NEW")
    machine = next(iter(pipeline.world.company))
    assert pipeline.run().success
    own = str(pipeline.assets()[serial]["id"])
    alike = {name: pipeline.assets()[serial][name] for name in ("inventoryitem_type", "status")}
    wrong = pipeline.world.netbox.create(ASSETS, {**alike, "serial": "MANUAL-1"})
    assert pipeline.run().success
    resolve("pdq_to_netbox", "link", "asset", machine.id, "anna", target_id=str(wrong["id"]))
    assert pipeline.run().success
    assert str(pipeline.assets()[serial]["id"]) == str(wrong["id"])
    number = resolutions("pdq_to_netbox")[0].resolution.number
    assert number is not None
    take_back(number, "anna")
    assert pipeline.run().success
    resolve("pdq_to_netbox", "link", "asset", "NEW", "anna", target_id=own)
    for _ in range(2):
        run = pipeline.run()
        assert run.success, run.errors()
    assert held(pipeline, run) == []
    assert not any(run.planned.values())
    told = {str(row["id"]): (row["serial"], row["status"]) for row in pipeline.world.netbox.objects(ASSETS)}
    assert told[own] == (serial, "used")
    assert told[str(wrong["id"])] == (None, "used")


def test_what_a_retired_machine_gives_up_goes_to_its_successor_by_the_next_run_and_fails_none(pipeline: Pipeline) -> None:
    old, new = [machine for machine in pipeline.world.company if machine.asset_tag][:2]
    pipeline.world.company.apply(put=[dataclasses.replace(new, asset_tag=old.asset_tag)], remove=[old])
    for _ in range(2):
        run = pipeline.run()
        assert run.success, run.errors()
    told = {row["name"]: (row["status"], row["asset_tag"]) for row in pipeline.world.netbox.objects(ASSETS)}
    assert (told[old.name][0], told[new.name]) == ("retired", ("used", old.asset_tag))
    assert not any(pipeline.run().planned.values())


def test_a_netbox_of_last_night_is_told_and_after_a_rebase_has_what_the_source_says(pipeline: Pipeline) -> None:
    serial = put(pipeline, name="NEWER")
    other = next(each for each in pipeline.assets() if each != serial)
    pipeline.edit(other, name="a person's")
    backup = deepcopy(pipeline.world.netbox.tables[ASSETS].rows)
    assert pipeline.run().success
    pipeline.world.netbox.tables[ASSETS].rows.update(backup)
    stopped = pipeline.run()
    assert not stopped.success
    assert not stopped.checks()["rolled_back"].passed
    assert pipeline.writes_of(lambda: pipeline.run("rebase")) == 0
    assert pipeline.run().success
    assets = pipeline.assets()
    assert (assets[serial]["name"], assets[other]["name"]) == ("NEWER", "a person's")
    assert not any(pipeline.run().planned.values())


def test_a_ledger_of_last_night_is_rebased_over_what_was_written_and_edited_since(pipeline: Pipeline) -> None:
    serial = put(pipeline, name="NEWER")
    other = next(each for each in pipeline.assets() if each != serial)
    with database.engine().begin() as connection:
        connection.execute(text("CREATE TABLE link_of_last_night AS TABLE asset_sync.link"))
    assert pipeline.run().success
    pipeline.edit(other, name="a person's")
    with database.engine().begin() as connection:
        connection.execute(text("DELETE FROM asset_sync.link"))
        connection.execute(text("INSERT INTO asset_sync.link SELECT * FROM link_of_last_night"))
    put(pipeline, name="NEWEST")
    rebased = pipeline.run("rebase")
    assert rebased.success, rebased.errors()
    assert pipeline.run().success
    assets = pipeline.assets()
    assert (assets[serial]["name"], assets[other]["name"]) == ("NEWEST", "a person's")
