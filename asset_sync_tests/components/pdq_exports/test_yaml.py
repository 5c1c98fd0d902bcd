"""A mistake in the YAML is refused when it loads, with file and line."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from asset_sync.components.pdq_exports.component import PdqExports
from asset_sync.reconcile.errors import ConfigurationError
from asset_sync_tests.components.pdq_exports.desk import COMPONENT
from asset_sync_tests.components.probe import load_of

YAML = (Path(__file__).parents[3] / "asset_sync/defs/pdq_exports/defs.yaml").read_text()


def test_an_alias_of_a_field_that_there_is_not(tmp_path: Path) -> None:
    wrong = YAML.replace("aliases: {}", "aliases: {serial: [Service Tag]}")
    (tmp_path / "defs.yaml").write_text(wrong)
    line = next(number for number, text in enumerate(wrong.splitlines(), start=1) if "aliases: {" in text)
    given: dict[str, Any] = {name: getattr(COMPONENT, name) for name in PdqExports.model_fields}
    given["aliases"] = {"serial": ["Service Tag"]}
    context: Any = SimpleNamespace(path=tmp_path)
    with pytest.raises(ConfigurationError, match=rf"defs.yaml:{line}: aliases: 'serial' is no field of a PDQ device"):
        PdqExports(**given).build_defs(context)


def test_what_is_written_is_what_is_used() -> None:
    assert (COMPONENT.folder, COMPONENT.kept, COMPONENT.keep, COMPONENT.every_seconds) == ("exports", "exports_kept", 50, 5)
    assert COMPONENT.complete is False


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('schedule: {cron: "0 5 * * *", timezone: UTC}', "schedule: each file is a run of its own, when it comes: leave"),
        ("connections: [{name: main}]", "connections: each file is a partition: leave the connections out"),
        ("filters: {devices: [{column: nme, is: [pc*]}]}", "nme"),
        ("kinds: [device]", "device"),
    ],
)
def test_a_file_is_checked_as_every_sync_is(tmp_path: Path, written: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = YAML.replace("  aliases: {}\n", f"  aliases: {{}}\n  {written}\n")
    with pytest.raises(ConfigurationError, match=r"defs\.yaml:\d+: ") as caught:
        load_of(tmp_path, "pdq_exports", wrong, monkeypatch)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
