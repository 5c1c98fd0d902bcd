"""What a run did, as the events that Dagster keeps of it tell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import dagster as dg

from asset_sync.components.convergence import CONVERGED
from asset_sync.components.failures import first_line, reason
from asset_sync.components.snipeit_to_postgres.component import COUNTS
from asset_sync.components.waits import throttle_waits

_CONVERGED: Final = frozenset({CONVERGED, COUNTS})
"""The checks that tell whether a target holds what it should: that of a plan, and that of each table of a mirror."""
_CHECKED: Final = "ASSET_CHECK_EVALUATION"
_MADE: Final = "ASSET_MATERIALIZATION"


@dataclass(frozen=True, slots=True)
class Requests:
    """How many requests a run sent to all systems."""

    read: int = 0
    write: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """What the events of a run tell; see `asset_sync.operations.runs.RunReport`. `reasons` are empty where it did not fail.

    `waited` is for how many seconds the requests to each system were held back.
    """

    applied: bool
    outcomes: Mapping[str, int]
    requests: Requests
    waited: Mapping[str, float]
    converged: bool | None
    waits: str | None
    reasons: Sequence[str]


def told_by(sync: str, events: Sequence[dg.DagsterEvent]) -> Told:
    """Return what the events of a run of a sync tell."""
    made = [event for event in events if event.event_type_value == _MADE]
    told = {event.asset_key: _values(event) for event in made}
    applied = told.get(dg.AssetKey([sync, "applied"]))
    checks = [event.asset_check_evaluation_data for event in events if event.event_type_value == _CHECKED]
    converged = [check.passed for check in checks if check.check_name in _CONVERGED]
    return Told(
        applied=applied is not None,
        outcomes={name.removeprefix("outcome/"): n for name, n in (applied or {}).items() if name.startswith("outcome/")},
        requests=Requests(_sum(told, "requests", "requests/read"), _sum(told, "requests/write")),
        waited=throttle_waits(told.values()),
        converged=all(converged) if converged else None,
        waits=(applied or {}).get("waits"),
        reasons=_reasons(events, checks),
    )


def _reasons(events: Sequence[dg.DagsterEvent], checks: Sequence[Any]) -> Sequence[str]:
    """Return why a run failed, a line each: the failed checks' own words where there are any."""
    end = next((event for event in events if event.is_run_failure), None)
    if end is None:
        return ()
    failed = [check for check in checks if not check.passed and check.severity is dg.AssetCheckSeverity.ERROR]
    if failed:
        return tuple(f"{check.check_name}: {first_line(check.description or 'failed')}" for check in failed)
    steps = [event for event in events if event.is_step_failure]
    named = tuple(f"{event.step_key}: {reason(event.step_failure_data)}".replace("__", "/") for event in steps)
    return named or (first_line(end.message or "the run failed"),)


def _values(event: dg.DagsterEvent) -> dict[str, Any]:
    metadata = event.step_materialization_data.materialization.metadata
    return {name: entry.value for name, entry in metadata.items()}


def _sum(told: Mapping[Any, Mapping[str, Any]], *names: str) -> int:
    return sum(int(values.get(name, 0)) for values in told.values() for name in names)
