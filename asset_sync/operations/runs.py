"""Runs of a sync's job in this process. All that writes to a target goes this way, so that pools and history count."""

import logging
import re
import time
import uuid
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, Final, Literal

import dagster as dg

from asset_sync import settings
from asset_sync.components import SyncComponent
from asset_sync.components.asking import op_name
from asset_sync.components.declared.choosing import Only
from asset_sync.components.failures import first_line
from asset_sync.components.leasing import heed, leased
from asset_sync.components.resources import open_ledger
from asset_sync.components.turns import in_turn, turn_by_hand
from asset_sync.ledger import PlanHeader
from asset_sync.logs.handler import kept
from asset_sync.logs.masking import Masked
from asset_sync.operations import stopping
from asset_sync.operations.definitions import LOGGING, RUN_LOG, component_of, instance, job_of, makes_plans, variables_of
from asset_sync.operations.run_events import Requests, told_by
from asset_sync.reconcile.errors import AssetSyncError, ConfigurationError, PlanError
from asset_sync.reconcile.plan import Mode

_STATES: Final[Mapping[str, Literal["started", "done", "failed"]]] = {
    "STEP_START": "started",
    "STEP_SUCCESS": "done",
    "STEP_FAILURE": "failed",
}
_PARTITIONS_SHOWN: Final = 10
_LOG_BYTES: Final = 5_000_000


@dataclass(frozen=True, slots=True)
class Step:
    """News of a step of a run, by the key of its asset; `told` says for whom one waits, or how far it is.

    News of another run, by its id, is that it was `ended` because nobody carried it out any more.
    """

    name: str
    state: Literal["started", "goes on", "done", "failed", "waiting", "ended"]
    told: str = ""


