"""What people meet first: variables that are missing, one home, a port in use."""

import logging
import os
import re
import socket
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from asset_sync.cli.dev import _real_systems
from asset_sync.cli.main import main
from asset_sync.operations import definitions, runs
from asset_sync.operations.definitions import ensure_dagster_home
from asset_sync.operations.runs import _logged, log_file, log_of
from asset_sync.reconcile.errors import ConfigurationError
from asset_sync_tests.cli.lab import SYNC
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
    assert sorted(re.findall(r"[A-Z]+(?:_[A-Z]+)+", result.stderr)) == sorted(named)


@pytest.mark.usefixtures("home")
def test_dev_asks_for_the_variables_of_the_systems_that_somebody_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETBOX_URL", "https://netbox.example")
    with pytest.raises(ConfigurationError, match=r"NETBOX_TOKEN .*PDQ_TOKEN"):
        _real_systems()
    monkeypatch.setenv("NETBOX_TOKEN", "a" * 40)
    monkeypatch.setenv("PDQ_TOKEN", "t")
    assert _real_systems() == ["NetBox           https://netbox.example (a real one)"]
    monkeypatch.setenv("NETBOX_URL", "http://127.0.0.1:8001")
    assert _real_systems() == ["NetBox           http://127.0.0.1:8001 (on this machine)"]


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
        told = CliRunner().invoke(main, ["sandbox", "--netbox-port", port])
        check_one_line(told, 1, "give another one with --netbox-port")


@pytest.mark.usefixtures("home")
def test_a_token_that_is_soon_guessed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for token, its in (("short", 5), ("elevenchars", 11), ("  elevenchars  ", 11)):
        monkeypatch.setenv("ASSET_SYNC_API_TOKEN", token)
        told = CliRunner().invoke(main, ["serve"])
        check_one_line(told, 1, f"ASSET_SYNC_API_TOKEN has {its} characters")
        assert "12 at least" in told.stderr
        assert token.strip() not in told.stderr
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv("ASSET_SYNC_API_TOKEN", "twelve-chars")
        told = CliRunner().invoke(main, ["serve", "--port", str(listener.getsockname()[1])])
    check_one_line(told, 1, "cannot be used")


@pytest.mark.parametrize("host", ["300.1.1.1", "192.0.2.1"])
@pytest.mark.usefixtures("home")
def test_a_host_that_is_not_this_machine_is_one_line(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSET_SYNC_API_TOKEN", "the-services-token")
    check_one_line(CliRunner().invoke(main, ["serve", "--host", host]), 1, "give another --host")


@pytest.mark.usefixtures("world")
def test_a_run_that_failed_left_its_trace_in_the_log_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv("PDQ_URL", f"http://127.0.0.1:{listener.getsockname()[1]}")
    result = CliRunner().invoke(main, ["run", SYNC])
    assert result.exit_code == 1
    assert "it is refused" in result.stderr
    run_id, log = re.findall(r"run (\S+) failed; see its log: (\S+);", result.stderr)[0]
    for kept in (Path(log), log_file()):
        told = kept.read_text()
        assert run_id in told
        assert "it is refused" in told
        assert "Stack Trace:" in told


@pytest.mark.usefixtures("home")
def test_what_breaks_a_run_off_is_in_its_log() -> None:
    with pytest.raises(RuntimeError), _logged("17", logging.NullHandler()):
        raise RuntimeError("the wheel came off")
    told = log_of("17").read_text()
    assert "run 17 broke off" in told
    assert "RuntimeError: the wheel came off" in told.partition("Traceback")[2]


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["plans", "--sync", "nosuch"], "there is no sync 'nosuch'"),
        (["history", "asst", "17"], "no sync has a kind 'asst'"),
        (["history", "asset", "17", "--sync", "nosuch"], "there is no sync 'nosuch'"),
        (["history", "asset", "17", "--field", "nosuch"], "no sync has a field 'nosuch'"),
        (["held", "nosuch"], "there is no sync 'nosuch'"),
        (["missing", "nosuch"], "there is no sync 'nosuch'"),
    ],
)
def test_what_there_is_not_is_no_success(args: list[str], said: str) -> None:
    check_one_line(CliRunner().invoke(main, args), 1, said)


@pytest.mark.usefixtures("home")
def test_dev_tells_a_mistake_in_the_yaml_before_it_starts_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    def mistaken() -> None:
        raise ConfigurationError("defs.yaml:7: schedule.cron: 'every day' is no cron expression")

    monkeypatch.setattr("asset_sync.definitions.defs", mistaken)
    definitions._definitions.cache_clear()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
    check_one_line(CliRunner().invoke(main, ["dev", "--port", port]), 1, "is no cron expression")


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("interrupted", "was killed, and counts as failed now; to go on with its plan: asset-sync apply 4be1"),
        ("applied", "was killed, and counts as failed now"),
    ],
)
def test_a_killed_run_is_told_with_the_way_on(state: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "plan_of_run", lambda _run_id: SimpleNamespace(id="4be1", state=state))
    assert runs._way_on("17") == said
