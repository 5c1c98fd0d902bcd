"""Whether all is well, for whoever watches the service: /health without a token, /metrics for Prometheus."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final, Literal, Self

from fastapi import APIRouter, Depends, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from pydantic import BaseModel, Field

from asset_sync.access.callers import needs
from asset_sync.api.problems import REFUSED, Responses, told
from asset_sync.components.resources import open_ledger
from asset_sync.operations import watching
from asset_sync.operations.watching import Runs, Watched

health: Final = APIRouter(tags=["health"])
_TEXT: Final[Responses] = {
    200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "The metrics, as Prometheus reads them."}
}


class Success(BaseModel):
    """When a sync succeeded last, and how many seconds ago; nothing where it never did. `paused` says why it does not write."""

    sync: str
    last_success: datetime | None
    age_seconds: float | None
    paused: str | None

    @classmethod
    def of(cls, watched: Watched, now: datetime) -> Self:
        """Return a sync as it stands at a moment."""
        at = watched.last_success
        age = (now - at).total_seconds() if at else None
        return cls(sync=watched.sync, last_success=at, age_seconds=age, paused=watched.paused)


class Health(BaseModel):
    """The service answers, and so does its database."""

    status: Literal["ok"] = "ok"
    daemon: bool = Field(description="Whether Dagster's daemon is alive: without it nothing starts by itself.")
    syncs: list[Success]


@health.get("/health", responses=told(503, "The database does not answer."))
def show_health() -> Health:
    """Tell whether the database and Dagster's daemon are there, and how old the last success of each sync is."""
    open_ledger().plans(limit=1)
    now = datetime.now(UTC)
    return Health(daemon=watching.daemon(), syncs=[Success.of(each, now) for each in watching.syncs()])


@health.get("/metrics", dependencies=[Depends(needs("see"))], responses={**REFUSED, **_TEXT}, response_class=Response)
def show_metrics() -> Response:
    """Tell how everything stands, for Prometheus. All of it is read from the databases: every service tells the same."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Everything())
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


class _Everything(Collector):
    """Collects all metrics anew each time that they are asked for."""

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics."""
        syncs, numbers = watching.syncs(), watching.numbers()
        yield from _of_syncs(syncs)
        yield from _of_runs(watching.runs())
        held = GaugeMetricFamily("asset_sync_held", "Records that wait for a person's decision.", labels=["sync"])
        waiting = GaugeMetricFamily("asset_sync_plans_waiting", "Plans that wait for approval.", labels=["sync"])
        for each in syncs:
            held.add_metric([each.sync], numbers.held.get(each.sync, 0))
            waiting.add_metric([each.sync], numbers.waiting.get(each.sync, 0))
        operations = CounterMetricFamily(
            "asset_sync_operations", "Operations of plans, by what became of them.", labels=["sync", "kind", "outcome"]
        )
        for labels, count in numbers.operations.items():
            operations.add_metric(list(labels), count)
        yield from (held, waiting, operations)
        alive = GaugeMetricFamily("asset_sync_daemon_alive", "Whether Dagster's daemon is alive.")
        alive.add_metric([], float(watching.daemon()))
        yield alive


def _of_syncs(syncs: Sequence[Watched]) -> Iterator[Metric]:
    age = GaugeMetricFamily("asset_sync_last_success_age_seconds", "Since the last run that succeeded.", labels=["sync"])
    paused = GaugeMetricFamily("asset_sync_paused", "Whether the sync is not to write.", labels=["sync"])
    now = datetime.now(UTC)
    for each in syncs:
        paused.add_metric([each.sync], float(each.paused is not None))
        if each.last_success is not None:
            age.add_metric([each.sync], (now - each.last_success).total_seconds())
    yield from (age, paused)


def _of_runs(of_syncs: Sequence[Runs]) -> Iterator[Metric]:
    runs = CounterMetricFamily("asset_sync_runs", "Runs that ended, by how.", labels=["sync", "status"])
    seconds = GaugeMetricFamily("asset_sync_last_run_seconds", "How long the last run took.", labels=["sync"])
    requests = GaugeMetricFamily("asset_sync_last_run_requests", "Requests of the last run.", labels=["sync", "method"])
    waited = GaugeMetricFamily(
        "asset_sync_throttle_wait_seconds",
        "For how long requests of the last run were held back, those of all threads together.",
        labels=["sync", "system"],
    )
    for each in of_syncs:
        for status, count in each.ended.items():
            runs.add_metric([each.sync, status], count)
        if each.last is not None:
            seconds.add_metric([each.sync], each.last.seconds)
            requests.add_metric([each.sync, "read"], each.last.requests.read)
            requests.add_metric([each.sync, "write"], each.last.requests.write)
            for system, held_back in each.last.waited.items():
                waited.add_metric([each.sync, system], held_back)
    yield from (runs, seconds, requests, waited)
