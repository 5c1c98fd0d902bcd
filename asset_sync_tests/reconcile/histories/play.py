"""Playing a history: its days, and then rest, until nothing is left to do."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from asset_sync.reconcile import plan as p
from asset_sync_tests.reconcile.histories.lab import HistoryLab
from asset_sync_tests.reconcile.histories.record import HistoryFault, Run
from asset_sync_tests.reconcile.histories.script import Day, History
from asset_sync_tests.reconcile.histories.settled import Settled

RUNS_OF_GRACE = 2
RUNS_TO_REST = 2


@dataclass(frozen=True)
class Played:
    """What came of a history: how many machines the source has, of how many anything is held, why, and what really happened."""

    records: int
    held: int
    reasons: tuple[str, ...]
    seen: Counter[str]


def play(history: History) -> Played:
    """Play a history to its end. Raises `HistoryFault` for what must not happen."""
    return lived(HistoryLab(history), history)


def lived(lab: HistoryLab, history: History) -> Played:
    """Let a history pass in a lab, come to rest, and judge what there is then."""
    for day in history.days:
        lab.live(day)
    settled = Settled(lab.oracle, _at_rest(lab))
    settled.judge()
    held = settled.held_records()
    reasons = tuple(f"{row['kind']}: {row['hold']}" for row in settled.run.holds() if row["source_key"] in held)
    return Played(len(settled.run.wanted["asset"]), len(held), reasons, lab.seen)


def _at_rest(lab: HistoryLab) -> Run:
    """Run on without any event until what left the source has had its time, and two runs more; return the next plan."""
    quiet = Day(tuple(() for _ in lab.companies))
    lab.happen(quiet, meanwhile=False)
    for _ in range(RUNS_OF_GRACE + RUNS_TO_REST):
        run = lab.planned()
        if not any(_has_work(run)):
            return run
        lab.sync(quiet)
    run = lab.planned()
    left = [f"{row['op']} {row['kind']} {row['source_key']} {row['changes']}" for row in _has_work(run)]
    if left:
        raise HistoryFault(f"it does not come to rest: {'; '.join(left)}")
    return run


def _has_work(run: Run) -> Iterator[dict[str, str]]:
    """Yield the operations that are to be carried out or remembered, and those that only wait for their time."""
    for row in p.records(run.plan.operations):
        if row["hold"] is None or (row["op"] == p.RETIRE and row["hold"].startswith("missing ")):
            yield row
