"""Every cause is found as long as it is so: in a real ledger, and in the runs of a real Dagster instance."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from asset_sync import database
from asset_sync.alerts import Cause
from asset_sync.components.failures import told_in_one_line
from asset_sync.components.resources import open_ledger, open_schedules
from asset_sync.components.snipeit_to_postgres.component import SnipeitToPostgres
from asset_sync.operations.alerting import open_causes
from asset_sync.reconcile.errors import SourceError
from asset_sync.reconcile.guards import Guard
from asset_sync_tests.ledger.conftest import Row, make, row

SYNC, FABRIC = "pdq_to_netbox", "hedgehog_to_netbox"
NOW = datetime.now(UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dg.op(config_schema={"fails": bool})
def working(context: dg.OpExecutionContext) -> None:
    with told_in_one_line():
        if context.op_config["fails"]:
            raise SourceError("PDQ Connect lists no devices at all")


@dg.job(name=SYNC)
def nightly() -> None:
    working()


@dg.job(name=FABRIC)
def fabrics() -> None:
    working()


@pytest.fixture
def dagster(monkeypatch: pytest.MonkeyPatch, database_url: str) -> Iterator[dg.DagsterInstance]:
    """An instance without a run, and an empty ledger."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance
    database.engine().dispose()


def run(
    dagster: dg.DagsterInstance, job: dg.JobDefinition = nightly, *, fails: bool = False, connection: str | None = None
) -> str:
    """Run a job by which a sync's run is meant; return the run's id."""
    config = {"ops": {"working": {"config": {"fails": fails}}}}
    tags = {"dagster/partition": connection} if connection else {}
    return job.execute_in_process(run_config=config, instance=dagster, raise_on_error=False, tags=tags).run_id


def found(dagster: dg.DagsterInstance, at: datetime = NOW, growth: int = 99) -> dict[str, Cause]:
    return {each.key: each for each in open_causes(dagster, at, held_growth=growth)}


def test_a_sync_fails_as_long_as_its_last_run_did(dagster: dg.DagsterInstance) -> None:
    assert found(dagster) == {}
    run(dagster, fails=True)
    failed = run(dagster, fails=True)
    why = "PDQ Connect lists no devices at all"
    assert found(dagster) == {f"failure {SYNC}": Cause("failure", SYNC, why, None, failed)}
    run(dagster)
    assert found(dagster) == {}


DRY = {"ops": {f"{SYNC}__plan": {"config": {"mode": "dry_run"}}}}


@dg.op(name=f"{SYNC}__plan", config_schema={"mode": str})
def plan() -> None: ...


@dg.job(name=SYNC)
def looking() -> None:
    plan()


def test_a_dry_run_says_nothing_of_how_a_sync_fares(dagster: dg.DagsterInstance) -> None:
    run(dagster, fails=True)
    assert looking.execute_in_process(run_config=DRY, instance=dagster).success
    assert set(found(dagster)) == {f"failure {SYNC}"}


def test_a_failure_is_found_behind_however_many_dry_runs(dagster: dg.DagsterInstance) -> None:
    run(dagster, fails=True)
    for _ in range(21):
        dagster.create_run_for_job(looking, run_config=DRY, status=dg.DagsterRunStatus.SUCCESS)
    assert set(found(dagster)) == {f"failure {SYNC}"}


def test_what_a_person_ran_in_the_ui_is_over_once_its_assets_were_made_by_whatever_run(dagster: dg.DagsterInstance) -> None:
    broken = True

    @dg.asset(key=["pdq", "devices"])
    def devices() -> None:
        if broken:
            raise RuntimeError("PDQ is away")

    by_hand = dg.Definitions(assets=[devices]).resolve_implicit_global_asset_job_def()
    failed = by_hand.execute_in_process(
        instance=dagster, raise_on_error=False, asset_selection=[dg.AssetKey(["pdq", "devices"])]
    ).run_id
    assert found(dagster)["failure assets by hand"].run_id == failed
    broken = False
    nightly = dg.Definitions(assets=[devices], jobs=[dg.define_asset_job("nightly")]).resolve_job_def("nightly")
    assert nightly.execute_in_process(instance=dagster).success
    assert found(dagster) == {}


def test_each_connection_fails_by_itself(dagster: dg.DagsterInstance) -> None:
    run(dagster, fabrics, fails=True, connection="main")
    run(dagster, fabrics, connection="another")
    assert set(found(dagster)) == {f"failure {FABRIC}/main"}


def save(run_id: str, at: datetime, *rows: Row, mode: str = "normal", guards: tuple[Guard, ...] = ()) -> str:
    plan = make(*rows, mode=mode)  # type: ignore[arg-type]
    open_ledger().save(plan, run_id, at)
    open_ledger().save_guards(plan.id, guards)
    return plan.id


