"""PDQ export files → NetBox, whole: what people rely on, looked at in NetBox itself and in the drop folder."""

import dataclasses
from typing import Any

import pytest
from sqlalchemy import text

from asset_sync import database
from asset_sync.components.pdq_exports.component import DEVICES
from asset_sync.sandbox.company import Machine
from asset_sync.sandbox.exports import BROKEN, write_broken
from asset_sync_tests.components.pdq_exports.desk import COMPONENT, EXPORTS, Exports
from asset_sync_tests.pipeline import ASSETS, Pipeline, Run

NOTHING = {"create": 0, "update": 0, "retire": 0, "restore": 0}


def machines(pipeline: Pipeline) -> list[Machine]:
    return list(pipeline.world.company)


def serial_of(machine: Machine) -> str:
    return "".join(machine.serial.upper().split())


def links() -> dict[str, tuple[str, str]]:
    """The assets' links: the object's id and who tells of it, by the record's key."""
    with database.engine().connect() as connection:
        rows = connection.execute(text("select source_key, target_id, told_by from asset_sync.link where kind = 'asset'"))
        return {row.source_key: (row.target_id, row.told_by) for row in rows}


def test_a_first_export_creates_a_changed_one_updates_and_the_same_once_more_writes_nothing(exports: Exports) -> None:
    first = exports.sync()
    assert first.success, first.errors()
    assert first.planned["create"] > 40
    assert exports.pipeline.assets().keys() == {serial_of(machine) for machine in machines(exports.pipeline)}
    first_machine, *others = machines(exports.pipeline)
    changed = exports.sync(machines=[dataclasses.replace(first_machine, name="RENAMED-1"), *others])
    assert changed.success, changed.errors()
    assert changed.planned == {**NOTHING, "update": 1}
    assert exports.pipeline.assets()[serial_of(first_machine)]["name"] == "RENAMED-1"
    assert exports.take() == []
    again = []
    assert exports.pipeline.writes_of(lambda: again.append(exports.run(exports.keys[-1]))) == 0
    assert again[0].planned == NOTHING


@pytest.mark.slow
@pytest.mark.parametrize("api_first", [True, False])
def test_a_machine_of_the_api_is_the_same_machine_in_a_file(exports: Exports, api_first: bool) -> None:
    pipeline = exports.pipeline
    runs = [pipeline.run(), exports.sync()] if api_first else [exports.sync(), pipeline.run()]
    assert all(run.success for run in runs), [run.errors() for run in runs]
    assert len(pipeline.world.netbox.objects(ASSETS)) == len(machines(pipeline))
    writes = pipeline.ledger.plan(runs[1].plan_id).writes
    # Of Lenovo's machines, a file has a code where the API knows the product's name.
    assert set(writes.loc[writes["op"] == "create", "kind"]) == (set() if api_first else {"inventory_item_type"})
    assert links().keys() == {machine.id for machine in machines(pipeline)}
    assert {told_by for _, told_by in links().values()} == {"pdq_to_netbox"}
    # And so it stays, in whatever order they go on.
    assert not any(pipeline.run().planned.values())
    assert exports.run(exports.keys[-1]).planned["create"] == 0
    assert links().keys() == {machine.id for machine in machines(pipeline)}


@pytest.mark.slow
def test_one_plan_at_a_time_goes_by_shared_links(exports: Exports) -> None:
    exports.drop()
    (key,) = exports.take()
    waiting = exports.run(key, mode="review")
    assert waiting.success
    assert exports.pipeline.run().success
    late = exports.apply(key)
    assert not late.success
    assert "is stale" in late.errors()[0]
    assert len(exports.pipeline.world.netbox.objects(ASSETS)) == len(machines(exports.pipeline))


@pytest.mark.slow
def test_a_reviewed_plan_is_applied_by_materialising_applied_of_its_partition(exports: Exports) -> None:
    exports.drop()
    (key,) = exports.take()
    review = exports.run(key, mode="review")
    assert review.success
    assert not exports.pipeline.assets()
    exports.drop("later.csv", machines(exports.pipeline)[::-1])
    (later,) = exports.take()
    assert exports.run(later, mode="dry_run").success
    (refused,) = exports.apply(key).errors()
    assert f"plan {review.plan_id} of {EXPORTS} waits for approval" in refused
    assert exports.apply(key, review.plan_id, "anna").success
    assert len(exports.pipeline.assets()) == len(machines(exports.pipeline))


@pytest.mark.slow
def test_a_step_of_an_older_partition_reads_what_that_partition_had(exports: Exports) -> None:
    keys = []
    for count in (3, 5):
        exports.drop(machines=machines(exports.pipeline)[:count])
        keys += exports.take()
        assert exports.run(keys[-1]).success
    rows = [exports.plan(key).metadata(f"{EXPORTS}/plan") for key in keys]
    counted = [exports.pipeline.ledger.header(str(told["plan_id"])).source_rows for told in rows]
    assert counted == [{"pdq_export/devices": 3}, {"pdq_export/devices": 5}]


