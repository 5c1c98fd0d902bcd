"""What starts runs by itself is switched as in Dagster's UI, and what is paused is not written, whoever asks for it."""

import json
import subprocess
from datetime import UTC, datetime

import dagster as dg
import pytest

from asset_sync.operations.definitions import instance, schedules
from asset_sync.sandbox.world import World
from asset_sync_tests.cli.lab import SYNC, assets
from asset_sync_tests.cli.test_connections import ask
from asset_sync_tests.cli.test_processes import PROGRAM

SCHEDULE = f"{SYNC}_schedule"


def process(*args: str, status: int = 0) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run([*PROGRAM, *args], capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stderr
    return done


def runs_of_schedule() -> list[dg.RunRequest]:
    (schedule,) = [each for each in schedules() if each.name == SCHEDULE]
    with instance() as dagster, dg.build_schedule_context(dagster, datetime.now(UTC)) as context:
        return list(schedule.evaluate_tick(context).run_requests or [])


@pytest.mark.slow
def test_what_is_paused_is_planned_and_not_written_until_it_is_resumed(world: World) -> None:
    assert len(runs_of_schedule()) == 1
    ask("pause", "--reason", "NetBox is upgraded", "--by", "anna")
    assert runs_of_schedule() == []
    refused = ask("run", SYNC, status=1)
    assert "everything is paused by anna" in refused.output
    assert "NetBox is upgraded; to go on: asset-sync resume" in refused.output
    assert assets(world) == {}
    (plan, *_) = json.loads(ask("plans", "--json").stdout)
    assert "NetBox is upgraded" in ask("apply", plan["id"], status=1).output
    assert "NetBox is upgraded" in ask("plans").stdout
    assert "everything is paused" in ask("resume", SYNC, status=1).output
    ask("pause", SYNC, "--reason", "its owner asked for it", "--by", "bob")
    paused = {each["sync"]: each["paused"] for each in json.loads(ask("schedules", "list", "--json").stdout)}
    assert "everything is paused by anna" in paused[SYNC]
    assert "its owner asked for it" in ask("resume").stdout
    assert "Nothing is paused." in ask("resume", SYNC).stdout
    ask("apply", plan["id"])
    assert len(assets(world)) == len(world.company)


def test_a_pause_says_why_and_of_what(world: World) -> None:
    assert "there is no sync 'nonsense'" in ask("pause", "nonsense", "--reason", "x", status=1).output
    assert "needs a reason" in ask("pause", "--reason", " ", status=1).output
    assert "there is no schedule or sensor 'nonsense'" in ask("schedules", "start", "nonsense", status=1).output


@pytest.mark.slow
def test_a_switch_is_dagsters_own(world: World) -> None:
    def switched() -> dict[str, bool]:
        with instance() as dagster:
            return {state.name: state.status.value == "RUNNING" for state in dagster.all_instigator_state()}

    (started,) = json.loads(process("schedules", "start", SYNC, "--json").stdout)
    assert (started["name"], started["on"], started["cron"]) == (SCHEDULE, True, "0 * * * *")
    assert datetime.fromisoformat(started["next_at"]) > datetime.now(UTC)
    assert switched()[SCHEDULE]
    (stopped,) = json.loads(process("schedules", "stop", SCHEDULE, "--json").stdout)
    assert (stopped["on"], stopped["next_at"]) == (False, None)
    assert not switched()[SCHEDULE]
    assert {each["name"]: each["on"] for each in json.loads(process("schedules", "list", "--json").stdout)}[SCHEDULE] is False


@pytest.mark.slow
def test_the_others_as_processes(world: World) -> None:
    assert "for a while" in process("pause", SYNC, "--reason", "for a while", "--by", "anna").stdout
    assert json.loads(process("resume", SYNC, "--json").stdout) == {"paused": []}
    triggered = process("trigger", SYNC)
    assert len(triggered.stdout.strip()) == 36
    assert "no daemon is alive" in triggered.stderr
    assert "Nothing of the kind was sent." in process("exports", "--connection", "main").stdout
