"""Two processes that apply at the same time take turns, and the second one does nothing again."""

import dataclasses
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from threading import Event
from typing import Any

import pytest
from sqlalchemy import create_engine

from asset_sync import database
from asset_sync.ledger import Ledger
from asset_sync_tests.ledger.test_turns import held, wait_for_a_waiter
from asset_sync_tests.pipeline import SYNC, Pipeline


class Slow:
    """Applies a plan as ever, but the first one only once it may."""

    def __init__(self, apply: Any) -> None:
        self._apply = apply
        self.told: list[str] = []
        self.began, self.may_go_on = Event(), Event()

    def __call__(self, plan: Any, *args: Any, **more: Any) -> Any:
        """Take the place of `apply`."""
        self.told.append(f"begins {plan.id}")
        if not self.began.is_set():
            self.began.set()
            assert self.may_go_on.wait(30)
        outcomes = self._apply(plan, *args, **more)
        self.told.append(f"ends {plan.id}")
        return outcomes


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    applying = import_module("asset_sync.components.applying")
    made = Slow(applying.apply)
    monkeypatch.setattr(applying, "apply", made)
    yield made
    made.may_go_on.set()


def apply_both(pipeline: Pipeline, slow: Slow, first: str, second: str) -> tuple[Any, Any]:
    """Apply two plans, the second one while the first is under way."""
    engine = create_engine(database.database_url())
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(pipeline.apply, first)
        assert slow.began.wait(30)
        other = pool.submit(pipeline.apply, second)
        try:
            wait_for_a_waiter(engine)
        finally:
            slow.may_go_on.set()
            engine.dispose()
        return one.result(60), other.result(60)


def test_the_same_plan_is_applied_once(pipeline: Pipeline, slow: Slow) -> None:
    plan = _approved(pipeline)
    one, other = apply_both(pipeline, slow, plan, plan)
    assert (one.success, other.success) == (True, True)
    assert slow.told == [f"begins {plan}", f"ends {plan}"] * 2
    assert one.metadata(f"{SYNC}/applied")["requests/write"] > 0
    assert other.metadata(f"{SYNC}/applied")["requests/write"] == 0


@pytest.mark.slow
def test_a_plan_that_became_stale_while_it_waited_is_refused(pipeline: Pipeline) -> None:
    plan = _approved(pipeline)
    another = create_engine(database.database_url())
    with ThreadPoolExecutor(1) as pool, held(Ledger(another)) as end:
        waiting = pool.submit(pipeline.apply, plan)
        wait_for_a_waiter(another)
        _rename(pipeline)
        assert pipeline.run("review").plan_id != plan
        end()
        run = waiting.result(60)
    another.dispose()
    assert not run.success
    assert "is stale" in run.errors()[0]
    assert pipeline.assets() == {}


@pytest.mark.slow
def test_what_another_run_wrote_meanwhile_is_no_backup_and_no_deletion(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline.run()
    _rename(pipeline)
    staircase = import_module("asset_sync.components.staircase")
    recover = staircase.recover

    def another_run_first(*args: Any) -> Any:
        monkeypatch.setattr(staircase, "recover", recover)
        assert pipeline.run().success
        return recover(*args)

    monkeypatch.setattr(staircase, "recover", another_run_first)
    run = pipeline.run()
    assert not run.success
    assert "another run wrote to the target" in run.errors()[0]
    assert run.errors()[0].endswith("run it again")
    after = pipeline.run()
    assert after.success
    assert not any(after.planned.values())


def _approved(pipeline: Pipeline) -> str:
    """Make a plan that may be applied."""
    plan = pipeline.run("review").plan_id
    pipeline.ledger.approve(plan, "pat", pipeline.ledger.header(plan).created_at)
    return plan


def _rename(pipeline: Pipeline) -> None:
    machine = next(iter(pipeline.world.company))
    pipeline.world.company.apply(put=[dataclasses.replace(machine, name="Renamed")])
