"""A mistake in the YAML is refused when it loads, with file and line."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from asset_sync.components.pdq_exports.component import PdqExports
from asset_sync.reconcile.errors import ConfigurationError
from asset_sync_tests.components.pdq_exports.desk import COMPONENT

YAML = (Path(__file__).parents[3] / "asset_sync/defs/pdq_exports/defs.yaml").read_text()


def test_an_alias_of_a_field_that_there_is_not(tmp_path: Path) -> None:
    wrong = YAML.replace("aliases: {}", "aliases: {serial: [Service Tag]}")
    (tmp_path / "defs.yaml").write_text(wrong)
    line = next(number for number, text in enumerate(wrong.splitlines(), start=1) if "aliases: {" in text)
    given: dict[str, Any] = dict(COMPONENT) | {"aliases": {"serial": ["Service Tag"]}}
    context: Any = SimpleNamespace(path=tmp_path)
    with pytest.raises(ConfigurationError, match=rf"defs.yaml:{line}: aliases: 'serial' is no field of a PDQ device"):
        PdqExports(**given).build_defs(context)


def test_what_is_written_is_what_is_used() -> None:
    assert (COMPONENT.folder, COMPONENT.kept, COMPONENT.keep, COMPONENT.every_seconds) == ("exports", "exports_kept", 50, 5)
    assert COMPONENT.complete is False
