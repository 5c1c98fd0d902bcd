"""`asset-sync config`: examples with every key that there is, which the check takes."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result
from pydantic import BaseModel

from asset_sync import components
from asset_sync.cli.main import main
from asset_sync.components.declared.ends import SeveralConfig
from asset_sync.components.declared.mapping import FieldConfig
from asset_sync.operations.definitions import DEFS, sync_names
from asset_sync.systems import SYSTEMS

pytestmark = pytest.mark.usefixtures("home")


def config(*args: str) -> Result:
    return CliRunner().invoke(main, ["config", *args])


def models(model: type[BaseModel]) -> set[type[BaseModel]]:
    below = {model}
    for field in model.model_fields.values():
        found = [part for part in (field.annotation, *getattr(field.annotation, "__args__", ())) if isinstance(part, type)]
        below |= {each for part in found if issubclass(part, BaseModel) for each in models(part)}
    return below


def test_every_key_has_a_description() -> None:
    made = [getattr(components, name) for name in components.__all__]
    every = {each for component in (*made, FieldConfig, SeveralConfig) for each in models(component)}
    assert len(every) > 10
    lacking = [
        f"{model.__name__}.{name}" for model in every for name, field in model.model_fields.items() if not field.description
    ]
    assert lacking == []


def test_every_example_passes_the_check(tmp_path: Path) -> None:
    files = []
    for name in (*sync_names(), *SYSTEMS, "pdq_connect"):
        printed = config("example", name)
        assert printed.exit_code == 0, printed.output
        files.append(tmp_path / name / "defs.yaml")
        files[-1].parent.mkdir()
        files[-1].write_text(printed.stdout, encoding="utf-8")
    checked = config("check", *map(str, files))
    assert checked.exit_code == 0, checked.output
    assert [line for line in checked.stdout.splitlines() if line.endswith(": right")] == [f"{file}: right" for file in files]


@pytest.mark.parametrize("sync", ["pdq_to_netbox", "netbox_to_wug", "snipeit_to_postgres"])
def test_an_example_of_a_sync_says_what_the_sync_says_and_names_every_other_key(sync: str) -> None:
    printed = config("example", sync).stdout
    own = yaml.safe_load((DEFS / sync / "defs.yaml").read_text(encoding="utf-8"))
    assert yaml.safe_load(printed) == own
    component = getattr(components, own["type"].rpartition(".")[2])
    lines = [line.strip(" #") for line in printed.splitlines()]
    for name, field in component.model_fields.items():
        assert any(line.startswith(f"{field.alias or name}:") for line in lines), name
        assert str(field.description) in printed


def test_a_comment_without_its_sign_is_the_key_with_its_default(tmp_path: Path) -> None:
    printed = config("example", "pdq").stdout
    assert "\n  # recreate: false\n" in printed
    file = tmp_path / "defs.yaml"
    file.write_text(printed.replace("  # recreate: false", "  recreate: maybe"), encoding="utf-8")
    assert config("check", str(file)).exit_code == 1
    file.write_text(printed.replace("  # recreate: false", "  recreate: true"), encoding="utf-8")
    assert config("check", str(file)).exit_code == 0


def test_check_is_one_command_under_both_names(tmp_path: Path) -> None:
    file = tmp_path / "defs.yaml"
    file.write_text("attributes: {}\n", encoding="utf-8")
    told = config("check", str(file)), CliRunner().invoke(main, ["check", str(file)])
    assert [(each.exit_code, each.stdout, each.stderr) for each in told] == [(1, "", told[0].stderr)] * 2
    assert told[0].stderr.startswith(f"{file}:1: type: ")


def test_a_name_that_there_is_not_is_one_line() -> None:
    ran = config("example", "nonsense")
    assert (ran.exit_code, ran.stdout, ran.stderr.count("\n")) == (1, "", 1)
    assert "there is no sync or system 'nonsense'; there are " in ran.stderr


@pytest.mark.slow
def test_it_runs_as_a_process() -> None:
    program = [sys.executable, "-c", "from asset_sync.cli.main import main; main()", "config", "example", "wug"]
    ran = subprocess.run(program, capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "WUG_MAIN_URL, WUG_MAIN_USERNAME, WUG_MAIN_PASSWORD" in ran.stdout