class TestGone:
    """What a file lacks."""

    @staticmethod
    def lacking(exports: Exports, number: int) -> Any:
        """The export without its first machine, another file each time."""
        _, *others = machines(exports.pipeline)
        others[0] = dataclasses.replace(others[0], os_version=f"10.0.{number}")
        exports.pipeline.pass_time(30)
        return exports.sync(machines=others)

    @pytest.mark.slow
    def test_an_incomplete_export_never_retires(self, exports: Exports) -> None:
        exports.sync()
        gone = serial_of(machines(exports.pipeline)[0])
        for number in range(5):
            run = self.lacking(exports, number)
            assert run.planned["retire"] == 0
            assert "does not say that an export is complete" in run.metadata(f"{EXPORTS}/plan")["incomplete"]
        assert exports.pipeline.assets()[gone]["status"] == "used"
        with database.engine().connect() as connection:
            assert connection.scalar(text("select max(missing_runs) from asset_sync.link")) == 0

    @pytest.mark.slow
    def test_a_complete_one_retires_after_the_grace_and_an_older_one_does_not(
        self, exports: Exports, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(COMPONENT, "complete", True)
        exports.sync()
        gone = serial_of(machines(exports.pipeline)[0])
        retired = [self.lacking(exports, number).planned["retire"] for number in range(2)]
        exports.pipeline.pass_time(30)
        older = exports.run(exports.keys[-2])
        assert older.planned["retire"] == 0
        plan = older.metadata(f"{EXPORTS}/plan")
        assert plan["incomplete"] == f"{exports.keys[-2]} is older than {exports.keys[-1]}: what it lacks is not retired"
        assert "is older than" in plan["report"]
        retired.append(self.lacking(exports, 9).planned["retire"])
        assert retired == [0, 0, 1]
        assert exports.pipeline.assets()[gone]["status"] == "retired"

    @pytest.mark.slow
    def test_what_the_api_tells_of_is_not_a_files_to_retire_and_the_other_way_round(
        self, exports: Exports, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(COMPONENT, "complete", True)
        pipeline = exports.pipeline
        pipeline.run()
        stranger = dataclasses.replace(machines(pipeline)[-1], name="ONLY-IN-FILES", serial="ONLYINFILES1", asset_tag=None)
        exports.sync(machines=[*machines(pipeline), stranger])
        for number in range(5):
            self.lacking_but(exports, stranger, number)
            assert pipeline.run().planned["retire"] == 0
        assert {asset["status"] for asset in pipeline.assets().values()} == {"used"}

    @staticmethod
    def lacking_but(exports: Exports, stranger: Machine, number: int) -> None:
        _, *others = machines(exports.pipeline)
        exports.pipeline.pass_time(30)
        run = exports.sync(machines=[*others, dataclasses.replace(stranger, os_version=f"10.0.{number}")])
        assert run.planned["retire"] == 0


@pytest.mark.slow
def test_each_broken_file_is_put_aside_with_its_line_and_nothing_is_lost(exports: Exports) -> None:
    exports.folder.mkdir(parents=True)
    for kind in BROKEN:
        write_broken(exports.folder / kind, kind)
    before = {path.name: path.stat().st_size for path in exports.folder.iterdir() if path.stat().st_size}
    keys = exports.take()
    assert len(keys) == len(before)
    for key in keys:
        name = exports.kept.origin(key).name
        (line,) = exports.read(key).errors()
        assert line.startswith(f"{name}: ")
        assert (exports.folder / f"quarantine/{name}.error.txt").read_text() == f"{line}\n"
    aside = exports.folder / "quarantine"
    assert {path.name: path.stat().st_size for path in aside.iterdir() if path.suffix != ".txt"} == before
    assert not [path.name for path in exports.folder.iterdir() if path.name in before]
    assert not exports.pipeline.world.netbox.objects(ASSETS)
    assert exports.sync().success


@pytest.mark.slow
def test_a_refused_file_that_was_overwritten_meanwhile_is_put_aside_as_it_was(exports: Exports) -> None:
    exports.folder.mkdir(parents=True)
    write_broken(exports.folder / "devices.csv", "cut_in_row.csv")
    broken = (exports.folder / "devices.csv").read_bytes()
    (key,) = exports.take()
    exports.drop()
    assert not exports.run(key).success
    assert (exports.folder / "quarantine/devices.csv").read_bytes() == broken
    assert not exports.run(key).success
    assert len(list((exports.folder / "quarantine").iterdir())) == 2
    (key,) = exports.take()
    assert exports.run(key).success


@pytest.mark.slow
def test_only_the_last_files_are_kept(exports: Exports, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(COMPONENT, "keep", 2)
    for number, machine in enumerate(machines(exports.pipeline)[:4]):
        exports.drop(f"{number}.csv", [machine])
    keys = exports.take()
    assert len(keys) == 4
    for key in keys:
        assert exports.run(key).success
    assert exports.keys == keys[-2:]
    assert sorted(path.name for path in exports.kept.path.iterdir() if path.is_dir()) == keys[-2:]


def test_a_run_for_no_file_is_told_in_a_line(exports: Exports) -> None:
    result = exports.job.execute_in_process(instance=exports.instance, raise_on_error=False, asset_selection=[DEVICES])
    (told,) = Run(result).errors()
    assert told.startswith("pdq_exports runs for one file that was dropped: choose its partition in the UI")
    assert """--tags '{"dagster/partition": "NAME"}'""" in told
