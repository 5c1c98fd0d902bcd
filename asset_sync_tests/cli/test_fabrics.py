"""`asset-sync fabrics` on a project of its own: two fabrics of a system that is read from a CSV."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import dagster as dg
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import create_engine

from asset_sync.cli.main import main
from asset_sync.components.abandoned import KILLED
from asset_sync.components.processes import this_process
from asset_sync.components.resources import LedgerResource
from asset_sync.components.snapshots import Snapshots
from asset_sync.ledger import Leases, Schedules
from asset_sync.operations import fabrics
from asset_sync.operations.pausing import pause
from asset_sync.reconcile.errors import SourceError
from asset_sync.reconcile.sources import Column, SourceTable
from asset_sync.sandbox.netbox import DEFAULT_TOKEN, NetBoxState, create_app
from asset_sync.sandbox.server import Server
from asset_sync.systems.netbox import NetBox
from asset_sync.systems.system import Read, System
from asset_sync_tests.cli.lab import project_of
from asset_sync_tests.components.probe import load_of

SYNC = "fabric_sites"


class Fabric(dg.ConfigurableResource[Any]):
    """A fabric whose switches are a list in the environment."""

    connection: str = ""
    ca_file: str | None = None
    verify: bool = True

    def required_variables(self) -> dict[str, str]:
        return {f"FABRIC_{self.connection.upper()}_TOKEN": "a token"}


def read(fabric: Fabric, _table: str, _columns: tuple[str, ...]) -> Read:
    if fabric.connection == "south" and not os.environ.get("FABRIC_SOUTH_MARK"):
        raise SourceError("the fabric south does not answer")
    marks = frozenset(filter(None, [os.environ.get(f"FABRIC_{fabric.connection.upper()}_MARK")]))
    return Read(pd.DataFrame({"name": ["leaf", "spine"]}, dtype="str"), requests=1, marks=marks)


SITES: Final = SourceTable("switches", "Switches of a fabric.", (Column("name"),), key="name")
FABRIC: Final = System("hedgehog", "Hedgehog", "hedgehog", Fabric, {"switches": SITES}, read, named=True)
YAML: Final = """
type: asset_sync.components.SyncComponent
attributes:
  source: asset_sync_tests.cli.test_fabrics.FABRIC
  target: netbox
  connections:
    - {name: north, interval_seconds: 60}
    - {name: south, interval_seconds: 5}
    - {name: old, enabled: false}
  mapping:
    site:
      name: {from: name, owner: source}
      slug: {from: name, owner: source}
      status: {value: active, owner: source}
