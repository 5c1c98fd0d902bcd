"""The contestants of the benchmark `beside`, without a server's times: do they come to the same, and by how many requests?"""

import subprocess
import sys

import pytest

pytest.importorskip("diffsync", reason="the benchmarks' libraries are not installed: uv sync --group bench")

from asset_sync_tests.bench.beside.race import (
    FIRST,
    OURS,
    UNCHANGED,
    RaceError,
    Times,
    Took,
    check_alike,
    into_netbox,
    served,
)

ONE_CALL = "a call an object"
# With fewer, the three kinds of objects are three requests for too few of them.
ASSETS = 200


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_all_end_alike_and_asset_sync_needs_the_fewest_requests() -> None:
    took: list[Took] = []
    into_netbox(ASSETS, Times(0, 0), took.append)
    runs = {(each.contestant, each.run): each for each in took}
    ours, alone = runs[OURS, FIRST], runs[ONE_CALL, FIRST]
    assert ours.writes * 50 <= alone.writes
    ours, alone = runs[OURS, UNCHANGED], runs[ONE_CALL, UNCHANGED]
    assert ours.writes == 0
    assert ours.reads * 20 <= alone.reads


@pytest.mark.slow
def test_who_leaves_a_machine_behind_is_found() -> None:
    with served(30, Times(0, 0)) as estate:
        state = estate.get("state")
    with pytest.raises(RaceError, match="30 machines are not in NetBox"):
        check_alike("nobody", state, state)


def test_who_ends_otherwise_is_found() -> None:
    first = {"behind": 0, "held": {"dcim/manufacturers": ['{"name": "Dell"}']}}
    check_alike("another", first, first)
    with pytest.raises(RaceError, match=r"another: NetBox does not hold what the first .* in dcim/manufacturers: .*DELL"):
        check_alike("another", {"behind": 0, "held": {"dcim/manufacturers": ['{"name": "DELL"}']}}, first)


@pytest.mark.slow
def test_the_command_says_in_a_line_what_it_does_not_take() -> None:
    command = [sys.executable, "-m", "asset_sync_tests.bench.beside", "--assets", "5"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith("'5' is no number from 10 to 1000000")
