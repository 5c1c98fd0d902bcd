"""Match and plan, as pytest-benchmark times it, and beside diffsync.

pytest -o addopts="" asset_sync_tests/bench -m bench
"""

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from asset_sync_tests.bench import contest, worlds

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]


@pytest.mark.parametrize("rows", contest.SIZES)
def test_match_and_plan(benchmark: BenchmarkFixture, rows: int) -> None:
    world = worlds.world(rows)
    counts = benchmark.pedantic(contest.plan, args=(world,), rounds=contest.RUNS)  # type: ignore[no-untyped-call]
    assert counts == {"create": rows // 50, "update": rows // 20, "retire": rows // 50, "restore": 0}


def test_at_100_000_rows_it_is_many_times_faster_than_diffsync_with_less_than_half_its_memory() -> None:
    results = contest.contest(100_000)
    print(f"\n{contest.HEAD}\n{contest.line(100_000, results)}")
    ours, theirs = results["asset_sync"], results["diffsync"]
    assert theirs["seconds"] >= 50 * ours["seconds"]
    assert ours["mib"] <= theirs["mib"] / 2