CREATE, UPDATE = row("create", "a"), row("update", "b", "2", changes={"name": {"old": "b", "new": "c", "owner": "source"}})


def test_a_plan_waits_until_somebody_decides(dagster: dg.DagsterInstance) -> None:
    first = save("r1", NOW, CREATE, mode="review")
    cause = found(dagster)[f"waits {SYNC}"]
    assert cause == Cause("waits", SYNC, "1 create to be written, 0 held", first, "r1")
    second = save("r2", NOW, CREATE, UPDATE, mode="review")
    assert [each.plan_id for each in found(dagster).values()] == [second]
    open_ledger().approve(second, "anna", NOW)
    assert found(dagster) == {}


def test_what_a_guard_stops_is_told_as_that_and_its_run_is_no_failure_besides(dagster: dg.DagsterInstance) -> None:
    failed = run(dagster, fails=True)
    plan = save(failed, NOW, CREATE, guards=(Guard("retired", False, "9 of 10 would be retired"),))
    cause = Cause("guard", SYNC, "retired: 9 of 10 would be retired", plan, failed)
    assert found(dagster) == {f"guard {SYNC}": cause}
    open_ledger().reject(plan, "anna", NOW)
    assert found(dagster) == {}


def test_held_records_are_told_where_they_become_more(dagster: dg.DagsterInstance) -> None:
    held = [row("update", each, each, hold=f"{each} is also on another") for each in "abc"]
    save("r1", NOW - 3 * DAY, held[0])
    last = save("r2", NOW - HOUR, *held)
    why = "2 records that were not held a day ago, 3 in all; the first: b is also on another"
    assert found(dagster, growth=2) == {f"held {SYNC}": Cause("held", SYNC, why, last, "r2")}
    assert found(dagster, growth=3) == {}
    # A day later they were held a day ago.
    assert found(dagster, NOW + DAY, growth=2) == {}


def test_what_somebody_ignores_or_only_waits_for_a_grace_asks_nobody(dagster: dg.DagsterInstance) -> None:
    save(
        "r1",
        NOW,
        row("update", "a", "1", hold="ignored: decided by anna"),
        row("retire", "b", "2", hold="missing for 1 of 3 runs"),
        row("update", "c", "3", hold="c is also on another"),
        row("create", "d", hold="waits for approval by review rule 1"),
    )
    assert found(dagster, growth=1)[f"held {SYNC}"].why.startswith("1 records that were not held a day ago, 1 in all")


def test_a_sync_is_stale_that_has_not_succeeded_for_longer_than_its_freshness(dagster: dg.DagsterInstance) -> None:
    later = datetime.now(UTC) + timedelta(hours=25, minutes=1)
    assert found(dagster, later) == {}, "what never ran is not in use"
    run(dagster)
    assert found(dagster, later - timedelta(minutes=5)) == {}
    assert found(dagster, later)[f"stale {SYNC}"].why.endswith("and it is to succeed every 25 hours")


def test_connections_that_are_overdue_and_fabrics_that_drift(
    dagster: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HEDGEHOG_MAIN_SERVER", "HEDGEHOG_MAIN_TOKEN", "NETBOX_URL", "NETBOX_TOKEN"):
        monkeypatch.setenv(name, "https://nowhere.example")
    schedules = open_schedules()
    assert schedules.begin(FABRIC, "main", "r1", request=None, counted=True)
    schedules.succeeded("r1")
    assert found(dagster) == {}
    with database.engine().begin() as connection:
        connection.exec_driver_sql("UPDATE asset_sync.schedule SET last_success = last_success - interval '121 seconds'")
    for edited in (3, 0):
        metadata = {"drift/edited": edited, "drift/missing": 7}
        dagster.report_runless_asset_event(dg.AssetMaterialization([FABRIC, "plan"], partition="main", metadata=metadata))
        told = {key: each.why for key, each in found(dagster).items()}
        assert told.pop(f"stale {FABRIC}/main").endswith("it is to succeed every minute")
        drift = {f"drift {FABRIC}/main": "3 values were changed in the target since they were written"}
        assert told == (drift if edited else {})


@pytest.mark.parametrize(
    ("now", "since"),
    [
        (datetime(2026, 7, 1, 13, 59, tzinfo=UTC), datetime(2026, 6, 30, 20, tzinfo=UTC)),
        (datetime(2026, 7, 1, 14, 1, tzinfo=UTC), datetime(2026, 7, 1, 8, tzinfo=UTC)),
        (datetime(2026, 7, 2, 1, 0, tzinfo=UTC), datetime(2026, 7, 1, 14, tzinfo=UTC)),
    ],
)
def test_a_mirror_is_to_be_loaded_before_each_of_its_deadlines(now: datetime, since: datetime) -> None:
    mirror = SnipeitToPostgres.model_validate({"schedule": {"timezone": "UTC"}})
    assert mirror.fresh_since(now) == since
