"""`asset-sync doctor` against the simulators, with what can be wrong with them, and with the database away."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import create_engine, text
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from asset_sync.cli.main import main
from asset_sync.operations.definitions import sync_names
from asset_sync.sandbox import netbox as sandbox
from asset_sync.sandbox.kubernetes import DEFAULT_ACCOUNTS, READ, Account
from asset_sync.sandbox.netbox import DEFAULT_TOKEN, READ_ONLY_TOKEN, NetBoxState, Token
from asset_sync.sandbox.server import Server
from asset_sync.sandbox.world import FABRIC_TOKEN, World
from asset_sync.systems.checkup import CHECKS
from asset_sync_tests.systems.http.test_first_connection import untrusted

pytestmark = pytest.mark.slow

__all__ = ["untrusted"]
MAKERS = "dcim/manufacturers"
SECRET = "hunter2-is-no-secret"


def doctor(*args: str) -> Result:
    return CliRunner().invoke(main, ["doctor", *args])


def found(*args: str, status: int) -> dict[str, tuple[str, str]]:
    """What was found of the one system that is named, by check: the status, and the words with what to do."""
    ran = doctor("--json", *args)
    assert ran.exit_code == status, ran.output
    (only,) = json.loads(ran.stdout)["systems"]
    return {check["check"]: (check["status"], f"{check['told']} → {check['to_do']}") for check in only["checks"]}


@pytest.fixture
def netbox(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NetBoxState]:
    """A NetBox that the environment names, and nothing else."""
    state = NetBoxState()
    with Server(sandbox.create_app(state)) as server:
        named(monkeypatch, server.url)
        yield state


def named(monkeypatch: pytest.MonkeyPatch, url: str, token: str = DEFAULT_TOKEN) -> None:
    monkeypatch.setenv("NETBOX_URL", url)
    monkeypatch.setenv("NETBOX_TOKEN", token)


def test_where_all_is_well_nothing_fails_and_nothing_is_written(monitored: World) -> None:
    monitored_before = deepcopy(monitored.wug.devices)
    ran = doctor("--json")
    assert ran.exit_code == 0, ran.output
    told = json.loads(ran.stdout)
    assert told["healthy"] is True
    assert {each["system"] for each in told["systems"]} == {
        "asset_sync",
        "netbox",
        "pdq",
        "snipeit",
        "wug",
        "hedgehog",
        "hosts",
    }
    by_system = {each["system"]: {check["check"]: check["status"] for check in each["checks"]} for each in told["systems"]}
    for name in ("netbox", "pdq", "snipeit", "wug", "hedgehog"):
        assert {by_system[name][check] for check in ("reachable", "authorised", "rights")} == {"ok"}
    assert {sync for each in told["systems"] for sync in each["syncs"]} == {*sync_names()}
    assert by_system["asset_sync"]["database"] == "ok"
    assert by_system["asset_sync"]["daemon"] == "warn", "no daemon runs in a test"
    assert monitored.netbox.requests.writes == 0
    assert monitored.wug.devices == monitored_before
    words = {check["told"] for each in told["systems"] for check in each["checks"]}
    assert {"NetBox 4.6.8; netbox-inventory 2.6.1", "Snipe-IT v8.1.4", "Kubernetes v1.33.4+k3s1"} <= words
    assert not [
        value for name, value in monitored.environment().items() if name.endswith(("TOKEN", "PASSWORD")) and value in ran.output
    ]


@pytest.mark.usefixtures("netbox")
def test_a_wrong_token_is_told_and_what_comes_behind_it_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETBOX_TOKEN", "a" * 40)
    checks = found("netbox", status=1)
    assert checks["reachable"][0] == "ok"
    assert checks["authorised"][0] == "fail"
    assert "Invalid v1 token" in checks["authorised"][1]
    assert "a" * 40 not in str(checks)
    behind = CHECKS[CHECKS.index("authorised") + 1 :]
    assert {checks[name] for name in behind} == {("skipped", "not looked at: authorised comes before it → ")}


def test_what_each_system_refuses_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    blind = {"*": READ, "agents.agent.githedgehog.com": frozenset[str]()}
    monkeypatch.setitem(DEFAULT_ACCOUNTS, FABRIC_TOKEN, Account("reader", blind))
    status, told = found("hedgehog", status=0)["rights"]
    assert status == "warn"
    assert "agents.agent.githedgehog.com" in told
    monkeypatch.setitem(DEFAULT_ACCOUNTS, FABRIC_TOKEN, Account("reader", {**blind, "vpcs.vpc.githedgehog.com": frozenset()}))
    status, told = found("hedgehog", status=1)["rights"]
    assert (status, told.partition(" → ")[0]) == ("fail", "the token may not list vpcs.vpc.githedgehog.com")

    for system, words in {"netbox": "Invalid v1 token", "pdq": "401", "snipeit": "401", "hedgehog": "401"}.items():
        world.faults[system].set("expired_token")
        checks = found(system, status=1)
        assert checks["authorised"][0] == "fail", (system, checks)
        assert words in checks["authorised"][1]
        assert "make a new" in checks["authorised"][1]

    monkeypatch.setenv("WUG_MAIN_PASSWORD", SECRET)
    ran = doctor("wug")
    assert ran.exit_code == 1
    assert "fail    wug main         authorised WhatsUp Gold at http://127.0.0.1" in ran.stdout
    assert "refuses the username or the password" in ran.stdout
    assert SECRET not in ran.output


@pytest.mark.usefixtures("netbox")
def test_a_read_only_token_lacks_every_right_to_write_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETBOX_TOKEN", READ_ONLY_TOKEN)
    status, told = found("netbox", status=1)["rights"]
    assert status == "fail"
    assert "add, change netbox_inventory.asset (for asset)" in told
    assert "add, change dcim.manufacturer (for manufacturer)" in told
    assert "view" not in told.partition("→")[0]
    assert "the token is read-only" in told


def test_the_one_right_that_is_missing_is_named_with_its_kind(netbox: NetBoxState, monkeypatch: pytest.MonkeyPatch) -> None:
    every = frozenset(netbox.types)
    limited = netbox.add_token(Token("b" * 40, may_write=every - {MAKERS}, may_read=every - {"ipam/prefixes"}))
    monkeypatch.setenv("NETBOX_TOKEN", limited.secret)
    status, told = found("netbox", status=1)["rights"]
    assert status == "fail"
    assert told.startswith("the token may not ")
    lacking = told.partition("may not ")[2].partition(" → ")[0].split("; ")
    assert sorted(lacking) == ["add, change dcim.manufacturer (for manufacturer)", "view ipam.prefix (for prefix)"]
    assert "Admin, Permissions" in told
    of_one = json.loads(doctor("--json", "pdq_to_netbox").stdout)["systems"]
    (rights,) = [
        check for each in of_one for check in each["checks"] if (each["system"], check["check"]) == ("netbox", "rights")
    ]
    assert rights["told"] == "the token may not add, change dcim.manufacturer (for manufacturer)", "of the sync that is named"


def test_a_netbox_without_the_plugin_is_told_with_the_kinds_that_need_it(
    netbox: NetBoxState, monkeypatch: pytest.MonkeyPatch
) -> None:
    told_before = sandbox.app._Server._status
    monkeypatch.setattr(sandbox.app._Server, "_status", lambda server: {**told_before(server), "plugins": {}})
    for endpoint in [name for name in netbox.types if name.startswith("plugins/")]:
        del netbox.types[endpoint]
    checks = found("netbox", status=1)
    assert checks["version"][0] == "fail"
    assert "without the plugin netbox-inventory, which has asset, inventory_item_type" in checks["version"][1]
    assert checks["rights"][0] == "ok"


def test_a_version_that_nobody_tested_is_told(netbox: NetBoxState, monkeypatch: pytest.MonkeyPatch) -> None:
    told_before = sandbox.app._Server._status
    monkeypatch.setattr(sandbox.app._Server, "_status", lambda server: {**told_before(server), "netbox-version": "4.5.9"})
    checks = found("netbox", status=0)
    assert checks["version"] == (
        "warn",
        "NetBox 4.5.9 is not among those that are tested; netbox-inventory 2.6.1 → tested are 4.6, 4.7",
    )


@pytest.mark.usefixtures("home")
def test_a_system_that_is_not_there_is_told_with_the_variable_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    named(monkeypatch, "http://127.0.0.1:1")
    checks = found("netbox", status=1)
    assert checks["reachable"][0] == "fail"
    assert "it is refused; 127.0.0.1:1 was asked, NETBOX_URL holds the address" in checks["reachable"][1]
    assert checks["authorised"][0] == checks["clock"][0] == "skipped"


@pytest.mark.usefixtures("home")
def test_a_certificate_that_nobody_signed_is_told_with_what_to_do(untrusted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    named(monkeypatch, untrusted)
    checks = found("netbox", status=1)
    assert checks["tls"][0] == "fail"
    assert "its certificate is not trusted: self-signed certificate" in checks["tls"][1]
    assert "NETBOX_CA_FILE" in checks["tls"][1]
    assert checks["reachable"][0] == "skipped"
    monkeypatch.setenv("HEDGEHOG_MAIN_SERVER", untrusted)
    monkeypatch.setenv("HEDGEHOG_MAIN_TOKEN", "x")
    assert found("hedgehog", status=1)["tls"][0] == "fail"


class Dated:
    """An application whose clock is ahead."""

    def __init__(self, app: ASGIApp, ahead: timedelta) -> None:
        self._app = app
        self._ahead = ahead

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                told = format_datetime(datetime.now(UTC) + self._ahead, usegmt=True).encode()
                message["headers"] = [*message["headers"], (b"date", told)]
            await send(message)

        await self._app(scope, receive, dated)


@pytest.mark.parametrize(
    ("minutes", "told"),
    [
        (10, "600 s ahead of ours"),
        (-5, "300 s behind ours"),
        (-36 * 60 - 5, "1 day behind ours"),
        (60 * 24 * 327 + 60, "327 days ahead of ours"),
    ],
)
@pytest.mark.usefixtures("home")
def test_a_clock_that_is_off_is_told(minutes: int, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    app = Dated(sandbox.create_app(NetBoxState()), timedelta(minutes=minutes))
    with Server(app, dated=True) as server:
        named(monkeypatch, server.url)
        status, words = found("netbox", status=0)["clock"]
    assert status == "warn"
    off, unit, which = words.removeprefix("its clock is ").partition(" → ")[0].split(" ", 2)
    wanted, *rest = told.split(" ", 2)
    assert abs(int(off) - int(wanted)) <= (2 if unit == "s" else 0)
    assert [unit, which] == rest


@pytest.mark.usefixtures("netbox")
def test_a_choice_that_the_target_does_not_have_is_told_as_check_does(
    monkeypatch: pytest.MonkeyPatch, netbox: NetBoxState
) -> None:
    monkeypatch.setattr("asset_sync.sandbox.netbox.options._describe", lambda *_: {"choices": [{"value": "other"}]})
    ran = doctor("netbox")
    assert ran.exit_code == 1
    assert "pdq_to_netbox/defs.yaml:" in ran.stdout
    assert "fail    netbox           mapping" in ran.stdout
    every = CliRunner().invoke(main, ["check", "--connect"]).stderr.splitlines()
    said = [line for line in every if "NetBox has no" in line]
    assert len(said) > 1
    assert all(line in ran.stdout for line in said)


@pytest.mark.usefixtures("home")
def test_systems_without_variables_are_passed_over_unless_they_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    every = json.loads(doctor("--json").stdout)["systems"]
    pdq = next(each for each in every if each["system"] == "pdq")
    assert [(check["check"], check["status"], check["told"]) for check in pdq["checks"]] == [
        ("variables", "skipped", "not configured: PDQ_TOKEN is not set")
    ]
    assert found("pdq", status=1)["variables"][0] == "fail"
    monkeypatch.setenv("NETBOX_URL", "http://127.0.0.1:1")
    ran = doctor()
    assert ran.exit_code == 1
    assert "fail    netbox           variables  NETBOX_TOKEN is not set" in ran.stdout


def test_a_database_that_is_away_is_told_without_its_password_and_none_is_made(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = found("asset_sync", status=0)
    assert checks["database"] == ("ok", f"the embedded one in {home / 'postgres'}, which is made when it is needed → ")
    assert not (home / "postgres").exists()
    monkeypatch.setenv("DATABASE_URL", f"postgresql://nobody:{SECRET}@127.0.0.1:1/nothing")
    checks = found("asset_sync", status=1)
    assert checks["database"][0] == "fail"
    assert checks["database"][1].startswith("127.0.0.1:1, database nothing: the database does not answer")
    assert checks["migrations"][0] == "skipped"
    assert SECRET not in str(checks)
    monkeypatch.setenv("DATABASE_URL", "mysql://pat:hunter2@127.0.0.1/db")
    assert "only PostgreSQL works" in found("asset_sync", status=1)["database"][1]


@pytest.mark.usefixtures("home")
def test_how_the_tables_stand_is_told_and_they_are_left_as_they_are(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    engine = create_engine(database_url)
    status, told = found("asset_sync", status=0)["migrations"]
    assert (status, told) == ("ok", "up to date; those of tracking, mirror are made when they are needed → ")
    for version, exit_status, verdict, words in (("0003", 0, "warn", "older"), ("9999", 1, "fail", "newer")):
        with engine.begin() as connection:
            connection.execute(text("UPDATE asset_sync.alembic_version SET version_num = :v"), {"v": version})
        status, told = found("asset_sync", status=exit_status)["migrations"]
        assert status == verdict
        assert words in told
        with engine.connect() as connection:
            assert connection.execute(text("SELECT version_num FROM asset_sync.alembic_version")).scalar_one() == version
    engine.dispose()


@pytest.mark.usefixtures("home")
def test_a_name_that_there_is_not_is_one_line() -> None:
    ran = doctor("nonsense")
    assert (ran.exit_code, ran.stdout, ran.stderr.count("\n")) == (1, "", 1)
    assert "there is no sync or system 'nonsense'; there are asset_sync, " in ran.stderr


@pytest.mark.slow
def test_it_runs_as_a_process(netbox: NetBoxState) -> None:
    program = [sys.executable, "-c", "from asset_sync.cli.main import main; main()", "doctor", "--json", "netbox"]
    ran = subprocess.run(program, env=dict(os.environ), capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == 0, ran.stderr
    (only,) = json.loads(ran.stdout)["systems"]
    assert only["system"] == "netbox"
    assert netbox.requests.writes == 0


@pytest.mark.parametrize("kept", [True, False])
def test_that_every_run_compiles_what_it_imports_is_told(home: Path, tmp_path: Path, kept: bool) -> None:
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "" if kept else "1"}
    program = [sys.executable, "-c", "from asset_sync.cli.main import main; main()", "doctor", "asset_sync"]
    ran = subprocess.run(program, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ("unset PYTHONDONTWRITEBYTECODE" in ran.stdout) != kept
