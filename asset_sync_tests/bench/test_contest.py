"""What the benchmark compares does the same work: so it is also known at once where one of them runs no more."""

import pytest

from asset_sync_tests.bench import worlds


def test_both_find_the_same_differences() -> None:
    contest = pytest.importorskip("asset_sync_tests.bench.contest", reason="uv sync --group bench", exc_type=ImportError)
    world = worlds.world(2_000)
    ours, theirs = contest.plan(world), contest.diff(world)
    assert (ours["create"], ours["update"], ours["retire"]) == (theirs["create"], theirs["update"], theirs["delete"])
