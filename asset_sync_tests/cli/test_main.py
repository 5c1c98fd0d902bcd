"""What a person reads who gets a command wrong: one line on standard error, and a status that is not 0."""

import socket
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from asset_sync.cli.main import main
from asset_sync.operations import definitions
from asset_sync_tests.cli.lab import SYSTEMS
from asset_sync_tests.components.probe import YAML, load


def ask(*args: str) -> Result:
    return CliRunner().invoke(main, args)


@pytest.fixture
def ledger(home: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)


@pytest.mark.parametrize(
    ("args", "status", "told"),
    [
        (["nonsense"], 2, "No such command 'nonsense'"),
        (["--nonsense"], 2, "--nonsense"),
        (["demo", "--size", "5"], 2, "'--size': 5 is not in the range"),
        (["demo", "--size", "many"], 2, "'many' is no whole number"),
        (["dev", "--port", "99999"], 2, "'--port'"),
        (["sandbox", "--netbox-version", "3.0"], 2, "'3.0' is not one of"),
        (["run"], 2, "Missing argument 'SYNC'"),
        (["resolve"], 2, "Missing command. (see: asset-sync resolve --help)"),
        (["approve", "abc", "--by", ""], 2, "give a name, or leave it out"),
        (["run", "nonsense"], 1, "there is no sync 'nonsense'; there are "),
        (["run", "pdq_to_netbox", "--mode", "loud"], 2, "'loud' is not one of"),
        (
            ["run", "snipeit_to_postgres", "--mode", "dry-run"],
            1,
            "is a mirror: it makes no plans; its modes are normal and full",
        ),
        (
            ["run", "snipeit_to_postgres", "--mode", "review"],
            1,
            "is a mirror: it makes no plans; its modes are normal and full",
        ),
        (["run", "pdq_to_netbox", "--partition", "main"], 1, "pdq_to_netbox has no partitions: leave 'main' out"),
        (["run", "netbox_to_wug", "--partition", "no"], 1, "netbox_to_wug has no partition 'no'; there are main"),
        (
            ["run", "netbox_to_wug", "--only", "colours=red"],
            1,
            "NetBox cannot be asked for some colours alone; it can be asked",
        ),
        (["run", "netbox_to_wug", "--only", "roles"], 2, "'roles': write NAME=VALUE,VALUE such as roles=switch"),
        (
            ["run", "pdq_to_netbox", "--only", "roles=x"],
            1,
            "PDQ Connect cannot be asked for some roles alone; it is always read",
        ),
        (["run", "netbox_to_wug", "--partition", ""], 1, "netbox_to_wug has no partition ''; there are main"),
        (["run", "wug_to_netbox", "--partition", "MAIN"], 1, "wug_to_netbox has no partition 'MAIN'; there are main"),
        (["run", "pdq_exports", "--partition", "a"], 1, "pdq_exports has no partition 'a'; there are none yet"),
        (["connections", "a", "b"], 2, "unexpected extra argument"),
        (["plans", "--limit", "0"], 2, "'--limit'"),
        (["plans", "--limit", "many"], 2, "'many' is no whole number"),
        (["plans", "--limit", "1_0"], 2, "'1_0' is no whole number"),
        (["plans", "--limit", "\uff11"], 2, "is no whole number"),
        (["plans", "--limit", "9" * 5_000], 2, "is no whole number"),
        (["plans", "--limit", "9" * 30], 2, "not in the range"),
        (["show", "abc", "--format", "xml"], 2, "'xml' is not one of"),
        (["approve"], 2, "Missing argument 'PLAN'"),
        (["history", "asset"], 2, "Missing argument 'ID'"),
        (["serve"], 1, "ASSET_SYNC_API_TOKEN is not set"),
    ],
)
@pytest.mark.usefixtures("home")
def test_wrong_input_is_one_line(args: list[str], status: int, told: str) -> None:
    check_one_line(ask(*args), status, told)


