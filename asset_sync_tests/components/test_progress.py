"""How far long work is: told every few seconds, in words and numbers, and to Dagster and a terminal while a run goes on."""

from collections.abc import Callable
from typing import Any

import pytest

from asset_sync.components import progress
from asset_sync.components.progress import EVERY_S, StepProgress
from asset_sync_tests.pipeline import SYNC, Pipeline


class Watched:
    """A step whose clock stands until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.progress = StepProgress(lambda *news: self.told.append(news), clock=lambda: self.now)

    def after(self, seconds: float, count: Callable[[int], None], more: int) -> None:
        """Count what is done after so many seconds."""
        self.now += seconds
        count(more)


def test_what_is_soon_over_is_not_told() -> None:
    step = Watched()
    count = step.progress.counting("writes", 100)
    for _ in range(4):
        step.after(1, count, 25)
    assert step.told == []


def test_it_is_told_every_few_seconds_how_far_it_is_how_fast_and_how_long_it_takes() -> None:
    step = Watched()
    count = step.progress.counting("writes", 20_000)
    for _ in range(int(EVERY_S) * 2):
        step.after(1, count, 100)
    assert [words for words, _ in step.told] == [
        "500 of 20,000 writes, 100 a second, 3 min left",
        "1,000 of 20,000 writes, 100 a second, 3 min left",
    ]
    assert step.told[-1][1] == {
        "progress/done": 1000,
        "progress/total": 20_000,
        "progress/per_second": 100.0,
        "progress/seconds_left": 190,
    }


@pytest.mark.parametrize(
    ("done", "total", "words"),
    [
        (10, None, "10 rows, 2 a second"),
        (10, 10, "10 of 10 rows, 2 a second"),
        (12, 10, "12 of 10 rows, 2 a second"),
        (10, 100, "10 of 100 rows, 2 a second, 45 s left"),
        (10, 36_010, "10 of 36,010 rows, 2 a second, 5 h 0 min left"),
        (0, 10, "0 of 10 rows, 0 a second"),
    ],
)
def test_the_words(done: int, total: int | None, words: str) -> None:
    step = Watched()
    step.after(EVERY_S, step.progress.counting("rows", total), done)
    assert step.told[0][0] == words


def test_the_works_of_a_step_together_are_told_no_oftener() -> None:
    step = Watched()
    counts = [step.progress.counting(what, 100) for what in ("devices", "sites")]
    for _ in range(int(EVERY_S) * 2):
        for count in counts:
            step.after(0.5, count, 1)
    assert len(step.told) == 2


def test_a_run_tells_while_it_reads_and_writes(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "EVERY_S", 0.0)
    run = pipeline.run()
    events = [event for event in run.result.all_events if event.event_type_value == "ASSET_OBSERVATION"]
    observed = [event.asset_observation_data.asset_observation for event in events]
    told = {(one.asset_key.to_user_string(), str(one.description).partition(",")[0]) for one in observed}
    writes, devices = sum(run.planned.values()), run.metadata("pdq/devices")["dagster/row_count"]
    # This PDQ does not say how many there are.
    assert {("pdq/devices", f"{devices} devices"), (f"{SYNC}/applied", f"{writes} of {writes} writes")} <= told
