"""`asset-sync check`: what is wrong in YAML files, without a run."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from asset_sync.cli.main import main
from asset_sync.sandbox.netbox import DEFAULT_TOKEN, NetBoxState, create_app
from asset_sync.sandbox.server import Server
from asset_sync_tests.components.probe import ROOT, YAML

pytestmark = pytest.mark.usefixtures("home")


def check(*args: str) -> Result:
    return CliRunner().invoke(main, ["check", *args])


@pytest.fixture
def netbox(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NetBoxState]:
    state = NetBoxState()
    with Server(create_app(state)) as server:
        monkeypatch.setenv("NETBOX_URL", server.url)
        monkeypatch.setenv("NETBOX_TOKEN", DEFAULT_TOKEN)
        yield state


def written(folder: Path, yaml: str) -> str:
    file = folder / "defs.yaml"
    file.write_text(yaml, encoding="utf-8")
    return str(file)


def test_all_files_of_the_project_are_right() -> None:
    result = check()
    assert result.exit_code == 0
    right = [line for line in result.stdout.splitlines() if ": mind: " not in line]
    assert all(line.endswith("defs.yaml: right") for line in right)
    assert len(right) == len(list((ROOT / "asset_sync" / "defs").iterdir()))
    # A host that is a server of a fabric, too, has one who owns its addresses: people choose which.
    assert "hosts_to_netbox/defs.yaml: mind: ip_address.address, interface: hedgehog_to_netbox owns it, too" in result.stdout


def test_the_examples_are_right() -> None:
    assert check(*map(str, (ROOT / "examples").rglob("defs.yaml"))).exit_code == 0


def test_each_wrong_file_is_told_and_the_others_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    wrong = written(tmp_path / "a", YAML.replace("runs: 3", "runs: many"))
    result = check(wrong, written(tmp_path, YAML))
    assert result.exit_code == 1
    assert result.stdout == f"{tmp_path / 'defs.yaml'}: right\n"
    line = YAML.splitlines().index("    runs: 3") + 1
    assert result.stderr.startswith(f"{wrong}:{line}: grace.runs: 'many': ")
    assert result.stderr.count("\n") == 1


def test_a_file_that_is_not_there() -> None:
    result = check("nowhere.yaml")
    assert result.exit_code == 2
    assert "nowhere.yaml" in result.stderr


@pytest.mark.usefixtures("netbox")
@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        (
            "status: {value: used, owner: initial}",
            "status: {value: usd}",
            "NetBox has no status 'usd' for asset; it has stored",
        ),
        (
            "status: {value: used, owner: initial}",
            "status: {from: chassis, values: {Desktop: gone}}",
            "NetBox has no status 'gone' for asset",
        ),
        ("description: {from: osFullName", "cf_room: {from: osFullName", "NetBox has no custom field 'room'"),
    ],
)
def test_the_target_is_asked_on_demand(right: str, wrong: str, said: str, tmp_path: Path) -> None:
    assert right in YAML
    file = written(tmp_path, YAML.replace(right, wrong))
    assert check(file).exit_code == 0
    result = check("--connect", file)
    assert result.exit_code == 1
    assert said in result.stderr
    (line,) = [at for at, text in enumerate(YAML.replace(right, wrong).splitlines(), start=1) if wrong.strip() in text]
    assert result.stderr.startswith(f"{file}:{line}: mapping.asset.")
    assert result.stderr.count("\n") == 1


def test_two_syncs_that_own_a_field_of_one_target_are_told(tmp_path: Path) -> None:
    for name, yaml in (("first", YAML), ("second", YAML), ("third", YAML.replace("owner: source", "owner: shared"))):
        (tmp_path / name).mkdir()
        written(tmp_path / name, yaml)
    files = [str(tmp_path / name / "defs.yaml") for name in ("first", "second", "third")]
    result = check(*files)
    assert result.exit_code == 0
    minds = [line for line in result.stdout.splitlines() if not line.endswith(": right")]
    assert all(line.startswith(f"{files[1]}: mind: ") and "first owns it, too" in line for line in minds)
    assert any("asset.asset_tag" in line or "serial" in line for line in minds)
    assert [line for line in check(files[0], files[2]).stdout.splitlines() if "mind" in line] == []


def test_a_target_that_cannot_be_asked_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NETBOX_URL", raising=False)
    result = check("--connect", written(tmp_path, YAML))
    assert result.exit_code == 1
    assert "NETBOX_URL" in result.stderr
    assert result.stderr.startswith(f"{tmp_path / 'defs.yaml'}: ")
