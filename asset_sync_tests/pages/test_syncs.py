"""The syncs page and the page of one sync, held against what the runs did; an undo from the list of runs."""

import dataclasses
from collections.abc import Callable

import pytest

from asset_sync.operations.pausing import pause, resume
from asset_sync.operations.runs import run_sync
from asset_sync.pages.charts import bars
from asset_sync.sandbox.world import World
from asset_sync_tests.cli.lab import SIZE, SYNC, assets
from asset_sync_tests.pages.lab import Visitor, ended

Visit = Callable[[str], Visitor]


def test_a_chart_has_a_bar_for_each_run_and_says_what_it_shows() -> None:
    chart = bars([10, 0, 40], "changes")
    assert [each.x for each in chart.bars] == [0, 8, 16]
    assert [each.height for each in chart.bars] == [8, 1, 32]
    assert chart.label == "changes of the last 3 runs: 40 at last, 40 at most"
    nothing = bars([], "rows of the source")
    assert (nothing.told, nothing.label) == ("no run has told yet", "rows of the source: no run has told yet")


@pytest.mark.slow
def test_how_a_sync_stands_is_read_and_a_run_taken_back_by_who_may(visit: Visit, world: World) -> None:
    sue, otto = visit("sue"), visit("otto")
    sue.open("syncs")
    assert f"{SYNC} Last run none yet Last success never Next run not by itself: it is switched off" in sue.words
    first = next(iter(world.company))
    run_sync(SYNC)
    world.company.apply(put=[dataclasses.replace(first, name="RENAMED-1")])
    renamed = run_sync(SYNC)
    assert renamed.plan is not None
    world.company.apply(put=[dataclasses.replace(first, name="RENAMED-2")])
    waits = run_sync(SYNC, "review").plan
    assert waits is not None

    sue.open("syncs")
    own = sue.words.split(f"{SYNC} Last run")[1].split("Last run")[0]
    for told in (
        "succeeded just now , mode review",
        "Last success fresh",
        f"pdq/devices: {SIZE} rows",
        "1 to update",
        f"Waits plan {waits.id}",
        f"rows of the source: {SIZE}",
        "changes: 1",
        "held: 0",
    ):
        assert told in own, told
    assert "of the last 3 runs" in sue.page
    assert "Paused" not in own
    pause(SYNC, "the racks are moved", "anna")
    sue.open("syncs")
    assert "Paused by anna, just now : the racks are moved" in sue.words
    pause(None, "the weekend", "bob")
    sue.open(f"syncs/{SYNC}")
    assert "Everything is paused by bob, just now : the weekend" in sue.words
    assert "Paused by anna" in sue.words
    assert not sue.offers("/undo")
    resume(SYNC)
    resume(None)

    otto.open(f"syncs/{SYNC}")
    assert not otto.offers(f"/plans/{waits.id}/undo")
    otto.send(f"/plans/{renamed.plan.id}/undo")
    ended(otto)
    assert "succeeded" in otto.words
    assert [row["name"] for row in assets(world).values() if row["serial"] == first.serial] == [first.name]
    otto.open(f"syncs/{SYNC}")
    assert "apply" in otto.words
    otto.open("syncs/nothing")
    assert (otto.status, "there is no sync" in otto.words) == (404, True)
