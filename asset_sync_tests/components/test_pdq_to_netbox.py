"""PDQ Connect → NetBox, whole: what people rely on, looked at in NetBox itself."""

import dataclasses
from typing import Any

import pytest

from asset_sync_tests.pipeline import ASSETS, SYNC, Pipeline


def an_asset(pipeline: Pipeline) -> dict[str, Any]:
    return next(iter(pipeline.assets().values()))


def machines_by_serial(pipeline: Pipeline) -> dict[str, Any]:
    return {"".join(machine.serial.upper().split()): machine for machine in pipeline.world.company}


def put(pipeline: Pipeline, **fields: Any) -> str:
    """Change the first machine in PDQ; return its serial before."""
    machine = next(iter(pipeline.world.company))
    pipeline.world.company.apply(put=[dataclasses.replace(machine, **fields)])
    return "".join(machine.serial.upper().split())


def remove(pipeline: Pipeline) -> str:
    """Remove the first machine from PDQ; return its serial."""
    machine = next(iter(pipeline.world.company))
    pipeline.world.company.apply(remove=[machine])
    return "".join(machine.serial.upper().split())


def test_every_machine_becomes_an_asset_with_its_own_values(pipeline: Pipeline) -> None:
    assert pipeline.run().success
    assets = pipeline.assets()
    machines = machines_by_serial(pipeline)
    assert assets.keys() == machines.keys()
    types = {row["id"]: row for row in pipeline.world.netbox.objects("plugins/inventory/inventory-item-types")}
    makers = {row["id"]: row for row in pipeline.world.netbox.objects("dcim/manufacturers")}
    for serial, asset in assets.items():
        machine = machines[serial]
        assert asset["name"] == machine.name
        assert asset["status"] == "used"
        maker = makers[types[asset["inventoryitem_type"]]["manufacturer"]]["name"]
        # Whose the product is, however the machine spells it; HP's servers are told by their model alone to be HPE's.
        assert maker == (machine.product.maker.name if machine.manufacturer or machine.model else "Unknown")


def test_the_second_run_writes_nothing_and_the_third_asks_for_what_changed_alone(pipeline: Pipeline) -> None:
    pipeline.run()
    runs = []
    assert pipeline.writes_of(lambda: runs.append(pipeline.run())) == 0
    before = pipeline.world.netbox.requests.reads
    assert pipeline.writes_of(lambda: runs.append(pipeline.run())) == 0
    assert pipeline.world.netbox.requests.reads - before <= 10
    assert [run.metadata("netbox/inventory")["read"].partition(":")[0].partition(" since")[0] for run in runs] == [
        "whole",
        "what changed",
    ]
    assert all(run.success and not any(run.planned.values()) for run in runs)


@pytest.mark.slow
def test_writes_go_out_in_bulk(pipeline: Pipeline) -> None:
    runs = []
    writes = pipeline.writes_of(lambda: runs.append(pipeline.run()))
    assert writes == 3
    assert runs[0].metadata(f"{SYNC}/applied")["requests/write"] == 3
    assert runs[0].planned["create"] > 60


def test_only_what_changed_is_written(pipeline: Pipeline) -> None:
    pipeline.run()
    before = pipeline.assets()
    serial = put(pipeline, name="RENAMED-1")
    run = pipeline.run()
    assert run.success
    assert run.planned == {"create": 0, "update": 1, "retire": 0, "restore": 0}
    after = pipeline.assets()
    assert after[serial]["name"] == "RENAMED-1"
    untouched = before.keys() - {serial}
    assert {s: after[s] for s in untouched} == {s: before[s] for s in untouched}


@pytest.mark.slow
def test_a_changed_serial_of_a_known_machine_is_an_update(pipeline: Pipeline) -> None:
    pipeline.run()
    count = len(pipeline.assets())
    old = put(pipeline, serial="NEWBOARD-77")
    assert pipeline.run().success
    assets = pipeline.assets()
    assert "NEWBOARD-77" in assets
    assert old not in assets
    assert len(assets) == count


def test_a_persons_edit_of_a_shared_field_survives(pipeline: Pipeline) -> None:
    pipeline.run()
    serial = an_asset(pipeline)["serial"]
    pipeline.edit(serial, description="belongs to the lab")
    run = pipeline.run()
    assert not any(run.planned.values())
    assert pipeline.assets()[serial]["description"] == "belongs to the lab"


@pytest.mark.slow
def test_an_edit_of_a_field_of_the_source_is_put_back(pipeline: Pipeline) -> None:
    pipeline.run()
    serial = an_asset(pipeline)["serial"]
    pipeline.edit(serial, serial="TYPED-BY-HAND")
    assert pipeline.run().success
    assert serial in pipeline.assets()
    assert "TYPED-BY-HAND" not in pipeline.assets()


