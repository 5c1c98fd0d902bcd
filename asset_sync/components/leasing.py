"""How every run is carried out: under a lease that says by whom, what dead ones hold being freed, waiting in peace.

Dagster asks for a pool's slot without a pause, using a whole core, and hears no signal meanwhile (1.13). It tells that a step
is blocked before it goes on asking: the wait is spent there.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, Final

import dagster as dg

from asset_sync import database
from asset_sync.components.abandoned import BEAT_S, end_abandoned, in_the_way
from asset_sync.components.backfills import await_earlier
from asset_sync.components.failures import told_in_one_line
from asset_sync.components.patience import ASKED_EVERY_S, wait_while
from asset_sync.components.processes import this_process
from asset_sync.components.resources import open_leases
from asset_sync.components.turns import RequestLapsed, Turn, in_turn, turn_of
from asset_sync.ledger import SharedBudgets
from asset_sync.systems.http import sharing

_log: Final = logging.getLogger(__name__)


@contextmanager
def leased(dagster: dg.DagsterInstance, run_id: str) -> Iterator[list[str]]:
    """Hold the lease of a run while it is carried out; its requests keep to the budgets that all runs share.

    Yields the runs that nobody carried out any more, ended just now.
    """
    leases, me, over = open_leases(), this_process(), threading.Event()

    def beat() -> None:
        while not over.wait(BEAT_S):
            try:
                leases.beat(run_id, me)
            except database.ERRORS as error:
                # The run itself meets the same database; whether it can go on is its own to say.
                _log.warning("the lease of run %s is not told of: %s", run_id, database.in_one_line(error))

    leases.beat(run_id, me)
    beating = threading.Thread(target=beat, daemon=True, name=f"lease of {run_id}")
    beating.start()
    try:
        with SharedBudgets(database.engine(), f"run {run_id}") as budgets, sharing(budgets):
            yield end_abandoned(dagster)
    finally:
        over.set()
        beating.join()
        # A run that a person stopped has not freed them itself.
        dagster.event_log_storage.free_concurrency_slots_for_run(run_id)
        leases.give_back(run_id)


def heed(
    event: dg.DagsterEvent,
    dagster: dg.DagsterInstance,
    run_id: str,
    *,
    tell: Callable[[str], None],
    stopped: Callable[[float], bool],
) -> None:
    """Wait where an event of a run says that a step is blocked; `tell` hears for whom, once each.

    `stopped` waits so many seconds and tells whether a person asked the run to stop. Where that is so while a step is blocked,
    or where one is to be tried again, which Dagster does with an extract that was stopped, too: raises
    `DagsterExecutionInterruptedError`.
    """
    if event.event_type_value == "STEP_UP_FOR_RETRY" and stopped(ASKED_EVERY_S):
        raise dg.DagsterExecutionInterruptedError
    pool, between = _pool_of(event), partial(end_abandoned, dagster)
    if pool and wait_while(lambda: in_the_way(dagster, pool, run_id), tell=tell, stopped=stopped, between=between):
        # Dagster asks again a second after it found the slot taken.
        time.sleep(ASKED_EVERY_S)


def _pool_of(event: dg.DagsterEvent) -> str | None:
    """Return the pool by which an event says that a step is blocked; None where it says something else."""
    if not event.is_engine_event or not event.step_key:
        return None
    pool = event.engine_event_data.metadata.get("pool")
    return None if pool is None else str(pool.value)


class _LeasedExecutor(dg.Executor):
    """Carries out the runs that Dagster starts: as its in-process executor does, under a lease."""

    def __init__(self, inner: dg.Executor) -> None:
        self._inner = inner

    @property
    def retries(self) -> Any:
        """Dagster's own setting of whether steps are tried again."""
        return self._inner.retries

    def execute(self, plan_context: Any, execution_plan: Any) -> Iterator[dg.DagsterEvent]:
        """Carry out the steps of a run; the parameters are Dagster's."""
        dagster, run_id = plan_context.instance, plan_context.run_id
        with ExitStack() as held:
            with told_in_one_line():
                ended = held.enter_context(leased(dagster, run_id))
            tell, stopped = plan_context.log.info, _canceling(dagster, run_id)
            for other in ended:
                tell(f"run {other} was ended: nobody carried it out any more")
            await_earlier(dagster, run_id, tell=tell, stopped=stopped)
            try:
                ending = held.enter_context(in_turn(_turn(dagster, run_id), run_id, tell=tell, stopped=stopped))
            except RequestLapsed as lapsed:
                tell(f"it is not carried out: {lapsed}")
                # Dagster takes what is interrupted for a failure unless somebody asked for its end.
                dagster.report_run_canceling(dagster.get_run_by_id(run_id))
                raise dg.DagsterExecutionInterruptedError from None
            for event in self._inner.execute(plan_context, execution_plan):
                yield event
                ending.hear(event)
                heed(event, dagster, run_id, tell=tell, stopped=stopped)


def _turn(dagster: dg.DagsterInstance, run_id: str) -> Turn | None:
    run = dagster.get_run_by_id(run_id)
    return turn_of(dagster, run) if run is not None else None


def _canceling(dagster: dg.DagsterInstance, run_id: str) -> Callable[[float], bool]:
    def stopped(seconds: float) -> bool:
        time.sleep(seconds)
        run = dagster.get_run_by_id(run_id)
        return run is not None and run.status in {dg.DagsterRunStatus.CANCELING, dg.DagsterRunStatus.CANCELED}

    return stopped


def _leased(context: dg.InitExecutorContext) -> dg.Executor:
    made = dg.in_process_executor.executor_creation_fn
    if made is None:
        raise NotImplementedError("Dagster's in-process executor cannot be made")
    return _LeasedExecutor(made(context))


leased_executor: Final = dg.ExecutorDefinition(
    name="in_process",
    config_schema=dg.in_process_executor.config_schema.as_field(),
    executor_creation_fn=_leased,
    description="Carries out a run's steps in one process, under a lease.",
)


@dg.sensor(
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=60,
    description="Ends runs whose process was killed, so that what waits in Dagster's queue for them goes on.",
)
def abandoned_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """End the runs that nobody carries out any more: those in the queue cannot, for they have not begun."""
    with told_in_one_line():
        ended = end_abandoned(context.instance)
    return dg.SkipReason(f"ended {', '.join(ended)}" if ended else "every run under way is carried out")
