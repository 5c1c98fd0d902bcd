"""The map of the command line: all that there is and nothing else, and what is imported for it."""

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from asset_sync import cli
from asset_sync.cli.commands import ENTRIES, MAP
from asset_sync.cli.main import main

HEAVY = (
    "dagster",
    "pandas",
    "numpy",
    "pyarrow",
    "sqlalchemy",
    "fastapi",
    "pydantic",
    "httpx",
    "kubernetes",
    "pynetbox",
    "opentelemetry",
)
MOST_MODULES = 500
"""A bare Python with click has some 300; each of the heavy ones brings several hundred."""
IMPORTED = """
import sys
from asset_sync.cli.entry import main
try:
    main()
finally:
    print(*sys.modules, file=sys.stderr)
"""


@pytest.mark.parametrize("asked", ["--help", "--version", "nonsense"])
def test_nothing_is_imported_to_tell_what_there_is(asked: str) -> None:
    done = subprocess.run([sys.executable, "-c", IMPORTED, asked], capture_output=True, text=True, timeout=60, check=False)
    modules = done.stderr.splitlines()[-1].split()
    assert "asset_sync.cli.main" in modules
    assert set(HEAVY) & set(modules) == set()
    assert len(modules) < MOST_MODULES


@pytest.mark.parametrize(
    ("asked", "needed", "most"),
    [
        (["users", "list"], {"pydantic"}, 600),
        # What is counted is what Dagster, pandas and SQLAlchemy bring, and the project's own.
        (["run", "--help"], {"dagster", "pandas", "numpy", "pyarrow", "sqlalchemy", "pydantic"}, 2400),
    ],
    ids=["users", "run"],
)
def test_a_command_imports_what_it_needs_and_nothing_else(
    asked: list[str], needed: set[str], most: int, tmp_path: Path
) -> None:
    environment = {**os.environ, "ASSET_SYNC_HOME": str(tmp_path)}
    words = [sys.executable, "-c", IMPORTED, *asked]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    modules = done.stderr.splitlines()[-1].split()
    assert {*HEAVY, "openpyxl"} & set(modules) == needed
    assert len(modules) < most


def test_every_command_is_on_the_map_once() -> None:
    names = [entry.name for entries in MAP.values() for entry in entries]
    assert len(names) == len(set(names))
    folder = Path(str(cli.__file__)).parent
    modules = [import_module(f"asset_sync.cli.{file.stem}") for file in folder.glob("*.py") if file.stem != "__init__"]
    found = {
        value
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, click.Command) and name == value.name
    }
    # A part of one may have the name of another: fabrics trigger, and trigger. `config check` is the same command as `check`.
    parts = {part for group in found if isinstance(group, click.Group) for part in group.commands.values()}
    assert set(names) == {command.name for command in found - parts - {main}} | {"check"}


@pytest.mark.parametrize("name", ENTRIES)
def test_a_command_on_the_map_is_there_and_tells_of_itself(name: str) -> None:
    told = CliRunner().invoke(main, [name, "--help"])
    assert told.exit_code == 0
    assert told.output.startswith(f"Usage: asset-sync {name} ")


def test_help_is_the_map() -> None:
    told = CliRunner().invoke(main, ["--help"], terminal_width=300).output
    for section, entries in MAP.items():
        at = told.index(f"{section}:")
        for entry in entries:
            at = told.index(f"{entry.name} ", at)
            assert entry.does in told[at:]
