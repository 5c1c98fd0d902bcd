"""Turns: one run at a time has a connection, and what became of it is remembered, whoever started it and by what."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

import dagster as dg

from asset_sync.components import run_tags
from asset_sync.components.abandoned import KILLED, carried_out
from asset_sync.components.failures import first_line, reason, said
from asset_sync.components.history import counts, writes_all
from asset_sync.components.patience import wait_while
from asset_sync.components.resources import open_schedules
from asset_sync.ledger import Schedule, Schedules
from asset_sync.ledger.schedules import Owner
from asset_sync.reconcile.errors import AssetSyncError

_INTERRUPTED: Final = dg.DagsterExecutionInterruptedError.__name__


class RequestLapsed(AssetSyncError):
    """A run came so late that its turn was given to another one."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a run is to its connection: whether it is `counted` as a turn, and the sensor's `request` that it comes of."""

    sync: str
    connection: str
    counted: bool
    request: str | None = None


@dataclass
class Ending:
    """What a run came to: it succeeded where nothing else was said."""

    error: str | None = None
    stopped: bool = False
    _checks: list[str] = field(default_factory=list)

    def hear(self, event: dg.DagsterEvent) -> None:
        """Take in an event of the run; of a step that failed by its checks these say why."""
        if event.event_type_value == "ASSET_CHECK_EVALUATION":
            check = event.asset_check_evaluation_data
            if not check.passed and check.severity is dg.AssetCheckSeverity.ERROR:
                self._checks.append(f"{check.check_name}: {first_line(check.description or 'failed')}")
        elif event.is_step_failure:
            error = event.step_failure_data.error
            self.stopped = self.stopped or (error is not None and error.cls_name == _INTERRUPTED)
            self.error = self.error or next(iter(self._checks), reason(event.step_failure_data))


def turn_of(dagster: dg.DagsterInstance, run: dg.DagsterRun) -> Turn | None:
    """Return what a run that Dagster has is to its connection; None where it is a run of none."""
    connection = run.tags.get(run_tags.PARTITION)
    if connection is None or not _is_of_connections(run.job_name, run.tags):
        return None
    # A run that repeats another one has its tags, too, and that one's request was taken.
    request = None if run_tags.PARENT in run.tags else run.tags.get(run_tags.REQUEST)
    return Turn(run.job_name, connection, counts(dagster, run), request)


def turn_by_hand(
    sync: str, tags: Mapping[str, str], connection: str | None, run_config: Mapping[str, Any], *, whole: bool
) -> Turn | None:
    """Return what a run is to its connection that is about to begin here, given the tags of its job; None if it has none."""
    if connection is None or not _is_of_connections(sync, tags):
        return None
    return Turn(sync, connection, whole and writes_all(sync, run_config))


def _is_of_connections(job: str, tags: Mapping[str, str]) -> bool:
    return tags.get(run_tags.SYNC) == job and run_tags.CONNECTIONS in tags


@contextmanager
def in_turn(
    turn: Turn | None, run_id: str, *, tell: Callable[[str], None], stopped: Callable[[float], bool]
) -> Iterator[Ending]:
    """Have a connection for a run that is under its lease, and remember how it ended, as is said of what this yields.

    Waits for the run that has it, as `tell` hears, unless a person has this one stopped (see `heed`). A run whose request
    lapsed, and whose turn another one was given, is not to be carried out: raises `RequestLapsed`.
    """
    ending = Ending()
    if turn is None:
        yield ending
        return
    schedules = open_schedules()
    wait_while(lambda: _not_yet(schedules, turn, run_id), tell=tell, stopped=stopped)
    try:
        yield ending
    except Exception as error:
        schedules.failed(run_id, _in_a_line(said(error)))
        raise
    except BaseException:
        schedules.give_back(run_id)
        raise
    if ending.stopped:
        schedules.give_back(run_id)
    elif ending.error is not None:
        schedules.failed(run_id, _in_a_line(ending.error))
    else:
        schedules.succeeded(run_id)


def _not_yet(schedules: Schedules, turn: Turn, run_id: str) -> str | None:
    """Take a run's turn; return in a line who has it, where it cannot be had yet."""
    while not schedules.begin(turn.sync, turn.connection, run_id, request=turn.request, counted=turn.counted):
        if turn.request is not None:
            raise RequestLapsed(f"its request lapsed, and the turn of {turn.sync}/{turn.connection} was given to another one")
        other = schedules.of(turn.sync).get(turn.connection)
        if other is not None and not end_dead(schedules, other) and is_under_way(other):
            return f"waits for {_who(other)}: one run at a time has {turn.sync}/{turn.connection}"
    return None


def is_under_way(schedule: Schedule) -> bool:
    """Tell whether somebody has a connection: a run that is carried out, or the request for one that did not lapse."""
    owner = schedule.owner
    if owner is None:
        return False
    if owner.lease is not None:
        return carried_out(owner.lease)
    return schedule.request_counts > timedelta(0)


def end_dead(schedules: Schedules, schedule: Schedule) -> bool:
    """Free a connection whose run was killed, and remember that; tell whether it was so. A lapsed request is free as it is."""
    if (owner := _dead(schedule)) is None:
        return False
    schedules.failed(owner.name, KILLED)
    return True


def as_ended(schedule: Schedule) -> Schedule:
    """Return a schedule as `end_dead` would leave it."""
    owner = _dead(schedule)
    if owner is None:
        return schedule
    if not owner.counted:
        return replace(schedule, owner=None)
    return replace(schedule, owner=None, failures=schedule.failures + 1, failed_at=schedule.now, last_error=KILLED)


def _dead(schedule: Schedule) -> Owner | None:
    """Return the run that has a connection, where it was killed."""
    owner = schedule.owner
    return None if owner is None or owner.expires_at is not None or is_under_way(schedule) else owner


def _who(schedule: Schedule) -> str:
    owner = schedule.owner
    return f"run {owner.name}" if owner is not None and owner.lease is not None else "a run that is about to begin"


_LONGEST: Final = 500


def _in_a_line(words: str) -> str:
    return first_line(words)[:_LONGEST]
