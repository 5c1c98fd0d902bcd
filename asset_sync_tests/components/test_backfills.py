"""Which runs of a backfill keep their order where Dagster lets them go side by side."""

import threading
from collections.abc import Iterator, Mapping

import dagster as dg
import pytest

from asset_sync.components.backfills import await_earlier
from asset_sync.components.leasing import leased_executor

BACKFILL, CONNECTIONS = {"dagster/backfill": "b1"}, {"asset_sync/connections": "true"}
STATUS = dg.DagsterRunStatus


@dg.op
def nothing() -> None:
    """Do nothing."""


@dg.job(executor_def=leased_executor)
def of_files() -> None:
    """Have one step."""
    nothing()


@pytest.fixture
def dagster(monkeypatch: pytest.MonkeyPatch, database_url: str) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("DATABASE_URL", database_url)
    with dg.instance_for_test() as instance:
        yield instance


def made(dagster: dg.DagsterInstance, status: STATUS, tags: Mapping[str, str] = BACKFILL) -> str:
    return dagster.create_run_for_job(of_files, status=status, tags=dict(tags)).run_id


class Patience:
    """Counts how often somebody waited; the run that is waited for is over after the second time."""

    def __init__(self, dagster: dg.DagsterInstance, waited_for: str) -> None:
        self.told: list[str] = []
        self.waited = 0
        self._dagster = dagster
        self._waited_for = waited_for

    def stopped(self, _seconds: float) -> bool:
        self.waited += 1
        run = self._dagster.get_run_by_id(self._waited_for)
        if self.waited == 2 and run is not None:
            self._dagster.report_run_failed(run)
        return self.waited > 5


def test_a_run_waits_for_the_earlier_ones_of_its_backfill_whatever_becomes_of_them(dagster: dg.DagsterInstance) -> None:
    made(dagster, STATUS.SUCCESS)
    first, second, third = (made(dagster, status) for status in (STATUS.STARTED, STATUS.STARTED, STATUS.STARTING))
    patience = Patience(dagster, first)
    await_earlier(dagster, second, tell=patience.told.append, stopped=patience.stopped)
    assert patience.waited == 2
    assert patience.told == [f"waits for run {first}: the runs of a backfill go in their order"]
    with pytest.raises(dg.DagsterExecutionInterruptedError):
        await_earlier(dagster, third, tell=patience.told.append, stopped=patience.stopped)
    assert patience.told[1:] == [f"waits for run {second}: the runs of a backfill go in their order"]


@pytest.mark.parametrize("tags", [{**BACKFILL, **CONNECTIONS}, {"dagster/backfill": "b2"}, {}])
def test_connections_other_backfills_and_single_runs_wait_for_nobody(
    dagster: dg.DagsterInstance, tags: Mapping[str, str]
) -> None:
    first = made(dagster, STATUS.STARTED, {**BACKFILL, **CONNECTIONS})
    patience = Patience(dagster, first)
    await_earlier(dagster, made(dagster, STATUS.STARTED, tags), tell=patience.told.append, stopped=patience.stopped)
    assert (patience.waited, patience.told) == (0, [])


def test_a_run_that_dagster_starts_does_so(dagster: dg.DagsterInstance) -> None:
    earlier = dagster.get_run_by_id(made(dagster, STATUS.STARTING))
    assert earlier is not None
    ending = threading.Timer(2, dagster.report_run_failed, [earlier])
    ending.start()
    with dg.execute_job(dg.reconstructable(of_files), dagster, tags=BACKFILL) as result:
        assert result.success
    said = [entry.user_message for entry in dagster.all_logs(result.run_id)]
    assert f"waits for run {earlier.run_id}: the runs of a backfill go in their order" in said
    ending.join()