StepConfig = Mapping[str, Mapping[str, Any]]
"""The config of a sync's steps, by their names."""
Watch = Callable[[Step], None]
"""Is told of every step, from the thread of the run."""


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run did. `plan` is the one that it applied, else the one that it made; `outcomes` counts its writes so far.

    `converged` is None where nothing was applied; of a mirror it tells whether it has as many rows as its source says. `waits`
    is the plan that review rules left for a person to approve.
    `reasons` say, a line each, why the run failed.
    """

    run_id: str
    sync: str
    succeeded: bool
    seconds: float
    plan: PlanHeader | None
    applied: bool
    outcomes: Mapping[str, int]
    requests: Requests
    converged: bool | None
    waits: str | None = None
    reasons: Sequence[str] = field(default_factory=tuple)


def new_run_id() -> str:
    """Return the id for a run that is about to be started."""
    return str(uuid.uuid4())


def log_file() -> Path:
    """Return the file that the runs of this process log to."""
    return settings.home() / "asset-sync.log"


def log_of(run_id: str) -> Path:
    """Return the file that keeps what was logged in a run that failed."""
    return settings.home() / "logs" / f"{run_id}.log"


def run_sync(
    sync: str,
    mode: Mode = "normal",
    *,
    partition: str | None = None,
    only: Only | None = None,
    run_id: str | None = None,
    watch: Watch | None = None,
) -> RunReport:
    """Run a sync, or one partition of it, from its extracts to its last check; see `partition_of`.

    `only` is what the source is asked for, where the run is about some of its rows alone; see `check_only`.
    """
    key, config = config_of(sync, mode, partition, only)
    settings.require_all(variables_of(sync, key))
    return execute(sync, config, partition=key, run_id=run_id, watch=watch)


def config_of(sync: str, mode: Mode, partition: str | None, only: Only | None) -> tuple[str | None, StepConfig]:
    """Return the partition that a run of a sync has, and the config of its steps. Raises `ConfigurationError` as these do."""
    check_mode(sync, mode)
    return partition_of(sync, partition), {**_config(sync, mode), **check_only(sync, only or {})}


def partition_of(sync: str, given: str | None) -> str | None:
    """Return the partition that a run of a sync has: the one given, or the one connection that there is.

    None where the sync has none. Raises `ConfigurationError` for one that there is not, and where one must be chosen.
    """
    partitions = job_of(sync).partitions_def
    if partitions is None:
        if given is not None:
            raise ConfigurationError(f"{sync} has no partitions: leave {given!r} out")
        return None
    with instance() as dagster:
        keys = list(partitions.get_partition_keys(dynamic_partitions_store=dagster))
    fixed = isinstance(partitions, dg.StaticPartitionsDefinition)
    if given in keys:
        return given
    if given is None and fixed and len(keys) == 1:
        return keys[0]
    there = ", ".join(keys[-_PARTITIONS_SHOWN:]) or "none yet"
    if given is not None:
        raise ConfigurationError(f"{sync} has no partition {given!r}; there are {there}")
    each = "connection" if fixed else "file that is dropped into its folder"
    raise ConfigurationError(f"{sync} runs once for each {each}: name one with --partition; there are {there}")


def check_only(sync: str, only: Only) -> StepConfig:
    """Return the config that makes a run about some rows of the source alone, by lists of what its options name.

    Raises `ConfigurationError` where the sync cannot be run so.
    """
    if not only:
        return {}
    component = component_of(sync)
    if not isinstance(component, SyncComponent):
        raise ConfigurationError(f"{sync} is always run about all that its source tells")
    return {component.check_only(sync, only): {"only": {name: list(values) for name, values in only.items()}}}


def _config(sync: str, mode: Mode) -> StepConfig:
    """Return the config that puts a sync into a mode."""
    return {"plan": {"mode": mode}} if makes_plans(sync) else {"load": {"full": mode == "full"}}


def check_mode(sync: str, mode: Mode) -> None:
    """Raise `ConfigurationError` where a sync has no such mode; a mirror has two of them."""
    if not makes_plans(sync) and mode not in ("normal", "full"):
        raise ConfigurationError(f"{sync} is a mirror: it makes no plans; its modes are normal and full")


def execute(
    sync: str,
    config: StepConfig,
    *,
    steps: Sequence[str] = (),
    partition: str | None = None,
    run_id: str | None = None,
    tags: Mapping[str, str] | None = None,
    watch: Watch | None = None,
) -> RunReport:
    """Run a sync's job, or only some of its own steps, with the config of its steps by name; tell how it went.

    Raises `AssetSyncError` where the run cannot even begin, and KeyboardInterrupt where a person stops it.
    """
    job = job_of(sync)
    run_config = {**LOGGING, "ops": {op_name(sync, step): {"config": dict(values)} for step, values in config.items()}}
    began = time.monotonic()
    run_id = run_id or new_run_id()
    watch = watch or (lambda _step: None)

    def tell(words: str) -> None:
        watch(Step(f"{sync}/{partition}", "waiting", words))

    turn = turn_by_hand(sync, job.tags, partition, run_config, whole=not steps)
    with (
        kept(),
        instance() as dagster,
        _logged(run_id, _Watcher(watch, dagster)),
        leased(dagster, run_id) as ended,
        in_turn(
            turn, run_id, tell=lambda words: watch(Step(f"{sync}/{partition}", "waiting", words)), stopped=_stopped
        ) as ending,
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        for other in ended:
            watch(Step(other, "ended", _way_on(other)))
        try:
            result = job.execute_in_process(
                run_config=run_config,
                instance=dagster,
                asset_selection=[dg.AssetKey([sync, step]) for step in steps] or None,
                raise_on_error=False,
                partition_key=partition,
                run_id=run_id,
                tags=dict(tags or {}),
            )
        except dg.DagsterExecutionInterruptedError:
            raise KeyboardInterrupt from None
        except dg.DagsterError as error:
            raise _cannot_run(sync, error) from error
        if _interrupted(result):
            raise KeyboardInterrupt
        report = _report(sync, result, time.monotonic() - began)
        ending.error = next(iter(report.reasons), None)
    if report.succeeded:
        log_of(run_id).unlink(missing_ok=True)
    return report


def _stopped(seconds: float) -> bool:
    """Wait so many seconds; raises KeyboardInterrupt where a person stops this process meanwhile."""
    if stopping.REQUESTED.wait(seconds):
        raise KeyboardInterrupt
    return False


def _interrupted(result: dg.ExecuteInProcessResult) -> bool:
    """Tell whether a person stopped the run: Dagster makes a failure of that, of the step or of the run."""
    errors = [event.step_failure_data.error for event in result.get_step_failure_events()]
    errors += [event.job_failure_data.error for event in result.filter_events(lambda event: event.is_run_failure)]
    return any(error is not None and error.cls_name == dg.DagsterExecutionInterruptedError.__name__ for error in errors)


def _cannot_run(sync: str, error: dg.DagsterError) -> AssetSyncError:
    """Return why a run could not begin: mostly, because a variable of the environment is not set."""
    for name in re.findall(r'environment variable "(\w+)"', str(error)):
        settings.require(name)
    return AssetSyncError(f"{sync} cannot run: {first_line(str(error))}")


@contextmanager
def _logged(run_id: str, watcher: logging.Handler) -> Iterator[None]:
    """Keep what a run and the libraries below it say in the log files, and tell the watcher of the run's steps."""
    log_of(run_id).parent.mkdir(parents=True, exist_ok=True)
    all_runs = RotatingFileHandler(log_file(), maxBytes=_LOG_BYTES, backupCount=1, encoding="utf-8", delay=True)
    own = logging.FileHandler(log_of(run_id), encoding="utf-8", delay=True)
    # Runs of the REST service share their process: what Dagster says of another one is not of this.
    own.addFilter(lambda record: getattr(record, "dagster_meta", {}).get("run_id", run_id) == run_id)
    root = logging.getLogger()
    for file in (all_runs, own):
        file.addFilter(Masked())
        file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        root.addHandler(file)
    RUN_LOG.addHandler(watcher)
    try:
        yield
    except Exception:
        # Whatever Dagster did not tell of: a person is sent to the log.
        root.exception("run %s broke off", run_id)
        raise
    finally:
        RUN_LOG.removeHandler(watcher)
        for file in (all_runs, own):
            root.removeHandler(file)
            file.close()


