"""Dagster's definitions and instance, as a process gets at them that Dagster did not start."""

import logging
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final, cast

import dagster as dg

import asset_sync
from asset_sync import database, settings
from asset_sync.components import run_tags
from asset_sync.components.config import FILE
from asset_sync.components.declared.component import SyncComponent
from asset_sync.components.forms import is_name
from asset_sync.components.sync import Sync
from asset_sync.reconcile.errors import ConfigurationError

DEFS: Final = Path(asset_sync.__file__).parent / "defs"
"""Where the syncs are declared: a folder each, with its YAML."""
RUN_LOG: Final = logging.getLogger("asset_sync.runs")
"""Where runs that are started here log to, in place of Dagster's console logger."""

_LOGGER: Final = "asset_sync"
LOGGING: Final[Mapping[str, Any]] = {"loggers": {_LOGGER: {}}}
"""The part of a run's config that makes it log to `RUN_LOG`."""

DAGSTER_YAML: Final = """\
# Made by asset-sync. Dagster's own storage is SQLite beside this file.
# What steps say is in Dagster's log. To capture what they print, too, would start four processes a run, which a Ctrl-C of the
# command line ends with tracebacks of their own.
compute_logs:
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
# Start, end, duration, counts and errors of every run: one file a day in ASSET_SYNC_HOME/logs; see docs/operating.md.
python_logs:
  dagster_handler_config:
    handlers:
      asset_sync: {class: asset_sync.logs.handler.RunLog}
concurrency:
  pools:
    default_limit: 1
    granularity: op
  runs:
    max_concurrent_runs: 4
    # Syncs that share links, the runs of a backfill, and those of one connection take turns.
    tag_concurrency_limits:
      - {key: asset_sync/links, value: {applyLimitPerUniqueValue: true}, limit: 1}
      - {key: dagster/backfill, value: {applyLimitPerUniqueValue: true}, limit: 1}
      - {key: dagster/partition, value: {applyLimitPerUniqueValue: true}, limit: 1}
run_monitoring:
  enabled: true
  # Without this a killed run keeps its pool slot for ever.
  free_slots_after_run_end_seconds: 60
  # Nobody else ends a run whose process was killed together with what started it; it would hold its limits for ever.
  max_runtime_seconds: 21600
telemetry:
  enabled: false
nux:
  enabled: false
"""


@contextmanager
def instance() -> Iterator[dg.DagsterInstance]:
    """The Dagster instance of DAGSTER_HOME, opened once; see `ensure_dagster_home` for where that is unset.

    Who asks again while neither the home, nor its dagster.yaml, nor the folder of this process has changed gets the same one.
    """
    ensure_dagster_home()
    home = Path(os.environ["DAGSTER_HOME"])
    file = home / "dagster.yaml"
    with database.ALEMBIC:
        found = _opened(home, file.stat().st_mtime_ns if file.is_file() else None, Path.cwd())
    yield found


@lru_cache(maxsize=1)
def _opened(_home: Path, _changed: int | None, _folder: Path) -> dg.DagsterInstance:
    """Open the instance; with SQLite, Dagster reads all of its migrations to see whether its tables are up to date."""
    return dg.DagsterInstance.get()


def events_of(dagster: dg.DagsterInstance, run_id: str) -> list[dg.DagsterEvent]:
    """Return the events of a run so far."""
    with database.ALEMBIC:
        entries = dagster.all_logs(run_id)
    return [entry.dagster_event for entry in entries if entry.dagster_event is not None]


def ensure_dagster_home() -> None:
    """Set DAGSTER_HOME where it is unset: below ASSET_SYNC_HOME where that is set, so that all jobs of one home share it.

    Else to the project's root if a dagster.yaml is there, or to a home of its own. That of the project keeps its storage in
    the folder that a process runs in, so beside ASSET_SYNC_HOME it counts as unset.
    """
    root = settings.project_root()
    given = os.environ.get("DAGSTER_HOME")
    if given and not (settings.has_own_home() and Path(given) == root):
        return
    of_project = not settings.has_own_home() and (root / "dagster.yaml").is_file()
    home = root if of_project else settings.home() / "dagster"
    make_dagster_home(home)
    os.environ["DAGSTER_HOME"] = str(home)


def make_dagster_home(home: Path) -> None:
    """Make a folder that can be DAGSTER_HOME; a dagster.yaml that is there stays."""
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "dagster.yaml").is_file():
        (home / "dagster.yaml").write_text(DAGSTER_YAML, encoding="utf-8")


def code_location() -> list[str]:
    """Return the arguments that lead Dagster's commands to the code: all of them must have one name for its location.

    The name is that of the project's workspace.yaml, where there is one; what is switched on is so by that name.
    """
    workspace = settings.project_root() / "workspace.yaml"
    return ["-w", str(workspace)] if workspace.is_file() else ["-m", "asset_sync.definitions"]


def location_name() -> str:
    """Return the name of the code location that the daemon looks at; what is switched on is so by it."""
    module = "asset_sync.definitions"
    return "asset_sync" if (settings.project_root() / "workspace.yaml").is_file() else module