@pytest.mark.usefixtures("ledger")
def test_what_the_ledger_does_not_know_is_one_line() -> None:
    for command in ("show", "approve", "reject", "apply", "undo"):
        check_one_line(ask(command, "abc"), 1, "no plan 'abc': asset-sync plans lists them")
    check_one_line(ask("undo", ""), 1, "no plan ''")
    check_one_line(ask("missing", "nonsense"), 1, "there is no sync 'nonsense'")
    check_one_line(ask("history", "foo", "1"), 1, "no sync has a kind 'foo'; there are ")
    for unknown in ("1", "abc", ""):
        check_one_line(ask("history", "asset", unknown), 1, f"nothing is known of asset {unknown!r}: no sync has written to it")
        check_one_line(ask("history", "asset", unknown, "--json"), 1, f"nothing is known of asset {unknown!r}")
    check_one_line(ask("plans", "--sync", "nonsense"), 1, "there is no sync 'nonsense'")
    check_one_line(ask("plans", "--sync", "snipeit_to_postgres"), 1, "is a mirror: it makes no plans")
    check_one_line(ask("connections", "nonsense"), 1, "there is no connection 'nonsense'; there are main")


def check_one_line(result: Result, status: int, told: str) -> None:
    assert result.exit_code == status
    assert result.stdout == ""
    assert told in result.stderr
    assert result.stderr.startswith("asset-sync: ")
    assert result.stderr.count("\n") == 1


@pytest.mark.usefixtures("home")
def test_a_wrong_database_is_one_line_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://pat:hunter2@127.0.0.1/db")
    result = ask("plans")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "only PostgreSQL works" in result.stderr
    monkeypatch.setenv("DATABASE_URL", f"postgresql://pat:hunter2@127.0.0.1:{_closed_port()}/db")
    result = ask("plans")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "the database" in result.stderr
    assert "check DATABASE_URL and the server" in result.stderr
    assert "hunter2" not in result.output


@pytest.mark.parametrize("sync", ["pdq_to_netbox", "snipeit_to_postgres", "netbox_to_wug", "wug_to_netbox"])
@pytest.mark.usefixtures("ledger")
def test_a_missing_variable_is_named(sync: str) -> None:
    result = ask("run", sync)
    assert result.exit_code == 1
    assert "asset-sync: " in result.stderr
    assert any(f"{name} (the " in result.stderr for name in SYSTEMS)
    assert "Traceback" not in result.stderr


@pytest.mark.usefixtures("home")
def test_dev_asks_for_the_other_variables_of_real_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETBOX_URL", "https://netbox.example.com")
    result = ask("dev", "--port", str(_closed_port()))
    assert result.exit_code == 1
    assert "PDQ_TOKEN" in result.stderr


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.mark.usefixtures("home")
def test_dev_tells_of_a_port_in_use(taken_port: int) -> None:
    result = ask("dev", "--port", str(taken_port))
    assert result.exit_code == 1
    assert f"port {taken_port} cannot be used" in result.stderr


@pytest.mark.usefixtures("ledger")
def test_an_empty_ledger_has_no_plans() -> None:
    assert "There are no plans yet" in ask("plans").stdout
    assert ask("plans", "--json").stdout == "[]\n"


@pytest.mark.usefixtures("home")
def test_a_yaml_of_the_wrong_form_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = YAML.replace("runs: 3", "runs: three")
    monkeypatch.setattr("asset_sync.definitions.sync_defs", lambda _sync: load(tmp_path / "wrong", wrong, monkeypatch))
    definitions._definitions.cache_clear()
    definitions._definitions_alone.cache_clear()
    check_one_line(ask("run", "pdq_to_netbox"), 1, "defs.yaml:21: grace.runs: 'three': input should be a valid integer")


@pytest.mark.parametrize("args", [[], ["--help"], ["demo", "-h"], ["undo", "--help"]])
@pytest.mark.usefixtures("home")
def test_help(args: list[str]) -> None:
    result = ask(*args)
    assert result.exit_code == 0
    assert result.stdout.startswith("Usage: asset-sync")


def test_a_wide_terminal_has_whole_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    told = click.Context(main, **main.context_settings).get_help()
    assert "  forget       forget a host of which documents came\n" in told
    assert "collect      what this machine, or others by ssh, are: a document for the syncs of hosts\n" in told


def _closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