class _Watcher(logging.Handler):
    """Passes the beginning and the end of each step on, and waits where a step has to."""

    def __init__(self, watch: Watch, dagster: dg.DagsterInstance) -> None:
        super().__init__()
        self._watch = watch
        self._dagster = dagster

    def emit(self, record: logging.LogRecord) -> None:
        told = getattr(record, "dagster_meta", {})
        event = told.get("dagster_event")
        if event is None or not event.step_key:
            return
        name = event.step_key.replace("__", "/")
        if event.event_type_value in _STATES:
            self._watch(Step(name, _STATES[event.event_type_value]))
        elif event.event_type_value == "ASSET_OBSERVATION":
            self._watch(Step(name, "goes on", event.asset_observation_data.asset_observation.description or ""))

        def tell(words: str) -> None:
            self._watch(Step(name, "waiting", words))

        heed(event, self._dagster, told["run_id"], tell=tell, stopped=stopping.REQUESTED.wait)


def _way_on(run_id: str) -> str:
    """Return what a person can do about a run that was killed."""
    plan = plan_of_run(run_id)
    goes_on = f"; to go on with its plan: asset-sync apply {plan.id}" if plan and plan.state == "interrupted" else ""
    return f"was killed, and counts as failed now{goes_on}"


# What a run did.


def _report(sync: str, result: dg.ExecuteInProcessResult, seconds: float) -> RunReport:
    told = told_by(sync, result.all_events)
    return RunReport(
        run_id=result.run_id,
        sync=sync,
        succeeded=result.success,
        seconds=round(seconds, 2),
        plan=plan_of_run(result.run_id),
        applied=told.applied,
        outcomes=told.outcomes,
        requests=told.requests,
        converged=told.converged,
        waits=told.waits,
        reasons=told.reasons,
    )


def plan_of_run(run_id: str) -> PlanHeader | None:
    """Return the plan that a run applied, else the one that it made; None where it came to neither."""
    ledger = open_ledger()
    try:
        return ledger.header(ledger.find_by_run(run_id))
    except PlanError:
        return None
