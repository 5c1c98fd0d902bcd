"""A target that throttles, breaks or answers too late gets every write once, and the run says what became of each."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest

from asset_sync.ledger import Ledger
from asset_sync.operations.definitions import make_dagster_home
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.target import Outcome
from asset_sync_tests.pipeline import ASSETS, SYNC, Pipeline

LISTED = "plugins/inventory/assets/"


def serials(pipeline: Pipeline) -> list[str]:
    return sorted(row["serial"] for row in pipeline.world.netbox.objects(ASSETS))


def expected(pipeline: Pipeline) -> list[str]:
    return sorted("".join(machine.serial.upper().split()) for machine in pipeline.world.company)


@pytest.mark.parametrize("fault", ["http_429", pytest.param("http_503", marks=pytest.mark.slow)])
def test_a_throttled_write_is_sent_again(pipeline: Pipeline, fault: str) -> None:
    pipeline.world.netbox_faults.set(fault, times=2, method="POST", retry_after=1)
    assert pipeline.run().success
    assert serials(pipeline) == expected(pipeline)


def test_a_connection_cut_after_the_write_makes_nothing_twice(pipeline: Pipeline, quick_settling: None) -> None:
    pipeline.world.netbox_faults.set("timeout_after_write", times=2, method="POST", seconds=0.5)
    run = pipeline.run()
    assert run.success, run.errors()
    assert serials(pipeline) == expected(pipeline)
    makers = [row["name"] for row in pipeline.world.netbox.objects("dcim/manufacturers")]
    assert len(makers) == len(set(makers))


@pytest.mark.slow
def test_a_target_that_is_down_fails_the_run_and_the_next_one_goes_on(pipeline: Pipeline, quick_settling: None) -> None:
    pipeline.world.netbox_faults.set("http_500", method="POST", path=LISTED)
    run = pipeline.run()
    assert not run.success
    assert serials(pipeline) == []
    pipeline.world.netbox_faults.clear()
    assert pipeline.run().success
    assert serials(pipeline) == expected(pipeline)


@pytest.mark.slow
def test_what_an_apply_had_sent_when_it_broke_off_is_its_own_doing_for_the_next_plan(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Ledger.record

    def broken(ledger: Ledger, plan: Plan, ended: Sequence[Outcome], run_id: str, at: datetime) -> None:
        if any(plan.operations.loc[outcome.seq, "kind"] == "asset" for outcome in ended):
            raise ConnectionError("the ledger is gone")
        kept(ledger, plan, ended, run_id, at)

    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "record", broken)
        assert not pipeline.run().success
    broken_off = pipeline.ledger.latest(SYNC)
    assert broken_off is not None
    assert broken_off.state == "interrupted"
    stored = {str(row["id"]) for row in pipeline.world.netbox.objects(ASSETS)}
    assert stored
    run = pipeline.run()
    assert run.success
    assert run.metadata(f"{SYNC}/match")["recovered"] == len(stored)
    assert serials(pipeline) == expected(pipeline)
    for target_id in stored:
        assert set(pipeline.ledger.history("asset", target_id)["plan_id"]) == {broken_off.id}
    assert not any(pipeline.run().planned.values())


@pytest.mark.slow
@pytest.mark.parametrize("pipeline", [{"size": 400}], indirect=True)
def test_a_killed_apply_can_be_started_again(pipeline: Pipeline, tmp_path: Path) -> None:
    make_dagster_home(tmp_path / "dagster")
    pipeline.world.netbox_faults.set("slow", method="POST", path=LISTED, seconds=2.0, rate=0.5)
    runner = subprocess.Popen(
        [sys.executable, "-m", "dagster", "job", "execute", "-m", "asset_sync.definitions", "-j", SYNC],
        env={**os.environ, "PYTHONWARNINGS": "ignore", "DAGSTER_HOME": str(tmp_path / "dagster")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    wait_for_first_asset(pipeline)
    os.killpg(runner.pid, signal.SIGKILL)
    runner.wait()
    pipeline.world.netbox_faults.clear()
    time.sleep(2.5)
    killed = pipeline.ledger.latest(SYNC)
    assert killed is not None
    assert killed.state == "interrupted"
    again = pipeline.apply(killed.id)
    assert again.success, again.errors()
    assert serials(pipeline) == expected(pipeline)
    assert not any(pipeline.run().planned.values())


def wait_for_first_asset(pipeline: Pipeline) -> None:
    deadline = time.monotonic() + 60
    while not serials(pipeline):
        assert time.monotonic() < deadline, "nothing was written"
        time.sleep(0.05)
