"""A project of a test's own, which processes that the test starts load in the place of the one here."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

_DEFINITIONS: Final = """
from asset_sync import definitions

definitions.__file__ = __file__
defs = definitions.defs
"""
_SETTINGS: Final = """
[tool.dg]
directory_type = "project"
[tool.dg.project]
root_module = "own"
"""


def write_project(folder: Path, sync: str, told: Mapping[str, Any]) -> None:
    """Write a project, `own` below a folder, that is what the project itself is, with that one sync alone."""
    own = folder / "own"
    own.mkdir()
    (folder / "pyproject.toml").write_text(_SETTINGS, encoding="utf-8")
    write_sync(folder, sync, told)
    for file in (own / "__init__.py", own / "defs" / "__init__.py"):
        file.touch()
    (own / "definitions.py").write_text(_DEFINITIONS, encoding="utf-8")


def write_sync(folder: Path, sync: str, told: Mapping[str, Any]) -> None:
    """Write what the sync of such a project is from now on."""
    place = folder / "own" / "defs" / sync
    place.mkdir(parents=True, exist_ok=True)
    (place / "defs.yaml").write_text(yaml.safe_dump(dict(told)), encoding="utf-8")
