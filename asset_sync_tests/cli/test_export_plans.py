"""A plan that was made from a file is reviewed, applied and taken back on the command line as any other."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from asset_sync.cli.main import main
from asset_sync.operations.exports import take_exports
from asset_sync.operations.runs import run_sync
from asset_sync.sandbox.exports import write_export
from asset_sync.sandbox.world import World
from asset_sync_tests.cli.lab import SIZE, assets

EXPORTS = "pdq_exports"


def ask(*args: str, status: int = 0) -> Result:
    result = CliRunner().invoke(main, args)
    assert result.exit_code == status, result.output
    return result


def drop(world: World, home: Path, count: int) -> str:
    folder = home / "exports"
    folder.mkdir(exist_ok=True)
    write_export(world.company, folder / "devices.csv", machines=list(world.company)[:count])
    (key,) = take_exports(EXPORTS)
    return key


@pytest.mark.slow
def test_review_approve_apply_and_undo(world: World, home: Path) -> None:
    key = drop(world, home, SIZE)
    assert run_sync(EXPORTS, "review", partition=key).succeeded
    assert not assets(world)
    plan = json.loads(ask("plans", "--json", "--limit", "1").stdout)[0]["id"]
    ask("approve", plan)
    ask("apply", plan)
    assert len(assets(world)) == SIZE
    assert take_exports(EXPORTS) == []
    ask("undo", plan, "--approve")
    assert {asset["status"] for asset in assets(world).values()} == {"retired"}
    assert f"Nothing that {EXPORTS} knows is missing" in ask("missing", EXPORTS).stdout


@pytest.mark.slow
def test_without_a_daemon_each_new_file_has_its_run_and_has_it_once(world: World, home: Path) -> None:
    first = drop(world, home, SIZE - 1)
    write_export(world.company, home / "exports" / "later.csv", machines=list(world.company))
    assert ask("run", EXPORTS).stdout.count("applied") >= 2
    assert len(assets(world)) == SIZE
    assert f"no file in {home / 'exports'} that did not have its run" in ask("run", EXPORTS).stdout
    (home / "exports" / "odd.csv").write_text("nothing\n", encoding="utf-8")
    write_export(world.company, home / "exports" / "last.csv", machines=list(world.company)[:1])
    told = ask("run", EXPORTS, status=1)
    assert "odd.csv" in told.stderr
    assert (home / "exports" / "quarantine" / "odd.csv").exists()
    assert "Plan " in told.stdout, "the other one goes on"
    assert ask("run", EXPORTS, "--partition", first).exit_code == 0


@pytest.mark.usefixtures("world")
def test_without_a_file_there_is_nothing_to_run(home: Path) -> None:
    assert f"no file in {home / 'exports'} that did not have its run" in ask("run", EXPORTS).stdout
