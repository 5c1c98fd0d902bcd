"""Runs on several machines by Celery: what the files say, and a fleet of which a worker dies in the middle of a backfill."""

import base64
import re
import shutil
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import dagster as dg
import pytest
import redis
import yaml
from sqlalchemy import Engine, text

from asset_sync.components.abandoned import KILLED
from asset_sync_tests.deploy.fleet import CELERY, NETBOX_S, REDIS, SYNC, Fleet, Worker, fleet_of, worker_command
from asset_sync_tests.pipeline import ASSETS, DEFINITIONS

DEPLOY: Final = CELERY.parent
REGISTERS: Final = [f"r{number:02}" for number in range(40)]
AT_ONCE, PER_MINUTE = 2, 900
BEFORE_THE_KILL: Final = 8
QUEUE: Final = "dagster"
IGNORED: Final = "Ignoring a "
"""How Dagster's word of a run begins that was delivered once more."""


def settings(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def test_the_instance_differs_from_the_servers_in_what_workers_need_alone() -> None:
    server, celery = settings(DEPLOY / "dagster.yaml"), settings(CELERY / "dagster.yaml")
    assert celery.pop("run_launcher")["class"] == "CeleryRunLauncher"
    assert celery.pop("run_retries") == {"enabled": True, "max_retries": 3, "retry_on_asset_or_op_failure": False}
    assert celery["run_monitoring"].pop("start_timeout_seconds") > 180
    limits = [each for each in server["concurrency"]["runs"]["tag_concurrency_limits"] if each["key"] != "dagster/backfill"]
    assert celery["concurrency"].pop("runs")["tag_concurrency_limits"] == limits
    server["concurrency"].pop("runs")
    assert celery == server


def test_what_nobody_acknowledged_is_delivered_again_after_the_longest_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELERY_BROKER_URL", "redis://:secret@broker:6379/0")
    told: dict[str, Any] = {}
    exec((CELERY / "dagster_celery_config.py").read_text(encoding="utf-8"), told)
    longest = settings(CELERY / "dagster.yaml")["run_monitoring"]["max_runtime_seconds"]
    assert told["broker_transport_options"]["visibility_timeout"] > longest
    assert told["broker_url"] == told["result_backend"] == "redis://:secret@broker:6379/0"


def test_the_container_runs_what_the_unit_runs() -> None:
    services = settings(CELERY / "compose.yaml")["services"]
    assert services["worker"]["command"] == worker_command()


def test_a_killed_run_comes_again_from_its_beginning() -> None:
    jobs = [job for job in DEFINITIONS.jobs or [] if "asset_sync/sync" in (job.tags or {})]
    planning = [job for job in jobs if job.name != "snipeit_to_postgres"]
    assert planning
    assert {(job.tags or {}).get("dagster/retry_strategy") for job in planning} == {"ALL_STEPS"}


@dataclass(frozen=True)
class Ran:
    """A run as Dagster has it."""

    record: dg.RunRecord
    entries: list[dg.EventLogEntry]

    @property
    def status(self) -> str:
        return self.record.dagster_run.status.value

    @property
    def register(self) -> str:
        return self.record.dagster_run.tags["dagster/partition"]

    @property
    def span(self) -> tuple[float, float]:
        """When it began and ended."""
        assert self.record.start_time is not None
        assert self.record.end_time is not None
        return self.record.start_time, self.record.end_time

    @cached_property
    def said(self) -> list[str]:
        return [
            entry.user_message or (entry.dagster_event.message if entry.dagster_event else "") or "" for entry in self.entries
        ]

    @property
    def processes(self) -> set[int]:
        """The processes that it was given to."""
        told = (re.search(r"Started process for run \(pid: (\d+)\)", words) for words in self.said)
        return {int(found[1]) for found in told if found}

    def count(self, event: dg.DagsterEventType) -> int:
        return sum(entry.dagster_event_type is event for entry in self.entries)

    def spans_of(self, step: str) -> list[tuple[float, float]]:
        """When a step began and ended; one that was killed ends with the run."""
        mine = [each for each in self.entries if each.step_key == step and each.dagster_event_type]
        begun = [each.timestamp for each in mine if each.dagster_event_type is dg.DagsterEventType.STEP_START]
        over = [each.timestamp for each in mine if each.dagster_event_type is dg.DagsterEventType.STEP_SUCCESS]
        return [(began, over[at] if at < len(over) else self.span[1]) for at, began in enumerate(begun)]


def runs_of(fleet: Fleet) -> list[Ran]:
    """Return all runs, the oldest first."""
    with fleet.instance() as dagster:
        return [Ran(each, list(dagster.all_logs(each.dagster_run.run_id))) for each in dagster.get_run_records()[::-1]]


def statuses(dagster: dg.DagsterInstance) -> Counter[str]:
    return Counter(run.status.value for run in dagster.get_runs())


def being_written(engine: Engine, processes: set[int]) -> str | None:
    """Return the run that one of the processes is in the middle of: it said what it sends, and has not come to its end."""
    asked = text(
        "SELECT run_id, process FROM asset_sync.lease WHERE EXISTS (SELECT FROM asset_sync.intent"
        " JOIN asset_sync.plan ON plan.id = plan_id WHERE intent.run_id = lease.run_id AND state = 'applying')"
    )
    with engine.connect() as connection:
        return next((run_id for run_id, process in connection.execute(asked) if process in processes), None)


def kill_in_the_middle(fleet: Fleet, engine: Engine, worker: Worker) -> str:
    """Kill a worker while what it writes is on its way to NetBox; return the run that it was carrying out."""
    fleet.faults.set("slow", method="POST", seconds=2.0)
    mine, found = worker.processes(), list[str]()

    def killed() -> bool:
        if run_id := being_written(engine, mine):
            worker.kill()
            found.append(run_id)
        return bool(run_id)

    fleet.wait(killed, "the worker writes nothing")
    fleet.faults.set("slow", seconds=NETBOX_S)
    return found[0]


def deliver_again(client: redis.Redis, taken: Mapping[str, bytes], run_id: str) -> None:
    """Put a run's message into the queue once more, to be taken next."""
    client.rpush(QUEUE, taken[run_id])


def messages(client: redis.Redis) -> dict[str, bytes]:
    """Return the messages that wait, by the run that each is about."""
    found: dict[str, Any] = {}
    for message in client.lrange(QUEUE, 0, -1):
        body = base64.b64decode(yaml.safe_load(message)["body"]).decode()
        run_id = re.search(r'"pipeline_run_id": "([0-9a-f-]{36})"', body)
        assert run_id, body
        found[run_id[1]] = message
    return found


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.xdist_group("live")
@pytest.mark.timeout(1800)
@pytest.mark.skipif(shutil.which(REDIS) is None, reason=f"{REDIS} is not installed: apt-get install {REDIS}")
def test_a_backfill_over_two_workers_of_which_one_is_killed_loses_nothing_and_does_nothing_twice(
    tmp_path: Path, database_url: str, empty_database_url: str, engine: Engine
) -> None:
    limits = {"NETBOX_REQUESTS_AT_ONCE": str(AT_ONCE), "NETBOX_REQUESTS_PER_MINUTE": str(PER_MINUTE)}
    with fleet_of(tmp_path, database_url, empty_database_url, REGISTERS, **limits) as fleet, fleet.daemon():
        fleet.backfill()
        client = redis.Redis.from_url(fleet.environment["CELERY_BROKER_URL"])
        fleet.wait(lambda: client.llen(QUEUE), "no run was sent to the broker")
        taken = messages(client)
        again = next(iter(taken))
        with fleet.instance() as dagster, fleet.worker("first") as first, fleet.worker("second") as second:
            fleet.wait(lambda: status_of(dagster, again) == "STARTED", "the first run did not begin")
            deliver_again(client, taken, again)
            fleet.wait(lambda: statuses(dagster)["SUCCESS"] >= BEFORE_THE_KILL, "they do not run")
            deliver_again(client, taken, again)
            own = {"first": first.processes(), "second": second.processes()}
            killed = kill_in_the_middle(fleet, engine, second)
            with fleet.worker("third") as third:
                fleet.wait(lambda: is_over(dagster), "not all of it ran", 600)
                own["third"] = third.processes()
        check(fleet, runs_of(fleet), own, killed, again)


def status_of(dagster: dg.DagsterInstance, run_id: str) -> str | None:
    run = dagster.get_run_by_id(run_id)
    return run.status.value if run else None


def is_over(dagster: dg.DagsterInstance) -> bool:
    """Tell whether every register came through, and nothing is under way."""
    runs = dagster.get_runs()
    came = {run.tags["dagster/partition"] for run in runs if run.status is dg.DagsterRunStatus.SUCCESS}
    return len(came) == len(REGISTERS) and all(run.is_finished for run in runs)


def check(fleet: Fleet, runs: list[Ran], own: Mapping[str, set[int]], killed: str, again: str) -> None:
    by_id = {run.record.dagster_run.run_id: run for run in runs}
    # Each register came through once, and the run that was killed came again.
    assert Counter(run.register for run in runs if run.status == "SUCCESS") == Counter(REGISTERS)
    (lost,) = [run for run in runs if run.status != "SUCCESS"]
    assert lost is by_id[killed]
    assert any(KILLED in words for words in lost.said)
    # In NetBox is what the registers say, all of it, and none of it twice.
    wanted = [asset.asset_tag for each in fleet.registers.values() for asset in each.hardware.living()]
    assert sorted(row["asset_tag"] for row in fleet.netbox.objects(ASSETS)) == sorted(wanted)
    for endpoint, name in (("dcim/manufacturers", "name"), ("plugins/inventory/inventory-item-types", "slug")):
        names = [row[name] for row in fleet.netbox.objects(endpoint)]
        assert len(names) == len(set(names)) > 2
    # A run that is delivered again is carried out by nobody else, whether it is under way or over.
    assert sum(words.startswith(IGNORED) for words in by_id[again].said) == 2
    assert all(run.count(dg.DagsterEventType.RUN_START) == 1 for run in runs)
    # Every worker had its part, at the same time as another one.
    parts = {name: sum(bool(run.processes & mine) for run in runs) for name, mine in own.items()}
    assert all(part >= 3 for part in parts.values()), parts
    spans = sorted(run.span for run in runs)
    assert any(after[0] < before[1] for before, after in pairwise(spans))
    check_limits(fleet, runs)


def check_limits(fleet: Fleet, runs: list[Ran]) -> None:
    """What is to be one at a time was so over all workers, and NetBox was asked no more than its budget."""
    in_pool = sorted(span for run in runs for step in ("inventory", "applied") for span in run.spans_of(f"{SYNC}__{step}"))
    assert len(in_pool) >= 2 * len(REGISTERS)
    assert all(before[1] <= after[0] + 0.1 for before, after in pairwise(in_pool))
    of_register = defaultdict(list)
    for run in runs:
        of_register[run.register].append(run.span)
    assert all(before[1] <= after[0] for spans in of_register.values() for before, after in pairwise(sorted(spans)))
    assert fleet.meter.most <= AT_ONCE
    came = sorted(fleet.meter.came)
    in_ten_seconds = max(bisect_left(came, at + 10) - number for number, at in enumerate(came))
    assert in_ten_seconds <= PER_MINUTE / 6 * 1.1
