"""What counts of the runs of a connection that Dagster remembers, and from when on a job is free again."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from asset_sync.components import history
from asset_sync.components.history import Past, free_at, last_mode, past_runs

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
THREE_HOURS = timedelta(hours=3)


def minutes(count: float) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=count)


def ran(began: float, *, ok: bool, took: float = 2) -> Past:
    return Past(minutes(began), minutes(began + took), ok)


@pytest.mark.parametrize("past", [[Past(NOON, None, False)], [Past(NOON, None, False), ran(-500, ok=True)]])
def test_a_run_that_is_queued_or_under_way_is_waited_for(past: list[Past]) -> None:
    assert free_at(past, THREE_HOURS) is None


@pytest.mark.parametrize(("failures", "wait"), [(1, 5), (2, 10), (3, 20), (4, 40), (5, 80), (6, 160), (7, 180), (10, 180)])
def test_after_failures_it_waits_twice_as_long_each_time_and_never_longer_than_the_most(failures: int, wait: int) -> None:
    past = [ran(-10 * number, ok=False) for number in range(failures)] + [ran(-1000, ok=True)]
    assert free_at(past, THREE_HOURS) == minutes(2 + wait)


def test_a_success_ends_the_row_of_failures() -> None:
    past = [ran(0, ok=False), ran(-10, ok=True), ran(-20, ok=False), ran(-30, ok=False)]
    assert free_at(past, THREE_HOURS) == minutes(2 + 5)


def test_a_job_that_is_run_when_there_is_something_to_do_is_free_after_a_success() -> None:
    free = free_at([ran(0, ok=True)], THREE_HOURS)
    assert free is not None
    assert free < NOON


def test_a_canceled_run_is_neither_success_nor_failure() -> None:
    canceled = Past(minutes(0), minutes(1), None)
    assert free_at([canceled, ran(-10, ok=True)], THREE_HOURS) == free_at([], THREE_HOURS)
    assert free_at([canceled, ran(-10, ok=False), ran(-20, ok=False)], THREE_HOURS) == minutes(-8 + 10)
    assert free_at([canceled], THREE_HOURS) == free_at([], THREE_HOURS)
    assert free_at([canceled, ran(-10, ok=False)], THREE_HOURS) == minutes(-8 + 5)


# What counts of the runs that a real instance remembers.

SYNC = "export"
MAIN = "main"
ONE_CONNECTION = dg.StaticPartitionsDefinition([MAIN, "branch"])


class PlanConfig(dg.Config):
    mode: str = "normal"
    fails: bool = False


@dg.asset(key=[SYNC, "inventory"], partitions_def=ONE_CONNECTION)
def inventory() -> None: ...


@dg.asset(key=[SYNC, "plan"], deps=[inventory], partitions_def=ONE_CONNECTION)
def plan(config: PlanConfig) -> None:
    if config.fails:
        raise dg.Failure("as told")


@dg.asset(key=[SYNC, "applied"], deps=[plan], partitions_def=ONE_CONNECTION)
def applied() -> None: ...


DEFINITIONS = dg.Definitions(assets=[inventory, plan, applied], jobs=[dg.define_asset_job(SYNC, [inventory, plan, applied])])
JOB = DEFINITIONS.resolve_job_def(SYNC)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as made:
        yield made


def run(
    instance: dg.DagsterInstance, *steps: str, mode: str | None = "normal", fails: bool = False, connection: str = MAIN
) -> str:
    """Run the job, or some of its steps; return the run's id."""
    config = {"fails": fails} if mode is None else {"mode": mode, "fails": fails}
    result = JOB.execute_in_process(
        instance=instance,
        partition_key=connection,
        run_config={"ops": {f"{SYNC}__plan": {"config": config}}} if "plan" in (steps or ["plan"]) else {},
        asset_selection=[dg.AssetKey([SYNC, step]) for step in steps] or None,
        raise_on_error=False,
    )
    return result.run_id


def under_way(instance: dg.DagsterInstance, mode: str = "normal") -> dg.DagsterRun:
    """Have a run that is not yet begun."""
    config = {"ops": {f"{SYNC}__plan": {"config": {"mode": mode}}}}
    return instance.create_run_for_job(JOB, run_config=config, tags={"dagster/partition": MAIN})


def succeeded(instance: dg.DagsterInstance) -> list[bool | None]:
    return [past.succeeded for past in past_runs(instance, SYNC, MAIN)]


@pytest.mark.parametrize("mode", ["normal", "full", None])
def test_whole_runs_that_write_count(instance: dg.DagsterInstance, mode: str | None) -> None:
    run(instance, mode=mode)
    assert succeeded(instance) == [True]
    run(instance, mode=mode, fails=True)
    assert succeeded(instance) == [False, True]
    assert past_runs(instance, SYNC, "branch") == []


@pytest.mark.parametrize("mode", ["dry_run", "review"])
@pytest.mark.parametrize("fails", [True, False])
def test_a_look_at_what_would_be_done_does_not_count(instance: dg.DagsterInstance, mode: str, *, fails: bool) -> None:
    run(instance, fails=True)
    run(instance, mode=mode, fails=fails)
    assert succeeded(instance) == [False]


@pytest.mark.parametrize("steps", [("applied",), ("plan", "applied"), ("inventory", "plan"), ("inventory",)])
def test_a_run_of_some_steps_does_not_count(instance: dg.DagsterInstance, steps: tuple[str, ...]) -> None:
    run(instance, *steps)
    assert succeeded(instance) == []
    assert last_mode(instance, SYNC, MAIN) == "normal"


def test_a_run_for_which_all_steps_were_selected_counts(instance: dg.DagsterInstance) -> None:
    run(instance, "inventory", "plan", "applied", mode="full")
    assert succeeded(instance) == [True]
    assert last_mode(instance, SYNC, MAIN) == "full"


@pytest.mark.parametrize("mode", ["normal", "dry_run", "review"])
def test_a_run_of_any_sort_under_way_is_waited_for(instance: dg.DagsterInstance, mode: str) -> None:
    under_way(instance, mode)
    run(instance)
    assert free_at(past_runs(instance, SYNC, MAIN), THREE_HOURS) is None


def test_a_canceled_run_changes_what_is_seen_and_not_from_when_on_it_is_free(instance: dg.DagsterInstance) -> None:
    run(instance)
    before = past_runs(instance, SYNC, MAIN)
    instance.report_run_canceled(under_way(instance))
    after = past_runs(instance, SYNC, MAIN)
    assert [past.succeeded for past in after] == [None, True]
    assert free_at(after, THREE_HOURS) == free_at(before, THREE_HOURS)


@pytest.mark.slow
def test_it_looks_beyond_many_runs_that_do_not_count(instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "_PAGE", 2)
    run(instance)
    for _ in range(5):
        instance.report_run_failed(under_way(instance, "dry_run"))
    assert succeeded(instance) == [True]


def test_the_last_mode_is_that_of_the_last_whole_run_but_for_dry_runs_and_rebases(instance: dg.DagsterInstance) -> None:
    assert last_mode(instance, SYNC, MAIN) == "normal"
    run(instance, mode="full")
    run(instance, mode="review")
    run(instance, mode="dry_run")
    run(instance, mode="rebase")
    run(instance, "plan", mode="normal")
    run(instance, mode="normal", connection="branch")
    assert last_mode(instance, SYNC, MAIN) == "review"
    assert last_mode(instance, SYNC, "branch") == "normal"
