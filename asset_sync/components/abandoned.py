"""Runs that nobody carries out any more: they are ended in Dagster's history, and what they hold is freed.

Dagster frees the pool slots of a killed run in its daemon alone, which not everybody runs, and only once somebody ended the
run. So each run has a lease (see `asset_sync.components.leasing`), and whoever comes next looks whether its holder lives.
"""

from datetime import UTC, datetime
from typing import Final

import dagster as dg

from asset_sync.components.processes import lives, this_machine
from asset_sync.components.resources import open_leases, open_schedules
from asset_sync.ledger.leases import Lease

BEAT_S: Final = 10.0
"""How often the holder of a lease is heard of."""
SILENT_S: Final = 120.0
"""After how long a silence the holder of a lease on another machine counts as dead."""

KILLED: Final = "its process was killed, or its machine went down: nobody carries it out any more"
"""Why a run ended of which nothing else is known."""

_UNDER_WAY: Final = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


def end_abandoned(dagster: dg.DagsterInstance) -> list[str]:
    """End the runs that nobody carries out any more, free what they hold, and return their ids.

    A run without a lease is left alone as long as it is under way: nobody can tell.
    """
    runs = {run.run_id: run for run in dagster.get_runs(filters=dg.RunsFilter(statuses=_UNDER_WAY))}
    holding = dagster.event_log_storage.get_concurrency_run_ids()
    found = (dagster.get_run_by_id(run_id) for run_id in holding - runs.keys())
    runs |= {run.run_id: run for run in found if run is not None}
    if not runs:
        return []
    leases, schedules = open_leases(), open_schedules()
    held = leases.of(list(runs))
    abandoned = [run for run in runs.values() if _is_abandoned(run, held.get(run.run_id))]
    for run in abandoned:
        if not run.is_finished:
            dagster.report_run_failed(run, KILLED)
        dagster.event_log_storage.free_concurrency_slots_for_run(run.run_id)
        schedules.failed(run.run_id, KILLED)
        leases.give_back(run.run_id)
    return [run.run_id for run in abandoned]


def in_the_way(dagster: dg.DagsterInstance, pool: str, run_id: str) -> str | None:
    """Return in a line who has the pool for which a run waits, and since when; None where it is the run's turn."""
    info = dagster.event_log_storage.get_concurrency_info(pool)
    mine = [step for step in info.pending_steps if step.run_id == run_id]
    # One whose turn it is has not taken its slot yet.
    next_ones = {step.run_id for step in info.pending_steps if step.assigned_timestamp}
    holders = sorted(({slot.run_id for slot in info.claimed_slots} | next_ones) - {run_id})
    if not mine or any(step.assigned_timestamp for step in mine) or not holders:
        return None
    return f"waits for {', '.join(_told(dagster, holder) for holder in holders)}: one run at a time uses {pool}"


def _is_abandoned(run: dg.DagsterRun, lease: Lease | None) -> bool:
    return run.is_finished if lease is None else not carried_out(lease)


def carried_out(lease: Lease) -> bool:
    """Tell whether the holder of a run's lease lives."""
    if lease.holder.machine == this_machine():
        return lives(lease.holder)
    return lease.silent_s <= SILENT_S


def _told(dagster: dg.DagsterInstance, run_id: str) -> str:
    record = dagster.get_run_record_by_id(run_id)
    if record is None:
        return f"run {run_id}"
    began = datetime.fromtimestamp(record.start_time, UTC) if record.start_time else record.create_timestamp
    return f"run {run_id} of {record.dagster_run.job_name}, since {began.astimezone():%Y-%m-%d %H:%M:%S}"
