"""What a path depends on that starts runs: the worker that carries them out where no daemon does, and how they stand."""

from typing import Annotated

from fastapi import Depends, HTTPException, Request

from asset_sync.api.models import Run
from asset_sync.operations.asking import Worker
from asset_sync.operations.run_history import find_run


class Started:
    """Runs that were just asked for."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def wake(self) -> None:
        """Have what was asked for begun here where no daemon begins it."""
        self._worker.wake()

    def started(self, run_id: str) -> Run:
        """Return a run that was asked for as it stands, having it begun as `wake` does."""
        self.wake()
        found = find_run(run_id)
        if found is None:
            raise HTTPException(503, f"run {run_id} was asked for, and is not known any more")
        return Run.of(found)


def _started(request: Request) -> Started:
    return Started(request.app.state.worker)


Runs = Annotated[Started, Depends(_started)]
