"""How a sync stands, beside what its runs did to the simulators."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from asset_sync.cli.main import main
from asset_sync.operations import standing, watching
from asset_sync.operations.definitions import instance, job_of
from asset_sync.operations.pausing import pause, pauses
from asset_sync.operations.plans import apply_plan, approve, reject
from asset_sync.operations.runs import run_sync
from asset_sync.operations.standing import SyncStanding, standings
from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.sandbox.world import World
from asset_sync_tests.cli.lab import SIZE, SYNC
from asset_sync_tests.components.probe import ROOT

pytestmark = pytest.mark.slow

MIRROR = "snipeit_to_postgres"


def of(sync: str = SYNC) -> SyncStanding:
    (found,) = standings(sync)
    return found


def test_runs_plans_and_freshness_are_told_as_they_went(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    before = of()
    assert (before.last_run, before.last_success, before.freshness, before.waiting) == (None, None, "never", [])
    assert (before.switch, before.next_run, before.mean_seconds) == ("off", None, None)
    assert before.runs_when == "0 * * * * UTC"

    first = run_sync(SYNC)
    after = of()
    assert after.last_run is not None
    assert (after.last_run.run_id, after.last_run.status, after.last_run.mode) == (first.run_id, "succeeded", "normal")
    assert after.changes["create"] == len(world.netbox.objects("plugins/inventory/assets")) + len(
        world.netbox.objects("plugins/inventory/inventory-item-types")
    ) + len(world.netbox.objects("dcim/manufacturers"))
    assert after.source_rows == {"pdq/devices": SIZE}
    assert after.freshness == "fresh", "fresh_hours are in the YAML, so that it need not be switched on to be old"
    assert after.age is not None
    assert timedelta(0) <= after.age < timedelta(minutes=5)
    assert after.mean_seconds == after.last_run.seconds

    world.day()
    run_sync(SYNC, "dry_run")
    dry = of()
    assert [run.mode for run in dry.runs] == ["dry_run", "normal"]
    assert dry.last_success == after.last_success, "a dry run syncs nothing"
    assert dry.waiting == []

    review = run_sync(SYNC, "review")
    waiting = of()
    assert review.plan is not None
    assert waiting.waiting == [review.plan.id]
    assert waiting.last_success == after.last_success, "what waits for a person was not synced"
    assert sum(waiting.changes.values()) == sum(review.plan.counts.values()) > 0
    told_waiting = CliRunner().invoke(main, ["status", SYNC]).stdout
    assert f"plan {review.plan.id} waits: asset-sync show {review.plan.id}" in told_waiting
    assert len(standings(SYNC, runs=1)[0].runs) == 1
    reject(review.plan.id, "anna")
    assert of().last_success == after.last_success, "nor what a person does not want"
    run_sync(SYNC, "rebase")
    assert of().last_success == after.last_success, "a rebase writes nothing to the target"
    watched = {each.sync: each.last_success for each in watching.syncs()}
    assert watched == {each.sync: each.last_success for each in standings()}
    again = run_sync(SYNC, "review")
    assert again.plan is not None
    approve(again.plan.id, "anna")
    apply_plan(again.plan.id)
    assert (of().last_success or datetime.min.replace(tzinfo=UTC)) > (after.last_success or datetime.now(UTC))

    monkeypatch.setattr(standing, "switched_on", lambda _: {f"{SYNC}_schedule"})
    on = of()
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    assert on.switch == "on"
    assert on.next_run in (hour + timedelta(hours=1), hour + timedelta(hours=2))

    pause(None, "NetBox is upgraded", "anna")
    (why,) = map(str, pauses())
    shown = CliRunner().invoke(main, ["status", SYNC])
    assert shown.exit_code == 0, shown.output
    assert why in shown.stdout.replace("\n", "")
    assert {each.paused for each in standings()} == {each.paused for each in watching.syncs()} == {why}
    told = json.loads(CliRunner().invoke(main, ["status", "--json"]).stdout)["syncs"]
    assert [each["sync"] for each in told] == [each.sync for each in standings()]
    (own,) = [each for each in told if each["sync"] == SYNC]
    assert own["paused"] == why
    assert [run["mode"] for run in own["runs"]] == ["apply", "review", "rebase", "review", "dry_run", "normal"]


@pytest.mark.slow
def test_what_is_older_than_it_may_be_is_stale(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    run_sync(MIRROR)
    loaded = of(MIRROR)
    assert loaded.freshness == "unscheduled"
    assert sum(loaded.source_rows.values()) == loaded.changes["create"] > SIZE
    monkeypatch.setattr(standing, "switched_on", lambda _: {f"{MIRROR}_schedule"})
    assert of(MIRROR).freshness == "fresh"

    class Later(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime.now(UTC) + timedelta(days=2)

    monkeypatch.setattr(standing, "datetime", Later)
    assert of(MIRROR).freshness == "stale"


@pytest.mark.usefixtures("world")
def test_a_run_that_failed_is_told_and_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PDQ_TOKEN", "wrong")
    run_sync(SYNC)
    failed = of()
    assert failed.last_run is not None
    assert (failed.last_run.status, failed.last_run.plan_id, failed.freshness) == ("failed", None, "never")
    assert failed.mean_seconds is None


@pytest.mark.usefixtures("world")
def test_a_sync_that_there_is_not_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="there is no sync 'nonsense'"):
        standings("nonsense")


@pytest.mark.slow
@pytest.mark.usefixtures("world")
def test_what_is_switched_on_as_dagster_does_it_is_on(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    job_of(SYNC)
    command = [sys.executable, "-m", "dagster", "schedule", "start", f"{SYNC}_schedule", "-w", str(ROOT / "workspace.yaml")]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    with instance() as dagster:
        assert dagster.all_instigator_state()
    found = of()
    assert (found.switch, of(MIRROR).switch) == ("on", "off")
    assert found.next_run is not None
    assert timedelta(0) < found.next_run - datetime.now(UTC) <= timedelta(hours=1)


@pytest.mark.slow
@pytest.mark.usefixtures("home")
def test_it_runs_as_a_process(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    program = [sys.executable, "-c", "from asset_sync.cli.main import main; main()", "status", "--json", SYNC]
    ran = subprocess.run(program, capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == 0, ran.stderr
    (own,) = json.loads(ran.stdout)["syncs"]
    assert (own["sync"], own["runs"], own["freshness"]) == (SYNC, [], "never")
