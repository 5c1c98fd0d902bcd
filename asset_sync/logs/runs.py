"""What Dagster tells of runs, as lines of the log: their beginning and end, their steps, and what their steps say."""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import dagster as dg

from asset_sync.components import run_tags
from asset_sync.components.failures import first_line, reason
from asset_sync.logs.lines import Line

_COUNTED: Final = frozenset({"requests", "held", "requests/read", "requests/write"})
_DONE: Final = ("outcome/", "rows/")
_ENDS: Final = {
    dg.DagsterEventType.RUN_SUCCESS.value: "succeeded",
    dg.DagsterEventType.RUN_FAILURE.value: "failed",
    dg.DagsterEventType.RUN_CANCELED.value: "stopped",
}
_plain = logging.Formatter()


@dataclass(slots=True)
class _Run:
    """A run under way: when it and its steps began, what it counted, and what went wrong."""

    began: float
    steps: dict[str, float] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)


class Runs:
    """The runs under way in this process, as their records tell of them; safe to share between threads."""

    def __init__(self) -> None:
        self._runs: dict[str, _Run] = {}
        self._lock = threading.Lock()
        self._known: Mapping[str, Callable[[logging.LogRecord, Any], Line | None]] = {
            dg.DagsterEventType.RUN_START.value: self._run_began,
            dg.DagsterEventType.STEP_START.value: self._step_began,
            dg.DagsterEventType.STEP_SUCCESS.value: self._step_ended,
            dg.DagsterEventType.STEP_FAILURE.value: self._step_ended,
            dg.DagsterEventType.ASSET_MATERIALIZATION.value: self._counted,
            dg.DagsterEventType.ASSET_CHECK_EVALUATION.value: self._checked,
            **dict.fromkeys(_ENDS, self._run_ended),
        }

    def line(self, record: logging.LogRecord) -> Line | None:
        """Return what a record says; None where that is nothing for a log."""
        event = _meta(record).get("dagster_event")
        if event is None:
            return _line(record, _words(record)) if record.levelno >= logging.INFO else None
        known = self._known.get(event.event_type_value)
        with self._lock:
            return known(record, event) if known else None

    def _run(self, record: logging.LogRecord) -> _Run:
        return self._runs.setdefault(str(_meta(record).get("run_id")), _Run(record.created))

    def _run_began(self, record: logging.LogRecord, _event: Any) -> Line:
        self._run(record)
        return _line(record, "run started", event="run_started")

    def _step_began(self, record: logging.LogRecord, event: Any) -> Line:
        self._run(record).steps[event.step_key] = record.created
        return _line(record, "step started", event="step_started")

    def _step_ended(self, record: logging.LogRecord, event: Any) -> Line:
        run = self._run(record)
        seconds = round(record.created - run.steps.pop(event.step_key, record.created), 3)
        if event.is_step_success:
            return _line(record, "step succeeded", event="step_ended", seconds=seconds, succeeded=True)
        why = reason(event.step_failure_data)
        run.errors.append(f"{_step(event.step_key)}: {why}")
        return _line(record, f"step failed: {why}", event="step_ended", seconds=seconds, succeeded=False, level=logging.ERROR)

    def _counted(self, record: logging.LogRecord, event: Any) -> None:
        metadata = event.step_materialization_data.materialization.metadata
        counts = self._run(record).counts
        for name, entry in metadata.items():
            if name in _COUNTED or name.startswith(_DONE):
                counts[name.removeprefix("outcome/").removeprefix("rows/")] += int(entry.value)

    def _checked(self, record: logging.LogRecord, event: Any) -> None:
        check = event.asset_check_evaluation_data
        if not check.passed and check.severity is dg.AssetCheckSeverity.ERROR:
            self._run(record).errors.append(f"{check.check_name}: {first_line(check.description or 'failed')}")

    def _run_ended(self, record: logging.LogRecord, event: Any) -> Line:
        run = self._run(record)
        self._runs.pop(str(_meta(record).get("run_id")))
        how = _ENDS[event.event_type_value]
        failed = how == "failed"
        return _line(
            record,
            f"run {how}",
            event="run_ended",
            seconds=round(record.created - run.began, 3),
            succeeded=how == "succeeded",
            counts={name: count for name, count in run.counts.items() if count},
            errors=tuple(run.errors) or ((first_line(event.message or "the run failed"),) if failed else ()),
            level=logging.ERROR if failed else logging.INFO,
        )


def _meta(record: logging.LogRecord) -> Mapping[str, Any]:
    found: Mapping[str, Any] = getattr(record, "dagster_meta", {})
    return found


def _words(record: logging.LogRecord) -> str:
    """Return what was said, without what Dagster puts before it, and with the error that was logged with it."""
    said = _meta(record).get("orig_message") or record.getMessage()
    return f"{said}\n{_plain.formatException(record.exc_info)}" if record.exc_info else str(said)


def _step(key: str | None) -> str:
    return (key or "").replace("__", "/")


def _line(record: logging.LogRecord, said: str, **more: Any) -> Line:
    meta = _meta(record)
    about = {
        "run_id": str(meta.get("run_id") or ""),
        "sync": str(meta.get("job_name") or ""),
        "partition": str((meta.get("job_tags") or {}).get(run_tags.PARTITION) or ""),
        "step": _step(meta.get("step_key")),
        "logger": "" if meta else record.name,
    }
    # Dagster says at the level DEBUG what it tells of steps.
    level = max(record.levelno, logging.INFO)
    return Line(datetime.fromtimestamp(record.created, UTC).astimezone(), said=said, **{"level": level, **about, **more})
