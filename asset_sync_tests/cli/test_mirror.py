"""`asset-sync run` of a mirror: what was loaded, and why not, in words."""

import pytest
from click.testing import CliRunner, Result

from asset_sync.cli.demo_mirror import MIRROR, mirrored
from asset_sync.cli.main import main
from asset_sync.operations.runs import run_sync
from asset_sync.sandbox.world import World
from asset_sync.systems.snipeit import TABLES


def ask(*args: str) -> Result:
    return CliRunner().invoke(main, args)


@pytest.mark.slow
def test_a_load_tells_its_rows_by_table_and_its_requests(world: World) -> None:
    first = ask("run", MIRROR)
    assert first.exit_code == 0, first.stderr
    heading, *rows, told = first.stdout.splitlines()
    assert heading.split() == ["table", "read", "inserted", "updated", "deleted"]
    by_table = {row.split()[0]: [int(count) for count in row.split()[1:]] for row in rows}
    assert by_table.keys() == TABLES.keys()
    assert by_table["hardware"] == [30, 30, 0, 0]
    read = sum(counts[0] for counts in by_table.values())
    assert told.startswith(f"Loaded: {read} rows read, {read} inserted, 0 updated, 0 deleted; ")
    assert " requests; " in told
    world.day()
    again = ask("run", MIRROR, "--mode", "full")
    assert again.exit_code == 0
    assert "0 updated" not in again.stdout.splitlines()[-1]


def test_a_load_that_fails_tells_in_a_line_what_to_do(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNIPEIT_TOKEN", "not-the-right-one")
    failed = ask("run", MIRROR)
    assert (failed.exit_code, failed.stdout) == (1, "")
    said, log = [line for line in failed.stderr.splitlines() if line.startswith("asset-sync: ")]
    assert "SNIPEIT_TOKEN is not accepted: make a new API key in Snipe-IT" in said
    assert "its log: " in log
    assert "not-the-right-one" not in failed.output
    assert "Traceback" not in failed.stderr


@pytest.mark.slow  # what may pass by itself is tried again after some seconds
@pytest.mark.usefixtures("world")
def test_a_database_that_does_not_answer_is_told_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://pat:hunter2@127.0.0.1:9/db")
    failed = ask("run", MIRROR)
    assert failed.exit_code == 1
    assert any(line.startswith("asset-sync: ") and "database" in line for line in failed.stderr.splitlines())
    assert "hunter2" not in failed.output
    assert "Traceback" not in failed.stderr


@pytest.mark.slow
def test_converged_means_that_all_of_it_read_again_is_what_is_mirrored(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    report = run_sync(MIRROR)
    assert report.converged
    assert mirrored(report).converged
    world.snipeit.update("suppliers", 1, name="Renamed behind the load")
    told = mirrored(report)
    assert not told.converged
    assert told.problems() == ["it did not converge: suppliers lacks 0 rows, 1 are old, 0 are gone"]
    monkeypatch.setenv("SNIPEIT_TOKEN", "not-the-right-one")
    assert not mirrored(run_sync(MIRROR)).converged
