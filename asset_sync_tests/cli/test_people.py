"""What people meet first: variables that are missing, one home, a port in use."""

import os
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from asset_sync.cli.main import main
from asset_sync.operations.definitions import ensure_dagster_home
from asset_sync_tests.cli.test_main import check_one_line


@pytest.mark.parametrize(
    ("args", "named"),
    [
        (["pdq_to_netbox"], ["NETBOX_URL", "NETBOX_TOKEN", "PDQ_TOKEN"]),
        (["snipeit_to_postgres"], ["SNIPEIT_API_URL", "SNIPEIT_TOKEN"]),
        (["netbox_to_wug"], ["NETBOX_URL", "NETBOX_TOKEN", "WUG_MAIN_URL", "WUG_MAIN_USERNAME", "WUG_MAIN_PASSWORD"]),
    ],
)
@pytest.mark.usefixtures("home")
def test_all_missing_variables_are_named_at_once(args: list[str], named: list[str]) -> None:
    result = CliRunner().invoke(main, ["run", *args])
    check_one_line(result, 1, "are not set: set them in the environment or in .env")
    assert [name for name in named if name not in result.stderr] == []


@pytest.mark.parametrize("given", [None, "the project's"])
def test_dagsters_home_follows_asset_syncs(given: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSET_SYNC_HOME", str(tmp_path / "home"))
    found = set()
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
        (folder / "dagster.yaml").touch()
        monkeypatch.chdir(folder)
        monkeypatch.delenv("DAGSTER_HOME", raising=False)
        if given:
            monkeypatch.setenv("DAGSTER_HOME", str(folder))
        ensure_dagster_home()
        found.add(os.environ["DAGSTER_HOME"])
    assert found == {str(tmp_path / "home" / "dagster")}


@pytest.mark.usefixtures("home")
def test_env_counts_from_the_project_wherever_a_command_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dagster.yaml").touch()
    (tmp_path / ".env").write_text("ASSET_SYNC_ALERT_URL=${PWD}/x\n")
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    monkeypatch.setenv("PWD", str(tmp_path / "below"))
    monkeypatch.setenv("ASSET_SYNC_ALERT_URL", "")
    monkeypatch.delenv("ASSET_SYNC_ALERT_URL")
    CliRunner().invoke(main, ["run"])
    assert os.environ["ASSET_SYNC_ALERT_URL"] == f"{tmp_path}/x"


@pytest.mark.usefixtures("home")
def test_a_port_in_use_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSET_SYNC_API_TOKEN", "the-services-token")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        check_one_line(CliRunner().invoke(main, ["serve", "--port", port]), 1, f"port {port} cannot be used")
