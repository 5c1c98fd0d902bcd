"""Completion in a shell: what is offered, and that nothing slow is imported for it."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from asset_sync.ledger import Ledger
from asset_sync.operations.definitions import sync_names
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.plan import Plan

OFFERED = """
import sys
from asset_sync.cli.entry import main
try:
    main()
finally:
    print(*sys.modules, file=sys.stderr)
"""
HEAVY = {"dagster", "pandas", "pyarrow", "fastapi", "pydantic", "kubernetes", "pynetbox"}

pytestmark = pytest.mark.usefixtures("home")


def offered(words: str, shell: str = "bash") -> tuple[list[str], set[str]]:
    """What is offered for the last of the words, and what was imported for that."""
    given = {"_ASSET_SYNC_COMPLETE": f"{shell}_complete", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split(" ")) - 1)}
    program = [sys.executable, "-c", OFFERED]
    done = subprocess.run(program, env={**os.environ, **given}, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.splitlines() if line], set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("asset-sync st", ["plain,status"]),
        ("asset-sync run pdq_", ["plain,pdq_exports", "plain,pdq_to_netbox"]),
        ("asset-sync run nonsense", []),
        ("asset-sync nonsense x", []),
    ],
)
def test_commands_and_syncs_are_offered_without_importing_what_they_need(words: str, wanted: list[str]) -> None:
    found, modules = offered(words)
    assert [line for line in found if not line.endswith("--help")] == wanted
    assert modules & HEAVY == set()


def test_all_syncs_are_offered() -> None:
    found, _ = offered("asset-sync status ")
    assert [line.removeprefix("plain,") for line in found] == sync_names()


def test_plans_are_offered_from_the_ledger(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    engine = create_engine(database_url)
    plan = Plan("pdq_to_netbox", "normal", p.operations_table([]))
    Ledger(engine).save(plan, "run", datetime.now(UTC))
    engine.dispose()
    found, modules = offered(f"asset-sync show {plan.id[:3]}")
    assert found == [f"plain,{plan.id}"]
    assert modules & HEAVY == set()


@pytest.mark.slow
def test_a_database_that_is_away_offers_nothing_and_says_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert offered("asset-sync apply ")[0] == []
    assert not (home / "postgres").exists(), "no database is made for a key"
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody:secret@127.0.0.1:1/nothing")
    assert offered("asset-sync apply ")[0] == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(shell: str) -> None:
    given = {**os.environ, "_ASSET_SYNC_COMPLETE": f"{shell}_source"}
    program = [sys.executable, "-c", "from asset_sync.cli.entry import main; main()"]
    done = subprocess.run(program, env=given, capture_output=True, text=True, timeout=60, check=False)
    assert f"_ASSET_SYNC_COMPLETE={shell}_complete" in done.stdout
