"""What is kept of the tables between assets, for how long, and whose tables a run means that wrote none."""

import gc
import logging
import os
import shutil
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest
from upath import UPath

from asset_sync.components import snapshots as module
from asset_sync.components.snapshots import Snapshots
from asset_sync_tests.components.probe import YAML, load_whole
from asset_sync_tests.deploy import fleet
from asset_sync_tests.pipeline import SYNC, Pipeline

DEVICES, PLAN = dg.AssetKey(["devices"]), dg.AssetKey(["plan"])


class Waiting:
    """A ledger in which plans wait."""

    def __init__(self) -> None:
        self.runs: set[str] = set()

    def needed_runs(self) -> frozenset[str]:
        """Return the runs that made them."""
        return frozenset(self.runs)


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> Waiting:
    ledger = Waiting()
    monkeypatch.setattr(module, "open_ledger", lambda: ledger)
    return ledger


@pytest.fixture
def execute(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Runs the two assets, or some, and returns the run's id; `devices` holds the number of its run."""
    ran: list[int] = []

    @dg.asset(key=DEVICES, io_manager_key="snapshots")
    def devices() -> pd.DataFrame:
        ran.append(len(ran))
        return pd.DataFrame({"number": [len(ran)]})

    @dg.asset(key=PLAN, ins={"devices": dg.AssetIn(DEVICES)})
    def plan(devices: pd.DataFrame) -> None:
        assert len(devices) == 1

    with dg.instance_for_test() as instance:

        def run(*only: dg.AssetKey, snapshots: Snapshots | None = None) -> str:
            chosen = dg.AssetSelection.keys(*only) if only else None
            resources = {"snapshots": snapshots or kept(tmp_path)}
            return dg.materialize([devices, plan], instance=instance, resources=resources, selection=chosen).run_id

        yield run


def kept(folder: Path) -> Snapshots:
    return Snapshots(base=str(folder / "snapshots"), keep=2)


def number(folder: Path, run_id: str) -> int | None:
    """What `devices` holds by that run; None where it is not kept."""
    try:
        return int(kept(folder).load(DEVICES, run_id)["rows"]["number"].item())
    except FileNotFoundError:
        return None


def test_what_a_step_returned_does_not_stay_in_memory_while_the_others_run(tmp_path: Path) -> None:
    made: list[weakref.ref[pd.DataFrame]] = []

    @dg.asset(key=DEVICES, io_manager_key="snapshots")
    def devices() -> pd.DataFrame:
        table = pd.DataFrame({"number": [1]})
        made.append(weakref.ref(table))
        return table

    @dg.asset(deps=[DEVICES])
    def after() -> None:
        gc.collect()
        assert made[0]() is None

    assert dg.materialize([devices, after], resources={"snapshots": kept(tmp_path)}).success


def test_a_step_reads_the_columns_that_it_names_as_far_as_they_are_there(tmp_path: Path) -> None:
    read: list[pd.DataFrame] = []

    @dg.asset(key=DEVICES, io_manager_key="snapshots")
    def devices() -> pd.DataFrame:
        return pd.DataFrame({"networking": ["[]"], "id": ["1"], "name": ["PC1"]})

    @dg.asset(ins={"some": module.read_in_part(DEVICES, ["id", "name", "gone"])})
    def in_part(some: pd.DataFrame) -> None:
        read.append(some)

    @dg.asset(deps=[in_part], ins={"every": module.read_in_part(DEVICES, None)})
    def whole(every: pd.DataFrame) -> None:
        read.append(every)

    assert dg.materialize([devices, in_part, whole], resources={"snapshots": kept(tmp_path)}).success
    assert [list(table) for table in read] == [["id", "name"], ["networking", "id", "name"]]
    assert read[0].to_dict("records") == [{"id": "1", "name": "PC1"}]


@pytest.fixture
def object_store(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an empty folder in an object store, which the environment leads to."""
    with fleet.object_store() as told:
        for name, value in told.items():
            monkeypatch.setenv(name, value)
        yield told["ASSET_SYNC_SNAPSHOTS"]


@pytest.fixture(params=["a folder", "an object store"])
def base(request: pytest.FixtureRequest, tmp_path: Path) -> UPath:
    """Where the pipeline keeps its tables."""
    if request.param == "a folder":
        return UPath(tmp_path / "snapshots")
    there: str = request.getfixturevalue("object_store")
    return UPath(there, use_listings_cache=False)


def test_the_last_runs_are_kept_and_what_waits_as_long_as_it_waits(
    tmp_path: Path, waiting: Waiting, execute: Callable[..., str]
) -> None:
    first, second = execute(), execute()
    waiting.runs = {first, "a run of another sync"}
    runs = [execute() for _ in range(4)]
    assert [number(tmp_path, run_id) for run_id in (first, second, *runs)] == [1, None, None, None, 5, 6]
    waiting.runs.clear()
    last = execute()
    assert [number(tmp_path, run_id) for run_id in (first, *runs, last)] == [None, None, None, None, 6, 7]


@pytest.mark.usefixtures("waiting")
@pytest.mark.parametrize(
    ("partitions", "is_kept"),
    [
        pytest.param(dg.StaticPartitionsDefinition(["quick", "slow"]), True, id="connections"),
        pytest.param(dg.DynamicPartitionsDefinition(name="files"), False, id="files-that-come-once"),
    ],
)
def test_what_a_connection_read_last_is_kept_however_often_others_run_meanwhile(
    tmp_path: Path, partitions: dg.PartitionsDefinition, is_kept: bool
) -> None:
    @dg.asset(key=DEVICES, io_manager_key="snapshots", partitions_def=partitions)
    def devices() -> pd.DataFrame:
        return pd.DataFrame({"number": [1]})

    with dg.instance_for_test() as instance:
        instance.add_dynamic_partitions("files", ["quick", "slow"])
        runs = [
            dg.materialize([devices], instance=instance, resources={"snapshots": kept(tmp_path)}, partition_key=each).run_id
            for each in ("slow", "slow", "quick", "quick", "quick")
        ]
    assert [number(tmp_path, run_id) for run_id in runs] == [None, 1 if is_kept else None, None, 1, 1]
    assert (kept(tmp_path).latest(DEVICES, "slow") is not None) is is_kept


def test_a_run_that_read_what_another_one_wrote_means_those_tables_also_later(
    tmp_path: Path, waiting: Waiting, execute: Callable[..., str]
) -> None:
    execute()
    repeated = execute(PLAN)
    waiting.runs = {repeated}
    for _ in range(4):
        execute()
    assert number(tmp_path, repeated) == 1


@pytest.mark.slow
@pytest.mark.usefixtures("waiting")
def test_how_many_runs_are_kept_costs_an_object_store_no_request(
    object_store: str, execute: Callable[..., str], caplog: pytest.LogCaptureFixture
) -> None:
    """Its own log tells what it was asked."""
    caplog.set_level(logging.INFO, "werkzeug")
    asked: dict[int, int] = {}
    for keep in (1, 3):
        for _ in range(keep + 2):
            caplog.clear()
            last = execute(snapshots=Snapshots(base=f"{object_store}/{keep}", keep=keep))
        asked[keep] = sum(record.name == "werkzeug" for record in caplog.records)
        assert len(Snapshots(base=f"{object_store}/{keep}").load(DEVICES, last)["rows"]) == 1
    assert asked[3] == asked[1] <= 12


def test_two_runs_that_prune_at_once_do_not_stop_each_other(tmp_path: Path, waiting: Waiting) -> None:
    """The other one prunes after this one has looked at what there is."""
    tables, both = {"rows": pd.DataFrame({"number": [1]})}, kept(tmp_path)
    for run_id in ("first", "second"):
        both.save(DEVICES, run_id, tables)
    folder = tmp_path / "snapshots" / "devices"
    for partition in ("berlin", "paris"):
        (folder / f"latest.{partition}").write_text("first")

    def others() -> frozenset[str]:
        (folder / "latest.berlin").unlink()
        shutil.rmtree(folder / "first")
        return frozenset()

    waiting.needed_runs = others  # type: ignore[method-assign]
    both.save(DEVICES, "third", tables)
    assert sorted(path.name for path in folder.iterdir()) == ["second", "third"]


@pytest.mark.usefixtures("waiting")
def test_a_clock_that_was_set_back_prunes_no_run_that_is_being_made(tmp_path: Path, execute: Callable[..., str]) -> None:
    for _ in range(2):
        execute()
    for file in (tmp_path / "snapshots").rglob("*.parquet"):
        os.utime(file, (2**32, 2**32))
    assert number(tmp_path, execute()) == 3
    assert number(tmp_path, execute()) == 4


def test_what_was_noted_last_of_a_topic_comes_first(tmp_path: Path) -> None:
    snapshots, inventory = kept(tmp_path), dg.AssetKey(["netbox", "inventory"])
    for key, partition in ((inventory, "berlin"), (DEVICES, None), (inventory, "paris")):
        snapshots.note("one account", key, partition)
    assert snapshots.noted("one account") == [(inventory, "paris"), (DEVICES, None)]
    assert snapshots.noted("another") == []
    assert snapshots.columns(inventory, "paris") == {}


def test_a_ledger_that_cannot_be_asked_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, execute: Callable[..., str], tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nowhere")
    execute(), execute()
    with pytest.raises(dg.Failure, match="the database"):
        execute()


@pytest.mark.slow
def test_a_plan_that_waits_while_more_runs_are_made_than_are_kept_is_applied_and_converges(
    pipeline: Pipeline, base: UPath, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = load_whole(tmp_path / "few", YAML, monkeypatch, keep=2)
    pipeline.job = few.resolve_job_def(SYNC)
    review = pipeline.run("review")
    dry = [pipeline.run("dry_run") for _ in range(3)]
    kept_runs = {path.name for path in (base / SYNC / "desired").iterdir() if path.is_dir()}
    assert kept_runs == {review.run_id, *(run.run_id for run in dry[1:])}
    applied = pipeline.apply(review.plan_id, "anna")
    assert applied.success
    assert all(check.passed for check in applied.checks().values())
    assert len(pipeline.assets()) == len(pipeline.world.company)


@pytest.mark.slow
def test_a_plan_that_was_made_again_needs_the_tables_of_its_last_run_alone(pipeline: Pipeline, tmp_path: Path) -> None:
    first, second = pipeline.run("review"), pipeline.run("review")
    assert first.plan_id == second.plan_id
    for folder in (tmp_path / "snapshots").rglob(first.run_id):
        shutil.rmtree(folder)
    applied = pipeline.apply(first.plan_id, "anna")
    assert applied.success
    assert all(check.passed for check in applied.checks().values())


def test_a_plan_whose_tables_are_lost_is_not_begun(pipeline: Pipeline, tmp_path: Path) -> None:
    review = pipeline.run("review")
    for file in (tmp_path / "snapshots").rglob(f"{review.run_id}/*.parquet"):
        file.unlink()
    (refused,) = pipeline.apply(review.plan_id, "anna").errors()
    assert "is not kept any more; make a new plan: asset-sync plan" in refused
    assert pipeline.assets() == {}
    assert pipeline.ledger.header(review.plan_id).state == "approved"
