"""--json: every command that tells data has it, and then standard output is one JSON document and nothing else."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click
import pytest
from click.testing import CliRunner

from asset_sync.cli.main import main
from asset_sync.sandbox.world import World
from asset_sync_tests.cli.lab import SYNC, assets

WORDS_ALONE: Final = {
    "sandbox": "variables for a shell, until it is stopped",
    "dev": "runs until it is stopped",
    "serve": "runs until it is stopped",
    "collect": "its document is JSON",
    "config example": "a YAML",
    "forget": "a sentence",
    "reconnect": "a sentence",
    "trigger": "the id that the run was asked for by, alone",
    "alerts send": "a sentence for a channel that took nothing",
    "alerts test": "a sentence a channel",
    "users add": "a sentence",
    "users token": "the token, alone",
    "users remove": "a sentence",
}


def leaves(command: click.Command, *names: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if not isinstance(command, click.Group):
        yield names, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        yield from leaves(found, *names, name)


def test_every_command_that_tells_data_tells_it_as_json() -> None:
    without = {" ".join(names) for names, command in leaves(main) if not any(one.name == "as_json" for one in command.params)}
    assert without == WORDS_ALONE.keys()


def told(*args: str, status: int = 0) -> Any:
    ran = CliRunner().invoke(main, [*args, "--json"])
    assert ran.exit_code == status, ran.output
    return json.loads(ran.stdout)


@pytest.mark.slow
def test_a_plan_from_its_making_to_its_undo_is_told_as_json(world: World) -> None:
    (run,) = told("plan", SYNC)["runs"]
    assert (run["sync"], run["status"]) == (SYNC, "succeeded")
    plan = run["plan_id"]
    assert told("show", plan)["counts"] == told("show", plan, "--format", "json")["counts"]
    rejected = told("reject", plan, "--by", "Pat")
    assert (rejected["id"], rejected["state"], rejected["decisions"][-1]["by"]) == (plan, "rejected", "Pat")
    assert "was rejected by Pat" in told("show", plan)["waits"]
    approved = told("approve", plan, "--by", "Sam")
    assert (approved["state"], approved["approved_by"]) == ("approved", ["Sam"])
    applied = told("apply", plan)
    assert applied["outcomes"]["applied"] == sum(approved["counts"].values())
    asset, held = next(iter(assets(world).items()))
    writes = told("history", "asset", str(asset))["writes"]
    assert {write["field"]: write["new"] for write in writes}["name"] == held["name"]
    assert told("missing", SYNC) == {"missing": []}
    back = told("undo", plan, "--dry-run")
    assert {(row["op"], row["target_id"]) for row in back if row["kind"] == "asset"} == {
        ("retire", str(n)) for n in assets(world)
    }
    record = writes[0]["source_key"]
    decided = told("resolve", "ignore", SYNC, "asset", record, "--by", "Pat")
    assert told("resolve", "take-back", str(decided["resolution"]["number"]))["taken_back_by"] is not None
    assert [each["resolution"]["number"] for each in told("resolve", "list")] == [decided["resolution"]["number"]]


def test_a_run_that_fails_is_told_as_json_and_its_reason_in_words_beside_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PDQ_TOKEN", "wrong")
    ran = CliRunner().invoke(main, ["run", SYNC, "--json"])
    assert ran.exit_code == 1
    (run,) = json.loads(ran.stdout)["runs"]
    assert run["status"] == "failed"
    assert run["reasons"]
    assert all(f"asset-sync: {reason}" in ran.stderr for reason in run["reasons"])
    assert world.netbox.requests.writes == 0


@pytest.mark.usefixtures("world")
def test_what_is_there_is_told_as_json(tmp_path: Path) -> None:
    assert [each["connection"] for each in told("connections")["connections"]] == ["main"]
    found = told("check")
    assert found["right"] is True
    assert all(each["wrong"] is None for each in found["files"])
    wrong = tmp_path / "defs.yaml"
    wrong.write_text("attributes: {}\n", encoding="utf-8")
    (only,) = told("check", str(wrong), status=1)["files"]
    assert only["wrong"].startswith(f"{wrong}:1: type: ")