def test_a_field_changed_on_both_sides_is_held(pipeline: Pipeline) -> None:
    pipeline.run()
    serial = put(pipeline, name="FROM-PDQ")
    pipeline.edit(serial, name="FROM-A-PERSON")
    run = pipeline.run()
    assert run.planned["update"] == 0
    held = pipeline.ledger.plan(run.plan_id).held
    assert "changed on both sides" in held["hold"].iloc[0]
    assert pipeline.assets()[serial]["name"] == "FROM-A-PERSON"


@pytest.mark.parametrize("status", ["stored", "retired"])
def test_a_status_that_a_person_set_is_never_forced_back(pipeline: Pipeline, status: str) -> None:
    pipeline.run()
    serial = an_asset(pipeline)["serial"]
    pipeline.edit(serial, status=status)
    pipeline.run()
    assert pipeline.assets()[serial]["status"] == status


def test_an_asset_that_was_there_before_is_claimed_and_not_made_twice(pipeline: Pipeline) -> None:
    serial = next(iter(machines_by_serial(pipeline)))
    maker = pipeline.world.netbox.create("dcim/manufacturers", {"name": "Somebody", "slug": "somebody"})
    item_type = pipeline.world.netbox.create(
        "plugins/inventory/inventory-item-types", {"manufacturer": maker["id"], "model": "Thing", "slug": "thing"}
    )
    asset = {"serial": serial.lower(), "status": "stored", "inventoryitem_type": item_type["id"], "description": "mine"}
    made = pipeline.world.netbox.create(ASSETS, asset)
    assert pipeline.run().success
    there = pipeline.assets()[serial]
    assert there["id"] == made["id"]
    assert there["status"] == "stored"
    assert there["description"] == "mine"
    assert there["inventoryitem_type"] != item_type["id"]


@pytest.mark.slow
def test_an_asset_of_another_kind_with_the_serial_is_left_alone_and_held(pipeline: Pipeline) -> None:
    serial = next(iter(machines_by_serial(pipeline)))
    maker = pipeline.world.netbox.create("dcim/manufacturers", {"name": "Somebody", "slug": "somebody"})
    device_type = pipeline.world.netbox.create("dcim/device-types", {"manufacturer": maker["id"], "model": "M", "slug": "m"})
    pipeline.world.netbox.create(ASSETS, {"serial": serial, "status": "stored", "device_type": device_type["id"]})
    run = pipeline.run()
    assert run.success
    assert len([row for row in pipeline.world.netbox.objects(ASSETS) if row["serial"] == serial]) == 1
    assert "device" in pipeline.ledger.plan(run.plan_id).held["hold"].iloc[0]


@pytest.mark.slow
def test_strangers_assets_are_never_touched(pipeline: Pipeline) -> None:
    maker = pipeline.world.netbox.create("dcim/manufacturers", {"name": "Somebody", "slug": "somebody"})
    item_type = pipeline.world.netbox.create(
        "plugins/inventory/inventory-item-types", {"manufacturer": maker["id"], "model": "Thing", "slug": "thing"}
    )
    mine = pipeline.world.netbox.create(ASSETS, {"serial": "MONITOR1", "status": "used", "inventoryitem_type": item_type["id"]})
    pipeline.run()
    pipeline.world.day()
    for _ in range(4):
        pipeline.run()
        pipeline.pass_time(30)
    assert pipeline.world.netbox.get(ASSETS, mine["id"]) == mine


