"""Runs that the REST service starts: one at a time, in a thread, to be followed by their id."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Final

from asset_sync import database
from asset_sync.api.models import Run
from asset_sync.operations import plans
from asset_sync.operations.runs import RunReport, new_run_id
from asset_sync.reconcile.errors import AssetSyncError, PlanError

_REMEMBERED: Final = 1_000


def _check_ready(plan_id: str) -> None:
    why_not = plans.waits(plan_id)
    if why_not:
        raise PlanError(why_not)


class Background:
    """Carries runs out in the order in which they are started, and remembers how the last ones stand."""

    def __init__(self) -> None:
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="run")
        self._runs: dict[str, Run] = {}
        self._lock = Lock()

    def start(self, run_id: str, sync: str, work: Callable[[], RunReport]) -> Run:
        """Queue a run; `work` carries it out."""
        queued = self._note(Run(id=run_id, sync=sync, status="queued"))
        self._worker.submit(self._carry_out, queued, work)
        return queued

    def apply(self, plan_id: str) -> Run:
        """Queue a run that applies a plan. Raises PlanError where it waits for something."""
        _check_ready(plan_id)
        run_id = new_run_id()
        return self.start(run_id, plans.header(plan_id).sync, lambda: plans.apply_plan(plan_id, run_id=run_id))

    def undo(self, plan_id: str, by: str) -> Run:
        """Make the plan that takes one back, and queue a run that applies it. Raises PlanError where its guards stop it."""
        run_id = new_run_id()
        header = plans.save_undo(plans.make_undo(plan_id), run_id, by)
        _check_ready(header.id)
        return self.start(run_id, header.sync, lambda: plans.apply_plan(header.id, run_id=run_id))

    def find(self, run_id: str) -> Run | None:
        """Return a run that was started here; None where it was not, or too long ago."""
        with self._lock:
            return self._runs.get(run_id)

    def close(self) -> None:
        """Wait for the run that is under way; what is queued is given up."""
        self._worker.shutdown(cancel_futures=True)

    def _carry_out(self, run: Run, work: Callable[[], RunReport]) -> None:
        self._note(run.model_copy(update={"status": "running"}))
        try:
            self._note(Run.of(work()))
        except AssetSyncError as error:
            self._note(run.model_copy(update={"status": "failed", "reasons": [str(error)]}))
        except database.ERRORS as error:
            self._note(run.model_copy(update={"status": "failed", "reasons": [database.in_one_line(error)]}))
        except BaseException:
            self._note(run.model_copy(update={"status": "failed", "reasons": ["an error in asset_sync; see its log"]}))
            raise

    def _note(self, run: Run) -> Run:
        with self._lock:
            self._runs[run.id] = run
            while len(self._runs) > _REMEMBERED:
                del self._runs[next(iter(self._runs))]
        return run
