"""The requests of all runs on an account of a system keep to one budget, and a run says for whom it waited."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from asset_sync import database
from asset_sync.components.leasing import leased
from asset_sync.ledger import SharedBudgets
from asset_sync.systems.http import sharing
from asset_sync.systems.netbox import NetBox
from asset_sync_tests.pipeline import SYNC, Pipeline

PER_MINUTE = 1200


@contextmanager
def another_run() -> Iterator[None]:
    """Have another run ask the same NetBox, again and again, meanwhile."""
    over = threading.Event()

    def ask() -> None:
        with SharedBudgets(database.engine(), "run other") as budgets, sharing(budgets), NetBox().client() as client:
            while not over.is_set():
                client.status()

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield
    finally:
        over.set()
        asking.join()


@pytest.mark.slow
def test_two_runs_keep_to_one_budget(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETBOX_REQUESTS_PER_MINUTE", str(PER_MINUTE))
    counts = pipeline.world.netbox.requests
    before = counts.reads + counts.writes
    began = time.monotonic()
    with another_run(), leased(pipeline.instance, "mine"):
        run = pipeline.run()
    seconds = time.monotonic() - began

    assert run.success
    assert seconds >= (counts.reads + counts.writes - before - 1) * 60 / PER_MINUTE
    for asset in ("netbox/inventory", f"{SYNC}/applied"):
        metadata = run.metadata(asset)
        assert str(metadata["waited_for"]).startswith("run other (")
        assert metadata["throttle_wait/netbox"] > 0


def test_a_budget_that_is_no_number_is_told_in_one_line(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETBOX_REQUESTS_AT_ONCE", "many")
    (error, *_) = pipeline.run().errors()
    assert error == "NETBOX_REQUESTS_AT_ONCE is 'many': it takes a whole number from 1, or is left out"