"""


@pytest.fixture
def schedules(monkeypatch: pytest.MonkeyPatch, home: Path, tmp_path: Path, database_url: str) -> Iterator[Schedules]:
    """The schedules of a project that has that sync alone, beside an empty NetBox."""
    with Server(create_app(NetBoxState())) as netbox:
        told = {"DATABASE_URL": database_url, "NETBOX_URL": netbox.url, "NETBOX_TOKEN": DEFAULT_TOKEN}
        for name, value in {**told, "FABRIC_NORTH_TOKEN": "x", "FABRIC_SOUTH_TOKEN": "x", "FABRIC_OLD_TOKEN": "x"}.items():
            monkeypatch.setenv(name, value)
        resources = {"ledger": LedgerResource(), "snapshots": Snapshots(), "netbox": NetBox()}
        made = dg.Definitions.merge(load_of(tmp_path / "own", SYNC, YAML, monkeypatch), dg.Definitions(resources=resources))
        engine = create_engine(database_url)
        with project_of(made, monkeypatch):
            yield Schedules(engine)
        engine.dispose()


def ask(*arguments: str, status: int = 0) -> Result:
    result = CliRunner().invoke(main, ["fabrics", *arguments])
    assert result.exit_code == status, result.output
    return result


def told(*arguments: str, status: int = 0) -> dict[str, Any]:
    """What is told as JSON, and nothing else is on standard output."""
    document = json.loads(ask(*arguments, "--json", status=status).stdout)
    assert isinstance(document, dict)
    return document


def statuses() -> dict[str, str]:
    return {each["fabric_name"]: each["sync_status"] for each in told("status")["job_details"]}


@pytest.mark.slow
def test_a_fabric_is_run_and_its_status_follows(schedules: Schedules, monkeypatch: pytest.MonkeyPatch) -> None:
    assert statuses() == {"north": "never_synced", "south": "never_synced", "old": "disabled"}
    ran = told("trigger", "--fabric", "north")
    assert (ran["success"], ran["fabric_id"], ran["fabric_name"], ran["next_sync_scheduled"]) == (True, "north", "north", False)
    assert {each["next_run"] for each in told("status")["job_details"]} == {None}, "the sensor is off"
    monkeypatch.setattr(fabrics, "switched_on", lambda _: {f"{SYNC}_sensor"})
    assert told("trigger", "--fabric", "north")["next_sync_scheduled"] is True
    failed = told("trigger", "--fabric", "south", status=1)
    assert (failed["success"], failed["fabric_id"]) == (False, "south")
    assert "the fabric south does not answer" in failed["error"]
    document = told("status")
    assert (document["success"], document["total_jobs"]) == (True, 3)
    north, south, old = document["job_details"]
    assert (north["sync_status"], south["sync_status"], old["sync_status"]) == ("in_sync", "error", "disabled")
    assert (north["sync_interval"], south["sync_interval"], old["sync_interval"]) == (60, 5, 3600)
    assert north["counts"] == {"site": 2}
    # On a machine that has much to do a run may well take longer than its interval.
    assert north["last_sync"] < min(north["last_success"], north["next_run"])
    assert "the fabric south does not answer" in south["last_error"]
    assert (south["failures"], south["last_success"]) == (1, None)
    assert south["last_sync"] < south["next_run"]
    assert (old["next_run"], old["last_sync"], north["job_id"]) == (None, None, "fabric_sync_north")
    monkeypatch.delenv("FABRIC_NORTH_TOKEN")
    assert "FABRIC_NORTH_TOKEN is not set" in ask("status", "--fabric", "north").stdout
    assert told("status", "--fabric", "north")["job_details"][0]["sync_status"] == "not_configured"
    shown = ask("status").stdout
    assert "not_configured" in shown
    assert "2 site" in shown
    pause(SYNC, "the rack moves", "anna")
    assert "paused by anna" in ask("status").stdout
    paused = told("status")["job_details"][1]
    assert ("the rack moves" in paused["paused"], paused["scheduled"], paused["next_run"]) == (True, False, None)


def test_what_does_not_run_now_is_refused_in_a_line(schedules: Schedules, monkeypatch: pytest.MonkeyPatch) -> None:
    Leases(schedules._engine).beat("other", this_process())
    schedules.begin(SYNC, "north", "other", request=None, counted=True)
    monkeypatch.delenv("FABRIC_SOUTH_TOKEN")
    why = {
        "north": "fabric north is under way: it has one run at a time",
        "south": "fabric south is not configured: set FABRIC_SOUTH_TOKEN in the environment or in .env",
        "old": "Sync is disabled for fabric old",
        "west": "Fabric west not found; there are north, south, old",
    }
    for name, words in why.items():
        result = ask("trigger", "--fabric", name, "--json", status=1)
        document = json.loads(result.stdout)
        assert (document["success"], document["error"], document["fabric_id"]) == (False, words, name)
        assert result.stderr.splitlines()[-1:] in ([], [f"asset-sync: {words}"])
    assert told("trigger", status=1)["error"] == "name one fabric with --fabric; there are north, south, old"
    assert statuses()["north"] == "syncing"
    assert told("status", "--fabric", "west", status=1)["total_jobs"] == 0


def test_a_run_that_was_killed_has_failed_before_anybody_ended_it(schedules: Schedules) -> None:
    Leases(schedules._engine).beat("dead", replace(this_process(), began="long ago"))
    assert schedules.begin(SYNC, "north", "dead", request=None, counted=True)
    (north,) = told("status", "--fabric", "north")["job_details"]
    assert (north["sync_status"], north["last_error"], north["failures"]) == ("error", KILLED, 1)
    (kept,) = schedules.of(SYNC).values()
    assert kept.owner is not None, "nobody but who starts runs ends it"


@pytest.mark.parametrize("command", ["start", "status", "trigger", "test"])
def test_what_is_not_understood_is_one_document_too_and_says_how_a_fabric_is_named(command: str) -> None:
    named = ask(command, "north", "--json", status=2)
    told = json.loads(named.stdout)
    assert told["success"] is False
    assert told["error"] == "Got unexpected extra argument (north): a fabric is named by --fabric NAME"
    line = f"asset-sync: {told['error']} (see: asset-sync fabrics {command} --help)"
    assert named.stderr.splitlines() == [line]
    assert json.loads(ask(command, "--json", "--fabrics", status=2).stdout)["success"] is False
    assert ask(command, "north", status=2).stdout == ""


@pytest.mark.slow
def test_start_switches_the_sensor_on_and_says_what_is_scheduled(schedules: Schedules, monkeypatch: pytest.MonkeyPatch) -> None:
    switched: list[str] = []
    monkeypatch.setattr(fabrics, "_switch_on", switched.append)
    every = ask("start", "--json")
    document = json.loads(every.stdout)
    assert document == {
        "success": True,
        "message": "Bootstrapped sync schedules for 2 fabrics",
        "fabrics_scheduled": 2,
        "fabrics_started": 2,
        "errors": ["Sync is disabled for fabric old"],
        "total_fabrics": 3,
    }
    assert "nothing starts by itself until a daemon runs" in every.stderr
    assert switched == [f"{SYNC}_sensor"]
    one = told("start", "--fabric", "north")
    assert (one["success"], one["fabric_id"], one["fabric_name"], one["sync_interval"]) == (True, "north", "north", 60)
    also = ask("start", "--fabric", "north").stderr
    assert "south runs by itself, too" in also
    assert "old" not in also
    assert "by itself, too" not in ask("start").stderr
    refused = told("start", "--fabric", "old", status=1)
    assert (refused["error"], refused["fabrics_scheduled"]) == ("Sync is disabled for fabric old", 0)
    assert "Bootstrapped sync schedules for 2 fabrics" in ask("start").stdout


def test_start_needs_no_dagster_home_of_the_shell(schedules: Schedules, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    homes: list[str | None] = []
    monkeypatch.setattr(fabrics, "_switch_on", lambda _: homes.append(os.environ.get("DAGSTER_HOME")))
    monkeypatch.delenv("DAGSTER_HOME")
    ask("start")
    assert homes == [str(home / "dagster")]


def test_a_database_that_is_away_is_told_as_json_without_its_password(
    schedules: Schedules, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody:secret@127.0.0.1:1/nothing")
    document = told("status", status=1)
    assert document["success"] is False
    assert "the database does not answer" in document["error"]
    assert "secret" not in json.dumps(document)


def test_where_nothing_is_a_fabric_nothing_is_scheduled(schedules: Schedules, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asset_sync_tests.cli.test_fabrics.FABRIC", replace(FABRIC, name="other"))
    assert told("start")["message"] == "No sync-enabled fabrics found"
    assert told("status") == {"success": True, "total_jobs": 0, "job_details": []}


@pytest.mark.slow
def test_one_fabric_under_two_names_is_run_under_the_first_alone(schedules: Schedules, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NORTH", "SOUTH"):
        monkeypatch.setenv(f"FABRIC_{name}_MARK", "uid")
    assert told("trigger", "--fabric", "north")["success"]
    refused = told("trigger", "--fabric", "south", status=1)["error"]
    assert refused == (
        f"{SYNC}/switches: south leads to the same system as north: both would write the same objects in turn; remove one of "
        f"the two from the YAML of {SYNC}, or rest it with `enabled: false`; nothing was taken"
    )
    assert statuses() | {"old": ""} == {"north": "in_sync", "south": "error", "old": ""}
    assert told("trigger", "--fabric", "north")["success"]
    monkeypatch.setenv("FABRIC_SOUTH_MARK", "its own")
    assert told("trigger", "--fabric", "south")["success"]