def schedule_of(sync: str) -> dg.ScheduleDefinition | None:
    """Return the schedule of a sync; None where it has none. Raises as `job_of` does."""
    made = _definitions_of(sync).schedules or []
    return next((each for each in made if isinstance(each, dg.ScheduleDefinition) and each.name == f"{sync}_schedule"), None)


def sensor_of(sync: str) -> dg.SensorDefinition | None:
    """Return the sensor that starts runs of a sync; None where it has none. Raises as `job_of` does."""
    return next((each for each in _definitions_of(sync).sensors or [] if each.name == f"{sync}_sensor"), None)


def switched_on(dagster: dg.DagsterInstance) -> frozenset[str]:
    """Return the names of the schedules and sensors that are on, of the code location that the daemon looks at.

    What nobody switched is as the code says.
    """
    states = [state for state in dagster.all_instigator_state() if state.selector.location_name == location_name()]
    told = {state.name: state.is_running for state in states}
    every: list[dg.ScheduleDefinition | dg.SensorDefinition] = [*schedules(), *sensors()]
    return frozenset(each.name for each in every if told.get(each.name, each.default_status.value == "RUNNING"))


def sync_names() -> list[str]:
    """Return the names of all syncs."""
    return _names(_definitions())


def schedules() -> list[dg.ScheduleDefinition]:
    """Return the schedules of all syncs."""
    return [each for each in _definitions().schedules or [] if isinstance(each, dg.ScheduleDefinition)]


def sensors() -> list[dg.SensorDefinition]:
    """Return the sensors of all syncs, and those that watch over them."""
    return list(_definitions().sensors or [])


def job_names() -> list[str]:
    """Return the names of all jobs: those of syncs, and those that they have besides."""
    return sorted(job.name for job in _definitions().jobs or [])


def job_of(sync: str) -> dg.JobDefinition:
    """Return a sync's job. Raises `ConfigurationError` where there is no such sync, or where its YAML is wrong."""
    return _definitions_of(sync).resolve_job_def(sync)


def declared(sync: str) -> Sync:
    """Return a sync as its YAML declares it."""
    component: Any = component_of(sync)
    if not makes_plans(sync):
        raise ConfigurationError(f"{sync} is a mirror: it makes no plans, so nothing is held, missing or to be undone")
    return cast("Sync", component.sync(sync))


def makes_plans(sync: str) -> bool:
    """Tell whether a sync writes by plans; one that mirrors a system does not."""
    return hasattr(component_of(sync), "sync")


def planning_syncs() -> list[str]:
    """Return the names of the syncs that make plans."""
    return [name for name in sync_names() if makes_plans(name)]


def component_of(sync: str) -> dg.Component:
    """Return the component that a sync's YAML makes."""
    tree = cast("dg.ComponentTree", _definitions_of(sync).component_tree)
    # Of a sync that was loaded alone, its own folder is the whole tree.
    root = tree.defs_module_path
    return tree.load_component(root if (root / FILE).is_file() else root / sync)


def variables_of(sync: str, partition: str | None) -> dict[str, str | None]:
    """Return the variables that a run of a sync needs, each with what it is for where that is not known by its name."""
    component, made = component_of(sync), _definitions_of(sync).resources or {}
    keys = [key for key in sorted(job_of(sync).required_resource_keys) if key in made]
    own: list[Any] = []
    if isinstance(component, SyncComponent):
        keys = [key for key in keys if component.uses(key)]
        own = component.resources_of(partition) if partition is not None else []
    asked = [*(made[key] for key in keys), *own]
    found: dict[str, str | None] = {}
    for resource in asked:
        found |= resource.required_variables() if hasattr(resource, "required_variables") else {}
    return found


def _definitions_of(sync: str) -> dg.Definitions:
    """Return what defines a sync: its own file alone, which takes a fraction of the time, unless all are loaded already.

    Raises `ConfigurationError` where there is no such sync, or where its YAML is wrong.
    """
    if _definitions.cache_info().currsize == 0 and is_name(sync) and (DEFS / sync / FILE).is_file():
        found = _definitions_alone(sync)
        if sync in _names(found):
            return found
    if sync not in sync_names():
        raise ConfigurationError(f"there is no sync {sync!r}; there are {', '.join(sync_names())}")
    return _definitions()


def _names(made: dg.Definitions) -> list[str]:
    return sorted(job.name for job in made.jobs or [] if run_tags.SYNC in (job.tags or {}))


@cache
def _definitions() -> dg.Definitions:
    from asset_sync.definitions import defs  # noqa: PLC0415 - loads every component, which only a run needs

    return _logging_here(defs)


@cache
def _definitions_alone(sync: str) -> dg.Definitions:
    from asset_sync.definitions import sync_defs  # noqa: PLC0415 - as above

    return _logging_here(lambda: sync_defs(sync))


def _logging_here(load: Callable[[], dg.Definitions]) -> dg.Definitions:
    with warnings.catch_warnings():
        # What Dagster says about parts of itself that are still new; nobody who runs a sync could act on it.
        warnings.simplefilter("ignore")
        loaded = load()
    return dg.Definitions.merge(loaded, dg.Definitions(loggers={_LOGGER: _run_logger}))


@dg.logger
def _run_logger(_context: dg.InitLoggerContext) -> logging.Logger:
    RUN_LOG.setLevel(logging.DEBUG)
    return RUN_LOG
