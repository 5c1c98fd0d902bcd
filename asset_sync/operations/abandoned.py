"""Runs whose process is dead: they are ended in Dagster's history, and what they hold is freed.

Dagster frees the pool slots of a killed run in its daemon alone, which not everybody runs. So a run that is started here says
by a tag which process it is in, and whoever comes next looks whether that one still lives: on its own machine, for of
another one nobody can tell.
"""

import os
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import dagster as dg

PROCESS: Final = "asset_sync/process"
"""The tag of a run: the machine, the process and when that began, because numbers of processes come again."""

_UNDER_WAY: Final = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


def this_process() -> str:
    """Return what the tag says of this process."""
    return f"{_machine()} {os.getpid()} {_began(os.getpid())}"


def end_abandoned(dagster: dg.DagsterInstance) -> list[str]:
    """End the runs of this machine whose process is dead, free what they hold, and return their ids."""
    runs = {run.run_id: run for run in dagster.get_runs(filters=dg.RunsFilter(statuses=_UNDER_WAY))}
    for run_id in dagster.event_log_storage.get_concurrency_run_ids() - runs.keys():
        held = dagster.get_run_by_id(run_id)
        if held is not None:
            runs[run_id] = held
    dead = [run for run in runs.values() if _is_dead(run.tags.get(PROCESS, ""))]
    for run in dead:
        if not run.is_finished:
            dagster.report_run_failed(run, "its process was killed, or the machine went down: nobody carries it out any more")
        dagster.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    return [run.run_id for run in dead]


def in_the_way(dagster: dg.DagsterInstance, pool: str, run_id: str) -> str | None:
    """Return in a line who holds a pool for which a run waits; None where it is the run's turn."""
    info = dagster.event_log_storage.get_concurrency_info(pool)
    mine = [step for step in info.pending_steps if step.run_id == run_id]
    holders = sorted({slot.run_id for slot in info.claimed_slots} - {run_id})
    if not mine or any(step.assigned_timestamp for step in mine) or not holders:
        return None
    return f"waits for {', '.join(_told(dagster, holder) for holder in holders)}: one run at a time uses {pool}"


def _told(dagster: dg.DagsterInstance, run_id: str) -> str:
    record = dagster.get_run_record_by_id(run_id)
    if record is None:
        return f"run {run_id}"
    began = datetime.fromtimestamp(record.start_time, UTC) if record.start_time else record.create_timestamp
    return f"run {run_id} of {record.dagster_run.job_name}, since {began.astimezone():%Y-%m-%d %H:%M:%S}"


def _is_dead(told: str) -> bool:
    machine, _, process = told.rpartition(" ")[0].rpartition(" ")
    if machine != _machine() or not process.isdigit():
        return False
    return _began(int(process)) != told.rpartition(" ")[2]


def _machine() -> str:
    """Return the name of the machine; on Linux with the space of process numbers, which a container has of its own."""
    space = os.readlink("/proc/self/ns/pid") if sys.platform == "linux" else sys.platform
    return f"{socket.gethostname()}/{space}"


def _began(process: int) -> str | None:
    """Return what tells when a process began, the same as long as it lives; None where there is no such one."""
    if sys.platform != "linux":
        return _began_elsewhere(process)
    try:
        state, *told = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # Counted from the start of the machine, so that nobody who sets the clock moves it.
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return None if state == "Z" else f"{boot}/{told[18]}"


def _began_elsewhere(process: int) -> str | None:
    import psutil  # noqa: PLC0415 - not installed on Linux, which says it by itself

    try:
        return f"{psutil.Process(process).create_time():.0f}"
    except psutil.NoSuchProcess:
        return None
