"""The crew: a few workers who take batches, and what is kept of how they end."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from math import ceil
from threading import Event

from asset_sync.reconcile.apply.operations import Operation
from asset_sync.reconcile.errors import TargetError
from asset_sync.reconcile.target import Outcome

Act = Callable[[Sequence[Operation]], Iterator[Outcome]]
"""Carries a batch out, and tells of each operation as it ends."""
_Ended = tuple[list[Outcome], TargetError | None]


class Crew:
    """The `workers` of one apply. `outcomes` are kept by row number, and told to `record` by the thread that asks for work.

    `completed` makes of an outcome the one that is kept.
    """

    def __init__(
        self,
        workers: int,
        outcomes: dict[int, Outcome],
        record: Callable[[Sequence[Outcome]], None],
        completed: Callable[[Outcome], Outcome],
    ) -> None:
        self.outcomes = outcomes
        self.workers = workers
        self._record = record
        self._completed = completed
        self._broken = Event()

    def work(self, act: Act, batches: Iterable[Sequence[Operation]], workers: int | None = None) -> None:
        """Have the batches carried out, and wait for their end.

        After an error no further batch is begun; what is under way is kept, and then the error is raised.
        """
        with ThreadPoolExecutor(workers or self.workers, thread_name_prefix="apply") as pool:
            running = [pool.submit(self._carry_out, act, batch) for batch in batches]
            try:
                self._collect(running)
            except BaseException:
                # Whoever cannot keep what ended must not have more sent.
                self._broken.set()
                raise

    def keep(self, ended: Sequence[Outcome]) -> None:
        """Record outcomes."""
        if ended:
            kept = [self._completed(outcome) for outcome in ended]
            self._record(kept)
            self.outcomes.update({outcome.seq: outcome for outcome in kept})

    def _collect(self, running: Sequence[Future[_Ended]]) -> None:
        broken: BaseException | None = None
        for future in as_completed(running):
            error = future.exception()
            if error is None:
                ended, error = future.result()
                self.keep(ended)
            broken = broken or error
        if broken:
            raise broken

    def _carry_out(self, act: Act, batch: Sequence[Operation]) -> _Ended:
        """Return what ended of a batch, and the error that broke it off: what was stored before that is not forgotten."""
        ended: list[Outcome] = []
        if self._broken.is_set():
            return ended, None
        try:
            ended.extend(act(batch))
        except TargetError as error:
            self._broken.set()
            return ended, error
        except BaseException:
            self._broken.set()
            raise
        return ended, None


def in_even_batches(operations: Sequence[Operation], size: int, workers: int) -> list[Sequence[Operation]]:
    """Return the operations in batches of at most that size, in their order.

    Where a last one would be left to a single worker while the others have nothing to do, all are smaller: the fifth batch of
    100 takes one of four workers as long as all of them took for the four before.
    """
    batches = ceil(len(operations) / size)
    if batches <= workers or batches % workers != 1:
        return in_batches(operations, size)
    return in_batches(operations, ceil(len(operations) / (ceil(batches / workers) * workers)))


def in_batches(operations: Sequence[Operation], size: int) -> list[Sequence[Operation]]:
    """Return the operations in batches of at most that size, in their order."""
    return [operations[at : at + size] for at in range(0, len(operations), size)]