class TestGone:
    """Retiring and restoring."""

    @pytest.mark.slow
    def test_retired_after_the_runs_and_the_hours_and_not_before(self, pipeline: Pipeline) -> None:
        pipeline.run()
        serial = remove(pipeline)
        for _ in range(3):
            run = pipeline.run()
            assert run.planned["retire"] == 0
        assert "missing since" in pipeline.ledger.plan(run.plan_id).held["hold"].iloc[0]
        pipeline.pass_time(25)
        assert pipeline.run().planned["retire"] == 1
        assert pipeline.assets()[serial]["status"] == "retired"
        assert not any(pipeline.run().planned.values())

    @pytest.mark.slow
    def test_hours_alone_are_not_enough(self, pipeline: Pipeline) -> None:
        pipeline.run()
        serial = remove(pipeline)
        pipeline.run()
        pipeline.pass_time(1000)
        assert pipeline.run().planned["retire"] == 0
        assert pipeline.assets()[serial]["status"] == "used"

    @pytest.mark.slow
    def test_a_status_that_a_person_set_is_not_retired(self, pipeline: Pipeline) -> None:
        pipeline.run()
        serial = remove(pipeline)
        pipeline.edit(serial, status="stored")
        for _ in range(4):
            pipeline.run()
            pipeline.pass_time(25)
        assert pipeline.assets()[serial]["status"] == "stored"

    @pytest.mark.slow
    def test_back_again_is_restored(self, pipeline: Pipeline) -> None:
        pipeline.run()
        machine = next(iter(pipeline.world.company))
        serial = self.retired(pipeline)
        pipeline.world.company.apply(put=[machine])
        run = pipeline.run()
        assert run.planned["restore"] == 1
        assert pipeline.assets()[serial]["status"] == "used"
        assert not any(pipeline.run().planned.values())

    @pytest.mark.slow
    def test_retired_by_a_person_stays_retired(self, pipeline: Pipeline) -> None:
        pipeline.run()
        machine = next(iter(pipeline.world.company))
        serial = remove(pipeline)
        pipeline.edit(serial, status="retired")
        for _ in range(4):
            pipeline.run()
            pipeline.pass_time(25)
        pipeline.world.company.apply(put=[machine])
        assert pipeline.run().planned["restore"] == 0
        assert pipeline.assets()[serial]["status"] == "retired"

    @staticmethod
    def retired(pipeline: Pipeline) -> str:
        serial = remove(pipeline)
        for _ in range(4):
            pipeline.run()
            pipeline.pass_time(25)
        assert pipeline.assets()[serial]["status"] == "retired"
        return serial


class TestModes:
    """Dry run, review and full."""

    def test_a_dry_run_writes_nothing_and_cannot_be_applied(self, pipeline: Pipeline) -> None:
        runs = []
        assert pipeline.writes_of(lambda: runs.append(pipeline.run("dry_run"))) == 0
        assert runs[0].success
        assert runs[0].planned["create"] > 40
        assert f"{SYNC}/applied" not in runs[0].materialized()
        later = []
        assert pipeline.writes_of(lambda: later.append(pipeline.apply(runs[0].plan_id))) == 0
        assert not later[0].success
        assert "dry run" in later[0].errors()[0]

    def test_a_plan_in_review_waits_and_is_then_applied_as_it_was(self, pipeline: Pipeline) -> None:
        runs = []
        assert pipeline.writes_of(lambda: runs.append(pipeline.run("review"))) == 0
        assert runs[0].success
        assert f"{SYNC}/applied" not in runs[0].materialized()
        serial = put(pipeline, name="LATER-CHANGE")
        assert pipeline.apply(runs[0].plan_id, "anna").success
        assert pipeline.assets()[serial]["name"] != "LATER-CHANGE"

    def test_an_edit_between_plan_and_apply_is_a_conflict_not_an_overwrite(self, pipeline: Pipeline) -> None:
        pipeline.run()
        serial = put(pipeline, name="FROM-PDQ")
        reviewed = pipeline.run("review")
        pipeline.edit(serial, name="MEANWHILE")
        applied = pipeline.apply(reviewed.plan_id, "anna")
        assert pipeline.assets()[serial]["name"] == "MEANWHILE"
        assert applied.metadata(f"{SYNC}/applied")["outcome/conflict"] == 1

    @pytest.mark.slow
    def test_an_edit_of_another_field_meanwhile_is_no_conflict(self, pipeline: Pipeline) -> None:
        pipeline.run()
        serial = put(pipeline, name="FROM-PDQ")
        reviewed = pipeline.run("review")
        pipeline.edit(serial, comments="see ticket 4")
        assert pipeline.apply(reviewed.plan_id, "anna").success
        asset = pipeline.assets()[serial]
        assert (asset["name"], asset["comments"]) == ("FROM-PDQ", "see ticket 4")

    @pytest.mark.slow
    def test_full_writes_every_matched_object(self, pipeline: Pipeline) -> None:
        pipeline.run()
        before = pipeline.assets()
        run = pipeline.run("full")
        assert run.success
        assert run.planned["update"] == len(before)
        assert pipeline.assets() == {s: {**a, "last_updated": pipeline.assets()[s]["last_updated"]} for s, a in before.items()}

    @pytest.mark.slow
    def test_a_plan_that_was_overtaken_by_another_is_stale(self, pipeline: Pipeline) -> None:
        first = pipeline.run("review")
        pipeline.run()
        put(pipeline, name="X")
        applied = pipeline.apply(first.plan_id, "anna")
        assert not applied.success
        assert "superseded" in applied.errors()[0]
