"""The two dagster.yaml files, as Dagster reads them: the laptop's on SQLite, the server's on a real PostgreSQL."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import dagster as dg
import psutil
import pytest
import yaml
from sqlalchemy import create_engine, make_url, text

from asset_sync.components import run_tags
from asset_sync.logs.handler import RunLog
from asset_sync.operations.definitions import DAGSTER_YAML
from asset_sync_tests.pipeline import DEFINITIONS

ROOT = Path(__file__).parents[2]

RUN_A_JOB = """
import dagster as dg

@dg.op
def nothing() -> None: ...

@dg.job
def one_step() -> None:
    nothing()

with dg.DagsterInstance.get() as instance:
    result = one_step.execute_in_process(instance=instance)
    assert result.success
    assert [run.run_id for run in instance.get_runs()] == [result.run_id]
    print(result.run_id)
"""


def run_a_job(home: Path, **environment: str) -> str:
    """Run a job with a DAGSTER_HOME of its own; return the run's id."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", RUN_A_JOB],
        env={**os.environ, "DAGSTER_HOME": str(home), **environment},
        cwd=home,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


@pytest.mark.slow
def test_the_laptops_keeps_everything_below_the_home(tmp_path: Path) -> None:
    shutil.copy(ROOT / "dagster.yaml", tmp_path)
    run_a_job(tmp_path)
    assert (tmp_path / ".asset_sync" / "dagster").is_dir()
    assert not (tmp_path / "storage").exists()


@pytest.mark.slow
def test_the_servers_keeps_runs_in_postgresql(tmp_path: Path, empty_database_url: str) -> None:
    shutil.copy(ROOT / "deploy" / "dagster.yaml", tmp_path)
    url = make_url(empty_database_url).set(drivername="postgresql+psycopg2").render_as_string(hide_password=False)
    run_id = run_a_job(tmp_path, DAGSTER_POSTGRES_URL=url)
    engine = create_engine(empty_database_url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT run_id FROM runs")).scalars().all() == [run_id]
    engine.dispose()


COPIES = {
    "the laptop's": (ROOT / "dagster.yaml").read_text(encoding="utf-8"),
    "the server's": (ROOT / "deploy" / "dagster.yaml").read_text(encoding="utf-8"),
    "that of a home of its own": DAGSTER_YAML,
}


@pytest.mark.parametrize("name", COPIES)
def test_runs_take_turns_by_links_backfill_and_connection_in_every_copy(name: str) -> None:
    concurrency = yaml.safe_load(COPIES[name])["concurrency"]
    assert concurrency["pools"] == {"default_limit": 1, "granularity": "op"}
    one_each = {"value": {"applyLimitPerUniqueValue": True}, "limit": 1}
    keys = ("asset_sync/links", "dagster/backfill", run_tags.PARTITION)
    assert concurrency["runs"]["tag_concurrency_limits"] == [{"key": key, **one_each} for key in keys]
    assert concurrency == yaml.safe_load(COPIES["the laptop's"])["concurrency"]


def test_the_tags_that_the_limits_go_by_are_those_of_the_runs() -> None:
    jobs = {job.name: job.tags or {} for job in DEFINITIONS.jobs or [] if "asset_sync/sync" in (job.tags or {})}
    connected = {"netbox_to_wug", "wug_to_netbox"}
    assert connected < jobs.keys()
    # Runs of a connection have the tag of their partition, which Dagster gives; they share no links with any other one.
    assert {name for name, tags in jobs.items() if "asset_sync/links" not in tags} >= connected
    assert jobs["pdq_to_netbox"]["asset_sync/links"] == jobs["pdq_exports"]["asset_sync/links"] == "pdq_to_netbox"


@pytest.mark.parametrize("name", COPIES)
def test_a_killed_run_gives_its_pool_slot_back_and_does_not_stay_under_way(name: str) -> None:
    monitoring = yaml.safe_load(COPIES[name])["run_monitoring"]
    assert monitoring == {"enabled": True, "free_slots_after_run_end_seconds": 60, "max_runtime_seconds": 6 * 3600}


@pytest.mark.parametrize("name", COPIES)
def test_a_run_starts_no_processes_beside_it_which_ctrl_c_would_end_with_tracebacks(name: str, tmp_path: Path) -> None:
    only = {key: yaml.safe_load(COPIES[name])[key] for key in ("compute_logs", "telemetry")}
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(only), encoding="utf-8")

    @dg.op
    def looks() -> None:
        assert not psutil.Process().children(recursive=True)

    @dg.job
    def looking() -> None:
        looks()

    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert looking.execute_in_process(instance=instance, raise_on_error=False).success


@pytest.mark.parametrize("name", COPIES)
def test_what_runs_say_goes_to_the_log(name: str) -> None:
    handlers = yaml.safe_load(COPIES[name])["python_logs"]["dagster_handler_config"]["handlers"]
    assert handlers == {"asset_sync": {"class": f"{RunLog.__module__}.{RunLog.__qualname__}"}}


def test_dagster_knows_how_long_a_run_may_take(tmp_path: Path) -> None:
    (tmp_path / "dagster.yaml").write_text(DAGSTER_YAML, encoding="utf-8")
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert instance.run_monitoring_max_runtime_seconds == 6 * 3600
